"""The addresses of the library: at the top for everybody, and in projects and rubrics."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from rubricstudio.views import library, library_rubric

urlpatterns: list[URLPattern | URLResolver] = [
    path("library/", library.library, name="library"),
    path("library/<int:entry_id>/", library.entry, name="library-entry"),
    path("library/<int:entry_id>/remove/", library.entry_remove, name="library-entry-remove"),
    path("library/rubrics/<int:rubric_id>/", library.shared_rubric, name="library-rubric"),
]

project_urlpatterns: list[URLPattern | URLResolver] = [
    path("rubrics/templates/", library_rubric.rubric_templates, name="rubric-templates"),
    path("rubrics/<int:rubric_id>/library/", library_rubric.rubric_library, name="rubric-library"),
    path("rubrics/<int:rubric_id>/share/", library_rubric.rubric_share, name="rubric-share"),
    path(
        "rubrics/<int:rubric_id>/criteria/<int:criterion_id>/similar/",
        library_rubric.similar,
        name="criterion-similar",
    ),
    path(
        "rubrics/<int:rubric_id>/criteria/<int:criterion_id>/share/",
        library_rubric.criterion_share,
        name="criterion-share",
    ),
]
