"""Create the first person: whoever signs in so can create projects and invite the others.

The password is asked for twice, or read from the first line of standard input.
"""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from rubricstudio.actions.people import AddressTaken, create_person


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address the person signs in with")
        parser.add_argument("--name", default="", help='first and last name, as in "Olga Marin"')
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from the first line of standard input",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            validate_email(options["email"])
            password = _password(from_stdin=options["password_stdin"])
            person = create_person(email=options["email"], name=options["name"], password=password)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        except AddressTaken as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{person.email} can sign in now.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return _given(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask on: use --password-stdin.")
    password = _given(getpass.getpass("Password: "))
    if getpass.getpass("Again: ") != password:
        raise CommandError("The two passwords differ.")
    return password


def _given(password: str) -> str:
    if not password:
        raise CommandError("The password is empty.")
    return password
