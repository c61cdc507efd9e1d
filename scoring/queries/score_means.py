"""Mean scores by source, for each run's judge, each person and each session as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from rubricstudio.domain.aggregation import AGGREGATORS, Clip, means_of_scores
from rubricstudio.domain.agreement import Bootstrap, Statistic
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray
from rubricstudio.models import Rater, Response, Round, RoundKind
from scoring.queries.scores import PANEL, ScoreBlock, Scoring, collected, score_blocks

RESAMPLES = Bootstrap(resamples=500)


@dataclass(frozen=True)
class Scorer:
    """Who scored: a rater in a round, or (rater None) the people of a session together."""

    round: Round
    rater: Rater | None

    @property
    def is_person(self) -> bool:
        """Whether this is one person of a session."""
        return self.rater is not None and self.round.kind == RoundKind.SESSION


@dataclass(frozen=True)
class MeanScore:
    """The mean over the responses of one source (None: of all sources).

    n_responses: those the scorer judged; mean.n: those with a score. coverage: the mean
    share of applicable criteria with a verdict. lower, upper: the means with every missing
    verdict at its worst and at its best.
    """

    source: str | None
    n_responses: int
    mean: Statistic
    coverage: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class ResponseScore:
    """One response's score by one scorer; None where there is none."""

    scorer: Scorer
    source: str
    task: str
    response: str
    rubric: str
    value: float | None
    lower: float | None
    upper: float | None
    coverage: float | None
    n_verdicts: int
    n_missing: int
    gate_failed: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scores:
    """All scores of a scoring: means by scorer and source, and what they are made of."""

    scoring: Scoring
    sources: tuple[str, ...]
    means: Mapping[Scorer, tuple[MeanScore, ...]]
    rows: tuple[ResponseScore, ...]

    @property
    def aggregators(self) -> list[str]:
        """The aggregators at work, each with version and clip stage."""
        names = {pin.aggregator(self.scoring.aggregator).name for pin in self.scoring.pins}
        return [aggregator_label(name) for name in sorted(names)]


def aggregator_label(name: str) -> str:
    """Name, version and clip stage, as in `pos_normalised v1, clip mean`."""
    found = AGGREGATORS[name]
    return f"{found.name} v{found.version}, clip {found.clip}"


@dataclass(frozen=True, eq=False)
class _Flat:
    """All blocks as one set of (n,) columns."""

    round: IntArray
    rater: IntArray
    task: IntArray
    response: IntArray
    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    coverage: FloatArray

    def where(self, kept: BoolArray) -> _Flat:
        return _Flat(**{part.name: getattr(self, part.name)[kept] for part in fields(self)})


def scores(scoring: Scoring, *, individuals: bool = True, with_rows: bool = False) -> Scores:
    """Score and average. rows: only where asked for, one for each scorer and response.

    individuals: each person of a session too, not only all of them together. Means with
    the clip stage `mean` are cut to [0, 1] as the aggregator says.
    """
    blocks = list(score_blocks(scoring))
    flat = _flat(blocks)
    found = Response.objects.filter(project=scoring.project).values_list("pk", "source")
    source_of = dict(found.iterator(chunk_size=10_000))
    sources = tuple(sorted({source_of[pk] for pk in np.unique(flat.response).tolist()}))
    codes = {source: code for code, source in enumerate(sources)}
    by_source = np.array([codes[source_of[pk]] for pk in flat.response.tolist()], dtype=np.int64)
    scorers = _scorers(scoring, flat)
    if not individuals:
        scorers = {one: rows for one, rows in scorers.items() if not one.is_person}
    clip = _clip(scoring)
    means = {
        scorer: _means(flat, here, by_source, sources, clip) for scorer, here in scorers.items()
    }
    rows = tuple(_rows(blocks, scorers, source_of, scoring)) if with_rows else ()
    return Scores(scoring, sources, means, rows)


def _flat(blocks: list[ScoreBlock]) -> _Flat:
    def column(name: str) -> IntArray:
        parts = [getattr(block, name) for block in blocks]
        return np.concatenate([np.zeros(0, dtype=np.int64), *parts])

    return _Flat(
        round=column("round"),
        rater=column("rater"),
        task=column("task"),
        response=column("response"),
        value=collected(blocks, "value"),
        lower=collected(blocks, "lower"),
        upper=collected(blocks, "upper"),
        coverage=collected(blocks, "coverage"),
    )


def _clip(scoring: Scoring) -> Clip:
    """The clip stage of the mean: only where all aggregators at work agree on it."""
    stages = {pin.aggregator(scoring.aggregator).clip for pin in scoring.pins}
    return stages.pop() if len(stages) == 1 else Clip.NONE


def _scorers(scoring: Scoring, flat: _Flat) -> dict[Scorer, BoolArray]:
    """Each scorer with its rows: sessions together first, then person by person, then judges."""
    rounds = {row.pk: row for row in scoring.rounds}
    pairs, inverse = np.unique(np.stack([flat.round, flat.rater]), axis=1, return_inverse=True)
    raters = Rater.objects.in_bulk({int(pk) for pk in pairs[1] if pk != PANEL})
    found = [
        (Scorer(rounds[int(round_)], raters.get(int(rater))), inverse.reshape(-1) == place)
        for place, (round_, rater) in enumerate(pairs.T)
    ]

    def order(pair: tuple[Scorer, BoolArray]) -> tuple[bool, str, bool, str]:
        scorer = pair[0]
        judged = scorer.round.kind == RoundKind.RUN
        name = scorer.rater.name if scorer.rater else ""
        return (judged, scorer.round.name, bool(scorer.rater), name.casefold())

    return dict(sorted(found, key=order))


def _means(
    flat: _Flat, here: BoolArray, by_source: IntArray, sources: tuple[str, ...], clip: Clip
) -> tuple[MeanScore, ...]:
    """Over all sources, then source by source."""
    mine, codes, n = flat.where(here), by_source[here], len(sources)
    whole = _slice_means(mine, np.zeros_like(codes), (None,), clip)
    return (*whole, *_slice_means(mine, codes, sources, clip)) if n else tuple(whole)


def _slice_means(
    flat: _Flat, codes: IntArray, sources: Sequence[str | None], clip: Clip
) -> list[MeanScore]:
    n = len(sources)
    means = means_of_scores(flat.value, codes, n, clip=clip, tasks=flat.task, bootstrap=RESAMPLES)
    counts = np.bincount(codes, minlength=n).tolist()
    coverage, lower, upper = (
        _plain_means(column, codes, n) for column in (flat.coverage, flat.lower, flat.upper)
    )
    return [
        MeanScore(
            source=source,
            n_responses=counts[code],
            mean=means[code],
            coverage=coverage[code],
            lower=_clipped(lower[code], clip),
            upper=_clipped(upper[code], clip),
        )
        for code, source in enumerate(sources)
    ]


def _plain_means(values: FloatArray, codes: IntArray, n: int) -> list[float | None]:
    """The mean of each slice, NaN left out; None where nothing is left."""
    given = ~np.isnan(values)
    counts = np.bincount(codes[given], minlength=n)
    totals = np.bincount(codes[given], weights=values[given], minlength=n)
    return [
        total / count if count else None
        for total, count in zip(totals.tolist(), counts.tolist(), strict=True)
    ]


def _clipped(mean: float | None, clip: Clip) -> float | None:
    return min(max(mean, 0.0), 1.0) if mean is not None and clip is Clip.MEAN else mean


def _rows(
    blocks: list[ScoreBlock],
    scorers: Mapping[Scorer, BoolArray],
    source_of: Mapping[int, str],
    scoring: Scoring,
) -> list[ResponseScore]:
    by_ids = {(s.round.pk, s.rater.pk if s.rater else PANEL): s for s in scorers}
    names = {
        pk: (response, task)
        for pk, response, task in Response.objects.filter(project=scoring.project)
        .values_list("pk", "external_id", "task__external_id")
        .iterator(chunk_size=10_000)
    }
    rows: list[ResponseScore] = []
    for block in blocks:
        rows += _block_rows(block, by_ids, source_of, names)
    return rows


def _block_rows(
    block: ScoreBlock,
    by_ids: Mapping[tuple[int, int], Scorer],
    source_of: Mapping[int, str],
    names: Mapping[int, tuple[str, str]],
) -> list[ResponseScore]:
    keys = np.array([leaf.key for leaf in block.pin.rubric.leaves])
    scores = block.scores
    ids = zip(block.round.tolist(), block.rater.tolist(), block.response.tolist(), strict=True)
    return [
        ResponseScore(
            scorer=by_ids[round_, rater],
            source=source_of[response],
            task=names[response][1],
            response=names[response][0],
            rubric=block.pin.version.rubric.external_id,
            value=_or_none(scores.value[row]),
            lower=_or_none(scores.lower[row]),
            upper=_or_none(scores.upper[row]),
            coverage=_or_none(scores.coverage[row]),
            n_verdicts=int(scores.n_verdicts[row]),
            n_missing=int(scores.n_missing[row]),
            gate_failed=tuple(keys[scores.gate_failed[row]].tolist()),
        )
        for row, (round_, rater, response) in enumerate(ids)
        if (round_, rater) in by_ids
    ]


def _or_none(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
