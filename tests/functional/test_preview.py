"""The live preview in a browser: an author turns a weight, changes a text, lets a judge loose."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from rubricstudio.actions.rubrics import start_draft
from rubricstudio.models import Verdict
from scoring.actions.preview import pin_response
from scoring.models import PreviewVerdict
from tests.conftest import Cast, Data
from tests.functional.conftest import MakeVisitor, Visitor
from tests.scoring.judged import VERDICTS, rules, worked

pytestmark = [
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


def _draft(cast: Cast, data: Data) -> str:
    """The address of a draft; one response is clear and one muddled, by the judge's word."""
    levels = {"*": 3, "task-1/wren": 1}
    worked(cast, data, rules(cast, verdicts={**VERDICTS, "clarity": levels}))
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    for response in data.responses[:2]:
        pin_response(rubric=draft.rubric, response_id=response.pk, by=cast.author)
    return draft.rubric.get_absolute_url()


def _author(visitor: MakeVisitor) -> Visitor:
    ada = visitor()
    ada.sign_in("ada@example.com", "studio-test")
    return ada


def test_a_weight_moves_the_scores_and_a_text_makes_verdicts_stale(
    cast: Cast, data: Data, visitor: MakeVisitor
) -> None:
    here, ada = _draft(cast, data), _author(visitor)
    ada.go(here)
    panel = ada.page.locator("#preview-panel")
    # heron earns 8 of 8; wren, muddled, 5 of 8.
    expect(panel.locator(".preview-row").nth(0)).to_contain_text("1.00")
    expect(panel.locator(".preview-row").nth(1)).to_contain_text("0.63")

    weights = data.version.rubric.versions.get(status="draft").criteria
    clarity = ada.page.locator(f"#weight-{weights.get(key='clarity').pk}")
    clarity.fill("5")
    clarity.press("Enter")

    # 5 of 10.
    wren = panel.locator(".preview-row").nth(1)
    expect(wren.locator(".preview-score")).to_have_text(re.compile(r"0\.63.*0\.50", re.S))
    expect(wren).to_contain_text("down")

    warns = ada.page.locator(f"#text-{weights.get(key='warns').pk}")
    warns.fill("Warns of the interaction first of all.")
    warns.press("Enter")

    expect(wren).to_contain_text("1 stale")
    expect(wren.locator(".preview-score")).to_have_text(re.compile(r"0\.63.*0\.00", re.S))
    expect(wren).to_contain_text("2 of 3 criteria judged")
    ada.go(f"{here}preview/")
    ada.look("preview")
    ada.go(f"{here}preview/pins/")
    ada.look("preview-pins")
    ada.go(f"{here}reviews/")
    ada.look("reviews")


def test_a_judge_fills_in_what_is_stale(
    cast: Cast, data: Data, visitor: MakeVisitor, workers: None
) -> None:
    here, ada = _draft(cast, data), _author(visitor)
    draft = data.version.rubric.versions.get(status="draft")
    draft.criteria.filter(key="warns").update(text="Warns of the interaction first of all.")
    verdicts = Verdict.objects.count()
    ada.go(here)
    panel = ada.page.locator("#preview-panel")
    expect(panel).to_contain_text("1 stale")

    panel.get_by_role("button", name="Judge these now").click()

    expect(panel).to_contain_text("1 preview")
    expect(panel).not_to_contain_text("1 stale")
    expect(panel.get_by_label("Verdicts of")).to_have_value(re.compile(r"judge-\d+"))
    assert PreviewVerdict.objects.count() == 2
    assert Verdict.objects.count() == verdicts
    ada.go(f"{here}preview/")
    expect(ada.page.locator(".preview-cells")).to_contain_text("preview")
