"""The cache in Valkey; one that cannot be reached is empty, so pages and sign-in go on without.

What is kept here can be missing at any time: signs of life, progress, and how often
somebody tried to sign in. Those limits rest while the store is away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as TooSlow

log = logging.getLogger(__name__)


class ForgivingCache(RedisCache):
    """Every operation as in RedisCache; without a store nothing is found and nothing kept."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _tried(lambda: super(ForgivingCache, self).get(key, default, version), default)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        found: dict[Any, Any] = _tried(
            lambda: super(ForgivingCache, self).get_many(keys, version), {}
        )
        return found

    def set(self, key: Any, value: Any, *args: Any, **options: Any) -> None:
        _tried(lambda: super(ForgivingCache, self).set(key, value, *args, **options), None)

    def add(self, key: Any, value: Any, *args: Any, **options: Any) -> bool:
        """True without a store, as it holds nothing yet: who takes a lock here goes on."""
        added = _tried(lambda: super(ForgivingCache, self).add(key, value, *args, **options), True)
        return bool(added)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return int(_tried(lambda: super(ForgivingCache, self).incr(key, delta, version), delta))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(_tried(lambda: super(ForgivingCache, self).delete(key, version), False))


def _tried(operation: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return operation()
    except (Unreachable, TooSlow) as error:
        log.warning("the cache cannot be reached: %s", error)
        return otherwise
