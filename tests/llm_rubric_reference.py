"""The statistics of the LLM-Rubric data from its files alone, by other people's packages.

Nothing of the product is used here: csv reads the files, krippendorff, irrCAC and scikit-learn
compute. Answers are 1 to 4; 0 means that the question does not apply, and is no value.
"""

from __future__ import annotations

import csv
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

_WHY = "a package that computes the reference values is not installed"
krippendorff = pytest.importorskip("krippendorff", reason=_WHY)
pandas = pytest.importorskip("pandas", reason=_WHY)
irrcac = pytest.importorskip("irrCAC.raw", reason=_WHY)
metrics = pytest.importorskip("sklearn.metrics", reason=_WHY)

QUESTIONS = ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q0")
ANSWERS = [1, 2, 3, 4]
PEOPLE = {
    "synth": "synth_data/human_judges_synth_all_FIXED_ANON.tsv",
    "real": "real_data/human_judges_real_convs_FIXED_ANON.tsv",
}
JUDGE = {
    "synth": "synth_data/gpt-3.5-turbo-16k_synth_evaluations_FIXED.tsv",
    "real": "real_data/gpt-3.5-turbo-16k_real_evaluations_FIXED.tsv",
}


@dataclass(frozen=True)
class Among:
    """What people say on one question. answers: values in the file, before a person's are merged.

    merged: people times dialogues with a value; where a person answered in two rounds the more
    frequent answer, none where they differ. shared: dialogues with two people's values or more.
    """

    answers: int
    not_applicable: int
    merged: int
    shared: int
    alpha: float | None
    percent: float | None
    ac1: float | None
    ac2: float | None


@dataclass(frozen=True)
class Against:
    """The judge against the people's majority on one question, ties left out."""

    n: int
    agreement: float
    kappa: float
    weighted: float


def rows(folder: Path, file: str) -> list[dict[str, str]]:
    with (folder / "llm_rubric" / file).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def grid(lines: list[dict[str, str]], question: str) -> tuple[list[str], list[str], np.ndarray]:
    """Dialogues, people, and their values, NaN where there is none."""
    given: dict[tuple[str, str], list[float]] = defaultdict(list)
    for line in lines:
        if line[question] and float(line[question]):
            given[line["text_id"], line["annotator_id"]].append(float(line[question]))
    texts = sorted({text for text, _ in given})
    people = sorted({person for _, person in given})
    values = np.full((len(texts), len(people)), np.nan)
    for (text, person), answers in given.items():
        values[texts.index(text), people.index(person)] = usual(answers)
    return texts, people, values


def usual(answers: list[float]) -> float:
    """The most frequent answer; NaN for a tie or nothing."""
    (most, votes), *others = Counter(answers).most_common() or [(np.nan, 0)]
    return np.nan if others and others[0][1] == votes else most


def among(folder: Path, data: str, question: str) -> Among:
    lines = rows(folder, PEOPLE[data])
    said = [float(line[question]) for line in lines if line[question]]
    _, _, values = grid(lines, question)
    shared = values[(~np.isnan(values)).sum(axis=1) >= 2]
    alpha = percent = ac1 = ac2 = None
    if len(shared):
        alpha = float(krippendorff.alpha(reliability_data=values.T, level_of_measurement="ordinal"))
        percent = float(np.mean([_equal_pairs(row[~np.isnan(row)]) for row in shared]))
        ac1, ac2 = _gwet(values, "identity"), _gwet(values, "quadratic")
    return Among(
        answers=sum(value != 0 for value in said),
        not_applicable=sum(value == 0 for value in said),
        merged=int((~np.isnan(values)).sum()),
        shared=len(shared),
        alpha=alpha,
        percent=percent,
        ac1=ac1,
        ac2=ac2,
    )


def _equal_pairs(values: np.ndarray) -> float:
    return float(np.mean([one == other for one, other in combinations(values, 2)]))


def _gwet(values: np.ndarray, weights: str) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # irrCAC divides by zero on its way
        # With pandas 3 it takes NaN for a category unless it is told which there are.
        found = irrcac.CAC(
            pandas.DataFrame(values), weights=weights, categories=ANSWERS, digits=12
        ).gwet()
    return float(found["est"]["coefficient_value"])


def against(folder: Path, data: str, question: str) -> Against:
    texts, _, values = grid(rows(folder, PEOPLE[data]), question)
    judged = {
        line["text_id"]: float(line["sample_llm"])
        for line in rows(folder, JUDGE[data])
        if line["criterion"] == question
    }
    agreed = {
        text: said
        for text, row in zip(texts, values, strict=True)
        if not np.isnan(said := usual(row[~np.isnan(row)].tolist()))
    }
    both = sorted(agreed.keys() & judged.keys())
    people, judge = [agreed[text] for text in both], [judged[text] for text in both]
    return Against(
        n=len(both),
        agreement=float(np.mean(np.equal(people, judge))),
        kappa=float(metrics.cohen_kappa_score(people, judge, labels=ANSWERS)),
        weighted=float(
            metrics.cohen_kappa_score(people, judge, labels=ANSWERS, weights="quadratic")
        ),
    )
