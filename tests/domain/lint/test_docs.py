"""docs/lint.md is what the rules say of themselves and what the labelled set says of them.

`UPDATE_DOCS=1 python -m pytest tests/domain/lint/test_docs.py` writes it anew.
"""

from __future__ import annotations

import os
from pathlib import Path

from rubricstudio.domain.lint import RULES, Rule
from rubricstudio.domain.lint.quality import Counts, counted
from tests.domain.lint.labelled import SPLITS, findings_of, labelled

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "lint.md"

HEAD = """\
# Lint

While a rubric is written, the panel *Remarks* beside its rows says what its wording, weights and
scales leave open. Each remark has a reason, the passage it is about, one sentence on why it
matters, and, where there is one, a button that mends it. The row carries a mark: focus it, and
<kbd>F</kbd> mends, <kbd>D</kbd> dismisses it. The panel holds the 40 gravest; *Remarks* in its head
opens all of them as a page, which works without scripts.

Who may edit the rubric may dismiss a remark. It is then dismissed for everybody, until the text it
is about changes; how many were stands at the end, with who did it when and a button that brings
each back.

A fix is an edit like any other: it can be undone, and it is made only where the words are still
those it was offered for. Only authors are offered fixes, and only on a draft. Whoever may not see
results is not told what verdicts say.

On the command line, for rubrics that are kept in files or checked before they are used:

    .venv/bin/python manage.py lint_rubric SLUG RUBRIC --fail-on warning

Dismissed remarks are left out there and counted; `--all` shows them.

An *error* makes scores wrong, a *warning* makes verdicts unreliable, a *note* is worth a look.
Rules marked English read English wording; on other languages and scripts they are silent, and the
others work. A criterion that a program judges is not read for its wording. A vague word is left
alone where a description, described levels or examples say what it means.

Of a text the first 2,000 characters are read, and what is longer is offered no fix.
Near-duplicates are found by letters (the token sort ratio), by words, and by meaning where the
texts have been indexed for the library. What judged responses say is read from the newest ten
rounds, at most 50,000 verdicts, on criteria in their present words only; under the floor (setting
AGREEMENT_FLOOR) nothing is said.

## How often they are right

Counts from the labelled rubrics in `bench/lint_set`, {criteria} criteria in {cases} rubrics from
medicine, law, research, coding, finance, writing, teaching, customer support, public policy,
chemistry and translation; about half of the rubrics are hard negatives on which every rule should
be silent. *Design* and *held out* were written by one hand and both used to develop the rules: the
second was held out at first, and is not any more. *Independent* was written and labelled without
sight of the rules: take its figures for what to expect, and mind how small n is. The rules were
made without it but for this: thirteen of its compound criteria were seen by accident, and the
opposites of *contradiction* were narrowed after its counts had been seen. `bench/lint.py` prints
the figures; a change of a rule shows as a changed count in the tests. Precision is the share of
remarks that are right, recall the share of what there is to remark that is remarked.

| rule | {columns} |
|---|{rule}
{rows}

## On what experts wrote

The share of criteria of public data sets on which a rule speaks, each criterion weighing 1; rules
that are not named speak on none. These have no labels: the table says that authors do not drown in
remarks, and what was flagged was read for false alarms.

| rule | {real_columns} |
|---|{real_rule}
{real_rows}

The questions of InfoBench often begin with a criterion that a later one implies ("Is the text a
list?"), which is what *subset* says of them. The duplicates of PaperBench are requirements that
stand in several branches of its trees.

What rules of wording miss is wording they do not know: the lists of vague words, of verbs and of
opposites are finite. A model's review reads what they cannot; they are what costs nothing and
answers at once.
"""


# Criteria of each data set, and on how many of them each rule speaks; test_real.py counts them.
REAL: dict[str, tuple[int, dict[str, int]]] = {
    "infobench": (
        2250,
        {
            "compound": 71,
            "vague": 219,
            "not-self-contained": 1,
            "not-verifiable": 1,
            "rewards-length": 14,
            "near-duplicate": 1,
            "subset": 58,
        },
    ),
    "paperbench": (
        612,
        {"compound": 2, "vague": 1, "not-self-contained": 2, "near-duplicate": 12, "subset": 9},
    ),
    "ttcw": (14, {"compound": 1, "vague": 7}),
}


def _share(count: int, n: int) -> str:
    return f"{100 * count / n:.1f} % ({count})" if count else "0"


def _real_rows() -> str:
    named = [rule for rule in RULES if any(rule in counts for _, counts in REAL.values())]
    return "\n".join(
        f"| {rule} | {' | '.join(_share(found.get(rule, 0), n) for n, found in REAL.values())} |"
        for rule in named
    )


def _cell(right: int, of: int) -> str:
    return f"{right / of:.2f} ({right} of {of})" if of else "-"


def _row(name: str, counts: tuple[Counts, ...]) -> str:
    cells = [
        _cell(found.right, of) for found in counts for of in (found.right + found.wrong, found.n)
    ]
    return f"| {name} | {' | '.join(cells)} |"


def _section(rule: Rule) -> str:
    english = " English." if rule.english else ""
    return (
        f"### `{rule.name}`\n\n{rule.title}.{english} {rule.why}\n\n"
        f"- instead of: {rule.bad}\n- write: {rule.good}\n"
    )


def _sum(counts: dict[str, Counts]) -> Counts:
    parts = ("right", "wrong", "missed")
    return Counts(*(sum(getattr(found, part) for found in counts.values()) for part in parts))


def render() -> str:
    """The whole page."""
    cases = [labelled(split) for split in SPLITS]
    counts = [counted(part, findings_of) for part in cases]
    rows = [_row(f"[{name}](#{name})", tuple(part[name] for part in counts)) for name in RULES]
    rows.append(_row("**all**", tuple(_sum(part) for part in counts)))
    head = HEAD.format(
        columns=" | ".join(f"{split.replace('_', ' ')}: precision | recall" for split in SPLITS),
        rule="---|---|" * len(SPLITS),
        rows="\n".join(rows),
        real_columns=" | ".join(f"{name} (n = {n})" for name, (n, _) in REAL.items()),
        real_rule="---|" * len(REAL),
        real_rows=_real_rows(),
        cases=sum(map(len, cases)),
        criteria=sum(len(case.rubric.criteria) for part in cases for case in part),
    )
    return "\n".join([head, "## The rules\n", *map(_section, RULES.values())])


def test_the_page_says_what_the_rules_say() -> None:
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(render(), "utf-8")

    assert DOCUMENT.read_text("utf-8") == render(), (
        "docs/lint.md is out of date: run UPDATE_DOCS=1 python -m pytest"
        " tests/domain/lint/test_docs.py"
    )


def test_every_rule_has_a_section_and_a_row() -> None:
    text = DOCUMENT.read_text("utf-8")

    for name in RULES:
        assert text.count(f"### `{name}`\n") == 1
        assert text.count(f"| [{name}](#{name}) |") == 1
