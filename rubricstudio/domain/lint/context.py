"""What every rule reads: the rubric with its words looked up once, and what was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rubricstudio.domain.lint.sides import Compared, compared
from rubricstudio.domain.lint.values import Known, Similarity
from rubricstudio.domain.lint.words import Word, is_english, words_of
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.domain.table import FloatArray


@dataclass(frozen=True)
class Line:
    """A criterion in English that carries verdicts, with its words."""

    criterion: Criterion
    words: tuple[Word, ...]

    @property
    def key(self) -> str:
        return self.criterion.key

    @property
    def text(self) -> str:
        return self.criterion.text


@dataclass(frozen=True, eq=False)
class Context:
    """A rubric under lint.

    similarity: how alike texts are, by letters. vectors: what they mean, as unit vectors by
    key. known: what judged responses say, by key. shares: each leaf's part of the score, in
    [0, 1], by key. floor: below so many responses nothing is said of them.
    """

    rubric: Rubric
    similarity: Similarity | None = None
    vectors: Mapping[str, FloatArray] = field(default_factory=dict)
    known: Mapping[str, Known] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    floor: int = 10

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The leaves whose wording can be read: English ones, where no program judges."""
        leaves = (leaf for leaf in self.rubric.leaves if not leaf.program)
        return tuple(Line(leaf, words_of(leaf.text)) for leaf in leaves if is_english(leaf.text))

    @cached_property
    def compared(self) -> Compared:
        """Each leaf against each other."""
        return compared(self.rubric, self.similarity, self.vectors)
