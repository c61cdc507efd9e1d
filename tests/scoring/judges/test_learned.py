"""The learned judge: a local model's hidden state, weighed by a probe."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rubricstudio.domain.hashing import criterion_judging_hash
from rubricstudio.domain.table import FloatArray
from rubricstudio.domain.verdict import VerdictStatus
from scoring.judges import InvalidJudgeConfig, JudgeError, Scored, Site, build, local_adapters
from scoring.judges.local import LocalJudge
from scoring.judges.local_adapters import to_bytes
from scoring.judges.local_prompts import PROMPT_VERSION
from scoring.learned.artefact import Known, Probe
from scoring.learned.cells import AskedCells
from scoring.learned.features import ask, read_states
from scoring.learned.lora import Adapting, LoraSettings
from scoring.learned.train import adapter_of
from tests.scoring.judges.cases import CLARITY, DOSED, INVENTS, NAMES_A_DOSE, VAGUE, a_request

TINY = {"model": "tiny", "device": "cpu"}


def a_probe(site: Site, **others: Any) -> dict[str, object]:
    """Random weights for the tiny model's last layer, which know two criteria."""
    reader = build("local", TINY, site)
    assert isinstance(reader, LocalJudge)
    known = {
        criterion_judging_hash(each): Known(each.key, offset, 20)
        for each, offset in ((NAMES_A_DOSE, 0.5), (INVENTS, -0.5))
    }
    probe = Probe(
        layer=2,
        weights=np.random.default_rng(0).normal(size=32),
        intercept=0.1,
        cut=0.2,
        criteria=known,
        model=reader.load().fingerprint,
        prompt_version=PROMPT_VERSION,
        trained={},
    )
    return replace(probe, **others).as_json()


def test_its_verdict_is_the_probe_on_the_state_where_the_answer_begins(tiny_site: Site) -> None:
    requests = [a_request(text=DOSED), a_request(INVENTS, VAGUE)]
    content = a_probe(tiny_site)
    reader = build("local", TINY, tiny_site)
    assert isinstance(reader, LocalJudge)
    readings = read_states(reader, requests)
    weights = np.random.default_rng(0).normal(size=32).astype("<f4").astype("f8")

    outcomes = build("learned", TINY | {"probe": content}, tiny_site).judge(requests)

    last = readings.layers.index(2)
    for outcome, state, offset in zip(outcomes, readings.states[:, last], (0.5, -0.5), strict=True):
        log_odds = float(state.astype("f8") @ weights) + 0.1 + offset
        assert isinstance(outcome, Scored)
        assert outcome.value == float(log_odds >= 0.2)
        assert dict(outcome.probabilities)[1.0] == pytest.approx(1 / (1 + np.exp(-log_odds)))
        kept = json.loads(outcome.provenance.raw_reply)
        assert kept["log_odds"] == pytest.approx(log_odds, abs=1e-4)
        assert outcome.provenance.parameters["probe"] == content["sha256"]


def test_it_says_the_same_with_a_model_that_cannot_be_packed(
    tiny_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [a_request(text=DOSED), a_request(INVENTS, VAGUE * 3)]
    judge = build("learned", TINY | {"probe": a_probe(tiny_site)}, tiny_site)
    packed = judge.judge(requests)
    monkeypatch.setattr("scoring.judges.local_passes.packable", lambda _: False)

    for one, other in zip(packed, judge.judge(requests), strict=True):
        assert isinstance(one, Scored)
        assert isinstance(other, Scored)
        assert one.value == other.value
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)


def test_it_does_not_judge_what_it_was_not_trained_on(tiny_site: Site) -> None:
    judge = build("learned", TINY | {"probe": a_probe(tiny_site)}, tiny_site)
    changed = replace(NAMES_A_DOSE, text="The response names a dose and a maximum.")

    known, new, scale = judge.judge([a_request(), a_request(changed), a_request(CLARITY)])

    assert known.status is VerdictStatus.OK
    assert new.status is scale.status is VerdictStatus.CANNOT_ASSESS
    assert "not trained on the criterion 'dose' as it is now" in new.reason  # type: ignore[union-attr]
    assert "another scale" in scale.reason  # type: ignore[union-attr]


def test_it_judges_other_criteria_by_the_state_alone_where_it_is_told_to(tiny_site: Site) -> None:
    config = TINY | {"probe": a_probe(tiny_site), "unseen": "judge"}
    changed = replace(NAMES_A_DOSE, key="other", description="In milligrams.")

    new, scale = build("learned", config, tiny_site).judge([a_request(changed), a_request(CLARITY)])

    assert new.status is VerdictStatus.OK
    assert scale.status is VerdictStatus.CANNOT_ASSESS


@pytest.mark.parametrize(
    ("others", "why"),
    [({"model": "0" * 12}, "other weights"), ({"prompt_version": "0"}, "train again")],
)
def test_it_refuses_a_model_or_a_question_it_was_not_trained_on(
    tiny_site: Site, others: dict[str, Any], why: str
) -> None:
    judge = build("learned", TINY | {"probe": a_probe(tiny_site, **others)}, tiny_site)

    with pytest.raises(JudgeError, match=why):
        judge.judge([a_request()])


def test_a_changed_probe_makes_no_judge(tiny_site: Site) -> None:
    content = a_probe(tiny_site) | {"intercept": 9.0}

    with pytest.raises(InvalidJudgeConfig, match="'probe' does not fit: .* changed"):
        build("learned", TINY | {"probe": content}, tiny_site)
    with pytest.raises(InvalidJudgeConfig, match="needs 'probe' or 'adapter'"):
        build("learned", TINY, tiny_site)


def _an_adapter(site: Site) -> tuple[dict[str, object], FloatArray]:
    """An adapter of the tiny model, trained on two responses, with what it then says of them."""
    reader = build("local", TINY, site)
    assert isinstance(reader, LocalJudge)
    asked = ask(reader, [a_request(text=DOSED), a_request(INVENTS, VAGUE)])
    cells = AskedCells(
        prompts=asked.prompts,
        responses=asked.responses,
        zero_shot=asked.untrained,
        labels=np.array([1.0, 0.0]),
        shares=np.array([1.0, 0.0]),
        criteria=np.array([0, 1]),
        tasks=np.array([0, 0]),
        sources=np.array([0, 0]),
        keys=("dose", "invents"),
    )
    settings = LoraSettings(learning_rate=0.02, epochs=3)
    found = Adapting(reader.load(), asked.answers, settings).learn(cells)
    data = to_bytes(found.weights)
    sha256 = hashlib.sha256(data).hexdigest()
    folder = site.data_folder / "adapters"
    folder.mkdir(exist_ok=True)
    (folder / f"{sha256}.safetensors").write_bytes(data)
    hashes = [criterion_judging_hash(each) for each in (NAMES_A_DOSE, INVENTS)]
    kept = adapter_of(
        replace(found, slope=0.5, shift=0.1, cut=0.2),
        *(cells, hashes),
        weights=sha256,
        prompt_version=PROMPT_VERSION,
        trained={},
    )
    return json.loads(json.dumps(kept.as_json())), found.log_odds(cells) * 0.5 + 0.1


def test_an_adapted_model_says_what_it_said_at_the_end_of_training(tiny_site: Site) -> None:
    requests = [a_request(text=DOSED), a_request(INVENTS, VAGUE)]
    untrained = build("local", TINY, tiny_site).judge(requests)
    content, log_odds = _an_adapter(tiny_site)

    outcomes = build("learned", TINY | {"adapter": content}, tiny_site).judge(requests)

    for outcome, said in zip(outcomes, log_odds, strict=True):
        assert isinstance(outcome, Scored)
        raw = json.loads(outcome.provenance.raw_reply)
        assert raw["log_odds"] == pytest.approx(said, abs=1e-5)
        assert outcome.value == float(said >= 0.2)
        assert dict(outcome.probabilities)[1.0] == pytest.approx(1 / (1 + np.exp(-said)), abs=1e-5)
        assert outcome.provenance.parameters["adapter"] == content["sha256"]
    assert log_odds[0] > log_odds[1]
    again = build("local", TINY, tiny_site).judge(requests)
    assert [each.provenance.raw_reply for each in again] == [
        each.provenance.raw_reply for each in untrained
    ]


def test_an_adapter_whose_weights_are_gone_or_changed_is_refused(
    tiny_site: Site, tmp_path: Path
) -> None:
    content, _ = _an_adapter(tiny_site)
    elsewhere = Site(data_folder=tmp_path, model_folders=(tiny_site.data_folder / "models",))
    judge = build("learned", TINY | {"adapter": content}, elsewhere)
    changed = replace(elsewhere, adapter=lambda sha256: b"something else")
    kept = tiny_site.data_folder / "adapters" / f"{content['weights']}.safetensors"
    database = replace(elsewhere, adapter=lambda sha256: kept.read_bytes())
    local_adapters._held.clear()

    with pytest.raises(JudgeError, match="are not in this installation"):
        judge.judge([a_request(text=DOSED)])
    with pytest.raises(JudgeError, match="are not in this installation"):
        build("learned", TINY | {"adapter": content}, changed).judge([a_request(text=DOSED)])
    (outcome,) = build("learned", TINY | {"adapter": content}, database).judge(
        [a_request(text=DOSED)]
    )
    assert isinstance(outcome, Scored)
    for wrong in ({"weights": "../secret"}, {"scale": 9.0}):
        with pytest.raises(InvalidJudgeConfig, match="'adapter' does not fit"):
            build("learned", TINY | {"adapter": {**content, **wrong}}, tiny_site)
    with pytest.raises(InvalidJudgeConfig, match="needs 'probe' or 'adapter'"):
        build("learned", TINY | {"adapter": content, "probe": a_probe(tiny_site)}, tiny_site)
