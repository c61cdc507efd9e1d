"""Rows of the editor that are drawn from a mould are those that a template draws one by one."""

from __future__ import annotations

import random
import re

from django.test import Client
from django.urls import reverse

from rubricstudio.actions.rubrics import create_rubric
from rubricstudio.domain import rubric as domain
from tests.conftest import Cast

TEXTS = [
    '</textarea><script>alert("1")</script>',
    "a & b < c's",
    "{{ row.pk }} {% csrf_token %}",
    "\n begins with a line that is empty",
    "100000000000000000",
    "يذكر الجرعة",
]
LEVELS = (domain.Level(0, "none & <b>"), domain.Level(1, "all"))
SCALES = [
    domain.BINARY,
    domain.Scale(domain.ScaleKind.POINTS, (), 4.5),
    domain.Scale(domain.ScaleKind.ORDINAL, LEVELS),
]


def rows_of_all_kinds(count: int) -> domain.Rubric:
    """Rows whose fields are drawn by lot, a group before every ten."""
    lot = random.Random(7)  # noqa: S311 - which rows there are is no secret
    rows = []
    for n in range(count):
        text, group = lot.choice(TEXTS), f"g{n - n % 10}"
        if n % 10 == 0:
            rows.append(domain.Criterion(group, text, is_group=True))
        rows.append(
            domain.Criterion(
                f'c{n}"<&',
                text,
                description=lot.choice(["", *TEXTS]),
                weight=lot.choice([1.0, -2.0, 0.0, 12345.5]),
                met_means=lot.choice(list(domain.MetMeans)),
                scale=lot.choice(SCALES),
                tier=lot.choice([None, *domain.Tier]),
                gate=lot.random() < 0.3,
                parent=group,
                judged_by=lot.choice(list(domain.JudgedBy)),
                evidence_required=lot.random() < 0.5,
            )
        )
    return domain.Rubric(tuple(rows))


def without_token(page: str) -> str:
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", page)


def test_each_row_of_the_page_is_what_the_row_by_itself_is(cast: Cast, client: Client) -> None:
    client.force_login(cast.author)
    draft = create_rubric(
        project=cast.project, name="All", by=cast.author, value=rows_of_all_kinds(60)
    )
    page = without_token(client.get(draft.rubric.get_absolute_url()).content.decode())

    for row in draft.criteria.all():
        url = reverse("rubricstudio:criterion", args=["demo", draft.rubric_id, row.pk])
        alone = client.get(f"{url}?row", headers={"HX-Request": "true"}).content.decode()
        assert without_token(alone).strip() in page, row.key
        assert page.count(f'id="row-{row.pk}"') == 1
    assert "<script>alert" not in page
    assert 'data-name="c1&quot;&lt;&amp;"' in page
