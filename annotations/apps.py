from django.apps import AppConfig


class AnnotationsConfig(AppConfig):
    name = "annotations"

    def ready(self) -> None:
        from annotations.actions.gold_import import write_gold
        from rubricstudio.actions.imports.run import add_writer
        from rubricstudio.domain.formats.records import GoldRecord

        add_writer(GoldRecord, write_gold)
