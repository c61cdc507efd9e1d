"""Each format by a small file: what becomes of its fields, and what is said of bad ones."""

from __future__ import annotations

import json

import pytest

from rubricstudio.domain.aggregation import score
from rubricstudio.domain.rubric import (
    Criterion,
    Level,
    MetMeans,
    Rubric,
    Scale,
    ScaleKind,
    Tier,
)
from rubricstudio.domain.rubric_formats.protocol import Loss, NamedRubric, ReadRubric
from rubricstudio.rubric_files import FORMATS, detect, read, write
from tests.domain.rubric_formats.samples import SAMPLES


def one(name: str) -> ReadRubric:
    """The only rubric of a format's sample, which reads without a problem."""
    file_name, text = SAMPLES[name]
    result = read(name, file_name, text)
    assert result.problems == ()
    [found] = result.rubrics
    return found


def test_every_format_has_a_sample() -> None:
    assert set(SAMPLES) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_known_by_its_look(name: str) -> None:
    file_name, text = SAMPLES[name]

    found = detect(file_name, text)

    assert found is not None and found.name == name


@pytest.mark.parametrize("name", FORMATS)
def test_writing_what_was_read_is_stable(name: str) -> None:
    found = one(name)
    if FORMATS[name].write is None:
        return
    rubric = NamedRubric(found.rubric, found.name, found.task, found.prompt)

    first = write(name, [rubric])

    assert first.losses == ()
    [again] = read(name, "", first.text).rubrics
    assert NamedRubric(again.rubric, again.name, again.task, again.prompt) == rubric
    assert write(name, [rubric]) == first


FAMILY = {
    "profbench": "weighted_mean",
    "rubrichub": "weighted_mean",
    "healthbench": "pos_normalised",
    "rar": "pos_normalised",
    "openrubrics": "pos_normalised",
    "kwbench": "gated_tiers",
    "verifiers": "weighted_mean",
    "autorubric": "pos_normalised_clipped",
    "paperbench": "hierarchical_mean",
    "proimage": "geometric_penalty",
    "biggen": "hierarchical_grades",
    "promptfoo": "weighted_mean",
    "csv": "pos_normalised",
}
WEIGHTS = {
    "native": [1],
    "native-yaml": [2],
    "csv": [5, -2],
    "tsv": [5, 2],
    "healthbench": [5, -4],
    "prbench": [9, -5],
    "researchrubrics": [4, -1],
    "profbench": [4, 2],
    "rar": [5, -1],
    "openrubrics": [1, 1],
    "rubrichub": [8, 3],
    "kwbench": [1, 1, 1],
    "deepresearch-bench-2": [1, 1, 1],
    "proimage": [1, 1, 1],
    "paperbench": [3, 1],
    "biggen": [1],
    "autorubric": [8, -15, 10],
    "autorubric-yaml": [8],
    "promptfoo": [2, 1],
    "verifiers": [2, 1, 1],
    "inspect": [1, 1],
    "infobench": [1, 1],
    "json-list": [1, 1],
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_weights_are_those_of_the_file(name: str) -> None:
    assert [c.weight for c in one(name).rubric.leaves] == WEIGHTS[name]


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_read_can_be_scored_by_its_aggregator(name: str) -> None:
    rubric = one(name).rubric
    best = {
        c.key: c.scale.high if c.met_means is MetMeans.GOOD else c.scale.low for c in rubric.leaves
    }

    result = score(rubric, best)

    assert result.value is not None and result.value > 0


def test_yaml_means_what_people_mean() -> None:
    found = read("native-yaml", "", "criteria:\n- {key: a, text: no, tags: [2026-01-31, yes]}\n")

    [criterion] = found.rubrics[0].rubric.criteria
    assert (criterion.text, criterion.tags) == ("no", ("2026-01-31", "yes"))


def test_healthbench_keeps_prompt_tags_and_sign() -> None:
    found = one("healthbench")

    assert (found.task, found.prompt) == ("p1", "How much?")
    good, bad = found.rubric.criteria
    assert good.tags == ("axis:accuracy",)
    assert bad.met_means is MetMeans.BAD
    assert found.losses == (Loss("the field example_tags is left out"),)


def test_healthbench_conversations_and_the_professional_edition_are_read() -> None:
    row = {
        "id": "7",
        "conversation": {
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Yes?"},
            ]
        },
        "rubric_items": [{"criterion_text": "Greets back", "points": 2}],
    }

    [found] = read("healthbench", "", json.dumps(row)).rubrics

    assert (found.task, found.prompt) == ("7", "user: Hi\n\nassistant: Yes?")
    assert [c.text for c in found.rubric.criteria] == ["Greets back"]
    assert found.losses == (Loss("2 messages of the prompt become one text"),)


def test_prbench_takes_the_weight_in_force() -> None:
    found = one("prbench")

    first, second = found.rubric.criteria
    assert (first.key, first.description, first.category) == ("a1", "By number.", "Accuracy")
    assert second.met_means is MetMeans.BAD
    text = write("prbench", [NamedRubric(found.rubric)]).text
    classes = [item["annotations"]["weight_class"] for item in json.loads(text)["rubric"]]
    assert classes == ["critically important", "detrimental"]


def test_rar_takes_tiers_from_texts_and_lists_without_weights() -> None:
    assert [c.tier for c in one("rar").rubric.criteria] == [Tier.ESSENTIAL, Tier.PITFALL]
    [found] = read("rar", "", json.dumps({"question": "Q", "rubric_list": ["A", "B"]})).rubrics
    assert [(c.text, c.weight) for c in found.rubric.criteria] == [("A", 1), ("B", 1)]


def test_openrubrics_joins_lines_and_keeps_hard_rules() -> None:
    assert [(c.text, c.tier) for c in one("openrubrics").rubric.criteria] == [
        ("The answer is in French.", Tier.MANDATORY),
        ("It reads well.", None),
    ]


def test_kwbench_scores_as_published() -> None:
    rubric = one("kwbench").rubric
    assert [c.tier for c in rubric.criteria] == [Tier.MANDATORY, Tier.IMPORTANT, Tier.IDEAL]
    # 0.40 for the mandatory one, 0.35 for the good-to-have one, 0.25 not earned.
    assert score(rubric, {"c1": 1, "c2": 1, "c3": 0}).value == pytest.approx(0.75)
    assert score(rubric, {"c1": 0, "c2": 1, "c3": 1}).value == 0


def test_proimage_halves_a_group_for_each_no() -> None:
    rubric = one("proimage").rubric

    # Labels: one No of two, 0.5. Shape: none, 1. Mean 0.75.
    assert score(rubric, {"c1": 1, "c2": 0, "c3": 1}).value == pytest.approx(0.75)
    assert [c.text for c in rubric.criteria if c.is_group] == ["Labels", "Shape"]


def test_paperbench_weighs_among_siblings() -> None:
    rubric = one("paperbench").rubric

    assert score(rubric, {"code": 1, "table": 0}).value == pytest.approx(0.75)
    code = rubric.by_key["code"]
    assert (code.category, code.tags) == ("Code Development", ("Method Implementation",))


def test_biggen_levels_are_ordinal_from_1_to_5() -> None:
    [criterion] = one("biggen").rubric.criteria

    assert criterion.scale.kind is ScaleKind.ORDINAL
    assert criterion.scale.levels[0] == Level(1, "1", "Invents most of it")
    assert [level.value for level in criterion.scale.levels] == [1, 2, 3, 4, 5]


def test_biggen_rows_of_one_task_are_one_rubric() -> None:
    levels = {"score1_description": "No", "score2_description": "Yes"}
    rows = [
        {"id": task, "input": "Q", "score_rubric": {"criteria": text, **levels}}
        for task, text in (("a", "One?"), ("a", "Two?"), ("b", "Three?"))
    ]

    result = read("biggen", "", json.dumps(rows))

    assert [len(r.rubric.criteria) for r in result.rubrics] == [2, 1]


def test_autorubric_sorts_options_and_drops_not_applicable() -> None:
    found = one("autorubric")

    margin, year, tone = found.rubric.criteria
    assert (margin.key, year.key, tone.key) == ("margin", "c2", "tone")
    assert year.met_means is MetMeans.BAD
    assert [level.label for level in tone.scale.levels] == ["not", "fully"]
    assert Loss("the field na is left out", 1) in found.losses


def test_promptfoo_counts_what_is_no_rubric() -> None:
    found = one("promptfoo")

    greets, apologises = found.rubric.criteria
    assert (found.name, found.prompt, greets.category) == ("Greeting", "Say hello", "tone")
    assert apologises.met_means is MetMeans.BAD
    assert set(found.losses) == {
        Loss("the field prompts is left out"),
        Loss("the field mood is left out"),
        Loss("assertions that are no llm-rubric: left out", 1),
    }


def test_verifiers_choices_say_the_polarity_or_a_scale() -> None:
    dose, cure, tone = one("verifiers").rubric.criteria

    assert (dose.key, dose.met_means) == ("dose", MetMeans.GOOD)
    assert cure.met_means is MetMeans.BAD and cure.scale.kind is ScaleKind.BINARY
    assert [level.label for level in tone.scale.levels] == ["rude", "plain", "kind"]


def test_negative_weights_are_named_where_a_format_has_none() -> None:
    rubric = Rubric(
        tuple(
            Criterion(f"c{n}", f"Promises cure {n}", weight=-n, met_means=MetMeans.BAD)
            for n in (1, 2, 3)
        ),
        "weighted_mean",
    )

    written = write("verifiers", [NamedRubric(rubric)])

    assert written.losses == (Loss("negative weights: rewritten as positive", 3),)
    items = json.loads(written.text)["criteria"]
    assert [(i["weight"], i["choices"]) for i in items] == [(n, ["yes", "no"]) for n in (1, 2, 3)]


def test_an_inspect_target_of_texts_is_read_and_a_whole_rubric_travels() -> None:
    assert [c.text for c in one("inspect").rubric.criteria] == ["Says 4", "Shows the sum"]
    gate = Rubric((Criterion("g", "Is safe", gate=True, weight=3, tier=Tier.ESSENTIAL),), "min_max")

    [found] = read("inspect", "", write("inspect", [NamedRubric(gate)]).text).rubrics

    assert found.rubric == gate


def test_a_pasted_table_with_semicolons_and_decimal_commas_is_read() -> None:
    result = read("csv", "", "text;weight;tags\nNames it;2;a\n")
    pasted = read("tsv", "", "1,5\tNames it\n\n2\tNames more\textra\n")

    assert [c.weight for c in result.rubrics[0].rubric.criteria] == [2]
    assert [c.weight for c in pasted.rubrics[0].rubric.criteria] == [1.5, 2]
    assert [loss.criteria for loss in pasted.rubrics[0].losses] == [1]


def test_a_table_disarms_formulas_and_takes_them_back() -> None:
    rubric = Rubric((Criterion("c1", '=HYPERLINK("x")'), Criterion("c2", "'=1")))

    written = write("csv", [NamedRubric(rubric)])

    assert written.text.splitlines()[1].startswith("c1,\"'=HYPERLINK")
    assert read("csv", "", written.text).rubrics[0].rubric == rubric


@pytest.mark.parametrize(
    ("name", "text", "line", "field", "said"),
    [
        ("native", '{"criteria": [{"key": "a"}]}', 1, "criteria[0].text", "is missing"),
        ("native", '{\n"criteria": [}', 2, "", "is not JSON"),
        ("native-yaml", "criteria:\n- key: a\n  key: b\n", 3, "", "stands twice"),
        ("native-yaml", "a: 1\nb: [\n", 3, "", "is not YAML"),
        ("csv", "text,weight\nA,1\nB,much\n", 3, "weight", "'much', not a number"),
        ("csv", "text,weight\nA,1,2\n", 2, "", "has 3 cells, the heading 2"),
        ("csv", 'text\n"A\n', 2, "", "cannot be read"),
        ("csv", "key,text\na,One\na,Two\n", 2, "", "stands twice"),
        (
            "healthbench",
            '{"rubrics": [{"criterion": "A"}]}\n{"rubrics": [{"criterion": "B", "points": "x"}]}',
            2,
            "rubrics[0].points",
            "not a number",
        ),
        ("healthbench", '{"prompt": "x"}', 1, "rubrics", "is missing"),
        (
            "prbench",
            '{"rubric": [{"title": "A", "annotations": {"weight_class": "vital"}}]}',
            1,
            "rubric[0].annotations.weight_class",
            "is 'vital'",
        ),
        (
            "profbench",
            '[{"rubrics": [{"criterion_description": "A", "criterion_weight": -1}]}]',
            1,
            "rubrics[0].criterion_weight",
            "below 0",
        ),
        ("kwbench", '{"rubric": {"mandatory": 3}}', 1, "rubric.mandatory", "not a list of texts"),
        ("paperbench", '{"requirements": "A", "weight": -1}', 1, "weight", "is below 0"),
        ("proimage", '{"rubrics": [{"Name": "x"}]}', 1, "rubrics[0].Name", "not a list"),
        ("biggen", '{"criteria": "A", "score1": "x"}', 1, "score1_description", "missing"),
        (
            "verifiers",
            '{"criteria": [{"text": "A", "weight": -1}]}',
            1,
            "criteria[0].weight",
            "is below 0",
        ),
        ("verifiers", "criteria = [", 0, "", "neither JSON nor TOML"),
        ("openrubrics", "just prose", 1, "rubric", "no numbered item"),
        ("promptfoo", "tests: []", 0, "", "holds no rubric"),
        ("json-list", '[{"criterion": "A"}, 3]', 1, "", "a number, not an object"),
    ],
)
def test_a_problem_names_line_and_field(
    name: str, text: str, line: int, field: str, said: str
) -> None:
    problems = read(name, "", text).problems

    assert said in problems[0].message
    assert (problems[0].line, problems[0].field) == (line, field)


def test_a_row_with_a_problem_leaves_the_others() -> None:
    text = '{"prompt_id": "1", "rubrics": []}\n' + SAMPLES["healthbench"][1]

    result = read("healthbench", "", text)

    assert [found.task for found in result.rubrics] == ["p1"]
    assert [problem.line for problem in result.problems] == [1]


def test_a_broken_line_leaves_the_others() -> None:
    line = SAMPLES["healthbench"][1]

    result = read("healthbench", "", f"{line}{line[:40]}\n{line}")

    assert [found.task for found in result.rubrics] == ["p1", "p1"]
    assert [problem.line for problem in result.problems] == [2]


def test_prbench_classes_with_other_bounds_are_named() -> None:
    row = json.loads(SAMPLES["prbench"][1])
    row["rubric"][0]["annotations"]["critically_important_weight"] = 6

    [found] = read("prbench", "", json.dumps(row)).rubrics

    assert [loss.criteria for loss in found.losses if "classes" in loss.message] == [1]


@pytest.mark.parametrize(
    ("name", "criterion", "said"),
    [
        ("profbench", Criterion("c1", "A", weight=7), "nearest of 1, 2, 3 and 4"),
        ("rubrichub", Criterion("c1", "A", weight=2.5), "whole number from 0 to 10"),
        ("healthbench", Criterion("c1", "A", met_means=MetMeans.BAD), "rewritten as negative"),
        ("healthbench", Criterion("c1", "A", weight=0, met_means=MetMeans.BAD), "has no sign"),
        ("rar", Criterion("c1", "A", weight=-1), "reads the other way"),
        ("rar", Criterion("c1", "A", met_means=MetMeans.BAD), "rewritten as negative"),
        ("openrubrics", Criterion("c1", "A\nB"), "become one space"),
        ("openrubrics", Criterion("c1", "A", tier=Tier.IDEAL), "become principles"),
        ("kwbench", Criterion("c1", "A", met_means=MetMeans.BAD), "Not the case"),
        ("verifiers", Criterion("c1", "A", scale=Scale(ScaleKind.POINTS, (), 4)), "points"),
        ("autorubric", Criterion("c1", "A", scale=Scale(ScaleKind.POINTS, (), 4)), "points"),
        ("paperbench", Criterion("c1", "A", tags=("a", "b")), "all but the first"),
        ("paperbench", Criterion("c1", "A", is_group=True), "empty ones"),
        ("proimage", Criterion("c1", "A"), "each gets one"),
        ("biggen", Criterion("c1", "A"), "the levels 1 and 2"),
        ("promptfoo", Criterion("c1", "A", weight=-1), "rewritten as positive"),
        ("csv", Criterion("c1", "A", is_group=True), ""),
    ],
)
def test_a_loss_is_named(name: str, criterion: Criterion, said: str) -> None:
    losses = write(name, [NamedRubric(Rubric((criterion,), FAMILY[name]))]).losses

    assert [loss.criteria for loss in losses if said and said in loss.message] == [1] * bool(said)


def test_rubrics_of_one_name_are_told_apart_in_a_table() -> None:
    rubric = Rubric((Criterion("c1", "A"),))

    written = write("csv", [NamedRubric(rubric, "R"), NamedRubric(rubric, "R")])

    assert written.losses == (Loss("names of rubrics: made different from each other"),)
    assert [r.name for r in read("csv", "", written.text).rubrics] == ["R", "R-2"]


def test_several_trees_and_roots_are_written() -> None:
    flat = NamedRubric(Rubric((Criterion("root", "A"), Criterion("b", "B")), "hierarchical_mean"))

    written = write("paperbench", [flat, flat])

    assert [loss.message[:15] for loss in written.losses] == ["a root is added"]
    found = read("paperbench", "", written.text).rubrics
    assert [[c.key for c in r.rubric.criteria] for r in found] == [["root-", "root", "b"]] * 2


def test_a_format_that_is_only_read_is_not_written() -> None:
    with pytest.raises(KeyError):
        write("json-list", [])


def test_a_tree_of_any_depth_is_written_and_read() -> None:
    chain = [
        Criterion(f"n{n}", "A", is_group=n < 1500, parent=f"n{n - 1}" if n else None)
        for n in range(1501)
    ]

    written = write("paperbench", [NamedRubric(Rubric(tuple(chain), "hierarchical_mean"))])

    assert written.losses == (Loss("groups: left out more than 98 levels down", 1402),)
    [found] = read("paperbench", "", written.text).rubrics
    assert [c.key for c in found.rubric.leaves] == ["n1500"]


@pytest.mark.parametrize("name", [n for n in FORMATS if FORMATS[n].write])
def test_no_depth_of_groups_is_too_much_to_write(name: str) -> None:
    chain = [
        Criterion(f"n{n}", "A", is_group=n < 1500, parent=f"n{n - 1}" if n else None)
        for n in range(1501)
    ]

    assert write(name, [NamedRubric(Rubric(tuple(chain)))]).text
