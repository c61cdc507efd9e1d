"""The arrows between layers, beyond what import-linter can say (see pyproject.toml)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("rubricstudio", "annotations", "scoring")
# The places that may name each heavy library: where hosted models are called, and where models run.
_MODELS_RUN = (
    *("scoring/judges/local", "scoring/packing/", "scoring/embedder.py"),
    "scoring/learned/lora.py",
)
HEAVY = {
    "litellm": ("scoring/llm_models.py",),
    "torch": _MODELS_RUN,
    "transformers": _MODELS_RUN,
    "sklearn": (),
}


def _sources() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Each imported module, and whether the import stands at the top level."""
    tree = ast.parse(path.read_text())
    top = set(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node in top


def _run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=120)


def test_the_domain_loads_without_any_framework() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "rubricstudio/domain").rglob("*.py")
        if path.name != "__init__.py"
    ]

    _run(
        f"import importlib, sys\nfor m in {modules!r}: importlib.import_module(m)\n"
        "bad = {'django', 'celery', 'litellm', 'torch', 'psycopg'} & set(sys.modules)\n"
        "assert not bad, bad"
    )


def test_the_web_process_loads_neither_torch_nor_litellm() -> None:
    _run(
        "import os, sys\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'rubricstudio.settings'\n"
        "import django; django.setup()\n"
        "import rubricstudio.urls\n"
        "bad = {'torch', 'transformers', 'litellm', 'sklearn'} & set(sys.modules)\n"
        "assert not bad, bad"
    )


@pytest.mark.parametrize("library", sorted(HEAVY))
def test_a_heavy_library_is_named_in_its_own_room_only(library: str) -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for path in _sources()
        for module, at_top in _imports(path)
        if module.split(".")[0] == library
        and (at_top or not str(path.relative_to(ROOT)).startswith(HEAVY[library]))
    ]

    assert offenders == []


def test_views_do_not_touch_the_database_directly() -> None:
    verbs = {"filter", "create", "save", "delete", "update", "bulk_create", "get_or_create"}
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno} .{node.func.attr}("
        for path in _sources()
        if "views" in path.parts or path.stem == "views"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in verbs
    ]

    assert offenders == []


def test_no_module_uses_signals_or_thread_locals() -> None:
    banned = {"django.db.models.signals", "django.dispatch"}
    offenders = [
        str(path.relative_to(ROOT))
        for path in _sources()
        for module, _ in _imports(path)
        if module in banned
    ]

    assert offenders == []


def test_files_and_functions_stay_readable() -> None:
    long_files = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in _sources()
        if (lines := len(path.read_text().splitlines())) > 400
    ]
    long_functions = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines"
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > 60
    ]

    assert long_files == []
    assert long_functions == []


def test_tasks_only_load_and_delegate() -> None:
    long_tasks = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in _sources()
        if path.stem == "tasks" and path.parent.name in APPS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and len(node.body) > 6
    ]

    assert long_tasks == []
