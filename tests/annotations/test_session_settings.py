"""What a session can be set to, what fits together, and what may change once it runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotations.actions import (
    activate,
    clone_session,
    complete,
    create_session,
    edit_session,
    next_item,
    overall_version,
    submit,
)
from annotations.errors import IncompleteSheet, InvalidSession, NotPossible
from annotations.models import Mode, Session
from annotations.selection import InvalidSelection, Selection
from annotations.sheet import Entry, Sheet
from rubricstudio.actions.rounds import open_round
from rubricstudio.actions.rubrics import retire, start_draft
from rubricstudio.actions.tasks import add_response, add_task
from rubricstudio.domain.assignment import InvalidSample
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Round, RoundKind, Rubric, Verdict
from scoring.actions.batches import judge_batch
from scoring.actions.judges import create_judge
from scoring.actions.runs import start_run
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast, Data


def _create(cast: Cast, data: Data, **changes: Any) -> Session:
    settings: dict[str, Any] = {
        **{"project": cast.project, "name": "Round", "version": data.version, "by": cast.owner},
        "annotators": [cast.annotator, cast.second_annotator],
    }
    return create_session(**(settings | changes))


def _many(cast: Cast, sources: dict[str, int], tags: dict[int, list[str]] | None = None) -> None:
    """So many responses of each source, the nth ones of all sources to one task."""
    for n in range(max(sources.values())):
        task = add_task(
            project=cast.project,
            external_id=f"more-{n}",
            messages=[{"role": "user", "content": "?"}],
            tags=(tags or {}).get(n, []),
        )
        for source, count in sources.items():
            if n < count:
                add_response(task=task, external_id=f"{n}/{source}", source=source, text="Yes.")


# -- samples


def test_so_many_of_each_source_with_the_weights_of_their_strata(cast: Cast, data: Data) -> None:
    _many(cast, {"heron": 6, "owl": 2})

    session = _create(cast, data, selection=Selection(stratify="source", per_stratum=4, seed=3))

    weights = sorted(session.items.values_list("response__source", "weight"))
    # heron: 2 + 6 there, 4 taken, 8 / 4; owl: both; wren: both
    assert weights == [("heron", 2.0)] * 4 + [("owl", 1.0)] * 2 + [("wren", 1.0)] * 2
    assert session.selection["strata"] == [
        {"name": "heron", "size": 8, "taken": 4},
        {"name": "owl", "size": 2, "taken": 2},
        {"name": "wren", "size": 2, "taken": 2},
    ]


def test_in_proportion_to_the_tags_each_response_counting_once(cast: Cast, data: Data) -> None:
    _many(cast, {"owl": 6}, {0: ["b", "a"], 1: ["a"], 2: ["a"], 3: ["a"], 4: ["b"], 5: ["b"]})

    session = _create(
        cast,
        data,
        selection=Selection(sources=("owl",), stratify="tag", sample=3, seed=1),
    )

    # "more-0" has both tags and counts under a: a holds 4, b 2; 3 of 6 are 2 and 1
    assert session.selection["strata"] == [
        {"name": "a", "size": 4, "taken": 2},
        {"name": "b", "size": 2, "taken": 1},
    ]
    assert list(session.items.values_list("weight", flat=True)) == [2.0] * 3


def test_a_plain_sample_weighs_population_over_sample(cast: Cast, data: Data) -> None:
    session = _create(cast, data, selection=Selection(sample=3))
    assert set(session.items.values_list("weight", flat=True)) == {4 / 3}
    assert session.selection["strata"] == [{"name": "", "size": 4, "taken": 3}]


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(stratify="moon", sample=2), "source or by tag"),
        (Selection(per_stratum=2), "by source or by tag"),
        (Selection(stratify="tag", per_stratum=2, sample=2), "not both"),
        (Selection(stratify="tag"), "how many"),
        (Selection(stratify="tag", per_stratum=0), "at least one"),
    ],
)
def test_strata_that_do_not_fit_are_refused(
    cast: Cast, data: Data, selection: Selection, words: str
) -> None:
    with pytest.raises(InvalidSample, match=words):
        _create(cast, data, selection=selection)


def test_a_share_of_the_items_gets_more_people(cast: Cast, data: Data) -> None:
    session = _create(cast, data, coverage=2, extra_share=0.5, extra_coverage=3)
    # half of four items
    assert sorted(session.items.values_list("places", flat=True)) == [2, 2, 5, 5]


# -- settings that do not fit


def _run(cast: Cast, data: Data, name: str = "Judge") -> Round:
    return open_round(
        project=cast.project, kind=RoundKind.RUN, name=name, version=data.version, by=cast.owner
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "pairwise"}, "mode"),
        ({"order": "moon"}, "order"),
        ({"extra_share": 1.5}, "extra_share"),
        ({"extra_share": 0.2}, "extra_coverage"),
        ({"coverage": 90, "extra_share": 0.1, "extra_coverage": 20}, "extra_coverage"),
        ({"extra_below": 0.5}, "max_coverage"),
        ({"max_coverage": 5}, "extra_below"),
        ({"coverage": 4, "extra_below": 0.5, "max_coverage": 3}, "max_coverage"),
        ({"comment_rules": ["sing"]}, "comment_rules"),
        ({"limit": 0}, "limit"),
        ({"qualify_at": 0.0}, "qualify_at"),
        ({"gold_share": 0.6}, "gold_share"),
        ({"pause_after": 3}, "qualify_at"),
        ({"name": "x" * 201}, "name"),
        ({"mode": Mode.OVERALL}, "version"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    cast: Cast, data: Data, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidSession) as refused:
        _create(cast, data, **changes)
    assert refused.value.field == field


def test_a_blind_session_takes_no_suggestions(cast: Cast, data: Data) -> None:
    run = _run(cast, data)
    with pytest.raises(InvalidSession, match="Show judges"):
        _create(cast, data, suggestions=run)
    assert _create(cast, data, suggestions=run, hide_judges=False).suggestions == run


def test_suggestions_come_from_a_run_over_the_same_version(cast: Cast, data: Data) -> None:
    other = overall_version(project=cast.project, scale="1-5", by=cast.owner)
    run = open_round(
        project=cast.project, kind=RoundKind.RUN, name="Other", version=other, by=cast.owner
    )
    with pytest.raises(InvalidSession, match="over the rubric version"):
        _create(cast, data, suggestions=run, hide_judges=False)


def test_a_run_suggests_once_it_is_done(cast: Cast, data: Data) -> None:
    judge = create_judge(
        project=cast.project, name="Judge", kind="scripted", params={}, by=cast.owner
    )
    run = start_run(
        judge=judge,
        version=data.version,
        response_ids=[response.pk for response in data.responses],
        name="Run",
        by=cast.owner,
        enqueue=False,
    )
    with pytest.raises(InvalidSession, match="Choose a finished run"):
        _create(cast, data, suggestions=run.round, hide_judges=False)

    judge_batch(run=run, number=run.batches.get().number)

    made = _create(cast, data, suggestions=run.round, hide_judges=False)
    assert made.suggestions == run.round


# -- the whole response


def test_the_whole_response_is_judged_on_one_criterion_that_is_made_once(
    cast: Cast, data: Data
) -> None:
    first = overall_version(project=cast.project, scale="1-7", by=cast.author)
    again = overall_version(project=cast.project, scale="1-7", by=cast.owner)
    binary = overall_version(project=cast.project, scale="yes-no", by=cast.owner)
    back = overall_version(project=cast.project, scale="1-7", by=cast.owner)

    session = _create(cast, data, mode=Mode.OVERALL, version=first)

    assert first == again == back
    assert (binary.rubric_id, binary.number) == (first.rubric_id, 2)
    assert Rubric.objects.filter(external_id="overall-quality").count() == 1
    assert [level.value for level in first.as_rubric().leaves[0].scale.levels] == [*range(1, 8)]
    assert session.mode == "overall"


def test_an_unknown_scale_or_an_open_draft_is_explained(cast: Cast, data: Data) -> None:
    with pytest.raises(InvalidSession, match="1-5"):
        overall_version(project=cast.project, scale="1-3", by=cast.owner)
    version = overall_version(project=cast.project, scale="1-5", by=cast.owner)
    start_draft(rubric=version.rubric, by=cast.author)
    with pytest.raises(InvalidSession, match="draft"):
        overall_version(project=cast.project, scale="1-10", by=cast.owner)


# -- the deadline, and comments that are asked for


def test_after_the_deadline_nothing_new_is_handed_out_and_what_is_open_can_be_finished(
    session: Session, cast: Cast
) -> None:
    mine = next_item(session=session, by=cast.annotator)
    assert mine
    session = edit_session(
        session=session, by=cast.owner, deadline=timezone.now() - timedelta(minutes=1)
    )

    assert next_item(session=session, by=cast.annotator) == mine
    assert submit(assignment=mine, sheet=COMPLETE, by=cast.annotator).added == 3
    for person in (cast.annotator, cast.second_annotator):
        assert next_item(session=session, by=person) is None


# -- changes


def test_a_draft_changes_in_everything(draft_session: Session, cast: Cast, data: Data) -> None:
    overall = overall_version(project=cast.project, scale="1-5", by=cast.owner)

    changed = edit_session(
        session=draft_session,
        by=cast.owner,
        name="Renamed",
        version=overall,
        selection=Selection(sources=("wren",)),
        annotators=[cast.reviewer],
        mode=Mode.OVERALL,
        coverage=1,
        hide_source=False,
    )

    changed.refresh_from_db()
    assert (changed.round.name, changed.round.version) == ("Renamed", overall)
    assert list(changed.items.values_list("response__source", "places")) == [("wren", 1)] * 2
    assert [place.rater.user for place in changed.annotators.all()] == [cast.reviewer]


def test_a_draft_that_is_chosen_anew_keeps_its_gold_items(
    draft_session: Session, cast: Cast
) -> None:
    gold = draft_session.items.get(position=0)
    draft_session.items.filter(pk=gold.pk).update(kind="gold")

    edit_session(session=draft_session, by=cast.owner, selection=Selection(seed=9))

    gold.refresh_from_db()
    assert (gold.kind, gold.position, draft_session.items.count()) == ("gold", 3, 4)


def test_a_draft_whose_coverage_changes_keeps_its_items(draft_session: Session, cast: Cast) -> None:
    before = set(draft_session.items.values_list("pk", flat=True))
    edit_session(
        session=draft_session, by=cast.owner, coverage=3, extra_share=0.25, extra_coverage=1
    )
    assert set(draft_session.items.values_list("pk", flat=True)) == before
    assert sorted(draft_session.items.values_list("places", flat=True)) == [3, 3, 3, 4]


def test_a_choice_that_matches_nothing_leaves_the_draft_as_it_was(
    draft_session: Session, cast: Cast
) -> None:
    with pytest.raises(InvalidSelection):
        edit_session(
            session=draft_session, by=cast.owner, name="New", selection=Selection(sources=("-",))
        )
    draft_session.refresh_from_db()
    assert draft_session.round.name == "First round"
    assert draft_session.items.count() == 4


def test_a_running_session_changes_in_what_is_not_asked(session: Session, cast: Cast) -> None:
    changed = edit_session(
        session=session,
        by=cast.owner,
        name="Renamed",
        instructions="New words.",
        coverage=3,
        target=8,
        limit=2,
        reservation_minutes=5,
        hide_source=True,
        selection=Selection(),
        annotators=[cast.annotator, cast.reviewer],
    )
    assert set(changed.items.values_list("places", flat=True)) == {3}
    assert changed.annotators.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hide_source": False}, "hide_source"),
        ({"coverage": 1}, "coverage"),
        ({"selection": Selection(sample=1)}, "selection"),
        ({"mode": Mode.OVERALL}, "mode"),
        ({"comment_rules": ["every"]}, "comment_rules"),
        ({"skipped_to": "nobody"}, "skipped_to"),
    ],
)
def test_a_running_session_says_why_something_does_not_change(
    session: Session, cast: Cast, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidSession) as refused:
        edit_session(session=session, by=cast.owner, **changes)
    assert refused.value.field == field
    assert len(str(refused.value)) > 20


def test_a_completed_session_does_not_change(session: Session, cast: Cast) -> None:
    complete(session=session, by=cast.owner)
    with pytest.raises(NotPossible, match="completed"):
        edit_session(session=session, by=cast.owner, instructions="Late.")


# -- copies


def test_a_clone_has_the_settings_the_people_and_the_items(session: Session, cast: Cast) -> None:
    edit_session(session=session, by=cast.owner, deadline=timezone.now() - timedelta(days=1))
    session.items.filter(position=1).update(weight=2.5, must_answer=True)

    copy = clone_session(session=session, by=cast.owner)
    second = clone_session(session=session, by=cast.owner)

    def items(of: Session) -> list[tuple[Any, ...]]:
        rows = of.items.order_by("position")
        return list(rows.values_list("response", "places", "weight", "must_answer"))

    assert (copy.status, copy.coverage, copy.deadline) == ("draft", 2, None)
    assert copy.cloned_from == session
    assert (copy.round.name, second.round.name) == ("First round (copy)", "First round (copy)-2")
    assert items(copy) == items(session)
    assert copy.annotators.count() == 2


def test_a_clone_can_draw_anew(cast: Cast, data: Data) -> None:
    _many(cast, {"owl": 30})
    first = _create(cast, data, selection=Selection(sample=5, seed=1))

    copy = clone_session(session=first, by=cast.owner, name="Again", same_responses=False)

    def chosen(session: Session) -> set[int]:
        return set(session.items.values_list("response", flat=True))

    assert copy.selection["seed"] == 2
    assert len(chosen(copy)) == 5
    assert chosen(copy) != chosen(first)


def test_a_session_over_a_retired_version_is_not_cloned(
    session: Session, cast: Cast, data: Data
) -> None:
    retire(version=data.version, by=cast.author)
    with pytest.raises(InvalidSession, match="retired"):
        clone_session(session=session, by=cast.owner)


def test_a_comment_rule_holds_a_submit_back_and_says_where(cast: Cast, data: Data) -> None:
    session = activate(
        session=_create(cast, data, comment_rules=["unmet", "cannot_assess", "whole"]),
        by=cast.owner,
    )
    assignment = next_item(session=session, by=cast.annotator)
    assert assignment
    met, unmet = Entry(VerdictStatus.OK, 1.0), Entry(VerdictStatus.OK, 0.0)
    sheet = Sheet(
        {"warns": unmet, "invents": met, "clarity": Entry(VerdictStatus.CANNOT_ASSESS)}, ""
    )

    with pytest.raises(IncompleteSheet) as refused:
        submit(assignment=assignment, sheet=sheet, by=cast.annotator)

    # "invents" is a pitfall: met is what is bad about it
    assert list(refused.value.problems) == ["warns", "invents", "clarity", ""]
    assert "flaw" in refused.value.problems["invents"]
    assert not Verdict.objects.exists()
    good = Sheet({"warns": met, "invents": unmet, "clarity": Entry(VerdictStatus.OK, 2.0)}, "Fine.")
    assert submit(assignment=assignment, sheet=good, by=cast.annotator).added == 3
