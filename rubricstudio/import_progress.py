"""How far an import is, told through the cache: its transaction shows nothing before it ends."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.core.cache import cache
from redis.exceptions import RedisError

_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class ImportProgress:
    """Bytes of the files that were read so far, and the records found in them."""

    bytes_read: int = 0
    records: int = 0


def report_progress(job_id: int, progress: ImportProgress) -> None:
    """Note how far the job is; without a cache nobody sees it, and the import goes on."""
    try:
        cache.set(f"import:{job_id}", asdict(progress), timeout=_KEPT_SECONDS)
    except RedisError:
        return


def import_progress(job_id: int) -> ImportProgress:
    """What was noted last; nothing yet where the cache cannot be reached."""
    try:
        found = cache.get(f"import:{job_id}")
    except RedisError:
        found = None
    return ImportProgress(**found) if found else ImportProgress()
