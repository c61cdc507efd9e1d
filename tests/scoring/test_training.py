"""Training a judge on a project's verdicts: what is learned from, and a judge like any other."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from rubricstudio.actions.imports import import_records
from rubricstudio.domain.formats.records import (
    Message,
    RaterKind,
    Record,
    ResponseRecord,
    RubricRecord,
    TaskRecord,
    VerdictRecord,
)
from rubricstudio.domain.rubric import Criterion, Rubric, Scale, ScaleKind
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Response, RubricVersion, Verdict
from scoring.actions.here import work_here
from scoring.actions.runs import start_run
from scoring.learned.artefact import probe_from
from scoring.models import AdapterWeights, Judge
from scoring.queries.selection import comparable_rounds, named
from scoring.queries.training import training_material
from tests.conftest import Cast
from tests.scoring.judges.conftest import make_tiny_model

TASKS, KEYS = 8, ("k0", "k1", "points")


def fill_sessions(cast: Cast) -> None:
    """8 tasks of 3 responses; three people on two criteria, and on one of points; a judge.

    The last response has no text; on r0 and k0 the third person says nothing and two differ.
    """
    criteria = [Criterion(key=key, text=f"Point {key}.") for key in KEYS[:2]]
    criteria.append(
        Criterion(key="points", text="How good?", scale=Scale(ScaleKind.POINTS, maximum=5.0))
    )
    records: list[Record] = [TaskRecord(f"t{n}", (Message("user", f"{n}?"),)) for n in range(TASKS)]
    records.append(RubricRecord(id="r", rubric=Rubric(tuple(criteria)), name="R", published=True))
    met = np.random.default_rng(0).random((TASKS * 3, 2)) < 0.5
    for n in range(TASKS * 3):
        text = None if n == TASKS * 3 - 1 else f"{'Good' if met[n, 0] else 'Bad'} answer {n}."
        records.append(ResponseRecord(f"r{n}", f"t{n % TASKS}", text, source=f"s{n % 3}"))
        for place, key in enumerate(KEYS):
            value = float(met[n, place]) if place < 2 else 3.0
            for rater in ("ann", "bob", "cat", "gpt"):
                records.append(_verdict(n, key, rater, value))
    import_records(project=cast.project, records=records, by=cast.owner)


def _verdict(n: int, key: str, rater: str, value: float) -> VerdictRecord:
    is_judge = rater == "gpt"
    tied = (n, key) == (0, "k0")
    status = VerdictStatus.CANNOT_ASSESS if tied and rater == "cat" else VerdictStatus.OK
    said = 1 - value if tied and rater == "bob" else value
    return VerdictRecord(
        f"r{n}",
        "r",
        key,
        rater,
        rater_kind=RaterKind.JUDGE if is_judge else RaterKind.PERSON,
        round="run" if is_judge else "experts",
        status=status,
        value=said if status is VerdictStatus.OK else None,
    )


@pytest.fixture
def tiny_home(tmp_path: Path, settings: Settings) -> Path:
    make_tiny_model(tmp_path / "models" / "tiny")
    settings.STUDIO_HOME = tmp_path
    return tmp_path


def _train(*arguments: str) -> tuple[dict[str, Any], str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(
        "train_judge",
        *("demo", "--name", "Learned", "--model", "tiny", "--param", "device=cpu"),
        *("--format", "json", *arguments),
        stdout=out,
        stderr=err,
    )
    return json.loads(out.getvalue()), err.getvalue()


def _page(cast: Cast, judge: Judge) -> str:
    client = Client()
    client.force_login(cast.viewer)
    return client.get(judge.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_it_learns_from_what_people_agree_on_and_counts_what_is_left_out(cast: Cast) -> None:
    fill_sessions(cast)
    rounds = comparable_rounds(cast.project)

    found = training_material(named(cast.project, rounds, sessions=["experts"], runs=[]))

    # 24 responses x 3 criteria: 24 of points, then two without text, then one tie
    assert dict(found.left_out) == {
        "not met or not": 24,
        "response without text": 2,
        "no majority": 1,
    }
    assert len(found) == 72 - 27
    assert found.keys == ("k0", "k1")
    assert found.source_names == ("s0", "s1", "s2")
    assert len(np.unique(found.tasks)) == TASKS
    assert (found.labels == found.runs["gpt"]).all()
    assert (found.shares == found.labels).all()
    assert {request.criterion.key for request in found.requests} == {"k0", "k1"}


@pytest.mark.django_db
def test_a_trained_judge_runs_like_any_other(cast: Cast, tiny_home: Path) -> None:
    fill_sessions(cast)

    printed, said = _train()

    judge = Judge.objects.get(rater__name="Learned")
    probe = probe_from(judge.params["probe"])  # its digest fits what the database gave back
    assert dict(probe.trained) == {name: each for name, each in printed.items() if name != "judge"}
    assert (printed["n"], printed["tasks"], printed["sessions"]) == (45, TASKS, ["experts"])
    rows = {row["name"]: row for row in printed["evaluation"]["judges"]}
    assert rows["gpt"]["kappa"]["value"] == 1.0
    assert rows["learned"]["kappa"]["n"] == 45
    assert "45 of 45 read" in said
    assert all(f"beware: {each}" in said for each in printed["evaluation"]["warnings"])
    run = start_run(
        judge=judge,
        version=RubricVersion.objects.get(rubric__external_id="r"),
        response_ids=list(Response.objects.filter(external_id="r1").values_list("pk", flat=True)),
        name="learned",
        by=cast.author,
        enqueue=False,
    )
    work_here(run=run)
    verdicts = Verdict.objects.filter(round_id=run.pk).order_by("criterion__position")
    assert [each.status for each in verdicts] == ["ok", "ok", "cannot_assess"]
    provenance = verdicts[0].provenance
    assert provenance is not None
    assert provenance["parameters"]["probe"] == judge.params["probe"]["sha256"]
    assert len(provenance["probabilities"]) == 2
    page = _page(cast, judge)
    assert "Trained on 45 verdicts of people’s majority" in page
    row = re.search(r"This judge, on tasks it had not seen.*?</tr>", page, re.S)
    assert row is not None
    kappa = rows["learned"]["kappa"]["value"]
    assert f"{kappa:.3f}" in row[0]
    assert page.count("Beware.") == len(printed["evaluation"]["warnings"])
    with pytest.raises(CommandError, match="There is a judge named “Learned” already"):
        _train()


@pytest.mark.django_db
def test_too_few_verdicts_are_refused_before_a_model_is_loaded(cast: Cast) -> None:
    with pytest.raises(CommandError, match="training takes 40 or more") as refused:
        _train()

    assert refused.value.returncode == 1
    with pytest.raises(CommandError, match="there is no session 'nobody'"):
        _train("--session", "nobody")


@pytest.mark.django_db
def test_a_judge_with_an_adapter_runs_and_its_weights_can_be_had(
    cast: Cast, tiny_home: Path
) -> None:
    fill_sessions(cast)

    printed, said = _train("--method", "lora", "--setting", "epochs=1", "--setting", "folds=2")

    judge = Judge.objects.get(rater__name="Learned")
    kept = AdapterWeights.objects.get(project=cast.project)
    assert "1 of 2 folds" in said and "trainings on all verdicts" in said
    assert printed["settings"]["epochs"] == 1
    rows = {row["name"]: row for row in printed["evaluation"]["judges"]}
    assert rows["learned"]["kappa"]["n"] == rows["the model untrained"]["kappa"]["n"] == 45
    assert judge.params["adapter"]["weights"] == hashlib.sha256(bytes(kept.data)).hexdigest()
    run = start_run(
        judge=judge,
        version=RubricVersion.objects.get(rubric__external_id="r"),
        response_ids=list(Response.objects.filter(external_id="r1").values_list("pk", flat=True)),
        name="learned",
        by=cast.author,
        enqueue=False,
    )
    work_here(run=run)
    verdicts = Verdict.objects.filter(round_id=run.pk).order_by("criterion__position")
    assert [each.status for each in verdicts] == ["ok", "ok", "cannot_assess"]
    assert "Trained on 45 verdicts" in _page(cast, judge)
    client = Client()
    client.force_login(cast.author)
    file = client.get(f"{judge.get_absolute_url()}adapter/")
    assert file.content == bytes(kept.data)
    client.force_login(cast.viewer)
    assert client.get(f"{judge.get_absolute_url()}adapter/").status_code == 403
    with pytest.raises(CommandError, match="has no parameter 'epoch': did you mean 'epochs'"):
        _train("--name", "Other", "--method", "lora", "--setting", "epoch=1")
