"""People who may sign in."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from rubricstudio.models import User


class AddressTaken(ValueError):
    """Someone already signs in with this e-mail address."""


@transaction.atomic
def create_person(*, email: str, name: str = "", password: str | None = None) -> User:
    """Create a person who signs in with `email`, kept in lower case.

    Without a password the person signs in through the identity provider only.
    Raises AddressTaken, and django's ValidationError for a password that is too weak.
    """
    address = email.strip().lower()
    if User.objects.filter(email__iexact=address).exists():
        raise AddressTaken(f"{address} already has an account.")
    first, _, last = name.strip().partition(" ")
    user = User(username=address[:150], email=address, first_name=first, last_name=last)
    if password is not None:
        validate_password(password, user)
    user.set_password(password)
    user.save(force_insert=True)
    return user


@transaction.atomic
def rename_person(*, user: User, first_name: str, last_name: str) -> User:
    """Change the name others see. Verdicts keep the rater's name they were given under."""
    user.first_name, user.last_name = first_name, last_name
    user.save(update_fields=["first_name", "last_name"])
    return user
