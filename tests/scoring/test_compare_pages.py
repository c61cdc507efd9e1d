"""The pages of the comparison: figures, disagreements, scores, and who may see them."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from annotations.actions import activate, create_session
from rubricstudio.actions.imports import import_records
from rubricstudio.domain.formats.records import (
    Preferred,
    RaterKind,
    Record,
    RubricRecord,
    VerdictRecord,
)
from rubricstudio.domain.rubric import Criterion, Level, MetMeans, Rubric, Scale, ScaleKind
from rubricstudio.domain.verdict import Quote
from rubricstudio.models import Criterion as CriterionRow
from rubricstudio.models import Response, Round, RubricVersion, User
from scoring.queries.disagreements import PAGE
from tests.conftest import Cast
from tests.scoring.compare_data import fill, pairs, preference, some_values, tasks_and_responses


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _url(name: str, *arguments: int) -> str:
    return reverse(f"scoring:{name}", args=["demo", *arguments])


def _text(response: HttpResponseBase) -> str:
    assert response.status_code == 200
    body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return body.decode()


def _get(user: User, address: str, **headers: str) -> str:
    return _text(_client(user).get(address, headers=headers))


def _words(html: str) -> str:
    """What is to be read, white space folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def _opposite(cast: Cast, n_responses: int = 30) -> None:
    """Ann and Bob say met everywhere; the judge says not met everywhere. One criterion."""
    people = np.ones((n_responses, 1))
    fill(cast, people={"ann": people, "bob": people}, judges={"gpt": 1 - people})


def test_it_shows_figures_of_people_and_judges(cast: Cast) -> None:
    rng = np.random.default_rng(1)
    truth = some_values(rng, (40, 2), missing=0)
    noisy = np.where(rng.random(truth.shape) < 0.2, 1 - truth, truth)
    fill(cast, people={"ann": truth, "bob": truth}, judges={"gpt": noisy, "twin": truth})

    shown = _words(_get(cast.viewer, _url("compare")))

    assert "Krippendorff’s alpha 1.0000" in shown
    assert "80 of 80 by two or more of 2 people" in shown
    assert shown.index("twin") < shown.index("gpt", shown.index("Best kappa first"))


@pytest.mark.parametrize("name", ["compare", "disagreements", "scores"])
def test_pages_are_for_those_who_may_see_results(cast: Cast, name: str) -> None:
    _opposite(cast, 2)

    answers = {
        role: _client(user).get(_url(name)).status_code for role, user in cast.by_role().items()
    }

    assert answers == {
        "owner": 200,
        "author": 200,
        "reviewer": 200,
        "viewer": 200,
        "annotator": 403,
        "stranger": 404,
    }


@pytest.mark.parametrize("name", ["compare", "disagreements", "scores"])
def test_an_empty_project_says_what_to_do_next(cast: Cast, name: str) -> None:
    assert "Nothing to compare yet" in _get(cast.viewer, _url(name)) or name == "scores"


def test_under_the_floor_no_value_is_shown(cast: Cast, settings: Settings) -> None:
    _opposite(cast, 10)
    settings.AGREEMENT_FLOOR = 20

    html = _get(cast.viewer, _url("compare"))

    assert "too few" in html
    assert "below the baseline" not in html


def test_numbers_are_written_by_locale(cast: Cast, settings: Settings) -> None:
    values = np.array([[1.0], [0.0]] * 20)
    fill(cast, people={"ann": values, "bob": values}, judges={})
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]

    html = _get(cast.viewer, _url("compare"), accept_language="de")

    assert ">1,0000<" in html


def test_a_table_is_downloaded_without_formulas(cast: Cast) -> None:
    people = np.ones((3, 1))
    rubric = Rubric((Criterion(key="=1+1", text="-2+3 is one."),))
    fill(cast, people={"ann": people, "bob": people}, judges={"@gpt": people}, rubric=rubric)

    sheets = {
        table: list(
            csv.DictReader(
                io.StringIO(
                    _get(cast.viewer, f"{_url('compare')}?format=csv&table={table}").removeprefix(
                        "\ufeff"
                    )
                )
            )
        )
        for table in ("people", "judges", "criteria")
    }

    assert (sheets["people"][1]["criterion"], sheets["people"][1]["text"]) == (
        "'=1+1",
        "'-2+3 is one.",
    )
    assert (sheets["judges"][0]["judge"], sheets["judges"][0]["n"]) == ("'@gpt", "3")
    assert sheets["judges"][0]["agreement"] == ""
    assert sheets["criteria"][0]["confusion"] == "people 0: 0 0; people 1: 0 3"


def test_an_unknown_table_is_not_found(cast: Cast) -> None:
    address = f"{_url('compare')}?format=csv&table=secrets"

    assert _client(cast.viewer).get(address).status_code == 404


def test_the_choice_of_rounds_is_in_the_address(cast: Cast) -> None:
    truth = np.ones((25, 1))
    fill(cast, people={"ann": truth}, judges={"gpt": truth, "bard": 1 - truth})

    ids = {row.name: row.pk for row in Round.objects.filter(project=cast.project)}
    address = f"{_url('compare')}?people={ids['experts']}&judges={ids['bard']}&judges=999&people=x"

    shown = _words(_get(cast.viewer, address))

    assert "bard : criterion by criterion" in shown
    assert "gpt" not in shown[shown.index("Judges against") :]


def test_preferences_are_compared_where_there_are_no_verdicts(cast: Cast) -> None:
    said = [
        preference(n, name, Preferred.A if n % 2 else Preferred.TIE, judge=name == "gpt")
        for n in range(24)
        for name in ("ann", "bob", "gpt")
    ]
    import_records(project=cast.project, records=[*pairs(24), *said], by=cast.owner)

    shown = _words(_get(cast.viewer, _url("compare")))

    assert "Krippendorff’s alpha 1.0000" in shown
    assert "24 of 24 by two or more of 2 people" in shown
    assert "Disagreements" not in shown


# -- disagreements


def test_it_lists_who_said_what_where_judge_and_majority_differ(cast: Cast) -> None:
    people = {"ann": np.array([[1.0], [1.0]]), "bob": np.array([[1.0], [0.0]])}
    fill(cast, people=people, judges={"gpt": np.array([[0.0], [0.0]])})

    shown = _words(_get(cast.viewer, _url("disagreements")))

    # r0: both said met, the judge not met. r1: the people tie, so there is no majority.
    assert "1 to 1 of 1" in shown
    assert "ann on k0" in shown and "bob on k0" in shown and "gpt on k0" in shown
    assert "Answer 0." in shown and "Answer 1." not in shown


def test_pages_of_disagreements_go_on_where_the_last_ended(cast: Cast) -> None:
    total = PAGE * 2 + 3
    _opposite(cast, total)
    client = _client(cast.viewer)

    seen: list[str] = []
    address: str | None = _url("disagreements")
    backwards = []
    while address:
        html = _text(client.get(address))
        seen += re.findall(r'id="unit-(\d+-\d+)"', html)
        older = re.search(r'rel="next" href="([^"]+)"', html)
        newer = re.search(r'rel="prev" href="([^"]+)"', html)
        backwards.append(newer.group(1).replace("&amp;", "&") if newer else None)
        address = older.group(1).replace("&amp;", "&") if older else None

    assert len(seen) == len(set(seen)) == total
    assert seen == sorted(seen, key=lambda code: [int(part) for part in code.split("-")])
    assert backwards[0] is None
    first_again = re.findall(r'id="unit-(\d+-\d+)"', _text(client.get(str(backwards[1]))))
    assert first_again == seen[:PAGE]


def test_disagreements_are_filtered_by_criterion_judge_and_firmness(cast: Cast) -> None:
    # Two responses, two criteria. k0: people split 2 to 1; k1: people unanimous.
    people = {
        "ann": np.array([[1.0, 1.0]] * 2),
        "bob": np.array([[1.0, 1.0]] * 2),
        "cyd": np.array([[0.0, 1.0]] * 2),
    }
    judges = {"gpt": np.zeros((2, 2)), "twin": np.ones((2, 2))}
    fill(cast, people=people, judges=judges)
    ids = dict(CriterionRow.objects.filter(key__in=["k0", "k1"]).values_list("key", "pk"))
    here = _url("disagreements")

    def count(query: str) -> str:
        found = re.search(r"to (\d+) of (\d+)", _words(_get(cast.viewer, f"{here}?{query}")))
        return found.group(2) if found else "0"

    assert count("") == "4"
    assert count(f"criterion={ids['k0']}") == "2"
    assert count("firm=on") == "2"
    assert count(f"firm=on&criterion={ids['k0']}") == "0"


def test_points_differ_from_a_quarter_of_the_scale_on(cast: Cast) -> None:
    rubric = Rubric(
        (Criterion(key="marks", text="Marks.", scale=Scale(ScaleKind.POINTS, maximum=10)),)
    )
    people = np.full((4, 1), 5.0)
    judge = np.array([[5.0], [7.0], [7.5], [0.0]])
    fill(cast, people={"ann": people}, judges={"gpt": judge}, rubric=rubric)

    assert "1 to 2 of 2" in _words(_get(cast.viewer, _url("disagreements")))


def _with_quote(cast: Cast) -> tuple[int, int]:
    """One disagreement whose judge cites the response; its response and criterion."""
    text = "Answer 0."
    rubric = Rubric(
        (
            Criterion(
                key="k0",
                text="How good?",
                met_means=MetMeans.GOOD,
                scale=Scale(ScaleKind.ORDINAL, (Level(1, "poor"), Level(2, "fine"))),
            ),
        )
    )
    records: list[Record] = [*tasks_and_responses(1, 1)]
    records += [
        RubricRecord(id="points", rubric=rubric, name="Points", published=True),
        VerdictRecord("r0", "points", "k0", "ann", value=2.0, rationale="<b>Plain</b> text"),
        VerdictRecord(
            *("r0", "points", "k0", "gpt"),
            rater_kind=RaterKind.JUDGE,
            round="gpt",
            value=1.0,
            evidence=(Quote("swer", 2, 6, "exact"), Quote("not there")),
        ),
    ]
    assert text == "Answer 0."
    import_records(project=cast.project, records=records, by=cast.owner)
    return Response.objects.get(external_id="r0").pk, CriterionRow.objects.get(key="k0").pk


def test_quotes_are_marked_in_the_whole_response(cast: Cast) -> None:
    response, criterion = _with_quote(cast)

    html = _get(cast.viewer, _url("disagreement", response, criterion))

    assert 'An<mark class="evidence">swer</mark> 0.' in html
    assert "Not found in the response" in html
    assert "fine" in _words(html) and "poor" in _words(html)
    assert "&lt;b&gt;Plain&lt;/b&gt; text" in html


def test_with_htmx_only_the_response_comes(cast: Cast) -> None:
    response, criterion = _with_quote(cast)

    html = _get(cast.viewer, _url("disagreement", response, criterion), hx_request="true")

    assert html.strip().startswith('<div class="compare-response')
    assert "<html" not in html


def test_a_unit_that_nobody_judged_is_not_found(cast: Cast) -> None:
    response, criterion = _with_quote(cast)

    assert _client(cast.viewer).get(_url("disagreement", response, 0)).status_code == 404
    assert _client(cast.viewer).get(_url("disagreement", 0, criterion)).status_code == 404


def test_a_reviewer_who_still_judges_a_response_sees_no_verdict_on_it(cast: Cast) -> None:
    response, criterion = _with_quote(cast)
    session = create_session(
        project=cast.project,
        name="Second look",
        version=RubricVersion.objects.get(rubric__external_id="points"),
        by=cast.owner,
        annotators=[cast.reviewer],
    )
    activate(session=session, by=cast.owner)

    blind = _get(cast.reviewer, _url("disagreements"))
    sighted = _get(cast.viewer, _url("disagreements"))

    assert "is not shown: you still have to judge" in _words(blind)
    assert "unit-" not in blind and "unit-" in sighted
    address = _url("disagreement", response, criterion)
    assert _client(cast.reviewer).get(address).status_code == 403
    assert _client(cast.viewer).get(address).status_code == 200


@pytest.mark.parametrize("name", ["compare", "disagreements", "scores"])
def test_the_number_of_queries_stays_the_same(
    cast: Cast, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rng = np.random.default_rng(3)
    people = {n: some_values(rng, (60, 6)) for n in ("ann", "bob", "cyd")}
    fill(cast, people=people, judges={n: some_values(rng, (60, 6)) for n in "abcdefgh"})
    client = _client(cast.viewer)
    client.get(_url(name))

    with django_assert_max_num_queries(14):
        client.get(_url(name))


# -- scores


def test_scores_are_shown_by_source_with_what_made_them(cast: Cast) -> None:
    # heron answers r0, r2, wren r1, r3. Everybody: heron meets everything, wren nothing.
    values = np.array([[1.0, 1.0], [0.0, 0.0]] * 2)
    fill(cast, people={"ann": values, "bob": values}, judges={"gpt": values})

    shown = _words(_get(cast.viewer, _url("scores")))

    assert "Aggregator: pos_normalised v1, clip mean. Missing verdicts: exclude." in shown
    block = shown[shown.index("experts: people together") :]
    assert block.index("All sources") < block.index("heron") < block.index("wren")
    assert "heron 2 1.000" in block and "wren 2 0.000" in block
    assert "ann" not in shown


def test_each_person_is_scored_when_asked(cast: Cast) -> None:
    values = np.ones((2, 1))
    fill(cast, people={"ann": values, "bob": values}, judges={})

    assert "ann · experts" in _words(_get(cast.viewer, f"{_url('scores')}?everyone=on"))


def test_an_aggregator_that_does_not_fit_says_why(cast: Cast) -> None:
    rubric = Rubric((Criterion(key="k0", text="Bad.", weight=-2, met_means=MetMeans.BAD),))
    fill(cast, people={"ann": np.ones((2, 1))}, judges={}, rubric=rubric)

    response = _client(cast.viewer).get(f"{_url('scores')}?aggregator=weighted_mean")

    assert response.status_code == 422
    assert "weighs -2; make it 0 or more" in response.content.decode()


def test_every_response_is_downloaded_as_csv(cast: Cast) -> None:
    fill(cast, people={"ann": np.array([[1.0, 0.0]])}, judges={}, n_tasks=1)

    text = _get(cast.viewer, f"{_url('scores')}?format=csv&table=responses")

    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert {(x["rater"], x["response"], x["value"]) for x in rows} == {
        ("(everyone)", "r0", "0.5"),
        ("ann", "r0", "0.5"),
    }
