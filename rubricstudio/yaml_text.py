"""YAML as plain values, strictly: JSON's types, each key once, no references, no tags."""

from __future__ import annotations

import re
from typing import Any

import yaml

from rubricstudio.domain.formats.lines import DEPTH_LIMIT, clean
from rubricstudio.domain.rubric_formats.reading import UnreadableText

LIMIT = 4 * 1024 * 1024
"""Characters of a YAML text; its reader is slow."""
_BREAKS = re.compile("[\r\x85\u2028\u2029\ufeff]")
_TAG = "tag:yaml.org,2002:"
# The words of YAML 1.2: `no` is a text, as people mean it, and 2026-01-31 is one, too.
_SCALARS = (
    ("null", re.compile(r"^(?:~|null|Null|NULL|)$"), "~nN\0"),
    ("bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    ("int", re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})$"), "-+0123456789"),
    (
        "float",
        re.compile(r"^[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"),
        "-+0123456789.",
    ),
)


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        # A few nested references stand for billions of values.
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
            raise UnreadableText(line, "refers back with *; write it out")
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Line breaks other than \n are folded away unless they are escaped.
    style = '"' if _BREAKS.search(text) else None
    return dumper.represent_scalar(_TAG + "str", str(text), style=style)


_Dumper.add_representer(str, _text)
# A word of an enumeration is written as the text that it is.
_Dumper.add_multi_representer(str, _text)
for _name, _pattern, _first in _SCALARS:
    _starts = [letter if letter != "\0" else "" for letter in _first]
    _Loader.add_implicit_resolver(_TAG + _name, _pattern, _starts)
    _Dumper.add_implicit_resolver(_TAG + _name, _pattern, _starts)


def load_yaml(text: str) -> Any:
    """The value of a YAML text. Raises UnreadableText, with the line, for anything else."""
    if len(text) > LIMIT:
        raise UnreadableText(0, f"holds more than {LIMIT // 1024**2} MB of YAML; give JSON")
    try:
        return _plain(yaml.compose(text, Loader=_Loader), DEPTH_LIMIT)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = clean(str(error.problem or error.context or "cannot be read"))
        raise UnreadableText(mark.line + 1 if mark else 0, f"is not YAML: {said}") from error
    except yaml.YAMLError as error:
        raise UnreadableText(0, f"is not YAML: {clean(str(error))[:200]}") from error
    except RecursionError as error:
        raise UnreadableText(0, f"is nested more than {DEPTH_LIMIT} deep") from error


def dump_yaml(value: Any) -> str:
    """A value of JSON's types as YAML that `load_yaml` reads back."""
    return str(yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100))


def _plain(node: Any, depth: int) -> Any:
    if node is None:
        return None
    if depth == 0:
        raise UnreadableText(node.start_mark.line + 1, f"is nested more than {DEPTH_LIMIT} deep")
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, depth - 1) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, depth - 1)
    return _scalar(node)


def _mapping(node: yaml.MappingNode, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise UnreadableText(line, "has a key that is no text")
        if key.value in found:
            raise UnreadableText(line, f"the field {clean(key.value[:80])!r} stands twice")
        found[str(key.value)] = _plain(value, depth)
    return found


def _scalar(node: yaml.ScalarNode) -> Any:
    kind = node.tag.removeprefix(_TAG)
    if kind not in ("null", "bool", "int", "float") or node.style is not None:
        return node.value
    if kind == "null":
        return None
    if kind == "bool":
        return node.value.lower() == "true"
    try:
        return int(node.value) if kind == "int" else float(node.value)
    except ValueError:
        return node.value
