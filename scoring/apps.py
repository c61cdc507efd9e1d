from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "scoring"

    def ready(self) -> None:
        from django.db.models import Q

        from rubricstudio.queries.rounds import add_unfinished
        from scoring.models import Run, RunStatus

        # A judge that compares gives no verdicts at all.
        compares = Q(judge__kind="llm", judge__params__mode="pairwise")
        add_unfinished(
            lambda: Run.objects.filter(~Q(status=RunStatus.DONE) | compares).values("pk")
        )
