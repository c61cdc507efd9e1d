"""A rubric file in a browser: looked at, its polarity answered, stored, and handed out again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from rubricstudio.models import Criterion, Rubric
from tests.conftest import Cast, Data
from tests.functional.conftest import MakeVisitor

pytestmark = [pytest.mark.functional, pytest.mark.django_db(transaction=True)]
RAR = {
    "question": "What now?",
    "rubric": [
        {"title": "Aspirin", "description": "Essential: Names aspirin.", "weight": 5},
        {"title": "Wait", "description": "Pitfall: Recommends waiting.", "weight": -2},
        {"title": "NSAID", "description": "Pitfall: Avoids other NSAIDs.", "weight": -1},
    ],
}


@pytest.mark.parametrize("scripts", [True, False])
def test_an_author_imports_a_file_and_downloads_it_again(
    cast: Cast, data: Data, visitor: MakeVisitor, tmp_path: Path, scripts: bool
) -> None:
    path = tmp_path / "chest.json"
    path.write_text(json.dumps(RAR), "utf-8")
    author = visitor(scripts=scripts)
    author.sign_in("ada@example.com", "studio-test")
    author.go("/projects/demo/rubrics/")
    author.press("Import a rubric")

    page = author.page
    page.locator("#id_upload").set_input_files(path)
    page.get_by_label("Format").select_option("rar")
    author.press("Look at it")
    author.title("What is in the file")
    expect(page.get_by_text("2 criteria leave open")).to_be_visible()
    expect(page.get_by_role("radio", name="bad").first).to_be_checked()
    expect(page.get_by_role("radio", name="good").last).to_be_checked()
    author.fits("the preview of a rubric file")
    assert not Rubric.objects.filter(name="What now?").exists()

    page.get_by_role("radio", name="bad").last.check()
    author.press("Import")
    author.title("What now?")
    rows = Criterion.objects.filter(version__rubric__name="What now?").order_by("position")
    met = dict(rows.values_list("text", "met_means"))
    assert sorted(met.values()) == ["bad", "bad", "good"]

    page.locator(".page-head summary[aria-label='More']").click()
    author.press("Download as…")
    page.get_by_role("radio", name="Rubric Studio (JSON)").check()
    if not scripts:
        author.press("See what it can hold")
    expect(page.locator("#file")).to_contain_text("It holds everything")
    author.fits("the download of a rubric")
    with page.expect_download() as download:
        author.press("Download")
    text = Path(download.value.path()).read_text("utf-8")
    assert download.value.suggested_filename == "what-now-v1.json"
    assert [c["text"] for c in json.loads(text)["rubrics"][0]["criteria"]] == list(met)
