"""Set up an annotation session, as the page does; it starts as a draft.

    manage.py create_session demo --name "First round" --rubric advice --annotator nuria@example.com
    manage.py create_session demo --from-json session.json --activate
    manage.py create_session demo --from-json - --set 'comment_rules=["unmet"]' --preview

--from-json takes an object with the fields of docs/sessions.md, or to compare responses those of
docs/comparing-responses.md; --set and the other options go before it. With --preview nothing is
made and the counts are printed. Prints JSON on stdout.
Exit codes: 0 made (or previewed), 1 refused, 2 wrong usage or an unknown name.
"""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from annotations.actions import activate, create_wanted
from annotations.cli import SessionCommand
from annotations.errors import AnnotationError
from annotations.forms_compare import ComparisonForm
from annotations.forms_sessions import SessionForm
from annotations.queries.estimate import estimate
from annotations.selection import InvalidSelection
from annotations.session_file import InvalidFile, form_of
from rubricstudio.cli import nothing, usage
from rubricstudio.domain.assignment import InvalidSample
from rubricstudio.models import Project


class Command(SessionCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("--from-json", metavar="FILE", help="the settings; - is stdin")
        parser.add_argument("--name", help="the session's name")
        parser.add_argument("--rubric", metavar="ID", help="the rubric, by id")
        parser.add_argument(
            "--version", type=int, metavar="N", help="its version (default: newest)"
        )
        parser.add_argument(
            "--annotator",
            action="append",
            metavar="EMAIL",
            help="who annotates (can be repeated)",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="any other setting; lists as JSON (can be repeated)",
        )
        parser.add_argument("--activate", action="store_true", help="open it at once")
        parser.add_argument("--preview", action="store_true", help="count, make nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        by = self.person(project, options["by"])
        try:
            form = form_of(project, described(options))
        except InvalidFile as error:
            raise usage(str(error)) from error
        try:
            if options["preview"]:
                return self._preview(project, form)
            session = create_wanted(project=project, wanted=form.wanted(), by=by)
            if options["activate"]:
                session = activate(session=session, by=by)
        except (AnnotationError, InvalidSelection, InvalidSample) as error:
            raise nothing(str(error)) from error
        self.print_session(session)

    def _preview(self, project: Project, form: SessionForm | ComparisonForm) -> None:
        if isinstance(form, ComparisonForm):
            raise usage("--preview counts single responses, not pairs and rankings")
        wanted, people = form.wanted(), len(form.cleaned_data["annotators"])
        found = estimate(project, wanted.version, form.selection(), wanted.options, people)
        told = {
            "population": found.population,
            "items": found.items,
            "submissions": found.submissions,
            "hours": None if found.hours is None else round(found.hours, 2),
            "strata": [
                {"name": stratum.name, "size": stratum.size, "taken": stratum.taken}
                for stratum in found.strata
            ],
        }
        self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))


def described(options: dict[str, Any]) -> dict[str, Any]:
    """The description that the file and the options make together."""
    told = _read(options["from_json"]) if options["from_json"] else {}
    for setting in options["set"]:
        name, equals, value = setting.partition("=")
        if not equals:
            raise usage(f"--set takes FIELD=VALUE, not {setting!r}")
        told[name] = _value(value)
    for name in ("name", "rubric", "version"):
        if options.get(name) is not None:
            told[name] = options[name]
    if options.get("annotator"):
        told["annotators"] = options["annotator"]
    return told


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read(name: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        told = json.loads(text)
    except (OSError, ValueError) as error:
        raise usage(f"{name}: {error}") from error
    if not isinstance(told, dict):
        raise usage(f"{name}: an object is needed, with the fields of docs/sessions.md")
    return told
