"""An installation of its own for a benchmark, in a folder that goes afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _common import say

from rubricstudio import embedded


@contextmanager
def installation(folder: Path) -> Iterator[None]:
    """Services under `folder`, migrated, and Django set up to use them."""
    with embedded.services(folder / "home") as services:
        os.environ.update(
            DATABASE_URL=services.database_url,
            BROKER_URL=services.broker_url,
            STUDIO_HOME=str(folder / "home"),
            DJANGO_SETTINGS_MODULE="rubricstudio.settings",
        )
        (folder / "home" / "static").mkdir()
        import django
        from django.core.management import call_command

        django.setup()
        say("migrating")
        call_command("migrate", verbosity=0)
        yield
