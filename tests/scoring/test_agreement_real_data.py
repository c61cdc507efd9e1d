"""The reference values of public data, read off the page of people's agreement.

Import by the mapping files of docs/examples, then the CSV and the page that a person sees.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from rubricstudio import real_data
from rubricstudio.models import Project, User
from tests.scoring.test_agreement_page import _text, _words

FOLDER = Path(settings.REAL_DATA)
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(), reason=f"the public data sets are not at {FOLDER} (setting REAL_DATA)"
    ),
]


def _pages(name: str, **asked: str) -> tuple[dict[str, dict[str, str]], str]:
    """The rows of the CSV by name, and the words of the page, of a data set."""
    project: Project = real_data.import_dataset(name, FOLDER)
    client = Client()
    client.force_login(User.objects.get(email=real_data.PERSON))
    address = reverse("scoring:agreement", args=[project.slug])
    text = _text(client.get(address, {**asked, "format": "csv"})).lstrip("\ufeff")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text))}
    return rows, _words(_text(client.get(address, asked)))


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


def test_annotators_on_llm_rubric() -> None:
    """No value is published: the krippendorff package on the bare file is the reference."""
    path = FOLDER / "llm_rubric" / "synth_data" / "human_judges_synth_all_FIXED_ANON.tsv"
    with path.open(encoding="utf-8") as handle:
        lines = list(csv.DictReader(handle, delimiter="\t"))

    rows, page = _pages("llm_rubric")

    for key in [f"Q{number}" for number in range(9)]:
        expected = _ordinal_alpha(lines, key)
        assert float(rows[key]["alpha"]) == pytest.approx(expected, abs=1e-9)
        assert rows[key]["level"] == "ordinal"
        assert f"{expected:.3f}" in page


def _ordinal_alpha(lines: list[dict[str, str]], key: str) -> float:
    """Of the file itself: 0 and blank are no value; of two answers of a person the usual one."""
    given: dict[tuple[str, str], list[float]] = defaultdict(list)
    for line in lines:
        if line[key] and float(line[key]):
            given[line["text_id"], line["annotator_id"]].append(float(line[key]))
    texts, people = (sorted({cell[place] for cell in given}) for place in (0, 1))
    values = np.full((len(people), len(texts)), np.nan)
    for (text, person), answers in given.items():
        (answer, votes), *others = Counter(answers).most_common()
        if not others or votes > others[0][1]:
            values[people.index(person), texts.index(text)] = answer
    return float(krippendorff.alpha(reliability_data=values, level_of_measurement="ordinal"))
