"""Training a judge from people's verdicts: reading, evaluating, and the judge that comes of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rubricstudio.models import Project, User
from scoring.actions.judges import check_name, create_judge, site
from scoring.judges import build
from scoring.judges.local import LocalJudge
from scoring.judges.local_prompts import PROMPT_VERSION
from scoring.learned.cells import Cells
from scoring.learned.evaluate import Progress, Stage, Told, check_enough, evaluate, untold
from scoring.learned.features import Readings, read_states
from scoring.learned.train import train
from scoring.models import Judge
from scoring.queries.selection import Selection
from scoring.queries.training import TrainingMaterial, training_material
from scoring.training_reports import evaluation_json


def train_judge(
    *,
    project: Project,
    selection: Selection,
    name: str,
    params: Mapping[str, object],
    by: User,
    told: Told = untold,
) -> Judge:
    """A new judge trained on the people's verdicts of the selection, with its evaluation.

    params: of the local judge whose model is read. Judges' runs of the selection are compared
    with. Raises TooFewVerdicts, JudgeNameTaken, InvalidJudgeConfig and JudgeError.
    """
    check_name(project, name)  # before the long work, and again when the judge is made
    kept = trained_params(project=project, selection=selection, params=params, told=told)
    return create_judge(project=project, name=name, kind="learned", params=kept, by=by)


def trained_params(
    *, project: Project, selection: Selection, params: Mapping[str, object], told: Told = untold
) -> dict[str, object]:
    """The parameters of the judge that is trained so. Raises as `train_judge` does."""
    reader = build("local", params, site())
    assert isinstance(reader, LocalJudge)
    material = training_material(selection)
    n = len(material)
    check_enough(material.labels, material.tasks)
    told(Progress(Stage.READING, 0, n))
    readings = read_states(
        reader, material.requests, lambda done: told(Progress(Stage.READING, done, n))
    )
    cells = _cells(material, readings)
    read = readings.read
    found = evaluate(
        cells,
        people=material.people[read],
        runs={label: said[read] for label, said in material.runs.items()},
        told=told,
    )
    left_out = dict(material.left_out)
    if not read.all():
        left_out["not read by the model"] = int(np.count_nonzero(~read))
    probe = train(
        cells,
        material.hashes,
        model=readings.model,
        prompt_version=PROMPT_VERSION,
        trained={
            "project": project.slug,
            "sessions": [row.name for row in selection.people],
            "model": reader.model,
            "n": len(cells),
            "met": int(cells.labels.sum()),
            "tasks": len(np.unique(cells.tasks)),
            "sources": [material.source_names[code] for code in np.unique(cells.sources)],
            "left_out": left_out,
            "evaluation": evaluation_json(found, cells.layers),
        },
    )
    return {**params, "probe": probe.as_json()}


def _cells(material: TrainingMaterial, readings: Readings) -> Cells:
    """What was read, each with what people say of it."""
    every = Cells(
        states=readings.states,
        layers=readings.layers,
        zero_shot=readings.untrained,
        labels=material.labels,
        shares=material.shares,
        criteria=material.criteria,
        tasks=material.tasks,
        sources=material.sources,
        keys=material.keys,
    )
    return every.where(readings.read)
