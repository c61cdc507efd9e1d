"""Calls of hosted models as values, and the books that are kept of them.

A call is written down before it is sent (an `Intent`) and again when it ends, so that
whoever pays can say what was paid for, also after a power cut. Who keeps the books is
not known here: see `Ledger`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scoring.llm_errors import Trouble

# A token of English has about four bytes, of most other scripts two or more: half the bytes
# are a bound that an ordinary text does not reach, a quarter is what one may expect.
BYTES_A_TOKEN_AT_LEAST = 2
BYTES_A_TOKEN = 4
TOKENS_A_MESSAGE = 16  # what a chat template puts around one
TOKENS_A_PICTURE = 2_000
BYTES_A_PICTURE = TOKENS_A_PICTURE * BYTES_A_TOKEN_AT_LEAST


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """One chat completion to ask for; `options` are added to the client's own.

    `label` says what the answer is for, such as a response, a criterion and a sample: two
    calls with one label and the same words are the same call, made again.
    """

    messages: Sequence[Mapping[str, object]]
    options: Mapping[str, object] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """What came back. Tokens and cost (US dollars) are None where not known.

    `reused`: the answer was paid for by an earlier call with the same words.
    """

    text: str
    finish_reason: str = ""
    refusal: str = ""
    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    latency: float = 0.0
    attempts: int = 1
    reused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFailure:
    """Why there is no reply, in words for the person who configured the model.

    `unsent`: the last attempt was not made, because whoever keeps the books said no.
    `maybe_paid`: the server may have answered, and nobody heard it.
    """

    trouble: Trouble
    message: str
    retry_after: float | None = None
    latency: float = 0.0
    attempts: int = 1
    unsent: bool = False
    maybe_paid: bool = False


Result = ChatReply | ChatFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an endpoint takes a minute, from everybody together; None for no limit."""

    requests: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A call that is about to be sent.

    cell: 64 hex digits of the label and all that shapes the answer; key: of the latter alone.
    endpoint: whose limits it counts against. expected_tokens: what a provider takes it for
    when it counts tokens a minute. most_tokens and most_cost (US dollars, None where no price
    is known): bounds that the call should not pass. prompt_bytes: how long the prompt is.
    """

    cell: str
    key: str
    endpoint: str
    model: str
    attempt: int
    expected_tokens: int
    most_tokens: int
    most_cost: float | None
    prompt_bytes: int | None = None


Permit = int
"""The number under which an intent was written down."""


class Ledger(Protocol):
    """Keeps the books of calls. Every method is called in the thread that asked for them."""

    def known(self, wanted: Mapping[str, str], *, elsewhere: bool) -> Mapping[str, ChatReply]:
        """The answers that are there already, by cell; `wanted` maps cells to keys.

        `elsewhere` also takes answers to the same words that were not for this cell.
        """
        ...

    def pace(self, intents: Sequence[Intent], limits: Limits) -> Sequence[float]:
        """Take each intent's turn at its endpoint: the seconds until it comes."""
        ...

    def write(
        self, intents: Sequence[Intent], ended: Sequence[tuple[Permit, Result]]
    ) -> Sequence[Permit | ChatFailure]:
        """Write down how calls ended, then those about to be sent; a failure says not to.

        One step: either all of it is kept or none.
        """
        ...

    def shut(self, endpoint: str, seconds: float, why: str) -> None:
        """Have nobody call an endpoint for a while."""
        ...


def intent_of(
    call: ChatCall,
    options: Mapping[str, object],
    *,
    model: str,
    endpoint: str,
    attempt: int = 1,
    price: tuple[float, float] | None = None,
) -> Intent:
    """The intent to make `call`; `price` is in dollars a token, in and out."""
    key = hash_of([model, endpoint, list(call.messages), dict(options)])
    size, pictures = _size(call.messages)
    around = TOKENS_A_MESSAGE * len(call.messages) + TOKENS_A_PICTURE * pictures
    longest = options.get("max_tokens")
    reply = longest if isinstance(longest, int) else 0
    prompt = size // BYTES_A_TOKEN_AT_LEAST + around
    return Intent(
        cell=hash_of([call.label, key]),
        key=key,
        endpoint=endpoint,
        model=model,
        attempt=attempt,
        expected_tokens=size // BYTES_A_TOKEN + around + reply,
        most_tokens=prompt + reply,
        most_cost=prompt * price[0] + reply * price[1] if price else None,
        prompt_bytes=prompt_bytes(call.messages),
    )


def prompt_bytes(messages: Sequence[Mapping[str, object]]) -> int:
    """How long a prompt is: the bytes of its texts, and a fixed number for each picture."""
    size, pictures = _size(messages)
    return size + BYTES_A_PICTURE * pictures


def hash_of(parts: Sequence[object]) -> str:
    """The SHA-256 of JSON values, as 64 hex digits."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _size(messages: Sequence[Mapping[str, object]]) -> tuple[int, int]:
    """The bytes of all texts, and the number of pictures."""
    size = pictures = 0
    for message in messages:
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"text": content}]
        for part in parts:
            text = part.get("text") if isinstance(part, Mapping) else None
            size += len(text.encode("utf-8", "surrogatepass")) if isinstance(text, str) else 0
            pictures += text is None
    return size, pictures
