"""The loop as a project's overview shows it: what is there, and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from rubricstudio.permissions import Permission
from rubricstudio.queries.projects import ProjectCounts


@dataclass(frozen=True)
class Step:
    """One step of the loop. `state` is done, next or later; `url_name` takes the project's slug.

    `figures` are the counts in words; `action` is empty where the member may only look.
    """

    key: str
    title: str
    text: str
    url_name: str
    action: str
    figures: tuple[str, ...]
    state: str


@dataclass(frozen=True)
class _Draft:
    key: str
    title: str
    text: str
    url_name: str
    action: str
    figures: tuple[str, ...]
    done: bool


def loop_steps(counts: ProjectCounts | None, may: Callable[[Permission], bool]) -> list[Step]:
    """The steps a member with these permissions takes part in; the first undone one is next.

    Without `counts` (an annotator's view) the one step is to annotate.
    """
    if counts is None:
        return [_annotating()]
    drafts = [_importing(counts, may), _authoring(counts, may), _sessions(counts, may)]
    drafts += [_judging(counts, may), _comparing(counts), _exporting(counts, may)]
    first = next((draft.key for draft in drafts if not draft.done), None)
    return [_with_state(draft, first) for draft in drafts]


def _with_state(draft: _Draft, first: str | None) -> Step:
    state = "done" if draft.done else "next" if draft.key == first else "later"
    return Step(
        draft.key, draft.title, draft.text, draft.url_name, draft.action, draft.figures, state
    )


def _annotating() -> Step:
    return Step(
        key="annotate",
        title=gettext("Annotate"),
        text=gettext(
            "Judge responses criterion by criterion; nobody sees your verdicts before you"
            " submit, and you see nobody else's."
        ),
        url_name="annotations:sessions",
        action=gettext("Open your sessions"),
        figures=(),
        state="next",
    )


def _importing(counts: ProjectCounts, may: Callable[[Permission], bool]) -> _Draft:
    figures = [
        ngettext("%(n)s task", "%(n)s tasks", counts.tasks) % {"n": counts.tasks},
        ngettext("%(n)s response", "%(n)s responses", counts.responses) % {"n": counts.responses},
    ]
    if counts.without_text:
        missing = counts.without_text
        phrase = ngettext("%(n)s without text", "%(n)s without text", missing)
        figures.append(phrase % {"n": missing})
    mine = may(Permission.IMPORT)
    return _Draft(
        key="import",
        title=gettext("Import"),
        text=gettext("Bring in tasks and the responses to be judged, as JSONL or CSV."),
        url_name="rubricstudio:import" if mine else "rubricstudio:data",
        action=gettext("Import data") if mine else "",
        figures=tuple(figures),
        done=counts.responses > 0,
    )


def _authoring(counts: ProjectCounts, may: Callable[[Permission], bool]) -> _Draft:
    figures = (
        ngettext("%(n)s rubric", "%(n)s rubrics", counts.rubrics) % {"n": counts.rubrics},
        ngettext("%(n)s published version", "%(n)s published versions", counts.published)
        % {"n": counts.published},
        ngettext("%(n)s draft", "%(n)s drafts", counts.drafts) % {"n": counts.drafts},
    )
    return _Draft(
        key="author",
        title=gettext("Author"),
        text=gettext(
            "Write the criteria and publish a version; verdicts are gathered on"
            " published versions only."
        ),
        url_name="rubricstudio:rubrics",
        action=gettext("Open rubrics") if may(Permission.AUTHOR) else "",
        figures=figures,
        done=counts.published > 0,
    )


def _sessions(counts: ProjectCounts, may: Callable[[Permission], bool]) -> _Draft:
    figures = (
        ngettext("%(n)s session", "%(n)s sessions", counts.sessions) % {"n": counts.sessions},
        _verdicts(counts.by_people),
    )
    mine = may(Permission.MANAGE_SESSIONS) or may(Permission.ANNOTATE)
    return _Draft(
        key="annotate",
        title=gettext("Annotate"),
        text=gettext("Open a session in which experts judge the same responses blind."),
        url_name="annotations:sessions",
        action=gettext("Open sessions") if mine else "",
        figures=figures,
        done=counts.by_people > 0,
    )


def _judging(counts: ProjectCounts, may: Callable[[Permission], bool]) -> _Draft:
    figures = (
        ngettext("%(n)s run", "%(n)s runs", counts.runs) % {"n": counts.runs},
        _verdicts(counts.by_judges),
    )
    return _Draft(
        key="judge",
        title=gettext("Judge"),
        text=gettext("Run a model over the same responses with the same version."),
        url_name="scoring:runs",
        action=gettext("Open judges") if may(Permission.RUN_JUDGES) else "",
        figures=figures,
        done=counts.by_judges > 0,
    )


def _comparing(counts: ProjectCounts) -> _Draft:
    ready = counts.by_people > 0 and counts.by_judges > 0
    return _Draft(
        key="compare",
        title=gettext("Compare"),
        text=gettext("See per criterion where people and machines differ, and why.")
        if ready
        else gettext("Needs verdicts of people and of a judge on the same responses."),
        url_name="scoring:compare",
        action=gettext("Compare") if ready else "",
        figures=(),
        done=ready,
    )


def _exporting(counts: ProjectCounts, may: Callable[[Permission], bool]) -> _Draft:
    total = counts.by_people + counts.by_judges
    return _Draft(
        key="export",
        title=gettext("Export"),
        text=gettext("Download verdicts and scores of a pinned version, with their provenance."),
        url_name="scoring:export",
        action=gettext("Export") if total and may(Permission.EXPORT) else "",
        figures=(),
        done=False,
    )


def _verdicts(count: int) -> str:
    return ngettext("%(n)s verdict", "%(n)s verdicts", count) % {"n": count}
