"""What ways of training have in common, so that they are evaluated in one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from rubricstudio.domain.table import FloatArray
from scoring.learned.cells import Cells

C_contra = TypeVar("C_contra", bound=Cells, contravariant=True)
Beat = Callable[[], None]


def still() -> None:
    """A beat for whoever does not want to know."""


class Learned(Protocol[C_contra]):
    """What came of training, ready for cells it has not seen."""

    @property
    def cut(self) -> float:
        """The log-odds from which the verdict is met."""

    @property
    def choice(self) -> Mapping[str, object]:
        """What was chosen inside the training cells, as JSON values."""

    def log_odds(self, cells: C_contra) -> FloatArray:
        """(n,) of met."""


class Learner(Protocol[C_contra]):
    """A way of training.

    folds: how many it is evaluated by at most. shares: of the tasks, the steps of its learning
    curve; both as few as its time allows.
    """

    @property
    def folds(self) -> int: ...

    @property
    def shares(self) -> Sequence[float]: ...

    def learn(self, cells: C_contra, beat: Beat = still) -> Learned[C_contra]:
        """Train on these cells and nothing else. `beat` is called now and then: it may raise."""
