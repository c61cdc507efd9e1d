"""What an exception from a hosted model means: what can be done, and what to tell people.

Exceptions are told apart by the names of their classes, so nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

LONGEST_MESSAGE = 500


class Trouble(StrEnum):
    """What went wrong with a call, by what can be done about it."""

    TIMEOUT = "timeout"  # no answer in time; it may have been paid for
    REFUSED = "refused"  # the provider's filter stopped it
    TOO_LONG = "too long"  # it does not fit the model's context
    BUSY = "busy"  # overloaded or away: worth trying again
    BROKEN = "broken"  # the server failed on this call
    REJECTED = "rejected"  # the server finds this call malformed
    FATAL = "fatal"  # no call can work: key, model, address
    BUDGET = "budget"  # the next call could cost more than is left
    STOPPED = "stopped"  # whoever asked wants no more


class GarbledReply(Exception):
    """A server answered something that is no chat completion; perhaps it was paid for."""


@dataclass(frozen=True, slots=True)
class Explained:
    """`retry_after` in seconds where the server asked for a wait; `unreached`: never connected.

    `unheard`: the connection broke before the answer was read.
    """

    trouble: Trouble
    message: str
    retry_after: float | None = None
    unreached: bool = False
    unheard: bool = False


# LiteLLM's exceptions, the special before the general.
TROUBLES: dict[str, Trouble] = {
    "Timeout": Trouble.TIMEOUT,
    "TimeoutError": Trouble.TIMEOUT,
    "ContextWindowExceededError": Trouble.TOO_LONG,
    "ContentPolicyViolationError": Trouble.REFUSED,
    "UnsupportedParamsError": Trouble.FATAL,
    "PaymentRequiredError": Trouble.FATAL,
    "AuthenticationError": Trouble.FATAL,
    "PermissionDeniedError": Trouble.FATAL,
    "NotFoundError": Trouble.FATAL,
    "RateLimitError": Trouble.BUSY,
    "ServiceUnavailableError": Trouble.BUSY,
    "BadGatewayError": Trouble.BUSY,
    "InternalServerError": Trouble.BROKEN,
    "APIConnectionError": Trouble.BROKEN,
    "BadRequestError": Trouble.REJECTED,
    "UnprocessableEntityError": Trouble.REJECTED,
}

# aiohttp's, of servers that did not answer, and our own of answers that make no sense.
UNANSWERED: dict[str, Trouble] = {
    "InvalidURL": Trouble.FATAL,
    "ClientError": Trouble.BROKEN,
    "GarbledReply": Trouble.BROKEN,
}

# What a provider's words say more exactly than the class of the exception does.
SAYINGS: tuple[tuple[str, Trouble, str], ...] = (
    ("content_policy_violation", Trouble.REFUSED, ""),
    ("insufficient_quota", Trouble.FATAL, "The account has no credit left."),
    (
        "Provider NOT provided",
        Trouble.FATAL,
        "The model {model!r} names no provider: write it as provider/name, such as "
        "openai/gpt-4.1 or hosted_vllm/my-model.",
    ),
)

HINTS: dict[str, str] = {
    "AuthenticationError": "The key was not accepted: check the environment variable that "
    "holds it.",
    "PermissionDeniedError": "The key may not use {model!r}.",
    "NotFoundError": "There is no model {model!r} at {where}: check the name.",
    "UnsupportedParamsError": "The model does not take one of the parameters: set it to null.",
    "PaymentRequiredError": "The account has no credit left.",
    "ContextWindowExceededError": "The prompt is longer than the model's context.",
    "RateLimitError": "{where} asks for fewer calls.",
    "ServiceUnavailableError": "{where} is overloaded or away.",
}


def explain(error: Exception, *, model: str, where: str | None, timeout: float) -> Explained:
    """What `error`, raised by a call to `model` at `where` (None: its provider), means."""
    place = where or "the provider"
    names = [each.__name__ for each in type(error).__mro__]
    known = TROUBLES | UNANSWERED
    kind = next((name for name in known if name in names), "")
    trouble = known.get(kind) or _by_status(getattr(error, "status_code", None))
    if trouble is Trouble.TIMEOUT:
        return Explained(trouble, f"No answer in time (the limit is {timeout:g} seconds).")
    if isinstance(error, GarbledReply):
        return Explained(trouble, str(error), unheard=True)
    if trouble is Trouble.BROKEN and getattr(error, "litellm_response_headers", None) is None:
        return _unanswered(error, place)
    said = str(error)[:LONGEST_MESSAGE]
    hint = HINTS.get(kind, "")
    for words, means, tip in SAYINGS:
        if words in said:
            trouble, hint = means, tip
            said = said if means is Trouble.REFUSED else ""
    message = f"{hint.format(model=model, where=place)} {said}".strip()
    return Explained(trouble, message, retry_after(error))


def _by_status(status: object) -> Trouble:
    """The trouble behind an HTTP status that LiteLLM has no exception of its own for."""
    if status == 413:
        return Trouble.TOO_LONG
    if status == 529:  # one provider's word for overloaded
        return Trouble.BUSY
    return Trouble.BROKEN if isinstance(status, int) and status > 500 else Trouble.FATAL


def _unanswered(error: Exception, place: str) -> Explained:
    """A call that got no HTTP answer: never connected, or cut off midway."""
    chain = list(_chain(error))
    heard = ("httpx", "aiohttp.")
    cause = next((e for e in chain if type(e).__module__.startswith(heard)), chain[-1])
    said = str(cause)[:LONGEST_MESSAGE]
    if "api_key" in said:
        return Explained(
            Trouble.FATAL,
            "No key is set: put it in an environment variable of the workers and name that in "
            "api_key_env.",
        )
    if any(type(each).__name__ in ("ConnectError", "ClientConnectorError") for each in chain):
        return Explained(Trouble.BUSY, f"Cannot reach {place}: {said}", unreached=True)
    message = f"The connection broke while the reply was read: {said}"
    return Explained(Trouble.BROKEN, message, unheard=True)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def retry_after(error: Exception) -> float | None:
    """The wait in seconds a server asked for; a date in place of a number is not read."""
    sources = (
        getattr(error, "litellm_response_headers", None),
        getattr(getattr(error, "response", None), "headers", None),
    )
    for headers in sources:
        if headers is None or "retry-after" not in headers:
            continue
        try:
            return max(0.0, float(headers["retry-after"]))
        except ValueError:
            return None
    return None
