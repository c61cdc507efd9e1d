"""A small file in each format, as the published ones are laid out; the texts are our own."""

from __future__ import annotations

import json
from typing import Any

Sample = tuple[str, str]  # the file's name and its text


def _json(value: Any) -> str:
    return json.dumps(value, indent=1)


def _lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


SAMPLES: dict[str, Sample] = {
    "native": (
        "r.json",
        _json({"name": "Dose", "criteria": [{"key": "dose", "text": "Names the dose"}]}),
    ),
    "native-yaml": (
        "r.yaml",
        "name: Dose\ncriteria:\n- key: dose\n  text: no dose above 5 mg\n  weight: 2\n",
    ),
    "csv": (
        "r.csv",
        "Criterion,Points,Axis\nNames the dose,5,safety\nRecommends antibiotics,-2,harm\n",
    ),
    "tsv": ("pasted", "Names the dose\t5\nNames the age\t2\n"),
    "healthbench": (
        "h.jsonl",
        _lines(
            {
                "prompt": [{"role": "user", "content": "How much?"}],
                "prompt_id": "p1",
                "rubrics": [
                    {"criterion": "Names the dose", "points": 5, "tags": ["axis:accuracy"]},
                    {"criterion": "Promises a cure", "points": -4, "tags": []},
                ],
                "example_tags": ["theme:dosing"],
            }
        ),
    ),
    "prbench": (
        "p.jsonl",
        _lines(
            {
                "task": "t1",
                "prompt_0": "May I?",
                "field": "Legal",
                "rubric": [
                    {
                        "id": "a1",
                        "title": "Names the statute",
                        "annotations": {
                            "weight_class": "critically important",
                            "critically_important_weight": 9,
                            "important_weight": 5,
                            "criteria_category": "Accuracy",
                            "criteria_description": "By number.",
                        },
                    },
                    {
                        "id": "a2",
                        "title": "Invents a case",
                        "annotations": {
                            "weight_class": "detrimental",
                            "detrimental_weight": "-5",
                        },
                    },
                ],
            }
        ),
    ),
    "researchrubrics": (
        "r.jsonl",
        _lines(
            {
                "prompt": "Survey it",
                "sample_id": "s1",
                "domain": "biology",
                "rubrics": [
                    {"criterion": "Cites two trials", "weight": 4.0, "axis": "Explicit"},
                    {"criterion": "Avoids speculation", "weight": -1.0, "axis": "Quality"},
                ],
            }
        ),
    ),
    "profbench": (
        "p.jsonl",
        _lines(
            {
                "task_id": "chem-1",
                "prompt": "Derive it",
                "rubrics": [
                    {
                        "criterion_description": "Gives the rate law",
                        "criterion_type": "Reasoning",
                        "criterion_weight": "Critical",
                    },
                    {"criterion_description": "Uses SI units", "criterion_weight": "Minor"},
                ],
            }
        ),
    ),
    "rar": (
        "rar.jsonl",
        _lines(
            {
                "question": "Why?",
                "reference_answer": "Because.",
                "rubric": [
                    {
                        "title": "Cause",
                        "description": "Essential Criteria: Names the cause",
                        "weight": 5,
                    },
                    {
                        "title": "Alarm",
                        "description": "Pitfall Criteria: Does not mention urgency",
                        "weight": -1,
                    },
                ],
                "rubric_list": ["Names the cause"],
                "rubric_count": 2,
            }
        ),
    ),
    "openrubrics": (
        "o.txt",
        "1. The answer is in French. [Hard Rule]\n2. It reads\n   well. [Principle]\n",
    ),
    "rubrichub": (
        "h.jsonl",
        _lines(
            {
                "question": "Write a poem",
                "id": "q1",
                "rubrics": [
                    {"criterion": "Has four lines", "points": 8},
                    {"criterion": "Rhymes", "points": 3},
                ],
            }
        ),
    ),
    "kwbench": (
        "k.json",
        _json(
            {
                "mandatory": ["Finds the hidden clause"],
                "good_to_have": ["Names the page"],
                "ideal": ["Suggests a wording"],
            }
        ),
    ),
    "deepresearch-bench-2": (
        "d.jsonl",
        _lines(
            {
                "id": "d1",
                "theme": "Energy",
                "prompt": "Report",
                "content": {
                    "task": "Report",
                    "rubric": {
                        "info_recall": ["States the 2020 output"],
                        "analysis": ["Compares two sources"],
                        "presentation": ["Has a table"],
                    },
                    "blocked": {"title": "The report"},
                },
            }
        ),
    ),
    "proimage": (
        "i.jsonl",
        _lines(
            {
                "id": "i1",
                "rubrics": [
                    {"Labels": ["Is the axis labelled?", "Are units given?"]},
                    {"Shape": ["Is the curve closed?"]},
                ],
            }
        ),
    ),
    "paperbench": (
        "rubric.json",
        _json(
            {
                "id": "root",
                "requirements": "The paper is reproduced",
                "weight": 1,
                "sub_tasks": [
                    {
                        "id": "code",
                        "requirements": "The method runs",
                        "weight": 3,
                        "sub_tasks": [],
                        "task_category": "Code Development",
                        "finegrained_task_category": "Method Implementation",
                    },
                    {"id": "table", "requirements": "Table 1", "weight": 1, "sub_tasks": []},
                ],
            }
        ),
    ),
    "biggen": (
        "b.json",
        _json(
            [
                {
                    "id": "g1",
                    "capability": "grounding",
                    "input": "Who?",
                    "score_rubric": {
                        "criteria": "Does it keep to the source?",
                        "score1_description": "Invents most of it",
                        "score2_description": "Invents some",
                        "score3_description": "Mixed",
                        "score4_description": "One slip",
                        "score5_description": "Keeps to it",
                    },
                }
            ]
        ),
    ),
    "autorubric": (
        "a.json",
        _json(
            [
                {"name": "margin", "weight": 8, "requirement": "States the margin"},
                {"weight": -15, "requirement": "Uses the wrong year"},
                {
                    "name": "tone",
                    "requirement": "Is polite",
                    "scale_type": "ordinal",
                    "options": [
                        {"label": "fully", "value": 1.0},
                        {"label": "not", "value": 0.0},
                        {"label": "n/a", "na": True},
                    ],
                },
            ]
        ),
    ),
    "autorubric-yaml": ("a.yaml", "- requirement: States the margin\n  weight: 8\n"),
    "promptfoo": (
        "promptfooconfig.yaml",
        "prompts: [p.txt]\n"
        "tests:\n"
        "- description: Greeting\n"
        "  vars: {prompt: Say hello, mood: glum}\n"
        "  assert:\n"
        "  - {type: llm-rubric, value: Greets, weight: 2, metric: tone}\n"
        "  - {type: not-llm-rubric, value: Apologises}\n"
        "  - {type: contains, value: hello}\n",
    ),
    "verifiers": (
        "v.toml",
        '[[criteria]]\nname = "dose"\ntext = "Names the dose"\nweight = 2.0\n\n'
        '[[criteria]]\nname = "cure"\ntext = "Promises a cure"\nchoices = ["yes", "no"]\n\n'
        '[[criteria]]\nname = "tone"\ntext = "How kind?"\nchoices = ["rude", "plain", "kind"]\n',
    ),
    "inspect": (
        "s.jsonl",
        _lines({"id": "s1", "input": "Add 2 and 2", "target": ["Says 4", "Shows the sum"]}),
    ),
    "infobench": (
        "i.jsonl",
        _lines(
            {
                "id": "u1",
                "instruction": "Choose a title",
                "input": "A post",
                "decomposed_questions": ["Is it a title?", "Does it fit?"],
                "question_label": [["Format"], ["Content"]],
            }
        ),
    ),
    "json-list": (
        "l.json",
        _json([{"question": "Is it whole?", "category": "Flow"}, {"question": "Is it new?"}]),
    ),
}
