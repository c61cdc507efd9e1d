"""Starts the embedded services before Django reads its settings (a pytest plugin)."""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack

import pytest

from rubricstudio import embedded

_stack = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    os.environ.setdefault("STUDIO_HOME", str(embedded.home_folder().with_name(".studio-test")))
    _stack.enter_context(embedded.environment())
    # Where collectstatic would write; whitenoise warns where it is absent.
    (embedded.home_folder() / "static").mkdir(parents=True, exist_ok=True)
    atexit.register(_stack.close)
