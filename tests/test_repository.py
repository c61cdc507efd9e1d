"""What stands in more than one file says the same thing in each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from rubricstudio.management.commands.serve import processes

ROOT = Path(__file__).resolve().parent.parent
# Read by compose, not by the settings.
ELSEWHERE = {"POSTGRES_PASSWORD", "WEB_PORT"}


def _settings_in_code() -> set[str]:
    source = (ROOT / "rubricstudio/settings.py").read_text()
    return set(re.findall(r'env_(?:str|bool|int|list)\(\s*"([A-Z_]+)"', source))


def _settings_in_example() -> set[str]:
    return set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def _settings_in_docs() -> set[str]:
    return set(re.findall(r"^### `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.M))


def _compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_every_setting_is_documented_and_in_the_example() -> None:
    expected = _settings_in_code() | ELSEWHERE

    assert _settings_in_docs() == expected
    assert _settings_in_example() == expected


def test_compose_runs_the_commands_that_serve_runs() -> None:
    services, ours = _compose()["services"], processes(bind="0.0.0.0:8000")

    def bare(command: list[str]) -> list[str]:
        return [re.sub(r"\$\{\w+:-(.*)\}", r"\1", part.rpartition("/bin/")[2]) for part in command]

    for service, process in (
        ("web", "web"),
        ("worker", "llm"),
        ("worker-local", "gpu"),
        ("worker-gpu", "gpu"),
    ):
        assert bare(services[service]["command"]) == bare(ours[process]), service


def test_compose_sets_only_settings_that_exist() -> None:
    known = _settings_in_code() | ELSEWHERE
    text = (ROOT / "docker-compose.yml").read_text()
    application = _compose()["services"]["web"]["environment"]

    assert set(application) <= known
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) <= known


def test_compose_has_the_services_and_images_of_the_embedded_default() -> None:
    services = _compose()["services"]

    assert {"web", "worker", "worker-gpu", "postgres", "valkey"} <= set(services)
    assert services["worker-gpu"]["profiles"] == ["gpu"]
    # The embedded server is PostgreSQL 18 with pgvector, and Valkey 9.
    assert re.fullmatch(r"pgvector/pgvector:[\d.]+-pg18", services["postgres"]["image"])
    assert services["valkey"]["image"].startswith("valkey/valkey:9")


def test_every_dependency_says_what_it_is_for() -> None:
    lines = re.findall(r'^    "[^"]+",.*$', (ROOT / "pyproject.toml").read_text(), re.M)
    requirements = [line for line in lines if "==" in line]

    assert len(requirements) > 30
    assert [line for line in requirements if not re.search(r"# .{12,}$", line)] == []


def test_the_pinned_versions_agree() -> None:
    pins = dict(
        line.lower().split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    project = (ROOT / "pyproject.toml").read_text()
    direct = re.findall(r'^    "([\w.-]+)(?:\[[\w,-]+\])?==([^"]+)"', project, re.M)

    for name, version in direct:
        assert pins[name.lower().replace("_", "-")] == version, name
    assert "torch==2.13.0" in (ROOT / "Dockerfile").read_text()
    assert "torch==2.13.0" in (ROOT / "Makefile").read_text()


def test_every_link_between_documents_leads_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:", "mailto:", "image:"))
        and not (document.parent / target).exists()
    ]

    assert len(documents) > 15
    assert broken == []
