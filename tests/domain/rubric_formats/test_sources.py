"""Files laid out as each source's own loader takes them; the words in them are ours.

Each case names the source file whose fields it follows, those beside the rubric included.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from rubricstudio.domain.rubric import Criterion, MetMeans, ScaleKind, Tier
from rubricstudio.domain.rubric_formats.protocol import NamedRubric, ReadResult
from rubricstudio.rubric_files import detect, read, write

LEVELS = {f"score{n}_description": f"Level {n}" for n in range(1, 6)}
BIGGEN = {
    "capability": "grounding",
    "task": "keep_to_source",
    "instance_idx": 3,
    "system_prompt": "You are careful.",
    "input": "Sum up the memo.",
    "reference_answer": "The memo closes the office.",
    "score_rubric": {"criteria": "Does it keep to the memo?", **LEVELS},
    "atomic_checklist": ["Does it name the office?"],
    "background_knowledge": [],
}
FEEDBACK = {
    "orig_criteria": "Is it kind?",
    "orig_instruction": "Comfort a friend.",
    "orig_response": "There, there.",
    "orig_score": "4",
    **{f"orig_{name}": text for name, text in LEVELS.items()},
    "instruction": "###Task Description: ...",
    "output": "Feedback [RESULT] 4",
}
HEALTHBENCH = {
    "prompt": [{"role": "user", "content": "May I take both?"}],
    "rubrics": [
        {"criterion": "Asks for the dose", "points": 6, "tags": ["level:example"]},
        {"criterion": "Fails to warn", "points": -8, "tags": []},
    ],
    "example_tags": ["theme:context"],
    "prompt_id": "p-1",
    "ideal_completions_data": None,
    "canary": "kept apart",
}
HEALTHBENCH_PRO = {
    "id": "pro-1",
    "conversation": {"messages": [{"role": "user", "content": "Draft the note."}]},
    "rubric_items": [{"criterion_text": "Names the drug", "points": 5}],
    "use_case": "writing",
    "specialty": "cardiology",
    "physician_response": "Done.",
}
PRBENCH = {
    "task": "t-9",
    "turns": 2,
    "field": "Legal",
    "topic": "Leases",
    "prompt_0": "May I end the lease?",
    "response_0": "It depends.",
    "prompt_1": "On what?",
    "reference_texts_1": ["Clause 4."],
    "rubric": [
        {
            "id": "r1",
            "title": "Names the notice period",
            "annotations": {
                "weight_class": "important",
                "important_weight": 5,
                "critically_important_weight": None,
                "criteria_category": "Legal Accuracy",
                "criteria_description": "As in clause 4.",
                "field_for_category": "Legal",
            },
        }
    ],
}
RESEARCH = {
    "prompt": "Compare the two ports.",
    "sample_id": "s-2",
    "domain": "Logistics",
    "conceptual_breadth": "High",
    "logical_nesting": "Shallow",
    "exploration": "Low",
    "rubrics": [
        {"criterion": "Gives both tonnages", "weight": 4.0, "axis": "Explicit Criteria"},
        {"criterion": "Fails to cite", "weight": -2.0, "axis": "References"},
    ],
}
PROFBENCH = {
    "task_id": "Chem-1",
    "domain": "Chemistry PhD",
    "prompt": "Find the yield.",
    "o3_response": "...",
    "rubrics": [
        {
            "criterion_description": "States the yield",
            "criterion_justification": "Asked for.",
            "criterion_type": ["Reasoning", "Extraction (recall)"],
            "criterion_weight": "Critical",
            "o3_fulfilment": True,
        }
    ],
}
RAR = {
    "question": "Which scan?",
    "reference_answer": "A CT.",
    "question_source": "own",
    "rubric_list": ["Essential Criteria: Names the scan.", "Pitfall Criteria: Orders surgery."],
    "rubric": [
        {"description": "Essential Criteria: Names the scan.", "title": "Scan", "weight": 5},
        {"description": "Pitfall Criteria: Orders surgery.", "title": "Surgery", "weight": -1},
    ],
    "rubric_count": 2,
}
HUB_ITEMS = [{"criterion": "Rhymes", "points": 7}, {"criterion": "Is short", "points": 2}]
HUB_RL = {
    "prompt": [{"role": "user", "content": "A verse."}],
    "data_source": "Writing",
    "ability": "Writing",
    "Rubrics": HUB_ITEMS,
    "reward_model": {"ground_truth": "", "style": "rubric", "rubrics": HUB_ITEMS},
}
HUB_SFT = {"query": "A verse.", "sample_id": "v1", "answer": "...", "rubrics": HUB_ITEMS}
DRB2 = {
    "id": "task7",
    "idx": 1,
    "language": "en",
    "theme": "Energy",
    "description": "A report",
    "prompt": "Report. **important** Do not open the source.",
    "content": {
        "task": "Report.",
        "rubric": {"info_recall": ["States 4 GW"], "analysis": ["Says why"], "presentation": []},
        "blocked": {"title": "The source", "authors": [], "urls": []},
    },
    "license": "CC BY 4.0",
}
KWBENCH = {
    "id": "k1",
    "task": "Price the deal.",
    "source": "own",
    "category": "pricing",
    "rubric": {"mandatory": ["Sees the clause"], "good_to_have": ["Cites it"], "ideal": []},
    "config": {},
}
AUTORUBRIC = {
    "rubric": {
        "guidelines": "Be strict.",
        "sections": [
            {"name": "Form", "criteria": [{"name": "short", "weight": 5, "requirement": "Short"}]},
            {
                "name": "Substance",
                "criteria": [
                    {
                        "requirement": "How many examples?",
                        "scale_type": "nominal",
                        "options": [
                            {"label": "too few", "value": 0.0, "na": False},
                            {"label": "too many", "value": 0.0, "na": False},
                            {"label": "enough", "value": 1.0, "na": False},
                            {"label": "none asked", "value": 0.0, "na": True},
                        ],
                    }
                ],
            },
        ],
    }
}
DATASET = {
    "name": "essays",
    "prompt": "Write.",
    "rubric": [{"name": "a", "weight": 10.0, "requirement": "Argues"}],
    "items": [
        {"submission": "x", "description": "first", "ground_truth": ["MET"]},
        {
            "submission": "y",
            "description": "second",
            "ground_truth": None,
            "rubric": [{"name": "b", "weight": -5.0, "requirement": "Rambles"}],
        },
    ],
}
PROMPTFOO = """\
description: Support bot
prompts: ['file://p.txt']
providers: ['openai:gpt-4.1']
defaultTest:
  options: {provider: 'openai:gpt-4.1-mini'}
  assert:
    - type: llm-rubric
      value: Is polite
tests:
  - description: Refund
    vars: {question: 'May I return it?'}
    assert:
      - type: assert-set
        threshold: 0.5
        assert:
          - {type: llm-rubric, value: Names the deadline, threshold: 0.8, weight: 2}
          - {type: cost, threshold: 0.01}
      - {type: not-llm-rubric, value: Promises money, metric: safety}
  - vars: {question: Hi}
    options: {disableDefaultAsserts: true}
    assert: [{type: llm-rubric, value: Greets}]
"""
VERIFIERS = [
    {"name": "solved", "text": "Is the bug fixed?", "weight": 3.0},
    {"name": "care", "text": "How careful?", "choices": ["careless", "fair", "careful"]},
]
INSPECT = {
    "id": 7,
    "input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}],
    "target": 4,
    "choices": None,
    "metadata": '{"topic": "sums"}',
    "sandbox": None,
}


def found(name: str, file_name: str, value: Any) -> ReadResult:
    """What is read of a file whose format is recognised by itself, without a problem."""
    text = value if isinstance(value, str) else json.dumps(value)
    known = detect(file_name, text)
    assert known is not None and known.name == name
    result = read("", file_name, text)
    assert result.problems == ()
    return result


def texts(result: ReadResult) -> list[list[str]]:
    return [[c.text for c in r.rubric.leaves] for r in result.rubrics]


@pytest.mark.parametrize(
    ("name", "file_name", "value", "task", "prompt", "wanted"),
    [
        # prometheus-eval/prometheus-eval: BiGGen-Bench/tasks/*/data.json, data_loader.py
        ("biggen", "data.json", [BIGGEN], "grounding_keep_to_source_3", "Sum up the memo.", 1),
        # prometheus-eval/prometheus: the Feedback Collection
        ("biggen", "f.jsonl", FEEDBACK, "", "Comfort a friend.", 1),
        # openai/simple-evals: healthbench_eval.py
        ("healthbench", "oss_eval.jsonl", HEALTHBENCH, "p-1", "May I take both?", 2),
        # openai/healthbench-professional
        ("healthbench", "pro.jsonl", HEALTHBENCH_PRO, "pro-1", "Draft the note.", 1),
        # scaleapi/PRBench: evals.py, util.py, criteria.py
        ("prbench", "legal.jsonl", PRBENCH, "t-9", None, 1),
        # scaleapi/researchrubrics: evaluate_single_report.py
        ("researchrubrics", "processed_data.jsonl", RESEARCH, "s-2", "Compare the two ports.", 2),
        # NVlabs/ProfBench: run_llm_judge_on_provided_reports.py
        ("profbench", "test.jsonl", PROFBENCH, "Chem-1", "Find the yield.", 1),
        # ScaleAI and anisha2102, RaR-Medicine
        ("rar", "rar.jsonl", RAR, "", "Which scan?", 2),
        # sojuL/RubricHub_v1: RuRL and sft_RuFT
        ("rubrichub", "rl.jsonl", HUB_RL, "", "A verse.", 2),
        ("rubrichub", "sft.jsonl", HUB_SFT, "v1", "A verse.", 2),
        # imlrz/DeepResearch-Bench-II: tasks_and_rubrics.jsonl
        ("deepresearch-bench-2", "tasks_and_rubrics.jsonl", DRB2, "task7", "Report.", 2),
        # ankitmaloo/fasteval: service/engine.py
        ("kwbench", "dataset.jsonl", KWBENCH, "k1", "Price the deal.", 2),
        # delip/autorubric 1.6.1: rubric.py
        ("autorubric", "r.json", AUTORUBRIC, "", "", 2),
        # PrimeIntellect-ai/verifiers: verifiers/v1/judges/rubric.py
        ("verifiers", "r.json", VERIFIERS, "", "", 2),
        # UKGovernmentBEIS/inspect_ai: dataset/_util.py
        ("inspect", "s.jsonl", INSPECT, "7", "system: Be brief.\n\nuser: 2 + 2?", 1),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_a_file_of_the_source_is_read(
    name: str, file_name: str, value: Any, task: str, prompt: str | None, wanted: int
) -> None:
    [one] = found(name, file_name, value).rubrics

    assert (one.task, len(one.rubric.leaves)) == (task, wanted)
    assert prompt is None or one.prompt == prompt


def test_prbench_turns_and_references_make_one_prompt() -> None:
    [one] = found("prbench", "p.jsonl", PRBENCH).rubrics

    assert one.prompt == (
        "user: May I end the lease?\n\nassistant: It depends.\n\n"
        "Reference text 1:\nClause 4.\n\nuser: On what?"
    )
    assert "4 messages of the prompt become one text" in [loss.message for loss in one.losses]


def test_profbench_types_are_a_category_and_tags_both_ways() -> None:
    [one] = found("profbench", "p.jsonl", PROFBENCH).rubrics

    [criterion] = one.rubric.criteria
    assert (criterion.category, criterion.tags) == ("Reasoning", ("Extraction (recall)",))
    [item] = json.loads(write("profbench", [NamedRubric(one.rubric)]).text)["rubrics"]
    assert item["criterion_type"] == ["Reasoning", "Extraction (recall)"]


def test_biggen_levels_of_the_feedback_collection_are_described() -> None:
    [one] = found("biggen", "f.jsonl", FEEDBACK).rubrics

    assert [level.description for level in one.rubric.criteria[0].scale.levels] == [
        f"Level {n}" for n in range(1, 6)
    ]


def test_rar_and_kwbench_keep_their_tiers() -> None:
    [rar], [kw] = (
        found("rar", "r.jsonl", RAR).rubrics,
        found("kwbench", "k.jsonl", KWBENCH).rubrics,
    )

    assert [c.tier for c in rar.rubric.criteria] == [Tier.ESSENTIAL, Tier.PITFALL]
    assert [guess.met_is_good for guess in rar.guesses] == [False]
    assert [c.tier for c in kw.rubric.criteria] == [Tier.MANDATORY, Tier.IMPORTANT]


def test_autorubric_sections_are_categories_and_equal_options_one_level() -> None:
    [one] = found("autorubric", "r.json", AUTORUBRIC).rubrics

    assert [c.category for c in one.rubric.criteria] == ["Form", "Substance"]
    scale = one.rubric.criteria[1].scale
    assert scale.kind is ScaleKind.ORDINAL
    assert [(v.value, v.label) for v in scale.levels] == [
        (0.0, "too few / too many"),
        (1.0, "enough"),
    ]
    assert {loss.message for loss in one.losses} == {
        "the field guidelines is left out",
        "the field na is left out",
        "options of one value: become one level",
        "options without an order: become levels in the order of their values",
    }


def test_an_autorubric_dataset_gives_its_rubric_and_those_of_its_items() -> None:
    result = found("autorubric", "d.json", DATASET)

    assert [(r.name, r.prompt) for r in result.rubrics] == [("essays", "Write."), ("second", "")]
    assert texts(result) == [["Argues"], ["Rambles"]]
    assert result.rubrics[1].rubric.criteria[0].met_means is MetMeans.BAD


def test_promptfoo_default_assertions_hold_for_every_test_that_wants_them() -> None:
    result = found("promptfoo", "promptfooconfig.yaml", PROMPTFOO)

    assert texts(result) == [["Names the deadline", "Promises money", "Is polite"], ["Greets"]]
    refund = result.rubrics[0].rubric.criteria
    assert [(c.weight, c.met_means.value, c.category) for c in refund] == [
        (2, "good", ""),
        (1, "bad", "safety"),
        (1, "good", ""),
    ]


def test_promptfoo_is_read_as_json_and_from_defaults_alone() -> None:
    config = {"tests": [{"assert": [{"type": "llm-rubric", "value": "Greets"}]}]}
    alone = {"defaultTest": {"assert": [{"type": "llm-rubric", "value": "Is polite"}]}}

    assert texts(found("promptfoo", "c.json", config)) == [["Greets"]]
    assert texts(found("promptfoo", "c.json", alone)) == [["Is polite"]]


def test_verifiers_refuses_choices_that_the_judge_refuses() -> None:
    twice = [{"name": "a", "text": "A?", "choices": ["no", "no"]}]

    [problem] = read("verifiers", "", json.dumps(twice)).problems

    assert problem.field == "choices" and "twice" in problem.message


def test_an_inspect_target_is_one_text_since_a_list_is_joined_without_a_space() -> None:
    bad = Criterion("c2", "Promises a cure", met_means=MetMeans.BAD)
    [one] = found("verifiers", "v.json", VERIFIERS).rubrics
    rubric = NamedRubric(type(one.rubric)((Criterion("c1", "Names the dose"), bad)), "R")

    sample = json.loads(write("inspect", [rubric]).text)

    assert sample["target"] == "1. Names the dose\n2. Not the case: Promises a cure"
