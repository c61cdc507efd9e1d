"""The library: criteria that are shared, and what texts mean as vectors."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from pgvector.django import HnswIndex, VectorField

from rubricstudio.models.accounts import User
from rubricstudio.models.rubrics import RubricVersion
from rubricstudio.models.texts import TextDigest, text_words

DIMENSIONS = 384  # of all-MiniLM-L6-v2


class LibraryEntry(models.Model):
    """A criterion that everybody who signs in here can find and take over.

    `criterion` is an object of the native format without place: no key, no parent.
    """

    text = models.TextField()
    criterion = models.JSONField()
    note = models.TextField(blank=True)
    # The version it was taken from, where it was; the key names the criterion in it.
    version = models.ForeignKey(
        RubricVersion, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    key = models.CharField(max_length=100, blank=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "studio_library_entry"
        constraints = [
            models.CheckConstraint(condition=Q(text__regex=r"\S"), name="library_text_given"),
        ]
        indexes = [
            models.Index(TextDigest("text"), name="library_digest"),
            GinIndex(text_words("text"), name="library_words"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class TextVector(models.Model):
    """The meaning of one text, found by the SHA-256 digest of it; equal texts share a row."""

    digest = models.CharField(max_length=64, primary_key=True)
    vector = VectorField(dimensions=DIMENSIONS)
    stored_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "studio_text_vector"
        constraints = [
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="text_vector_digest"
            ),
        ]
        indexes = [
            HnswIndex(
                name="text_vector_near",
                fields=["vector"],
                m=16,
                ef_construction=64,
                opclasses=["vector_cosine_ops"],
            )
        ]

    def __str__(self) -> str:
        return self.digest[:12]
