"""A judge is checked where it would run, and what was found is kept for a while.

Keys, folders and model libraries are those of the workers, so the web process hands a check
over and shows what comes back. It is kept in the cache: it is worth a look, not a record.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from annotations.queries.choices import published_versions
from rubricstudio.models import Response, RubricVersion
from rubricstudio.workers import worker_status
from scoring.actions.judges import site
from scoring.judges import JudgeRequest, queue_of
from scoring.judges.checks import Problem, problems
from scoring.models import Judge
from scoring.queries.longest import longest_responses
from scoring.queries.plans import Narrowing, chosen_responses, criteria_for
from scoring.queries.requests import pair_request_of, request_of

WAITS = 90
"""Seconds after which nobody waits for an answer any more."""
KEPT = 600
PAGE = "page"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Check:
    """What a check found, or that it is under way.

    code: names what the judge was checked for. problems: None while no worker has answered.
    at: when it was asked for, or answered; None where nobody asked.
    """

    code: str
    problems: tuple[Problem, ...] | None = None
    at: str | None = None

    @property
    def is_waiting(self) -> bool:
        return self.problems is None and self.at is not None

    @property
    def stops(self) -> list[str]:
        """What no run can work with."""
        return [problem.text for problem in self.problems or () if problem.stops]


def code_of(version: RubricVersion | None, responses: Sequence[int]) -> str:
    """The name of what a judge is checked for."""
    named = f"{version.pk if version else 0}:{','.join(map(str, responses))}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def known_check(judge: Judge, code: str) -> Check:
    """What is known of the check of this code."""
    kept = cache.get(_key(judge.pk, code))
    if not isinstance(kept, dict):
        return Check(code)
    found = kept["problems"]
    told = None if found is None else tuple(Problem(*each) for each in found)
    return Check(code, told, kept["at"])


def ask_check(
    *,
    judge: Judge,
    version: RubricVersion | None,
    responses: Sequence[int],
    code: str = "",
    anew: bool = False,
) -> Check:
    """The check of the judge for these responses: known, or handed to a worker just now.

    Where no worker serves the judge's queue nobody is asked. `anew` asks again for what is
    known. The code follows from version and responses where none is given.
    """
    code = code or code_of(version, responses)
    known = known_check(judge, code)
    if known.is_waiting or (known.at and not anew):
        return known
    queue = queue_of(judge.kind, judge.params)
    if queue not in worker_status().queues:
        return Check(code)
    _keep(judge.pk, code, None, WAITS)
    call = {
        "judge_id": judge.pk,
        "version_id": version.pk if version else None,
        "response_ids": list(responses),
        "code": code,
    }

    def send() -> None:
        # Imported here: the tasks call actions.
        from scoring.tasks import check_judge as task

        # Once nobody waits any more there is nobody to answer.
        task.apply_async(kwargs=call, queue=queue, expires=WAITS)

    transaction.on_commit(send, robust=True)
    return known_check(judge, code)


def check_judge(
    *, judge: Judge, version: RubricVersion | None, response_ids: Sequence[int], code: str
) -> None:
    """Look at a judge here and keep what is found for whoever asked."""
    try:
        found = found_here(judge.kind, judge.params, version, response_ids)
    except Exception as error:
        # Whoever waits is told, whatever a kind's own check trips over.
        log.exception("the check of judge %s failed", judge.pk)
        text = f"The check itself failed: {type(error).__name__}: {error}"
        found = [Problem(text[:500], False)]
    _keep(judge.pk, code, [(problem.text, problem.stops) for problem in found], KEPT)


def found_here(
    kind: str, params: dict[str, object], version: RubricVersion | None, response_ids: Sequence[int]
) -> list[Problem]:
    """What speaks against a judge in this process, for these responses by this version."""
    return problems(kind, params, _requests(kind, params, version, response_ids), site())


def _requests(
    kind: str,
    params: dict[str, object],
    version: RubricVersion | None,
    response_ids: Sequence[int],
) -> list[JudgeRequest]:
    if version is None:
        return []
    responses = Response.objects.filter(pk__in=response_ids).select_related("task")
    rows = criteria_for(version, kind)
    if Judge(kind=kind, params=params).compares:
        pairs = [(each, _longest_beside(each)) for each in responses]
        return [pair_request_of(*pair, row, 0) for pair in pairs for row in rows]
    return [request_of(response, row, 0) for response in responses for row in rows]


def _longest_beside(response: Response) -> Response:
    """The longest other response to its task; itself where there is none."""
    others = Response.objects.filter(task=response.task_id).exclude(pk=response.pk)
    longest = longest_responses(others)
    return Response.objects.select_related("task").get(pk=longest[0]) if longest else response


def check_of_page(judge: Judge) -> Check:
    """What is known of a judge that was checked on its own page."""
    return known_check(judge, PAGE)


def ask_check_of_page(*, judge: Judge) -> Check:
    """Check a judge anew by the newest published version and its longest responses."""
    project = judge.rater.project
    version = published_versions(project).first()
    rows = chosen_responses(project, version, Narrowing()) if version else None
    responses = [] if rows is None else longest_responses(rows)
    return ask_check(judge=judge, version=version, responses=responses, code=PAGE, anew=True)


def _keep(judge_id: int, code: str, found: list[tuple[str, bool]] | None, seconds: int) -> None:
    kept = {"problems": found, "at": timezone.now().isoformat()}
    cache.set(_key(judge_id, code), kept, timeout=seconds)


def _key(judge_id: int, code: str) -> str:
    return f"judge-check:{judge_id}:{code}"
