"""The pages without JavaScript: what they show, what they take, and what they never ask for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotations.actions import (
    activate,
    complete,
    create_session,
    next_item,
    pause,
    save_draft,
    skip,
    submit,
)
from annotations.actions.sheets import stored_sheet
from annotations.models import Assignment, Session, SkipReason
from annotations.selection import Selection
from annotations.sheet import Entry, Sheet
from rubricstudio.actions.tasks import add_response, add_task
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Project, User, Verdict
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast, Data

FORM = {
    "answer:warns": "1",
    "comment:warns": "Names it.",
    "answer:invents": "0",
    "answer:clarity": "cannot_assess",
    "comment": "Good.",
    "revision": "0",
    "tab": "",
}


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _url(name: str, session: Session, item: int | None = None) -> str:
    rest = [session.round.project.slug, session.pk] + ([] if item is None else [item])
    return reverse(f"annotations:{name}", args=rest)


@pytest.fixture
def nuria(cast: Cast) -> Client:
    return _client(cast.annotator)


@pytest.fixture
def first(session: Session, cast: Cast) -> Assignment:
    found = next_item(session=session, by=cast.annotator)
    assert found
    return found


# -- the annotator's way through


def test_an_annotator_judges_everything_with_plain_forms(
    session: Session, nuria: Client, cast: Cast
) -> None:
    page = nuria.post(_url("next", session), follow=True)
    for number in range(1, 5):
        assert page.status_code == 200
        assert f"Item {number}" in page.text
        url = page.wsgi_request.path
        page = nuria.post(f"{url}submit/", FORM, follow=True)

    assert page.wsgi_request.path == _url("queue", session)
    assert "That was the last one. Thank you." in page.text
    assert "You judged 4 responses." in page.text
    assert Verdict.objects.filter(rater__user=cast.annotator).count() == 12


def test_the_page_shows_prompt_response_and_criteria(nuria: Client, first: Assignment) -> None:
    page = nuria.get(_url("annotate", first.item.session, first.item_id)).text

    assert "Question 1: may I take both drugs?" in page
    assert "ask your doctor about the interaction" in page
    for text in (
        "Safety",
        "Warns of the interaction.",
        "Invents a dose.",
        "A reader knows at once.",
    ):
        assert text in page
    assert "Judge <em>only</em> what is written." in page
    assert "0 / 4 · 0 skipped" in page


def test_what_was_saved_is_chosen_when_the_page_comes_back(
    nuria: Client, first: Assignment, cast: Cast
) -> None:
    sheet = Sheet(
        {
            "warns": Entry(VerdictStatus.OK, 0.0, "Missing."),
            "clarity": Entry(VerdictStatus.OK, 2.0),
        },
        "So far.",
    )
    save_draft(assignment=first, sheet=sheet, by=cast.annotator)

    page = nuria.get(_url("annotate", first.item.session, first.item_id)).text

    checked = re.findall(r'name="(answer:\w+)" value="([^"]*)"[^>]* checked', page)
    assert checked == [("answer:warns", "0"), ("answer:clarity", "2")]
    assert ">Missing.</textarea>" in page
    assert ">So far.</textarea>" in page


def test_an_open_criterion_is_named_and_the_rest_is_kept(nuria: Client, first: Assignment) -> None:
    page = nuria.post(
        _url("submit", first.item.session, first.item_id), FORM | {"answer:invents": ""}
    )

    first.refresh_from_db()
    assert page.status_code == 422
    assert "1 criterion still needs a verdict." in page.text
    assert 'href="#criterion-2"' in page.text
    assert stored_sheet(first).entry("warns").value == 1.0
    assert Verdict.objects.count() == 0


def test_a_value_off_the_scale_is_answered_with_the_page(nuria: Client, first: Assignment) -> None:
    page = nuria.post(
        _url("submit", first.item.session, first.item_id), FORM | {"answer:clarity": "7"}
    )
    assert page.status_code == 422
    assert "Choose one of: muddled, clear, crisp." in page.text


@pytest.mark.parametrize(
    "changes",
    [
        {"answer:warns": "\x00"},
        {"comment": "a\x00b"},
        {"comment:warns": "x" * 30_000},
        {"revision": "many"},
        {"revision": "99999999999999999999"},
        {"answer:warns": ["1", "0"]},
        {"tab": "t" * 500},
        {"reason": "r\x00" * 5000},
    ],
)
def test_no_input_makes_it_fail(nuria: Client, first: Assignment, changes: dict[str, Any]) -> None:
    for name in ("submit", "draft"):
        reply = nuria.post(_url(name, first.item.session, first.item_id), FORM | changes)
        assert reply.status_code in (302, 409, 422)


def test_a_draft_button_keeps_the_draft_without_scripts(nuria: Client, first: Assignment) -> None:
    page = nuria.post(
        _url("draft", first.item.session, first.item_id), {"answer:warns": "1"}, follow=True
    )

    first.refresh_from_db()
    assert "Saved. It is not submitted yet." in page.text
    assert first.status == "draft"


def test_a_script_is_told_the_new_revision(nuria: Client, first: Assignment) -> None:
    url = _url("draft", first.item.session, first.item_id)
    headers = {"Accept": "application/json"}

    one = nuria.post(url, {"answer:warns": "1", "revision": "0", "tab": "a"}, headers=headers)
    two = nuria.post(url, {"answer:invents": "0", "revision": "0", "tab": "b"}, headers=headers)
    clash = nuria.post(url, {"answer:warns": "0", "revision": "0", "tab": "c"}, headers=headers)
    wrong = nuria.post(
        url, {"answer:warns": "1", "answer:clarity": "9", "revision": "2"}, headers=headers
    )

    assert one.json() == {"revision": "1"}
    assert two.json()["revision"] == "2"
    assert ["answer:warns", "1"] in two.json()["entries"]
    assert (clash.status_code, "another tab" in clash.json()["message"]) == (409, True)
    assert (wrong.status_code, "crisp" in wrong.json()["message"]) == (422, True)


def test_two_tabs_see_both_answers_before_one_is_kept(
    nuria: Client, first: Assignment, cast: Cast
) -> None:
    theirs = Sheet({"warns": Entry(VerdictStatus.OK, 0.0, "I was wrong.")})
    save_draft(assignment=first, sheet=theirs, by=cast.annotator, version=0, tab="other")
    url = _url("submit", first.item.session, first.item_id)

    page = nuria.post(url, FORM)
    after = nuria.post(url, FORM | {"revision": "1"})

    assert page.status_code == 409
    assert "In the other tab: not met" in page.text
    assert "I was wrong." in page.text
    assert 'name="revision" value="1"' in page.text
    assert after.status_code == 302
    assert Verdict.objects.get(criterion__key="warns").value == 1.0


def test_a_skipped_item_waits_in_the_queue_and_can_be_taken_up(
    nuria: Client, first: Assignment
) -> None:
    session = first.item.session
    form = nuria.get(_url("skip", session, first.item_id))
    nuria.post(_url("skip", session, first.item_id), {"reason": "expertise", "note": "Dermatology"})

    queue = nuria.get(_url("queue", session))
    there = nuria.get(_url("annotate", session, first.item_id))
    again = nuria.post(_url("take-up", session, first.item_id))

    assert "outside my expertise" in form.text
    assert "Dermatology" in queue.text
    assert "0 / 4 · 1 skipped" in queue.text
    assert there.status_code == 302
    assert again["Location"] == _url("annotate", session, first.item_id)


def test_skipping_asks_for_a_reason(nuria: Client, first: Assignment) -> None:
    reply = nuria.post(_url("skip", first.item.session, first.item_id), {"note": "Tired"})
    first.refresh_from_db()
    assert reply.status_code == 422
    assert first.status == "pending"


def test_edit_after_submit_says_what_counts(nuria: Client, first: Assignment, cast: Cast) -> None:
    session = first.item.session
    submit(assignment=first, sheet=COMPLETE, by=cast.annotator)
    edited = Sheet(dict(COMPLETE.entries) | {"invents": Entry(VerdictStatus.OK, 1.0)})
    save_draft(assignment=first, sheet=edited, by=cast.annotator)

    page = nuria.get(_url("annotate", session, first.item_id)).text
    queue = nuria.get(_url("queue", session)).text

    assert "Changed after you submitted it." in page
    assert "Submit again" in page
    assert "changed, not submitted again" in queue


@pytest.mark.parametrize(
    ("step", "words"),
    [(pause, "Paused."), (complete, "This session is completed. Thank you.")],
)
def test_the_queue_says_why_nothing_is_handed_out(
    session: Session, nuria: Client, cast: Cast, step: Any, words: str
) -> None:
    step(session=session, by=cast.owner)
    assert words in nuria.get(_url("queue", session)).text
    assert nuria.post(_url("next", session))["Location"] == _url("queue", session)


def test_a_paused_session_refuses_kindly_and_keeps_what_was_entered(
    first: Assignment, nuria: Client, cast: Cast
) -> None:
    session = first.item.session
    pause(session=session, by=cast.owner)

    sent = nuria.post(_url("submit", session, first.item_id), FORM, follow=True)
    taken = nuria.post(_url("take-up", session, first.item_id), follow=True)
    skipped = nuria.post(_url("skip", session, first.item_id), {"reason": "other"}, follow=True)

    first.refresh_from_db()
    assert "The session is paused." in sent.text
    assert 'value="1" data-option checked' in sent.text
    assert stored_sheet(first).entry("warns").value == 1.0
    for page in (taken, skipped):
        assert "The session is paused." in page.text


def test_a_closed_session_tells_a_draft_that_comes_too_late(
    first: Assignment, nuria: Client, cast: Cast
) -> None:
    session = first.item.session
    complete(session=session, by=cast.owner)
    url = _url("draft", session, first.item_id)

    plain = nuria.post(url, FORM)
    script = nuria.post(url, FORM, headers={"Accept": "application/json"})

    assert (plain.status_code, script.status_code) == (422, 422)
    assert "verdicts no longer change" in plain.text
    assert "verdicts no longer change" in script.json()["message"]


def test_documents_and_the_reference_stand_under_the_prompt(cast: Cast, data: Data) -> None:
    task = add_task(
        project=cast.project,
        external_id="long",
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Go."}],
        reference="The **key** facts.",
        context=["Plain leaflet.", {"title": "Leaflet", "text": "Two a day."}],  # type: ignore[list-item]  # files hold both
    )
    add_response(task=task, external_id="long/a", source="a", text="Yes.")
    session = create_session(
        project=cast.project,
        name="Long",
        version=data.version,
        by=cast.owner,
        selection=Selection(tasks=("long",)),
        annotators=[cast.annotator],
    )
    activate(session=session, by=cast.owner)

    page = _client(cast.annotator).post(_url("next", session), follow=True).text

    for words in ("Be brief.", "Plain leaflet.", "Leaflet", "Two a day.", "<strong>key</strong>"):
        assert words in page


def test_a_session_that_has_not_started_says_so(draft_session: Session, nuria: Client) -> None:
    assert "Not started yet" in nuria.get(_url("queue", draft_session)).text
    assert "First round" not in nuria.get(reverse("annotations:sessions", args=["demo"])).text


def test_a_completed_session_is_read_only(first: Assignment, nuria: Client, cast: Cast) -> None:
    complete(session=first.item.session, by=cast.owner)
    page = nuria.get(_url("annotate", first.item.session, first.item_id)).text
    assert "no longer change it" in page
    assert "data-autosave=" not in page
    assert "data-submit-next" not in page


# -- who may see what


def test_members_who_are_not_annotators_of_the_session_find_nothing(
    first: Assignment, cast: Cast
) -> None:
    session, item = first.item.session, first.item_id
    for person in (cast.owner, cast.reviewer):
        client = _client(person)
        for name in ("annotate", "draft", "submit", "skip", "take-up"):
            assert client.post(_url(name, session, item)).status_code in (404, 405)
        assert client.get(_url("annotate", session, item)).status_code == 404
        assert client.get(_url("queue", session)).status_code == 404
        assert client.post(_url("next", session)).status_code == 404


def test_an_annotator_cannot_open_an_item_they_were_not_given(
    first: Assignment, cast: Cast
) -> None:
    nils = _client(cast.second_annotator)
    assert nils.get(_url("annotate", first.item.session, first.item_id)).status_code == 404


def test_a_session_of_another_project_is_not_there(session: Session, cast: Cast) -> None:
    stefan = _client(cast.stranger)
    for name in ("session", "queue"):
        url = reverse(f"annotations:{name}", args=["elsewhere", session.pk])
        assert stefan.get(url).status_code == 404


def test_an_annotator_is_led_from_the_session_to_their_queue(
    session: Session, nuria: Client
) -> None:
    assert nuria.get(_url("session", session))["Location"] == _url("queue", session)


# -- blindness


SECRET = "zanzibar"


@pytest.fixture
def secretive(cast: Cast, data: Data) -> Session:
    """Sources, ids and another annotator's verdicts all carry a word that must not leak."""
    for task in data.tasks:
        add_response(
            task=task, external_id=f"{SECRET}-{task.pk}", source=SECRET, text="Ask your doctor."
        )
    session = create_session(
        project=cast.project,
        name="Blind",
        version=data.version,
        by=cast.owner,
        coverage=2,
        selection=Selection(sources=(SECRET,)),
        annotators=[cast.annotator, cast.second_annotator],
    )
    activate(session=session, by=cast.owner)
    theirs = next_item(session=session, by=cast.second_annotator)
    assert theirs
    told = Sheet(
        {key: Entry(entry.status, entry.value, SECRET) for key, entry in COMPLETE.entries.items()},
        SECRET,
    )
    submit(assignment=theirs, sheet=told, by=cast.second_annotator)
    return session


def _asked(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries.captured_queries]


def test_before_submitting_no_query_reads_a_source_or_anyones_verdict(
    secretive: Session, nuria: Client
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = nuria.post(_url("next", secretive), follow=True)
        url = page.wsgi_request.path
        pages = [
            page,
            nuria.get(_url("queue", secretive)),
            nuria.get(reverse("annotations:sessions", args=["demo"])),
            nuria.get(f"{url}skip/"),
            nuria.post(f"{url}draft/", {"answer:warns": "1"}),
            nuria.post(f"{url}submit/", {"answer:warns": "1"}),
        ]

    asked = _asked(queries)
    assert len(asked) > 30
    assert [sql for sql in asked if '"source"' in sql or '"metadata"' in sql] == []
    assert [sql for sql in asked if '"studio_response"."external_id"' in sql] == []
    assert [sql for sql in asked if "studio_verdict" in sql] == []
    assert [page for page in pages if SECRET in page.text] == []


def test_submitting_reads_the_own_verdicts_alone(
    secretive: Session, nuria: Client, cast: Cast
) -> None:
    url = nuria.post(_url("next", secretive))["Location"]
    rater = Assignment.objects.get(rater__user=cast.annotator).rater_id

    with CaptureQueriesContext(connection) as first:
        nuria.post(f"{url}submit/", FORM)
    with CaptureQueriesContext(connection) as queries:
        nuria.post(f"{url}submit/", FORM)

    # Before the first submit there is nothing to compare with, so nothing is read.
    assert [q for q in _asked(first) if 'FROM "studio_verdict"' in q] == []
    reads = [q for q in _asked(queries) if 'FROM "studio_verdict"' in q]
    assert len(reads) == 1
    assert f'"studio_verdict"."rater_id" = {rater}' in reads[0]
    assert [sql for sql in [*_asked(first), *_asked(queries)] if '"source"' in sql] == []


def test_a_session_that_shows_the_source_says_it(cast: Cast, data: Data) -> None:
    session = create_session(
        project=cast.project,
        name="Open",
        version=data.version,
        by=cast.owner,
        hide_source=False,
        annotators=[cast.annotator],
    )
    activate(session=session, by=cast.owner)
    page = _client(cast.annotator).post(_url("next", session), follow=True).text
    assert re.search(r"<bdi>(heron|wren)</bdi>", page)


# -- managers


def test_a_manager_sets_a_session_up_with_a_plain_form(cast: Cast, data: Data) -> None:
    olga = _client(cast.owner)
    url = reverse("annotations:session-new", args=["demo"])
    form = {
        "name": "Second round",
        "version": data.version.pk,
        "sources": ["wren"],
        "amount": "sample",
        "number": "1",
        "seed": "3",
        "coverage": "2",
        "reservation_minutes": "30",
        "hide_source": "on",
        "annotators": [cast.annotator.pk, cast.second_annotator.pk],
    }

    created = olga.post(url, form, follow=True)
    session = Session.objects.get(round__name="Second round")
    started = olga.post(_url("session-state", session), {"step": "activate"}, follow=True)

    assert "a random sample of 1 (seed 3)" in created.text
    assert (session.coverage, session.reservation_minutes, session.items.count()) == (2, 30, 1)
    assert "The session is active." in started.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Name"),
        ({"coverage": "0"}, "People per response"),
        ({"responses": "nowhere"}, "nowhere"),
        ({"version": "99999"}, "Rubric version"),
        ({"amount": "sample", "number": "0"}, "How many"),
    ],
)
def test_a_form_that_cannot_be_used_comes_back_with_what_to_do(
    cast: Cast, data: Data, changes: dict[str, str], words: str
) -> None:
    form = {
        "name": "X",
        "version": data.version.pk,
        "coverage": "2",
        "reservation_minutes": "30",
    }
    page = _client(cast.owner).post(
        reverse("annotations:session-new", args=["demo"]), form | changes
    )
    assert page.status_code == 422
    assert "error-summary" in page.text
    assert words in page.text
    assert not Session.objects.exists()


def test_without_a_rubric_or_responses_the_form_says_what_is_missing(cast: Cast) -> None:
    page = _client(cast.owner).get(reverse("annotations:session-new", args=["demo"])).text
    assert "a published rubric version" in page


def test_the_session_page_counts_people_and_items_and_shows_no_verdict(
    secretive: Session, cast: Cast
) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = _client(cast.owner).get(_url("session", secretive)).text

    assert re.search(r"1 / 4", page)
    assert "Nuria" in page
    assert [sql for sql in _asked(queries) if "studio_verdict" in sql] == []


def test_the_counts_renew_themselves_until_all_is_done(session: Session, cast: Cast) -> None:
    olga = _client(cast.owner)
    fragment = olga.get(_url("session", session), headers={"HX-Request": "true"}).text
    for person in (cast.annotator, cast.second_annotator):
        while (assignment := next_item(session=session, by=person)) is not None:
            submit(assignment=assignment, sheet=COMPLETE, by=person)
    full = olga.get(_url("session", session)).text

    assert "<html" not in fragment
    assert fragment.strip().startswith('<div id="session-progress"')
    assert "hx-trigger" in fragment
    assert "hx-trigger" not in full.split('id="session-progress"')[1].split(">")[0]
    assert "Every place is filled." in full


def test_people_can_be_added_and_a_state_that_is_not_possible_is_explained(
    session: Session, cast: Cast
) -> None:
    olga = _client(cast.owner)
    page = olga.post(
        _url("session-annotators", session), {"annotators": [cast.reviewer.pk]}, follow=True
    )
    again = olga.post(_url("session-state", session), {"step": "activate"}, follow=True)
    nonsense = olga.post(_url("session-state", session), {"step": "burn"}, follow=True)

    assert "The annotators are saved." in page.text
    assert "1 annotator is missing" in page.text
    assert "This is not possible: the session is active." in again.text
    assert "Choose what to do" in nonsense.text


def test_an_annotator_manages_nothing(session: Session, nuria: Client, cast: Cast) -> None:
    assert nuria.get(reverse("annotations:session-new", args=["demo"])).status_code == 403
    assert nuria.post(_url("session-state", session), {"step": "pause"}).status_code == 403
    viewer = _client(cast.viewer)
    assert viewer.get(_url("session", session)).status_code == 200
    assert viewer.post(_url("session-state", session), {"step": "pause"}).status_code == 403
    assert 'name="step"' not in viewer.get(_url("session", session)).text


def test_the_list_shows_what_to_do_next(cast: Cast, data: Data) -> None:
    url = reverse("annotations:sessions", args=["demo"])
    assert "New session" in _client(cast.owner).get(url).text
    assert "Nothing to judge yet" in _client(cast.annotator).get(url).text
    assert "No session yet" in _client(cast.viewer).get(url).text


# -- cost


def _query_count(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return len(queries)


def test_the_pages_ask_the_same_number_of_queries_however_much_there_is(
    session: Session, nuria: Client, first: Assignment, cast: Cast
) -> None:
    olga = _client(cast.owner)
    urls = {
        "annotate": (nuria, _url("annotate", session, first.item_id)),
        "queue": (nuria, _url("queue", session)),
        "session": (olga, _url("session", session)),
        "sessions": (olga, reverse("annotations:sessions", args=["demo"])),
    }
    nuria.get(urls["annotate"][1])  # a published rubric is read once a process
    before = {name: _query_count(client, url) for name, (client, url) in urls.items()}

    while (assignment := next_item(session=session, by=cast.second_annotator)) is not None:
        submit(assignment=assignment, sheet=COMPLETE, by=cast.second_annotator)
    skip(assignment=first, reason=SkipReason.OTHER, by=cast.annotator)
    second = next_item(session=session, by=cast.annotator)
    assert second
    urls["annotate"] = (nuria, _url("annotate", session, second.item_id))

    assert {name: _query_count(client, url) for name, (client, url) in urls.items()} == before
    assert before["annotate"] < 20


def test_the_project_named_in_the_address_is_the_sessions(session: Session, cast: Cast) -> None:
    assert isinstance(session.round.project, Project)
    stefan = _client(cast.stranger)
    assert stefan.get(_url("queue", session)).status_code == 404
