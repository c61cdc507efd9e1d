"""What of the comments a person has not read, where it is counted, and how it becomes read."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rubricstudio.actions.comments import mark_read, resolve
from rubricstudio.actions.projects import remove_member
from rubricstudio.actions.rubrics import create_rubric
from rubricstudio.models import CommentsRead, Rubric
from rubricstudio.queries.unread import NEWS, Unread, news_of, unread_counts, unread_mentions
from tests.conftest import Cast, Data
from tests.rubricstudio.test_comments import HTMX, say, url


@pytest.fixture
def rubric(data: Data) -> Rubric:
    return data.version.rubric


def test_others_comments_are_new_until_they_are_read(cast: Cast, rubric: Rubric) -> None:
    first = say(rubric, cast.author, "Too broad? @olga", "warns")
    answer = say(rubric, cast.owner, "No.", reply_to=first)

    assert unread_counts(cast.owner, [rubric.pk]) == {rubric.pk: Unread(1, 1)}
    assert unread_counts(cast.author, [rubric.pk]) == {rubric.pk: Unread(1, 0)}
    assert unread_counts(cast.viewer, [rubric.pk]) == {rubric.pk: Unread(2, 0)}
    assert unread_counts(cast.viewer, []) == {}

    mark_read(rubric=rubric, up_to=answer.pk, by=cast.viewer)
    mark_read(rubric=rubric, up_to=first.pk, by=cast.viewer)  # a slower tab

    assert unread_counts(cast.viewer, [rubric.pk]) == {}
    assert CommentsRead.objects.get().up_to == answer.pk
    assert unread_counts(cast.owner, [rubric.pk]) == {rubric.pk: Unread(1, 1)}


def test_opening_a_thread_shows_what_else_is_new_so_that_nothing_is_read_unseen(
    client: Client, cast: Cast, rubric: Rubric
) -> None:
    elsewhere = say(rubric, cast.author, "Elsewhere.", "invents")
    thread = say(rubric, cast.author, "Here, @olga.", "warns")
    resolve(comment=elsewhere, by=cast.author)
    client.force_login(cast.owner)

    page = client.get(url("comment", rubric.pk, thread.pk)).content.decode()

    assert "Also new in this rubric" in page
    assert "Elsewhere." in page
    assert unread_counts(cast.owner, [rubric.pk]) == {}
    assert not unread_mentions(cast.owner).exists()
    again = client.get(url("comment", rubric.pk, thread.pk)).content.decode()
    assert "Also new" not in again
    assert "Elsewhere." not in again


def test_the_page_of_comments_marks_what_is_new_and_resolved_ones_are_not_lost(
    client: Client, cast: Cast, rubric: Rubric
) -> None:
    say(rubric, cast.author, "Open.", "warns")
    resolve(comment=say(rubric, cast.author, "Done.", "warns"), by=cast.author)
    client.force_login(cast.owner)

    page = client.get(url("comments", rubric.pk)).content.decode()

    assert page.index("Open.") < page.index("Also new in this rubric") < page.index("Done.")
    assert unread_counts(cast.owner, [rubric.pk]) == {}


def test_more_than_a_page_of_news_is_read_bit_by_bit(
    client: Client, cast: Cast, rubric: Rubric
) -> None:
    thread = say(rubric, cast.author, "Long.")
    for n in range(NEWS + 4):
        say(rubric, cast.author, f"Answer {n}.", reply_to=thread)
    client.force_login(cast.owner)

    client.get(url("comments", rubric.pk))

    assert unread_counts(cast.owner, [rubric.pk])[rubric.pk].n == 5
    assert [c.text for c in news_of(cast.owner, rubric).comments][0] == f"Answer {NEWS - 1}."
    client.get(url("comments", rubric.pk))
    assert news_of(cast.owner, rubric).last is None


def test_counts_stand_in_the_list_the_panel_the_menu_and_on_the_home_page(
    client: Client, cast: Cast, rubric: Rubric
) -> None:
    say(rubric, cast.author, "Here, @olga.", "warns")
    say(rubric, cast.author, "And here.", "warns")
    client.force_login(cast.owner)

    listed = client.get(url("rubrics")).content.decode()
    panel = client.get(url("comments-panel", rubric.pk), headers=HTMX).content.decode()
    menu = client.get(reverse("rubricstudio:mentions-count")).content.decode()
    home = client.get(reverse("rubricstudio:home")).content.decode()
    mentions = client.get(reverse("rubricstudio:mentions")).content.decode()

    assert "2 new comments · 1 names you" in listed
    assert "2 new" in panel
    assert "1 new" in menu
    assert "1 new comment mentions you" in home
    assert mentions.count("pill tone-info") == 1
    # Looking at counts reads nothing.
    assert unread_counts(cast.owner, [rubric.pk])[rubric.pk].n == 2
    client.get(url("comments", rubric.pk))
    assert "new comment" not in client.get(url("rubrics")).content.decode()
    assert "pill" not in client.get(reverse("rubricstudio:mentions-count")).content.decode()


def test_mentions_in_a_project_one_has_left_are_not_counted(cast: Cast, rubric: Rubric) -> None:
    say(rubric, cast.author, "Here, @victor.")
    assert unread_mentions(cast.viewer).count() == 1

    remove_member(project=cast.project, user=cast.viewer, by=cast.owner)

    assert not unread_mentions(cast.viewer).exists()


def test_counts_of_many_rubrics_are_one_query(cast: Cast, rubric: Rubric) -> None:
    say(rubric, cast.author, "Here.")
    rubrics = [rubric]
    for n in range(5):
        other = create_rubric(project=cast.project, name=f"R{n}", by=cast.author).rubric
        say(other, cast.author, f"Here, @olga {n}.")
        rubrics.append(other)

    with CaptureQueriesContext(connection) as queries:
        counts = unread_counts(cast.owner, [one.pk for one in rubrics])

    assert len(queries) == 1
    assert [counts[one.pk].mentions for one in rubrics] == [0, 1, 1, 1, 1, 1]
