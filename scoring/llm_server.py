"""Chat completions from a server at an address of one's own, which speaks OpenAI's protocol.

LiteLLM says what a request looks like and what an error means (`llm_dialect`). The call
itself is made here: `litellm.acompletion` takes some four milliseconds of processor for each,
most of it for logging and prices, and where a connection breaks it may send the request once
more on its own, which nobody would have booked (docs/adr/0015).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from rubricstudio.safe_address import AddressGuard
from scoring.llm_calls import ChatCall, ChatReply
from scoring.llm_dialect import Dialect
from scoring.llm_errors import GarbledReply
from scoring.llm_models import litellm

if TYPE_CHECKING:
    from aiohttp import ClientResponse

LARGEST_REPLY = 32 * 1024 * 1024  # bytes
NO_KEY = "none"  # a placeholder: LiteLLM would else take the provider's key from the environment


class OwnServer:
    """A server's model, and the connections to it, which follow no redirects.

    `guard` sees every address that is about to be connected to, after the name was resolved:
    neither can lead elsewhere. `price` in dollars a token, in and out.
    """

    def __init__(
        self,
        *,
        model: str,
        api_base: str,
        api_key: str | None,
        options: Mapping[str, object],
        timeout: float,
        price: tuple[float, float] | None,
        guard: AddressGuard,
    ) -> None:
        self._dialect = Dialect(model, api_base, api_key or NO_KEY)
        self._base, self._options = api_base, options
        self._timeout, self._price, self._guard = timeout, price, guard

    async def __aenter__(self) -> Self:
        import aiohttp

        limit = self._timeout
        connector = aiohttp.TCPConnector(
            limit=0, ssl=_secure(self._base), socket_factory=self._guard.socket
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(connect=limit, sock_connect=limit, sock_read=limit),
            trust_env=False,
            headers=self._dialect.headers,
        )
        self._url, self._proxy = self._dialect.url, _proxy(self._base)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def ask(self, call: ChatCall) -> ChatReply:
        """The reply to a call.

        Raises LiteLLM's exception for an HTTP error, aiohttp's where there was no answer, and
        GarbledReply for an answer that is no chat completion.
        """
        request = self._dialect.request(call.messages, {**self._options, **call.options})
        async with self._session.post(
            self._url,
            data=json.dumps(request).encode(),
            allow_redirects=False,
            proxy=self._proxy,
        ) as response:
            said = await _read(response)
            if response.status != 200:
                headers = {name.lower(): value for name, value in response.headers.items()}
                raise self._dialect.error(response.status, said.decode(errors="replace"), headers)
        return self._reply(_answer(said))

    def _reply(self, answer: Mapping[str, Any]) -> ChatReply:
        if error := _error(answer):
            raise self._dialect.error(*error, {})
        choice = _first_choice(answer)
        if choice is None:
            return ChatReply(text="")
        message = choice["message"]
        tokens_in, tokens_out, cost = self._paid(answer.get("usage"))
        return ChatReply(
            text=self._dialect.text(message),
            finish_reason=self._dialect.finish_reason(choice.get("finish_reason") or "stop"),
            refusal=message.get("refusal") or "",
            model=answer.get("model") or "",
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost=cost,
        )

    def _paid(self, usage: object) -> tuple[int | None, int | None, float | None]:
        """Tokens in and out, and dollars, by the price that was given or else the listed one."""
        if not isinstance(usage, Mapping):
            return None, None, None
        tokens_in, tokens_out = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if not (isinstance(tokens_in, int) and isinstance(tokens_out, int)):
            return None, None, None
        if self._price is None:
            return tokens_in, tokens_out, self._dialect.cost(usage)
        return tokens_in, tokens_out, tokens_in * self._price[0] + tokens_out * self._price[1]


def _secure(base: str) -> Any:
    """How connections are made safe: as LiteLLM was told to, where they are."""
    if not base.startswith("https:"):
        return True
    return litellm().llms.custom_httpx.http_handler.get_ssl_configuration()


def _proxy(base: str) -> str | None:
    """The proxy that the environment names for an address."""
    parts, known = urlsplit(base), getproxies()
    proxy = known.get(parts.scheme) or known.get("all")
    if not proxy or proxy_bypass(parts.hostname or ""):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


async def _read(response: ClientResponse) -> bytes:
    said = bytearray()
    async for piece in response.content.iter_any():
        said += piece
        if len(said) > LARGEST_REPLY:
            raise GarbledReply(f"The reply is longer than {LARGEST_REPLY:,} bytes.")
    return bytes(said)


def _answer(said: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(said)
    except ValueError as error:
        raise GarbledReply(f"The reply is not JSON: {error}.") from error
    if not isinstance(answer, Mapping):
        raise GarbledReply("The reply is not a JSON object.")
    return answer


def _error(answer: Mapping[str, Any]) -> tuple[int, str] | None:
    """Status and words of an error that came as if it were an answer; some send empty ones."""
    error = answer.get("error")
    if isinstance(error, str) and error:
        return 422, error
    if not isinstance(error, Mapping) or not (error.get("message") or error.get("code")):
        return None
    code = error.get("code")
    return code if isinstance(code, int) else 422, str(error.get("message") or code)


def _first_choice(answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    choices = answer.get("choices")
    if choices == []:
        return None
    first = choices[0] if isinstance(choices, list) else None
    if not isinstance(first, Mapping) or not isinstance(first.get("message"), Mapping):
        raise GarbledReply("The reply is not a chat completion: it has no choices[0].message.")
    return first
