"""How judges made of judges ask their members: at once where they wait for servers.

What a member says is kept as it comes, so that a failure of another loses nothing: the answers
go back with the error and come again with the request (`JudgeRequest.heard`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from scoring.judges.members import Heard, Member
from scoring.judges.protocol import (
    Judge,
    JudgeBusy,
    JudgeError,
    JudgeRequest,
    Outcome,
    Tell,
    TellingJudge,
    check_outcomes,
)
from scoring.judges.together import Caller, CallerLeft, FarLedger

News = Callable[[Collection[int]], None]
"""Takes the places of requests of which something was heard."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for a member: what it says joins `heard` under `slot`.

    place: of the request that `heard` is about, among all.
    """

    place: int
    slot: str
    request: JudgeRequest
    heard: Heard


def asks(
    slot: str, requests: Sequence[JudgeRequest], heard: Sequence[Heard], places: Sequence[int]
) -> list[Ask]:
    """An ask for each of the requests at `places`."""
    return [Ask(place, slot, requests[place], heard[place]) for place in places]


def ask_members(wanted: Sequence[tuple[Member, Sequence[Ask]]], news: News) -> None:
    """Put to each member what was not heard of it yet; `news` is called in this thread.

    Members that wait for servers are asked at once, then the others one after another: what is
    computed here must not keep those from being heard. Raises as a member does, in words that
    name it; where several fail, the failure that no patience mends.
    """
    parts = [
        _Part(member, [ask for ask in asked if ask.slot not in ask.heard])
        for member, asked in wanted
    ]
    waiting = [part for part in parts if part.asks and isinstance(part.member.judge, TellingJudge)]
    at_once = waiting if len(waiting) > 1 else []
    if at_once:
        _ask_at_once(at_once, news)
    for part in parts:
        if part.asks and part not in at_once:
            part.put_to(part.member.judge, partial(_note, news))


Said = Sequence[tuple[Ask, Outcome]]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one member is asked."""

    member: Member
    asks: Sequence[Ask]

    def put_to(self, judge: Judge, keep: Callable[[Said], None]) -> None:
        """Ask `judge`, which stands for the member; `keep` takes what it says, also on failure."""
        asked = [_for_member(self.member, ask) for ask in self.asks]
        of = {id(request): ask for request, ask in zip(asked, self.asks, strict=True)}

        def tell(said: Sequence[tuple[JudgeRequest, Outcome]]) -> None:
            check_outcomes([request for request, _ in said], [outcome for _, outcome in said])
            keep([(of[id(request)], outcome) for request, outcome in said])

        try:
            outcomes = (
                judge.judge_telling(asked, tell)
                if isinstance(judge, TellingJudge)
                else judge.judge(asked)
            )
            check_outcomes(asked, outcomes)
        except JudgeError as error:
            finished = zip(self.asks, error.finished, strict=False)
            keep([(ask, outcome) for ask, outcome in finished if outcome is not None])
            for ask, inside in zip(self.asks, error.heard, strict=False):
                ask.heard.update({f"{ask.slot}/{inner}": each for inner, each in inside.items()})
            error.args = (f"{self.member.name}: {error}",)
            raise
        keep(list(zip(self.asks, outcomes, strict=True)))


def _note(news: News, said: Said) -> None:
    new = [(ask, outcome) for ask, outcome in said if ask.slot not in ask.heard]
    for ask, outcome in new:
        ask.heard[ask.slot] = outcome
    news({ask.place for ask, _ in new})


def _for_member(member: Member, ask: Ask) -> JudgeRequest:
    """The request as the member is to see it: with the pictures and examples that it uses.

    Its place makes its calls its own: two members alike are asked, and paid, twice.
    """
    request, before = ask.request, f"{ask.slot}/"
    return replace(
        request,
        heard={
            key.removeprefix(before): each
            for key, each in ask.heard.items()
            if key.startswith(before)
        },
        place=f"{request.place}/{ask.slot}" if request.place else ask.slot,
        pictures=request.pictures if member.needs("vision") else (),
        examples=request.examples[: member.needs("examples")],
    )


def _ask_at_once(parts: Sequence[_Part], news: News) -> None:
    """Ask members at once. What one that fails for good makes useless is not begun any more."""
    caller = Caller()
    books: list[FarLedger] = []
    failures: list[Exception] = []

    def work(part: _Part, judge: Judge) -> None:
        try:
            part.put_to(judge, lambda said: caller.have(partial(_note, news, said)))
        except CallerLeft:
            raise
        except Exception as error:
            failures.append(error)
            if not isinstance(error, JudgeBusy):
                for each in books:
                    each.halted = True

    def with_books(judge: Judge) -> Judge:
        made: Any = judge  # one that tells has a site
        if made.site.ledger is None:
            return judge
        books.append(FarLedger(made.site.ledger, caller))
        asked: Judge = replace(made, site=replace(made.site, ledger=books[-1]))
        return asked

    judges = [with_books(part.member.judge) for part in parts]
    caller.wait_for([partial(work, *pair) for pair in zip(parts, judges, strict=True)])
    for error in sorted(failures, key=lambda error: isinstance(error, JudgeBusy)):
        raise error


# -- deciding


def judge_by(
    requests: Sequence[JudgeRequest],
    hear: Callable[[Sequence[JudgeRequest], Sequence[Heard], News], None],
    decide: Callable[[JudgeRequest, Heard], Outcome | None],
    tell: Tell,
) -> list[Outcome]:
    """Hear the members and decide each request as soon as it can be, which `tell` is told.

    `decide` gives None where more must be heard. A failure goes out with what is decided all the
    same, and with what was heard of the rest.
    """
    heard: list[Heard] = [dict(request.heard) for request in requests]
    decided: list[Outcome | None] = [None] * len(requests)

    def news(places: Collection[int]) -> None:
        new = []
        for place in sorted(places):
            if decided[place] is None:
                decided[place] = outcome = decide(requests[place], heard[place])
                new += [(requests[place], outcome)] if outcome else []
        if new:
            tell(new)

    news(range(len(requests)))
    try:
        hear(requests, heard, news)
    except JudgeError as error:
        error.finished = tuple(decided)
        error.heard = tuple(
            {} if outcome else said for outcome, said in zip(decided, heard, strict=True)
        )
        raise
    return [outcome for outcome in decided if outcome is not None]
