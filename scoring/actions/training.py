"""Training a judge from people's verdicts: reading, evaluating, and the judge that comes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from django.db import transaction

from rubricstudio.domain.table import BoolArray, FloatArray
from rubricstudio.models import Project, User
from scoring.actions.judges import check_name, create_judge, site
from scoring.judges import build
from scoring.judges.config import parameters_of, read_config
from scoring.judges.local import LocalJudge
from scoring.judges.local_adapters import to_bytes
from scoring.judges.local_prompts import PROMPT_VERSION
from scoring.learned.cells import AskedCells, Cells, ReadCells
from scoring.learned.evaluate import (
    Evaluation,
    Progress,
    Stage,
    Told,
    check_enough,
    evaluate,
    untold,
)
from scoring.learned.features import ask, read_states
from scoring.learned.learner import Learner
from scoring.learned.lora import Adapting, LoraSettings
from scoring.learned.probe import Probing
from scoring.learned.train import adapter_of, train
from scoring.models import AdapterWeights, Judge, Method
from scoring.queries.selection import Selection
from scoring.queries.training import TrainingMaterial, training_material
from scoring.training_reports import evaluation_json

C = TypeVar("C", bound=Cells)


@dataclass(frozen=True)
class Trained:
    """What comes of training: a judge's parameters, and the file of its adapter if it has one."""

    params: Mapping[str, object]
    weights: bytes | None = None


def train_judge(
    *,
    project: Project,
    selection: Selection,
    name: str,
    params: Mapping[str, object],
    by: User,
    method: str = Method.PROBE,
    settings: Mapping[str, object] | None = None,
    told: Told = untold,
) -> Judge:
    """A new judge trained on the people's verdicts of the selection, with its evaluation.

    params: of the local judge whose model is trained. settings: of the method. Judges' runs of
    the selection are compared with. Raises TooFewVerdicts, JudgeNameTaken, InvalidJudgeConfig
    and JudgeError.
    """
    check_name(project, name)  # before the long work, and again when the judge is made
    kept = trained(
        project=project,
        selection=selection,
        params=params,
        method=method,
        settings=settings or {},
        told=told,
    )
    return keep_trained(project=project, name=name, trained=kept, by=by)


@transaction.atomic
def keep_trained(*, project: Project, name: str, trained: Trained, by: User) -> Judge:
    """The judge that training came to. Raises JudgeNameTaken."""
    if trained.weights is not None:
        AdapterWeights.objects.get_or_create(
            project=project,
            sha256=hashlib.sha256(trained.weights).hexdigest(),
            defaults={"data": trained.weights},
        )
    return create_judge(project=project, name=name, kind="learned", params=trained.params, by=by)


def read_settings(method: str, settings: Mapping[str, object]) -> LoraSettings:
    """The settings of a method; a probe has none. Raises InvalidJudgeConfig."""
    known = parameters_of(LoraSettings) if method == Method.LORA else ()
    return LoraSettings(**read_config(method, known, settings))


def trained(
    *,
    project: Project,
    selection: Selection,
    params: Mapping[str, object],
    method: str = Method.PROBE,
    settings: Mapping[str, object] | None = None,
    told: Told = untold,
) -> Trained:
    """What a judge that is trained so is made of. Raises as `train_judge` does."""
    lora = read_settings(method, settings or {})
    reader = build("local", params, site())
    assert isinstance(reader, LocalJudge)
    material = training_material(selection)
    check_enough(material.labels, material.tasks)
    told(Progress(Stage.READING, 0, len(material)))
    work = _Work(project, selection, reader, material, told)
    if method == Method.LORA:
        content, weights = work.adapter(lora)
        return Trained({**params, "adapter": content}, weights)
    return Trained({**params, "probe": work.probe()})


@dataclass(frozen=True)
class _Work:
    """One training: what is learned from, with which model, and who hears how far it is."""

    project: Project
    selection: Selection
    reader: LocalJudge
    material: TrainingMaterial
    told: Told

    def probe(self) -> dict[str, object]:
        """The trained probe as JSON."""
        readings = read_states(self.reader, self.material.requests, self._reading)
        every = ReadCells(
            states=readings.states, layers=readings.layers, **self._labelled(readings.untrained)
        )
        cells = every.where(readings.read)
        found = self._evaluated(cells, Probing(), readings.read)
        return train(
            cells,
            self.material.hashes,
            model=readings.model,
            prompt_version=PROMPT_VERSION,
            trained=self._about(cells, found, readings.read),
        ).as_json()

    def adapter(self, settings: LoraSettings) -> tuple[dict[str, object], bytes]:
        """The trained adapter as JSON, and the file of its weights."""
        loaded = self.reader.load()
        asked = ask(self.reader, self.material.requests, self._reading)
        every = AskedCells(
            prompts=asked.prompts, responses=asked.responses, **self._labelled(asked.untrained)
        )
        cells = every.where(asked.read)
        way = Adapting(loaded, asked.answers, settings, self.reader.batch_tokens)
        found = self._evaluated(cells, way, asked.read)
        last = way.learn(cells, partial(self.told, Progress(Stage.WHOLE, 0, 1)))
        weights = to_bytes(last.weights)
        made = adapter_of(
            last,
            cells,
            self.material.hashes,
            weights=hashlib.sha256(weights).hexdigest(),
            prompt_version=PROMPT_VERSION,
            trained=self._about(cells, found, asked.read) | {"dtype": str(loaded.dtype)},
        )
        return made.as_json(), weights

    def _reading(self, done: int) -> None:
        self.told(Progress(Stage.READING, done, len(self.material)))

    def _labelled(self, untrained: FloatArray) -> dict[str, Any]:
        """What people say of each cell, and the untrained model, as `Cells` takes it."""
        names = ("labels", "shares", "criteria", "tasks", "sources", "keys")
        return {name: getattr(self.material, name) for name in names} | {"zero_shot": untrained}

    def _evaluated(self, cells: C, learner: Learner[C], read: BoolArray) -> Evaluation:
        runs = {label: said[read] for label, said in self.material.runs.items()}
        return evaluate(
            cells, learner, people=self.material.people[read], runs=runs, told=self.told
        )

    def _about(self, cells: Cells, found: Evaluation, read: BoolArray) -> dict[str, object]:
        """What is kept of a training beside what it came to."""
        left_out = dict(self.material.left_out)
        if not read.all():
            left_out["not read by the model"] = int(np.count_nonzero(~read))
        names = self.material.source_names
        return {
            "project": self.project.slug,
            "sessions": [row.name for row in self.selection.people],
            "model": self.reader.model,
            "n": len(cells),
            "met": int(cells.labels.sum()),
            "tasks": len(np.unique(cells.tasks)),
            "sources": [names[code] for code in np.unique(cells.sources)],
            "left_out": left_out,
            "evaluation": evaluation_json(found),
        }
