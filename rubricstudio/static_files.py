"""Where static files are, looked up once a process: a page names seventy of them."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage


class RememberedStaticFiles(StaticFilesStorage):
    """Static files whose addresses do not change while the process lives."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._urls: dict[str | None, str] = {}

    def url(self, name: str | None) -> str:
        """The file's address."""
        if name not in self._urls:
            self._urls[name] = super().url(name)
        return self._urls[name]
