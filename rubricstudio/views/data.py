"""The tasks of a project, and one task with its responses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString

from rubricstudio.http import ProjectRequest, project_view
from rubricstudio.models import Project
from rubricstudio.permissions import Permission
from rubricstudio.queries.data import TaskFilter, TaskView, find_task, task_page, task_view
from rubricstudio.rendering import markdown

_Rendered = Callable[[str | None], SafeString | None]


@project_view(Permission.SEE_DATA)
def data(request: ProjectRequest, project: Project) -> HttpResponseBase:
    narrowed = TaskFilter(
        search=_text(request, "q"), tag=_text(request, "tag"), source=_text(request, "source")
    )
    before, after = _key(request, "before"), _key(request, "after")
    page = task_page(project, narrowed, before=before, after=after)
    kept = {"q": narrowed.search, "tag": narrowed.tag, "source": narrowed.source}
    context = {
        "page": page,
        "narrowed": narrowed,
        "newer_url": _url(kept, "after", page.newer),
        "older_url": _url(kept, "before", page.older),
        "tab": "data",
    }
    return render(request, "rubricstudio/data.html", context)


@project_view(Permission.SEE_DATA)
def task(request: ProjectRequest, project: Project, task_id: int) -> HttpResponseBase:
    """The task's responses beside each other, or the one that `response` names."""
    found = find_task(project, task_id)
    if found is None:
        raise Http404
    rendered = partial(_rendered, images_of(project))
    context = _task_context(task_view(found), _key(request, "response"), rendered)
    return render(request, "rubricstudio/task.html", {**context, "tab": "data"})


def images_of(project: Project) -> str:
    """The address below which the project's pictures lie."""
    return reverse("rubricstudio:images", args=[project.slug])


def _task_context(view: TaskView, one: int | None, rendered: _Rendered) -> dict[str, Any]:
    """What the page draws; `one`: the response to show alone."""
    task = view.task
    numbered = list(enumerate(view.responses, 1))
    alone = [(number, row) for number, row in numbered if row.response.pk == one]
    number_of = {row.response.pk: number for number, row in numbered}
    return {
        "task": task,
        "tabs": [(number, row.response) for number, row in numbered],
        "one": one if alone else None,
        "turns": [(turn["role"], rendered(turn["content"])) for turn in task.messages],
        "reference": rendered(task.reference) if task.reference else "",
        "documents": [_document(item, rendered) for item in task.context],
        "responses": [
            (number, row, rendered(row.response.text)) for number, row in alone or numbered
        ],
        "preferences": [
            (row, number_of.get(row.response_a_id), number_of.get(row.response_b_id))
            for row in view.preferences
        ],
    }


def _document(item: Any, rendered: _Rendered) -> tuple[str, SafeString | None]:
    if isinstance(item, dict):
        return str(item.get("title", "")), rendered(str(item.get("text", "")))
    return "", rendered(str(item))


def _rendered(images: str, text: str | None) -> SafeString | None:
    """Markdown as safe HTML; None where there is none."""
    return None if text is None else markdown(text, images=images)


def _text(request: ProjectRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\x00", "").strip()[:300]


def _key(request: ProjectRequest, name: str) -> int | None:
    """A row's key from the address, or None; a key that no row can have is none."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _url(kept: dict[str, str], name: str, key: int | None) -> str:
    if key is None:
        return ""
    return "?" + urlencode({**{k: v for k, v in kept.items() if v}, name: key})
