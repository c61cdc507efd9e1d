"""What publishing a draft does to verdicts and scores, session by session and run by run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from rubricstudio.domain.aggregation import UnfitRubric
from rubricstudio.domain.diff import CriterionImpact, impact
from rubricstudio.models import Project, Round, Rubric, RubricVersion, Verdict
from rubricstudio.queries.rubrics import newest_frozen, newest_version
from scoring.queries.pins import Pin
from scoring.queries.score_means import MeanScore, Scorer, scores
from scoring.queries.scores import Scoring

ROUNDS = 8
"""How many sessions and runs are looked at, the newest ones."""


@dataclass(frozen=True)
class RoundImpact:
    """A session or run and what becomes of its verdicts on the rubric."""

    round: Round
    verdicts: CriterionImpact


@dataclass(frozen=True)
class SourceMove:
    """A source's mean score under the published version and under the draft.

    rank: 1 for the best mean of the scorer, ties share the better one; None without a mean.
    coverage: the mean share of criteria with a verdict over all responses that were judged,
    those on which no verdict stays included.
    """

    source: str
    before: MeanScore | None
    after: MeanScore | None
    rank_before: int | None
    rank_after: int | None
    coverage_after: float | None

    @property
    def coverage_before(self) -> float | None:
        return self.before.coverage if self.before else None

    @property
    def value_before(self) -> float | None:
        return self.before.mean.value if self.before else None

    @property
    def value_after(self) -> float | None:
        return self.after.mean.value if self.after else None


@dataclass(frozen=True)
class ScorerMoves:
    """What one judge, or the people of a session together, make of each source."""

    scorer: Scorer
    sources: tuple[SourceMove, ...]

    @property
    def reordered(self) -> bool:
        """Whether sources that keep a mean change places."""
        return any(
            row.rank_before != row.rank_after
            for row in self.sources
            if row.rank_before is not None and row.rank_after is not None
        )


@dataclass(frozen=True)
class ScoreImpact:
    """Verdicts by round and scores by source, before and after.

    problem: why the draft, or the published version, cannot be scored; then no `scorers`.
    aggregators: what makes the scores before and after; same_unit: both count the same thing,
    so that their means can stand on one axis.
    """

    draft: RubricVersion
    previous: RubricVersion
    rounds: tuple[RoundImpact, ...]
    scorers: tuple[ScorerMoves, ...]
    aggregators: tuple[str, str]
    same_unit: bool
    problem: str = ""


def score_impact(rubric: Rubric) -> ScoreImpact | None:
    """The newest version, where it is a draft, against the newest frozen one; else None.

    Only verdicts that count under a version make its scores: those on criteria that read the
    same. The number of queries depends on neither verdicts nor rounds, save that scores are
    made of some thousand responses at a time.
    """
    draft, previous = newest_version(rubric), newest_frozen(rubric)
    if draft is None or previous is None or not draft.is_draft:
        return None
    before, after = _pin(previous), _pin(draft)
    rounds = newest_rounds(rubric)
    by_round = _by_round(rubric, rounds, before, after)
    try:
        kinds = before.aggregator(), after.aggregator()
        moves = _moves(rubric.project, rounds, before, after)
    except UnfitRubric as error:
        return ScoreImpact(draft, previous, by_round, (), ("", ""), False, str(error))
    names = (kinds[0].name, kinds[1].name)
    same_unit = kinds[0].unit == kinds[1].unit
    return ScoreImpact(draft, previous, by_round, moves, names, same_unit)


def newest_rounds(rubric: Rubric) -> list[Round]:
    """The newest sessions and runs that judged by a version of the rubric; one query."""
    said = Verdict.objects.filter(round=OuterRef("pk"), criterion__version__rubric=rubric)
    mine = Q(version__rubric=rubric) | (Q(version__isnull=True) & Exists(said))
    rows = Round.objects.filter(mine, project=rubric.project_id).select_related("version__rubric")
    return list(rows.order_by("-created_at", "-pk")[:ROUNDS])


def _pin(version: RubricVersion) -> Pin:
    rows = version.criteria.filter(is_group=False).order_by("position", "pk")
    return Pin(version, version.as_rubric(), tuple(rows.values_list("pk", flat=True)))


def _by_round(
    rubric: Rubric, rounds: Sequence[Round], before: Pin, after: Pin
) -> tuple[RoundImpact, ...]:
    counted = (
        Verdict.objects.filter(round__in=rounds, criterion__version__rubric=rubric, revision=0)
        .values_list("round", "criterion__key", "criterion__judging_hash")
        .annotate(n=Count("pk"))
        .order_by()
    )
    found: dict[int, dict[tuple[str, str], int]] = {row.pk: {} for row in rounds}
    for pk, key, digest, n in counted:
        found[pk][key, digest] = n
    return tuple(
        RoundImpact(row, impact(before.rubric, after.rubric, found[row.pk]).total)
        for row in rounds
        if found[row.pk]
    )


def _moves(
    project: Project, rounds: Sequence[Round], before: Pin, after: Pin
) -> tuple[ScorerMoves, ...]:
    old, new = (
        scores(Scoring(project, (pin,), tuple(rounds)), individuals=False).means
        if pin.leaf_ids
        else {}
        for pin in (before, after)
    )
    scorers = dict.fromkeys((*old, *new))
    return tuple(_scorer_moves(one, old.get(one, ()), new.get(one, ())) for one in scorers)


def _scorer_moves(
    scorer: Scorer, old: Sequence[MeanScore], new: Sequence[MeanScore]
) -> ScorerMoves:
    was, now = _by_source(old), _by_source(new)
    old_ranks, new_ranks = _ranks(was), _ranks(now)
    moves = [
        SourceMove(
            source=source,
            before=was.get(source),
            after=now.get(source),
            rank_before=old_ranks.get(source),
            rank_after=new_ranks.get(source),
            coverage_after=_coverage(was.get(source), now.get(source)),
        )
        for source in dict.fromkeys((*was, *now))
    ]
    moves.sort(key=lambda row: (row.rank_before or len(moves) + 1, row.source))
    return ScorerMoves(scorer, tuple(moves))


def _by_source(means: Sequence[MeanScore]) -> dict[str, MeanScore]:
    return {m.source: m for m in means if m.source is not None and m.n_responses}


def _ranks(means: Mapping[str, MeanScore]) -> dict[str, int]:
    values = {source: m.mean.value for source, m in means.items() if m.mean.value is not None}
    return {
        source: 1 + sum(other > value for other in values.values())
        for source, value in values.items()
    }


def _coverage(was: MeanScore | None, now: MeanScore | None) -> float | None:
    """Coverage under the draft, a response without any verdict that stays counting as 0."""
    judged = max(was.n_responses if was else 0, now.n_responses if now else 0)
    if not judged:
        return None
    return ((now.coverage or 0.0) * now.n_responses if now else 0.0) / judged
