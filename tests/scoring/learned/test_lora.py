"""Training an adapter: that it learns, leaves the model as it was, and goes on in less memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rubricstudio.domain.agreement import auc
from scoring.judges import JudgeError, Site, build
from scoring.judges.local import LocalJudge
from scoring.judges.local_models import LoadedModel
from scoring.judges.local_passes import end_logits
from scoring.learned import lora
from scoring.learned.cells import AskedCells
from scoring.learned.evaluate import held_out
from scoring.learned.lora import Adapting, LoraSettings, answered
from tests.scoring.judges.conftest import tiny_site

if TYPE_CHECKING:
    import torch

__all__ = ["tiny_site"]
MET, NOT_MET = 70, 71  # tokens of which one stands in each response
ANSWERS = ([80], [81])
EAGER = LoraSettings(learning_rate=0.02, epochs=12, batch=8, folds=3)


@pytest.fixture
def loaded(tiny_site: Site) -> LoadedModel:
    judge = build("local", {"model": "tiny", "device": "cpu"}, tiny_site)
    assert isinstance(judge, LocalJudge)
    return judge.load()


def told_cells(tasks: int = 9) -> AskedCells:
    """Of each task four responses and two criteria; the response's second token is the label."""
    rng = np.random.default_rng(0)
    places = np.indices((tasks, 4, 2)).reshape(3, -1)
    labels = (places[1] % 2).astype(np.float64)
    prompts = np.empty(len(labels), dtype=object)
    responses = places[0] * 4 + places[1]
    begins = [[*rng.integers(90, 200, 3).tolist()] for _ in range(tasks * 4)]
    for i, label in enumerate(labels):
        first, *rest = begins[responses[i]]
        prompts[i] = [first, MET if label else NOT_MET, *rest, 210 + int(places[2][i])]
    return AskedCells(
        prompts=prompts,
        responses=responses,
        zero_shot=np.full(len(labels), 0.5),
        labels=labels,
        shares=np.where(labels == 1, 1.0, 1 / 3),  # a third of the people disagree
        criteria=places[2],
        tasks=places[0],
        sources=places[1] // 2,
        keys=("a", "b"),
    )


def test_it_learns_what_can_be_learned_and_is_better_on_tasks_it_has_not_seen(
    loaded: LoadedModel,
) -> None:
    cells = told_cells()
    before = auc(answered(loaded, [*cells.prompts], ANSWERS, 8192), cells.labels).value

    held = held_out(cells, cells.tasks, Adapting(loaded, ANSWERS, EAGER))

    after = auc(held.probabilities, cells.labels).value
    assert before is not None and before < 0.8
    assert after is not None and after > 0.95
    assert (held.verdicts == cells.labels).mean() > 0.9
    for choice in held.choices:
        losses: Any = choice["losses"]
        assert min(losses) < losses[0]


def test_the_model_is_as_before_and_the_same_seed_gives_the_same_adapter(
    loaded: LoadedModel,
) -> None:
    cells = told_cells(5)
    prompts = [*cells.prompts]
    before = answered(loaded, prompts, ANSWERS, 8192)
    way = Adapting(loaded, ANSWERS, replace(EAGER, epochs=1))

    first, second = way.learn(cells), way.learn(cells)
    other = replace(way, settings=replace(way.settings, seed=1)).learn(cells)

    assert (answered(loaded, prompts, ANSWERS, 8192) == before).all()
    assert (first.log_odds(cells) == second.log_odds(cells)).all()
    assert (first.log_odds(cells) != other.log_odds(cells)).any()
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())


def test_without_memory_it_takes_less_at_once_and_learns_the_same(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = told_cells(5)
    way = Adapting(loaded, ANSWERS, replace(EAGER, epochs=1), most_tokens=512)
    whole = way.learn(cells)

    _room_for(3, monkeypatch)
    found = way.learn(cells)

    assert found.most_tokens < 512
    assert found.log_odds(cells) == pytest.approx(whole.log_odds(cells), abs=1e-3)
    _room_for(0, monkeypatch)
    with pytest.raises(JudgeError, match="does not fit in memory even by itself"):
        way.learn(cells)


def _room_for(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has room for so many prompts at once while it learns."""
    import torch

    def limited(loaded: LoadedModel, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        if len(prompts) > most:
            raise torch.OutOfMemoryError
        return end_logits(loaded, prompts)

    monkeypatch.setattr(lora, "end_logits", limited)


def test_packed_and_padded_prompts_give_the_same_gradients(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = told_cells(5)
    way = Adapting(loaded, ANSWERS, replace(EAGER, epochs=1))
    packed = way.learn(cells)
    monkeypatch.setattr("scoring.judges.local_passes.packable", lambda model: False)

    padded = way.learn(cells)

    assert padded.log_odds(cells) == pytest.approx(packed.log_odds(cells), abs=1e-3)


def test_who_cancels_stops_it_in_the_middle(loaded: LoadedModel) -> None:
    class Cancelled(Exception):
        pass

    def beat() -> None:
        raise Cancelled

    before = answered(loaded, [[1, 2]], ANSWERS, 64)
    with pytest.raises(Cancelled):
        Adapting(loaded, ANSWERS, EAGER).learn(told_cells(5), beat)

    assert (answered(loaded, [[1, 2]], ANSWERS, 64) == before).all()
