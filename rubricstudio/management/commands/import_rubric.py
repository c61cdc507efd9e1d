"""Import rubrics from files in any of the formats of docs/rubric-files.md.

Each rubric of a file becomes a new one with a draft, unless the project has one of the same
name that holds the same, which stays; with --into, the criteria go into the draft of a rubric
that is there. What a format could not say and what is lost is told on stderr. Where a file
leaves open whether meeting a criterion is good, nothing is imported before that is answered.

Exit codes: 0 done, 1 refused because of problems or open questions (nothing was imported),
2 wrong usage, an unknown name or an unreadable file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from rubricstudio.actions.rubric_files import append_to_draft, replace_draft, store_rubrics
from rubricstudio.cli import nothing, usage
from rubricstudio.domain.rubric_formats.protocol import PolarityGuess
from rubricstudio.models import Project, Role, Rubric, User
from rubricstudio.queries.rubric_files import Found, Look, choose, readable
from rubricstudio.queries.rubric_streams import NotText, RubricFile
from rubricstudio.rubric_sources import said
from scoring.cli import Report

_SHOWN = 50


class Command(Report):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", metavar="FILE", help="what to read")
        parser.add_argument("--project", metavar="SLUG", help="where to import to")
        parser.add_argument(
            "--format", default="", metavar="NAME", help="the format, where it is not recognised"
        )
        parser.add_argument(
            "--format-list", action="store_true", help="print the formats that can be read, and end"
        )
        parser.add_argument("--into", metavar="ID", help="the rubric whose draft is written")
        parser.add_argument(
            "--replace", action="store_true", help="with --into: in place of what the draft holds"
        )
        for answer in ("good", "bad"):
            parser.add_argument(
                f"--met-{answer}",
                action="append",
                default=[],
                metavar="KEY",
                help=f"meeting the criterion of this key is {answer} (can be repeated)",
            )
        parser.add_argument(
            "--accept-guesses",
            "--yes",
            action="store_true",
            help="take the guess wherever meeting a criterion is not said to be good or bad",
        )
        parser.add_argument("--keep-good", action="store_true", help="import what has no problem")
        parser.add_argument("--dry-run", action="store_true", help="report, import nothing")
        parser.add_argument(
            "--by", metavar="EMAIL", help="who imports (default: the project's owner)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format_list"]:
            for format_ in readable():
                self.stdout.write(f"{format_.name:20} {format_.label}: {format_.about}")
            return
        project, target = self._where(options)
        files = [RubricFile(project, Path(path), options["format"]) for path in options["files"]]
        self._refuse(self._tell(files), options)
        answers = _answers(options)
        with transaction.atomic():
            by = None if options["dry_run"] else _person(options["by"], project)
            for look in self._looks(files):
                found = _answered(look, answers)
                self._import(project, found, target, by, replaces=options["replace"])

    def _where(self, options: dict[str, Any]) -> tuple[Project, Rubric | None]:
        if not options["project"] or not options["files"]:
            raise usage("say which FILE to import, and with --project where to")
        if options["replace"] and not options["into"]:
            raise usage("--replace goes with --into")
        known = [format_.name for format_ in readable()]
        if options["format"] and options["format"] not in known:
            raise usage(f"there is no format {options['format']!r}; there are: {', '.join(known)}")
        project = self.project(options["project"])
        return project, rubric_of(project, options["into"]) if options["into"] else None

    def _looks(self, files: Sequence[RubricFile]) -> Iterator[Look]:
        """What is in each file, piece by piece where it is large."""
        for file in files:
            try:
                yield from file.looks()
            except OSError as error:
                raise usage(f"cannot read {file.path}: {error.strerror}") from error
            except NotText as error:
                raise usage(said(str(file.path), error.problem)) from error

    def _tell(self, files: Sequence[RubricFile]) -> Told:
        """What was found, what is lost and what is wrong, on stderr."""
        told = Told()
        for file in files:
            before = told.rubrics
            for look in self._looks([file]):
                label = look.format.label if look.format else "of no known format"
                for line in told.lines_of(look):
                    self.say(line)
            self.say(f"{file.path.name}: {label}, {told.rubrics - before} rubrics")
        for line in told.left:
            self.say(line)
        return told

    def _refuse(self, told: Told, options: dict[str, Any]) -> None:
        """Raise CommandError for problems and for questions that nobody answered."""
        answers = _answers(options)
        unknown = sorted(answers.keys() - told.asked.keys())
        if unknown:
            raise usage(f"no question is open about: {', '.join(unknown)}")
        if told.problems and not options["keep_good"]:
            raise nothing(f"{told.problems} problems, nothing was imported")
        if not told.rubrics:
            raise nothing("there is no rubric to import")
        if options["into"] and told.rubrics > 1:
            raise usage(f"--into takes one rubric; the files hold {told.rubrics}")
        questions = 0 if options["accept_guesses"] else told.open(answers)
        for question in told.questions if questions else ():
            if question.key not in answers:
                self.say(question.line)
        if questions:
            raise nothing(
                f"{questions} criteria leave open whether meeting them is good or bad: answer"
                " with --met-good KEY or --met-bad KEY, or take the guesses with --accept-guesses;"
                " nothing was imported"
            )

    def _import(
        self,
        project: Project,
        look: Look,
        target: Rubric | None,
        by: User | None,
        *,
        replaces: bool,
    ) -> None:
        """Store what one look found; only say it where nobody imports."""
        if by is None:
            for found in look.rubrics:
                self.stdout.write(f"would import {found.name}: {found.criteria} criteria")
        elif target is None:
            self._store(project, look, by)
        elif look.rubrics:
            self._write(target, look, by, replaces=replaces)

    def _store(self, project: Project, look: Look, by: User) -> None:
        chosen = [choose(found, look.origin) for found in look.rubrics]
        for each in store_rubrics(project=project, chosen=chosen, by=by):
            rubric = each.version.rubric
            word = "imported" if each.added else "unchanged"
            self.stdout.write(f"{word} {rubric.external_id}: {rubric.name}")

    def _write(self, target: Rubric, look: Look, by: User, *, replaces: bool) -> None:
        chosen = choose(look.rubrics[0], look.origin)
        write = replace_draft if replaces else append_to_draft
        done = write(rubric=target, value=chosen.value, by=by)
        self.stdout.write(
            f"{'imported into' if done.anything else 'unchanged'} {target.external_id}:"
            f" {done.added} added, {done.changed} changed, {done.removed} removed"
        )


@dataclass(frozen=True)
class Question:
    """A criterion whose polarity its file leaves open, and the line that asks about it."""

    key: str
    line: str


@dataclass
class Told:
    """What the files hold, in numbers, and the first lines that are said of it."""

    rubrics: int = 0
    problems: int = 0
    losses: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    questions: list[Question] = field(default_factory=list)

    def lines_of(self, look: Look) -> Iterator[str]:
        """Count what one look found; the first losses and problems as lines."""
        self.rubrics += len(look.rubrics)
        for found in look.rubrics:
            for loss in found.read.losses:
                self.losses += 1
                if self.losses <= _SHOWN:
                    yield f"{look.file_name}: {found.name}: lost: {loss.message}"
            for guess in found.read.guesses:
                self.asked[guess.key] += 1
                if self.asked[guess.key] <= _SHOWN and len(self.questions) < 20 * _SHOWN:
                    self.questions.append(_question(found, guess))
        for problem in look.all_problems:
            self.problems += 1
            if self.problems <= _SHOWN:
                yield said(look.file_name, problem)

    @property
    def left(self) -> Iterator[str]:
        """How many lines were left unsaid."""
        for count, word in ((self.losses, "losses"), (self.problems, "problems")):
            if count > _SHOWN:
                yield f"and {count - _SHOWN} more {word}"

    def open(self, answers: Mapping[str, bool]) -> int:
        """How many questions the answers leave open."""
        return sum(count for key, count in self.asked.items() if key not in answers)


def rubric_of(project: Project, external_id: str) -> Rubric:
    """The rubric of this id. Raises CommandError, naming the ones there are."""
    found = project.rubrics.select_related("project", "task").filter(external_id=external_id)
    rubric = found.first()
    if rubric is None:
        ids = list(project.rubrics.order_by("external_id").values_list("external_id", flat=True))
        there = f"there are: {', '.join(ids[:_SHOWN])}" if ids else "there is none yet"
        raise usage(f"there is no rubric {external_id!r} in this project; {there}")
    return rubric


def _answers(options: Mapping[str, Any]) -> dict[str, bool]:
    """Whether meeting a criterion is good, by key. Raises CommandError for both at once."""
    good, bad = options["met_good"], options["met_bad"]
    both = sorted(set(good) & set(bad))
    if both:
        raise usage(f"both --met-good and --met-bad: {', '.join(both)}")
    return {**dict.fromkeys(good, True), **dict.fromkeys(bad, False)}


def _answered(look: Look, answers: Mapping[str, bool]) -> Look:
    return replace(look, rubrics=[replace(found, answers=answers) for found in look.rubrics])


def _question(found: Found, guess: PolarityGuess) -> Question:
    text = " ".join(found.read.rubric.by_key[guess.key].text.split())[:100]
    guessed = "good" if guess.met_is_good else "bad"
    asks = f"is meeting it good or bad? guessed {guessed}: {guess.why}"
    return Question(guess.key, f"{found.name}: {guess.key}: {asks}: {text}")


def _person(email: str | None, project: Project) -> User:
    if email is not None:
        person = User.objects.filter(email__iexact=email).first()
        if person is None:
            raise usage(f"there is nobody with the address {email}")
        return person
    owners = User.objects.filter(memberships__project=project, memberships__role=Role.OWNER)
    owner = owners.order_by("memberships__pk").first()
    if owner is None:
        raise usage("the project has no owner; say with --by who imports")
    return owner
