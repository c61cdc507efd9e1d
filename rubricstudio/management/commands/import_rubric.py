"""Import rubrics from files in any of the formats of docs/rubric-files.md.

Each rubric of a file becomes a new one with a draft, unless the project has one of the same
name that holds the same, which stays; with --into, the criteria go into the draft of a rubric
that is there. What a format could not say and what is lost is told on stderr. Where a file
leaves open whether meeting a criterion is good, nothing is imported before that is answered.

Exit codes: 0 done, 1 refused because of problems or open questions (nothing was imported),
2 wrong usage, an unknown name or an unreadable file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from rubricstudio.actions.rubric_files import append_to_draft, replace_draft, store_rubrics
from rubricstudio.models import Project, Role, Rubric, User
from rubricstudio.queries.rubric_files import Found, Look, choose, look_at, readable
from scoring.cli import Report, nothing, usage

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
        looks = [self._look(project, path, options["format"]) for path in options["files"]]
        looks = _answered(looks, options["met_good"], options["met_bad"])
        self._tell(looks)
        self._refuse(looks, options)
        if options["dry_run"]:
            self._would(looks)
            return
        by = _person(options["by"], project)
        with transaction.atomic():
            if target is None:
                self._store(project, looks, by)
            else:
                self._write(target, looks, by, replaces=options["replace"])

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

    def _look(self, project: Project, path: str, format_name: str) -> Look:
        try:
            text = Path(path).read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise usage(f"cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise usage(f"{path} is not UTF-8 text") from error
        if "\x00" in text:
            raise usage(f"{path} is a binary file, not text")
        name = Path(path).name
        plain = text.replace("\r\n", "\n")
        return look_at(project=project, text=plain, file_name=name, format_name=format_name)

    def _tell(self, looks: Sequence[Look]) -> None:
        """What was found, what is lost and what is wrong, on stderr."""
        for look in looks:
            label = look.format.label if look.format else "of no known format"
            self.say(f"{look.file_name}: {label}, {len(look.rubrics)} rubrics")
            for found in look.rubrics:
                for loss in found.read.losses:
                    self.say(f"{look.file_name}: {found.name}: lost: {loss.message}")
            for problem in look.all_problems[:_SHOWN]:
                place = f"{look.file_name}:{problem.line}" if problem.line else look.file_name
                said = f"{problem.field} {problem.message}".strip()
                self.say(f"{place}: {said}{f'. {problem.hint}' if problem.hint else ''}")
            if look.n_problems > _SHOWN:
                self.say(f"{look.file_name}: and {look.n_problems - _SHOWN} more problems")

    def _refuse(self, looks: Sequence[Look], options: dict[str, Any]) -> None:
        """Raise CommandError for problems and for questions that nobody answered."""
        problems = sum(look.n_problems for look in looks)
        rubrics = [found for look in looks for found in look.rubrics]
        if problems and not options["keep_good"]:
            raise nothing(f"{problems} problems, nothing was imported")
        if not rubrics:
            raise nothing("there is no rubric to import")
        if options["into"] and len(rubrics) > 1:
            raise usage(f"--into takes one rubric; the files hold {len(rubrics)}")
        questions = [] if options["accept_guesses"] else list(_open(rubrics))
        for question in questions[:_SHOWN]:
            self.say(question)
        if questions:
            raise nothing(
                f"{len(questions)} criteria leave open whether meeting them is good or bad: answer"
                " with --met-good KEY or --met-bad KEY, or take the guesses with --accept-guesses;"
                " nothing was imported"
            )

    def _would(self, looks: Sequence[Look]) -> None:
        for look in looks:
            for found in look.rubrics:
                self.stdout.write(f"would import {found.name}: {found.criteria} criteria")

    def _store(self, project: Project, looks: Sequence[Look], by: User) -> None:
        chosen = [choose(found, look.origin) for look in looks for found in look.rubrics]
        for each in store_rubrics(project=project, chosen=chosen, by=by):
            rubric = each.version.rubric
            word = "imported" if each.added else "unchanged"
            self.stdout.write(f"{word} {rubric.external_id}: {rubric.name}")

    def _write(self, target: Rubric, looks: Sequence[Look], by: User, *, replaces: bool) -> None:
        look = next(look for look in looks if look.rubrics)
        chosen = choose(look.rubrics[0], look.origin)
        write = replace_draft if replaces else append_to_draft
        done = write(rubric=target, value=chosen.value, by=by)
        self.stdout.write(
            f"{'imported into' if done.anything else 'unchanged'} {target.external_id}:"
            f" {done.added} added, {done.changed} changed, {done.removed} removed"
        )


def rubric_of(project: Project, external_id: str) -> Rubric:
    """The rubric of this id. Raises CommandError, naming the ones there are."""
    found = project.rubrics.select_related("project", "task").filter(external_id=external_id)
    rubric = found.first()
    if rubric is None:
        ids = list(project.rubrics.order_by("external_id").values_list("external_id", flat=True))
        there = f"there are: {', '.join(ids[:_SHOWN])}" if ids else "there is none yet"
        raise usage(f"there is no rubric {external_id!r} in this project; {there}")
    return rubric


def _answered(looks: Sequence[Look], good: Sequence[str], bad: Sequence[str]) -> list[Look]:
    """The rubrics with these questions answered. Raises CommandError for a key not asked about."""
    answers = {**dict.fromkeys(good, True), **dict.fromkeys(bad, False)}
    both = sorted(set(good) & set(bad))
    if both:
        raise usage(f"both --met-good and --met-bad: {', '.join(both)}")
    asked = {guess.key for look in looks for found in look.rubrics for guess in found.read.guesses}
    unknown = sorted(set(answers) - asked)
    if unknown:
        raise usage(f"no question is open about: {', '.join(unknown)}")
    return [
        replace(look, rubrics=[replace(found, answers=answers) for found in look.rubrics])
        for look in looks
    ]


def _open(rubrics: Sequence[Found]) -> list[str]:
    """Each question without an answer, in a line."""
    return [
        f"{found.name}: {guess.key}: is meeting it good or bad? guessed"
        f" {'good' if guess.met_is_good else 'bad'}: {guess.why}:"
        f" {' '.join(found.read.rubric.by_key[guess.key].text.split())[:100]}"
        for found in rubrics
        for guess in found.read.guesses
        if guess.key not in found.answers
    ]


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
