"""The nine questions of LLM-Rubric, whose publishers give no reference values.

The values here were computed from the bare files by krippendorff, irrCAC and scikit-learn;
`tests/llm_rubric_reference.py` does it again. A 0 in the files says that the question does not
apply: no value, whichever way it is written (`0` or `0.0`).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from rubricstudio.domain.agreement import JudgeAgreement, study
from rubricstudio.models import Project, Round, RoundKind, Verdict
from scoring.queries.comparison import compared
from scoring.queries.material import verdict_material
from scoring.queries.people import By, people_of_verdicts
from scoring.queries.selection import chosen, comparable_rounds

REAL = "real dialogues"
"""What the names of the rounds over the dialogues of real users end with."""


@dataclass(frozen=True)
class Question:
    """What the files give for a question; shares and coefficients to four decimals.

    answers: values of people; not_applicable: 0 in the file. shared: dialogues with two people's
    values or more; alpha (ordinal), percent, AC1 and AC2 (quadratic) among people, None
    where nobody shares one. compared: dialogues with a majority of people and an answer of the
    judge, with the judge's agreement, Cohen's kappa, and kappa with quadratic weights.
    """

    answers: int
    not_applicable: int
    shared: int
    alpha: float | None
    percent: float | None
    ac1: float | None
    ac2: float | None
    compared: int
    agreement: float
    kappa: float
    weighted: float


SYNTH = {
    "Q1": Question(735, 8, 241, -0.0219, 0.3416, 0.1661, 0.5983, 172, 0.4477, 0.0228, 0.0434),
    "Q2": Question(586, 157, 192, -0.0527, 0.4184, 0.2839, 0.6575, 148, 0.3851, 0.0438, -0.0049),
    "Q3": Question(575, 168, 194, 0.3145, 0.4656, 0.3141, 0.6175, 149, 0.2483, 0.0189, 0.0916),
    "Q4": Question(569, 173, 189, 0.0393, 0.3527, 0.1700, 0.5409, 135, 0.3704, 0.0242, -0.0126),
    "Q5": Question(565, 178, 186, 0.0756, 0.3566, 0.1691, 0.5187, 138, 0.3406, -0.0066, 0.0036),
    "Q6": Question(735, 8, 243, 0.0177, 0.4883, 0.3789, 0.7811, 200, 0.1650, -0.0167, -0.0023),
    "Q7": Question(734, 8, 244, 0.1156, 0.4795, 0.3597, 0.7439, 196, 0.3776, -0.0623, -0.0644),
    "Q8": Question(712, 31, 241, 0.0587, 0.5214, 0.4262, 0.8704, 193, 0.2953, 0.0393, -0.0208),
    "Q0": Question(735, 8, 239, 0.0408, 0.3445, 0.1590, 0.6027, 169, 0.3728, 0.0307, 0.1165),
}
REAL_USERS = {
    "Q1": Question(146, 77, 0, None, None, None, None, 146, 0.3973, 0.0333, 0.0212),
    "Q2": Question(223, 0, 0, None, None, None, None, 223, 0.3408, -0.0011, -0.0299),
    "Q3": Question(148, 75, 0, None, None, None, None, 148, 0.3784, 0.0192, -0.0304),
    "Q4": Question(146, 77, 0, None, None, None, None, 146, 0.3973, 0.0298, -0.0488),
    "Q5": Question(146, 77, 0, None, None, None, None, 146, 0.2945, 0.0133, 0.0746),
    "Q6": Question(223, 0, 0, None, None, None, None, 223, 0.1749, -0.0083, 0.0179),
    "Q7": Question(223, 0, 0, None, None, None, None, 223, 0.2646, 0.0339, 0.0362),
    "Q8": Question(223, 0, 0, None, None, None, None, 223, 0.2332, -0.0414, -0.0344),
    "Q0": Question(223, 0, 0, None, None, None, None, 223, 0.3184, 0.0251, 0.0769),
}

Row = tuple[str, float | None, float | None, int]
"""Statistic, reference, ours (None: there is none), decimals."""


def part_of(project: Project, *, real: bool) -> list[Round]:
    """The rounds over the dialogues of real users, or those over the written ones."""
    return [row for row in comparable_rounds(project) if row.name.endswith(REAL) == real]


def rows_of(project: Project) -> list[Row]:
    """Every value of the imported project beside its reference."""
    return [
        (f"{name}, {statistic}", reference, ours, digits)
        for name, questions, real in (("written", SYNTH, False), ("real", REAL_USERS, True))
        for statistic, reference, ours, digits in _part(project, questions, real=real)
    ]


def _part(project: Project, questions: dict[str, Question], *, real: bool) -> list[Row]:
    rounds = part_of(project, real=real)
    sessions = [row for row in rounds if row.kind == RoundKind.SESSION]
    people = people_of_verdicts(project, sessions)
    lines = {line.name: line for line in people.lines(By.CRITERION)}
    found = compared(verdict_material(chosen(project, rounds, [row.pk for row in rounds])))
    (judge,) = found.judges
    keys = {value.key: pk for pk, value in found.material.shown_criteria}
    counts = _counts(sessions)
    rows: list[Row] = []
    for key, question in questions.items():
        values, not_applicable = counts[key]
        rows.append((f"{key} answers", question.answers, values, 0))
        rows.append((f"{key} not applicable", question.not_applicable, not_applicable, 0))
        among = _among(question, lines[key].row)
        against = _against(question, judge.by_criterion[keys[key]])
        rows += [(f"{key} {row[0]}", *row[1:]) for row in (*among, *against)]
    return rows


def _counts(sessions: list[Round]) -> dict[str, tuple[int, int]]:
    """People's verdicts by the key of their criterion: with a value, and not applicable."""
    found = (
        Verdict.objects.filter(round__in=sessions)
        .values("criterion__key")
        .annotate(
            values=Count("pk", filter=Q(value__isnull=False)),
            nothing=Count("pk", filter=Q(value__isnull=True, status="not_applicable")),
        )
    )
    return {row["criterion__key"]: (row["values"], row["nothing"]) for row in found}


def _among(question: Question, row: study.Row) -> list[Row]:
    return [
        ("shared by two people", question.shared, row.n, 0),
        ("alpha, ordinal", question.alpha, row.figure("alpha").value, 4),
        ("percent agreement", question.percent, row.figure("percent").value, 4),
        ("AC1", question.ac1, row.figure("ac1").value, 4),
        ("AC2", question.ac2, row.figure("ac2").value, 4),
    ]


def _against(question: Question, row: JudgeAgreement) -> list[Row]:
    return [
        ("judge and majority", question.compared, row.n, 0),
        ("judge's agreement", question.agreement, row.agreement.value, 4),
        ("judge's Cohen kappa", question.kappa, row.kappa.value, 4),
        ("judge's kappa, quadratic", question.weighted, row.weighted_kappa.value, 4),
    ]
