"""Ten thousand verdicts in a browser: progress moves, and a killed worker ends nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from rubricstudio.models import Response, Verdict
from scoring.actions.runs import start_run
from scoring.models import RunStatus
from tests.conftest import Cast, Data
from tests.functional.conftest import MakeVisitor
from tests.scoring.judged import rules
from tests.scoring.real_workers import Start, kill, until, worker_starter

pytestmark = [
    pytest.mark.functional,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

RESPONSES = 3_334
VERDICTS = 3 * RESPONSES  # three criteria: 10,002


@pytest.fixture
def start_worker() -> Iterator[Start]:
    with worker_starter() as start:
        yield start


def _stored(bar: Locator) -> int:
    return int(bar.get_attribute("value") or 0)


def test_ten_thousand_verdicts_survive_a_killed_worker_and_their_progress_is_seen(
    cast: Cast, data: Data, start_worker: Start, visitor: MakeVisitor
) -> None:
    Response.objects.bulk_create(
        Response(
            project=cast.project,
            task=data.tasks[n % 2],
            external_id=f"long-{n}",
            source="wren",
            text=f"Rest, and ask your doctor ({n}).",
        )
        for n in range(RESPONSES - len(data.responses))
    )
    run = start_run(
        judge=rules(cast, verdicts={"*": {"*": "not_applicable"}}, delay=0.001),
        version=data.version,
        response_ids=list(Response.objects.values_list("pk", flat=True)),
        name="Ten thousand",
        by=cast.author,
    )
    ada = visitor()
    ada.sign_in("ada@example.com", "studio-test")
    ada.go(run.get_absolute_url())
    live = ada.page.locator("#run-live")
    bar = live.locator("progress")
    expect(live).to_contain_text("The run waits.")
    expect(bar).to_have_attribute("max", str(VERDICTS))

    killed = start_worker()
    until(lambda: _stored(bar) > 0, "progress on the page")
    kill(killed)
    seen = _stored(bar)
    assert 0 < seen < VERDICTS

    start_worker()
    until(lambda: _stored(bar) > seen, "the progress to go on")
    expect(live.locator(".progress.is-done")).to_be_visible(timeout=180_000)
    expect(bar).to_have_attribute("value", str(VERDICTS))
    expect(live).not_to_contain_text("The run waits.")
    run.refresh_from_db()
    assert run.status == RunStatus.DONE
    cells = Verdict.objects.filter(round=run.pk).values_list("response", "criterion").distinct()
    assert cells.count() == Verdict.objects.filter(round=run.pk).count() == VERDICTS
    ada.look("a long run")
