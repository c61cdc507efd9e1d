"""Pairs of public data through the whole of a run: figures as worked out from the rows alone.

The judge says what a published judge said, so this shows that nothing is lost or turned round on
the way. It says nothing of how good any judge is.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings

from rubricstudio import real_data
from rubricstudio.actions.rubrics import create_rubric, publish
from rubricstudio.domain.rubric import Criterion, Rubric
from rubricstudio.models import Preference, User
from scoring.actions.here import work_here
from scoring.actions.judges import create_judge
from scoring.actions.pair_runs import start_pair_run
from scoring.queries.pair_plans import Pairs, plan_pairs
from scoring.queries.pair_results import position_of_run, with_people
from scoring.queries.plans import Narrowing
from tests.scoring.paired import prefer, shown
from tests.scripted_server import Answer, Call, ScriptedServer

FOLDER = Path(settings.REAL_DATA)
PAIRS = 60
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not FOLDER.is_dir(), reason=f"the public data sets are not at {FOLDER} (setting REAL_DATA)"
    ),
]


def test_a_judge_that_repeats_another_agrees_with_people_as_that_one_does(
    server: ScriptedServer,
) -> None:
    project = real_data.import_dataset("pandalm", FOLDER)
    by = User.objects.get(email=real_data.PERSON)
    value = Rubric((Criterion(key="better", text="Does what the instruction asks."),))
    version = publish(version=create_rubric(project=project, name="One", by=by, value=value), by=by)
    plan = plan_pairs(project, version, Narrowing(first=PAIRS), which=Pairs.COMPARED, kind="llm")
    rows = Preference.objects.filter(task__project=project).select_related(
        "response_a", "response_b", "round", "rater"
    )
    rows = rows.filter(response_a__in={a for a, _ in plan.pairs})
    said = {row.response_a_id: row for row in rows if row.rater.name == "gpt-3.5-turbo"}
    texts = {a: frozenset((r.response_a.text, r.response_b.text)) for a, r in said.items()}
    # The script tells responses by their texts alone.
    alone = {a for a, pair in texts.items() if len(pair) == 2}
    alone = {a for a in alone if list(texts.values()).count(texts[a]) == 1}
    pairs = [pair for pair in plan.pairs if pair[0] in alone]
    of_texts = {texts[a]: said[a] for a in alone}
    # Every fifth pair is answered by place.
    by_place = {a for n, (a, _) in enumerate(pairs) if n % 5 == 0}

    def script(call: Call) -> Answer:
        first, second = shown(call)
        row = of_texts[frozenset((first, second))]
        if row.response_a_id in by_place:
            return prefer("A")
        if row.preferred in (None, "tie"):
            return prefer("same" if row.preferred else "cannot_assess")
        return prefer("A" if (row.preferred == "a") == (first == row.response_a.text) else "B")

    server.script = script
    config = {"model": "hosted_vllm/m", "api_base": server.url, "mode": "pairwise"}
    judge = create_judge(project=project, name="Again", kind="llm", params=config, by=by)

    run = work_here(
        run=start_pair_run(
            judge=judge, version=version, pairs=pairs, name="x", by=by, enqueue=False
        )
    )

    votes: dict[int, Counter[str | None]] = {}
    for row in rows:
        if row.round.kind == "session":
            votes.setdefault(row.response_a_id, Counter())[row.preferred] += 1
    majority = {a: counts.most_common(1)[0][0] for a, counts in votes.items()}
    expected = {a: "tie" if a in by_place else said[a].preferred for a, _ in pairs}
    counted = [a for a in expected if expected[a] is not None]
    found = with_people(run)
    assert found is not None and len(server.calls) == 2 * len(pairs)
    assert found.whole.n == len(counted)
    alike = sum(expected[a] == majority[a] for a in counted)
    assert found.whole.agreement.value == pytest.approx(alike / len(counted))
    position = position_of_run(run)
    answered_twice = len(counted)
    contradicting = len(by_place)
    assert position.consistency.n == answered_twice
    assert position.consistency.value == pytest.approx(1 - contradicting / answered_twice)
