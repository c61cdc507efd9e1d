"""Chat completions from a provider, through LiteLLM, which knows their addresses and dialects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from scoring.llm_calls import ChatCall, ChatReply
from scoring.llm_models import listed_price, litellm


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider's model; `price` in dollars a token, in and out, beats the listed one."""

    model: str
    api_key: str | None
    options: Mapping[str, object]
    timeout: float
    price: tuple[float, float] | None

    async def __aenter__(self) -> Self:
        _know(self.model)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close: LiteLLM keeps its connections for the loop's next batch."""

    async def ask(self, call: ChatCall) -> ChatReply:
        """The reply to a call; raises what LiteLLM raises."""
        settings: dict[str, object] = {**self.options, **call.options}
        if self.api_key:
            settings["api_key"] = self.api_key
        response = await litellm().acompletion(
            model=self.model,
            messages=list(call.messages),
            timeout=self.timeout,
            max_retries=0,
            num_retries=0,
            **settings,
        )
        return self._reply(response)

    def _reply(self, response: Any) -> ChatReply:
        if not response.choices:
            return ChatReply(text="")
        choice = response.choices[0]
        tokens_in, tokens_out, cost = self._paid(response)
        extra = getattr(choice.message, "provider_specific_fields", None) or {}
        return ChatReply(
            text=choice.message.content or "",
            finish_reason=choice.finish_reason or "",
            refusal=extra.get("refusal") or "",
            model=response.model or "",
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost=cost,
        )

    def _paid(self, response: Any) -> tuple[int | None, int | None, float | None]:
        """Tokens in and out, and dollars; where the provider says nothing, LiteLLM says 0."""
        usage = getattr(response, "usage", None)
        tokens_in = getattr(usage, "prompt_tokens", None)
        tokens_out = getattr(usage, "completion_tokens", None)
        if not tokens_in or tokens_out is None:
            return None, None, None
        if self.price:
            return tokens_in, tokens_out, tokens_in * self.price[0] + tokens_out * self.price[1]
        listed = listed_price(self.model) is not None
        cost = response._hidden_params.get("response_cost") if listed else None
        return tokens_in, tokens_out, cost


@cache
def _know(model: str) -> None:
    """Have LiteLLM know a model that it does not list: it looks for one long, at every call.

    It is told a price of nothing, which `Provider` knows not to take for one.
    """
    if listed_price(model) is not None:
        return
    provider = model.partition("/")[0]
    free = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
    litellm().register_model({model: {"litellm_provider": provider, "mode": "chat", **free}})
