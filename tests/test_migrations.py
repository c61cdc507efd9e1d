"""Migrations are complete and run both ways."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection


@pytest.mark.django_db
def test_no_model_change_lacks_a_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_they_run_backwards_and_forwards_again() -> None:
    before = set(connection.introspection.table_names())

    for app in ("scoring", "annotations"):
        call_command("migrate", app, "zero", verbosity=0)
    call_command("migrate", "rubricstudio", "0001", verbosity=0)
    between = set(connection.introspection.table_names())
    call_command("migrate", verbosity=0)

    assert "scoring_run" in before - between
    assert set(connection.introspection.table_names()) == before
