"""Every constraint and trigger has an attempt to break it; a new one without fails the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.utils import timezone

from annotations.actions import activate, create_session, next_item
from annotations.models import (
    Activity,
    Adjudication,
    Assignment,
    CriterionPreference,
    DiscussionNote,
    Expertise,
    Flag,
    Gold,
    Item,
    ItemResponse,
    Session,
    SessionAnnotator,
)
from rubricstudio.actions.rounds import rater_for_user
from rubricstudio.actions.rubrics import create_rubric, publish
from rubricstudio.models import (
    ApiToken,
    Comment,
    CommentsRead,
    Criterion,
    Dismissal,
    DraftEdit,
    Image,
    Invitation,
    LibraryEntry,
    Membership,
    Pin,
    Preference,
    Rater,
    Response,
    Round,
    Rubric,
    RubricVersion,
    Task,
    TextVector,
    Verdict,
)
from rubricstudio.models.imports import ImportJob
from rubricstudio.models.library import DIMENSIONS
from scoring.actions.judges import create_judge
from scoring.actions.runs import start_run
from scoring.models import (
    AdapterWeights,
    Judge,
    ModelCall,
    PreviewRun,
    PreviewVerdict,
    RubricReview,
    Run,
    RunBatch,
    RunBudget,
    SuspectResponse,
    Training,
)
from tests.conftest import SMALL_RUBRIC, Cast, Data

NOW = timezone.now()


@dataclass
class World:
    """One good row of each table, to be copied or changed into a bad one."""

    cast: Cast
    rows: dict[type[models.Model], Any]

    def copy(self, model: type[models.Model], **changes: object) -> None:
        """Insert the model's row once more, with changes."""
        row = self.rows[model]
        keys = {field.attname for field in model._meta.concrete_fields if field.primary_key}
        values = {
            field.attname: getattr(row, field.attname)
            for field in model._meta.concrete_fields
            if field.attname not in keys or isinstance(field, models.OneToOneField)
        }
        model._default_manager.create(**(values | changes))

    def change(self, model: type[models.Model], **changes: object) -> None:
        """Update the model's row."""
        model._default_manager.filter(pk=self.rows[model].pk).update(**changes)

    def delete(self, model: type[models.Model]) -> None:
        """Delete the model's row without asking Django first."""
        key = model._meta.pk
        assert key is not None
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(
                f"DELETE FROM {table} WHERE {key.column} = %s",
                [self.rows[model].pk],
            )


@pytest.fixture
def world(cast: Cast, data: Data) -> World:
    session = create_session(
        project=cast.project,
        name="session",
        version=data.version,
        by=cast.owner,
        annotators=[cast.annotator, cast.second_annotator],
        coverage=2,
    )
    activate(session=session, by=cast.owner)
    assignment = next_item(session=session, by=cast.annotator)
    assert assignment is not None
    judge = create_judge(
        project=cast.project, name="Rules", kind="scripted", params={}, by=cast.owner
    )
    run = start_run(
        judge=judge,
        version=data.version,
        response_ids=[data.responses[0].pk],
        name="run",
        by=cast.owner,
    )
    draft = create_rubric(project=cast.project, name="Other", by=cast.owner, value=SMALL_RUBRIC)
    rater = rater_for_user(project=cast.project, user=cast.annotator)
    answer = {"round": session.round, "rater": rater}
    warns = data.version.criteria.get(key="warns")
    about = {"response": data.responses[0], "criterion": warns}
    said = {"status": "ok", "value": 1.0}
    preference = Preference.objects.create(
        **answer,
        task=data.tasks[0],
        response_a=data.responses[0],
        response_b=data.responses[1],
        preferred="a",
    )
    rows: list[models.Model] = [
        Gold.objects.create(**about, **said, added_by=cast.owner),
        DiscussionNote.objects.create(session=session, **about, author=cast.owner, text="Why?"),
        Adjudication.objects.create(
            round=session.round, **about, **said, decision="adopted", adopted=rater, by=cast.owner
        ),
        Expertise.objects.create(project=cast.project, user=cast.annotator, tags=["law"]),
        Flag.objects.create(item=assignment.item, rater=rater, note="Odd"),
        Activity.objects.create(assignment=assignment, tab="t", number=1, kind="opened", at=NOW),
        ItemResponse.objects.create(item=assignment.item, response=data.responses[1], place=1),
        *(session, assignment, assignment.item, judge, run, run.batches.get(), draft, draft.rubric),
        *(draft.criteria.get(key="warns"), rater, session.round, data.tasks[0], data.responses[0]),
        Membership.objects.get(project=cast.project, user=cast.viewer),
        SessionAnnotator.objects.filter(session=session).first() or pytest.fail("nobody"),
        ApiToken.objects.create(user=cast.owner, name="t", prefix="p", token_hash="h"),
        Invitation.objects.create(
            project=cast.project,
            email="New@example.com",
            role="viewer",
            token_hash="i",
            invited_by=cast.owner,
            expires_at=NOW + timedelta(days=1),
        ),
        ImportJob.objects.create(project=cast.project, created_by=cast.owner, files=[]),
        Comment.objects.create(rubric=draft.rubric, author=cast.owner, text="Why?"),
        DraftEdit.objects.create(version=draft, by=cast.owner, kind="edit", before={}, after={}),
        Image.objects.create(
            project=cast.project,
            **{"name": "a.png", "digest": "0" * 64, "media_type": "image/png", "data": b"x"},
            **{"width": 1, "height": 1, "added_by": cast.owner},
        ),
        Pin.objects.create(rubric=draft.rubric, response=data.responses[0], pinned_by=cast.owner),
        Dismissal.objects.create(rubric=draft.rubric, ident="0123456789ab", by=cast.owner),
        CommentsRead.objects.create(rubric=draft.rubric, user=cast.owner, up_to=1),
        *_previews(draft.rubric, judge, data, cast),
        Training.objects.create(
            project=cast.project, name="T", sessions=[1], created_by=cast.owner
        ),
        AdapterWeights.objects.create(project=cast.project, sha256="0" * 64, data=b"x"),
        SuspectResponse.objects.create(
            response=data.responses[0], signs=["noise"], excerpts=["la la"], detector="1"
        ),
        _call(run),
        run.budget,
        LibraryEntry.objects.create(text="Cites.", criterion={}, added_by=cast.owner),
        TextVector.objects.create(digest="0" * 64, vector=[1.0] * DIMENSIONS),
        Verdict.objects.create(
            **answer,
            response=data.responses[0],
            criterion=data.version.criteria.get(key="warns"),
            status="ok",
            value=1,
        ),
        preference,
        CriterionPreference.objects.create(preference=preference, criterion=warns, strength=-1),
    ]
    return World(cast, {type(row): row for row in rows})


def _previews(rubric: Rubric, judge: Judge, data: Data, cast: Cast) -> list[models.Model]:
    """A judge at work on a draft, what it said, and a review of the draft."""
    given = {"rubric": rubric, "judge": judge, "created_by": cast.owner}
    run = PreviewRun.objects.create(**given, expected=1)
    said = PreviewVerdict.objects.create(
        **{"run": run, "rubric": rubric, "judge": judge, "response": data.responses[0]},
        **{"criterion_key": "warns", "judging_hash": "0" * 64, "status": "ok", "value": 1},
    )
    review = RubricReview.objects.create(
        **given, meta_version="1", content_hash="0" * 64, version_number=1, words=[]
    )
    return [run, said, review]


def _call(run: Run) -> ModelCall:
    """An answered call of a run."""
    return ModelCall.objects.create(
        **{"project": run.round.project, "judge": run.judge, "run": run, "cell": "0" * 64},
        **{"key": "0" * 64, "endpoint": "openai", "model": "m", "attempt": 1, "most_tokens": 9},
        **{"state": "answered", "reply": {"text": "x"}, "sent_at": NOW, "ended_at": NOW},
    )


def _try_twice(w: World) -> None:
    response, version = w.rows[SuspectResponse].response_id, w.rows[RubricVersion].pk
    trial = {"response_id": response, "version_id": version}
    w.copy(PreviewRun, **trial)
    w.copy(PreviewRun, **trial)


def _publish_and_change(w: World) -> None:
    version = publish(version=w.rows[RubricVersion], by=w.cast.owner)
    RubricVersion.objects.filter(pk=version.pk).update(aggregator="other")


def _publish_and_reweight(w: World) -> None:
    publish(version=w.rows[RubricVersion], by=w.cast.owner)
    w.change(Criterion, weight=99)


def _reveal_and_change(w: World) -> None:
    w.change(Session, stage="discuss", revealed_at=NOW)
    w.change(Session, revealed_at=NOW + timedelta(days=1))


def _part(w: World, **changes: object) -> None:
    """What a preference says of another criterion."""
    other = (
        w.rows[Verdict]
        .criterion.version.criteria.filter(is_group=False)
        .exclude(pk=w.rows[CriterionPreference].criterion_id)
    )
    w.copy(CriterionPreference, **({"criterion_id": other.values_list("pk")[0][0]} | changes))


def _another(w: World, **changes: object) -> None:
    """A second assignment of the same item."""
    rater = rater_for_user(project=w.cast.project, user=w.cast.second_annotator)
    w.copy(Assignment, **({"rater_id": rater.pk, "slot": 1} | changes))


ATTEMPTS: dict[str, Callable[[World], None]] = {
    "activity_once": lambda w: w.copy(Activity),
    "activity_kind_known": lambda w: w.change(Activity, kind="asleep"),
    "adjudication_once": lambda w: w.copy(Adjudication),
    "adjudication_append_only": lambda w: w.change(Adjudication, value=0.0),
    "adjudication_decision_known": lambda w: w.copy(
        Adjudication, revision=1, decision="tossed", adopted_id=None
    ),
    "adjudication_cause_known": lambda w: w.copy(Adjudication, revision=1, cause="weather"),
    "adjudication_status_known": lambda w: w.copy(
        Adjudication, revision=1, status="lost", value=None
    ),
    "adjudication_value_iff_ok": lambda w: w.copy(Adjudication, revision=1, value=None),
    "adjudication_adopted_from": lambda w: w.copy(Adjudication, revision=1, adopted_id=None),
    "adjudication_override_reason": lambda w: w.copy(
        Adjudication, revision=1, decision="overridden", adopted_id=None, reason=" "
    ),
    "adjudication_unresolved_without_value": lambda w: w.copy(
        Adjudication, revision=1, decision="unresolved", adopted_id=None
    ),
    "criterion_preference_once": lambda w: w.copy(CriterionPreference),
    "criterion_preference_append_only": lambda w: w.change(CriterionPreference, strength=2),
    "criterion_preference_status_known": lambda w: _part(w, status="lost", strength=None),
    "criterion_preference_strength_iff_ok": lambda w: _part(w, strength=3),
    "expertise_once": lambda w: w.copy(Expertise),
    "flag_open_once": lambda w: w.copy(Flag),
    "flag_note_given": lambda w: w.change(Flag, note=" "),
    "flag_settled_whole": lambda w: w.change(Flag, settled_at=NOW),
    "gold_once": lambda w: w.copy(Gold),
    "gold_status_known": lambda w: w.change(Gold, status="lost", value=None),
    "gold_value_iff_ok": lambda w: w.change(Gold, value=None),
    "gold_origin_known": lambda w: w.change(Gold, origin="dreamt"),
    "gold_origin_whole": lambda w: w.change(Gold, origin="adjudicated"),
    "item_members_once": lambda w: w.copy(Item, position=99),
    "item_kind_known": lambda w: w.change(Item, kind="play"),
    "item_places_positive": lambda w: w.change(Item, places=0),
    "item_sample_known": lambda w: w.change(Item, sample=2),
    "item_weight_positive": lambda w: w.change(Item, weight=0),
    "item_own_weight_positive": lambda w: w.change(Item, own_weight=0),
    "item_uncertainty_range": lambda w: w.change(Item, uncertainty=1.5),
    "item_response_once": lambda w: w.copy(ItemResponse, place=2),
    "item_place_once": lambda w: w.copy(ItemResponse, response_id=w.rows[Response].pk),
    "item_place_positive": lambda w: w.change(ItemResponse, place=0),
    "assignment_time_positive": lambda w: w.change(Assignment, active_seconds=-1),
    "assignment_read_once_submitted": lambda w: w.change(Assignment, reading_seconds=9),
    "assignment_pace_of_reading": lambda w: w.change(Assignment, seconds_to_submit=9),
    "session_mode_known": lambda w: w.change(Session, mode="guess"),
    "session_strategy_known": lambda w: w.change(Session, strategy="luck"),
    "session_order_known": lambda w: w.change(Session, order="none"),
    "session_skipped_to_known": lambda w: w.change(Session, skipped_to="them"),
    "session_stage_known": lambda w: w.change(Session, stage="over"),
    "session_stage_times": lambda w: w.change(Session, stage="discuss"),
    "session_reveal_stays": lambda w: _reveal_and_change(w),
    "assignment_revoted_is_submitted": lambda w: w.change(Assignment, revoted_at=NOW),
    "session_shares": lambda w: w.change(Session, repeat_share=1.1),
    "session_extra_annotators": lambda w: w.change(Session, extra_below=0.5),
    "session_gold_share": lambda w: w.change(Session, gold_share=0.6),
    "session_pause_needs_threshold": lambda w: w.change(Session, pause_after=3),
    "discussion_note_text_given": lambda w: w.change(DiscussionNote, text=" "),
    "session_annotator_passed_with_reason": lambda w: w.change(
        SessionAnnotator, qualified_by=w.cast.owner, qualification_note=" "
    ),
    "session_qualify_share": lambda w: w.change(Session, qualify_at=0),
    "session_blind_without_suggestions": lambda w: w.change(
        Session, suggestions_id=w.rows[Round].pk
    ),
    "session_bounds_positive": lambda w: w.change(Session, target=0),
    "session_annotator_limit_positive": lambda w: w.change(SessionAnnotator, limit=0),
    "session_annotator_qualification_known": lambda w: w.change(
        SessionAnnotator, qualification="maybe"
    ),
    "comment_text_given": lambda w: w.change(Comment, text=" "),
    "comment_resolved_whole": lambda w: w.change(Comment, resolved_at=NOW),
    "draft_edit_kind_given": lambda w: w.change(DraftEdit, kind=""),
    "image_name_once": lambda w: w.copy(Image),
    "image_name_plain": lambda w: w.change(Image, name="../x"),
    "image_media_type_known": lambda w: w.change(Image, media_type="image/svg+xml"),
    "image_size_positive": lambda w: w.change(Image, width=0),
    "pin_once": lambda w: w.copy(Pin),
    "dismissal_once": lambda w: w.copy(Dismissal),
    "dismissal_ident": lambda w: w.change(Dismissal, ident="0123"),
    "comments_read_once": lambda w: w.copy(CommentsRead),
    "library_text_given": lambda w: w.change(LibraryEntry, text=""),
    "text_vector_digest": lambda w: w.change(TextVector, digest="x"),
    "api_token_scope_known": lambda w: w.copy(ApiToken, scope="all", token_hash="x"),
    "membership_once": lambda w: w.copy(Membership),
    "membership_role_known": lambda w: w.change(Membership, role="king"),
    "invitation_open_once": lambda w: w.copy(Invitation, email="NEW@example.com", token_hash="x"),
    "invitation_role_known": lambda w: w.change(Invitation, role="king"),
    "invitation_accepted_by_needs_at": lambda w: w.change(Invitation, accepted_by=w.cast.viewer),
    "invitation_expires_later": lambda w: w.change(Invitation, expires_at=NOW - timedelta(days=9)),
    "import_state_known": lambda w: w.change(ImportJob, state="lost"),
    "import_finished_at_iff_finished": lambda w: w.change(ImportJob, finished_at=NOW),
    "task_external_id_once": lambda w: w.copy(Task),
    "task_external_id_given": lambda w: w.change(Task, external_id=""),
    "response_external_id_once": lambda w: w.copy(Response),
    "response_external_id_given": lambda w: w.change(Response, external_id=""),
    "response_kept": lambda w: w.delete(Response),
    "response_in_project_of_task": lambda w: w.copy(
        Response, project_id=w.cast.other_project.pk, external_id="x"
    ),
    "rubric_external_id_once": lambda w: w.copy(Rubric),
    "rubric_external_id_given": lambda w: w.change(Rubric, external_id=""),
    "version_number_once": lambda w: w.copy(
        RubricVersion,
        status="published",
        content_hash="x",
        published_by_id=w.cast.owner.pk,
        published_at=NOW,
    ),
    "version_one_draft": lambda w: w.copy(RubricVersion, number=9),
    "version_status_known": lambda w: w.change(RubricVersion, status="lost"),
    "version_published_complete": lambda w: w.change(RubricVersion, status="published"),
    "version_retired_complete": lambda w: w.change(RubricVersion, retired_at=NOW),
    "version_frozen": _publish_and_change,
    "criterion_key_once": lambda w: w.copy(Criterion, position=99_999),
    "criterion_position_once": lambda w: w.copy(Criterion, key="x"),
    "criterion_key_given": lambda w: w.change(Criterion, key=""),
    "criterion_text_given": lambda w: w.change(Criterion, text=" \n"),
    "criterion_met_means_known": lambda w: w.change(Criterion, met_means="so"),
    "criterion_scale_whole": lambda w: w.change(Criterion, scale_kind="ordinal"),
    "criterion_tier_known": lambda w: w.change(Criterion, tier="vital"),
    "criterion_judged_by_known": lambda w: w.change(Criterion, judged_by="dogs"),
    "criterion_group_has_no_verdict": lambda w: w.change(Criterion, is_group=True),
    "criterion_weight_finite": lambda w: w.change(Criterion, weight=float("nan")),
    "criterion_frozen": _publish_and_reweight,
    "rater_name_once": lambda w: w.copy(Rater, user_id=None),
    "rater_user_once": lambda w: w.copy(Rater, name="x"),
    "rater_judge_is_no_user": lambda w: w.change(Rater, kind="judge"),
    "rater_name_given": lambda w: w.change(Rater, name=""),
    "rater_kept": lambda w: w.delete(Rater),
    "round_name_once": lambda w: w.copy(Round),
    "round_kind_known": lambda w: w.change(Round, kind="lost"),
    "round_name_given": lambda w: w.change(Round, name=""),
    "round_kept": lambda w: w.delete(Round),
    "verdict_once": lambda w: w.copy(Verdict),
    "verdict_status_known": lambda w: w.copy(Verdict, status="hm", value=None, sample=1),
    "verdict_value_iff_ok": lambda w: w.copy(Verdict, value=None, sample=1),
    "verdict_confidence_range": lambda w: w.copy(Verdict, confidence=2, sample=1),
    "verdict_append_only": lambda w: w.change(Verdict, value=0),
    "verdict_references": lambda w: w.copy(Verdict, value=7, sample=1),
    "preference_once": lambda w: w.copy(Preference),
    "preference_two_responses": lambda w: w.copy(
        Preference, response_b_id=w.rows[Response].pk, sample=1
    ),
    "preference_value_iff_ok": lambda w: w.copy(Preference, preferred=None, sample=1),
    "preference_status_known": lambda w: w.copy(Preference, status="hm", preferred=None, sample=1),
    "preference_strength_range": lambda w: w.copy(Preference, strength=3, sample=1),
    "preference_append_only": lambda w: w.change(Preference, preferred="b"),
    "preference_a_in_task": lambda w: w.copy(Preference, task_id=_other_task(w), sample=1),
    "session_status_known": lambda w: w.change(Session, status="lost"),
    "session_coverage_positive": lambda w: w.change(Session, coverage=0),
    "session_reservation_positive": lambda w: w.change(Session, reservation_minutes=0),
    "session_annotator_once": lambda w: w.copy(SessionAnnotator),
    "assignment_once": lambda w: w.copy(Assignment, slot=None),
    "item_position_once": lambda w: w.copy(Item, members="0"),
    "assignment_slot_once": lambda w: _another(w, slot=w.rows[Assignment].slot),
    "assignment_status_known": lambda w: w.change(Assignment, status="lost"),
    "assignment_submitted_complete": lambda w: w.change(Assignment, status="submitted"),
    "assignment_reservation_ends": lambda w: w.change(Assignment, reserved_until=None),
    "assignment_skipped_with_reason": lambda w: w.change(
        Assignment, status="skipped", slot=None, reserved_until=None
    ),
    "assignment_skipped_frees_slot": lambda w: w.change(
        Assignment, status="skipped", skip_reason="other"
    ),
    "assignment_within_coverage": lambda w: _another(w, slot=2),
    "judge_frozen_once_used": lambda w: w.change(Judge, params={"delay": 1}),
    "run_status_known": lambda w: w.change(Run, status="lost"),
    "run_samples_positive": lambda w: w.change(Run, samples=0),
    "run_finished_complete": lambda w: w.change(Run, status="done"),
    "preview_run_one_open": lambda w: w.copy(PreviewRun),
    "trial_one_open": _try_twice,
    "trial_complete": lambda w: w.change(PreviewRun, version=w.rows[RubricVersion]),
    "preview_run_status_known": lambda w: w.change(PreviewRun, status="lost", finished_at=NOW),
    "preview_run_finished_complete": lambda w: w.change(PreviewRun, status="done"),
    "preview_verdict_once": lambda w: w.copy(PreviewVerdict),
    "preview_verdict_status_known": lambda w: w.change(PreviewVerdict, status="hm", value=None),
    "preview_verdict_value_iff_ok": lambda w: w.change(PreviewVerdict, value=None),
    "preview_verdict_bounded": lambda w: w.change(PreviewVerdict, raw_reply="x" * 20_001),
    "preview_verdict_hash_whole": lambda w: w.change(PreviewVerdict, judging_hash=""),
    "training_one_open": lambda w: w.copy(Training),
    "training_method_known": lambda w: w.change(Training, method="guess"),
    "adapter_once": lambda w: w.copy(AdapterWeights),
    "training_status_known": lambda w: w.change(Training, status="partial", finished_at=NOW),
    "training_finished_complete": lambda w: w.change(Training, finished_at=NOW),
    "training_judge_iff_done": lambda w: w.change(Training, judge=w.rows[Judge]),
    "review_one_open": lambda w: w.copy(RubricReview),
    "review_status_known": lambda w: w.change(RubricReview, status="lost", finished_at=NOW),
    "review_finished_complete": lambda w: w.change(RubricReview, status="done"),
    "review_score_range": lambda w: w.change(RubricReview, score=1.5),
    "review_coverage_range": lambda w: w.change(RubricReview, coverage=-1),
    "run_batch_once": lambda w: w.copy(RunBatch),
    "suspect_signs_known": lambda w: w.change(SuspectResponse, signs=["odd"]),
    "suspect_excerpt_each": lambda w: w.change(SuspectResponse, excerpts=[]),
    "model_call_answer_once": lambda w: w.copy(ModelCall),
    "model_call_state_known": lambda w: w.change(ModelCall, state="gone", reply=None),
    "model_call_ended_unless_sent": lambda w: w.change(ModelCall, ended_at=None),
    "model_call_reply_iff_answered": lambda w: w.change(ModelCall, state="lost"),
    "model_call_cost_not_negative": lambda w: w.change(ModelCall, cost=-1),
    "run_budget_not_negative": lambda w: w.change(RunBudget, held_cost=-1),
    "run_budget_limit_positive": lambda w: w.change(RunBudget, limit_tokens=0),
    "run_batch_not_empty": lambda w: w.change(RunBatch, response_ids=[]),
}

# A trigger speaks in a sentence of its own, not by its name.
SENTENCES = {
    "response_kept": "has verdicts",
    "rater_kept": "has verdicts",
    "round_kept": "has verdicts",
    "version_frozen": "a published rubric version is frozen",
    "criterion_frozen": "a criterion of a published rubric version is frozen",
    "verdict_append_only": "append-only",
    "verdict_references": "off the scale",
    "preference_append_only": "append-only",
    "assignment_within_coverage": "places",
    "judge_frozen_once_used": "a judge that has run is frozen",
    # A stricter one on the same column speaks first.
    "run_status_known": "run_finished_complete",
    "version_status_known": "version_published_complete",
}
# Unique constraints that are there only as the target of a composite foreign key.
TARGETS = {"task_in_project", "response_in_task"}
# Keys over two columns, which live in a migration; the second is the mirror of the first.
COMPOSITE = {"response_in_project_of_task", "preference_a_in_task"}


def _other_task(w: World) -> int:
    return Task.objects.exclude(pk=w.rows[Task].pk).get(project=w.cast.project).pk


def _declared() -> set[str]:
    names = set()
    for label in ("rubricstudio", "annotations", "scoring"):
        for model in apps.get_app_config(label).get_models():
            names |= {constraint.name for constraint in model._meta.constraints}
            names |= {
                trigger.name
                for trigger in getattr(model._meta, "triggers", [])
                if not trigger.name.endswith(("_insert", "_update", "_delete", "append_only"))
                or trigger.name in ATTEMPTS
            }
    return names


def test_every_constraint_has_an_attempt() -> None:
    assert set(ATTEMPTS) == (_declared() - TARGETS) | COMPOSITE


@pytest.mark.parametrize("name", sorted(ATTEMPTS))
def test_the_database_refuses(world: World, name: str) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        ATTEMPTS[name](world)
        connection.check_constraints()

    assert SENTENCES.get(name, name) in str(caught.value)


def test_history_cannot_be_edited(world: World) -> None:
    history = apps.get_model("rubricstudio", "MembershipEvent")
    event = history._default_manager.first()
    assert event is not None

    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        history._default_manager.filter(pk=event.pk).update(role="viewer")
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        event.delete()
