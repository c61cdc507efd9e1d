"""Lint a rubric: what its wording, weights and scales leave open, with the reason of each remark.

Every rule is described in docs/lint.md. Without --version the newest version is linted, a
draft included. Remarks that the authors dismissed are left out and counted.

Exit codes: 0 nothing as grave as --fail-on, 1 there is, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandParser

from rubricstudio.cli import nothing, usage
from rubricstudio.domain.lint import Severity
from rubricstudio.models import Project, Rubric, RubricVersion
from rubricstudio.queries.lint import Remark, Review, Settled, review
from rubricstudio.queries.rubrics import newest_version, version_numbered
from scoring.cli import Report

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
        parser.add_argument(
            "--all", action="store_true", help="also remarks that the authors dismissed"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        version = _version(_rubric(project, options["rubric"]), options["version"])
        found = review(version, judged=True)
        shown = Shown.of(found, everything=options["all"])
        if options["format"] == "json":
            self.print_json(_as_json(found, shown))
        else:
            self._print(found, shown)
        grave = _grave(shown, options["fail_on"])
        if grave:
            raise nothing(f"{grave} remarks as grave as {options['fail_on']}, or graver")

    def _print(self, found: Review, shown: Shown) -> None:
        for remark, settled in shown.remarks:
            place = remark.row.key if remark.row else "(rubric)"
            by = f" (dismissed by {settled.by})" if settled else ""
            said = f"{remark.tone:8}{remark.finding.rule:22}{place}: {remark.reason}{by}"
            self.stdout.write(said)
        counts = ", ".join(f"{name} {n}" for name, n in shown.counts.items())
        left_out = f"; {shown.left_out} dismissed (--all shows them)" if shown.left_out else ""
        self.stdout.write(f"{found.version}: {counts}{left_out}")


@dataclass(frozen=True)
class Shown:
    """The remarks to report, each with who dismissed it, and how many dismissed are left out."""

    remarks: Sequence[tuple[Remark, Settled | None]]
    left_out: int

    @classmethod
    def of(cls, found: Review, *, everything: bool) -> Shown:
        remarks: list[tuple[Remark, Settled | None]] = [(x, None) for x in found.remarks]
        if not everything:
            return cls(remarks, len(found.dismissed))
        return cls([*remarks, *((x.remark, x) for x in found.dismissed)], 0)

    @property
    def counts(self) -> dict[str, int]:
        """Remarks by severity, the gravest first."""
        said = [remark.tone for remark, _ in self.remarks]
        return {severity.value: said.count(severity.value) for severity in Severity}


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


def _grave(shown: Shown, fail_on: str) -> int:
    """How many remarks are at least so grave; severities are named the gravest first."""
    if fail_on == NEVER:
        return 0
    order = list(shown.counts)
    return sum(shown.counts[name] for name in order[: order.index(fail_on) + 1])


def _as_json(found: Review, shown: Shown) -> dict[str, Any]:
    return {
        "rubric": found.version.rubric.external_id,
        "version": found.version.number,
        "counts": shown.counts,
        "dismissed": len(found.dismissed),
        "remarks": [_remark(remark, settled) for remark, settled in shown.remarks],
    }


def _remark(remark: Remark, settled: Settled | None) -> dict[str, Any]:
    span = remark.finding.span
    return {
        "rule": remark.finding.rule,
        "severity": remark.tone,
        "keys": list(remark.finding.keys),
        "reason": remark.finding.reason,
        "passage": {"start": span.start, "end": span.end} if span else None,
        "fix": remark.fix_label or None,
        "dismissed": {"by": str(settled.by), "at": settled.at.isoformat()} if settled else None,
    }
