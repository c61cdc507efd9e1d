"""The pages that set a session up, change it, copy it and go on with a new rubric version."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotations.actions import activate, complete, create_session, next_item, submit
from annotations.models import Session
from rubricstudio.actions.rounds import open_round, rater_for_user
from rubricstudio.actions.rubrics import publish, start_draft
from rubricstudio.models import Criterion, Rater, RaterKind, RoundKind, Verdict
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast, Data

NEW = "/projects/demo/sessions/new/"


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def olga(cast: Cast) -> Client:
    return _client(cast.owner)


def _form(data: Data, **changes: Any) -> dict[str, Any]:
    form = {
        **{"name": "Second round", "version": data.version.pk, "coverage": "2"},
        **{"reservation_minutes": "30", "hide_source": "on", "hide_judges": "on"},
    }
    return form | changes


def _url(name: str, session: Session) -> str:
    return reverse(f"annotations:{name}", args=["demo", session.pk])


# -- a new session


def test_the_form_proposes_what_most_sessions_want(olga: Client, data: Data) -> None:
    page = olga.get(NEW).text
    for section in ("What is judged", "By whom", "How it is handed out", "What is hidden", "Rules"):
        assert section in page
    assert 'name="mode" value="criteria"' in page
    assert "pairwise" not in page


def test_a_preview_counts_and_saves_nothing(olga: Client, data: Data) -> None:
    sent = _form(data, amount="each:source", number="1", preview="1", instructions="Be *kind*.")

    whole = olga.post(NEW, sent)
    fragment = olga.post(NEW, sent, headers={"HX-Request": "true"})

    for reply in (whole, fragment):
        assert reply.status_code == 200
        # one of each of two sources, two people each
        assert "<strong>4 submissions</strong>" in reply.text
        assert "2 of 4 responses" in reply.text
        assert "Be <em>kind</em>." in reply.text
    assert fragment.text.strip().startswith('<div id="session-preview"')
    assert 'value="Second round"' in whole.text
    assert not Session.objects.exists()


def test_a_preview_of_a_wrong_choice_says_what_is_missing(olga: Client, data: Data) -> None:
    page = olga.post(NEW, _form(data, amount="sample", preview="1"))
    assert (page.status_code, "Say how many." in page.text) == (200, True)


def test_the_preview_asks_the_same_number_of_queries_however_much_there_is(
    olga: Client, data: Data
) -> None:
    def count(**changes: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            olga.post(NEW, _form(data, preview="1", **changes))
        return len(queries)

    count()
    assert count(sources=["wren"]) == count(sources=["wren", "heron"]) < 30


def test_a_list_names_the_lines_that_are_wrong_and_nothing_is_lost(
    olga: Client, data: Data
) -> None:
    page = olga.post(NEW, _form(data, responses="task-1/wren\n\nnowhere\ntask-1/wren"))
    assert page.status_code == 422
    assert "Line 3: “nowhere” is not in this project." in page.text
    assert "task-1/wren\n\nnowhere" in page.text


def test_ids_come_from_the_first_column_of_a_file(olga: Client, data: Data) -> None:
    def upload(content: bytes) -> Any:
        sent = SimpleUploadedFile("ids.csv", content)
        return olga.post(NEW, _form(data, responses="task-2/wren", list_file=sent))

    wrong = upload(b'"task-1/wren",x\nnowhere,y\n')
    binary = upload(b"\xff\xfe")
    made = upload('\ufeff"task-1/wren",x\n'.encode())

    assert "Line 2: “nowhere” is not in this project." in wrong.text
    assert "not UTF-8" in binary.text
    assert made.status_code == 302
    chosen = Session.objects.get().items.values_list("response__external_id", flat=True)
    assert set(chosen) == {"task-1/wren", "task-2/wren"}


def test_a_file_that_was_read_is_kept_for_the_next_try(olga: Client, data: Data) -> None:
    sent = SimpleUploadedFile("ids.txt", b"task-1/wren\n")
    page = olga.post(NEW, _form(data, name="", list_file=sent))
    assert page.status_code == 422
    assert ">\ntask-1/wren</textarea>" in page.text


def test_the_whole_response_needs_a_scale_and_no_rubric(olga: Client, data: Data) -> None:
    olga.post(NEW, _form(data, mode="overall", scale="1-10", version=""))
    session = Session.objects.get()
    assert str(session.round.version).startswith("Overall quality v1")
    assert session.mode == "overall"


def test_a_refusal_stands_at_its_field(olga: Client, data: Data) -> None:
    page = olga.post(NEW, _form(data, extra_share="0.5"))
    assert page.status_code == 422
    assert "Say how many people more" in page.text


# -- changes


def test_a_draft_comes_back_with_what_was_saved_and_changes(
    olga: Client, draft_session: Session, data: Data
) -> None:
    url = _url("session-edit", draft_session)
    page = olga.get(url).text
    saved = olga.post(
        url,
        _form(data, name="Renamed", comment_rules=["unmet"], sources=["wren"]),
        follow=True,
    )
    draft_session.refresh_from_db()

    assert "Judge *only* what is written." in page
    assert "The session is saved." in saved.text
    assert "where a criterion is not met" in saved.text
    assert draft_session.comment_rules == ["unmet"]
    assert draft_session.items.count() == 2


def test_a_running_session_offers_what_may_change_and_says_why_not_the_rest(
    olga: Client, session: Session, cast: Cast
) -> None:
    url = _url("session-edit", session)
    page = olga.get(url).text
    sent = {
        **{"name": "First round", "coverage": "3", "reservation_minutes": "60"},
        **{"deadline": "2099-01-31T18:00", "annotators": [cast.annotator.pk]},
    }
    saved = olga.post(url, sent, follow=True)
    lower = olga.post(url, sent | {"coverage": "1"})
    session.refresh_from_db()

    assert 'name="hide_source"' not in page
    assert "What no longer changes" in page
    assert "2099" in saved.text
    assert (session.coverage, session.annotators.count()) == (3, 1)
    assert lower.status_code == 422
    assert "Coverage can only go up" in lower.text


def test_a_completed_session_leads_back_to_its_page(
    olga: Client, session: Session, cast: Cast
) -> None:
    complete(session=session, by=cast.owner)
    page = olga.get(_url("session-edit", session), follow=True)
    assert "its settings stay as they are" in page.text


def test_a_copy_opens_for_changes(olga: Client, session: Session) -> None:
    page = olga.post(_url("session-clone", session), {"anew": "1"}, follow=True)
    assert "This is the copy" in page.text
    assert "First round (copy)" in page.text


# -- a new version


def _publish_again(cast: Cast, data: Data, **changes: Any) -> int:
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    Criterion.objects.filter(version=draft, key="warns").update(**changes)
    return publish(version=draft, by=cast.author).number


def test_the_impact_is_shown_before_a_follow_up_is_made(
    olga: Client, session: Session, cast: Cast, data: Data
) -> None:
    assignment = next_item(session=session, by=cast.annotator)
    assert assignment
    submit(assignment=assignment, sheet=COMPLETE, by=cast.annotator)
    empty = olga.get(_url("session-adopt", session)).text
    number = _publish_again(cast, data, text="Warns at once.")

    offered = olga.get(_url("session", session)).text
    page = olga.get(_url("session-adopt", session)).text
    made = olga.post(_url("session-adopt", session), {"version": number}, follow=True).text
    follow_up = Session.objects.get(cloned_from=session)
    activate(session=follow_up, by=cast.owner)
    nuria = _client(cast.annotator)
    sheet = nuria.post(_url("next", follow_up), follow=True).text

    assert "No newer version" in empty
    assert "See what it would change" in offered
    assert "asked again" in page
    assert 'stat-value">2<' in page
    assert "Follows up" in made
    assert sheet.count("Your earlier answer") == 2
    assert sheet.count("New or changed") == 1


def test_where_nothing_changed_for_people_there_is_nothing_to_make(
    olga: Client, session: Session, cast: Cast, data: Data
) -> None:
    _publish_again(cast, data, weight=1)
    assert "Nothing to ask." in olga.get(_url("session-adopt", session)).text
    refused = olga.post(_url("session-adopt", session), {"version": "2"}).text
    assert "every verdict holds" in refused


# -- suggestions


def _judged_by_machine(cast: Cast, data: Data) -> Any:
    run = open_round(
        project=cast.project,
        kind=RoundKind.RUN,
        name="Planted",
        version=data.version,
        by=cast.owner,
    )
    judge = Rater.objects.create(project=cast.project, kind=RaterKind.JUDGE, name="Machine")
    warns = data.version.criteria.get(key="warns")
    Verdict.objects.bulk_create(
        Verdict(
            **{"round": run, "response": response, "criterion": warns, "rater": judge},
            **{"status": "ok", "value": 0, "rationale": "planted reason"},
        )
        for response in data.responses
    )
    return run


@pytest.mark.parametrize("shown", [True, False])
def test_suggestions_stand_beside_and_are_chosen_for_nobody(
    cast: Cast, data: Data, shown: bool
) -> None:
    run = _judged_by_machine(cast, data)
    session = create_session(
        project=cast.project,
        name="S",
        version=data.version,
        by=cast.owner,
        annotators=[cast.annotator],
        hide_judges=not shown,
        suggestions=run if shown else None,
    )
    activate(session=session, by=cast.owner)

    with CaptureQueriesContext(connection) as queries:
        page = _client(cast.annotator).post(_url("next", session), follow=True).text

    assert ("Machine&#x27;s suggestion" in page or "Machine's suggestion" in page) is shown
    assert ("planted reason" in page) is shown
    assert "checked" not in page.split('data-criterion="1"')[1].split("</fieldset>")[0]
    reads = [q["sql"] for q in queries if 'FROM "studio_verdict"' in q["sql"]]
    assert len(reads) == shown
    assert rater_for_user(project=cast.project, user=cast.annotator).verdicts.count() == 0


# -- commands


def _call(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*arguments, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_a_file_sets_a_session_up(cast: Cast, data: Data, tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    described = {
        **{"name": "From a file", "rubric": "advice", "annotators": ["nuria@example.com"]},
        **{"amount": "each:source", "number": 1, "coverage": 1, "hide_raters": False},
        **{"comment_rules": ["unmet"], "deadline": "2099-01-31T18:00:00"},
    }
    file.write_text(json.dumps(described))

    counted = _call("create_session", "demo", "--from-json", str(file), "--preview")
    made = _call("create_session", "demo", "--from-json", str(file), "--activate")

    assert (counted["items"], counted["submissions"]) == (2, 2)
    assert (made["status"], made["items"], made["places"], made["annotators"]) == (
        "active",
        2,
        2,
        1,
    )
    session = Session.objects.get(pk=made["id"])
    assert (session.hide_raters, session.hide_judges, session.comment_rules) == (
        *(False, True),
        ["unmet"],
    )
    assert session.deadline is not None and session.deadline.year == 2099


def test_options_do_for_a_simple_session_and_for_changes(cast: Cast, data: Data) -> None:
    made = _call(
        *("create_session", "demo", "--name", "Quick", "--annotator", "nuria@example.com"),
        *("--annotator", "nils@example.com", "--set", "coverage=2", "--set", "tags=[]"),
    )
    changed = _call("edit_session", "demo", "Quick", "--set", "coverage=1", "--step", "activate")
    copied = _call("clone_session", "demo", "Quick", "--name", "Again")
    assert (made["places"], changed["places"], changed["status"]) == (8, 4, "active")
    assert (copied["name"], copied["annotators"]) == ("Again", 2)
    with pytest.raises(CommandError, match="hide_source: People who judged") as refused:
        _call("edit_session", "demo", "Quick", "--set", "hide_source=false")
    assert refused.value.returncode == 1


def test_a_command_follows_up_on_a_new_version(session: Session, cast: Cast, data: Data) -> None:
    with pytest.raises(CommandError, match="no newer published version 2"):
        _call("clone_session", "demo", "First round", "--adopt", "2")
    _publish_again(cast, data, text="Warns at once.")
    made = _call("clone_session", "demo", "First round", "--adopt", "2")
    assert made["name"] == "First round on v2"


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (("nowhere", "--name", "X"), "there are: demo", 2),
        (("demo",), "name: ", 2),
        (("demo", "--name", "X", "--rubric", "nothing"), "there are: advice", 2),
        (("demo", "--name", "X", "--version", "9"), "there are: advice", 2),
        (("demo", "--name", "X", "--set", "moon=1"), "moon: no such setting", 2),
        (("demo", "--name", "X", "--set", "coverage=many"), "coverage: ", 2),
        (("demo", "--name", "X", "--set", "coverage"), "FIELD=VALUE", 2),
        (("demo", "--name", "X", "--annotator", "victor@example.com"), "may not annotate", 2),
        (("demo", "--name", "X", "--set", "annotators=nuria"), "a list", 2),
        (("demo", "--name", "X", "--set", "suggestions=Moon"), "no finished run", 2),
        (("demo", "--name", "X", "--by", "nobody@example.com"), "not a member", 2),
        (("demo", "--name", "X", "--by", "nuria@example.com"), "may not manage", 1),
        (("demo", "--name", "X", "--from-json", "/nonexistent"), "/nonexistent", 2),
        (("demo", "--name", "X", "--set", "extra_share=0.5"), "how many people more", 1),
    ],
)
def test_a_command_says_what_is_wrong(
    cast: Cast, data: Data, arguments: tuple[str, ...], words: str, code: int
) -> None:
    with pytest.raises(CommandError, match=words) as error:
        _call("create_session", *arguments)
    assert error.value.returncode == code
    assert not Session.objects.exists()
