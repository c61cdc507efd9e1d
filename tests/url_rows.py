"""Rows that fill the arguments of addresses in the URL walk; built by actions, as always."""

from __future__ import annotations

from annotations.actions import activate, create_comparison, create_session, next_item
from annotations.actions.flags import flag
from annotations.grouping import Grouping
from annotations.models import Mode
from rubricstudio.actions.comments import add_comment
from rubricstudio.actions.images import add_image
from rubricstudio.actions.import_jobs import Upload, cancel_import, create_import
from rubricstudio.actions.invitations import invite
from rubricstudio.actions.library import add_to_library
from rubricstudio.actions.tokens import create_token
from rubricstudio.models import ApiToken, Membership, Role
from scoring.actions.judges import create_judge
from scoring.actions.preview import pin_response, start_preview
from scoring.actions.reviews import start_review
from scoring.actions.runs import start_run
from scoring.actions.trials import start_trial
from scoring.models import Judge, PreviewRun, PreviewVerdict, RubricReview, Training
from tests.annotations.calibration_cases import discussed_session
from tests.conftest import Cast, Data
from tests.rubricstudio.test_images import drawn


def url_rows(cast: Cast, data: Data) -> dict[str, object]:
    """Values by argument name; all of them of the project `demo`."""
    invited = invite(
        project=cast.project,
        email="ines@example.com",
        role=Role.VIEWER,
        by=cast.owner,
        link_for=lambda token: token,
    )
    token, _ = create_token(user=cast.viewer, name="walk", scope=ApiToken.Scope.READ)
    session = create_session(
        project=cast.project,
        name="Walk",
        version=data.version,
        by=cast.owner,
        annotators=[cast.annotator],
    )
    activate(session=session, by=cast.owner)
    assignment = next_item(session=session, by=cast.annotator)
    assert assignment
    job = create_import(
        project=cast.project, uploads=[Upload("data.jsonl", [b"{}"])], by=cast.owner
    )
    cancel_import(job=job, by=cast.owner)
    judge = create_judge(
        project=cast.project, name="Walk", kind="scripted", params={}, by=cast.owner
    )
    run = start_run(
        judge=judge,
        version=data.version,
        response_ids=[data.responses[0].pk],
        name="Walk",
        by=cast.owner,
        enqueue=False,
    )
    discussed = discussed_session(cast, data)
    nils = Membership.objects.get(project=cast.project, user=cast.second_annotator)
    remark = add_comment(
        rubric=data.version.rubric, text="Walk", by=cast.owner, link_for=lambda comment: ""
    )
    preview, review = _previewed(cast, data, judge)
    compared = create_comparison(
        project=cast.project,
        name="Walk over pairs",
        version=data.version,
        by=cast.owner,
        grouping=Grouping(Mode.PAIRWISE),
    )
    return {
        "discussed_session_id": discussed.pk,
        "compared_id": compared.pk,
        "preview_id": preview.pk,
        "trial_id": start_trial(
            judge=judge,
            version=data.version,
            response_id=data.responses[0].pk,
            by=cast.owner,
            enqueue=False,
        ).pk,
        "training_id": Training.objects.create(
            project=cast.project, name="Walk", sessions=[session.pk], created_by=cast.owner
        ).pk,
        "said_id": _said(preview, data).pk,
        "review_id": review.pk,
        "comment_id": remark.pk,
        "slug": cast.project.slug,
        "membership_id": nils.pk,
        "invitation_id": invited.invitation.pk,
        "token": invited.link,
        "token_id": token.pk,
        "image_name": add_image(project=cast.project, data=drawn(), name="a", by=cast.owner).name,
        "entry_id": add_to_library(
            criterion=data.version.criteria.get(key="warns"), by=cast.author
        ).pk,
        "task_id": data.tasks[0].pk,
        "job_id": job.pk,
        "response_id": data.responses[0].pk,
        "rubric_id": data.version.rubric_id,
        "number": data.version.number,
        "session_id": session.pk,
        "table": "people",
        "item_id": assignment.item_id,
        "flag_id": flag(assignment=assignment, note="Walk", by=cast.annotator).pk,
        "judge_id": judge.pk,
        "run_id": run.pk,
        "criterion_id": data.version.criteria.get(key="warns").pk,
    }


def _said(preview: PreviewRun, data: Data) -> PreviewVerdict:
    return PreviewVerdict.objects.create(
        **{"run": preview, "rubric": preview.rubric, "judge": preview.judge},
        **{"response": data.responses[1], "criterion_key": "warns", "judging_hash": "0" * 64},
        **{"status": "ok", "value": 1},
    )


def _previewed(cast: Cast, data: Data, judge: Judge) -> tuple[PreviewRun, RubricReview]:
    """A judge asked of a pinned response, and a review that nobody has carried out."""
    rubric = data.version.rubric
    pin_response(rubric=rubric, response_id=data.responses[1].pk, by=cast.owner)
    preview = start_preview(rubric=rubric, judge=judge, by=cast.owner, enqueue=False)
    model = create_judge(
        project=cast.project,
        name="Walker",
        kind="llm",
        params={"model": "openai/none"},
        by=cast.owner,
    )
    review = start_review(
        rubric=rubric, judge=model, in_context=False, by=cast.owner, enqueue=False
    )
    return preview, review
