"""The number that says what changed, wherever a version is named, and in files."""

from __future__ import annotations

import json

from django.test import Client
from django.urls import reverse

from rubricstudio.actions.rubrics import publish, start_draft
from rubricstudio.domain.formats.native import read
from rubricstudio.domain.formats.records import RubricRecord
from rubricstudio.domain.rubric_formats import native
from scoring.queries.exports import Wanted, jsonl, plan_export
from tests.conftest import Cast, Data


def test_the_list_of_rubrics_names_both_numbers(client: Client, cast: Cast, data: Data) -> None:
    client.force_login(cast.viewer)
    listed = reverse("rubricstudio:rubrics", args=["demo"])
    assert "version 1 (1.0.0)" in client.get(listed).content.decode()

    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    assert '<span class="num">2</span>' in client.get(listed).content.decode()
    draft.criteria.filter(key="warns").update(weight=6)
    publish(version=draft, by=cast.author)

    page = client.get(listed).content.decode()
    assert '<span class="num">2 (1.1.0)</span>' in page
    assert "version 2 (1.1.0)" in page


def test_a_file_says_the_number_and_an_import_gives_one_of_its_own(cast: Cast, data: Data) -> None:
    data_file = b"".join(jsonl(plan_export(cast.project, Wanted())))
    rows = [json.loads(line) for line in data_file.splitlines()]
    manifest = next(row for row in rows if row["type"] == "export")
    rubric = next(row for row in rows if row["type"] == "rubric")

    assert manifest["rubrics"][0]["semantic_number"] == rubric["semantic_number"] == "1.0.0"
    changed = json.dumps({**rubric, "semantic_number": "7.1.0"}).encode()
    [record] = read([changed], "x.jsonl")
    assert isinstance(record, RubricRecord)
    assert record.rubric == data.version.as_rubric()
    [found] = native.read(changed.decode()).rubrics
    assert found.rubric == data.version.as_rubric()
    assert found.losses == ()
