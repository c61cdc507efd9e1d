"""Lint: precision and recall of each rule on labelled rubrics, and the time of one lint.

    .venv/bin/python bench/lint.py [--quick] [--json] [--cases]

The set lies in bench/lint_set: one rubric a line, often of one criterion, with the rules that
should speak on it. `design` was in view while rules were made and tuned, `held_out` never
was used to change one, and `independent` was labelled without sight of the rules; all three are
printed. The time is that of a rubric of 500 criteria with near-duplicates among them; with --quick
of 100. There is nothing to compare with.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from _common import Figure, figure, median, parser, seconds, show

from rubricstudio.domain.lint import Finding, lint
from rubricstudio.domain.lint.quality import Case, Counts, case_from, counted
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.queries.near import near_texts

FOLDER = Path(__file__).parent / "lint_set"
SPLITS = ("design", "held_out", "independent")


def main(arguments: Sequence[str]) -> int:
    made = parser(__doc__, quick="a rubric of 100 criteria instead of 500")
    made.add_argument("--cases", action="store_true", help="list the cases on which rules err")
    options = made.parse_args(arguments)
    cases = labelled()
    figures = [line for split in SPLITS for line in quality(split, of_split(cases, split))]
    figures.append(time_of(100 if options.quick else 500))
    show(figures, as_json=options.json, theirs="nothing; shares of 1, higher is better")
    if options.cases and not options.json:
        list_errors(cases)
    return 0


def labelled() -> list[Case]:
    """Every case of the set."""
    lines = [
        line for split in SPLITS for line in (FOLDER / f"{split}.jsonl").read_text().splitlines()
    ]
    return [case_from(json.loads(line)) for line in lines]


def of_split(cases: Iterable[Case], split: str) -> list[Case]:
    return [case for case in cases if case.split == split]


def findings_of(case: Case) -> list[Finding]:
    return lint(case.rubric, similarity=near_texts, known=case.known)


def quality(split: str, cases: Sequence[Case]) -> list[Figure]:
    """Precision and recall of each rule, and of all of them together."""
    counts = counted(cases, findings_of)
    together = Counts(
        *(sum(getattr(x, part) for x in counts.values()) for part in ("right", "wrong", "missed"))
    )
    figures = []
    for name, found in {**counts, "all rules": together}.items():
        said = found.right + found.wrong
        if found.precision is not None:
            label = f"{split}: {name}: precision ({found.right} of {said})"
            figures.append(figure(label, found.precision, unit="share"))
        if found.recall is not None:
            label = f"{split}: {name}: recall ({found.right} of {found.n})"
            figures.append(figure(label, found.recall, unit="share"))
    return figures


def time_of(size: int) -> Figure:
    """The median of a few lints of one rubric, without the database."""
    rubric = Rubric(tuple(criteria(size)))
    taken = median(seconds(lambda: lint(rubric, similarity=near_texts)) for _ in range(5))
    return figure(f"lint of {size} criteria", taken * 1000, unit="ms")


def criteria(size: int) -> Iterable[Criterion]:
    """Texts of the set over and over, each time about something else."""
    texts = [c.text for case in labelled() for c in case.rubric.leaves]
    for number in range(size):
        text = texts[number % len(texts)]
        about = "" if number < len(texts) else f" (part {number})"
        yield Criterion(key=f"c{number}", text=f"{text}{about}", weight=1 + number % 5)


def list_errors(cases: Iterable[Case]) -> None:
    for case in cases:
        said = {finding.rule for finding in findings_of(case)}
        for rule in sorted(said ^ case.expect):
            what = "spoke on" if rule in said else "missed"
            texts = " / ".join(c.text for c in case.rubric.criteria)[:110]
            print(f"{case.ident} {rule} {what}: {texts}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
