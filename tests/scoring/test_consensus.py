"""The people's consensus in exports, comparisons and on the command line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.http import StreamingHttpResponse
from django.test import Client

from annotations.actions.adjudication import Case, override
from annotations.queries.disputes import disputes, scope_of
from annotations.sheet import Entry
from rubricstudio import real_data
from rubricstudio.domain.consensus import Method
from rubricstudio.domain.formats.native import read_object
from rubricstudio.domain.formats.records import Place
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Project, Round
from scoring.queries.exports import Wanted, jsonl, plan_export
from tests.conftest import Cast
from tests.scoring.compare_data import fill

FOLDER = Path(settings.REAL_DATA)
NAN = np.nan
SAID = {
    "amy": np.array([[1.0], [1.0], [1.0], [NAN]]),
    "ben": np.array([[1.0], [1.0], [0.0], [NAN]]),
    "cas": np.array([[1.0], [0.0], [NAN], [NAN]]),
}
JUDGE = {"judge": np.array([[1.0], [0.0], [0.0], [1.0]])}


@pytest.fixture
def project(cast: Cast) -> Project:
    """Four responses, one criterion: unanimous, a majority, a tie, and nobody has a value."""
    fill(cast, people=SAID, judges=JUDGE, n_tasks=4)
    return cast.project


def decide(project: Project, cast: Cast, value: float) -> None:
    """Override the most pressing unit: the tie."""
    scope = scope_of(project, [Round.objects.get(project=project, kind="session")])
    unit = disputes(scope).rows[0].unit
    entry = Entry(VerdictStatus.OK, value)
    override(case=Case(scope, unit), entry=entry, reason="Clear.", by=cast.owner)


def lines(chunks: Iterable[bytes]) -> list[dict[str, object]]:
    found = [json.loads(line) for line in b"".join(chunks).splitlines()]
    return [line for line in found if line["type"] == "consensus"]


def test_an_export_says_how_each_value_came_about(project: Project, cast: Cast) -> None:
    decide(project, cast, 0.0)

    assert lines(jsonl(plan_export(project, Wanted()))) == []
    found = lines(jsonl(plan_export(project, Wanted(consensus=Method.MAJORITY))))

    assert [(line["response"], line["value"], line["provenance"]) for line in found] == [
        ("r0", 1.0, "unanimous"),
        ("r1", 1.0, "majority"),
        ("r2", 0.0, "adjudicated"),
        ("r3", None, "unresolved"),
    ]
    assert found[1]["n"] == 3
    assert found[1]["share"] == pytest.approx(2 / 3)
    assert found[0] == {
        **{"type": "consensus", "response": "r0", "rubric": "points", "version": 1},
        **{"criterion": "k0", "round": "experts", "method": "majority", "value": 1.0},
        **{"provenance": "unanimous", "n": 3, "share": 1.0},
    }


def test_an_import_passes_over_the_consensus(project: Project, cast: Cast) -> None:
    found = lines(jsonl(plan_export(project, Wanted(consensus=Method.MAJORITY))))

    assert [read_object(line, Place("dataset.jsonl", 1)) for line in found] == [[]] * 4


def test_the_consensus_is_a_table_of_its_own(client: Client, project: Project, cast: Cast) -> None:
    client.force_login(cast.owner)

    reply = client.get(f"/projects/{project.slug}/export.csv?table=consensus&consensus=dawid_skene")

    assert isinstance(reply, StreamingHttpResponse)
    text = b"".join(reply).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 4
    assert rows[0]["provenance"] == "unanimous"
    assert float(rows[0]["probability"]) > 0.5
    assert rows[3]["value"] == ""
    assert client.get(f"/projects/{project.slug}/export.jsonl?consensus=guess").status_code == 422


def test_a_comparison_can_take_what_was_decided(
    client: Client, project: Project, cast: Cast
) -> None:
    client.force_login(cast.owner)
    address = f"/projects/{project.slug}/compare/"
    before = client.get(address).context["found"].judges[0].overall
    decide(project, cast, 0.0)

    votes = client.get(address).context["found"].judges[0].overall
    taken = client.get(address + "?reference=adjudicated").context["found"].judges[0].overall

    # By votes: r0 agrees, r1 does not, r2 is a tie. Decided, r2 agrees: two of three.
    assert (before.n, before.tied) == (votes.n, votes.tied) == (2, 1)
    assert (taken.n, taken.tied) == (3, 0)
    assert taken.agreement.value == pytest.approx(2 / 3)
    listed = client.get(address + "disagreements/?reference=adjudicated").content
    assert listed.count(b'class="card" id="unit-') == 1


def test_the_command_counts(
    project: Project, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    decide(project, cast, 0.0)

    call_command("consensus", project.slug, "--session", "experts", "--format", "json")
    told = json.loads(capsys.readouterr().out)
    assert told["overall"]["provenance"] == {
        **{"unresolved": 1, "single": 0, "unanimous": 1},
        **{"majority": 1, "estimated": 0, "adjudicated": 1},
    }
    call_command("consensus", project.slug, "--votes-only")
    assert "Consensus by majority" in capsys.readouterr().out
    with pytest.raises(CommandError) as refused:
        call_command("consensus", project.slug, "--session", "nobody")
    assert refused.value.returncode == 2


def test_nothing_judged_is_said(cast: Cast) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("consensus", cast.other_project.slug)

    assert refused.value.returncode == 1


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no public data sets at {FOLDER}")
def test_ttcw_has_the_unanimous_cells_of_the_reference(
    client: Client, db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    project = real_data.import_dataset("ttcw", FOLDER)

    call_command("consensus", "ttcw", "--method", "majority", "--format", "json")
    overall = json.loads(capsys.readouterr().out)["overall"]

    # 672 cells of three experts: 400 unanimous, 269 No and 131 Yes; no tie among three.
    assert overall["n_units"] == 672
    assert overall["unanimous"] == {"not met": 269, "met": 131}
    assert overall["provenance"]["majority"] == 272
    assert overall["provenance"]["unresolved"] == 0
    client.force_login(project.memberships.get(role="owner").user)
    page = client.get("/projects/ttcw/adjudication/consensus/").content.decode()
    assert "269 not met, 131 met" in page
    queue = client.get("/projects/ttcw/adjudication/").context["page"]
    assert queue.count() == 272
