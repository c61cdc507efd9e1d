"""Lint a rubric: what its wording, weights and scales leave open, with the reason of each remark.

Every rule is described in docs/lint.md. Without --version the newest version is linted, a
draft included.

Exit codes: 0 nothing as grave as --fail-on, 1 there is, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from rubricstudio.domain.lint import Severity
from rubricstudio.models import Project, Rubric, RubricVersion
from rubricstudio.queries.lint import Remark, Review, review
from rubricstudio.queries.rubrics import newest_version, version_numbered
from scoring.cli import Report, nothing, usage

NEVER = "never"


class Command(Report):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("rubric", metavar="RUBRIC", help="the rubric, by name or external id")
        parser.add_argument("--version", type=int, metavar="N", help="default: the newest")
        parser.add_argument(
            "--fail-on",
            choices=(*(severity.value for severity in Severity), NEVER),
            default=Severity.ERROR.value,
            help="end with exit code 1 where there is a remark so grave or graver (default: error)",
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        version = _version(_rubric(project, options["rubric"]), options["version"])
        found = review(version, judged=True)
        if options["format"] == "json":
            self.print_json(_as_json(found))
        else:
            self._print(found)
        grave = _grave(found, options["fail_on"])
        if grave:
            raise nothing(f"{grave} remarks as grave as {options['fail_on']}, or graver")

    def _print(self, found: Review) -> None:
        for remark in found.remarks:
            place = remark.row.key if remark.row else "(rubric)"
            self.stdout.write(f"{remark.tone:8}{remark.finding.rule:22}{place}: {remark.reason}")
        counts = ", ".join(f"{name} {n}" for name, n in found.counts.items())
        self.stdout.write(f"{found.version}: {counts}")


def _rubric(project: Project, name: str) -> Rubric:
    rubrics = project.rubrics.select_related("project")
    found = list(rubrics.filter(external_id=name)[:2]) or list(rubrics.filter(name=name)[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise usage(f"there are several rubrics named {name!r}; give the external id")
    known = list(rubrics.order_by("external_id").values_list("external_id", flat=True)[:50])
    raise usage(f"there is no rubric {name!r}; there are: {', '.join(known) or 'none yet'}")


def _version(rubric: Rubric, number: int | None) -> RubricVersion:
    found = newest_version(rubric) if number is None else version_numbered(rubric, number)
    if found is None:
        there = rubric.versions.order_by("number").values_list("number", flat=True)
        numbers = ", ".join(map(str, there))
        raise usage(f"{rubric} has no version {number}; it has {numbers or 'none'}")
    return found


def _grave(found: Review, fail_on: str) -> int:
    """How many remarks are at least so grave; severities are named the gravest first."""
    if fail_on == NEVER:
        return 0
    order = list(found.counts)
    return sum(found.counts[name] for name in order[: order.index(fail_on) + 1])


def _as_json(found: Review) -> dict[str, Any]:
    return {
        "rubric": found.version.rubric.external_id,
        "version": found.version.number,
        "counts": found.counts,
        "remarks": [_remark(remark) for remark in found.remarks],
    }


def _remark(remark: Remark) -> dict[str, Any]:
    span = remark.finding.span
    return {
        "rule": remark.finding.rule,
        "severity": remark.tone,
        "keys": list(remark.finding.keys),
        "reason": remark.finding.reason,
        "passage": {"start": span.start, "end": span.end} if span else None,
        "fix": remark.fix_label or None,
    }
