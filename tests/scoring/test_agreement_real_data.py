"""The reference values of public data, read off the pages of agreement and comparison.

Import by the mapping files of docs/examples, then the CSV and the page that a person sees.
LLM-Rubric, which publishes no values, is in test_llm_rubric_pages.py.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from rubricstudio import real_data
from rubricstudio.models import Project, User
from tests.html_tables import table_rows
from tests.scoring.test_agreement_page import _text, _words

FOLDER = Path(settings.REAL_DATA)
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(), reason=f"the public data sets are not at {FOLDER} (setting REAL_DATA)"
    ),
]


def _get(project: Project, view: str, **asked: str) -> HttpResponseBase:
    client = Client()
    client.force_login(User.objects.get(email=real_data.PERSON))
    return client.get(reverse(view, args=[project.slug]), asked)


def _pages(name: str, **asked: str) -> tuple[dict[str, dict[str, str]], str]:
    """The rows of the CSV by name, and the words of the page, of a data set."""
    project = real_data.import_dataset(name, FOLDER)
    text = _text(_get(project, "scoring:agreement", **asked, format="csv")).lstrip("\ufeff")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text))}
    return rows, _words(_text(_get(project, "scoring:agreement", **asked)))


def test_experts_on_ttcw() -> None:
    rows, page = _pages("ttcw")

    assert (rows["all"]["n"], rows["all"]["values"]) == ("672", "2016")
    assert round(float(rows["all"]["alpha"]), 4) == 0.4264
    assert round(float(rows["all"]["fleiss"]), 4) == 0.4261
    assert len(rows) == 15
    assert "Krippendorff’s alpha nominal 0.4264" in page
    assert "Fleiss’ kappa 0.4261" in page


def test_annotators_on_pandalm() -> None:
    rows, page = _pages("pandalm", by="pair")

    assert rows["all"]["n"] == "999"
    assert round(float(rows["all"]["alpha"]), 4) == 0.8642
    assert round(float(rows["all"]["fleiss"]), 4) == 0.8642
    assert [rows[name]["n"] for name in rows] == ["999"] * 4
    assert "Krippendorff’s alpha nominal 0.8642" in page


def test_judges_on_ttcw() -> None:
    project = real_data.import_dataset("ttcw", FOLDER)

    text = _text(_get(project, "scoring:compare", format="csv", table="judges"))
    page = table_rows(_text(_get(project, "scoring:compare")), "judges")

    rows = {row["judge"]: row for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))}
    for judge, agreement, kappa in (
        ("claude3-opus", 0.503, 0.131),
        ("gpt4", 0.446, 0.068),
        ("cgpt", 0.432, -0.020),
    ):
        assert rows[judge]["n"] == page[judge]["n"] == "672"
        assert round(float(rows[judge]["agreement"]), 3) == agreement
        assert round(float(rows[judge]["kappa"]), 3) == kappa
        assert page[judge]["Agreement"].startswith(f"{agreement:.3f} ")
        assert page[judge]["Cohen’s kappa"].startswith(f"{kappa:.3f} ")
    assert (page["gemini-pro"]["n"], page["gemini-pro"]["Unscored"]) == ("608", "50")


def test_a_judge_on_pandalm() -> None:
    """A tie is a tie here and 25 unreadable replies are unscored; see real_data for the other."""
    project = real_data.import_dataset("pandalm", FOLDER)

    page = table_rows(_text(_get(project, "scoring:compare", what="preferences")), "judges")

    assert page["gpt-3.5-turbo"]["n"] == "974"
    assert page["gpt-3.5-turbo"]["Unscored"] == "25"
    assert page["gpt-3.5-turbo"]["Agreement"].startswith(f"{697 / 974:.3f} ")
    assert page["gpt-3.5-turbo"]["Cohen’s kappa"].startswith("0.493 ")
