"""Who may open each address. One line per URL name, one per API operation.

Adding a page: add its name here and say who it is for.

    "annotations:session": member(Permission.MANAGE_SESSIONS),
    "scoring:export": member(Permission.SEE_RESULTS, post=Permission.EXPORT),
    "annotations:annotate": member(Permission.ANNOTATE, private="annotator"),
    "scoring:run": member(Permission.SEE_RESULTS, run_id="run"),

- The first permission is the one that GET needs, `post` the one that POST needs (the same
  where it is left out).
- Arguments of the address are filled from the row of the same name in tests/url_rows.py;
  `run_id="run"` takes the row `run` instead.
- `private` names the role whose own row it is: everybody else gets 404.
- `also` lists further statuses that are right here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from rubricstudio.permissions import Permission


class Who(Enum):
    ANYONE = auto()
    SIGNED_IN = auto()


@dataclass(frozen=True)
class Page:
    """What is expected of one address."""

    get: Who | Permission
    post: Who | Permission
    private: str = ""
    also: frozenset[int] = frozenset()
    arguments: Mapping[str, str] = field(default_factory=dict)


def anyone(*, also: tuple[int, ...] = (), **arguments: str) -> Page:
    """A page that needs no sign-in."""
    return Page(Who.ANYONE, Who.ANYONE, "", frozenset(also), arguments)


def signed_in(*, private: str = "", also: tuple[int, ...] = (), **arguments: str) -> Page:
    """A page for whoever is signed in."""
    return Page(Who.SIGNED_IN, Who.SIGNED_IN, private, frozenset(also), arguments)


def member(
    get: Permission,
    *,
    post: Permission | None = None,
    private: str = "",
    also: tuple[int, ...] = (),
    **arguments: str,
) -> Page:
    """A page inside a project."""
    return Page(get, post or get, private, frozenset(also), arguments)


PAGES: dict[str, Page] = {
    # -- frame and accounts
    "set_language": anyone(),
    "api:openapi-json": anyone(),
    "api:api-root": anyone(also=(404,)),
    "rubricstudio:home": signed_in(),
    "rubricstudio:project-new": signed_in(),
    # Someone who is signed in with another address is told so, with 403.
    "rubricstudio:invitation": anyone(also=(403,)),
    "rubricstudio:account": signed_in(),
    "rubricstudio:tokens": signed_in(),
    "annotations_account:shortcuts": signed_in(),
    "rubricstudio:token-revoke": signed_in(private="viewer"),
    "rubricstudio:worker-status": signed_in(),
    "rubricstudio:styleguide": signed_in(),
    "rubricstudio:project": member(Permission.SEE_PROJECT),
    "rubricstudio:project-edit": member(Permission.MANAGE_MEMBERS),
    "rubricstudio:members": member(Permission.SEE_DATA),
    "rubricstudio:invite": member(Permission.MANAGE_MEMBERS),
    "rubricstudio:leave": member(Permission.SEE_PROJECT),
    "rubricstudio:member-role": member(Permission.MANAGE_MEMBERS),
    "rubricstudio:member-remove": member(Permission.MANAGE_MEMBERS),
    "rubricstudio:invitation-revoke": member(Permission.MANAGE_MEMBERS),
    # -- data
    "rubricstudio:data": member(Permission.SEE_DATA),
    "rubricstudio:task": member(Permission.SEE_DATA),
    "rubricstudio:import": member(Permission.IMPORT),
    "rubricstudio:images": member(Permission.AUTHOR),
    # Whoever is no author needs the key that the page of a text holds.
    "rubricstudio:image": member(Permission.SEE_PROJECT, also=(404,), name="image_name"),
    "rubricstudio:image-delete": member(Permission.AUTHOR, name="image_name"),
    "rubricstudio:import-job": member(Permission.IMPORT),
    # -- rubrics
    "rubricstudio:rubrics": member(Permission.SEE_RUBRICS),
    "rubricstudio:weights": member(Permission.AUTHOR),
    "rubricstudio:rubric-new": member(Permission.AUTHOR),
    "rubricstudio:rubric-import": member(Permission.AUTHOR),
    "rubricstudio:rubrics-export": member(Permission.SEE_RUBRICS),
    "rubricstudio:rubrics-file": member(Permission.SEE_RUBRICS),
    "rubricstudio:rubric-export": member(Permission.SEE_RUBRICS),
    "rubricstudio:rubric-file": member(Permission.SEE_RUBRICS),
    "rubricstudio:rubric": member(Permission.SEE_RUBRICS),
    "rubricstudio:rubric-edit": member(Permission.AUTHOR),
    "rubricstudio:rubric-totals": member(Permission.SEE_RUBRICS),
    "rubricstudio:lint": member(Permission.SEE_RUBRICS),
    "rubricstudio:lint-fix": member(Permission.AUTHOR),
    "rubricstudio:lint-dismiss": member(Permission.AUTHOR),
    "rubricstudio:lint-bring-back": member(Permission.AUTHOR),
    "rubricstudio:rubric-aggregator": member(Permission.AUTHOR),
    "rubricstudio:criterion-add": member(Permission.AUTHOR),
    "rubricstudio:criteria-order": member(Permission.AUTHOR),
    "rubricstudio:criteria-restore": member(Permission.AUTHOR),
    "rubricstudio:criterion": member(Permission.AUTHOR),
    "rubricstudio:criteria-paste": member(Permission.AUTHOR),
    "rubricstudio:criterion-split": member(Permission.AUTHOR),
    "rubricstudio:draft-undo": member(Permission.AUTHOR),
    "rubricstudio:rubric-presence": member(Permission.AUTHOR),
    "rubricstudio:criterion-act": member(Permission.AUTHOR),
    "rubricstudio:criterion-program": member(Permission.AUTHOR),
    "rubricstudio:version-publish": member(Permission.AUTHOR),
    "rubricstudio:draft-discard": member(Permission.AUTHOR),
    "rubricstudio:version-diff": member(Permission.SEE_RUBRICS),
    "rubricstudio:versions": member(Permission.SEE_RUBRICS),
    "rubricstudio:version": member(Permission.SEE_RUBRICS),
    "rubricstudio:draft-start": member(Permission.AUTHOR),
    "rubricstudio:version-retire": member(Permission.AUTHOR),
    "rubricstudio:version-fork": member(Permission.SEE_RUBRICS),
    "rubricstudio:history": member(Permission.SEE_RUBRICS),
    "rubricstudio:comments": member(Permission.SEE_RUBRICS, post=Permission.COMMENT),
    "rubricstudio:comments-panel": member(Permission.SEE_RUBRICS),
    "rubricstudio:comments-people": member(Permission.COMMENT),
    "rubricstudio:comment": member(Permission.SEE_RUBRICS, post=Permission.COMMENT),
    "rubricstudio:comment-state": member(Permission.COMMENT),
    "rubricstudio:mentions": signed_in(),
    "rubricstudio:mentions-count": signed_in(),
    # -- the library: entries may be changed by who added them, rubrics read where shared
    "rubricstudio:library": signed_in(),
    "rubricstudio:library-entry": signed_in(also=(403,)),
    "rubricstudio:library-entry-remove": signed_in(also=(403,)),
    "rubricstudio:library-rubric": signed_in(also=(404,)),
    "rubricstudio:rubric-templates": member(Permission.AUTHOR),
    "rubricstudio:rubric-library": member(Permission.AUTHOR),
    "rubricstudio:rubric-share": member(Permission.AUTHOR),
    "rubricstudio:criterion-similar": member(Permission.AUTHOR),
    "rubricstudio:criterion-share": member(Permission.AUTHOR),
    # -- sessions
    "annotations:sessions": member(Permission.SEE_PROJECT),
    "annotations:session-new": member(Permission.MANAGE_SESSIONS),
    "annotations:compare-new": member(Permission.MANAGE_SESSIONS),
    "annotations:session": member(Permission.SEE_PROJECT),
    "annotations:session-edit": member(Permission.MANAGE_SESSIONS),
    "annotations:session-clone": member(Permission.MANAGE_SESSIONS),
    "annotations:session-adopt": member(Permission.MANAGE_SESSIONS),
    "annotations:session-state": member(Permission.MANAGE_SESSIONS),
    "annotations:session-annotators": member(Permission.MANAGE_SESSIONS),
    "annotations:quality": member(Permission.EXPORT),
    "annotations:quality-rules": member(Permission.MANAGE_SESSIONS),
    "annotations:quality-checks": member(Permission.MANAGE_SESSIONS),
    "annotations:quality-pass": member(Permission.MANAGE_SESSIONS),
    "annotations:gold": member(Permission.EXPORT, post=Permission.MANAGE_SESSIONS),
    "annotations:gold-import": member(Permission.MANAGE_SESSIONS),
    "annotations:gold-export": member(Permission.EXPORT),
    "annotations:gold-from": member(Permission.MANAGE_SESSIONS),
    # 404 for everybody: the item of the walk is work, and feedback is on training.
    "annotations:calibration-step": member(Permission.MANAGE_SESSIONS),
    # For the annotators and managers of a revealed round; the reviewer of the walk is neither.
    "annotations:discussion": member(
        Permission.ANNOTATE, session_id="discussed_session_id", also=(404,)
    ),
    "annotations:discussed": member(
        Permission.ANNOTATE, session_id="discussed_session_id", also=(404,)
    ),
    "scoring:calibration": member(
        Permission.SEE_PROJECT, session_id="discussed_session_id", also=(404,)
    ),
    "annotations:feedback": member(Permission.ANNOTATE, private="annotator", also=(404,)),
    "annotations:dashboard": member(Permission.SEE_RESULTS),
    "annotations:dashboard-csv": member(Permission.SEE_RESULTS),
    "annotations:pace": member(Permission.SEE_RESULTS),
    "annotations:remind": member(Permission.MANAGE_SESSIONS),
    "annotations:queue": member(Permission.ANNOTATE, private="annotator"),
    "annotations:next": member(Permission.ANNOTATE, private="annotator"),
    "annotations:annotate": member(Permission.ANNOTATE, private="annotator"),
    "annotations:activity": member(Permission.ANNOTATE, private="annotator"),
    "annotations:ahead": member(Permission.ANNOTATE, private="annotator"),
    "annotations:draft": member(Permission.ANNOTATE, private="annotator"),
    "annotations:submit": member(Permission.ANNOTATE, private="annotator"),
    "annotations:skip": member(Permission.ANNOTATE, private="annotator"),
    "annotations:take-up": member(Permission.ANNOTATE, private="annotator"),
    "annotations:adjudication": member(Permission.SEE_RESULTS),
    "annotations:consensus": member(Permission.SEE_RESULTS),
    # Nobody has judged the response of the walk yet, so there is nothing to settle.
    "annotations:adjudicate": member(Permission.SEE_RESULTS, also=(404,)),
    "annotations:adjudicate-next": member(Permission.SEE_RESULTS, also=(404,)),
    "annotations:adjudicate-propose": member(Permission.ADJUDICATE, also=(404,)),
    "annotations:flag": member(Permission.ANNOTATE, private="annotator"),
    "annotations:renew": member(Permission.ANNOTATE, private="annotator"),
    "annotations:expertise": member(Permission.ANNOTATE),
    "annotations:items": member(Permission.MANAGE_SESSIONS),
    "annotations:items-change": member(Permission.MANAGE_SESSIONS),
    "annotations:flags": member(Permission.MANAGE_SESSIONS),
    "annotations:flag-settle": member(Permission.MANAGE_SESSIONS),
    # -- judges, comparison, export
    "scoring:compare": member(Permission.SEE_RESULTS),
    "scoring:agreement": member(Permission.SEE_RESULTS),
    "scoring:wins": member(Permission.SEE_RESULTS, session_id="compared_id"),
    "scoring:disagreements": member(Permission.SEE_RESULTS),
    # Nobody has judged anything in the rows of the walk.
    "scoring:disagreement": member(Permission.SEE_RESULTS, also=(404,)),
    "scoring:scores": member(Permission.SEE_RESULTS),
    "scoring:export": member(Permission.EXPORT),
    "scoring:export-jsonl": member(Permission.EXPORT),
    "scoring:export-csv": member(Permission.EXPORT),
    "scoring:preview": member(Permission.SEE_RESULTS),
    "scoring:preview-pins": member(Permission.AUTHOR),
    "scoring:preview-judge": member(Permission.RUN_JUDGES),
    "scoring:preview-said": member(Permission.AUTHOR),
    "scoring:preview-cancel": member(Permission.RUN_JUDGES),
    "scoring:reviews": member(Permission.SEE_RESULTS, post=Permission.RUN_JUDGES),
    "scoring:review": member(Permission.SEE_RESULTS),
    "scoring:review-cancel": member(Permission.RUN_JUDGES),
    "scoring:judges": member(Permission.SEE_RESULTS),
    "scoring:judge-compare": member(Permission.SEE_RESULTS),
    # The judge of the walk has no adapter.
    "scoring:judge-adapter": member(Permission.RUN_JUDGES, also=(404,)),
    "scoring:training-new": member(Permission.RUN_JUDGES),
    "scoring:training": member(Permission.SEE_RESULTS),
    "scoring:training-state": member(Permission.RUN_JUDGES),
    "scoring:judge-new": member(Permission.RUN_JUDGES),
    "scoring:judge": member(Permission.SEE_RESULTS),
    "scoring:judge-archive": member(Permission.RUN_JUDGES),
    "scoring:judge-check": member(Permission.RUN_JUDGES),
    "scoring:trial-new": member(Permission.RUN_JUDGES),
    "scoring:trial": member(Permission.RUN_JUDGES),
    "scoring:trial-cancel": member(Permission.RUN_JUDGES),
    "scoring:workers": member(Permission.RUN_JUDGES),
    "scoring:runs": member(Permission.SEE_RESULTS),
    "scoring:run-new": member(Permission.RUN_JUDGES),
    "scoring:run": member(Permission.SEE_RESULTS),
    "scoring:impact": member(Permission.SEE_RESULTS),
    "scoring:run-suspects": member(Permission.SEE_RESULTS),
    "scoring:run-cancel": member(Permission.RUN_JUDGES),
    "scoring:run-resume": member(Permission.RUN_JUDGES),
}

ITEM = "/projects/{slug}/sessions/{session_id}/items/{item_id}"

# Method and path below /api/v1, as the operation is declared.
OPERATIONS: dict[str, Page] = {
    "GET /me": signed_in(),
    "GET /projects": signed_in(),
    "POST /projects": signed_in(),
    "GET /projects/{slug}": member(Permission.SEE_PROJECT),
    "GET /projects/{slug}/tasks": member(Permission.SEE_DATA),
    "GET /projects/{slug}/tasks/{task_id}": member(Permission.SEE_DATA),
    "GET /projects/{slug}/responses": member(Permission.SEE_DATA),
    "GET /projects/{slug}/rubrics": member(Permission.SEE_RUBRICS),
    "GET /projects/{slug}/rubrics/{rubric_id}/versions/{number}": member(Permission.SEE_RUBRICS),
    "GET /projects/{slug}/export.jsonl": member(Permission.EXPORT),
    "GET /projects/{slug}/export.csv": member(Permission.EXPORT),
    "GET /projects/{slug}/sessions": member(Permission.SEE_PROJECT),
    "POST /projects/{slug}/sessions": member(Permission.MANAGE_SESSIONS),
    "GET /projects/{slug}/sessions/{session_id}": member(Permission.SEE_PROJECT),
    "PATCH /projects/{slug}/sessions/{session_id}": member(Permission.MANAGE_SESSIONS),
    "POST /projects/{slug}/sessions/{session_id}/clone": member(Permission.MANAGE_SESSIONS),
    "POST /projects/{slug}/sessions/{session_id}/reveal": member(Permission.MANAGE_SESSIONS),
    "POST /projects/{slug}/sessions/{session_id}/vote-again": member(Permission.MANAGE_SESSIONS),
    "GET /projects/{slug}/sessions/{session_id}/items": member(Permission.SEE_PROJECT),
    "POST /projects/{slug}/sessions/{session_id}/activate": member(Permission.MANAGE_SESSIONS),
    "POST /projects/{slug}/sessions/{session_id}/pause": member(Permission.MANAGE_SESSIONS),
    "POST /projects/{slug}/sessions/{session_id}/complete": member(Permission.MANAGE_SESSIONS),
    "POST /projects/{slug}/sessions/{session_id}/next": member(
        Permission.ANNOTATE, private="annotator"
    ),
    f"GET {ITEM}": member(Permission.ANNOTATE, private="annotator"),
    f"PUT {ITEM}/draft": member(Permission.ANNOTATE, private="annotator"),
    f"POST {ITEM}/submit": member(Permission.ANNOTATE, private="annotator"),
    f"POST {ITEM}/skip": member(Permission.ANNOTATE, private="annotator"),
    f"POST {ITEM}/take-up": member(Permission.ANNOTATE, private="annotator"),
}

# What operations are sent that are refused without a body, before anybody is looked at.
BODIES: dict[str, dict[str, object]] = {
    "POST /projects/{slug}/sessions": {"name": "Walked", "annotators": []},
    "PATCH /projects/{slug}/sessions/{session_id}": {"instructions": "Walked"},
    "POST /projects/{slug}/sessions/{session_id}/reveal": {"despite_missing": True},
    f"PUT {ITEM}/draft": {},
    f"POST {ITEM}/submit": {},
    f"POST {ITEM}/skip": {"reason": "other"},
}
