"""The quality page, gold answers by hand and as CSV, and feedback on training."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import Gold, Item, Session, SessionAnnotator
from tests.annotations.quality_cases import answer, checked_session, sheet
from tests.conftest import Cast, Data


@pytest.fixture
def draft(cast: Cast, data: Data) -> Session:
    return checked_session(cast, data, people=[cast.annotator], starts=False)


def _url(name: str, session: Session, *more: int) -> str:
    return reverse(f"annotations:{name}", args=["demo", session.pk, *more])


def test_a_manager_sets_gold_checks_and_rules_by_hand(
    cast: Cast, data: Data, client: Client, draft: Session
) -> None:
    client.force_login(cast.owner)
    response = data.responses[0].pk
    page = _url("gold", draft, response)

    bad = client.post(page, {"answer:warns": "7", "comment:warns": "kept <b>"})
    assert bad.status_code == 422 and b"kept &lt;b&gt;" in bad.content
    client.post(page, {"answer:warns": "1", "comment:warns": "It does.", "answer:clarity": "2"})
    assert Gold.objects.count() == 2
    assert b"It does." in client.get(page).content
    client.post(_url("quality-checks", draft), {f"kind:{response}": "training", "kind:x": "gold"})
    assert Item.objects.get(session=draft, kind="training").response_id == response
    client.post(
        _url("quality-rules", draft), {"qualify_at": "80", "gold_share": "10", "pause_after": "5"}
    )
    draft.refresh_from_db()
    assert (draft.qualify_at, draft.gold_share, draft.pause_after) == (0.8, 0.1, 5)
    assert client.post(_url("quality-rules", draft), {"gold_share": "99"}).status_code == 302
    assert b"80" in client.get(_url("quality", draft)).content


def test_gold_goes_out_as_csv_and_comes_back(
    cast: Cast, data: Data, client: Client, draft: Session
) -> None:
    client.force_login(cast.owner)
    names = [response.external_id for response in data.responses]
    good = (
        "response,criterion,answer,note\n"
        f"{names[0]},warns,1,It does\n{names[0]},clarity,cannot_assess,\n"
    )
    wrong = good + f"{names[1]},warns,7,\nnobody,warns,1,\n"

    refused = client.post(_url("gold-import", draft), {"text": wrong})
    assert refused.status_code == 422
    assert b"Line 4" in refused.content and b"Line 5" in refused.content
    assert not Gold.objects.exists()
    client.post(_url("gold-import", draft), {"text": good})
    client.post(_url("gold-import", draft), {"text": good})
    assert Gold.objects.count() == 2
    assert client.post(_url("gold-import", draft), {"text": "a,b\n1,2"}).status_code == 422

    out = client.get(_url("gold-export", draft)).content.decode()
    assert f"{names[0]},warns,1.0,It does" in out
    assert f"{names[0]},clarity,cannot_assess," in out


def test_after_a_training_item_one_sees_the_right_answers_and_nobody_else_does(
    cast: Cast, data: Data, client: Client
) -> None:
    session = checked_session(cast, data, people=[cast.annotator], training=[data.responses[0]])
    item = Item.objects.get(session=session, kind="training")
    client.force_login(cast.owner)
    gold = {
        "answer:warns": "1",
        "comment:warns": "It names the interaction.",
        "answer:clarity": "2",
    }
    page = _url("gold", session, item.response_id)
    lost = client.post(page, {**gold, "quotes:warns": "never said"})
    assert lost.status_code == 422 and "never said" in lost.content.decode()
    client.post(page, {**gold, "quotes:warns": "the  INTERACTION"})
    client.force_login(cast.annotator)
    client.post(_url("next", session))
    assert client.get(_url("feedback", session, item.pk)).status_code == 404
    assert b"names the interaction." not in client.get(_url("annotate", session, item.pk)).content

    reply = client.post(
        _url("submit", session, item.pk),
        {
            **{"answer:warns": "0", "answer:invents": "0", "answer:clarity": "2"},
            "quotes:warns": "ask your doctor",
        },
    )

    assert reply.url == _url("feedback", session, item.pk)  # type: ignore[attr-defined]
    shown = client.get(reply.url).content.decode()  # type: ignore[attr-defined]
    assert "You matched 1 of 2" in shown and "It names the interaction." in shown
    quoted = re.findall(r'<p class="quote tone-good" dir="auto">([^<]*)</p>', shown)
    assert quoted == ["ask your doctor", "the interaction"]
    client.force_login(cast.second_annotator)
    assert client.get(_url("feedback", session, item.pk)).status_code == 404


def test_a_manager_lets_someone_go_on_with_a_reason(cast: Cast, data: Data, client: Client) -> None:
    session = checked_session(
        cast, data, people=[cast.annotator], qualification=[data.responses[0]], qualify_at=1
    )
    answer(session, cast.annotator, sheet(warns=0))
    place = SessionAnnotator.objects.get(session=session)
    client.force_login(cast.annotator)
    told = client.post(_url("next", session), follow=True).content.decode()
    assert "known to be right" in told
    client.force_login(cast.owner)
    assert b"Gets no items" in client.get(_url("quality", session)).content
    client.post(_url("quality-pass", session), {"rater": place.rater_id, "reason": "A slip."})
    assert b"A slip." in client.get(_url("quality", session)).content
