"""The addresses of data and imports, below /projects/<slug>/data/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from rubricstudio.views import data, imports

urlpatterns: list[URLPattern | URLResolver] = [
    path("data/", data.data, name="data"),
    path("data/<int:task_id>/", data.task, name="task"),
    path("data/import/", imports.import_, name="import"),
    path("data/import/<int:job_id>/", imports.import_job, name="import-job"),
]
