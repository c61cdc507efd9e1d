from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "scoring"

    def ready(self) -> None:
        from rubricstudio.queries.rounds import add_unfinished
        from scoring.models import Run, RunStatus

        add_unfinished(lambda: Run.objects.exclude(status=RunStatus.DONE).values("pk"))
