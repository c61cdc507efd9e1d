"""The pictures of an export: those that its texts show, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from rubricstudio.domain.formats.records import ImageRecord
from rubricstudio.domain.formats.write import to_json
from rubricstudio.domain.pictures import NAME, names_in
from rubricstudio.models import Image, Project
from rubricstudio.queries.images import has_images
from scoring.queries.pins import Pin

MOST_PLACES = 20
"""A figure may stand in every response; a line says where by so many of them."""
Places = dict[str, list[dict[str, str]]]

# The texts that hold a picture are few, and LIKE finds them faster than a pattern does.
_SHOWN = rf"""
    WITH said AS (
        SELECT 'task' AS kind, t.external_id AS id, t.id AS row, part.text
          FROM studio_task t CROSS JOIN LATERAL (
               SELECT t.reference AS text
               UNION ALL SELECT m ->> 'content' FROM jsonb_array_elements(t.messages) m
               UNION ALL SELECT c FROM jsonb_array_elements_text(t.context) c) part
         WHERE t.project_id = %(project)s AND part.text LIKE '%%image:%%'
        UNION ALL
        SELECT 'response', r.external_id, r.id, r.text FROM studio_response r
         WHERE r.project_id = %(project)s AND r.text LIKE '%%image:%%'),
    named AS (
        SELECT DISTINCT found[1] AS name, kind, id, row
          FROM said, regexp_matches(text, '!\[[^\]]*\]\(\s*image:({NAME})[^)]*\)', 'g') found),
    numbered AS (
        SELECT name, kind, id,
               row_number() OVER (PARTITION BY name ORDER BY kind DESC, row) AS number
          FROM named)
    SELECT name, kind, id FROM numbered WHERE number <= %(most)s ORDER BY name, number
"""


def shown_images(project: Project, pins: Sequence[Pin]) -> Iterator[dict[str, Any]]:
    """Each picture that a text of the project or an example of a pinned version shows.

    As objects of the native format, with where they are shown; one is in memory at a time.
    """
    if not has_images(project):
        return
    places = _places(project, pins)
    images = Image.objects.filter(project=project, name__in=places)
    for image in images.order_by("pk").iterator(chunk_size=1):
        record = ImageRecord(image.name, image.media_type, bytes(image.data))
        yield {**to_json(record), "shown_in": places[image.name]}


def _places(project: Project, pins: Sequence[Pin]) -> Places:
    """Where each name stands: tasks first, then responses, then criteria."""
    places: Places = {}
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, {"project": project.pk, "most": MOST_PLACES})
        for name, kind, identity in cursor.fetchall():
            places.setdefault(name, []).append({kind: identity})
    for pin in pins:
        rubric = pin.version.rubric.external_id
        for criterion in pin.rubric.criteria:
            for name in names_in(example.text for example in criterion.examples):
                there = places.setdefault(name, [])
                if len(there) < MOST_PLACES:
                    there.append({"rubric": rubric, "criterion": criterion.key})
    return places
