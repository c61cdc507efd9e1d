"""Exports over the HTTP API; added to the API in rubricstudio.urls."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponseBase
from ninja import Field, Query, Router, Schema
from ninja.errors import HttpError

from rubricstudio.api import api_project
from rubricstudio.domain.aggregation import Missing
from rubricstudio.domain.consensus import Method
from rubricstudio.permissions import Permission
from scoring.queries.exports import (
    ExportPlan,
    ExportRefused,
    Wanted,
    jsonl,
    plan_export,
    verdicts_csv,
)
from scoring.views.export import download

router = Router(tags=["export"])


class ExportParameters(Schema):
    """Names are those people see; what is left out is not limited."""

    rubric: str = Field("", description="The rubric's id; all rubrics without it.")
    version: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Its version's number; the newest published one without it."
    )
    session: list[str] = Field([], description="Only verdicts of these sessions.")
    run: list[str] = Field([], description="Only verdicts of these runs.")
    aggregator: str = Field("", description="For scores, instead of each version's own.")
    missing: Missing = Field(Missing.EXCLUDE, description="What a missing verdict does.")
    images: bool = Field(True, description="Whether pictures that are shown are in it.")
    consensus: Method | None = Field(
        None, description="Adds the people's consensus by this method; none without it."
    )
    gold: bool = Field(False, description="Whether gold answers are in it.")


def _plan(request: HttpRequest, slug: str, asked: ExportParameters) -> ExportPlan:
    project = api_project(request, slug, Permission.EXPORT)
    wanted = Wanted(
        rubric=asked.rubric,
        version=asked.version,
        sessions=tuple(asked.session),
        runs=tuple(asked.run),
        aggregator=asked.aggregator,
        missing=asked.missing.value,
        images=asked.images,
        consensus=asked.consensus,
        gold=asked.gold,
    )
    try:
        return plan_export(project, wanted)
    except ExportRefused as error:
        raise HttpError(422, str(error)) from error


@router.get("/projects/{slug}/export.jsonl", summary="A pinned dataset as JSON Lines, streamed")
def export_jsonl(
    request: HttpRequest, slug: str, asked: Query[ExportParameters]
) -> HttpResponseBase:
    plan = _plan(request, slug, asked)
    return download(plan.project, jsonl(plan), "jsonl", "application/x-ndjson")


@router.get("/projects/{slug}/export.csv", summary="Its verdicts as CSV, streamed")
def export_csv(request: HttpRequest, slug: str, asked: Query[ExportParameters]) -> HttpResponseBase:
    plan = _plan(request, slug, asked)
    return download(plan.project, verdicts_csv(plan), "csv", "text/csv; charset=utf-8")
