"""Keeping note of responses that speak to whoever judges them."""

from __future__ import annotations

from collections.abc import Collection

from rubricstudio.domain.suspicion import DETECTOR_VERSION, suspicions
from rubricstudio.models import Response
from scoring.models import SuspectResponse
from scoring.storable import storable


def note_suspects(responses: Collection[Response]) -> None:
    """Note what signs these responses show, in place of what was noted before. Safe to repeat."""
    found = {row.pk: suspicions(row.text) for row in responses if row.text}
    clean = [row.pk for row in responses if not found.get(row.pk)]
    SuspectResponse.objects.filter(response__in=clean).delete()
    SuspectResponse.objects.bulk_create(
        [
            SuspectResponse(
                response_id=pk,
                signs=[each.sign.value for each in signs],
                excerpts=[storable(each.excerpt) for each in signs],
                detector=DETECTOR_VERSION,
            )
            for pk, signs in sorted(found.items())
            if signs
        ],
        update_conflicts=True,
        unique_fields=["response"],
        update_fields=["signs", "excerpts", "detector"],
    )
