"""Records in, rows out: all or nothing, and safe to repeat."""

from __future__ import annotations

from collections import Counter

import pytest

from rubricstudio.actions.imports import ImportRefused, import_records
from rubricstudio.actions.imports import run as import_run
from rubricstudio.domain.formats.records import (
    Message,
    Place,
    PreferenceRecord,
    Preferred,
    Problem,
    RaterKind,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Preference, Response, Round, RubricVersion, Task, Verdict
from tests.conftest import Cast

RUBRIC = Rubric((Criterion(key="short", text="Is short."), Criterion(key="true", text="Is true.")))


def _task(n: int, text: str = "Why is the sky blue?") -> TaskRecord:
    return TaskRecord(id=f"t{n}", messages=(Message("user", text),), tags=("sky",))


def _response(n: int, text: str | None = "It scatters.") -> ResponseRecord:
    return ResponseRecord(id=f"r{n}", task=f"t{n}", text=text, source="heron")


def _verdict(
    n: int, key: str = "short", value: float | None = 1.0, **more: object
) -> VerdictRecord:
    status = VerdictStatus.OK if value is not None else VerdictStatus.PARSE_ERROR
    base = VerdictRecord(f"r{n}", "sky", key, "ann", status=status, value=value)
    return base._replace(place=Place("file.jsonl", n), **more)  # type: ignore[arg-type]


def _universe() -> list[Record | Problem]:
    return [
        _task(1),
        _task(2),
        _response(1),
        _response(2, text=None),
        RubricRecord(id="sky", rubric=RUBRIC, name="Sky", published=True),
        _verdict(1),
        _verdict(1, "true", 0.0),
        _verdict(2, value=None, rater="gpt", rater_kind=RaterKind.JUDGE, raw_reply="Hm."),
    ]


def test_it_adds_every_kind_of_record(cast: Cast) -> None:
    report = import_records(project=cast.project, records=_universe(), by=cast.owner)

    assert report.added == Counter(task=2, response=2, rubric=1, verdict=3)
    assert Response.objects.get(external_id="r2").text is None
    unscored = Verdict.objects.get(rater__name="gpt")
    assert (unscored.status, unscored.value) == ("parse_error", None)
    assert unscored.provenance == {"raw_reply": "Hm."}
    assert unscored.round.kind == "run"
    version = RubricVersion.objects.get(rubric__external_id="sky")
    assert version.status == "published"
    assert Round.objects.get(kind="session").version == version


def test_a_repeat_changes_nothing(cast: Cast) -> None:
    import_records(project=cast.project, records=_universe(), by=cast.owner)

    again = import_records(project=cast.project, records=_universe(), by=cast.owner)

    assert sum(again.added.values()) == 0
    assert again.unchanged == Counter(task=2, response=2, rubric=1, verdict=3)
    assert (Task.objects.count(), Verdict.objects.count()) == (2, 3)


def test_the_order_of_records_does_not_matter(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_run, "BATCH", 2)

    report = import_records(project=cast.project, records=_universe()[::-1], by=cast.owner)

    assert report.added == Counter(task=2, response=2, rubric=1, verdict=3)


def test_one_problem_refuses_everything(cast: Cast) -> None:
    records = [*_universe(), Problem("file.jsonl", 9, "value", "is no number")]

    with pytest.raises(ImportRefused) as refused:
        import_records(project=cast.project, records=records, by=cast.owner)

    assert [str(p) for p in refused.value.report.problems] == ["file.jsonl:9: value: is no number"]
    assert Task.objects.count() == 0


def test_it_keeps_the_good_records_when_asked(cast: Cast) -> None:
    records: list[Record | Problem] = [
        *_universe(),
        _verdict(7),
        _verdict(1, "nonsense"),
    ]

    report = import_records(project=cast.project, records=records, by=cast.owner, keep_good=True)

    assert report.added["verdict"] == 3
    assert [str(p) for p in report.problems] == [
        "file.jsonl:7: response: there is no response 'r7'."
        " Import the response in this file or before it.",
        "file.jsonl:1: criterion: rubric 'sky' has no criterion 'nonsense'."
        " A verdict names a criterion by its key; groups carry no verdicts.",
    ]


def test_a_dry_run_reports_the_same_and_keeps_nothing(cast: Cast) -> None:
    report = import_records(project=cast.project, records=_universe(), by=cast.owner, dry_run=True)

    assert report.added["verdict"] == 3
    assert (Task.objects.count(), Verdict.objects.count(), Round.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (_task(1, "Why is it red?"), "task 't1' exists with other content"),
        (_response(1, "Because."), "response 'r1' exists with other content"),
        (_verdict(1, value=0.0), "this rater gave another verdict here before"),
    ],
)
def test_what_is_there_is_never_overwritten(cast: Cast, changed: Record, said: str) -> None:
    import_records(project=cast.project, records=_universe(), by=cast.owner)

    with pytest.raises(ImportRefused) as refused:
        import_records(project=cast.project, records=[changed], by=cast.owner)

    assert said in str(refused.value.report.problems[0])


def test_a_value_off_the_scale_names_the_scale(cast: Cast) -> None:
    records = [*_universe(), _verdict(2, value=3.0)]

    with pytest.raises(ImportRefused) as refused:
        import_records(project=cast.project, records=records, by=cast.owner)

    assert str(refused.value.report.problems[0]) == (
        "file.jsonl:2: value: 3 is not on the scale of 'short'. The scale is binary, from 0 to 1."
    )


def test_a_rubric_with_new_content_becomes_the_next_version(cast: Cast) -> None:
    import_records(project=cast.project, records=_universe(), by=cast.owner)
    changed = Rubric((Criterion(key="short", text="Is very short."),))

    import_records(
        project=cast.project,
        records=[RubricRecord(id="sky", rubric=changed, published=True)],
        by=cast.owner,
    )

    numbers = RubricVersion.objects.order_by("number").values_list("number", "status")
    assert list(numbers) == [(1, "published"), (2, "published")]


def test_preferences_belong_to_one_task(cast: Cast) -> None:
    other = ResponseRecord(id="r1b", task="t1", text="Dust.")
    pair: list[Record] = [_task(1), _response(1), other]
    good = PreferenceRecord("t1", "r1", "r1b", "ann", preferred=Preferred.A)
    report = import_records(project=cast.project, records=[*pair, good], by=cast.owner)
    assert report.added["preference"] == 1
    assert Preference.objects.get().preferred == "a"

    bad = PreferenceRecord("t2", "r1", "r1b", "ann", preferred=Preferred.A)
    with pytest.raises(ImportRefused) as refused:
        import_records(project=cast.project, records=[_task(2), bad], by=cast.owner)
    assert "belong to another task" in str(refused.value.report.problems[0])


def test_projects_do_not_meet(cast: Cast) -> None:
    import_records(project=cast.project, records=_universe(), by=cast.owner)

    with pytest.raises(ImportRefused) as refused:
        import_records(project=cast.other_project, records=[_verdict(1)], by=cast.stranger)

    assert "rubric 'sky'" in str(refused.value.report.problems[0])


@pytest.mark.parametrize("keep_good", [False, True])
def test_texts_survive_whatever_they_hold(cast: Cast, keep_good: bool) -> None:
    hostile = 'tab\there, back\\slash, \\N, line\nbreak, return\r, "quotes", مرحبا, 漢字, \u2028'
    records = [*_universe()[:5], _verdict(1, rationale=hostile), _verdict(2, rationale="\\N")]

    import_records(project=cast.project, records=records, by=cast.owner, keep_good=keep_good)

    assert set(Verdict.objects.values_list("rationale", flat=True)) == {hostile, "\\N"}


def test_a_cell_that_stands_twice_in_a_file_is_named_by_its_line(cast: Cast) -> None:
    records = [*_universe(), _verdict(2), _verdict(2, value=0.0)]

    with pytest.raises(ImportRefused) as refused:
        import_records(project=cast.project, records=records, by=cast.owner)

    assert str(refused.value.report.problems[0]).startswith("file.jsonl:2: value: this rater gave")
