"""Training an adapter (LoRA), so that a local model answers Yes where people say met.

Small matrices beside the model's projections are moved until the log-odds of Yes against No,
where the answer begins, tell the share of people who say met. Some of the training tasks are held
back: they say when to stop, and turn the log-odds into those of the majority's verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rubricstudio.domain.table import FloatArray
from scoring.judges.config import parameter
from scoring.judges.local_adapters import Weights, attached, fresh, projections
from scoring.judges.local_models import LoadedModel
from scoring.judges.local_passes import end_logits, groups, passes
from scoring.judges.protocol import JudgeError
from scoring.learned.cells import AskedCells
from scoring.learned.folds import grouped_folds
from scoring.learned.learner import Beat, still
from scoring.learned.probe import best_cut, logistic

if TYPE_CHECKING:
    import torch

INNER_FOLDS = 5
"""One part in so many of the training tasks is held back."""
PATIENCE = 2
"""Passes over the training part without a gain on the part held back, after which it ends."""
STEEPEST = 1.0
"""The longest gradient that a step follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraSettings:
    """How an adapter is trained."""

    rank: int = parameter(
        "How many directions each projection may be bent in.", default=8, low=1, high=256
    )
    alpha: float = parameter(
        "How much the adapter weighs: its product is multiplied by alpha / rank.",
        default=16.0,
        low=0.001,
        high=10_000,
    )
    projections: str = parameter(
        "Which of the model's linear maps are adapted: those of the attention, or all.",
        default="attention",
        choices=("attention", "all"),
    )
    learning_rate: float = parameter(
        "The step of AdamW; small models bear more.", default=5e-4, low=1e-7, high=0.1
    )
    epochs: int = parameter(
        "The most passes over the training verdicts; it ends sooner where nothing is gained.",
        default=4,
        low=1,
        high=100,
    )
    batch: int = parameter("Verdicts for one step.", default=16, low=1, high=4096)
    folds: int = parameter(
        "The most parts it is evaluated by; each is a training of its own.",
        default=4,
        low=2,
        high=12,
    )
    seed: int = parameter("Of the first weights and of the order.", default=0, low=0, high=2**31)

    @property
    def scale(self) -> float:
        return self.alpha / self.rank


@dataclass(frozen=True, eq=False, slots=True)
class Adapted:
    """What came of training an adapter. slope, shift: to the log-odds of the majority's met.

    losses: the mean log loss of the training part in each pass over it, by what the model said
    as it was learning. epoch: the pass that was kept, from 1.
    """

    loaded: LoadedModel
    answers: Sequence[Sequence[int]]
    settings: LoraSettings
    weights: Weights
    most_tokens: int
    slope: float = 1.0
    shift: float = 0.0
    cut: float = 0.0
    losses: tuple[float, ...] = ()
    epoch: int = 0

    @property
    def choice(self) -> Mapping[str, object]:
        return {"epoch": self.epoch, "losses": [*self.losses], "settings": asdict(self.settings)}

    def log_odds(self, cells: AskedCells) -> FloatArray:
        with attached(self.loaded.model, self.weights, self.settings.scale):
            said = answered(self.loaded, [*cells.prompts], self.answers, self.most_tokens)
        return said * self.slope + self.shift


@dataclass(frozen=True, eq=False, slots=True)
class Adapting:
    """Training an adapter for `loaded`. answers: the tokens of No, and those of Yes.

    most_tokens: in one pass; halved as often as the memory asks for it.
    """

    loaded: LoadedModel
    answers: Sequence[Sequence[int]]
    settings: LoraSettings = LoraSettings()
    most_tokens: int = 8192
    shares: Sequence[float] = (0.5,)

    @property
    def folds(self) -> int:
        return self.settings.folds

    def learn(self, cells: AskedCells, beat: Beat = still) -> Adapted:
        folds = grouped_folds(cells.tasks, INNER_FOLDS)
        back = (folds == 0) & (folds.max(initial=0) > 0)
        return _Fitting(self, cells.where(~back), cells.where(back), beat).run()


def answered(
    loaded: LoadedModel,
    prompts: Sequence[Sequence[int]],
    answers: Sequence[Sequence[int]],
    most_tokens: int,
) -> FloatArray:
    """(n,) log-odds of Yes against No, as the judge reads them."""
    found = np.zeros(len(prompts))
    for done in passes(loaded, prompts, most_tokens):
        found[[*done.prompts]] = _odds(done.logprobs, answers).numpy()
    return found


def _odds(logits: torch.Tensor, answers: Sequence[Sequence[int]]) -> torch.Tensor:
    """(n, vocabulary) logits or log-probabilities to (n,) log-odds of the last answer."""
    no, yes = (logits[:, [*tokens]].float().logsumexp(dim=1) for tokens in answers)
    return yes - no


@dataclass
class _Fitting:
    """One training: `train` moves the weights, `back` (perhaps of no cells) says when to stop."""

    way: Adapting
    train: AskedCells
    back: AskedCells
    beat: Beat
    most_tokens: int = field(init=False)
    weights: dict[str, torch.Tensor] = field(init=False)

    def __post_init__(self) -> None:
        model, settings = self.way.loaded.model, self.way.settings
        names = projections(model, settings.projections)
        self.weights = fresh(model, names, settings.rank, settings.seed)
        self.most_tokens = self.way.most_tokens

    def run(self) -> Adapted:
        import torch

        settings, model = self.way.settings, self.way.loaded.model
        optimizer = torch.optim.AdamW(self.weights.values(), settings.learning_rate)
        random = np.random.default_rng(settings.seed)
        losses: list[float] = []
        least, kept, epoch = np.inf, self._copy(), 0
        with attached(model, self.weights, settings.scale):
            while len(losses) < settings.epochs and len(losses) - epoch < PATIENCE:
                parts = [self._step(each, optimizer) for each in self._batches(random)]
                losses.append(sum(parts) / len(self.train))
                loss = self._loss_of_back()
                if loss < least or not len(self.back):
                    least, kept, epoch = loss, self._copy(), len(losses)
        return self._calibrated(kept, tuple(losses), epoch)

    def _copy(self) -> dict[str, torch.Tensor]:
        return {name: each.detach().clone() for name, each in self.weights.items()}

    def _batches(self, random: np.random.Generator) -> Iterator[list[int]]:
        """The training cells in steps: responses in any order, the cells of one side by side, so
        that what they share is computed once."""
        order = random.permutation(np.unique(self.train.responses))
        rows = np.concatenate([np.flatnonzero(self.train.responses == each) for each in order])
        size = self.way.settings.batch
        for start in range(0, len(rows), size):
            yield rows[start : start + size].tolist()

    def _step(self, rows: list[int], optimizer: torch.optim.Optimizer) -> float:
        """Move the weights by these cells; the sum of their log losses before that."""
        import torch

        prompts = [self.train.prompts[row] for row in rows]
        shares = torch.tensor(self.train.shares[rows], dtype=torch.float32)
        loss = self._in_memory(
            prompts, lambda: self._gradients(prompts, shares.to(self.way.loaded.device), optimizer)
        )
        torch.nn.utils.clip_grad_norm_(self.weights.values(), STEEPEST)
        optimizer.step()
        return loss

    def _gradients(
        self,
        prompts: Sequence[Sequence[int]],
        shares: torch.Tensor,
        optimizer: torch.optim.Optimizer,
    ) -> float:
        import torch

        optimizer.zero_grad()
        total = 0.0
        for group in groups(self.way.loaded, prompts, self.most_tokens):
            logits = end_logits(self.way.loaded, [prompts[i] for i in group])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                _odds(logits, self.way.answers), shares[[*group]], reduction="sum"
            )
            (loss / len(prompts)).backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
            self.beat()
        return total

    def _in_memory(self, prompts: Sequence[Sequence[int]], work: Callable[[], float]) -> float:
        """What `work` gives, with as few tokens a pass as the memory asks for."""
        import torch

        while True:
            try:
                return work()
            except torch.OutOfMemoryError as error:
                largest = max(map(len, groups(self.way.loaded, prompts, self.most_tokens)))
                if largest == 1:
                    raise JudgeError(
                        "A prompt does not fit in memory even by itself while it is learned from:"
                        " use a smaller model or context."
                    ) from error
                self.most_tokens //= 2
                torch.cuda.empty_cache()

    def _said(self, cells: AskedCells) -> FloatArray:
        way = self.way
        return answered(way.loaded, [*cells.prompts], way.answers, self.most_tokens)

    def _loss_of_back(self) -> float:
        self.beat()
        if not len(self.back):
            return np.inf
        said = self._said(self.back)
        return float((np.logaddexp(0, said) - self.back.shares * said).mean())

    def _calibrated(self, kept: Weights, losses: tuple[float, ...], epoch: int) -> Adapted:
        """With slope, shift and cut from the part held back, where it holds both verdicts."""
        way, labels = self.way, self.back.labels
        slope, shift, cut = 1.0, 0.0, 0.0
        if len(np.unique(labels)) > 1:
            with attached(way.loaded.model, kept, way.settings.scale):
                said = self._said(self.back)
            (found,), constant = logistic(said[:, None], labels, 1.0)
            if found > 0:
                slope, shift = float(found), constant
            cut = best_cut(said * slope + shift, labels)
        return Adapted(
            *(way.loaded, way.answers, way.settings, kept, self.most_tokens),
            slope=slope,
            shift=shift,
            cut=cut,
            losses=losses,
            epoch=epoch,
        )
