"""An export is pinned, whole, of one moment, and can be imported again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
from django.db import connection, connections

from rubricstudio.actions.imports import import_records
from rubricstudio.actions.projects import create_project
from rubricstudio.actions.rubrics import publish, start_draft
from rubricstudio.domain.formats.native import read
from rubricstudio.domain.formats.records import (
    Preferred,
    Problem,
    RaterKind,
    Record,
    RubricRecord,
    VerdictRecord,
)
from rubricstudio.domain.rubric import Criterion, Level, MetMeans, Rubric, Scale, ScaleKind, Tier
from rubricstudio.domain.verdict import Quote, VerdictStatus
from rubricstudio.models import Preference, Project, RubricVersion, Task, Verdict
from rubricstudio.queries import copying
from scoring.queries.exports import (
    ExportRefused,
    Wanted,
    jsonl,
    manifest,
    plan_export,
    snapshot,
    verdicts_csv,
)
from tests.conftest import Cast
from tests.scoring.compare_data import fill, pairs, preference, rubric_of, tasks_and_responses

HOSTILE = 'tab\tback\\slash "quote" \x01\x02 line\nbreak \u2028 مرحبا 漢字 \\N'

RUBRIC = Rubric(
    (
        Criterion(key="safety", text="Safety", is_group=True),
        Criterion(key="k0", text=HOSTILE, parent="safety", gate=True, tier=Tier.MANDATORY),
        Criterion(key="k1", text="Invents.", weight=-2, met_means=MetMeans.BAD),
        Criterion(
            key="k2",
            text="How good?",
            scale=Scale(ScaleKind.ORDINAL, (Level(1, "poor"), Level(2.5, "good", "Reads well."))),
        ),
        Criterion(key="k3", text="Marks.", scale=Scale(ScaleKind.POINTS, maximum=10)),
    ),
    params={"gate_cap": 0.1},
)


def _universe() -> list[Record]:
    judge = {"rater_kind": RaterKind.JUDGE, "round": "run one"}
    rows: list[Record] = [*tasks_and_responses(4, 2)]
    rows.append(RubricRecord(id="points", rubric=RUBRIC, name="Points", published=True))
    rows += [
        VerdictRecord("r0", "points", "k0", "ann", value=1.0, rationale=HOSTILE),
        VerdictRecord("r0", "points", "k2", "ann", value=2.5, confidence=0.75),
        VerdictRecord("r0", "points", "k3", "ann", value=0.1),
        VerdictRecord("r1", "points", "k0", "ann", status=VerdictStatus.CANNOT_ASSESS),
        VerdictRecord("r1", "points", "k1", "ann", status=VerdictStatus.NOT_APPLICABLE),
        VerdictRecord(
            *("r0", "points", "k0", "gpt"),
            **judge,  # type: ignore[arg-type]
            value=0.0,
            evidence=(Quote("Answer", 0, 6, "exact"),),
            raw_reply=HOSTILE,
            provenance={"model": "m-1", "cost": 0.001},
        ),
        VerdictRecord(
            *("r0", "points", "k0", "gpt"),
            **judge,  # type: ignore[arg-type]
            status=VerdictStatus.PARSE_ERROR,
            sample=1,
            raw_reply="Hm.",
        ),
    ]
    return rows


def _export(project: Project, **wanted: Any) -> list[dict[str, Any]]:
    plan = plan_export(project, Wanted(**wanted))
    return [json.loads(line) for line in b"".join(jsonl(plan)).splitlines()]


def _of(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


def _import(cast: Cast, records: list[Record]) -> None:
    import_records(project=cast.project, records=records, by=cast.owner)


def test_an_export_can_be_imported_into_an_empty_project(cast: Cast) -> None:
    _import(cast, _universe())
    data = b"".join(jsonl(plan_export(cast.project, Wanted())))
    copy = create_project(by=cast.owner, name="Copy", slug="copy")

    import_records(project=copy, records=read(data.split(b"\n"), "export.jsonl"), by=cast.owner)

    def facts(project: Project) -> list[tuple[Any, ...]]:
        names = ("status", "value", "sample", "rationale", "evidence", "confidence", "created_at")
        joined = ("response__external_id", "criterion__key", "rater__name", "rater__kind")
        rows = Verdict.objects.filter(round__project=project)
        columns = rows.values_list(*joined, "round__name", "round__kind", *names)
        return sorted(columns, key=lambda row: (*row[:5], row[8]))

    def provenance(project: Project) -> list[Any]:
        rows = Verdict.objects.filter(round__project=project, rater__kind="judge")
        return list(rows.order_by("sample").values_list("provenance", flat=True))

    assert facts(copy) == facts(cast.project)
    assert len(facts(copy)) == 7
    assert provenance(copy) == provenance(cast.project)
    versions = RubricVersion.objects.filter(rubric__external_id="points").order_by("pk")
    assert versions[0].content_hash == versions[1].content_hash
    assert list(Task.objects.filter(project=copy).values_list("messages", flat=True)) == list(
        Task.objects.filter(project=cast.project).values_list("messages", flat=True)
    )


def test_no_line_of_an_export_is_a_problem_to_the_reader(cast: Cast) -> None:
    _import(cast, [*_universe()])
    import_records(
        project=cast.project,
        records=[preference(0, "ann", Preferred.TIE), *list(pairs(1))[1:]],
        by=cast.owner,
    )
    data = b"".join(jsonl(plan_export(cast.project, Wanted())))

    problems = [row for row in read(data.split(b"\n"), "x") if isinstance(row, Problem)]

    assert problems == []
    assert Preference.objects.count() == 1


def test_the_first_line_says_what_is_pinned_and_how_scores_are_made(cast: Cast) -> None:
    _import(cast, _universe())
    version = RubricVersion.objects.get(rubric__external_id="points")

    first = _export(cast.project)[0]

    assert (first["type"], first["format_version"], first["project"]) == ("export", 1, "demo")
    assert first["missing"] == "exclude"
    assert first["rounds"] == [
        {"kind": "session", "name": "imported"},
        {"kind": "run", "name": "run one"},
    ]
    assert first["rubrics"] == [
        {
            "rubric": "points",
            "name": "Points",
            "version": 1,
            "semantic_number": version.semantic_number,
            "status": "published",
            "content_hash": version.content_hash,
            "judging_hash": version.judging_hash,
            "scoring_hash": version.scoring_hash,
            "aggregator": "pos_normalised",
            "aggregator_version": 1,
            "clip": "mean",
            "params": {"gate_cap": 0.1, "gate_pass": 1.0},
        }
    ]


def test_only_the_last_revision_of_a_verdict_goes_out(cast: Cast) -> None:
    _import(cast, _universe())
    old = Verdict.objects.get(response__external_id="r0", criterion__key="k0", rater__name="ann")
    for revision, value in ((1, 0), (2, 1)):
        Verdict.objects.create(
            round=old.round,
            response=old.response,
            criterion=old.criterion,
            rater=old.rater,
            revision=revision,
            status="ok",
            value=value,
            rationale=f"correction {revision}",
        )

    lines = _of(_export(cast.project), "verdict")

    mine = [x for x in lines if (x["rater"], x["response"], x["criterion"]) == ("ann", "r0", "k0")]
    assert [(x["value"], x["revision"], x["rationale"]) for x in mine] == [(1, 2, "correction 2")]
    assert len(lines) == 7


def test_verdicts_on_reworded_criteria_stay_behind(cast: Cast) -> None:
    fill(cast, people={"ann": np.ones((2, 2))}, judges={}, rubric=rubric_of(2))
    version = RubricVersion.objects.get(rubric__external_id="points")
    draft = start_draft(rubric=version.rubric, by=cast.author)
    draft.criteria.filter(key="k0").update(weight=9)
    draft.criteria.filter(key="k1").update(text="Another point.")
    publish(version=draft, by=cast.author)

    newest, first = _export(cast.project), _export(cast.project, version=1)

    assert {x["criterion"] for x in _of(newest, "verdict")} == {"k0"}
    assert {x["criterion"] for x in _of(first, "verdict")} == {"k0", "k1"}
    # Of version 2 only k0 was judged: met, so 9 of 9 points of what is there.
    score = _of(newest, "score")[0]
    assert (score["value"], score["n_missing"], score["version"]) == (1.0, 1, 2)


def test_scores_go_out_by_rater_and_for_the_session_together(cast: Cast) -> None:
    # k0 and k1 weigh 1 each. Ann: 1, 1; Bob: 1, 0; together a tie on k1, which counts as 0.
    people = {"ann": np.array([[1.0, 1.0]]), "bob": np.array([[1.0, 0.0]])}
    fill(cast, people=people, judges={"gpt": np.array([[np.nan, 1.0]])}, n_tasks=1)

    lines = _of(_export(cast.project), "score")

    found = {(x["round"], x["rater"], x["rater_kind"]): x["value"] for x in lines}
    assert found == {
        ("experts", "ann", "person"): 1.0,
        ("experts", "bob", "person"): 0.5,
        ("experts", None, "panel"): 0.5,
        ("gpt", "gpt", "judge"): 1.0,
    }
    judge = next(x for x in lines if x["rater"] == "gpt")
    assert (judge["lower"], judge["upper"], judge["coverage"]) == (0.5, 1.0, 0.5)


def test_a_missing_verdict_follows_the_policy_that_is_named(cast: Cast) -> None:
    fill(cast, people={}, judges={"gpt": np.array([[np.nan, 1.0]])}, n_tasks=1)

    by_policy = {
        policy: _of(_export(cast.project, missing=policy), "score")[0]["value"]
        for policy in ("exclude", "fail", "bounds")
    }

    assert by_policy == {"exclude": 1.0, "fail": 0.5, "bounds": None}


def test_what_does_not_apply_is_not_missing(cast: Cast) -> None:
    _import(cast, _universe())

    lines = _of(_export(cast.project), "score")

    ann = next(x for x in lines if (x["rater"], x["response"]) == ("ann", "r1"))
    # k0 cannot be assessed, k2 and k3 were never judged, k1 does not apply.
    assert (ann["n_missing"], ann["n_not_applicable"], ann["value"]) == (3, 1, None)


def test_one_round_can_be_exported_alone(cast: Cast) -> None:
    _import(cast, _universe())

    lines = _export(cast.project, runs=("run one",))

    assert {x["round"] for x in _of(lines, "verdict")} == {"run one"}
    assert lines[0]["filters"]["runs"] == ["run one"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"rubric": "point"}, "there is no published 'point'; there are: points v1"),
        ({"version": 3}, "no published version 3 of any rubric; there are: points v1"),
        ({"sessions": ("x",)}, "there is no session 'x' with verdicts; there are: imported"),
        ({"aggregator": "mean"}, "there is no aggregator 'mean'; there are pos_normalised"),
        ({"aggregator": "weighted_mean"}, "criterion 'k1' weighs -2"),
        ({"missing": "zero"}, "missing is one of exclude, fail, bounds"),
    ],
)
def test_it_refuses_what_is_not_there(cast: Cast, wanted: dict[str, Any], said: str) -> None:
    _import(cast, _universe())

    with pytest.raises(ExportRefused, match=said.replace("(", r"\(")):
        plan_export(cast.project, Wanted(**wanted))


def test_an_empty_project_has_nothing_to_export(cast: Cast) -> None:
    with pytest.raises(ExportRefused, match="nothing to export"):
        plan_export(cast.project, Wanted())


def test_the_csv_of_verdicts_is_safe_in_a_spreadsheet(cast: Cast) -> None:
    records = _universe()
    formula = VerdictRecord("r1", "points", "k2", "=cmd()", value=1.0, rationale="-1+1")
    _import(cast, [*records, formula])

    text = b"".join(verdicts_csv(plan_export(cast.project, Wanted()), mark=True)).decode()

    assert text.startswith("\ufefftask,response,source,rubric,version,criterion")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 8
    assert next((x["rater"], x["rationale"]) for x in rows if "cmd" in x["rater"]) == (
        "'=cmd()",
        "'-1+1",
    )
    ann = next(x for x in rows if x["rater"] == "ann" and x["criterion"] == "k0")
    assert (ann["rationale"], ann["criterion_text"], ann["value"]) == (HOSTILE, HOSTILE, "1")


@pytest.mark.django_db(transaction=True)
def test_the_stream_is_of_one_moment() -> None:
    other = connections.create_connection("default")
    try:
        with snapshot():
            before = Task.objects.count()
            with other.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO studio_user (id, password, is_superuser, username, first_name,"
                    " last_name, email, is_staff, is_active, date_joined)"
                    " VALUES (1, '', false, 'x', '', '', 'x@example.com', false, true, now());"
                    "INSERT INTO studio_project (id, slug, name, description, created_by_id,"
                    " created_at, weight_classes) VALUES (1, 'x', 'X', '', 1, now(), '{}');"
                    "INSERT INTO studio_task (project_id, external_id, messages, reference,"
                    " context, tags, metadata, created_at)"
                    " VALUES (1, 't', '[]', '', '[]', '{}', '{}', now())"
                )
            inside = Task.objects.count()
        after = Task.objects.count()
    finally:
        other.close()

    assert (before, inside, after) == (0, 0, 1)


def test_a_reader_who_leaves_early_leaves_a_usable_connection(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "CHUNK", 1)
    _import(cast, _universe())
    stream = jsonl(plan_export(cast.project, Wanted()))
    for _ in range(3):
        next(stream)

    assert isinstance(stream, Generator)
    stream.close()

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_the_manifest_holds_no_infinity(cast: Cast) -> None:
    tiered = Rubric((Criterion(key="k0", text="A.", tier=Tier.ESSENTIAL),), "truncated_tiers")
    fill(cast, people={"ann": np.ones((2, 1))}, judges={}, rubric=tiered)

    text = json.dumps(manifest(plan_export(cast.project, Wanted())), allow_nan=False)

    assert '"tier_cap": "inf"' in text
