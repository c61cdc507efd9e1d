"""Judges: configured models, frozen by the database once they ran."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from rubricstudio.models import Project, Rater, RaterKind, User
from scoring.judges import Site, build
from scoring.llm_calls import Ledger
from scoring.models import Judge
from scoring.queries.adapters import kept_adapter


class JudgeNameTaken(ValueError):
    """The project has a judge or an imported judge of this name already."""


def site(ledger: Ledger | None = None) -> Site:
    """What the operator of this installation allows judges to do; `ledger` books their calls."""
    folder = (Path(settings.LOCAL_JUDGE_MODEL),) if settings.LOCAL_JUDGE_MODEL else ()
    return Site(
        data_folder=settings.STUDIO_HOME,
        model_folders=folder,
        allow_private=settings.JUDGE_ALLOW_PRIVATE_HOSTS,
        api_bases=tuple(settings.JUDGE_API_BASES),
        ledger=ledger,
        adapter=kept_adapter,
    )


def check_name(project: Project, name: str) -> str:
    """The name as it is kept. Raises JudgeNameTaken."""
    name = name.strip()
    if Rater.objects.filter(project=project, kind=RaterKind.JUDGE, name=name).exists():
        raise JudgeNameTaken(
            gettext("There is a judge named “%(name)s” already. Choose another name.")
            % {"name": name}
        )
    return name


@transaction.atomic
def create_judge(
    *, project: Project, name: str, kind: str, params: Mapping[str, object], by: User
) -> Judge:
    """Create a judge. Raises InvalidJudgeConfig for what cannot work, JudgeNameTaken."""
    built = build(kind, params, site())
    name = check_name(project, name)
    rater = Rater.objects.create(project=project, kind=RaterKind.JUDGE, name=name)
    return Judge.objects.create(
        rater=rater,
        kind=kind,
        model=str(getattr(built, "model", "")),
        params=dict(params),
        created_by=by,
    )


@transaction.atomic
def archive_judge(*, judge: Judge, by: User) -> Judge:
    """Take a judge off the list of those to run. Its runs and verdicts stay."""
    judge.archived_at = timezone.now()
    judge.save(update_fields=["archived_at"])
    return judge


@transaction.atomic
def restore_judge(*, judge: Judge, by: User) -> Judge:
    """Put an archived judge back on the list of those to run."""
    judge.archived_at = None
    judge.save(update_fields=["archived_at"])
    return judge
