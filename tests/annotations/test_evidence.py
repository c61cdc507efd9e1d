"""Quotes: lines that read back, places that are checked, and what a submission needs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from annotations.actions import next_item, save_draft, submit
from annotations.actions.sheets import stored_sheet
from annotations.cards import Card
from annotations.errors import IncompleteSheet
from annotations.evidence import (
    CONFIDENCE,
    from_json,
    level_of,
    lines_of,
    place,
    read_lines,
    to_json,
)
from annotations.keys import Keymap
from annotations.models import Session
from annotations.sheet import Entry, Sheet, unsupported
from annotations.templatetags.annotating import answer_card
from rubricstudio.domain.rubric import Criterion, Level, Scale, ScaleKind
from rubricstudio.domain.verdict import Quote, VerdictStatus
from rubricstudio.models import Verdict
from rubricstudio.rendering import shown_words
from tests.annotations.conftest import COMPLETE
from tests.conftest import Cast

OK = VerdictStatus.OK
TEXT = "Ask **your doctor** first. 😀 Ask again [3-5]."


def _place(*quotes: Quote, text: str = TEXT) -> list[tuple[str, int | None, int | None]]:
    return [(q.text, q.start, q.end) for q in place(quotes, text, lambda: shown_words(text))]


@given(st.data())
def test_a_place_of_the_text_reads_back_as_it_was(data: st.DataObject) -> None:
    text = data.draw(st.text(min_size=1, max_size=40, alphabet="ab \n😀[]-1"))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = Quote(text[start:end], start, end, "exact")
    if quote.text.strip() and quote.text == quote.text.strip():
        again = place(read_lines(lines_of([quote])), text, lambda: shown_words(text))
        assert again == (quote,)


@given(st.lists(st.builds(Quote, st.text(max_size=5), st.none(), st.none()), max_size=3))
def test_stored_quotes_read_back(quotes: list[Quote]) -> None:
    assert from_json(to_json(quotes)) == tuple(quotes)


def test_a_wrong_place_is_corrected_to_the_nearest_one_that_says_it() -> None:
    # "Ask" stands at 0 and at 29: Ask(3)+space+**(2)… "first. " ends at 27, 😀 is 27, space 28.
    assert _place(Quote("Ask", 26, 29)) == [("Ask", 29, 32)]
    assert _place(Quote("Ask", 2, 5)) == [("Ask", 0, 3)]


def test_words_copied_from_the_page_are_found_in_the_source() -> None:
    assert _place(Quote("Ask your doctor first")) == [("Ask **your doctor** first", 0, 25)]


def test_white_space_case_and_curly_marks_do_not_matter() -> None:
    assert _place(Quote("say “no”"), text='They  SAY\n"no".') == [('SAY\n"no', 6, 13)]


def test_what_looks_like_a_place_may_be_words() -> None:
    (quote,) = read_lines("Ask again [3-5]")
    assert (quote.text, quote.start, quote.end) == ("Ask again", 3, 5)
    assert _place(quote) == [("Ask again [3-5]", 29, 44)]


def test_what_the_response_does_not_say_gets_no_place() -> None:
    assert _place(Quote("Take two", 0, 8)) == [("Take two", None, None)]
    assert _place(Quote("Ask", 999, 1002)) == [("Ask", 29, 32)]


def test_confidence_is_a_word_and_a_share() -> None:
    assert [level_of(value) for value in (None, *CONFIDENCE.values())] == ["", *CONFIDENCE]
    assert level_of(0.9) == "high"


NEEDS = Criterion(key="n", text="N", evidence_required=True)
LEVELS = Criterion(
    key="n",
    text="N",
    evidence_required=True,
    scale=Scale(ScaleKind.ORDINAL, (Level(1, "none"), Level(2, "some"))),
)


@pytest.mark.parametrize(
    ("criterion", "entry", "asked"),
    [
        (NEEDS, Entry(OK, 1.0), True),
        (NEEDS, Entry(OK, 1.0, evidence=(Quote("a", 0, 1),)), False),
        (NEEDS, Entry(OK, 1.0, evidence=(Quote("a"),)), True),
        (NEEDS, Entry(OK, 0.0), False),
        (NEEDS, Entry(VerdictStatus.CANNOT_ASSESS), False),
        (LEVELS, Entry(OK, 1.0), False),
        (LEVELS, Entry(OK, 2.0), True),
    ],
)
def test_a_quote_is_asked_for_where_there_is_something_to_quote(
    criterion: Criterion, entry: Entry, asked: bool
) -> None:
    assert bool(unsupported((criterion,), Sheet({"n": entry}))) is asked


@pytest.mark.parametrize(
    ("criterion", "words"), [(NEEDS, "needed if met"), (LEVELS, "needed above the lowest level")]
)
@pytest.mark.parametrize("chosen", ["", "0"])
def test_a_card_says_for_which_answers_it_needs_a_quote(
    criterion: Criterion, words: str, chosen: str
) -> None:
    card = Card(number=1, criterion=criterion, chosen=chosen, comment="")
    drawn = answer_card(card, False, "", Keymap(), [])
    assert f'data-quote-rule="needed">{words}</span>' in drawn
    other = replace(card, criterion=replace(criterion, evidence_required=False))
    assert "needed" not in answer_card(other, False, "", Keymap(), [])


# -- stored


def _form(**more: str) -> dict[str, str]:
    answers = {"answer:warns": "1", "answer:invents": "0", "answer:clarity": "cannot_assess"}
    return {**answers, "revision": "0", "tab": "", **more}


def _url(name: str, session: Session, item: int) -> str:
    return reverse(f"annotations:{name}", args=[session.round.project.slug, session.pk, item])


def test_quotes_and_confidence_become_part_of_the_verdict(session: Session, cast: Cast) -> None:
    item = next_item(session=session, by=cast.annotator)
    assert item
    client = Client()
    client.force_login(cast.annotator)
    quotes = "ask your doctor\nthe interaction [1-2]"

    reply = client.post(
        _url("submit", session, item.item_id),
        _form(**{"quotes:warns": quotes, "confidence:warns": "high"}),
    )

    assert reply.status_code == 302
    verdict = Verdict.objects.get(criterion__key="warns")
    text = verdict.response.text
    assert text is not None
    assert verdict.confidence == 0.95
    assert [q["text"] for q in verdict.evidence] == ["ask your doctor", "the interaction"]
    assert all(text[q["start"] : q["end"]] == q["text"] for q in verdict.evidence)

    page = client.get(_url("annotate", session, item.item_id)).text
    start = text.index("ask your doctor")
    assert f"ask your doctor [{start}-{start + 15}]" in page
    assert '<option value="high" selected>' in page


def test_a_quote_that_is_not_there_is_kept_and_named(session: Session, cast: Cast) -> None:
    item = next_item(session=session, by=cast.annotator)
    assert item
    client = Client()
    client.force_login(cast.annotator)

    reply = client.post(
        _url("submit", session, item.item_id), _form(**{"quotes:warns": "never said"})
    )

    assert reply.status_code == 422
    assert "The response does not say: “never said”." in reply.text
    item.refresh_from_db()
    assert stored_sheet(item).entry("warns").evidence == (Quote("never said"),)
    assert not Verdict.objects.exists()


def test_other_quotes_or_confidence_make_a_new_verdict_and_the_same_none(
    session: Session, cast: Cast
) -> None:
    item = next_item(session=session, by=cast.annotator)
    assert item
    first = submit(assignment=item, sheet=COMPLETE, by=cast.annotator)
    warns = COMPLETE.entry("warns")
    sure = Entry(OK, 1.0, warns.rationale, (Quote("ask your doctor"),), 0.75)
    second = Sheet({**COMPLETE.entries, "warns": sure}, COMPLETE.comment)

    added = submit(assignment=item, sheet=second, by=cast.annotator).added
    again = submit(assignment=item, sheet=second, by=cast.annotator).added

    assert (first.added, added, again) == (3, 1, 0)
    last = Verdict.objects.filter(criterion__key="warns").order_by("revision").last()
    assert last is not None
    assert (last.revision, last.confidence, len(last.evidence)) == (1, 0.75, 1)


def test_a_script_is_held_to_the_same_rule(session: Session, cast: Cast) -> None:
    item = next_item(session=session, by=cast.annotator)
    assert item
    lost = Sheet({**COMPLETE.entries, "warns": Entry(OK, 1.0, evidence=(Quote("no such"),))})
    save_draft(assignment=item, sheet=lost, by=cast.annotator)

    with pytest.raises(IncompleteSheet, match="1 criterion") as caught:
        submit(assignment=item, sheet=lost, by=cast.annotator)
    assert set(caught.value.problems) == {"warns"}
