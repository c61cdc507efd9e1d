"""What a worker does with a batch of pairs: ask by each criterion in both orders, and store.

The lock on the batch, its attempts and its end are those of any batch (batches.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.models import Criterion, Preference, Project, Response
from scoring.actions.preferences import PairCell, PairShelf
from scoring.actions.suspects import note_suspects
from scoring.actions.verdicts import Told
from scoring.judges import Judge, JudgeError, JudgeStopped, check_outcomes
from scoring.judges.protocol import PairRequest, TellingJudge
from scoring.models import Run, RunBatch
from scoring.queries.plans import criteria_for
from scoring.queries.requests import illustrated, pair_request_of


def judge_pairs(run: Run, batch: RunBatch, judge: Judge, told: Told) -> bool:
    """Ask about the pairs that have no preference; False where the run was cancelled meanwhile.

    Raises as the judge does, with what became whole before stored.
    """
    assert isinstance(judge, TellingJudge)
    cells = open_cells(run, batch)
    note_suspects({response for cell in cells for response in cell.shown})
    requests = pair_requests(judge, run.round.project, cells)
    shelf = PairShelf(run, requests, cells, told)
    try:
        outcomes = judge.judge_telling(requests, shelf.add)
        check_outcomes(requests, outcomes)
        shelf.put_away(outcomes)
    except JudgeStopped as error:
        shelf.put_away(error.finished)
        return False
    except JudgeError as error:
        shelf.put_away(error.finished)
        raise
    finally:
        told()
    return True


def open_cells(run: Run, batch: RunBatch) -> list[PairCell]:
    """The cells of pairs and samples that have no preference, pair by pair."""
    version = run.round.version
    if version is None:
        raise JudgeError("The run has no rubric version.")
    criteria = criteria_for(version, run.judge.kind)
    responses = Response.objects.select_related("task").in_bulk(batch.response_ids)
    done = set(
        Preference.objects.filter(
            round_id=run.pk, rater_id=run.judge_id, response_a__in=batch.response_ids
        ).values_list("response_a_id", "response_b_id", "sample")
    )
    return [
        cell
        for a, b in batch.pairs
        for sample in range(run.samples)
        if (a, b, sample) not in done and a in responses and b in responses
        for cell in cells_of(responses[a], responses[b], criteria, sample)
    ]


def cells_of(
    a: Response, b: Response, criteria: Sequence[Criterion], sample: int
) -> list[PairCell]:
    """Every criterion of a pair in both orders, those of one order together: their prompts begin
    alike, and a server that caches prompts reads that beginning once."""
    return [
        PairCell(a, b, criterion, turned, sample)
        for turned in (False, True)
        for criterion in criteria
    ]


def pair_requests(judge: Judge, project: Project, cells: Sequence[PairCell]) -> list[PairRequest]:
    """What the judge is asked of the cells, with pictures where it can see."""
    requests = [pair_request_of(*cell.shown, cell.criterion, cell.sample) for cell in cells]
    return illustrated(project, requests) if getattr(judge, "vision", False) else requests
