"""How a server that speaks OpenAI's protocol wants to be spoken to, as LiteLLM knows it.

These are the parts inside `litellm.acompletion` that decide what goes over the wire and what
comes of it; tests hold them against the whole. A new release of LiteLLM is tried here first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from scoring.llm_models import listed_price, litellm


class Dialect:
    """The dialect of "provider/name" at an address, with a key."""

    def __init__(self, model: str, api_base: str, api_key: str) -> None:
        self._model, self._base, self._key = model, api_base, api_key
        self._provider, _, self._name = model.partition("/")
        self._shapes: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

    @cached_property
    def _config(self) -> Any:
        module = litellm()
        return module.utils.ProviderConfigManager.get_provider_chat_config(
            model=self._name, provider=module.LlmProviders(self._provider)
        )

    @property
    def url(self) -> str:
        """Where completions are asked for."""
        return str(self._config.get_complete_url(**self._about))

    @property
    def headers(self) -> dict[str, str]:
        """What says who asks."""
        found = self._config.validate_environment(headers={}, messages=[], **self._about)
        return {name: str(value) for name, value in found.items()}

    @property
    def _about(self) -> dict[str, Any]:
        about = {"model": self._name, "api_base": self._base, "api_key": self._key}
        return {**about, "optional_params": {}, "litellm_params": {}}

    def request(
        self, messages: Sequence[Mapping[str, object]], options: Mapping[str, object]
    ) -> dict[str, Any]:
        """The body of a request; raises LiteLLM's exception for an option it does not take."""
        shape, beyond = self._shape(options)
        body = self._config.transform_request(
            model=self._name,
            messages=[dict(message) for message in messages],
            optional_params=dict(shape),
            litellm_params={},
            headers={},
        )
        return {**body, **beyond}

    def _shape(self, options: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The options as the model takes them, and what goes beside: mostly the same each time."""
        key = json.dumps(options, sort_keys=True)
        if key not in self._shapes:
            shape = litellm().utils.get_optional_params(
                model=self._name, custom_llm_provider=self._provider, **options
            )
            self._shapes[key] = (shape, shape.pop("extra_body", None) or {})
        return self._shapes[key]

    def error(self, status: int, said: str, headers: Mapping[str, str]) -> Exception:
        """LiteLLM's exception for an HTTP error; header names in lower case."""
        module = litellm()
        plain = self._config.get_error_class(
            error_message=said, status_code=status, headers=dict(headers)
        )
        try:
            found = module.exception_type(
                model=self._name, original_exception=plain, custom_llm_provider=self._provider
            )
        except Exception as raised:  # which is how it gives most of them
            found = raised
        return found if isinstance(found, Exception) else plain

    def text(self, message: Mapping[str, object]) -> str:
        """What a message says, without what the model thought before it."""
        common = litellm().litellm_core_utils.prompt_templates.common_utils
        return common.extract_reasoning_content(message)[1] or ""

    def finish_reason(self, reason: str) -> str:
        """Why a reply ended, in OpenAI's words."""
        return str(litellm().litellm_core_utils.core_helpers.map_finish_reason(reason))

    def cost(self, usage: Mapping[str, object]) -> float | None:
        """Dollars for the tokens of a reply by LiteLLM's list; None where it has no price."""
        if listed_price(self._model) is None:
            return None
        module = litellm()
        paid = module.cost_per_token(
            model=self._model,
            prompt_tokens=usage["prompt_tokens"],
            completion_tokens=usage["completion_tokens"],
            usage_object=module.Usage(**usage),
        )
        return float(sum(paid))
