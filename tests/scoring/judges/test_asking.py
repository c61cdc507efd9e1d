"""Members that wait for servers are asked at once, and what they say is decided as it comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import pytest

from scoring.judges import (
    JudgeBusy,
    JudgeError,
    JudgeRequest,
    JudgeStopped,
    Outcome,
    Provenance,
    Scored,
    Site,
    build,
)
from scoring.judges.protocol import Tell
from scoring.llm_calls import ChatFailure, Intent
from tests.scoring.judges.cases import a_request
from tests.scoring.member_models import stand_in

PATIENCE = 60.0  # seconds; nobody waits so long unless something is wrong
MET = Scored(value=1, provenance=Provenance(model="m"))


@dataclass
class Hosted:
    """Tells of one request after another; `before` is called ahead of each with its number."""

    before: Callable[[int], object] = lambda _: None
    site: Site = Site()
    queue: ClassVar[str] = "llm"

    def judge(self, requests: Sequence[JudgeRequest]) -> list[Outcome]:
        return self.judge_telling(requests, lambda _: None)

    def judge_telling(self, requests: Sequence[JudgeRequest], tell: Tell) -> list[Outcome]:
        finished: list[Outcome | None] = [None] * len(requests)
        for place, request in enumerate(requests):
            try:
                self.before(place)
            except JudgeError as error:
                error.finished = tuple(finished)
                raise
            finished[place] = MET
            tell([(request, MET)])
        return [MET] * len(requests)


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    return stand_in(monkeypatch)


def _panel(*names: str) -> Any:
    members = [{"name": name, "kind": "scripted", "params": {}} for name in names]
    return build("panel", {"members": members})


def _raise(error: Exception) -> NoReturn:
    raise error


def test_hosted_members_are_asked_at_once(models: dict[str, Any]) -> None:
    all_here = threading.Barrier(3, timeout=PATIENCE)
    models |= {name: Hosted(lambda _: all_here.wait()) for name in "ABC"}

    outcomes = _panel("A", "B", "C").judge([a_request(), a_request()])

    assert [outcome.value for outcome in outcomes] == [1, 1]


def test_a_verdict_is_told_as_soon_as_every_member_has_spoken(models: dict[str, Any]) -> None:
    told = threading.Event()
    models["A"] = Hosted(lambda place: place == 0 or told.wait(PATIENCE) or _raise(TimeoutError()))
    models["B"] = Hosted()
    requests = [a_request(), a_request(sample=1)]
    heard: list[tuple[int, str]] = []

    def tell(said: Sequence[tuple[JudgeRequest, Outcome]]) -> None:
        for request, _ in said:
            heard.append((request.sample, threading.current_thread().name))
        told.set()

    _panel("A", "B").judge_telling(requests, tell)

    assert sorted(heard) == [(0, "MainThread"), (1, "MainThread")]


def test_what_members_said_before_one_was_busy_goes_out_with_the_failure(
    models: dict[str, Any],
) -> None:
    models["A"] = Hosted(lambda place: place < 2 or _raise(JudgeBusy("Too many.")))
    models["B"] = Hosted()

    with pytest.raises(JudgeBusy, match=r"A: Too many\.") as failed:
        _panel("A", "B").judge([a_request(), a_request(), a_request()])

    assert [bool(outcome) for outcome in failed.value.finished] == [True, True, False]
    assert [list(said) for said in failed.value.heard] == [[], [], ["1"]]


class Books:
    """A ledger that keeps what was written."""

    def __init__(self) -> None:
        self.written: list[tuple[Sequence[Intent], object]] = []

    def write(self, intents: Sequence[Intent], ended: object) -> Sequence[int]:
        self.written.append((intents, ended))
        return [1] * len(intents)


@dataclass
class Calling(Hosted):
    """Goes on calling until its books say not to, as a hosted model does."""

    def judge_telling(self, requests: Sequence[JudgeRequest], tell: Tell) -> list[Outcome]:
        books: Any = self.site.ledger
        while not isinstance(books.write(["a call"], ["an end"])[0], ChatFailure):
            pass
        raise JudgeStopped("The books say no.")


def test_after_a_failure_for_good_no_call_is_begun_and_each_end_is_written_down(
    models: dict[str, Any],
) -> None:
    books: Any = Books()
    models["A"] = Hosted(lambda _: _raise(JudgeError("No key.")))
    models["B"] = Calling(site=Site(ledger=books))

    with pytest.raises(JudgeError, match=r"A: No key\."):
        _panel("A", "B").judge([a_request()])

    assert books.written[-1] == ((), ["an end"])


def test_an_end_of_the_caller_ends_the_members(models: dict[str, Any]) -> None:
    models |= {name: Hosted() for name in "AB"}

    def lose_the_database(_: object) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        _panel("A", "B").judge_telling([a_request()] * 50, lose_the_database)
