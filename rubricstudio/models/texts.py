"""How the database finds texts again; what is said here is indexed, so queries say it alike."""

from __future__ import annotations

from django.contrib.postgres.search import SearchVector
from django.db.models import Expression, Func, TextField, Value
from django.db.models.functions import Concat, Left


class TextDigest(Func):
    """`domain.library.text_digest` of a text, computed by the database, in UTF-8.

    A cast makes the bytes, because an index takes no `convert_to`; it reads backslashes in a
    way of its own, so they are doubled.
    """

    template = (
        "encode(sha256(replace(lower(btrim(%(expressions)s, E' \\t\\n\\r\\f\\v') "
        "COLLATE \"C\"), E'\\\\', E'\\\\\\\\')::bytea), 'hex')"
    )
    output_field = TextField()


def text_words(text: str | Expression) -> SearchVector:
    """The words of a column, an annotation or an expression, without a language.

    Behind 100,000 letters none is looked for: PostgreSQL refuses more than a megabyte of words.
    """
    return SearchVector(Left(text, 100_000), config="simple")


RUBRIC_WORDING = Concat("name", Value("\n"), "description", output_field=TextField())
"""What a rubric is found by."""
