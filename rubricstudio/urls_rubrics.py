"""The addresses of rubrics, their versions and criteria, below /projects/<slug>/rubrics/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from rubricstudio.views import criteria, rubrics, versions

_criteria: list[URLPattern | URLResolver] = [
    path("add/", criteria.criterion_add, name="criterion-add"),
    path("order/", criteria.criteria_order, name="criteria-order"),
    path("restore/", criteria.criteria_restore, name="criteria-restore"),
    path("<int:criterion_id>/", criteria.criterion, name="criterion"),
    path("<int:criterion_id>/act/", criteria.criterion_act, name="criterion-act"),
]

_rubric: list[URLPattern | URLResolver] = [
    path("", rubrics.rubric, name="rubric"),
    path("settings/", rubrics.rubric_edit, name="rubric-edit"),
    path("totals/", rubrics.rubric_totals, name="rubric-totals"),
    path("aggregator/", rubrics.aggregator, name="rubric-aggregator"),
    path("criteria/", include(_criteria)),
    path("publish/", versions.version_publish, name="version-publish"),
    path("discard/", versions.discard, name="draft-discard"),
    path("compare/", versions.version_diff, name="version-diff"),
    path("versions/", versions.versions, name="versions"),
    path("versions/<int:number>/", versions.version, name="version"),
    path("versions/<int:number>/draft/", versions.draft, name="draft-start"),
    path("versions/<int:number>/fork/", versions.version_fork, name="version-fork"),
    path("versions/<int:number>/retire/", versions.version_retire, name="version-retire"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("rubrics/", rubrics.rubrics, name="rubrics"),
    path("rubrics/new/", rubrics.rubric_new, name="rubric-new"),
    path("rubrics/<int:rubric_id>/", include(_rubric)),
]
