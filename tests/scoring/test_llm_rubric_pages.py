"""LLM-Rubric through the pages: nine questions, dialogues written for it and of real users.

Nobody publishes values for it. `tests.llm_rubric_reference` computes them from the bare files
with other people's packages, and the figures of the pages must be the same.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from rubricstudio import real_data, real_data_llm_rubric
from rubricstudio.models import Project, RoundKind, User, Verdict
from tests import llm_rubric_reference as reference
from tests.html_tables import Rows, table_rows
from tests.scoring.test_agreement_page import _text

FOLDER = Path(settings.REAL_DATA)
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (FOLDER / "llm_rubric").is_dir(),
        reason=f"the public data sets are not at {FOLDER} (setting REAL_DATA)",
    ),
]
Download = list[dict[str, str]]
Asked = dict[str, str | list[int]]


def _project() -> Project:
    return real_data.import_dataset("llm_rubric", FOLDER)


def _get(project: Project, view: str, asked: Asked) -> str:
    client = Client()
    client.force_login(User.objects.get(email=real_data.PERSON))
    return _text(client.get(reverse(view, args=[project.slug]), asked))


def _rows(project: Project, view: str, asked: Asked) -> Download:
    text = _get(project, view, {**asked, "format": "csv"}).lstrip("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


def _among(project: Project, *, real: bool) -> tuple[Download, Rows]:
    """The CSV and the table of the page of agreement, of the sessions of one part."""
    rounds = real_data_llm_rubric.part_of(project, real=real)
    sessions = [row.pk for row in rounds if row.kind == RoundKind.SESSION]
    asked: Asked = {"session": sessions}
    return (
        _rows(project, "scoring:agreement", asked)[1:],
        table_rows(_get(project, "scoring:agreement", asked), "table"),
    )


def _against(project: Project, *, real: bool) -> tuple[Download, Rows]:
    """The CSV and the table of the comparison with the judge, of one part."""
    rounds = real_data_llm_rubric.part_of(project, real=real)
    asked: Asked = {
        "people": [row.pk for row in rounds if row.kind == RoundKind.SESSION],
        "judges": [row.pk for row in rounds if row.kind == RoundKind.RUN],
    }
    return (
        _rows(project, "scoring:compare", {**asked, "table": "criteria"}),
        table_rows(_get(project, "scoring:compare", asked), "criteria"),
    )


def test_what_people_say_of_written_dialogues() -> None:
    rows, page = _among(_project(), real=False)

    assert [row["name"] for row in rows] == list(reference.QUESTIONS)
    for row in rows:
        expected = reference.among(FOLDER, "synth", row["name"])
        assert (row["n_units"], row["n"]) == ("250", str(expected.shared))
        # A person who answered in two rounds is one value: 735 answers of Q1 are 722 values.
        assert (row["values"], row["raters"]) == (str(expected.merged), "24")
        assert row["level"] == "ordinal"
        shown = page[f"{row['text']} ordinal"]
        assert shown["n"] == str(expected.shared)
        for column, label in (
            ("alpha", "Krippendorff’s alpha"),
            ("percent", "Agreement"),
            ("ac1", "Gwet’s AC1"),
            ("ac2", "Gwet’s AC2"),
        ):
            value = getattr(expected, column)
            assert float(row[column]) == pytest.approx(value, abs=1e-9)
            assert shown[label] == f"{value:.3f}"


def test_nobody_agrees_where_one_person_judged_each_dialogue() -> None:
    """One person each: nothing to compare, which is a dash with a reason and never 0."""
    rows, page = _among(_project(), real=True)

    assert len(rows) == 9
    for row in rows:
        expected = reference.among(FOLDER, "real", row["name"])
        assert (row["n_units"], row["n"], expected.shared) == ("223", "0", 0)
        assert row["values"] == str(expected.answers)
        assert row["alpha"] == row["percent"] == row["ac1"] == row["ac2"] == ""
        shown = page[f"{row['text']} ordinal"]
        assert shown["n"] == "0"
        assert shown["Krippendorff’s alpha"] in ("— Nothing comparable", "too few")


def test_the_judge_against_the_majority_of_people() -> None:
    project = _project()

    for data, run in (("synth", ""), ("real", f" on {real_data_llm_rubric.REAL}")):
        rows, page = _against(project, real=data == "real")

        assert [row["criterion"] for row in rows] == list(reference.QUESTIONS)
        for row in rows:
            expected = reference.against(FOLDER, data, row["criterion"])
            assert row["run"] == f"gpt-3.5-turbo-16k{run}"
            assert row["n"] == str(expected.n)
            assert float(row["agreement"]) == pytest.approx(expected.agreement, abs=1e-9)
            assert float(row["kappa"]) == pytest.approx(expected.kappa, abs=1e-9)
            assert float(row["weighted_kappa"]) == pytest.approx(expected.weighted, abs=1e-9)
            shown = page[row["text"]]
            assert shown["n"] == str(expected.n)
            assert shown["Agreement"].startswith(f"{expected.agreement:.3f} ")
            assert shown["Cohen’s kappa"].startswith(f"{expected.kappa:.3f} ")


def test_what_does_not_apply_is_no_value_however_it_is_written() -> None:
    """Q4 has 0.0 for what others write as 0, and one cell each of Q4 and Q7 is empty."""
    verdicts = Verdict.objects.filter(round__project=_project(), rater__kind="person")

    for data, questions in (
        ("synth", real_data_llm_rubric.SYNTH),
        ("real", real_data_llm_rubric.REAL_USERS),
    ):
        for key in questions:
            expected = reference.among(FOLDER, data, key)
            mine = verdicts.filter(criterion__key=key, round__name__endswith="dialogues")
            if data == "synth":
                mine = verdicts.filter(criterion__key=key).exclude(pk__in=mine)
            assert mine.filter(status="not_applicable").count() == expected.not_applicable
            assert mine.filter(value__isnull=False).count() == expected.answers
            assert mine.count() == expected.answers + expected.not_applicable
    assert not verdicts.filter(value=0).exists()


def test_the_probabilities_of_each_answer_are_kept() -> None:
    """No statistic of the product uses them; they stay with the verdict, to the last digit."""
    verdicts = Verdict.objects.filter(round__project=_project(), rater__kind="judge")
    kept = {
        (row.response.external_id, row.criterion.key): row.provenance
        for row in verdicts.select_related("response", "criterion")
    }

    lines = [
        line for data in ("synth", "real") for line in reference.rows(FOLDER, reference.JUDGE[data])
    ]

    assert len(kept) == len(lines) == 2025 + 2007
    for line in lines:
        found = kept[line["text_id"], line["criterion"]]
        assert found is not None
        for answer in "1234":
            assert float(found[answer]) == float(line[f"answer{answer}_prob"])


@pytest.mark.parametrize(
    ("data", "questions"),
    [("synth", real_data_llm_rubric.SYNTH), ("real", real_data_llm_rubric.REAL_USERS)],
)
def test_the_printed_reference_values_are_those_of_the_files(
    data: str, questions: dict[str, real_data_llm_rubric.Question]
) -> None:
    """`make real-data` prints constants, so that it needs none of the packages."""
    assert tuple(questions) == reference.QUESTIONS
    for key, question in questions.items():
        among = reference.among(FOLDER, data, key)
        against = reference.against(FOLDER, data, key)
        counts = (among.answers, among.not_applicable, among.shared, against.n)
        assert counts == (
            question.answers,
            question.not_applicable,
            question.shared,
            question.compared,
        )
        for name in ("alpha", "percent", "ac1", "ac2"):
            assert _rounded(getattr(among, name)) == getattr(question, name)
        for name in ("agreement", "kappa", "weighted"):
            assert _rounded(getattr(against, name)) == getattr(question, name)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
