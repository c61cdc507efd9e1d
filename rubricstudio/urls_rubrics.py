"""The addresses of rubrics, their versions and criteria, below /projects/<slug>/rubrics/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from rubricstudio.views import (
    comments,
    criteria,
    edits,
    history,
    lint,
    paste,
    presence,
    programs,
    rubric_files,
    rubrics,
    versions,
    weights,
)

_criteria: list[URLPattern | URLResolver] = [
    path("add/", criteria.criterion_add, name="criterion-add"),
    path("order/", edits.criteria_order, name="criteria-order"),
    path("restore/", edits.criteria_restore, name="criteria-restore"),
    path("paste/", paste.criteria_paste, name="criteria-paste"),
    path("<int:criterion_id>/", criteria.criterion, name="criterion"),
    path("<int:criterion_id>/program/", programs.criterion_program, name="criterion-program"),
    path("<int:criterion_id>/act/", edits.criterion_act, name="criterion-act"),
    path("<int:criterion_id>/split/", edits.criterion_split, name="criterion-split"),
]

_rubric: list[URLPattern | URLResolver] = [
    path("", rubrics.rubric, name="rubric"),
    path("settings/", rubrics.rubric_edit, name="rubric-edit"),
    path("totals/", rubrics.rubric_totals, name="rubric-totals"),
    path("lint/", lint.lint, name="lint"),
    path("lint/fix/", lint.lint_fix, name="lint-fix"),
    path("lint/dismiss/", lint.lint_dismiss, name="lint-dismiss"),
    path("lint/bring-back/", lint.lint_bring_back, name="lint-bring-back"),
    path("aggregator/", rubrics.aggregator, name="rubric-aggregator"),
    path("undo/", edits.draft_undo, name="draft-undo"),
    path("presence/", presence.rubric_presence, name="rubric-presence"),
    path("criteria/", include(_criteria)),
    path("comments/", comments.comments, name="comments"),
    path("comments/panel/", comments.panel, name="comments-panel"),
    path("comments/people/", comments.people, name="comments-people"),
    path("comments/<int:comment_id>/", comments.comment, name="comment"),
    path("comments/<int:comment_id>/state/", comments.comment_state, name="comment-state"),
    path("history/", history.history, name="history"),
    path("publish/", versions.version_publish, name="version-publish"),
    path("discard/", versions.discard, name="draft-discard"),
    path("compare/", versions.version_diff, name="version-diff"),
    path("download/", rubric_files.rubric_export, name="rubric-export"),
    path("download/file/", rubric_files.rubric_file, name="rubric-file"),
    path("versions/", versions.versions, name="versions"),
    path("versions/<int:number>/", versions.version, name="version"),
    path("versions/<int:number>/draft/", versions.draft, name="draft-start"),
    path("versions/<int:number>/fork/", versions.version_fork, name="version-fork"),
    path("versions/<int:number>/retire/", versions.version_retire, name="version-retire"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("rubrics/", rubrics.rubrics, name="rubrics"),
    path("rubrics/new/", rubrics.rubric_new, name="rubric-new"),
    path("rubrics/weights/", weights.weights, name="weights"),
    path("rubrics/import/", rubric_files.rubric_import, name="rubric-import"),
    path("rubrics/download/", rubric_files.rubrics_export, name="rubrics-export"),
    path("rubrics/download/file/", rubric_files.rubrics_file, name="rubrics-file"),
    path("rubrics/<int:rubric_id>/", include(_rubric)),
]
