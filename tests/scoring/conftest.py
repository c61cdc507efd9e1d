"""What tests of hosted judges share: a scripted server, and judges that call it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.conftest import Cast
from tests.scoring.hosted import hosted_judge, verdict
from tests.scripted_server import ScriptedServer


@pytest.fixture
def server(settings: Settings) -> Iterator[ScriptedServer]:
    """Says that what it is asked about is met."""
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True
    with ScriptedServer(verdict) as started:
        yield started


@pytest.fixture
def hosted(cast: Cast, server: ScriptedServer) -> Any:
    """Makes a judge of that server: `hosted(name, **params)`."""
    return partial(hosted_judge, cast, server)
