"""Blind means not queried: nothing that others said, judges' answers and sources among it,
reaches an annotator who still has to judge, by whichever address they ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from rubricstudio.actions.tokens import create_token
from rubricstudio.models import ApiToken, User
from tests.blind_case import SECRETS, Blind, blind_case
from tests.conftest import Cast, Data
from tests.crawling import MOST, Crawl, addresses, record_parameters
from tests.test_urls import OURS
from tests.url_rows import url_rows
from tests.url_table import BODIES, OPERATIONS, PAGES, Page

ANSWERS = {"answer:warns": "1", "answer:invents": "0", "answer:clarity": "2", "revision": "0"}
VALUES = ("1", "on", "all", "csv", "source")


@pytest.fixture(autouse=True)
def no_limit(settings: Settings) -> None:
    """A call that is refused for its number would show nothing."""
    settings.API_REQUESTS_PER_MINUTE = 10**6


def _rows(blind: Blind, cast: Cast, data: Data) -> dict[str, Sequence[object]]:
    """What fills the arguments of addresses: the rows of the URL walk and those of the session."""
    rows: dict[str, Sequence[object]] = {
        name: [value] for name, value in url_rows(cast, data).items()
    }
    rows = {name: [*blind.rows.get(name, ()), *values] for name, values in rows.items()}
    # An argument may take its row under another name, as the URL walk says.
    other = {k: rows[v] for page in PAGES.values() for k, v in page.arguments.items()}
    return {key: value for key, value in other.items() if key not in rows} | rows


def _crawl(
    user: User, blind: Blind, rows: Mapping[str, Sequence[object]], patch: pytest.MonkeyPatch
) -> Crawl:
    """Every page, link, parameter, fragment, form and operation that the user has."""
    crawl = _signed_in(user)
    with patch.context() as inside:
        record_parameters(crawl, inside)
        every = _every(rows)
        crawl.follow(["/", *every])
        crawl.vary([*VALUES, str(blind.session.pk), *map(str, blind.rows["run_id"])])
        for url in every:
            crawl.post(url, {})
            crawl.post(url, {}, **{"HX-Request": "true"})
        _work(crawl, blind)
        _call(crawl, user, rows)
    return crawl


def _signed_in(user: User) -> Crawl:
    client = Client()
    client.force_login(user)
    return Crawl(client, list(SECRETS.values()))


def _every(rows: Mapping[str, Sequence[object]]) -> list[str]:
    names = {a.name: a.arguments for a in OURS if not a.name.startswith(("api:", "set_"))}
    return list(addresses(names, rows))


def _work(crawl: Crawl, blind: Blind) -> None:
    """What the annotation page sends, in every state of an item."""
    slug, session = blind.session.round.project.slug, blind.session.pk
    json = {"Accept": "application/json"}
    for item in blind.rows["item_id"]:
        for name in ("draft", "submit"):
            url = reverse(f"annotations:{name}", args=[slug, session, item])
            crawl.post(url, ANSWERS, **json)
            crawl.post(url, ANSWERS)
            crawl.post(url, ANSWERS | {"revision": "9", "answer:warns": "7"}, **json)
        url = reverse("annotations:skip", args=[slug, session, item])
        crawl.post(url, {"reason": "expertise"})


def _call(
    crawl: Crawl,
    user: User,
    rows: Mapping[str, Sequence[object]],
    operations: Iterable[str] = OPERATIONS,
) -> None:
    """Operations of the API, with a token that may write."""
    _, token = create_token(user=user, name="crawl", scope=ApiToken.Scope.WRITE)
    headers = {"Authorization": f"Bearer {token}"}
    for operation in operations:
        method, path = operation.split(" ", 1)
        for filled in _filled(path, rows):
            if method == "GET":
                crawl.get(f"/api/v1{filled}", **headers)
            for body in _bodies(operation) if method != "GET" else []:
                crawl.send(method, f"/api/v1{filled}", body, **headers)


def _filled(path: str, rows: Mapping[str, Sequence[object]]) -> list[str]:
    """The path with every combination of the rows of its arguments."""
    names = re.findall(r"{(?:\w+:)?(\w+)}", path)
    plain = re.sub(r"{\w+:", "{", path)
    return [
        plain.format(**dict(zip(names, values, strict=True)))
        for values in product(*(rows[name] for name in names))
    ]


def _bodies(operation: str) -> list[object]:
    """Nothing, what the operation takes, and sheets that are complete, wrong and out of date."""
    bodies: list[object] = [{}, BODIES.get(operation, {})]
    if operation.endswith(("/draft", "/submit")):
        whole = {"warns": {"value": 1}, "invents": {"value": 0}, "clarity": {"value": 2}}
        bodies += [{"answers": whole}, {"answers": whole, "version": 9}]
        bodies += [{"answers": {"warns": {"value": 7}, "nothing": {"value": 1}}}]
    return bodies


def _named(crawl: Crawl) -> dict[str, list[str]]:
    """The secrets that a crawl met, and the first addresses where."""
    return {
        what: sorted(crawl.found[word])[:5] for what, word in SECRETS.items() if word in crawl.found
    }


def test_no_address_tells_an_annotator_what_they_may_not_know(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blind = blind_case(cast, data)
    rows = _rows(blind, cast, data)

    crawl = _crawl(cast.annotator, blind, rows, monkeypatch)

    with capsys.disabled():
        print(
            f"\nblind: {len(crawl.seen)} requests to {len({url for _, url, _ in crawl.seen})}"
            f" addresses, {len(crawl.open)} pages open; by status {crawl.statuses}"
        )
    assert len(crawl.seen) < MOST
    assert not [status for status in crawl.statuses if status == 429 or status >= 500]
    assert not _named(crawl)


def _is_annotators(page: Page | None) -> bool:
    return page is not None and page.private == "annotator"


def test_whoever_may_see_results_meets_none_where_they_annotate(cast: Cast, data: Data) -> None:
    """They may look at others' answers elsewhere; the page on which they judge tells none."""
    blind = blind_case(cast, data)
    rows, user = _rows(blind, cast, data), cast.author
    crawl = _signed_in(user)
    work = {a.name: a.arguments for a in OURS if _is_annotators(PAGES.get(a.name))}

    for url in addresses(work, rows):
        crawl.get(url)
        crawl.post(url, {})
    _work(crawl, blind)
    _call(crawl, user, rows, [one for one, page in OPERATIONS.items() if _is_annotators(page)])

    assert not [status for status in crawl.statuses if status == 429 or status >= 500]
    assert crawl.statuses[200] > 3
    assert not _named(crawl)


def test_a_manager_meets_what_was_planted_at_the_same_addresses(cast: Cast, data: Data) -> None:
    """Else the test above would also pass on pages that show nothing at all."""
    blind = blind_case(cast, data)
    rows = _rows(blind, cast, data)
    crawl = _signed_in(cast.owner)

    for url in ["/", *_every(rows)]:
        crawl.get(url)
        crawl.get(f"{url}?session={blind.session.pk}&round={blind.session.pk}&judges=0")
    _call(crawl, cast.owner, rows)

    assert set(SECRETS) - set(_named(crawl)) <= ONLY_THEIRS
    assert set(SECRETS.values()) <= _stored()


# What managers have no page for either; that it is planted, the tables say.
ONLY_THEIRS = {
    *("another rater's draft", "another rater's comment", "another rater's reason to skip"),
    "another rater's comment in a second vote",
    "another rater's word on a criterion of a pair",
}


def _stored() -> set[str]:
    """The secrets that some row of the database holds."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM \"{table}\" t")
            (text,) = cursor.fetchone()
            found |= {word for word in SECRETS.values() if word in text}
    return found
