"""What formats with a rubric a row share: how a row becomes a rubric, and a rubric a row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from rubricstudio.domain.formats.fields import Fields
from rubricstudio.domain.rubric import Criterion
from rubricstudio.domain.rubric_formats.losing import Losing
from rubricstudio.domain.rubric_formats.polarity import polarity
from rubricstudio.domain.rubric_formats.protocol import (
    Loss,
    NamedRubric,
    PolarityGuess,
    ReadRubric,
)
from rubricstudio.domain.rubric_formats.reading import Dropped, position_key, prompt_of, rubric_of


class Row:
    """One rubric while its row is read: criteria, questions about them, and what is left out."""

    def __init__(self, fields: Fields, known: Collection[str]) -> None:
        self.fields, self.criteria = fields, list[Criterion]()
        self.guesses: list[PolarityGuess] = []
        self.losses: list[Loss] = []
        self.dropped = Dropped()
        self.dropped.note(fields, known)

    def items(
        self, items: Iterable[Fields], known: Collection[str]
    ) -> Iterator[tuple[str, Fields]]:
        """Each member with the key of its place; its fields other than `known` are left out."""
        for place, item in enumerate(items, 1):
            self.dropped.note(item, known, criterion=True)
            yield position_key(place), item

    def add(self, criterion: Criterion) -> None:
        """Keep a criterion as it is."""
        self.criteria.append(criterion)

    def add_signed(self, criterion: Criterion, source: str = "") -> None:
        """Keep a criterion with the polarity that its weight and its words say.

        source: the format that counts meeting as bad wherever the weight is negative; empty
        where the format does not say, so that a person is asked.
        """
        means, asked = polarity(criterion.key, criterion.text, criterion.weight, source)
        self.guesses += asked
        if means is not criterion.met_means:
            criterion = replace(criterion, met_means=means)
        self.criteria.append(criterion)

    def prompt(self, name: str, holder: Fields | None = None) -> str:
        """The prompt in a text or a list of messages of the row, or of `holder`."""
        prompt, lost = prompt_of(holder or self.fields, name)
        self.losses += lost
        return prompt

    def rubric(
        self, aggregator: str, *, name: str = "", task: str = "", prompt: str = ""
    ) -> ReadRubric:
        """What was gathered. Raises InvalidRubric where the criteria do not fit together."""
        return rubric_of(
            self.criteria,
            aggregator,
            name=name,
            task=task,
            prompt=prompt,
            guesses=self.guesses,
            losses=(*self.dropped.losses, *self.losses),
        )


def leaves_of(
    rubrics: Sequence[NamedRubric],
    losing: Losing,
    aggregator: str,
    *,
    about: Collection[str],
    kept: Collection[str],
    keyed: bool = False,
) -> Iterator[tuple[NamedRubric, list[Criterion]]]:
    """Each rubric with its criteria in display order; all that is in neither is named as lost.

    aggregator: the one that reading gives. about: what the row holds of name, task and prompt.
    kept: the fields that its criteria hold. keyed: whether they hold keys.
    """
    for named in rubrics:
        losing.about(named, aggregator, kept=about)
        leaves = losing.flat(named, keyed=keyed)
        losing.fields(leaves, kept)
        yield named, leaves
