from django.apps import AppConfig


class RubricStudioConfig(AppConfig):
    name = "rubricstudio"

    def ready(self) -> None:
        from rubricstudio import checks  # noqa: F401 - registers the system checks
        from rubricstudio.celery import app  # noqa: F401 - tasks find their application
