"""The addresses of data and imports, below /projects/<slug>/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from rubricstudio.views import data, images, imports

urlpatterns: list[URLPattern | URLResolver] = [
    path("data/", data.data, name="data"),
    path("data/<int:task_id>/", data.task, name="task"),
    path("images/", images.images, name="images"),
    path("images/<str:name>/", images.image, name="image"),
    path("images/<str:name>/delete/", images.image_delete, name="image-delete"),
    path("data/import/", imports.import_, name="import"),
    path("data/import/<int:job_id>/", imports.import_job, name="import-job"),
]
