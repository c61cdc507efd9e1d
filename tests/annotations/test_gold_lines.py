"""Gold lines of a data set: what is imported, what is refused, and what goes out comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotations.actions import complete, next_item, submit
from annotations.actions.gold_sources import gold_from_source
from annotations.models import Gold, Origin, Session
from annotations.queries.gold_sources import GoldSource
from rubricstudio.actions.imports import ImportRefused
from rubricstudio.actions.imports.run import import_records
from rubricstudio.domain.formats.native import read
from rubricstudio.domain.formats.records import GoldOrigin
from rubricstudio.models import Project, Rater, User
from scoring.queries.exports import Wanted, jsonl, plan_export
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast, Data

QUOTED = {"evidence": [{"text": "doctor", "start": 20, "end": 26, "match": "exact"}]}
LINE = {"type": "gold", "response": "task-1/wren", "rubric": "advice", "criterion": "warns"}


def _import(project: Project, by: User, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    records = read([json.dumps(line) for line in lines], "gold.jsonl")
    return import_records(project=project, records=records, by=by).as_dict()


def _lines(project: Project, **wanted: Any) -> list[dict[str, Any]]:
    chunks = jsonl(plan_export(project, Wanted(**wanted)))
    return [json.loads(line) for line in b"".join(chunks).splitlines()]


def test_origins_have_the_same_names_in_files_and_in_the_database() -> None:
    assert set(Origin.values) == set(GoldOrigin)


def test_lines_become_gold_answers_once(cast: Cast, data: Data) -> None:
    rubric = data.version.rubric.external_id
    lines: list[dict[str, Any]] = [
        {**LINE, "rubric": rubric, "value": "met", "note": "It names it.", **QUOTED},
        {**LINE, "rubric": rubric, "criterion": "clarity", "value": "cannot_assess"},
        {
            **{**LINE, "rubric": rubric, "criterion": "invents", "value": 0},
            **{"origin": "expert", "session": "Pilot", "expert": "Ada Lovelace"},
        },
    ]

    assert _import(cast.project, cast.owner, lines)["added"]["gold"] == 3
    again = _import(cast.project, cast.owner, lines)
    assert (again["added"]["gold"], again["unchanged"]["gold"]) == (0, 3)
    gold = {row.criterion.key: row for row in Gold.objects.select_related("criterion")}
    warns, clarity, invents = gold["warns"], gold["clarity"], gold["invents"]
    assert (warns.value, warns.note, warns.origin) == (1.0, "It names it.", "file")
    assert [quote["text"] for quote in warns.evidence] == ["doctor"]
    assert (clarity.status, clarity.value) == ("cannot_assess", None)
    assert invents.origin_rater == Rater.objects.get(name="Ada Lovelace")
    assert invents.origin_round is not None and invents.origin_round.name == "Pilot"
    assert {row.added_by for row in gold.values()} == {cast.owner}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"response": "nobody"}, "response: there is no response 'nobody'"),
        ({"rubric": "none"}, "rubric: there is no published rubric 'none'"),
        ({"criterion": "none"}, "criterion: rubric"),
        ({"criterion": "safety"}, "criterion: rubric"),
        ({"value": 7}, "value: 7 is not on the scale of 'warns'"),
        ({"value": None}, "value: is missing"),
        ({"value": "timeout"}, "a gold answer is a value or cannot_assess"),
        ({"origin": "dreamt"}, "origin: is 'dreamt'"),
        ({"origin": "adjudicated"}, "session does not go with the origin adjudicated"),
        ({"session": "Pilot"}, "session does not go with the origin file"),
        ({"origin": "expert", "session": "Pilot"}, "expert does not go with the origin expert"),
        ({"origin": "unanimous", "session": "Pilot", "n": 1}, "n does not go with the origin"),
        ({"origin": "unanimous", "session": "Pilot", "n": 2.5}, "n: is 2.5, not a whole number"),
        ({"odd": 1}, "odd"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    cast: Cast, data: Data, change: dict[str, Any], told: str
) -> None:
    line = {**LINE, "rubric": data.version.rubric.external_id, "value": 1} | change

    with pytest.raises(ImportRefused) as refused:
        _import(cast.project, cast.owner, [line])

    problems = [str(problem) for problem in refused.value.report.problems]
    assert problems[0].startswith("gold.jsonl:1: ")
    assert any(told in problem for problem in problems)
    assert not Gold.objects.exists()


def test_another_answer_than_the_one_there_is_refused(cast: Cast, data: Data) -> None:
    line = {**LINE, "rubric": data.version.rubric.external_id, "value": 1}
    _import(cast.project, cast.owner, [line])

    with pytest.raises(ImportRefused, match="1 problems"):
        _import(cast.project, cast.owner, [line | {"value": 0}])
    assert Gold.objects.get().value == 1
    Gold.objects.all().delete()
    with pytest.raises(ImportRefused, match="1 problems"):
        _import(cast.project, cast.owner, [line, line | {"value": 0}])


@pytest.fixture
def known(session: Session, cast: Cast, data: Data) -> Session:
    """Gold answers of every origin: by hand, from a file, unanimous, one expert's."""
    for person in (cast.annotator, cast.second_annotator):
        while (item := next_item(session=session, by=person)) is not None:
            submit(assignment=item, sheet=COMPLETE, by=person)
    complete(session=session, by=cast.owner)
    nuria = Rater.objects.get(user=cast.annotator).pk
    for source in (
        GoldSource(session.pk, Origin.UNANIMOUS),
        GoldSource(session.pk, Origin.EXPERT, rater_id=nuria, with_notes=True),
    ):
        gold_from_source(version=data.version, source=source, replaces=False, by=cast.owner)
    first, second = Gold.objects.filter(origin="unanimous").order_by("pk")[:2]
    Gold.objects.filter(pk=first.pk).update(
        origin="adjudicated", origin_n=None, note="Two\nlines, “quoted” \\ = 1"
    )
    Gold.objects.filter(pk=second.pk).update(origin="hand", origin_n=None, origin_round=None)
    return session


def test_what_goes_out_comes_back_in_another_project(
    known: Session, cast: Cast, data: Data
) -> None:
    assert [line for line in _lines(cast.project) if line["type"] == "gold"] == []
    out = _lines(cast.project, gold=True)
    gold = [line for line in out if line["type"] == "gold"]
    assert len(gold) == Gold.objects.count() == 12
    assert {line["origin"] for line in gold} == {"adjudicated", "hand", "unanimous", "expert"}
    assert out[0]["gold"] is True

    # In any order: gold lines first wait for what they name.
    report = _import(cast.other_project, cast.stranger, [*gold, *out])

    assert report["added"]["gold"] == 12
    assert [
        line for line in _lines(cast.other_project, gold=True) if line["type"] == "gold"
    ] == gold


def test_the_page_puts_them_in_when_asked(known: Session, cast: Cast, client: Client) -> None:
    client.force_login(cast.owner)
    assert b'name="gold"' in client.get(reverse("scoring:export", args=["demo"])).content
    url = reverse("scoring:export-jsonl", args=["demo"])

    for asked, n in (("", 0), ("?gold=no", 0), ("?gold=yes", 12)):
        found = b"".join(client.get(url + asked)).decode()
        assert found.count('"type":"gold"') == n
