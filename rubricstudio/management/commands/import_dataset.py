"""Import tasks, responses, rubrics, preferences and verdicts from files.

Files are JSON Lines, JSON, CSV or TSV, packed with gzip or not, as docs/formats.md describes
them; a mapping file makes records of any other layout. Folders are read with all that lies
below them. What is there already with the same content stays; with a problem anywhere
nothing is imported, unless --keep-good.

Exit codes: 0 done, 1 refused because of problems in the data (nothing was imported),
2 wrong usage, an unknown project, an unreadable file or a wrong mapping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import CommandParser

from rubricstudio.actions.imports import ImportRefused, ImportReport, import_records
from rubricstudio.actions.imports.files import DataFile, Meter, Reading, read_files, told
from rubricstudio.actions.projects import create_project
from rubricstudio.cli import nothing, usage
from rubricstudio.domain.formats.csv_default import CRITERION
from rubricstudio.domain.formats.detect import has_known_ending
from rubricstudio.domain.formats.mapping import InvalidMapping, Mapping_, parse_mapping
from rubricstudio.domain.formats.records import Problem, Record, RecordType
from rubricstudio.models import Project, Role, User
from scoring.cli import Report

TYPES = (*RecordType, CRITERION)
_ORDER = ("task", "response", "rubric", "verdict", "preference", "image")


class Command(Report):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE_OR_FOLDER", help="what to read")
        parser.add_argument("--project", required=True, metavar="SLUG", help="where to import to")
        parser.add_argument("--mapping", metavar="MAP.toml", help="how rows become records")
        parser.add_argument("--type", choices=TYPES, help="what rows are that do not say so")
        parser.add_argument("--keep-good", action="store_true", help="import what has no problem")
        parser.add_argument("--dry-run", action="store_true", help="report, import nothing")
        parser.add_argument(
            "--create", action="store_true", help="make the project if there is none"
        )
        parser.add_argument(
            "--by", metavar="EMAIL", help="who imports (default: the project's owner)"
        )
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        reading = Reading(mapping=self._mapping(options["mapping"]), kind=options["type"] or "")
        files = self._files(options["files"], mapped=reading.mapping is not None)
        by = self._person(options["by"])
        project = self._project(options["project"], by, create=options["create"])
        report = self._import(
            project,
            files,
            reading,
            by=by or _owner(project),
            keep_good=options["keep_good"],
            dry_run=options["dry_run"],
        )
        self._print(report, options)
        if report.n_problems and not options["keep_good"]:
            raise nothing(f"{report.n_problems} problems, nothing was imported")

    def _mapping(self, path: str | None) -> Mapping_ | None:
        if path is None:
            return None
        try:
            return parse_mapping(Path(path).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise usage(f"cannot read the mapping {path}: {error}") from error
        except InvalidMapping as error:
            raise usage(f"{path}: {error}") from error

    def _files(self, given: Sequence[str], *, mapped: bool) -> list[DataFile]:
        """The files, those of a folder named by their path below it. Raises CommandError."""
        files: list[DataFile] = []
        for path in map(Path, given):
            if path.is_dir():
                files += self._below(path, mapped=mapped)
            else:
                files.append(DataFile(path.name if mapped else str(path), path))
        for file in files:
            try:
                file.path.open("rb").close()
            except OSError as error:
                raise usage(f"cannot read {file.path}: {error.strerror}") from error
        if not files:
            raise usage(f"there is no file to import in {', '.join(given)}")
        return files

    def _below(self, folder: Path, *, mapped: bool) -> list[DataFile]:
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        fit = [path for path in found if mapped or has_known_ending(path.name)]
        if len(fit) < len(found):
            self.say(f"{folder}: passing over {len(found) - len(fit)} files of other kinds")
        return [DataFile(path.relative_to(folder).as_posix(), path) for path in fit]

    def _person(self, email: str | None) -> User | None:
        if email is None:
            return None
        person = User.objects.filter(email__iexact=email).first()
        if person is None:
            raise usage(f"there is nobody with the address {email}")
        return person

    def _project(self, slug: str, by: User | None, *, create: bool) -> Project:
        if not create or Project.objects.filter(slug=slug).exists():
            return self.project(slug)
        if by is None:
            people = list(User.objects.filter(is_active=True)[:2])
            if len(people) != 1:
                raise usage("say with --by whose project it becomes; create_owner makes a person")
            by = people[0]
        return create_project(by=by, name=slug.replace("-", " ").capitalize(), slug=slug)

    def _import(
        self, project: Project, files: Sequence[DataFile], reading: Reading, **options: Any
    ) -> ImportReport:
        meter = Meter()
        progress = _Progress(self, meter, sum(file.size for file in files))
        records = progress.watch(read_files(files, reading, meter))
        try:
            return import_records(project=project, records=records, **options)
        except ImportRefused as refused:
            return refused.report
        except OSError as error:
            raise usage(f"cannot read {error.filename}: {error.strerror}") from error

    def _print(self, report: ImportReport, options: dict[str, Any]) -> None:
        kept = not options["dry_run"] and (options["keep_good"] or not report.n_problems)
        if options["format"] == "json":
            self.print_json({"imported": kept, "project": options["project"], **report.as_dict()})
            return
        if kept:
            head = "imported"
        else:
            head = "would be imported" if not report.n_problems else "nothing was imported"
        self.stdout.write(f"{head}:")
        self.stdout.write(f"{'':12}{'added':>12}{'unchanged':>12}")
        for kind in _ORDER:
            added, same = report.added[kind], report.unchanged[kind]
            if added or same:
                self.stdout.write(f"{kind:12}{added:>12,}{same:>12,}")
        if report.n_problems:
            self.stdout.write(f"{report.n_problems:,} problems, the first of them:")
        for problem in report.problems:
            self.stdout.write(str(problem))


def _owner(project: Project) -> User:
    owners = User.objects.filter(memberships__project=project, memberships__role=Role.OWNER)
    owner = owners.order_by("memberships__pk").first()
    if owner is None:
        raise usage("the project has no owner; say with --by who imports")
    return owner


class _Progress:
    """Says on stderr how far it is: often on a terminal, now and then in a log."""

    def __init__(self, command: Command, meter: Meter, total: int) -> None:
        self.command, self.meter, self.total = command, meter, total
        self.on_terminal = bool(getattr(command.stderr, "isatty", lambda: False)())
        self.start = monotonic()

    def watch(self, records: Iterator[Record | Problem]) -> Iterator[Record | Problem]:
        return told(records, self.tell, every=0.5 if self.on_terminal else 5.0)

    def tell(self, number: int) -> None:
        rate = number / max(monotonic() - self.start, 1e-9)
        part = 100 * self.meter.bytes_read // max(self.total, 1)
        text = f"{number:,} records read, {rate:,.0f} a second, {min(part, 100)} %"
        self.command.stderr.write(text, ending="\r" if self.on_terminal else "\n")
