"""An edit of a long rubric asks the database as often as one of a short rubric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio.actions.rubrics import create_rubric
from rubricstudio.domain import rubric as domain
from rubricstudio.models import Criterion, RubricVersion
from tests.conftest import Cast

HTMX = {"HX-Request": "true"}


def deep(groups: int) -> domain.Rubric:
    """A chain of up to ten groups, begun anew after that, with three criteria in each."""
    rows: list[domain.Criterion] = []
    for number in range(groups):
        parent = None if number % 10 == 0 else f"g{number - 1}"
        rows.append(domain.Criterion(f"g{number}", f"Part {number}", is_group=True, parent=parent))
        for n in range(3):
            key = f"c{number}-{n}"
            rows.append(domain.Criterion(key, f"States {key}.", parent=f"g{number}"))
    return domain.Rubric(tuple(rows))


def draft_of(cast: Cast, groups: int) -> RubricVersion:
    return create_rubric(
        project=cast.project, name=f"{groups} groups", by=cast.author, value=deep(groups)
    )


def quick(row: Criterion) -> dict[str, Any]:
    return {"text": "New.", "weight": 2, "met_means": "good", "row_version": row.row_version}


# What is asked of an address, and with what.
EDITS: dict[str, Callable[[Criterion], tuple[str, tuple[Any, ...], dict[str, Any]]]] = {
    "save": lambda row: ("criterion", (row.pk,), quick(row)),
    "add": lambda row: ("criterion-add", (), {"text": "New.", "after": row.key}),
    "up": lambda row: ("criterion-act", (row.pk,), {"do": "up"}),
    "outdent": lambda row: ("criterion-act", (row.pk,), {"do": "outdent"}),
    "drop": lambda row: ("criteria-order", (), {"moved": row.pk, "into": "", "before": ""}),
    "duplicate": lambda row: ("criterion-act", (row.pk,), {"do": "duplicate"}),
    "delete": lambda row: ("criterion-act", (row.pk,), {"do": "delete"}),
    "merge": lambda row: ("criterion-act", (row.pk,), {"do": "merge"}),
    "split": lambda row: (
        "criterion-split",
        (row.pk,),
        {"first": "A.", "second": "B.", "row_version": 0, "weighing": "keep"},
    ),
    "paste": lambda row: ("criteria-paste", (), {"pasted": "A\nB\n  C", "do": "store"}),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_takes_as_many_queries_and_bytes_in_a_long_rubric(
    client: Client, cast: Cast, name: str
) -> None:
    client.force_login(cast.author)
    counts, sizes = [], []
    for groups in (2, 2, 60):
        draft = draft_of(cast, groups)
        where, args, sent = EDITS[name](draft.criteria.get(key="c1-1"))
        address = reverse(f"rubricstudio:{where}", args=["demo", draft.rubric_id, *args])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = client.post(address, sent, headers=HTMX)
        assert response.status_code in (200, 204), response.content
        counts.append(len(queries))
        sizes.append(len(response.content))

    # The first of all fills caches.
    assert counts[2] == counts[1] <= 25
    assert sizes[2] < sizes[1] + 400


def test_undoing_takes_as_many_queries_in_a_long_rubric(client: Client, cast: Cast) -> None:
    client.force_login(cast.author)
    counts = []
    for groups in (2, 2, 60):
        draft = draft_of(cast, groups)
        row = draft.criteria.get(key="c1-1")
        address = reverse("rubricstudio:criterion-act", args=["demo", draft.rubric_id, row.pk])
        client.post(address, {"do": "delete"}, headers=HTMX)
        address = reverse("rubricstudio:draft-undo", args=["demo", draft.rubric_id])
        with CaptureQueriesContext(connection) as queries:
            assert client.post(address, headers=HTMX).status_code == 200
        counts.append(len(queries))
        assert draft.as_rubric() == deep(groups)

    assert counts[2] == counts[1] <= 25


def test_the_page_and_its_totals_take_as_many_queries_for_long_rubrics(
    client: Client, cast: Cast
) -> None:
    client.force_login(cast.author)
    for name in ("rubric", "rubric-totals"):
        counts = []
        for groups in (2, 2, 60):
            draft = draft_of(cast, groups)
            address = reverse(f"rubricstudio:{name}", args=["demo", draft.rubric_id])
            with CaptureQueriesContext(connection) as queries:
                response = client.get(address, headers=HTMX if name == "rubric-totals" else {})
            assert response.status_code == 200
            counts.append(len(queries))
        assert counts[2] == counts[1]
