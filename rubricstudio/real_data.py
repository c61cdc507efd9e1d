"""Public data through the product, each reference value with ours beside it.

The reference values were computed independently from the files; those of LLM-Rubric stand in
`real_data_llm_rubric`. A value agrees when it is
equal in all the digits that the reference prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rubricstudio import real_data_llm_rubric
from rubricstudio.actions.imports import import_records
from rubricstudio.actions.people import create_person
from rubricstudio.actions.projects import create_project
from rubricstudio.domain.agreement import cohen_kappa, majority, percent_agreement
from rubricstudio.domain.formats.apply import apply_mapping
from rubricstudio.domain.formats.mapping import parse_mapping
from rubricstudio.models import Preference, Project, Response, User, Verdict
from scoring.queries.comparison import Compared, compared
from scoring.queries.material import Material, preference_material, verdict_material
from scoring.queries.selection import comparable_rounds, named

EXAMPLES = Path(__file__).resolve().parent.parent / "docs" / "examples"
PERSON = "real.data@example.com"


@dataclass(frozen=True)
class Check:
    """One reference value and ours, None where there is none.

    `digits`: how many decimals the reference prints.
    """

    data: str
    statistic: str
    reference: float | None
    ours: float | None
    digits: int = 4

    @property
    def agrees(self) -> bool:
        if self.ours is None or self.reference is None:
            return self.ours is self.reference
        return round(self.ours, self.digits) == self.reference


def import_dataset(name: str, folder: Path) -> Project:
    """The project that holds a data set, imported through its mapping; safe to repeat."""
    person = User.objects.filter(email=PERSON).first() or create_person(email=PERSON)
    project = Project.objects.filter(slug=name).first() or create_project(
        by=person, name=name, slug=name
    )
    mapping = parse_mapping((EXAMPLES / f"{name}.toml").read_text(encoding="utf-8"))
    root = folder / name
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]

    def lines(file: str) -> Iterator[str]:
        with (root / file).open(encoding="utf-8") as handle:
            yield from handle

    import_records(project=project, records=apply_mapping(mapping, names, lines), by=person)
    return project


def ttcw(folder: Path) -> list[Check]:
    """48 stories, 14 criteria, 3 experts, 7 judges."""
    project = import_dataset("ttcw", folder)
    responses = Response.objects.filter(project=project)
    verdicts = Verdict.objects.filter(round__project=project)
    gemini = verdicts.filter(rater__name="gemini-pro")
    found = _compared(project, verdict_material)
    people = found.people.overall
    by_value = people.unanimous_by_value
    rows: list[tuple[str, float, float | None, int]] = [
        ("responses", 48, responses.count(), 0),
        ("responses without text", 12, responses.filter(text__isnull=True).count(), 0),
        ("expert verdicts", 2016, verdicts.filter(rater__kind="person").count(), 0),
        ("gemini-pro verdicts", 658, gemini.count(), 0),
        ("gemini-pro verdicts unscored", 50, gemini.exclude(status="ok").count(), 0),
        ("cells x 3 experts", 672, people.n, 0),
        ("Krippendorff alpha, nominal", 0.4264, people.alpha.value, 4),
        ("Fleiss kappa", 0.4261, people.fleiss.value, 4),
        ("unanimous No", 269, by_value.get(0.0), 0),
        ("unanimous Yes", 131, by_value.get(1.0), 0),
    ]
    judges = {result.judge.rater.name: result.overall for result in found.judges}
    for name, agreement, kappa in (
        ("claude3-opus", 0.503, 0.131),
        ("gpt4", 0.446, 0.068),
        ("cgpt", 0.432, -0.020),
    ):
        rows.append((f"{name} agreement with majority", agreement, judges[name].agreement.value, 3))
        rows.append((f"{name} Cohen kappa", kappa, judges[name].kappa.value, 3))
    return [Check("ttcw", *row) for row in rows]


def pandalm(folder: Path) -> list[Check]:
    """999 pairs, 3 annotators, 2 judges."""
    project = import_dataset("pandalm", folder)
    found = _compared(project, preference_material)
    people = found.people.overall
    agreement, kappa = _as_written(project, found)
    rows: list[tuple[str, float, float | None, int]] = [
        ("pairs x 3 annotators", 999, people.n, 0),
        ("Krippendorff alpha", 0.8642, people.alpha.value, 4),
        ("Fleiss kappa", 0.8642, people.fleiss.value, 4),
        ("GPT-3.5 agreement, replies as written", 0.6927, agreement, 4),
        ("GPT-3.5 Cohen kappa, replies as written", 0.4705, kappa, 4),
    ]
    return [Check("pandalm", *row) for row in rows]


def llm_rubric(folder: Path) -> list[Check]:
    """Nine questions from 1 to 4 on 250 written dialogues and 223 of real users, one judge."""
    project = import_dataset("llm_rubric", folder)
    return [Check("llm_rubric", *row) for row in real_data_llm_rubric.rows_of(project)]


def _as_written(project: Project, found: Compared) -> tuple[float | None, float | None]:
    """GPT-3.5 against the majority as the reference reads it.

    There "Tie" and the 25 unreadable replies are labels of their own, which no annotator
    uses. The product reads Tie as a tie and the unreadable as unscored, and so finds
    other figures, which `notes` prints.
    """
    table = found.material.table
    agreed = majority(found.material.people_table.values)
    said = {"a": 1.0, "b": 2.0, "tie": 3.0, None: 4.0}
    rows = Preference.objects.filter(round__project=project, rater__name="gpt-3.5-turbo")
    labels = {
        f"{min(a, b)},{max(a, b)}": said[preferred]
        for a, b, preferred in rows.values_list("response_a_id", "response_b_id", "preferred")
    }
    judge = np.array([labels[str(table.response_labels[code])] for code in table.responses])
    return (
        percent_agreement(agreed, judge).value,
        cohen_kappa(agreed, judge).value,
    )


def notes() -> list[str]:
    """What the product itself says about GPT-3.5 on pandalm."""
    project = Project.objects.get(slug="pandalm")
    found = _compared(project, preference_material)
    row = next(r.overall for r in found.judges if r.judge.rater.name == "gpt-3.5-turbo")
    agreement, kappa = row.agreement.value or 0.0, row.kappa.value or 0.0
    return [
        "pandalm: with Tie read as a tie and 25 unreadable replies unscored, GPT-3.5 agrees in"
        f" {agreement:.4f} of {row.n} pairs, kappa {kappa:.4f}."
    ]


def _compared(project: Project, material: Callable[..., Material]) -> Compared:
    preferences = material is preference_material
    rounds = comparable_rounds(project, preferences=preferences)
    what = "preferences" if preferences else "verdicts"
    return compared(material(named(project, rounds, sessions=[], runs=[], what=what)))
