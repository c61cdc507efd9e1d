"""Responses pinned beside a draft: chosen, scored as it is edited, judged by its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotations.actions import create_session
from rubricstudio.actions.rubrics import publish, start_draft
from rubricstudio.actions.tasks import add_response
from rubricstudio.domain.aggregation import AGGREGATORS, UnfitRubric
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.verdict import Quote
from rubricstudio.models import Criterion, Pin, Rater, Rubric, RubricVersion, Verdict
from scoring import tasks
from scoring.actions import preview as actions
from scoring.actions.alone import PREVIEWS, Taken
from scoring.actions.preview import (
    NotPinnable,
    PreviewNotPossible,
    TooManyPins,
    cancel_preview,
    judge_preview,
    pin_response,
    pin_varied,
    start_preview,
    unpin_response,
)
from scoring.judges import JudgeBusy, JudgeError, Outcome, Provenance, Scored, build
from scoring.models import Judge, PreviewRun, PreviewVerdict, RunStatus
from scoring.preview_cells import State
from scoring.preview_page import preview_page
from scoring.queries import preview as queries
from scoring.queries.pins import pins
from scoring.queries.preview import open_cells, preview
from scoring.queries.requests import requests_for
from scoring.queries.score_means import scores
from scoring.queries.scores import Scoring
from tests.conftest import Cast, Data
from tests.scoring.judged import VERDICTS, judges_blind, rules, worked


@pytest.fixture
def rubric(data: Data) -> Rubric:
    return data.version.rubric


@pytest.fixture
def draft(cast: Cast, data: Data) -> RubricVersion:
    """Version 2, as version 1 is, with the first two responses pinned."""
    made = start_draft(rubric=data.version.rubric, by=cast.author)
    for response in data.responses[:2]:
        pin_response(rubric=made.rubric, response_id=response.pk, by=cast.author)
    return made


@pytest.fixture
def author(cast: Cast, client: Client) -> Client:
    client.force_login(cast.author)
    return client


def reworded(draft: RubricVersion, key: str = "warns", **changes: object) -> None:
    draft.criteria.filter(key=key).update(**(changes or {"text": "Warns of it at the top."}))


def url(rubric: Rubric, name: str = "preview", *more: object) -> str:
    return reverse(f"scoring:{name}", args=["demo", rubric.pk, *more])


def people_said(cast: Cast, data: Data, key: str, values: Sequence[float]) -> None:
    """Each value from a person of their own on the first response."""
    session = create_session(
        project=cast.project,
        name=f"On {key}",
        version=data.version,
        by=cast.owner,
        annotators=[cast.annotator],
    )
    for n, value in enumerate(values):
        rater = Rater.objects.create(project=cast.project, kind="person", name=f"{key} {n}")
        Verdict.objects.create(
            round=session.round,
            rater=rater,
            response=data.responses[0],
            criterion=data.version.criteria.get(key=key),
            status="ok",
            value=value,
        )


# -- pins


def test_a_response_is_pinned_once_and_eight_at_most(cast: Cast, data: Data) -> None:
    rubric = data.version.rubric
    more = [
        add_response(task=data.tasks[0], external_id=f"r{n}", source="owl", text="x")
        for n in range(5)
    ]
    for response in [*data.responses, *more[:4], data.responses[0]]:
        pin_response(rubric=rubric, response_id=response.pk, by=cast.author)

    with pytest.raises(TooManyPins, match="8 responses"):
        pin_response(rubric=rubric, response_id=more[4].pk, by=cast.author)
    unpin_response(rubric=rubric, response_id=data.responses[0].pk, by=cast.author)
    pin_response(rubric=rubric, response_id=more[4].pk, by=cast.author)

    assert Pin.objects.filter(rubric=rubric).count() == 8


def test_only_responses_that_the_rubric_is_about_are_pinned(cast: Cast, data: Data) -> None:
    rubric = data.version.rubric
    Rubric.objects.filter(pk=rubric.pk).update(task=data.tasks[0])
    rubric.refresh_from_db()

    with pytest.raises(NotPinnable):
        pin_response(rubric=rubric, response_id=data.responses[3].pk, by=cast.author)
    with pytest.raises(NotPinnable):
        pin_response(rubric=rubric, response_id=10**9, by=cast.author)


def test_a_varied_few_are_of_every_source_and_pressing_again_adds_none(
    cast: Cast, data: Data
) -> None:
    rubric = data.version.rubric
    for n in range(6):
        add_response(task=data.tasks[0], external_id=f"r{n}", source="owl", text="x")
    worked(cast, data, rules(cast))

    first, second = (pin_varied(rubric=rubric, by=cast.author) for _ in range(2))

    sources = set(Pin.objects.filter(rubric=rubric).values_list("response__source", flat=True))
    assert (first, second) == (5, 0)
    assert sources == {"heron", "wren", "owl"}


def test_the_list_is_searched_and_says_what_is_pinned(author: Client, draft: RubricVersion) -> None:
    page = author.get(url(draft.rubric, "preview-pins"), {"q": "task-2", "source": "wren"})

    rows = page.context["page"].rows
    assert [(row.response.external_id, row.pinned) for row in rows] == [("task-2/wren", False)]
    pinned = author.get(url(draft.rubric, "preview-pins")).context["page"].rows
    assert sorted(r.response.external_id for r in pinned if r.pinned) == [
        "task-1/heron",
        "task-1/wren",
    ]


def test_the_list_goes_page_by_page(author: Client, data: Data) -> None:
    for n in range(30):
        add_response(task=data.tasks[0], external_id=f"r{n}", source="owl", text="x")
    here = url(data.version.rubric, "preview-pins")

    first = author.get(here).context["page"]
    second = author.get(here, {"before": first.older}).context["page"]

    assert (len(first.rows), len(second.rows), second.older) == (25, 9, None)


@pytest.mark.parametrize(
    "sent", [{}, {"step": "pin"}, {"step": "pin", "response": "x"}, {"step": "burn"}]
)
def test_nonsense_pins_nothing_and_says_so(
    author: Client, data: Data, sent: dict[str, str]
) -> None:
    page = author.post(url(data.version.rubric, "preview-pins"), sent)

    assert page.status_code == 422
    assert "Choose a response from the list." in page.content.decode()


def test_pins_are_made_and_taken_off_in_the_browser(author: Client, data: Data) -> None:
    here = url(data.version.rubric, "preview-pins")
    response = str(data.responses[0].pk)

    author.post(here, {"step": "pin", "response": response})
    assert Pin.objects.get().response_id == data.responses[0].pk
    author.post(here, {"step": "unpin", "response": response})
    assert not Pin.objects.exists()
    author.post(here, {"step": "varied"})
    assert Pin.objects.count() == 4


# -- scores as the draft is edited


def test_a_weight_moves_the_scores_against_the_version_in_use(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    worked(cast, data, rules(cast))
    reworded(draft, "clarity", weight=0)

    page = preview_page(preview(draft.rubric, cast.author))

    # heron and wren of task 1: warns 1 (5), invents 0 (-4), clarity crisp (3): 8 of 8, and 5 of 5.
    assert [row.pair.before for row in page.rows if row.pair] == [1.0, 1.0]
    reworded(draft, "warns", weight=-5)
    page = preview_page(preview(draft.rubric, cast.author))
    assert page.headline is not None
    # Nothing is left to earn: no score rather than 0.
    assert [pair.value for pair in page.headline.pairs] == [None, None]
    assert [cell.state for cell in page.preview.sheet.cells[0]] == [State.OK] * 3


def test_a_text_makes_its_verdicts_stale(cast: Cast, data: Data, draft: RubricVersion) -> None:
    worked(cast, data, rules(cast))
    reworded(draft)

    found = preview(draft.rubric, cast.author)

    assert [cell.state for cell in found.sheet.cells[0]] == [State.STALE, State.OK, State.OK]
    page = preview_page(found)
    assert page.stale == 2
    (row, _) = page.rows
    assert row.pair is not None
    assert row.pair.new is not None
    # clarity earns 3 of 3; with the gate "warns" unjudged, at worst it caps the score at 0.
    assert row.pair.new.value == 1.0
    assert (row.pair.new.lower, row.pair.new.upper) == (0.0, 1.0)
    assert row.pair.before == 1.0


def test_people_come_first_by_majority_with_n(cast: Cast, data: Data, draft: RubricVersion) -> None:
    worked(cast, data, rules(cast))
    people_said(cast, data, "warns", [1, 0, 0])

    found = preview(draft.rubric, cast.author)

    assert [side.code.partition("-")[0] for side in found.sides] == ["people", "run"]
    warns = found.sheet.cells[0][0]
    assert (warns.value, warns.n, warns.of) == (0.0, 3, 3)
    run = preview(draft.rubric, cast.author, side=found.sides[1].code)
    assert run.sheet.cells[0][0].value == 1.0


def test_every_aggregator_in_use_is_there_and_another_can_be_chosen(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    RubricVersion.objects.filter(pk=draft.pk).update(aggregator="min_max")

    plain = preview(draft.rubric, cast.author)
    chosen = preview(draft.rubric, cast.author, aggregator="weighted_mean")

    assert plain.aggregators == ("min_max", "pos_normalised")
    assert chosen.aggregators == ("weighted_mean", "min_max", "pos_normalised")
    assert "invents" in preview_page(chosen).under[0].problem


def test_the_page_shows_it_all_and_the_panel_is_a_part(
    author: Client, cast: Cast, data: Data, draft: RubricVersion
) -> None:
    worked(cast, data, rules(cast))
    reworded(draft)
    reworded(draft, "invents", text="<script>alert(1)</script>")

    page = author.get(url(draft.rubric)).content.decode()
    panel = author.get(
        url(draft.rubric), headers={"HX-Request": "true", "HX-Target": "preview-panel"}
    ).content.decode()

    assert "<html" in page
    assert "Stale" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<html" not in panel
    assert 'id="preview-panel"' in panel
    assert "rubric-changed from:body" in panel
    assert "every 2s" not in panel


def test_nothing_pinned_says_what_to_do(author: Client, data: Data) -> None:
    page = author.get(url(data.version.rubric), {"side": "people", "aggregator": "nonsense"})

    assert page.status_code == 200
    assert "No response is pinned yet" in page.content.decode()


def test_an_unknown_side_falls_back(author: Client, data: Data, draft: RubricVersion) -> None:
    for side in ("run-99999999999999999999", "session-", "judge-x", "\x00"):
        assert author.get(url(draft.rubric), {"side": side}).status_code == 200


def test_the_number_of_queries_does_not_grow(
    author: Client,
    cast: Cast,
    data: Data,
    draft: RubricVersion,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    asks = {"HX-Request": "true", "HX-Target": "preview-panel"}
    with django_assert_max_num_queries(24):
        author.get(url(draft.rubric), headers=asks)
    for n in range(6):
        response = add_response(task=data.tasks[0], external_id=f"r{n}", source="owl", text="x")
        pin_response(rubric=draft.rubric, response_id=response.pk, by=cast.author)
        worked(cast, data, rules(cast, f"Judge {n}", otherwise="met"), f"run {n}")
        people_said(cast, data, ("warns", "invents")[n % 2], [1]) if n < 2 else None

    with django_assert_max_num_queries(24):
        author.get(url(draft.rubric), headers=asks)


def test_a_rubric_without_criteria_shows_no_score(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    Criterion.objects.filter(version=draft, parent__isnull=False).delete()
    Criterion.objects.filter(version=draft).delete()

    assert author.get(url(draft.rubric)).status_code == 200


def test_scores_equal_those_of_the_score_report_under_every_aggregator(
    cast: Cast, data: Data, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft is as version 1, so both score the same verdicts on the same words."""
    levels = {"*": 3, "task-1/wren": "refused"}
    run = worked(cast, data, rules(cast, verdicts={**VERDICTS, "clarity": levels}))
    monkeypatch.setattr(actions, "build", lambda *_: pytest.fail("a judge was asked"))
    fits = 0
    for name in AGGREGATORS:
        page = preview_page(
            preview(draft.rubric, cast.author, side=f"run-{run.pk}", aggregator=name)
        )
        under = page.under[0]
        assert name in under.label
        try:
            found = scores(
                Scoring(cast.project, tuple(pins(cast.project)), (run.round,), aggregator=name),
                with_rows=True,
            )
        except UnfitRubric as error:
            assert under.problem == str(error)
            continue
        fits += 1
        reported = {row.response: row for row in found.rows}
        for row, pair in zip(page.rows, under.pairs, strict=True):
            other = reported[row.pin.response.external_id]
            assert pair.new is not None
            assert (pair.new.n_verdicts, pair.new.n_missing) == (other.n_verdicts, other.n_missing)
            for field in ("value", "lower", "upper", "coverage"):
                mine, theirs = getattr(pair.new, field), getattr(other, field)
                assert mine == theirs or mine == pytest.approx(theirs), (name, field)
    assert fits >= 5


def test_a_weight_moves_the_scores_and_no_judge_is_asked(
    author: Client, cast: Cast, data: Data, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = {"*": 3, "task-1/wren": 1}
    worked(cast, data, rules(cast, verdicts={**VERDICTS, "clarity": levels}))
    monkeypatch.setattr(actions, "build", lambda *_: pytest.fail("a judge was asked"))
    monkeypatch.setattr(tasks.judge_preview, "apply_async", lambda **_: pytest.fail("enqueued"))
    asks = {"HX-Request": "true", "HX-Target": "preview-panel"}

    # wren: warns 5 of 5, clarity 0 of 3: 5 of 8; then 5 of 10.
    before = author.get(url(draft.rubric), headers=asks).content.decode()
    reworded(draft, "clarity", weight=5)
    after = author.get(url(draft.rubric), headers=asks).content.decode()

    assert "0.63" in before
    assert "0.50" not in before
    assert "0.50" in after


# -- blindness


def test_what_one_has_still_to_judge_blind_is_hidden_and_not_read(
    client: Client, cast: Cast, data: Data, draft: RubricVersion
) -> None:
    worked(cast, data, rules(cast))
    judges_blind(cast, data)

    found = preview(draft.rubric, cast.author)
    client.force_login(cast.author)
    page = client.get(url(draft.rubric)).content.decode()
    pins = client.get(url(draft.rubric, "preview-pins")).content.decode()

    assert found.sheet.responses == ()
    assert found.sides == ()
    assert "judge this response blind" in page
    assert "heron" not in page
    assert "source hidden" in pins
    # Another author, who annotates nothing there, sees them.
    assert len(preview(draft.rubric, cast.owner).sheet.responses) == 2


# -- a judge on them


def started(cast: Cast, draft: RubricVersion, judge: Judge) -> PreviewRun:
    return start_preview(rubric=draft.rubric, judge=judge, by=cast.author, enqueue=False)


def test_only_stale_and_missing_cells_are_judged_and_kept_apart(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    judge = rules(cast)
    worked(cast, data, judge)
    verdicts = Verdict.objects.count()
    reworded(draft)

    run = started(cast, draft, judge)
    judge_preview(run=run)

    run.refresh_from_db()
    said = PreviewVerdict.objects.all()
    assert (run.status, run.expected) == (RunStatus.DONE, 2)
    assert {row.criterion_key for row in said} == {"warns"}
    assert Verdict.objects.count() == verdicts
    found = preview(draft.rubric, cast.author, side=f"judge-{judge.pk}")
    warns, invents, _ = found.sheet.cells[0]
    assert (warns.state, warns.value, warns.preview) == (State.OK, 1.0, True)
    assert warns.said is not None
    assert warns.said.rationale == "It sends the reader to a doctor."
    assert (invents.value, invents.preview) == (0.0, False)


def test_the_same_words_are_not_asked_twice(cast: Cast, data: Data, draft: RubricVersion) -> None:
    judge = rules(cast)
    run = started(cast, draft, judge)
    assert started(cast, draft, judge) == run  # a second click
    judge_preview(run=run)
    judge_preview(run=run)

    assert PreviewVerdict.objects.count() == 6
    with pytest.raises(PreviewNotPossible, match="Nothing to ask"):
        started(cast, draft, judge)
    old = draft.criteria.get(key="warns").text
    reworded(draft)
    assert {cell.criterion.key for cell in open_cells(draft.rubric, judge)} == {"warns"}
    reworded(draft, text=old)
    assert open_cells(draft.rubric, judge) == []


def test_the_words_of_a_preview_are_those_of_the_published_version(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    reworded(draft)
    judge_preview(run=started(cast, draft, rules(cast)))
    version = publish(version=draft, by=cast.author)

    hashes = set(PreviewVerdict.objects.values_list("judging_hash", flat=True))

    published = version.criteria.filter(is_group=False)
    assert hashes == set(published.values_list("judging_hash", flat=True))


def test_criteria_for_people_are_left_to_people(
    cast: Cast, data: Data, draft: RubricVersion
) -> None:
    draft.criteria.filter(key="clarity").update(judged_by="people")

    assert {cell.criterion.key for cell in open_cells(draft.rubric, rules(cast))} == {
        "warns",
        "invents",
    }


def test_one_judge_at_a_time(cast: Cast, data: Data, draft: RubricVersion) -> None:
    started(cast, draft, rules(cast))

    with pytest.raises(PreviewNotPossible, match="Rules is judging them"):
        started(cast, draft, rules(cast, "Others"))


def test_nothing_pinned_and_foreign_judges_are_refused(cast: Cast, data: Data) -> None:
    judge = rules(cast)
    with pytest.raises(PreviewNotPossible, match="No response is pinned"):
        start_preview(rubric=data.version.rubric, judge=judge, by=cast.author)
    Rater.objects.filter(pk=judge.pk).update(project=cast.other_project)
    judge.rater.refresh_from_db()
    with pytest.raises(PreviewNotPossible, match="cannot be asked"):
        start_preview(rubric=data.version.rubric, judge=judge, by=cast.author)


class Failing:
    """A judge that answers the first request and then fails."""

    def __init__(self, error: type[JudgeError], first: Outcome | None = None) -> None:
        self.error, self.first = error, first

    def judge(self, requests: Sequence[Any]) -> list[Outcome]:
        raise self.error("Away.", finished=[self.first, *[None] * (len(requests) - 1)])


def test_what_was_said_before_a_failure_is_kept_and_the_rest_asked_again(
    cast: Cast, data: Data, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = rules(cast)
    (cell, *_) = open_cells(draft.rubric, judge)
    run = started(cast, draft, judge)
    working = build("scripted", judge.params)
    first = working.judge(
        requests_for(working, cast.project, [(cell.response, cell.criterion, 0)])
    )[0]
    monkeypatch.setattr(actions, "build", lambda *_: Failing(JudgeBusy, first))

    with pytest.raises(JudgeBusy):
        judge_preview(run=run)
    assert PreviewVerdict.objects.count() == 1
    monkeypatch.setattr(actions, "build", build)
    judge_preview(run=run)

    run.refresh_from_db()
    assert (run.status, run.attempts) == (RunStatus.DONE, 2)
    assert PreviewVerdict.objects.count() == 6


def test_a_judge_that_stays_busy_is_given_up_in_words(
    cast: Cast, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(cast, draft, rules(cast))
    PreviewRun.objects.update(attempts=actions.MAX_ATTEMPTS - 1)
    monkeypatch.setattr(actions, "build", lambda *_: Failing(JudgeBusy))

    judge_preview(run=run)

    run.refresh_from_db()
    assert (run.status, run.error) == (RunStatus.FAILED, "Given up after 6 attempts: Away.")


@pytest.mark.parametrize("error", [JudgeError, ZeroDivisionError])
def test_a_failing_judge_ends_the_preview_in_words(
    author: Client,
    cast: Cast,
    draft: RubricVersion,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    class Broken:
        def judge(self, requests: Sequence[Any]) -> list[Outcome]:
            raise error("<b>no</b>")

    run = started(cast, draft, rules(cast))
    monkeypatch.setattr(actions, "build", lambda *_: Broken())
    judge_preview(run=run)

    page = author.get(url(draft.rubric)).content.decode()
    assert "could not go on." in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page


def test_a_timeout_is_no_verdict_and_is_asked_again(
    cast: Cast, draft: RubricVersion, data: Data
) -> None:
    judge = rules(cast, verdicts={"*": {"*": "timeout"}})
    judge_preview(run=started(cast, draft, judge))
    found = preview(draft.rubric, cast.author, side=f"judge-{judge.pk}")
    assert {cell.state for row in found.sheet.cells for cell in row} == {"timeout"}

    again = started(cast, draft, judge)
    judge_preview(run=again)

    again.refresh_from_db()
    assert (again.expected, again.status) == (6, RunStatus.DONE)
    assert PreviewVerdict.objects.filter(run=again).count() == 6
    assert PreviewVerdict.objects.count() == 6


class Meddling:
    """A judge during whose first call the draft is edited."""

    def __init__(self, judge: Any, edit: Callable[[], object]) -> None:
        self.inner, self.edit = judge, edit
        self.seen: list[str] = []

    def judge(self, requests: Sequence[Any]) -> list[Outcome]:
        if not self.seen:
            self.edit()
        self.seen += [request.criterion.text for request in requests]
        return list(self.inner.judge(requests))


def meddled(
    cast: Cast, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch, edit: Callable[[], object]
) -> tuple[PreviewRun, list[str]]:
    """A preview in whose first few cells somebody edits; and the texts that were judged."""
    run = started(cast, draft, rules(cast))
    judge = Meddling(build("scripted", run.judge.params), edit)
    monkeypatch.setattr(actions, "build", lambda *_: judge)
    judge_preview(run=run)
    run.refresh_from_db()
    return run, judge.seen


def test_words_edited_while_they_are_judged_are_judged_again(
    cast: Cast, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = draft.criteria.get(key="warns").text
    run, seen = meddled(cast, draft, monkeypatch, lambda: reworded(draft))

    said = PreviewVerdict.objects.filter(criterion_key="warns")
    assert (seen.count(old), seen.count("Warns of it at the top.")) == (2, 2)
    assert (run.status, said.count()) == (RunStatus.DONE, 4)
    assert (run.expected, preview(draft.rubric, cast.author).done) == (8, 8)
    current = criterion_judging_hash(draft.criteria.get(key="warns").as_criterion())
    assert said.filter(judging_hash=current).count() == 2


def test_what_was_said_of_words_that_changed_at_the_end_is_stale(
    cast: Cast, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit() -> None:
        reworded(draft)
        PreviewRun.objects.update(status=RunStatus.CANCELLED, finished_at=timezone.now())

    run, _ = meddled(cast, draft, monkeypatch, edit)

    sheet = preview(draft.rubric, cast.author, side=f"judge-{run.judge_id}").sheet
    assert [row[0].state for row in sheet.cells] == [State.STALE, State.STALE]
    assert {cell.state for row in sheet.cells for cell in row[1:]} == {State.OK}


def test_a_row_deleted_while_it_is_judged_is_left_out(
    author: Client, cast: Cast, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = meddled(cast, draft, monkeypatch, lambda: draft.criteria.filter(key="warns").delete())

    found = preview(draft.rubric, cast.author, side=f"judge-{run.judge_id}")
    assert run.status == RunStatus.DONE
    assert [leaf.key for leaf in found.sheet.rubric.leaves] == ["invents", "clarity"]
    assert author.get(url(draft.rubric)).status_code == 200


def test_cells_carry_the_hash_of_the_words_that_are_sent(
    cast: Cast, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft is edited, and grows, between two of the queries that find the open cells."""

    def edit(*args: Any) -> list[Any]:
        reworded(draft)
        Criterion.objects.create(version=draft, key="late", text="Late.", position=99)
        return []

    monkeypatch.setattr(queries, "_previews", edit)
    cells = open_cells(draft.rubric, rules(cast))

    assert {cell.criterion.key for cell in cells} == {"warns", "invents", "clarity", "late"}
    for cell in cells:
        assert cell.judging_hash == criterion_judging_hash(cell.criterion.as_criterion())


def test_while_another_worker_has_it_a_preview_waits(cast: Cast, draft: RubricVersion) -> None:
    run = started(cast, draft, rules(cast))
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [(PREVIEWS << 48) | run.pk])
        with pytest.raises(Taken):
            judge_preview(run=run)
        cancel_preview(run=run, by=cast.author)
        judge_preview(run=run)  # nothing is left to wait for
    other.close()

    assert not PreviewVerdict.objects.exists()


def test_quotes_and_the_reply_are_kept_within_bounds(
    author: Client,
    client: Client,
    cast: Cast,
    draft: RubricVersion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quotes = (Quote("ask your doctor", 0, 15, "exact"), *[Quote("\x01" * 9_000)] * 40)
    outcome = Scored(
        value=1,
        rationale="\x00\ud800<b>" + "x" * 30_000,
        quotes=quotes,
        provenance=Provenance(model="m", raw_reply="<b>raw</b>\ud800" + "y" * 50_000),
    )

    class Verbose:
        def judge(self, requests: Sequence[Any]) -> list[Outcome]:
            return [outcome] * len(requests)

    run = started(cast, draft, rules(cast))
    draft.criteria.filter(key="clarity").delete()
    monkeypatch.setattr(actions, "build", lambda *_: Verbose())
    judge_preview(run=run)

    run.refresh_from_db()
    assert (run.status, run.error) == (RunStatus.DONE, "")
    said = PreviewVerdict.objects.filter(run=run).first()
    assert said is not None
    assert (len(said.quotes), len(said.rationale), len(said.raw_reply)) == (6, 20_000, 20_000)
    page = author.get(url(draft.rubric), {"side": f"judge-{run.judge_id}"}).content.decode()
    here = url(draft.rubric, "preview-said", said.pk)
    assert "in the response" in page
    assert "not in the response" in page
    assert "&lt;b&gt;raw" not in page
    assert here in page
    assert "&lt;b&gt;raw" in author.get(here).content.decode()
    client.force_login(cast.viewer)
    assert here not in client.get(url(draft.rubric)).content.decode()
    assert client.get(here).status_code == 403


def test_the_reply_about_a_response_one_judges_blind_is_not_there(
    author: Client, cast: Cast, data: Data, draft: RubricVersion
) -> None:
    judge_preview(run=started(cast, draft, rules(cast)))
    said = PreviewVerdict.objects.filter(response=data.responses[0]).first()
    assert said is not None
    here = url(draft.rubric, "preview-said", said.pk)
    assert author.get(here).status_code == 200
    judges_blind(cast, data)

    assert author.get(here).status_code == 404


def test_cancelling_keeps_what_was_said(cast: Cast, draft: RubricVersion) -> None:
    run = started(cast, draft, rules(cast))

    assert cancel_preview(run=run, by=cast.author)
    judge_preview(run=run)

    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    assert not cancel_preview(run=run, by=cast.author)
    assert not PreviewVerdict.objects.exists()


def test_the_task_and_what_a_dead_worker_left(
    cast: Cast, draft: RubricVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(cast, draft, rules(cast))
    PreviewRun.objects.update(status=RunStatus.RUNNING)

    assert actions.requeue_unfinished(queue="llm") == 1
    assert actions.requeue_unfinished(queue="gpu") == 0
    tasks.judge_preview(preview_id=run.pk)

    run.refresh_from_db()
    assert run.status == RunStatus.DONE


def test_it_is_started_watched_and_cancelled_in_the_browser(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    cache.delete("worker:llm")
    judge = rules(cast)

    panel = author.post(
        url(draft.rubric, "preview-judge"),
        {"judge": judge.pk, "aggregator": "min_max"},
        headers={"HX-Request": "true", "HX-Target": "preview-panel"},
    ).content.decode()
    run = PreviewRun.objects.get()

    assert "every 2s" in panel
    assert "aggregator=min_max" in panel
    assert "manage.py serve" in panel
    assert f'value="judge-{judge.pk}" selected' in panel
    author.post(url(draft.rubric, "preview-cancel", run.pk))
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    page = author.get(url(draft.rubric)).content.decode()
    assert "what it said is kept" in page
    assert "every 2s" not in page


def test_no_judge_or_a_foreign_one_is_refused(
    author: Client, cast: Cast, draft: RubricVersion
) -> None:
    here = url(draft.rubric, "preview-judge")
    asks = {"HX-Request": "true", "HX-Target": "preview-live"}

    for sent in ({}, {"judge": "x"}, {"judge": "999999"}):
        reply = author.post(here, sent, headers=asks)
        assert reply.status_code == 422
        assert "Choose one of the judges." in reply.content.decode()
    assert author.post(here, {}).status_code == 302


def test_a_viewer_looks_and_cannot_start(client: Client, cast: Cast, draft: RubricVersion) -> None:
    rules(cast)
    client.force_login(cast.viewer)

    page = client.get(url(draft.rubric)).content.decode()

    assert "Judge these now</button>" not in page
    assert "Choose responses" not in page
    assert client.post(url(draft.rubric, "preview-judge")).status_code == 403
