"""docs/judges.md names every kind and every parameter, as the code has them."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

from scoring.judges import JUDGES, Parameter, Site, build, parameters
from scoring.judges.config import NAMES, parameters_of
from scoring.learned.lora import LoraSettings

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "judges.md").read_text()


def row(declared: Parameter) -> str:
    """The line of the table that a parameter should have."""
    takes = ", ".join(f"`{each}`" for each in declared.choices) or NAMES[declared.kind]
    if declared.low is not None and declared.high is not None:
        takes += f" from {declared.low:g} to {declared.high:g}"
    elif declared.low is not None:
        takes += f", {declared.low:g} or more"
    if declared.optional:
        takes += ", or null"
    default = "required" if declared.required else f"`{json.dumps(declared.default)}`"
    return f"| `{declared.name}` | {takes} | {default} | {declared.help} |"


def section(kind: str) -> str:
    found = re.search(rf"^## [^\n]*\(`{kind}`\)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    assert found, f"docs/judges.md has no section that ends in (`{kind}`)"
    return found.group(1)


@pytest.mark.parametrize("kind", sorted(JUDGES))
def test_the_page_lists_every_parameter_as_the_code_has_it(kind: str) -> None:
    listed = [line for line in section(kind).splitlines() if line.startswith("| `")]

    training = parameters_of(LoraSettings) if kind == "learned" else ()
    assert listed == [row(each) for each in (*parameters(kind), *training)]


def test_the_page_has_a_section_for_each_kind_and_no_other() -> None:
    assert sorted(re.findall(r"^## [^\n]*\(`(\w+)`\)$", PAGE, re.M)) == sorted(JUDGES)


@pytest.mark.parametrize("path", re.findall(r"`((?:scoring|tests|docs)/[\w/.]+)`", PAGE))
def test_every_file_that_the_page_names_exists(path: str) -> None:
    assert (Path(__file__).resolve().parents[3] / path).exists()


EXAMPLES = [
    (kind, json.loads(block))
    for kind in sorted(JUDGES)
    for block in re.findall(r"^```json\n(.*?)^```$", section(kind), re.M | re.S)
]


@pytest.mark.parametrize(("kind", "config"), EXAMPLES)
def test_every_configuration_that_the_page_shows_can_be_used(
    kind: str, config: dict[str, object]
) -> None:
    build(kind, config, Site(allow_private=True, api_bases=("https://llm.example.org",)))


def test_every_model_that_the_page_shows_is_one_that_litellm_can_route() -> None:
    litellm = import_module("litellm")
    models = [str(config["model"]) for kind, config in EXAMPLES if kind == "llm"]

    routes = [litellm.get_llm_provider(model)[1] for model in models]

    assert len(models) > 10
    assert routes == [model.partition("/")[0] for model in models]
