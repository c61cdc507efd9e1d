"""The guide's pages, buttons and pictures exist."""

from __future__ import annotations

import re

import pytest
from django.urls import resolve

from tests.functional.conftest import ROOT

DOCS = ROOT / "docs"
GUIDE = (DOCS / "guide.md").read_text(encoding="utf-8")
SHOTS = sorted((DOCS / "screenshots").glob("*.png"))


@pytest.mark.parametrize("address", sorted(set(re.findall(r"`(/[\w/-]*)`", GUIDE))))
def test_an_address_of_the_guide_is_a_page(address: str) -> None:
    assert resolve(address).view_name


def test_every_label_of_the_guide_stands_on_a_page() -> None:
    written = [*(ROOT / "templates").rglob("*.html"), *ROOT.glob("*/forms*.py")]
    written += [*ROOT.glob("*/forms/*.py"), *ROOT.glob("*/actions/*.py"), *ROOT.glob("*/*.py")]
    pages = "\n".join(path.read_text(encoding="utf-8") for path in written)
    labels = set(re.findall(r"\*\*(.+?)\*\*", GUIDE))

    assert len(labels) > 20
    assert {label for label in labels if f'"{label}"' not in pages} == set()


def test_the_pictures_are_those_that_the_documentation_shows() -> None:
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    shown = re.findall(
        r"screenshots/([\w-]+\.png)", "\n".join(page.read_text("utf-8") for page in pages)
    )

    assert {path.name for path in SHOTS} == set(shown)


def test_the_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in SHOTS}

    assert {name: size for name, size in sizes.items() if size > 250_000} == {}
    assert sum(sizes.values()) < 6_000_000


def test_every_link_of_the_guide_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([\w./-]+)\)", GUIDE)

    assert [link for link in links if not (DOCS / link).exists()] == []
