"""A blind session among people and judges who have said something, each thing a byte string of
its own: whoever still has to judge must meet none of them anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from annotations.actions import activate, create_session, next_item, save_draft, skip, submit
from annotations.actions.calibration import add_note, reveal
from annotations.actions.checks import set_checks, set_rules
from annotations.actions.gold import set_gold
from annotations.comparison import criterion_key
from annotations.models import (
    Adjudication,
    Assignment,
    DiscussionNote,
    Flag,
    Item,
    Session,
    SkipReason,
)
from annotations.sheet import Entry, Sheet
from rubricstudio.actions.rounds import open_round, rater_for_user
from rubricstudio.actions.tasks import add_response
from rubricstudio.domain.quality import Answer
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Rater, Response, Round, RoundKind, User, Verdict
from scoring.actions.judges import create_judge
from scoring.actions.runs import start_run
from scoring.models import Run
from tests.annotations.calibration_cases import calibration, second_vote, vote
from tests.annotations.test_comparing import compared, pair_sheet
from tests.conftest import Cast, Data

OK = VerdictStatus.OK

# What it is, and the bytes by which it is recognised. Letters and digits alone: no escaping
# of a page, an address or a file changes them.
SECRETS = {
    "another rater's name": "zqNameOfAnother",
    "another rater's rationale": "zqRationaleOfAnother",
    "another rater's comment": "zqCommentOfAnother",
    "another rater's evidence": "zqEvidenceOfAnother",
    "another rater's draft": "zqDraftOfAnother",
    "another rater's reason to skip": "zqSkipOfAnother",
    "another rater's flag": "zqFlagOfAnother",
    "a rationale of another round": "zqRationaleElsewhere",
    "a word in the discussion": "zqDiscussed",
    "a first vote before it is shown": "zqFirstVote",
    "another rater's second vote": "zqSecondVote",
    "another rater's comment in a second vote": "zqSecondComment",
    "another rater's comment on a pair": "zqPairOfAnother",
    "another rater's word on a criterion of a pair": "zqPartOfAnother",
    "a judge's name": "zqJudgeName",
    "a judge's rationale": "zqJudgeRationale",
    "a judge's raw reply": "zqRawReply",
    "a run's name": "zqRunName",
    "a note on a gold answer": "zqGoldNote",
    "the reason of an adjudication": "zqAdjudicated",
    "the source of a response": "zqSource",
    "a response's id in a file": "zqFileId",
    "a reason to let somebody pass": "zqPassed",
}


@dataclass(frozen=True)
class Blind:
    """The session, who still has to judge in it, and rows that addresses are filled with."""

    session: Session
    rows: dict[str, list[object]]


def blind_case(cast: Cast, data: Data) -> Blind:
    """Nils has judged, skipped, begun and flagged items; Nuria has one open, submitted none."""
    responses = [
        add_response(
            task=data.tasks[n % 2],
            external_id=SECRETS["a response's id in a file"] + str(n),
            source=SECRETS["the source of a response"],
            text=f"Answer {n}: ask your doctor.",
        )
        for n in range(6)
    ]
    nils = rater_for_user(project=cast.project, user=cast.second_annotator)
    nils.name = SECRETS["another rater's name"]
    nils.save(update_fields=["name"])
    run = _judged(cast, data, responses)
    _elsewhere(cast, data, responses)
    session = _session(cast, data, responses)
    _others_work(session, cast.second_annotator, nils)
    _settled(session, cast, data)
    create_session(
        project=cast.project,
        name="With suggestions",
        version=data.version,
        by=cast.owner,
        annotators=[cast.second_annotator],
        hide_judges=False,
        suggestions=run,
    )
    _calibrations(cast, data)
    pair = _compared(cast, data)
    own = _taken(session, cast.annotator)
    authors = _taken(session, cast.author)
    own_ids = Assignment.objects.filter(rater__user=cast.annotator, item__session=session)
    return Blind(
        session,
        {
            "session_id": list(Session.objects.order_by("pk").values_list("pk", flat=True)),
            "item_id": [
                own.item_id,
                pair.item_id,
                authors.item_id,
                *Item.objects.filter(session=session)
                .exclude(pk__in=own_ids.values("item"))
                .values_list("pk", flat=True)[:3],
            ],
            "response_id": [responses[0].pk, own.item.response_id],
            "task_id": [task.pk for task in data.tasks],
            "run_id": [run.pk],
            "judge_id": [Rater.objects.get(kind="judge", project=cast.project).pk],
        },
    )


def _judged(cast: Cast, data: Data, responses: list[Response]) -> Round:
    judge = create_judge(
        project=cast.project,
        name=SECRETS["a judge's name"],
        kind="scripted",
        params={},
        by=cast.owner,
    )
    run = start_run(
        judge=judge,
        version=data.version,
        response_ids=[response.pk for response in responses],
        name=SECRETS["a run's name"],
        by=cast.owner,
        enqueue=False,
    )
    Verdict.objects.bulk_create(
        Verdict(
            round=run.round,
            response=response,
            criterion=data.version.criteria.get(key="warns"),
            rater=judge.rater,
            status="ok",
            value=0,
            rationale=SECRETS["a judge's rationale"],
            provenance={"raw_reply": SECRETS["a judge's raw reply"], "model": "scripted"},
        )
        for response in responses
    )
    run.batches.update(finished_at=timezone.now())
    Run.objects.filter(pk=run.pk).update(
        status="done", started_at=timezone.now(), finished_at=timezone.now()
    )
    return run.round


def _elsewhere(cast: Cast, data: Data, responses: list[Response]) -> None:
    """An imported round on the same responses, with evidence."""
    elsewhere = open_round(
        project=cast.project,
        kind=RoundKind.SESSION,
        name="Imported",
        version=data.version,
        by=cast.owner,
    )
    rater = Rater.objects.create(project=cast.project, kind="person", name="Imported rater")
    Verdict.objects.bulk_create(
        Verdict(
            round=elsewhere,
            response=response,
            criterion=data.version.criteria.get(key="warns"),
            rater=rater,
            status="ok",
            value=1,
            rationale=SECRETS["a rationale of another round"],
            evidence=[{"text": SECRETS["another rater's evidence"], "start": 0, "end": 6}],
        )
        for response in responses
    )


def _session(cast: Cast, data: Data, responses: list[Response]) -> Session:
    session = create_session(
        project=cast.project,
        name="Blind",
        version=data.version,
        by=cast.owner,
        coverage=2,
        repeat_share=0.3,
        annotators=[cast.annotator, cast.second_annotator, cast.author],
    )
    set_gold(
        response=responses[-1],
        version=data.version,
        answers={"warns": Answer("ok", 1.0)},
        notes={"warns": SECRETS["a note on a gold answer"]},
        by=cast.owner,
    )
    set_checks(
        session=session, training=[], qualification=[], gold=[responses[-1].pk], by=cast.owner
    )
    set_rules(
        session=session,
        by=cast.owner,
        qualify_at=None,
        gold_share=0.2,
        pause_after=None,
        shows_feedback=True,
    )
    session.annotators.filter(rater__user=cast.second_annotator).update(
        qualification="passed",
        qualified_at=timezone.now(),
        qualified_by=cast.owner,
        qualification_note=SECRETS["a reason to let somebody pass"],
    )
    fresh = Session.objects.select_related("round__version").get(pk=session.pk)
    activate(session=fresh, by=cast.owner)
    return Session.objects.select_related("round__version__rubric").get(pk=session.pk)


def _sheet(word: str, comment: str = "") -> Sheet:
    return Sheet(
        {
            "warns": Entry(OK, 1.0, word),
            "invents": Entry(OK, 0.0, word),
            "clarity": Entry(OK, 2.0, word),
        },
        comment,
    )


def _others_work(session: Session, person: User, rater: Rater) -> None:
    """Some items submitted, one skipped, one flagged and begun."""
    said = _sheet(SECRETS["another rater's rationale"], SECRETS["another rater's comment"])
    for _ in range(4):
        submit(assignment=_taken(session, person), sheet=said, by=person)
    skip(
        assignment=_taken(session, person),
        reason=SkipReason.OTHER,
        note=SECRETS["another rater's reason to skip"],
        by=person,
    )
    begun = _taken(session, person)
    draft = _sheet(SECRETS["another rater's draft"])
    save_draft(assignment=begun, sheet=draft, by=person, version=0, tab="x")
    Flag.objects.create(item=begun.item, rater=rater, note=SECRETS["another rater's flag"])


def _compared(cast: Cast, data: Data) -> Assignment:
    """Nils has compared every pair; what Nuria has open, who has compared none."""
    session = activate(session=compared(cast, data, name="Compared"), by=cast.owner)
    said = pair_sheet(1.0, SECRETS["another rater's comment on a pair"])
    part = Entry(OK, 1.0, SECRETS["another rater's word on a criterion of a pair"])
    sheet = Sheet(dict(said.entries) | {criterion_key("warns"): part}, said.comment)
    while (found := next_item(session=session, by=cast.second_annotator)) is not None:
        submit(assignment=found, sheet=sheet, by=cast.second_annotator)
    return _taken(session, cast.annotator)


def _calibrations(cast: Cast, data: Data) -> None:
    """A round that waits for its reveal, one whose second vote others have cast, and one that
    others discuss among themselves.
    """
    hidden = SECRETS["a first vote before it is shown"]
    voting = calibration(cast, data, name="Before the reveal")
    vote(voting, cast.second_annotator, *[_sheet(hidden, hidden)] * 4)
    # Her own vote is in as well: she could still change it.
    vote(voting, cast.annotator, _sheet("Mine."))
    again = calibration(cast, data, name="Second vote")
    for person in (cast.annotator, cast.second_annotator):
        vote(again, person, *[_sheet("Shown.")] * 4)
    again = second_vote(cast, again)
    new = (
        SECRETS["another rater's second vote"],
        SECRETS["another rater's comment in a second vote"],
    )
    sheet = _sheet(*new)
    vote(again, cast.second_annotator, *[sheet] * 4)
    _discussed_by_others(cast, data)


def _discussed_by_others(cast: Cast, data: Data) -> None:
    others = [cast.second_annotator, cast.reviewer]
    session = calibration(cast, data, name="Among others", people=others)
    hidden = _sheet(SECRETS["another rater's rationale"], SECRETS["another rater's comment"])
    (taken,) = vote(session, cast.second_annotator, hidden)
    vote(session, cast.reviewer, hidden)
    add_note(
        session=reveal(session=session, by=cast.owner, despite_missing=True),
        response_id=taken.item.response_id,
        criterion_key="warns",
        text=SECRETS["a word in the discussion"],
        by=cast.reviewer,
    )


def _taken(session: Session, person: User) -> Assignment:
    found = next_item(session=session, by=person)
    assert found is not None
    return found


def _settled(session: Session, cast: Cast, data: Data) -> None:
    """An adjudication and a note on every work item that was judged."""
    criterion = data.version.criteria.get(key="warns")
    for item in Item.objects.filter(session=session, sample=0, assignments__status="submitted"):
        Adjudication.objects.create(
            round=session.round,
            response_id=item.response_id,
            criterion=criterion,
            decision="overridden",
            status="ok",
            value=0,
            reason=SECRETS["the reason of an adjudication"],
            by=cast.owner,
        )
        DiscussionNote.objects.create(
            session=session,
            response_id=item.response_id,
            criterion=criterion,
            author=cast.owner,
            text=SECRETS["a word in the discussion"],
        )
