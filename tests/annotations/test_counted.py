"""Which samples are counted: all of judges and of imported people, the first of people here."""

from __future__ import annotations

import json

import pytest

from rubricstudio.actions.rounds import open_round, rater_for_user
from rubricstudio.models import Rater, RoundKind, Verdict
from rubricstudio.queries.verdict_table import verdict_columns
from scoring.queries.exports import Wanted, jsonl, plan_export
from tests.conftest import Cast, Data

pytestmark = pytest.mark.django_db


def test_further_samples_count_unless_a_person_gave_them_here(cast: Cast, data: Data) -> None:
    round_ = open_round(
        project=cast.project,
        kind=RoundKind.SESSION,
        name="asked twice",
        version=data.version,
        by=cast.owner,
    )
    here = rater_for_user(project=cast.project, user=cast.annotator)
    elsewhere = Rater.objects.create(project=cast.project, kind="person", name="From a file")
    about = {
        "round": round_,
        "response": data.responses[0],
        "criterion": data.version.criteria.get(key="warns"),
    }
    for rater in (here, elsewhere):
        for sample in (0, 1):
            Verdict.objects.create(**about, rater=rater, sample=sample, status="ok", value=1)

    assert Verdict.objects.filter(round=round_).counted().count() == 3

    columns = verdict_columns(rounds=[round_.pk])
    told = sorted(zip(columns.rater.tolist(), columns.sample.tolist(), strict=True))
    assert told == sorted([(here.pk, 0), (elsewhere.pk, 0), (elsewhere.pk, 1)])

    lines = b"".join(jsonl(plan_export(cast.project, Wanted()))).splitlines()
    said = [json.loads(line) for line in lines]
    exported = [(v["rater"], v.get("sample", 0)) for v in said if v["type"] == "verdict"]
    assert sorted(exported) == sorted([(here.name, 0), (elsewhere.name, 0), (elsewhere.name, 1)])
