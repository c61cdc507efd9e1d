"""Garbage to every address, as the person who may do most: a message, never a failure.

The garbage is drawn with fixed seeds, so a failure comes back when it is run again.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.conftest import Cast, Data
from tests.test_urls import OURS, Address
from tests.url_rows import url_rows
from tests.url_table import PAGES

ROUNDS = 6
NUMBERS = ["-1", "0", "1.5", "1e400", "NaN", "-Infinity", "9" * 18, "9" * 40, "2147483648", "٣"]
TEXTS = [
    "",
    " ",
    "abc",
    "\x00",
    "a\x00b",
    "\ud800",
    "{{ 7|add:1 }}{% now 'Y' %}",
    "<script>alert(1)</script>",
    "\u202etxt",
    "../../etc/passwd",
    "' OR 1=1 --",
    "x" * 5000,
    '{"a": ' * 400,
    "[" * 3000,
    '{"a": 1e999}',
    '[{"value": NaN}]',
    "on",
    "verdicts",
    "12-34",
    "csv",
]
# What views read without a field on a page that shows it.
UNSEEN = [
    "accept",
    "after",
    "aggregator",
    "before",
    "count",
    "criterion",
    "do",
    "entries",
    "everyone",
    "firm",
    "format",
    "full",
    "judge",
    "judges",
    "key",
    "kind",
    "last",
    "missing",
    "new",
    "number",
    "old",
    "order",
    "parent",
    "people",
    "people_judges",
    "preferences",
    "q",
    "reason",
    "reload",
    "response",
    "revision",
    "row",
    "row_version",
    "run",
    "seen",
    "session",
    "settled",
    "source",
    "start",
    "start_good",
    "status",
    "step",
    "tab",
    "table",
    "tag",
    "version",
    "what",
]


@dataclass(frozen=True)
class Place:
    """An address with rows of the project filled in, and the fields its page shows."""

    url: str
    user: Any
    fields: tuple[str, ...]
    choices: tuple[str, ...]


def _place(address: Address, cast: Cast, data: Data) -> Place:
    page, rows = PAGES[address.name], url_rows(cast, data)
    values = {name: rows[page.arguments.get(name, name)] for name in address.arguments}
    url = reverse(address.name, kwargs=values)
    user = cast.by_role()[page.private or "owner"]
    client = _client(user)
    shown = [_page(client, url), _page(client, _parent(url))]
    fields = [n for text in shown for n in re.findall(r'\bname="([^"]+)"', text)]
    choices = [v for text in shown for v in re.findall(r'\bvalue="([^"]{1,60})"', text)]
    names = tuple(dict.fromkeys(name for name in fields if name != "csrfmiddlewaretoken"))
    return Place(url, user, names, tuple(dict.fromkeys(choices)))


def _parent(url: str) -> str:
    """The page above, where the form of an address that only takes POST stands."""
    return url.rstrip("/").rsplit("/", 1)[0] + "/"


def _page(client: Client, url: str) -> str:
    response = client.get(url)
    return b"".join(response).decode(errors="replace")


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _value(place: Place, dice: random.Random) -> str:
    pool = dice.choice([NUMBERS, TEXTS, place.choices or TEXTS])
    return dice.choice(pool)


def _fields(place: Place, dice: random.Random) -> dict[str, Any]:
    """Some fields of the page and some that no page shows, once or several times."""
    known = [*place.fields, *place.fields, *UNSEEN, *string.ascii_lowercase[:3]]
    names = dice.sample(known, min(len(known), dice.randint(0, 14)))
    if dice.random() < 0.5:  # a form that is filled in whole goes further
        names = [*place.fields, *names]
    return {
        name: [_value(place, dice) for _ in range(dice.choice((1, 1, 1, 3)))]
        for name in names
        if dice.random() < 0.95
    }


def _headers(dice: random.Random) -> dict[str, str]:
    htmx = {"HX-Request": "true", "HX-Target": dice.choice(["run-live", "x", ""])}
    json_ = {"Accept": "application/json"}
    return dice.choice([{}, htmx, json_])


def _sendable(fields: dict[str, Any]) -> dict[str, Any]:
    """Lone surrogates cannot be encoded; a browser sends a question mark in their place."""
    return {n: [v.encode(errors="replace").decode() for v in vs] for n, vs in fields.items()}


def _failures(place: Place, seed: str) -> Iterator[str]:
    client, dice = _client(place.user), random.Random(seed)
    for number in range(ROUNDS):
        fields, headers = _sendable(_fields(place, dice)), _headers(dice)
        for method in ("get", "post"):
            problem = _problem(client, method, place.url, fields, headers)
            if problem:
                yield f"{method} {place.url} ({number}, {headers}) {str(fields)[:1500]}: {problem}"


def _problem(client: Client, method: str, url: str, fields: Any, headers: dict[str, str]) -> str:
    """What failed, empty where the reply is an answer; what it changed is undone."""
    try:
        with transaction.atomic():
            response = getattr(client, method)(url, fields, headers=headers)
            if response.streaming:
                b"".join(response)
            transaction.set_rollback(True)
    except Exception as error:
        return repr(error)
    if response.status_code >= 500:
        return str(response.status_code)
    return "" if response.has_header("Content-Security-Policy") else "no Content-Security-Policy"


@pytest.mark.parametrize("address", [a for a in OURS if a.name in PAGES], ids=lambda a: a.name)
def test_garbage_in_fields_and_query_never_fails(address: Address, cast: Cast, data: Data) -> None:
    place = _place(address, cast, data)

    failures = list(_failures(place, address.name))

    assert not failures, "\n\n".join(failures)


@pytest.mark.parametrize(
    "address", [a for a in OURS if a.name in PAGES and a.arguments], ids=lambda a: a.name
)
def test_an_id_that_no_row_can_have_is_not_found(address: Address, cast: Cast, data: Data) -> None:
    page, rows = PAGES[address.name], url_rows(cast, data)
    values = {name: rows[page.arguments.get(name, name)] for name in address.arguments}
    client = _client(cast.by_role()[page.private or "owner"])
    numbers = [name for name, value in values.items() if isinstance(value, int)]

    wrong = []
    for name in numbers:
        for number in (0, 2**31, 2**63, 10**30):
            url = reverse(address.name, kwargs={**values, name: number})
            for method in ("get", "post"):
                with transaction.atomic():
                    status = getattr(client, method)(url).status_code
                    transaction.set_rollback(True)
                # 409 and 422: an edit of a criterion that was deleted meanwhile says so.
                if status not in (404, 405, 409, 422, 400, 302):
                    wrong.append(f"{method} {url}: {status}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "address",
    [a for a in OURS if a.name in PAGES and "slug" in a.arguments and len(a.arguments) > 1],
    ids=lambda a: a.name,
)
def test_rows_of_one_project_are_not_found_in_another(
    address: Address, cast: Cast, data: Data
) -> None:
    page, rows = PAGES[address.name], url_rows(cast, data)
    values = {name: rows[page.arguments.get(name, name)] for name in address.arguments}
    url = reverse(address.name, kwargs={**values, "slug": cast.other_project.slug})

    client = _client(cast.stranger)  # who owns the other project and may do everything there
    met = {client.get(url).status_code, client.post(url, {"do": "up", "step": "x"}).status_code}

    assert met <= {404, 405}, (url, met)
