"""The page of people's agreement, its downloads, and what of a session counts."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import numpy as np
import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from rubricstudio.actions.imports import import_records
from rubricstudio.domain.formats.records import Preferred, Record, RubricRecord, VerdictRecord
from rubricstudio.domain.rubric import Criterion, Level, Rubric, Scale, ScaleKind
from rubricstudio.models import Round, User
from tests.conftest import Cast
from tests.scoring.compare_data import (
    fill,
    pairs,
    preference,
    some_values,
    tasks_and_responses,
    verdicts,
)

URL = "scoring:agreement"


def _address(**asked: str) -> str:
    return reverse(URL, args=["demo"]) + "?" + "&".join(f"{k}={v}" for k, v in asked.items())


def _get(user: User, **asked: str) -> str:
    client = Client()
    client.force_login(user)
    return _text(client.get(_address(**asked)))


def _text(response: HttpResponseBase) -> str:
    assert response.status_code == 200
    body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return body.decode()


def _rows(user: User, **asked: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_get(user, format="csv", **asked).lstrip("\ufeff"))))


def _json(user: User, **asked: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_get(user, format="json", **asked))
    return found


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def _three_people(cast: Cast, n: int = 40, criteria: int = 2) -> None:
    rng = np.random.default_rng(1)
    truth = some_values(rng, (n, criteria), missing=0)
    people = {
        name: np.where(rng.random(truth.shape) < wrong, 1 - truth, truth)
        for name, wrong in (("ann", 0.1), ("bob", 0.2), ("cem", 0.3))
    }
    fill(cast, people=people, judges={})


@pytest.mark.parametrize("by", ["criterion", "pair", "annotator", "group"])
def test_every_table_is_shown_with_forest_and_figures(cast: Cast, by: str) -> None:
    _three_people(cast)

    shown = _words(_get(cast.viewer, by=by))

    assert "Krippendorff’s alpha" in shown
    assert "80 of 80 by two or more of 3 people" in shown
    assert {
        "criterion": "Point 0.",
        "pair": "ann / bob",
        "annotator": "the ceiling that a judge can be held against",
        "group": "heron",
    }[by] in shown


def test_a_pair_counts_the_units_it_shares(cast: Cast) -> None:
    # Ann and Bob share 30 cells and agree on 24: po 0.8; each says met 15 times, pe 0.5.
    ann = np.tile([[1.0], [0.0]], (15, 1))
    bob = ann.copy()
    bob[:6] = 1 - bob[:6]
    fill(cast, people={"ann": ann, "bob": bob}, judges={})

    overall, pair = _rows(cast.viewer, by="pair")

    assert (pair["kind"], pair["name"], pair["n"]) == ("pair", "ann / bob", "30")
    assert float(pair["percent"]) == pytest.approx(0.8)
    assert float(pair["kappa"]) == pytest.approx(0.6)
    assert float(pair["macro_f1"]) == pytest.approx(0.8)
    assert float(overall["kappa"]) == pytest.approx(0.6)
    assert float(pair["alpha"]) == pytest.approx(float(overall["alpha"]))


def test_under_the_floor_values_are_withheld_and_n_stays(cast: Cast, settings: Settings) -> None:
    _three_people(cast, n=9)
    settings.AGREEMENT_FLOOR = 10

    rows = _rows(cast.viewer)
    page = _words(_get(cast.viewer))

    assert [row["n"] for row in rows] == ["18", "9", "9"]
    assert [row["percent"] == "" for row in rows] == [False, True, True]
    assert rows[1]["kappa"] == rows[1]["most_frequent"] == ""
    assert "too few" in page


def test_a_table_sorts_both_ways_and_puts_what_has_no_value_last(cast: Cast) -> None:
    _three_people(cast, criteria=4)

    rising = _get(cast.viewer, sort="alpha")
    falling = _get(cast.viewer, sort="alpha", order="falling")

    def order(html: str) -> list[str]:
        return re.findall(r"Point \d\.", html[html.index('id="table"') :])

    assert order(rising) == order(falling)[::-1]
    assert 'aria-sort="ascending"' in rising and 'aria-sort="descending"' in falling


def test_where_one_answer_prevails_kappa_is_said_to_mislead(cast: Cast) -> None:
    # 100 items: 90 both met, 5 and 5 split. kappa = (0.90 - 0.905)/0.095 = -0.0526; AC1 0.8895.
    ann = np.array([[1.0]] * 90 + [[0.0]] * 5 + [[1.0]] * 5)
    bob = np.array([[1.0]] * 90 + [[1.0]] * 5 + [[0.0]] * 5)
    fill(cast, people={"ann": ann, "bob": bob}, judges={})

    found = _json(cast.viewer)
    page = _words(_get(cast.viewer))

    overall = found["overall"]
    assert overall["kappa"]["value"] == pytest.approx(-0.0526, abs=5e-5)
    assert overall["ac1"]["value"] == pytest.approx(0.8895, abs=5e-5)
    assert overall["most_frequent"] == 0.95
    assert overall["kappa_misleads"] is True
    assert "Kappa misleads here." in page


def test_alpha_takes_its_distances_from_the_scale_and_says_which(cast: Cast) -> None:
    levels = tuple(Level(float(n), f"level {n}") for n in (1, 2, 3))
    rubric = Rubric(
        (
            Criterion(key="k0", text="Met?"),
            Criterion(key="k1", text="How well?", scale=Scale(ScaleKind.ORDINAL, levels)),
            Criterion(key="k2", text="Points?", scale=Scale(ScaleKind.POINTS, maximum=10)),
        )
    )
    rng = np.random.default_rng(3)
    truth = np.stack(
        [rng.integers(0, 2, 30), rng.integers(1, 4, 30), rng.integers(0, 9, 30)], axis=1
    ).astype(float)
    other = truth.copy()
    other[:5, 1] = 2
    other[:9, 2] += 1
    fill(cast, people={"ann": truth, "bob": other}, judges={}, rubric=rubric)

    found = _json(cast.viewer)

    rows = {row["name"]: row for row in found["criterion"]}
    assert [rows[key]["level"] for key in ("k0", "k1", "k2")] == ["nominal", "ordinal", "interval"]
    assert found["scope"] == "binary"
    assert rows["k1"]["kappa_quadratic"]["value"] > rows["k1"]["kappa"]["value"]
    assert rows["k2"]["icc"]["value"] > 0.9
    assert rows["k2"]["kappa"]["reason"] == "not for a points scale"
    assert "ICC(2,1)" in _get(cast.viewer)


def test_preferences_have_the_page_too(cast: Cast) -> None:
    said = [
        preference(n, name, Preferred.A if (n + (name == "cem")) % 2 else Preferred.B)
        for n in range(24)
        for name in ("ann", "bob", "cem")
    ]
    import_records(project=cast.project, records=[*pairs(24), *said], by=cast.owner)

    rows = _rows(cast.viewer, by="pair")
    page = _words(_get(cast.viewer, by="annotator"))

    assert {row["name"]: row["percent"] for row in rows[1:]} == {
        "ann / bob": "1.0",
        "ann / cem": "0.0",
        "bob / cem": "0.0",
    }
    assert "preferences" in page


def test_a_session_of_another_project_is_not_there(cast: Cast) -> None:
    _three_people(cast)
    client = Client()
    client.force_login(cast.viewer)

    assert client.get(_address(session="999999")).status_code == 404
    assert client.get(_address(format="xml")).status_code == 404


def test_a_session_without_answers_says_what_comes(cast: Cast) -> None:
    assert "Nobody has judged anything yet" in _get(cast.viewer)


def test_chosen_sessions_are_pooled(cast: Cast) -> None:
    records: list[Record] = [
        *tasks_and_responses(20, 5),
        RubricRecord("points", Rubric((Criterion(key="k0", text="One?"),)), published=True),
    ]
    values = np.tile([[1.0], [0.0]], (10, 1))
    records += verdicts("ann", values, ["k0"], judge=False)
    later = verdicts("bob", values, ["k0"], judge=False)
    records += [row._replace(round="later") for row in later if isinstance(row, VerdictRecord)]
    import_records(project=cast.project, records=records, by=cast.owner)
    both = list(Round.objects.filter(project=cast.project).order_by("pk"))

    one = _json(cast.viewer, session=str(both[0].pk))
    client = Client()
    client.force_login(cast.viewer)
    address = _address(format="json") + "".join(f"&session={row.pk}" for row in both)
    pooled = json.loads(_text(client.get(address)))

    assert (one["overall"]["n"], pooled["overall"]["n"]) == (0, 20)
    assert pooled["overall"]["percent"]["value"] == 1.0


def test_the_number_of_queries_does_not_grow(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    _three_people(cast, n=60, criteria=5)
    client = Client()
    client.force_login(cast.viewer)
    client.get(_address())

    with django_assert_max_num_queries(16):
        client.get(_address())
