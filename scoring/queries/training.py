"""What a judge can be trained on: responses and criteria on which people agree on a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rubricstudio.domain.agreement import majority
from rubricstudio.domain.agreement.panel import panel_mean
from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.rubric import ScaleKind
from rubricstudio.domain.table import BoolArray, FloatArray, IntArray
from rubricstudio.models import Criterion, Response
from scoring.judges import JudgeRequest
from scoring.queries.material import Material, verdict_material
from scoring.queries.requests import request_of
from scoring.queries.selection import Selection


@dataclass(frozen=True, eq=False)
class TrainingMaterial:
    """n cells of a response and a met-or-not criterion, each with what people say together.

    labels: (n,) 1.0 met, 0.0 not. shares: (n,) of the people who say met; the label where it was
    adjudicated. criteria, tasks, sources: (n,) codes; those of criteria are
    places in `keys` and `hashes` (of what a rater sees). people: (n, n_people) verdicts, NaN
    where there is none. runs: by judge, (n,) verdicts. left_out: cells that people judged and
    that cannot be learned from, by reason.
    """

    requests: tuple[JudgeRequest, ...]
    labels: FloatArray
    shares: FloatArray
    criteria: IntArray
    tasks: IntArray
    sources: IntArray
    source_names: tuple[str, ...]
    keys: tuple[str, ...]
    hashes: tuple[str, ...]
    people: FloatArray
    runs: Mapping[str, FloatArray]
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.requests)


def training_material(selection: Selection) -> TrainingMaterial:
    """The cells of the chosen sessions, what was adjudicated in place of votes.

    Judges' runs of the selection are there to compare with, never to learn from.
    """
    material = verdict_material(selection, adjudicated=True)
    responses = _responses(material)
    kept, left_out = _learnable(material, responses)
    table = material.table.where(kept)
    pks = [int(table.criterion_labels[code]) for code in table.criteria.tolist()]
    ids = [int(table.response_labels[code]) for code in table.responses.tolist()]
    rows = Criterion.objects.select_related("parent").in_bulk(set(pks))
    hashes = {pk: criterion_judging_hash(row.as_criterion()) for pk, row in rows.items()}
    # The same words are the same criterion, whatever version or rubric they stand in.
    known = sorted({(hashes[pk], rows[pk].key) for pk in rows}, key=lambda pair: pair[::-1])
    by_hash = dict(known)
    places = {judging: place for place, judging in enumerate(by_hash)}
    names = sorted({responses[pk].source for pk in ids})
    people = material.people_table.where(kept).values
    return TrainingMaterial(
        requests=tuple(request_of(responses[i], rows[c], 0) for i, c in zip(ids, pks, strict=True)),
        labels=material.agreed[kept],
        shares=_shares(people, material.agreed[kept]),
        criteria=np.array([places[hashes[pk]] for pk in pks], dtype=np.int64),
        tasks=table.tasks,
        sources=np.array([names.index(responses[pk].source) for pk in ids], dtype=np.int64),
        source_names=tuple(names),
        keys=tuple(by_hash.values()),
        hashes=tuple(by_hash),
        people=people,
        runs={judge.label: table.rater_values(judge.column) for judge in material.judges},
        left_out=left_out,
    )


def _shares(people: FloatArray, labels: FloatArray) -> FloatArray:
    """(n, n_people) verdicts to (n,) shares of met; a label that votes did not make stands."""
    by_votes = majority(people) == labels
    return np.where(by_votes, panel_mean(people), labels)


def _responses(material: Material) -> Mapping[int, Response]:
    rows = Response.objects.select_related("task")
    return rows.in_bulk([int(label) for label in material.table.response_labels])


def _learnable(
    material: Material, responses: Mapping[int, Response]
) -> tuple[BoolArray, Mapping[str, int]]:
    """(n_units,) the cells to learn from, and how many others people judged, by reason."""
    table, criteria = material.table, material.criteria or {}
    binary = _of_labels(
        table.criteria,
        [criteria[int(pk)].scale.kind is ScaleKind.BINARY for pk in table.criterion_labels],
    )
    readable = _of_labels(
        table.responses, [responses[int(pk)].text is not None for pk in table.response_labels]
    )
    agreed = ~np.isnan(material.agreed)
    left = material.people_asked
    left_out: dict[str, int] = {}
    for reason, fine in (
        ("not met or not", binary),
        ("response without text", readable),
        ("no majority", agreed),
    ):
        left_out[reason] = int(np.count_nonzero(left & ~fine))
        left = left & fine
    return left, {reason: n for reason, n in left_out.items() if n}


def _of_labels(codes: IntArray, values: Sequence[bool]) -> BoolArray:
    return np.array(values, dtype=np.bool_)[codes] if len(codes) else np.zeros(0, dtype=np.bool_)
