"""What a run would take, before it starts: calls, tokens and dollars, each with its interval.

The prompts of a few cells of the plan, drawn at random with a seed, are built as the judge would
build them. Their bytes stand for those of all; what earlier calls of the model took turns bytes
into tokens and tokens into dollars, and where there are none a stated range does. A judge made of
judges takes what its hosted members do; the second of a cascade is asked about a share of the
cells, by what its earlier verdicts tell, else any share.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rubricstudio.domain.shares import wilson
from rubricstudio.domain.spending import Expected, rate_of, total, total_of_sample
from rubricstudio.models import Criterion, Response, RubricVersion
from scoring.actions.judges import site
from scoring.actions.pair_batches import cells_of, pair_requests
from scoring.actions.runs import Spending
from scoring.judges import InvalidJudgeConfig, JudgeRequest, build, calls_models
from scoring.judges.cascade import CascadeJudge
from scoring.judges.llm import LlmJudge
from scoring.judges.panel import PanelJudge
from scoring.llm_calls import prompt_bytes
from scoring.models import Judge
from scoring.queries.earlier_calls import EarlierCall, asked_second, earlier_calls
from scoring.queries.pair_plans import ORDERS, PairPlan
from scoring.queries.plans import RunPlan, criteria_for, judged_criteria
from scoring.queries.requests import requests_for

SAMPLE = 40
SAMPLE_WITH_PICTURES = 10  # each brings its pictures along
SEED = 20
ENOUGH = 10  # earlier calls; fewer say too little

# Where no earlier call tells: tokens a byte of English and of most other languages (5 to 3 bytes
# a token), and the tokens of two or three sentences with quotes.
TOKENS_A_BYTE = Expected(1 / 4, 1 / 5, 1 / 3)
REPLY_TOKENS = (150, 40, 400)


WHOLE = Expected(1, 1, 1)
ANY_SHARE = Expected(0.5, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimate:
    """What a run would take if every call is answered at the first attempt; cost in US dollars.

    cost: None where no price is known here, of any member. looked_at: how many of the `prompts`
    were built; a prompt is asked once for each sample. by_earlier, replies_by, price_by: how many
    earlier calls tell the tokens a byte, the length of replies and the price; 0 where a stated
    range, or the judge's own price, does; of several members the fewest. share: of the cells,
    those that are asked about at all, as `share_by` earlier verdicts tell. members: what each
    hosted judge inside takes, of which this is the sum; empty for a judge alone.
    """

    name: str = ""
    calls: Expected
    tokens_in: Expected
    tokens_out: Expected
    cost: Expected | None
    looked_at: int
    prompts: int
    by_earlier: int
    replies_by: int
    price_by: int
    may_reuse: bool
    share: Expected = WHOLE
    share_by: int = 0
    members: Sequence[RunEstimate] = ()

    @property
    def tokens(self) -> Expected:
        return self.tokens_in + self.tokens_out

    def outlook(self, limits: Spending) -> str:
        """Whether the budget reaches: "stops", "may stop", or empty where it does."""
        given = ((limits.cost, self.cost), (limits.tokens, self.tokens))
        pairs = [(float(limit), found) for limit, found in given if limit and found]
        if any(limit < found.low for limit, found in pairs):
            return "stops"
        return "may stop" if any(limit < found.high for limit, found in pairs) else ""


def estimate_run(
    *, judge: Judge, version: RubricVersion, plan: RunPlan | PairPlan
) -> RunEstimate | None:
    """What the plan would take; None for judges that call no hosted model or cannot work.

    A handful of queries for each hosted model, whatever the size of the plan.
    """
    compares = isinstance(plan, PairPlan)
    if plan.is_empty or compares != judge.compares or not calls_models(judge.kind, judge.params):
        return None
    try:
        built = build(judge.kind, judge.params, site())
    except InvalidJudgeConfig:
        return None
    if isinstance(plan, PairPlan):
        assert isinstance(built, LlmJudge)  # no other compares
        return _estimate(judge, _Asked(built), version, plan)
    asked = _asked(judge, built, plan)
    found = [_estimate(judge, each, version, plan) for each in asked]
    members = [each for each in found if each is not None]
    if not members:
        return None
    return members[0] if isinstance(built, LlmJudge) else _sum(members)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A hosted judge, how often each cell is put to it, and the share of cells that are."""

    judge: LlmJudge
    name: str = ""
    times: int = 1
    share: Expected = WHOLE
    share_by: int = 0


def _asked(judge: Judge, built: object, plan: RunPlan, name: str = "") -> list[_Asked]:
    """The hosted judges that `built`, which is that judge or one inside it, would have asked."""
    if isinstance(built, LlmJudge):
        return [_Asked(built, name)]
    if isinstance(built, PanelJudge):
        return [
            one for member in built.inside for one in _asked(judge, member.judge, plan, member.name)
        ]
    if not isinstance(built, CascadeJudge):
        return []
    first, second = built.inside
    share, share_by = _share_of_second(judge, plan)
    return [
        *(
            replace(each, times=built.samples)
            for each in _asked(judge, first.judge, plan, first.name)
        ),
        *(
            replace(each, share=share, share_by=share_by)
            for each in _asked(judge, second.judge, plan, second.name)
        ),
    ]


def _share_of_second(judge: Judge, plan: RunPlan) -> tuple[Expected, int]:
    """The share of cells that a cascade's second is asked, and how many verdicts say so.

    The interval is Wilson's, of so few verdicts that it holds for the share in those to come.
    """
    second, of = asked_second(judge)
    if of < ENOUGH:
        return ANY_SHARE, 0
    share, worth = second / of, 1 / (1 / of + 1 / plan.verdicts)
    low, high = wilson(share * worth, worth)
    return Expected(share, low, high), of


def _sum(members: Sequence[RunEstimate]) -> RunEstimate:
    costs = [each.cost for each in members if each.cost is not None]
    return RunEstimate(
        calls=total([each.calls for each in members]),
        tokens_in=total([each.tokens_in for each in members]),
        tokens_out=total([each.tokens_out for each in members]),
        cost=total(costs) if len(costs) == len(members) else None,
        looked_at=sum(each.looked_at for each in members),
        prompts=sum(each.prompts for each in members),
        by_earlier=min(each.by_earlier for each in members),
        replies_by=min(each.replies_by for each in members),
        price_by=min(each.price_by for each in members),
        may_reuse=any(each.may_reuse for each in members),
        members=members,
    )


def _estimate(
    judge: Judge, asked: _Asked, version: RubricVersion, plan: RunPlan | PairPlan
) -> RunEstimate | None:
    """What one hosted judge would take of a run of `judge`, which it is or is inside of."""
    built = asked.judge
    if isinstance(plan, PairPlan):
        prompts = _pair_prompts(judge, built, version, plan)
    else:
        prompts = _prompts(judge, built, version, plan)
    if not prompts.sizes:
        return None
    times = plan.samples * asked.times
    share = prompts.share_of_calls(asked.share)
    calls = share.times(prompts.calls * times)
    future = round(calls.value)
    earlier = earlier_calls(judge.rater.project, built.model)
    own = [each for each in earlier if each.judge_id == judge.pk]
    a_byte, by_earlier = _tokens_a_byte(own, earlier, future)
    reply, replies_by = _tokens_a_reply(own, built, prompts, future)
    tokens_in = total_of_sample(prompts.sizes, prompts.units).times(times) * a_byte * share
    tokens_out = reply * calls
    cost, price_by = _cost(built, own, earlier, tokens_in, tokens_out, future)
    return RunEstimate(
        name=asked.name,
        calls=calls,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=cost,
        looked_at=len(prompts.sizes) * prompts.calls_each,
        prompts=prompts.calls,
        by_earlier=by_earlier,
        replies_by=replies_by,
        price_by=price_by,
        may_reuse=built.reuse,
        share=asked.share,
        share_by=asked.share_by,
    )


@dataclass(frozen=True, slots=True)
class _Prompts:
    """The prompts of a plan, by units of which some were drawn and their prompts built.

    A unit is what the judge never divides: a response and a criterion, or a whole response where
    one call asks several criteria, or a pair, a criterion and an order. sizes: bytes of each unit
    drawn. calls_each: calls of a unit. criteria: the most in one call. longest_reply: the tokens
    it may have.
    """

    sizes: list[int]
    units: int
    calls_each: int
    criteria: int
    longest_reply: int

    @property
    def calls(self) -> int:
        return self.units * self.calls_each

    def share_of_calls(self, of_cells: Expected) -> Expected:
        """The share of calls that are made where this share of cells is asked about.

        A call about k criteria is made if any of them is asked: from the share itself, where
        they come together, to k times as much, where each comes alone.
        """
        some = 1 - (1 - of_cells.value) ** self.criteria
        return Expected(some, of_cells.low, min(1.0, of_cells.high * self.criteria))


def _prompts(judge: Judge, built: LlmJudge, version: RubricVersion, plan: RunPlan) -> _Prompts:
    keys = judged_criteria(version, judge.kind)
    asked = [pk for pk in plan.response_ids if pk not in plan.blank]
    whole = built.mode == "rubric"
    in_a_call = min(len(keys), built.criteria_per_call) if whole else 1
    columns = [tuple(keys)] if whole else [(key,) for key in keys]
    units, calls_each = len(asked) * len(columns), -(-len(columns[0]) // in_a_call)
    places = [divmod(unit, len(columns)) for unit in _drawn(built, units)]
    chosen = [(asked[row], key) for row, column in places for key in columns[column]]
    responses = Response.objects.select_related("task").in_bulk({pk for pk, _ in chosen})
    rows = Criterion.objects.select_related("parent").in_bulk({key for _, key in chosen})
    cells = [(responses[pk], rows[key], 0) for pk, key in chosen]
    sizes, longest = _measured(built, requests_for(built, judge.rater.project, cells))
    of_units = [sum(sizes[at : at + calls_each]) for at in range(0, len(sizes), calls_each)]
    return _Prompts(of_units, units, calls_each, in_a_call, longest)


def _pair_prompts(
    judge: Judge, built: LlmJudge, version: RubricVersion, plan: PairPlan
) -> _Prompts:
    criteria = criteria_for(version, judge.kind)
    asked = [pair for pair in plan.pairs if pair not in plan.blank]
    each = len(criteria) * ORDERS
    units = len(asked) * each
    places = [divmod(unit, each) for unit in _drawn(built, units)]
    ids = {pk for row, _ in places for pk in asked[row]}
    responses = Response.objects.select_related("task").in_bulk(ids)
    cells = [
        cells_of(responses[asked[row][0]], responses[asked[row][1]], criteria, 0)[place]
        for row, place in places
    ]
    sizes, longest = _measured(built, pair_requests(built, judge.rater.project, cells))
    return _Prompts(sizes, units, 1, 1, longest)


def _drawn(built: LlmJudge, units: int) -> list[int]:
    """The units whose prompts are built."""
    most = SAMPLE_WITH_PICTURES if built.vision else SAMPLE
    chance = random.Random(SEED)  # noqa: S311 - not a secret
    return sorted(chance.sample(range(units), min(most, units)))


def _measured(built: LlmJudge, requests: Sequence[JudgeRequest]) -> tuple[list[int], int]:
    """The bytes of each prompt about these requests, and the most tokens a reply may have."""
    questions = built.questions(requests)
    sizes = [prompt_bytes(built.call(question).messages) for question in questions]
    return sizes, max(map(built.longest_reply, questions), default=0)


def _tokens_a_byte(
    own: Sequence[EarlierCall], all_: Sequence[EarlierCall], calls: int
) -> tuple[Expected, int]:
    """Tokens for each byte of a prompt, and how many earlier calls say so (0: the range)."""
    told = own if len(own) >= ENOUGH else all_
    if len(told) < ENOUGH:
        return TOKENS_A_BYTE, 0
    return rate_of([(each.prompt_bytes, each.tokens_in) for each in told], calls), len(told)


def _tokens_a_reply(
    own: Sequence[EarlierCall], built: LlmJudge, prompts: _Prompts, calls: int
) -> tuple[Expected, int]:
    """Tokens of a reply, and how many earlier calls say so.

    Only this judge's own tell: another's settings make other replies.
    """
    if len(own) >= ENOUGH:
        return rate_of([(1, each.tokens_out) for each in own], calls), len(own)
    longest = prompts.longest_reply
    usual, low, high = (min(each * prompts.criteria, longest) for each in REPLY_TOKENS)
    if built.reasoning_effort not in (None, "none"):
        high = longest
    return Expected(usual, low, high), 0


def _cost(
    built: LlmJudge,
    own: Sequence[EarlierCall],
    all_: Sequence[EarlierCall],
    tokens_in: Expected,
    tokens_out: Expected,
    calls: int,
) -> tuple[Expected | None, int]:
    """Dollars by the judge's prices, else by what a token cost earlier; how many calls say so."""
    if built.price_in is not None and built.price_out is not None:
        paid = tokens_in.times(built.price_in / 1e6) + tokens_out.times(built.price_out / 1e6)
        return paid, 0
    for known in (own, all_):
        told = [(each.tokens, each.cost) for each in known if each.cost is not None]
        if len(told) >= ENOUGH:
            return (tokens_in + tokens_out) * rate_of(told, calls), len(told)
    return None, 0
