"""Current verdicts as columns, from real rows."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from rubricstudio.actions.rounds import open_round, rater_for_user
from rubricstudio.actions.rubrics import publish, start_draft
from rubricstudio.models import Criterion, Round, RoundKind, User, Verdict
from rubricstudio.queries.verdict_table import verdict_columns
from tests.conftest import Cast, Data


def _session(cast: Cast, data: Data, name: str) -> Round:
    return open_round(
        project=cast.project,
        kind=RoundKind.SESSION,
        name=name,
        version=data.version,
        by=cast.owner,
    )


def _say(
    cast: Cast,
    round_: Round,
    user: User,
    data: Data,
    key: str,
    value: float | None,
    revision: int = 0,
) -> None:
    Verdict.objects.create(
        round=round_,
        rater=rater_for_user(project=cast.project, user=user),
        response=data.responses[0],
        criterion=Criterion.objects.get(version=round_.version_id, key=key),
        status="cannot_assess" if value is None else "ok",
        value=value,
        revision=revision,
    )


def test_it_reads_values_and_missing_ones(
    cast: Cast, data: Data, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    session = _session(cast, data, "first")
    _say(cast, session, cast.annotator, data, "warns", 1)
    _say(cast, session, cast.second_annotator, data, "warns", None)
    _say(cast, session, cast.annotator, data, "clarity", 3)

    # Besides the COPY: the rubrics, and their criteria.
    with django_assert_num_queries(2):
        columns = verdict_columns(rounds=[session.pk])
    table = columns.table()

    assert len(columns) == 3
    assert sorted(v for v in columns.value if not np.isnan(v)) == [1.0, 3.0]
    assert table.n_units == 2
    assert table.n_values == 2
    assert {c.key for c in columns.criteria.values()} == {"warns", "invents", "clarity"}


def test_a_correction_replaces_what_it_corrects(cast: Cast, data: Data) -> None:
    session = _session(cast, data, "first")
    _say(cast, session, cast.annotator, data, "warns", 1)
    _say(cast, session, cast.annotator, data, "warns", 0, revision=1)
    _say(cast, session, cast.annotator, data, "invents", 1)

    columns = verdict_columns(rounds=[session.pk])

    by_key = {
        columns.criteria[int(c)].key: v
        for c, v in zip(columns.criterion, columns.value, strict=True)
    }
    assert by_key == {"warns": 0.0, "invents": 1.0}


def test_verdicts_of_two_versions_meet_where_the_words_are_the_same(cast: Cast, data: Data) -> None:
    first = _session(cast, data, "first")
    _say(cast, first, cast.annotator, data, "warns", 1)
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    draft.criteria.filter(key="warns").update(weight=9)
    draft.criteria.filter(key="invents").update(text="Invents a dose or a drug.")
    second = open_round(
        project=cast.project,
        kind=RoundKind.SESSION,
        name="second",
        version=publish(version=draft, by=cast.author),
        by=cast.owner,
    )
    _say(cast, second, cast.second_annotator, data, "warns", 0)
    _say(cast, second, cast.second_annotator, data, "invents", 0)
    _say(cast, first, cast.annotator, data, "invents", 1)

    columns = verdict_columns(rounds=[first.pk, second.pk])

    # "warns" was only reweighted: one unit with two values; "invents" was reworded: two units.
    assert sorted(columns.table().values_per_unit) == [1, 1, 2]


@pytest.mark.django_db
def test_no_rounds_give_no_rows() -> None:
    columns = verdict_columns(rounds=[])

    assert len(columns) == 0
    assert columns.table().coverage is None
