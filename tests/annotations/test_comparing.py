"""Sessions that compare responses: what is compared, drafts, submission, what is stored."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from annotations.actions import (
    activate,
    create_comparison,
    next_item,
    save_draft,
    skip,
    submit,
)
from annotations.actions.sheets import stored_sheet
from annotations.comparison import WHOLE, criterion_key, response_key
from annotations.errors import DraftConflict, IncompleteSheet
from annotations.grouping import ALL, LIST, NUMBER, Grouping, read_list
from annotations.models import (
    Assignment,
    CriterionPreference,
    ItemResponse,
    Mode,
    Session,
    SkipReason,
)
from annotations.queries.comparisons import comparison_of, members_of
from annotations.selection import InvalidSelection, Selection
from annotations.sheet import Entry, InvalidSheet, Sheet
from rubricstudio.actions.projects import set_member
from rubricstudio.actions.tasks import add_response
from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models import Preference, Response, Role, User
from tests.conftest import Cast, Data

OK, CANNOT = VerdictStatus.OK, VerdictStatus.CANNOT_ASSESS
PAIRS = Grouping(Mode.PAIRWISE)
RANKED = Grouping(Mode.RANKING)


def entry(value: float | None, rationale: str = "") -> Entry:
    return Entry(CANNOT if value is None else OK, value, rationale)


def pair_sheet(whole: float | None, comment: str = "", **parts: float | None) -> Sheet:
    """All criteria about equal, except for `parts`."""
    said = {"warns": 0.0, "invents": 0.0, "clarity": 0.0} | parts
    entries = {criterion_key(key): entry(value) for key, value in said.items()}
    return Sheet(entries | {WHOLE: entry(whole)}, comment)


def compared(cast: Cast, data: Data, grouping: Grouping = PAIRS, **more: object) -> Session:
    arguments: dict[str, object] = {
        "name": "Compared",
        "coverage": 2,
        "annotators": [cast.annotator, cast.second_annotator],
    }
    return create_comparison(
        project=cast.project,
        version=data.version,
        by=cast.owner,
        grouping=grouping,
        **(arguments | more),  # type: ignore[arg-type]  # arguments by name
    )


@pytest.fixture
def pairs(cast: Cast, data: Data) -> Session:
    return activate(session=compared(cast, data), by=cast.owner)


@pytest.fixture
def ranked(cast: Cast, data: Data) -> Session:
    """Two tasks of four responses each."""
    for task in data.tasks:
        for source in ("crane", "finch"):
            add_response(
                task=task,
                external_id=f"{task.external_id}/{source}",
                source=source,
                text=f"{source} says: no.",
            )
    return activate(session=compared(cast, data, RANKED), by=cast.owner)


def pull(session: Session, person: User) -> Assignment:
    found = next_item(session=session, by=person)
    assert found
    return found


# -- what is compared


def test_all_pairs_of_each_task(cast: Cast, data: Data) -> None:
    session = compared(cast, data)

    ids = [response.pk for response in data.responses]
    rows = session.items.order_by("position").values_list("members", "places", "weight")
    assert list(rows) == [(f"{ids[0]},{ids[1]}", 2, 1.0), (f"{ids[2]},{ids[3]}", 2, 1.0)]
    further = ItemResponse.objects.order_by("item__position").values_list("response", "place")
    assert list(further) == [(ids[1], 1), (ids[3], 1)]


def test_a_number_of_pairs_a_task_weighs_each(cast: Cast, data: Data) -> None:
    for task in data.tasks:
        add_response(task=task, external_id=f"{task.external_id}/x", source="x", text="Yes.")

    session = compared(cast, data, Grouping(Mode.PAIRWISE, NUMBER, 1))

    # Three pairs a task of which one is drawn.
    assert list(session.items.values_list("weight", flat=True)) == [3.0, 3.0]


def test_a_sample_of_pairs_weighs_more_still(cast: Cast, data: Data) -> None:
    session = compared(cast, data, selection=Selection(sample=1, seed=3))
    assert list(session.items.values_list("weight", flat=True)) == [2.0]


def test_a_list_names_the_pairs(cast: Cast, data: Data) -> None:
    listed = read_list("task-2/wren, task-2/heron\n\n")
    session = compared(cast, data, Grouping(Mode.PAIRWISE, LIST, listed=listed))

    assert [members_of(item) for item in session.items.all()] == [
        (data.responses[2].pk, data.responses[3].pk)
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("task-1/heron", "Line 1: name two responses, not 1."),
        ("task-1/heron, task-2/wren", "different tasks"),
        ("task-1/heron, task-1/heron", "twice"),
        ("task-1/heron, nobody", "no response “nobody”"),
        ("task-1/heron, task-1/wren\ntask-1/wren, task-1/heron", "Line 2: two of these"),
        ("", "List what is to be compared"),
    ],
)
def test_a_list_with_a_wrong_line_is_refused_in_words(
    cast: Cast, data: Data, line: str, words: str
) -> None:
    with pytest.raises(InvalidSelection) as caught:
        compared(cast, data, Grouping(Mode.PAIRWISE, LIST, listed=read_list(line)))
    assert words in str(caught.value)
    assert not Session.objects.exists()


def test_tasks_without_two_responses_leave_nothing(cast: Cast, data: Data) -> None:
    with pytest.raises(InvalidSelection, match="No task has two responses"):
        compared(cast, data, selection=Selection(sources=("wren",)))


@pytest.mark.parametrize("number", [None, 0, 9])
def test_a_ranking_holds_two_to_eight(cast: Cast, data: Data, number: int | None) -> None:
    with pytest.raises(InvalidSelection, match="from 2 to 8"):
        compared(cast, data, Grouping(Mode.RANKING, NUMBER, number))


# -- the order shown


def test_of_two_people_each_sees_another_first(pairs: Session, cast: Cast) -> None:
    first = comparison_of(pull(pairs, cast.annotator))
    second = comparison_of(pull(pairs, cast.second_annotator))

    assert first.shown == second.shown[::-1]
    assert sorted(first.shown) == list(first.members)


def test_the_order_shown_is_stored_and_stays(pairs: Session, cast: Cast) -> None:
    mine = pull(pairs, cast.annotator)
    shown = comparison_of(mine).shown
    save_draft(assignment=mine, sheet=Sheet({}), by=cast.annotator)

    stored = Assignment.objects.select_related("item__session").get(pk=mine.pk)
    assert tuple(stored.shown_order) == shown
    stored.slot = 1
    assert comparison_of(stored).shown == shown


# -- pairs


def test_a_pair_is_stored_by_ids_with_its_parts(pairs: Session, cast: Cast) -> None:
    mine = pull(pairs, cast.annotator)
    sheet = pair_sheet(-2.0, "A is safer.", warns=1.0, clarity=None)

    assert submit(assignment=mine, sheet=sheet, by=cast.annotator).added == 1

    row = Preference.objects.get()
    a, b = members_of(mine.item)
    assert (row.response_a_id, row.response_b_id, row.round_id) == (a, b, pairs.pk)
    assert (row.preferred, row.strength, row.rationale) == ("a", -2.0, "A is safer.")
    first = Assignment.objects.get().shown_order[0]
    assert row.provenance == {"shown_first": "a" if first == a else "b"}
    parts = CriterionPreference.objects.values_list("criterion__key", "status", "strength")
    assert set(parts) == {
        ("warns", "ok", 1),
        ("invents", "ok", 0),
        ("clarity", "cannot_assess", None),
    }


@pytest.mark.parametrize(
    ("whole", "status", "preferred"),
    [(2.0, "ok", "b"), (0.0, "ok", "tie"), (None, "cannot_assess", None)],
)
def test_what_a_strength_prefers(
    pairs: Session, cast: Cast, whole: float | None, status: str, preferred: str | None
) -> None:
    submit(assignment=pull(pairs, cast.annotator), sheet=pair_sheet(whole), by=cast.annotator)
    row = Preference.objects.get()
    assert (row.status, row.preferred, row.strength) == (status, preferred, whole)


def test_submitting_again_revises_the_whole_comparison(pairs: Session, cast: Cast) -> None:
    mine = pull(pairs, cast.annotator)
    submit(assignment=mine, sheet=pair_sheet(1.0), by=cast.annotator)
    assert submit(assignment=mine, sheet=pair_sheet(1.0), by=cast.annotator).added == 0

    changed = pair_sheet(1.0, warns=-1.0)
    again = submit(assignment=mine, sheet=changed, by=cast.annotator, reason="Misread.")

    assert again.added == 1
    rows = Preference.objects.order_by("revision")
    assert [row.revision for row in rows] == [0, 1]
    assert (rows[1].provenance or {})["reason"] == "Misread."
    assert [row.parts.count() for row in rows] == [3, 3]
    assert stored_sheet(again.assignment).same_as(changed)


def test_an_open_question_is_named_and_nothing_written(pairs: Session, cast: Cast) -> None:
    mine = pull(pairs, cast.annotator)
    with pytest.raises(IncompleteSheet) as caught:
        submit(assignment=mine, sheet=Sheet({WHOLE: entry(1.0)}), by=cast.annotator)
    assert list(caught.value.keys) == [criterion_key(k) for k in ("warns", "invents", "clarity")]
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    "entries",
    [{WHOLE: entry(3.0)}, {WHOLE: entry(0.5)}, {"warns": entry(1.0)}, {response_key(1): entry(1)}],
)
def test_answers_to_another_question_are_refused(
    pairs: Session, cast: Cast, entries: dict[str, Entry]
) -> None:
    mine = pull(pairs, cast.annotator)
    with pytest.raises(InvalidSheet):
        save_draft(assignment=mine, sheet=Sheet(entries), by=cast.annotator)


def test_the_whole_alone_can_be_asked(cast: Cast, data: Data) -> None:
    grouping = Grouping(Mode.PAIRWISE, ALL, by_criterion=False)
    session = activate(session=compared(cast, data, grouping), by=cast.owner)
    mine = pull(session, cast.annotator)

    submit(assignment=mine, sheet=Sheet({WHOLE: entry(1.0)}), by=cast.annotator)

    assert Preference.objects.get().preferred == "b"
    assert not CriterionPreference.objects.exists()


def test_two_tabs_that_contradict_each_other_lose_nothing(pairs: Session, cast: Cast) -> None:
    mine = pull(pairs, cast.annotator)
    one, two = Sheet({WHOLE: entry(1.0)}), Sheet({WHOLE: entry(-1.0)})
    save_draft(assignment=mine, sheet=one, by=cast.annotator, version=0, tab="one")

    with pytest.raises(DraftConflict) as caught:
        save_draft(assignment=mine, sheet=two, by=cast.annotator, version=0, tab="two")

    assert caught.value.merge.conflicts == (WHOLE,)
    mine.refresh_from_db()
    assert stored_sheet(mine).same_as(one)


def test_a_skipped_pair_goes_to_the_next_person(pairs: Session, cast: Cast) -> None:
    mine = pull(pairs, cast.annotator)
    skip(assignment=mine, reason=SkipReason.EXPERTISE, by=cast.annotator)
    assert pull(pairs, cast.annotator).item_id != mine.item_id
    assert pull(pairs, cast.second_annotator).item_id == mine.item_id


# -- rankings


def _ranking(assignment: Assignment, *places: float) -> Sheet:
    """Places by id, ascending."""
    members = members_of(assignment.item)
    return Sheet({response_key(m): entry(place) for m, place in zip(members, places, strict=True)})


def test_a_ranking_is_stored_as_its_pairs(ranked: Session, cast: Cast) -> None:
    mine = pull(ranked, cast.annotator)
    p, q, r, s = members_of(mine.item)

    submitted = submit(assignment=mine, sheet=_ranking(mine, 2, 1, 2, 4), by=cast.annotator)

    assert submitted.added == 6
    rows = Preference.objects.values_list("response_a", "response_b", "preferred", "strength")
    # q is best, p and r are tied behind it, s is last.
    assert set(rows) == {
        (p, q, "b", None),
        (p, r, "tie", None),
        (p, s, "a", None),
        (q, r, "a", None),
        (q, s, "a", None),
        (r, s, "a", None),
    }
    names = dict(Response.objects.values_list("pk", "external_id"))
    for row in Preference.objects.all():
        assert (row.provenance or {})["ranking"] == [[names[q]], [names[p], names[r]], [names[s]]]
        shown = Assignment.objects.get().shown_order
        first = "a" if shown.index(row.response_a_id) < shown.index(row.response_b_id) else "b"
        assert (row.provenance or {})["shown_first"] == first
    assert stored_sheet(Assignment.objects.get()).same_as(_ranking(mine, 2, 1, 2, 4))


def test_a_changed_ranking_is_a_revision_of_all_its_pairs(ranked: Session, cast: Cast) -> None:
    mine = pull(ranked, cast.annotator)
    submit(assignment=mine, sheet=_ranking(mine, 1, 2, 3, 4), by=cast.annotator)

    same = submit(assignment=mine, sheet=_ranking(mine, 1, 2, 3, 4), by=cast.annotator)
    again = submit(assignment=mine, sheet=_ranking(mine, 2, 1, 3, 4), by=cast.annotator)

    assert (same.added, again.added) == (0, 6)
    assert Counter(Preference.objects.values_list("revision", flat=True)) == {0: 6, 1: 6}


def test_whoever_cannot_rank_says_so_without_places(ranked: Session, cast: Cast) -> None:
    mine = pull(ranked, cast.annotator)
    submit(assignment=mine, sheet=Sheet({WHOLE: entry(None)}), by=cast.annotator)
    rows = Preference.objects.values_list("status", "preferred")
    assert list(rows) == [("cannot_assess", None)] * 6


def test_a_place_that_is_missing_or_wrong_is_refused(ranked: Session, cast: Cast) -> None:
    mine = pull(ranked, cast.annotator)
    p, *others = members_of(mine.item)
    with pytest.raises(InvalidSheet):
        save_draft(assignment=mine, sheet=_ranking(mine, 1, 2, 3, 5), by=cast.annotator)
    with pytest.raises(IncompleteSheet) as caught:
        submit(assignment=mine, sheet=Sheet({response_key(p): entry(1)}), by=cast.annotator)
    assert set(caught.value.keys) == {response_key(m) for m in others}


# -- many at once


def _work(session: Session, person: User) -> int:
    try:
        done = 0
        while (assignment := next_item(session=session, by=person)) is not None:
            submit(assignment=assignment, sheet=pair_sheet(1.0), by=person)
            done += 1
        return done
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_six_people_compare_each_pair_three_times_and_no_more(cast: Cast, data: Data) -> None:
    for n in range(4):
        add_response(task=data.tasks[0], external_id=f"r{n}", source=f"s{n}", text="Yes.")
    people = [User.objects.create_user(username=f"p{n}", email=f"p{n}@x.com") for n in range(6)]
    for person in people:
        set_member(project=cast.project, user=person, role=Role.ANNOTATOR, by=cast.owner)
    session = activate(session=compared(cast, data, coverage=3, annotators=people), by=cast.owner)

    with ThreadPoolExecutor(len(people)) as pool:
        done = sum(pool.map(lambda person: _work(session, person), people))

    # Six responses of task 1 make 15 pairs, two of task 2 one: 16 pairs by three people.
    assert done == Preference.objects.count() == 48
    pairs = Counter(Preference.objects.values_list("response_a", "response_b"))
    assert set(pairs.values()) == {3}
    orders = Counter(
        (row.response_a_id, row.response_b_id)
        for row in Preference.objects.filter(provenance__shown_first="a")
    )
    assert all(orders[pair] in (1, 2) for pair in pairs)


@pytest.mark.django_db(transaction=True)
def test_a_submit_sent_six_times_at_once_is_one_preference(pairs: Session, cast: Cast) -> None:
    mine = pull(pairs, cast.annotator)

    def send(_: int) -> int:
        try:
            sheet = pair_sheet(1.0)
            return submit(assignment=mine, sheet=sheet, by=cast.annotator, version=0, tab="t").added
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == [0, 0, 0, 0, 0, 1]
    assert Preference.objects.count() == 1
