"""Comments: written, answered, resolved, mailed, and shown to those who may see them."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from rubricstudio.actions.comments import NothingThere, add_comment, reopen, resolve
from rubricstudio.actions.projects import set_member
from rubricstudio.actions.rubrics import create_rubric, publish, start_draft
from rubricstudio.models import Comment, Membership, Role, User
from rubricstudio.models import Rubric as RubricRow
from rubricstudio.queries.comments import (
    REPLIES,
    TAIL,
    THREADS,
    comments_panel,
    long_thread,
    mentions_of,
    threads_page,
)
from tests.conftest import Cast, Data

HTMX = {"HX-Request": "true"}


def url(name: str, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", *args])


@pytest.fixture
def rubric(data: Data) -> RubricRow:
    return data.version.rubric


def say(
    rubric: RubricRow, by: User, text: str, key: str = "", reply_to: Comment | None = None
) -> Comment:
    return add_comment(
        rubric=rubric,
        text=text,
        by=by,
        criterion_key=key,
        reply_to=reply_to,
        link_for=lambda comment: f"http://studio/{comment.pk}",
    )


# -- writing


def test_a_thread_is_begun_answered_resolved_and_opened_again(
    cast: Cast, rubric: RubricRow
) -> None:
    first = say(rubric, cast.author, "Too broad?", "warns")
    reply = say(rubric, cast.reviewer, "Yes.", reply_to=first)

    assert (reply.criterion_key, reply.reply_to) == ("warns", first)
    resolved = resolve(comment=first, by=cast.reviewer)
    again = resolve(comment=first, by=cast.owner)
    assert again.resolved_by == cast.reviewer == resolved.resolved_by
    assert reopen(comment=first, by=cast.author)
    first.refresh_from_db()
    assert (first.resolved_by, first.resolved_at) == (None, None)


def test_an_answer_opens_a_resolved_thread(cast: Cast, rubric: RubricRow) -> None:
    first = say(rubric, cast.author, "Too broad?")
    resolve(comment=first, by=cast.author)

    say(rubric, cast.reviewer, "Not yet.", reply_to=first)

    first.refresh_from_db()
    assert first.resolved_at is None


def test_the_same_text_sent_twice_is_one_comment(cast: Cast, rubric: RubricRow) -> None:
    first = say(rubric, cast.author, "Too broad?", "warns")

    assert say(rubric, cast.author, "Too broad?", "warns") == first
    assert say(rubric, cast.author, "Too broad?") != first
    assert say(rubric, cast.reviewer, "Too broad?", "warns") != first


def test_a_comment_needs_something_to_stand_on(cast: Cast, data: Data, rubric: RubricRow) -> None:
    other = create_rubric(project=cast.project, name="Other", by=cast.author).rubric
    first = say(rubric, cast.author, "Here")
    reply = say(rubric, cast.author, "There", reply_to=first)

    for key, thread in (("nowhere", None), ("", reply)):
        with pytest.raises(NothingThere):
            say(rubric, cast.author, "x", key, thread)
    with pytest.raises(NothingThere):
        say(other, cast.author, "x", reply_to=first)
    with pytest.raises(NothingThere):
        resolve(comment=reply, by=cast.author)


# -- mentions


def test_members_who_are_named_get_a_mail_with_the_link_and_others_none(
    cast: Cast,
    rubric: RubricRow,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        comment = say(rubric, cast.author, "@Rosa and @stefan@example.com, and me, @Ada.")

    # Stefan is no member; Ada wrote it herself.
    assert [message.to for message in mail.outbox] == [["rosa@example.com"]]
    assert f"http://studio/{comment.pk}" in mail.outbox[0].body
    assert "Ada mentioned you in Advice" in mail.outbox[0].subject
    assert set(comment.mentions.all()) == {cast.reviewer, cast.author}


def test_ones_mentions_are_those_of_projects_one_is_still_in(
    client: Client, cast: Cast, rubric: RubricRow
) -> None:
    comment = say(rubric, cast.author, "@Rosa, look at **this**.", "warns")
    client.force_login(cast.reviewer)

    page = client.get(reverse("rubricstudio:mentions")).content.decode()

    assert url("comment", rubric.pk, comment.pk) in page
    assert "<strong>this</strong>" in page
    Membership.objects.get(project=cast.project, user=cast.reviewer).delete()
    assert mentions_of(cast.reviewer, before=None).comments == []


def test_members_are_suggested_by_any_part_of_their_name(
    client: Client, cast: Cast, rubric: RubricRow
) -> None:
    client.force_login(cast.annotator)

    def suggested(begun: str) -> list[str]:
        answer = client.get(url("comments-people", rubric.pk), {"q": begun})
        return [str(user) for user in answer.context["people"]]

    assert suggested("n") == ["Nils", "Nuria"]
    assert suggested("rosa@") == ["Rosa"]
    assert suggested("stef") == []
    assert len(suggested("")) == 6
    assert suggested("x" * 200)  # too long to be a name: as if nothing was typed


# -- pages


def test_a_comment_is_written_without_scripts_and_its_markdown_is_safe(
    client: Client, cast: Cast, rubric: RubricRow
) -> None:
    client.force_login(cast.annotator)
    text = "**Why** this? <script>alert(1)</script>"

    response = client.post(url("comments", rubric.pk), {"key": "warns", "text": text}, follow=True)

    page = response.content.decode()
    assert "<strong>Why</strong>" in page
    assert "<script>alert" not in page
    comment = Comment.objects.get()
    assert (comment.author, comment.criterion_key) == (cast.annotator, "warns")
    reply = client.post(url("comment", rubric.pk, comment.pk), {"text": "Because."})
    assert reply.status_code == 302
    state = url("comment-state", rubric.pk, comment.pk)
    resolved = client.post(state, {"do": "resolve"}, follow=True).content.decode()
    assert "Resolved by Nuria" in resolved
    assert "open again" in client.post(state, {"do": "reopen"}, follow=True).content.decode()


def test_bad_input_is_answered_in_words(client: Client, cast: Cast, rubric: RubricRow) -> None:
    client.force_login(cast.author)
    comment = say(rubric, cast.author, "Here")
    reply = say(rubric, cast.author, "There", reply_to=comment)

    empty = client.post(url("comments", rubric.pk), {"text": " "})
    nowhere = client.post(url("comments", rubric.pk), {"text": "x", "key": "gone"})
    long = client.post(url("comment", rubric.pk, comment.pk), {"text": "x" * 10_001})
    assert [r.status_code for r in (empty, nowhere, long)] == [422] * 3
    assert "no such criterion" in nowhere.content.decode()
    assert client.post(url("comment-state", rubric.pk, comment.pk), {}).status_code == 400
    assert client.get(url("comment", rubric.pk, reply.pk)).status_code == 404
    query = {"before": "x", "state": "odd"}
    assert client.get(url("comments", rubric.pk), query).status_code == 200
    assert client.get(url("comment", rubric.pk, comment.pk), query).status_code == 200
    assert client.get(reverse("rubricstudio:mentions"), query).status_code == 200


def test_viewers_read_and_strangers_find_nothing(
    client: Client, cast: Cast, rubric: RubricRow
) -> None:
    say(rubric, cast.author, "Too broad?", "warns")
    client.force_login(cast.viewer)
    page = client.get(url("comments", rubric.pk)).content.decode()

    assert "Too broad?" in page
    assert "<textarea" not in page
    assert client.post(url("comments", rubric.pk), {"text": "x"}).status_code == 403
    client.force_login(cast.stranger)
    assert client.get(url("comments", rubric.pk)).status_code == 404


def test_threads_are_shown_by_criterion_and_by_state(
    client: Client, cast: Cast, rubric: RubricRow
) -> None:
    say(rubric, cast.author, "On the warning", "warns")
    done = say(rubric, cast.author, "On the dose", "invents")
    say(rubric, cast.author, "On all of it")
    resolve(comment=done, by=cast.author)
    client.force_login(cast.viewer)

    def shown(**query: str) -> list[str]:
        page = client.get(url("comments", rubric.pk), query).context["page"]
        return [thread.first.comment.text for thread in page.threads]

    assert shown() == ["On all of it", "On the warning"]
    assert shown(state="all") == ["On all of it", "On the dose", "On the warning"]
    assert shown(state="resolved") == ["On the dose"]
    assert shown(key="warns") == ["On the warning"]
    assert shown(key="") == ["On all of it"]


def test_a_thread_outlives_its_criterion(cast: Cast, rubric: RubricRow) -> None:
    say(rubric, cast.author, "Too broad?", "warns")
    draft = start_draft(rubric=rubric, by=cast.author)
    draft.criteria.get(key="warns").delete()
    publish(version=draft, by=cast.author)

    (thread,) = threads_page(rubric, before=None).threads

    assert (thread.about, thread.is_gone) == ("Warns of the interaction.", True)


# -- long lists


def test_threads_and_replies_go_on_by_key(cast: Cast, rubric: RubricRow) -> None:
    for n in range(THREADS + 1):
        first = say(rubric, cast.author, f"Thread {n}")
    for n in range(REPLIES + 2):
        say(rubric, cast.author, f"Reply {n}", reply_to=first)

    page = threads_page(rubric, before=None)
    rest = threads_page(rubric, before=page.older)
    newest = long_thread(first, before=None)
    earlier = long_thread(first, before=newest.earlier)

    assert len(page.threads) == THREADS
    assert [thread.first.comment.text for thread in rest.threads] == ["Thread 0"]
    assert rest.older is None
    assert page.threads[0].n_replies == REPLIES + 2
    assert [r.comment.text for r in page.threads[0].replies][-1] == f"Reply {REPLIES + 1}"
    assert len(page.threads[0].replies) == TAIL
    assert page.threads[0].hidden == REPLIES + 2 - TAIL
    assert [r.comment.text for r in earlier.thread.replies] == ["Reply 0", "Reply 1"]
    assert earlier.earlier is None


def test_pages_take_as_many_queries_for_many_threads_as_for_one(
    client: Client, cast: Cast, rubric: RubricRow
) -> None:
    client.force_login(cast.author)
    first = say(rubric, cast.author, "Thread", "warns")
    say(rubric, cast.author, "Reply", reply_to=first)
    addresses = [
        (url("comments", rubric.pk), {}),
        (url("comment", rubric.pk, first.pk), {}),
        (url("comments-panel", rubric.pk), HTMX),
    ]

    def read_and_ask_again() -> list[int]:
        for address, headers in addresses:
            client.get(address, headers=headers)
        return [_queries(client, address, headers) for address, headers in addresses]

    few = read_and_ask_again()
    for n in range(9):
        other = say(rubric, cast.reviewer, f"More {n}", "invents")
        say(rubric, cast.owner, f"Reply {n}", reply_to=other)
        say(rubric, cast.reviewer, f"Reply {n}", reply_to=first)

    assert read_and_ask_again() == few


def _queries(client: Client, address: str, headers: dict[str, str]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, headers=headers).status_code == 200
    return len(captured)


# -- beside the editor


def test_the_panel_marks_the_rows_out_of_band(
    client: Client, cast: Cast, rubric: RubricRow, data: Data
) -> None:
    say(rubric, cast.author, "Too broad?", "warns")
    done = say(rubric, cast.author, "Fine", "invents")
    resolve(comment=done, by=cast.author)
    client.force_login(cast.author)

    fragment = client.get(url("comments-panel", rubric.pk), headers=HTMX).content.decode()

    warns = data.version.criteria.get(key="warns").pk
    assert f'id="talk-{warns}" hx-swap-oob="true"' in fragment
    panel = comments_panel(rubric, reader=cast.owner)
    marks = {mark.key: (mark.n_open, mark.n_threads) for mark in panel.marks}
    # A row without open threads is sent too, empty: the last one may just have been resolved.
    assert marks == {"warns": (1, 1), "invents": (0, 1)}
    assert fragment.count("open thread on") == 1
    assert panel.n_open == 1
    plain = client.get(url("comments-panel", rubric.pk))
    assert plain.headers["Location"] == url("comments", rubric.pk)


def test_a_new_member_is_found_by_their_full_name(cast: Cast, rubric: RubricRow) -> None:
    user = User.objects.create_user(
        username="zoe", email="zoe@example.com", first_name="Zoë", last_name="Ñandú"
    )
    set_member(project=cast.project, user=user, role=Role.VIEWER, by=cast.owner)

    comment = say(rubric, cast.author, "See @zoë ñandú: right?")

    assert list(comment.mentions.all()) == [user]
