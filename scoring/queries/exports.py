"""A pinned dataset as a stream of bytes: from one snapshot, with flat memory.

What goes out is decided first (`plan_export`, which refuses with a message); then
`jsonl` or `verdicts_csv` streams it, without a second look at anything but the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from rubricstudio.domain.aggregation import Missing, UnfitRubric
from rubricstudio.domain.consensus import Method
from rubricstudio.domain.formats.rubrics import rubric_to_json
from rubricstudio.models import Project, Rater, Response, Round, RoundKind
from rubricstudio.queries.copying import copied
from scoring.queries import export_sql
from scoring.queries.consensus import consensus_lines, consensus_sheet
from scoring.queries.export_images import shown_images
from scoring.queries.pins import Pin, UnknownVersion, pins
from scoring.queries.scores import ScoreBlock, Scoring, score_blocks
from scoring.queries.selection import UnknownRound, named, rounds_with_either
from scoring.sheets import csv_lines

FORMAT, FORMAT_VERSION = "rubric-studio", 1
_RAW_LINES = "(FORMAT csv, DELIMITER e'\\x02', QUOTE e'\\x01')"
_CSV = "(FORMAT csv, HEADER)"


class ExportRefused(ValueError):
    """The export cannot be made as asked; the message says why and what there is."""


@dataclass(frozen=True)
class Wanted:
    """What an export is asked for, as people and scripts say it.

    rubric: an external id, empty for all. version: its number, None for the newest that is
    published. sessions, runs: names, empty for all. aggregator: empty for each version's own.
    images: whether pictures that are shown go out too, which may be many megabytes.
    consensus: the method of the people's consensus to add, None for no such lines.
    gold: whether gold answers go out: whoever has the file knows them.
    """

    rubric: str = ""
    version: int | None = None
    sessions: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    aggregator: str = ""
    missing: str = Missing.EXCLUDE.value
    images: bool = True
    consensus: Method | None = None
    gold: bool = False


@dataclass(frozen=True)
class ExportPlan:
    """An export that can be made."""

    project: Project
    wanted: Wanted
    scoring: Scoring

    @property
    def pins(self) -> tuple[Pin, ...]:
        return self.scoring.pins

    @property
    def parameters(self) -> dict[str, Any]:
        """What the queries need: ids of project, pinned versions and rounds."""
        return {
            "project": self.project.pk,
            "versions": [pin.version.pk for pin in self.pins],
            "rounds": [row.pk for row in self.scoring.rounds],
        }


def plan_export(project: Project, wanted: Wanted) -> ExportPlan:
    """Look everything up that an export names. Raises ExportRefused."""
    try:
        scoring = plan_scoring(project, wanted)
    except (UnknownVersion, UnknownRound, UnfitRubric) as error:
        raise ExportRefused(str(error)) from error
    if not scoring.pins and not scoring.rounds:
        raise ExportRefused("there is no published rubric and no verdict yet; nothing to export")
    return ExportPlan(project, wanted, scoring)


def plan_scoring(project: Project, wanted: Wanted) -> Scoring:
    """The versions, rounds and aggregator that are named.

    Raises UnknownVersion, UnknownRound, UnfitRubric.
    """
    if wanted.missing not in list(Missing):
        raise UnfitRubric(f"missing is one of {', '.join(Missing)}, not {wanted.missing!r}")
    found = pins(project, rubric=wanted.rubric, number=wanted.version)
    for pin in found:
        pin.aggregator(wanted.aggregator)
    rounds = rounds_with_either(project)
    if wanted.sessions or wanted.runs:
        chosen = named(project, rounds, sessions=wanted.sessions, runs=wanted.runs)
        # Naming sessions alone means those sessions and no run, and the other way round.
        rounds = [*(chosen.people if wanted.sessions else ())]
        rounds += [*(chosen.judges if wanted.runs else ())]
    return Scoring(project, tuple(found), tuple(rounds), wanted.aggregator, Missing(wanted.missing))


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside is of one moment. Inside a transaction it is that one's moment."""
    inside = connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not inside:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # A fresh table has no statistics, and a nested loop over a hundred thousand
            # rows is what the planner then takes for cheap.
            cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'")
        yield


def jsonl(plan: ExportPlan) -> Iterator[bytes]:
    """The export as native JSON Lines, in chunks of about 64 KB."""
    with snapshot():
        yield _line(manifest(plan))
        yield from _lines(export_sql.TASKS, plan)
        yield from _lines(export_sql.RESPONSES, plan)
        yield b"".join(_line(_rubric(pin)) for pin in plan.pins)
        if plan.wanted.images:
            yield from map(_line, shown_images(plan.project, plan.pins))
        yield from _lines(export_sql.PREFERENCES, plan)
        yield from _lines(export_sql.VERDICTS, plan)
        if plan.wanted.gold:
            yield from _lines(export_sql.GOLD, plan)
        if plan.wanted.consensus is not None:
            yield from consensus_lines(plan.scoring, plan.wanted.consensus)
        for block in score_blocks(plan.scoring):
            yield from _score_lines(plan, block)


def verdicts_csv(plan: ExportPlan, *, mark: bool = False) -> Iterator[bytes]:
    """The verdicts as CSV with a header; `mark` puts a byte order mark in front."""
    with snapshot():
        if mark:
            yield "\ufeff".encode()
        yield from copied(export_sql.VERDICTS_CSV, plan.parameters, _CSV)


def consensus_csv(plan: ExportPlan) -> Iterator[str]:
    """The people's consensus as CSV with a byte order mark and a header; majority by default."""
    with snapshot():
        method = plan.wanted.consensus or Method.MAJORITY
        yield from csv_lines(consensus_sheet(plan.scoring, method))


def _lines(query: str, plan: ExportPlan) -> Iterator[bytes]:
    """The one column of a query as it is, a line a row."""
    return copied(query, plan.parameters, _RAW_LINES)


def manifest(plan: ExportPlan) -> dict[str, Any]:
    """The first line: what is pinned, how scores are made, what was left out."""
    wanted = plan.wanted
    return {
        "type": "export",
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "project": plan.project.slug,
        "project_name": plan.project.name,
        "rubrics": [_pinned(pin, wanted.aggregator) for pin in plan.pins],
        "missing": str(plan.scoring.missing),
        "images": wanted.images,
        "consensus": wanted.consensus and wanted.consensus.value,
        "gold": wanted.gold,
        "filters": {
            "rubric": wanted.rubric or None,
            "sessions": list(wanted.sessions) or None,
            "runs": list(wanted.runs) or None,
        },
        "rounds": [{"kind": row.kind, "name": row.name} for row in plan.scoring.rounds],
        "exported_at": timezone.now().isoformat(),
    }


def _pinned(pin: Pin, aggregator: str) -> dict[str, Any]:
    chosen = pin.aggregator(aggregator)
    version = pin.version
    return {
        "rubric": version.rubric.external_id,
        "name": version.rubric.name,
        "version": version.number,
        "semantic_number": version.semantic_number,
        "status": version.status,
        "content_hash": version.content_hash,
        "judging_hash": version.judging_hash,
        "scoring_hash": version.scoring_hash,
        "aggregator": chosen.name,
        "aggregator_version": chosen.version,
        "clip": str(chosen.clip),
        "params": _finite(chosen.with_params(pin.params(aggregator))),
    }


def _finite(params: Mapping[str, float]) -> dict[str, float | str]:
    """JSON has no infinity; it is written as a word."""
    return {
        name: value if abs(value) != float("inf") else str(value) for name, value in params.items()
    }


def _rubric(pin: Pin) -> dict[str, Any]:
    rubric = pin.version.rubric
    task = {"task": rubric.task.external_id} if rubric.task else {}
    return {
        "type": "rubric",
        "id": rubric.external_id,
        "name": rubric.name,
        **task,
        "published": True,
        "version": pin.version.number,
        "semantic_number": pin.version.semantic_number,
        **rubric_to_json(pin.rubric),
    }


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _score_lines(plan: ExportPlan, block: ScoreBlock) -> Iterator[bytes]:
    """One line for each (round, rater, response); rater null is a session's people together."""
    rounds = {row.pk: row for row in plan.scoring.rounds}
    raters = dict(Rater.objects.filter(project=plan.project).values_list("pk", "name"))
    scorers = list(zip(block.round.tolist(), block.rater.tolist(), strict=True))
    prefixes = {
        (round_, rater): _score_prefix(block, rounds[round_], raters.get(rater))
        for round_, rater in set(scorers)
    }
    ends = (int(block.response.min()), int(block.response.max()))
    rows = Response.objects.filter(project=plan.project, pk__range=ends)
    names = {pk: json.dumps(name) for pk, name in rows.values_list("pk", "external_id")}
    numbers = [_as_json(getattr(block.scores, name)) for name in _NUMBERS]
    parts = zip(scorers, block.response.tolist(), _failed_gates(block), *numbers, strict=True)
    lines = [
        _SCORE_LINE % (prefixes[scorer], names[response], *rest)
        for scorer, response, *rest in parts
    ]
    for start in range(0, len(lines), 256):
        yield "".join(lines[start : start + 256]).encode()


_NUMBERS = ("value", "lower", "upper", "coverage", "n_verdicts", "n_missing", "n_not_applicable")
_SCORE_LINE = (
    '%s,"response":%s,"gate_failed":%s,' + ",".join(f'"{name}":%s' for name in _NUMBERS) + "}\n"
)


def _score_prefix(block: ScoreBlock, round_: Round, rater: str | None) -> str:
    """The fields that all scores of one scorer share, as an object left open."""
    kind = "judge" if round_.kind == RoundKind.RUN else "person"
    shared = {
        "type": "score",
        "rubric": block.pin.version.rubric.external_id,
        "version": block.pin.version.number,
        "aggregator": block.scores.aggregator,
        "aggregator_version": block.scores.version,
        "round": round_.name,
        "rater": rater,
        "rater_kind": "panel" if rater is None else kind,
    }
    return json.dumps(shared, ensure_ascii=False, separators=(",", ":"))[:-1]


def _as_json(numbers: Any) -> list[str]:
    """Each number as JSON, null for NaN; each different number is written once."""
    found, places = np.unique(numbers, return_inverse=True)
    words = ["null" if number != number else repr(number) for number in found.tolist()]
    return [words[place] for place in places.tolist()]


def _failed_gates(block: ScoreBlock) -> list[str]:
    """The keys of the gates that each response failed, as JSON."""
    keys = [leaf.key for leaf in block.pin.rubric.leaves]
    failed = block.scores.gate_failed
    words = ["[]"] * len(failed)
    for row in np.flatnonzero(failed.any(axis=1)).tolist():
        words[row] = json.dumps([keys[at] for at in np.flatnonzero(failed[row]).tolist()])
    return words


def versions_to_choose(project: Project) -> Sequence[Pin]:
    """The newest published version of each rubric."""
    return pins(project)
