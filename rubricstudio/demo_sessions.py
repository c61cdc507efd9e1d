"""The demo's sessions beside plain work: a calibration round, and answers compared in pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from annotations.actions.assign import next_item
from annotations.actions.calibration import add_note, reveal, vote_again
from annotations.actions.compare_sessions import create_comparison
from annotations.actions.sessions import activate, complete, create_session
from annotations.actions.sheets import submit
from annotations.comparison import WHOLE, criterion_key
from annotations.grouping import NUMBER, Grouping
from annotations.models import Mode, Session
from annotations.queries.comparisons import members_of
from annotations.selection import Selection
from annotations.sheet import CANNOT_ASSESS, Entry, Sheet
from rubricstudio.demo_quotes import with_quotes
from rubricstudio.domain.rubric import Criterion, MetMeans
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import RubricVersion, User

# The weight by which one answer is ahead: from here on a little, and from there on much better.
A_LITTLE, MUCH = 3.0, 20.0


def sheet_of(verdicts: Mapping[str, Any], notes: Mapping[str, str]) -> Sheet:
    """Values by criterion, or "cannot_assess", with the reasons of some."""
    return Sheet(
        {
            key: Entry(VerdictStatus.CANNOT_ASSESS, None, notes.get(key, ""))
            if value == CANNOT_ASSESS
            else Entry(VerdictStatus.OK, float(value), notes.get(key, ""))
            for key, value in verdicts.items()
        }
    )


# -- a calibration round


def calibrate(
    about: Mapping[str, Any], version: RubricVersion, experts: Mapping[str, User]
) -> Session:
    """A round from its first vote to its end: who differed has talked, and some have moved."""
    project, owner = version.rubric.project, version.rubric.project.created_by
    session = create_session(
        project=project,
        name=about["name"],
        version=version,
        by=owner,
        selection=Selection(tasks=(about["task"],)),
        instructions=about["instructions"],
        annotators=experts.values(),
        stage="vote",
    )
    activate(session=session, by=owner)
    _vote(session, about, experts, ("but",))
    reveal(session=session, by=owner)
    for note in about["discussion"]:
        add_note(
            session=session,
            response_id=project.responses.get(external_id=note["response"]).pk,
            criterion_key=note["criterion"],
            text=note["text"],
            by=experts[note["by"]],
        )
    vote_again(session=session, by=owner)
    _vote(session, about, experts, ("but", "again"))
    return complete(session=session, by=owner)


def _vote(
    session: Session,
    about: Mapping[str, Any],
    experts: Mapping[str, User],
    differing: Iterable[str],
) -> None:
    """Everybody submits every item: what most say, but for what they see otherwise."""
    session = Session.objects.select_related("round__version__rubric").get(pk=session.pk)
    rows = {row["response"]: row for row in about["sheets"]}
    assert session.round.version is not None
    for name, expert in experts.items():
        while assignment := next_item(session=session, by=expert):
            response = assignment.item.response
            row = rows[response.external_id]
            verdicts = dict(row["verdicts"])
            for part in differing:
                verdicts |= row[part].get(name, {})
            said = sheet_of(verdicts, row["notes"].get(name, {}))
            submit(
                assignment=assignment,
                sheet=with_quotes(said, session.round.version, response.text),
                by=expert,
            )


# -- answers compared in pairs


def compare(
    about: Mapping[str, Any],
    version: RubricVersion,
    tasks: Iterable[str],
    experts: Mapping[str, User],
    said: Mapping[tuple[int, str], Sheet],
    stated: Mapping[tuple[int, frozenset[str]], tuple[str, str]],
) -> Session:
    """Pairs that the experts compare as they judged the answers one by one; some are left open.

    said: their sheets by person and response. stated: by person and pair, which response they
    prefer ("" for none) and why, where they have said so; it goes before what follows from said.
    """
    project, owner = version.rubric.project, version.rubric.project.created_by
    session = create_comparison(
        project=project,
        name=about["name"],
        version=version,
        by=owner,
        grouping=Grouping(Mode.PAIRWISE, NUMBER, about["pairs_per_task"]),
        selection=Selection(tasks=tuple(tasks)),
        annotators=experts.values(),
        coverage=about["raters_per_pair"],
        instructions=about["instructions"],
    )
    activate(session=session, by=owner)
    names = dict(project.responses.values_list("pk", "external_id"))
    leaves = version.as_rubric().leaves
    for _ in range(about["answers_per_expert"]):
        for expert in experts.values():
            assignment = next_item(session=session, by=expert)
            assert assignment is not None
            pair = [names[pk] for pk in members_of(assignment.item)]
            sheets = [said[expert.pk, name] for name in pair]
            sheet = _compared(leaves, sheets, pair, stated.get((expert.pk, frozenset(pair))))
            submit(assignment=assignment, sheet=sheet, by=expert)
    return session


def _compared(
    leaves: Iterable[Criterion],
    sheets: list[Sheet],
    pair: list[str],
    stated: tuple[str, str] | None,
) -> Sheet:
    """Strengths from -2 (the first is much better) to 2, by criterion and for the whole."""
    entries, ahead = {}, 0.0
    for criterion in leaves:
        first, second = (sheet.entry(criterion.key).value for sheet in sheets)
        if first is None or second is None:
            entries[criterion_key(criterion.key)] = Entry(VerdictStatus.CANNOT_ASSESS)
            continue
        better = second - first if criterion.met_means is MetMeans.GOOD else first - second
        strength = max(-2.0, min(2.0, better))
        ahead += abs(criterion.weight) * strength
        entries[criterion_key(criterion.key)] = Entry(VerdictStatus.OK, strength)
    size = 2.0 if abs(ahead) >= MUCH else 1.0 if abs(ahead) >= A_LITTLE else 0.0
    whole = size if ahead > 0 else -size
    if stated is not None:
        side = {pair[0]: -1.0, pair[1]: 1.0}.get(stated[0], 0.0)
        whole = side * max(size, 1.0)
    return Sheet(
        entries | {WHOLE: Entry(VerdictStatus.OK, whole + 0.0)}, stated[1] if stated else ""
    )
