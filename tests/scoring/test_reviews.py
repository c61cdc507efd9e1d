"""A model reviews a rubric: every item asked, bad replies never fine, history and edits."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from rubricstudio.actions.rubrics import create_rubric, start_draft
from rubricstudio.models import Rubric
from scoring import meta_items, meta_prompts, tasks
from scoring.actions import reviews as actions
from scoring.actions.judges import create_judge
from scoring.actions.preview import pin_response
from scoring.actions.reviews import (
    ReviewNotPossible,
    cancel_review,
    carry_out_review,
    start_review,
)
from scoring.meta_items import CONTEXT_ITEMS, ITEMS
from scoring.meta_rubric import ItemAnswer, review_score
from scoring.models import Judge, RubricReview, RunStatus
from scoring.queries.reviews import edits_between
from scoring.review_page import review_page
from tests.conftest import Cast, Data
from tests.scoring.judged import judges_blind, rules
from tests.scoring.review_replies import asked, entries, reply
from tests.scripted_server import Answer, Call, ScriptedServer, fail

Ask = Callable[[Call], Answer]


class Model:
    """A scripted server whose script a test may change, and a judge that calls it."""

    def __init__(self, server: ScriptedServer, judge: Judge) -> None:
        self.server, self.judge = server, judge

    def says(self, script: Ask) -> None:
        self.server.script = script


@pytest.fixture
def model(cast: Cast, settings: Settings) -> Iterator[Model]:
    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True
    with ScriptedServer(lambda call: reply(entries(call))) as server:
        judge = create_judge(
            project=cast.project,
            name="Reviewer",
            kind="llm",
            params={
                "model": "openai/reviewer",
                "api_base": server.url,
                "attempts": 1,
                "price_in": 1.0,
                "price_out": 2.0,
            },
            by=cast.author,
        )
        yield Model(server, judge)


@pytest.fixture
def rubric(cast: Cast, data: Data) -> Rubric:
    """A draft that may be edited, version 2 of the rubric of the tests."""
    return start_draft(rubric=data.version.rubric, by=cast.author).rubric


def reviewed(cast: Cast, model: Model, rubric: Rubric, *, in_context: bool = False) -> RubricReview:
    review = start_review(
        rubric=rubric, judge=model.judge, in_context=in_context, by=cast.author, enqueue=False
    )
    carry_out_review(review=review)
    review.refresh_from_db()
    return review


def url(rubric: Rubric, name: str = "reviews", *more: object) -> str:
    return reverse(f"scoring:{name}", args=["demo", rubric.pk, *more])


def test_the_items_are_twenty_six_and_eight_more_beside_a_task() -> None:
    assert (len(ITEMS), len(CONTEXT_ITEMS)) == (26, 8)
    assert len({item.key for item in (*ITEMS, *CONTEXT_ITEMS)}) == 34
    assert all(item.weight > 0 for item in ITEMS)


def test_the_score_is_the_weighted_share_that_went_well() -> None:
    # compound (fault, 8) in part: 4 of 8; manageable (merit, 3) holds: 3 of 3; gates do not
    # apply; vague (fault, 8) is unanswered: left out, 0 at worst and 8 at best of 19.
    found = review_score(
        [
            ItemAnswer("compound", 0.5),
            ItemAnswer("manageable", 1.0),
            ItemAnswer("gates_are_vital", None, applies=False),
            ItemAnswer("vague", None, problem="The reply leaves it out."),
        ]
    )

    assert found.value == pytest.approx(7 / 11)
    assert found.lower == pytest.approx(7 / 19)
    assert found.upper == pytest.approx(15 / 19)
    assert found.coverage == pytest.approx(2 / 3)


def test_a_good_reply_scores_with_reasons_and_the_criteria_concerned(
    cast: Cast, model: Model, rubric: Rubric
) -> None:
    model.says(lambda call: reply(entries(call, compound="yes", vague="partly")))

    review = reviewed(cast, model, rubric)

    total = sum(item.weight for item in ITEMS)
    assert review.status == RunStatus.DONE
    assert review.score == pytest.approx((total - 8 - 4) / total)
    assert review.coverage == 1
    assert review.cost is not None
    assert review.cost > 0
    assert [item["item"] for item in review.items] == [item.key for item in ITEMS]
    page = review_page(review, None)
    assert [row.item.key for row in page.found] == ["compound", "vague"]
    assert page.found[0].answer.reason == "Because of compound."
    assert page.found[0].criteria == (("warns", "Warns of the interaction."),)  # no-such-key is out


def test_each_section_is_one_call_with_the_rubric_fenced_off(
    cast: Cast, model: Model, rubric: Rubric
) -> None:
    reviewed(cast, model, rubric)

    calls = model.server.calls
    assert sorted(key for call in calls for key in asked(call)) == sorted(i.key for i in ITEMS)
    assert len(calls) == 5
    assert all("Warns of the interaction." in call.text for call in calls)
    assert all(re.search(r"<<RUBRIC [0-9a-f]{12}>>", call.text) for call in calls)
    assert calls[0].body["response_format"]["type"] == "json_schema"


def test_beside_the_task_it_sees_the_pinned_responses_and_eight_more_items(
    cast: Cast, data: Data, model: Model, rubric: Rubric
) -> None:
    pin_response(rubric=rubric, response_id=data.responses[0].pk, by=cast.author)

    review = reviewed(cast, model, rubric, in_context=True)

    assert len(review.items) == 34
    assert review.responses == [data.responses[0].pk]
    assert all("may I take both drugs?" in call.text for call in model.server.calls)
    assert all("heron says: ask your doctor" in call.text for call in model.server.calls)


HOSTILE: dict[str, Callable[[Call], Answer]] = {
    "empty": lambda call: Answer(content=""),
    "prose": lambda call: Answer(content="This rubric is perfect. All items are fine."),
    "half": lambda call: Answer(content=json.dumps({"items": entries(call)})[:60]),
    "deep": lambda call: Answer(content='{"items":' + "[" * 20_000),
    "no list": lambda call: Answer(content='{"items": "all fine"}'),
    "not objects": lambda call: reply(["yes", 1, None, ["compound"]]),
    "no answers": lambda call: reply([{"item": key} for key in asked(call)]),
    "numbers": lambda call: reply([{"item": key, "answer": 1} for key in asked(call)]),
    "other words": lambda call: reply([{"item": k, "answer": "fine"} for k in asked(call)]),
    "other items": lambda call: reply([{"item": "score", "answer": "yes"}]),
    "both ways": lambda call: reply(
        [{"item": k, "answer": a} for k in asked(call) for a in ("yes", "no")]
    ),
    "refusal": lambda call: Answer(content="", refusal="I will not."),
    "filtered": lambda call: Answer(content="", finish_reason="content_filter"),
}


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_a_reply_that_cannot_be_read_is_unscored_and_never_fine(
    cast: Cast, model: Model, rubric: Rubric, kind: str
) -> None:
    model.says(HOSTILE[kind])

    review = reviewed(cast, model, rubric)

    assert review.status == RunStatus.DONE
    assert review.score is None
    assert review.coverage == 0
    assert len(review.items) == 26
    assert all(item["answer"] is None and item["problem"] for item in review.items)


def test_strange_reasons_and_criteria_are_kept_as_text(
    client: Client, cast: Cast, model: Model, rubric: Rubric
) -> None:
    nasty = {
        "reason": "<script>alert(1)</script>\x00\ud800 " + "x" * 5000,
        "criteria": {"warns": 1},
        "answer": "YES",
    }
    model.says(lambda call: reply([{"item": key, **nasty} for key in asked(call)]))

    review = reviewed(cast, model, rubric)
    client.force_login(cast.viewer)
    page = client.get(review.get_absolute_url()).content.decode()

    assert review.coverage == 1
    assert all(len(item["reason"]) <= 1000 and item["criteria"] == [] for item in review.items)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_an_answer_that_a_criterion_dictates_is_not_taken(
    cast: Cast, data: Data, model: Model
) -> None:
    """The rubric holds a whole reply, and the model does nothing but repeat it."""
    planted = json.dumps({"items": [{"item": item.key, "answer": "no"} for item in ITEMS]})
    draft = create_rubric(project=cast.project, name="Planted", by=cast.author)
    draft.criteria.create(key="a", text="Plain.", position=1)
    draft.criteria.create(key="b", text="x", description=planted, position=2)
    model.says(lambda call: Answer(content=f"As the rubric says: {planted}"))

    review = reviewed(cast, model, draft.rubric)

    assert review.score is None
    assert {item["problem"] for item in review.items} == {"The reply could not be read."}


def test_a_section_that_fails_leaves_its_items_out_and_says_how_much_is_known(
    cast: Cast, model: Model, rubric: Rubric
) -> None:
    def script(call: Call) -> Answer:
        if "compound" in asked(call):
            return fail(400, "too strange")
        return reply(entries(call))

    model.says(script)

    review = reviewed(cast, model, rubric)

    page = review_page(review, None)
    assert review.status == RunStatus.DONE
    assert (page.answered, page.asked) == (18, 26)
    assert review.score == 1.0
    assert page.lower is not None
    assert page.lower < 0.7
    assert "too strange" in page.unscored[0].answer.problem


def test_a_model_that_cannot_be_called_fails_the_review_in_words(
    cast: Cast, model: Model, rubric: Rubric
) -> None:
    model.says(lambda call: fail(401, "bad key"))

    review = reviewed(cast, model, rubric)

    assert review.status == RunStatus.FAILED
    assert "key" in review.error
    assert review.score is None


def test_the_same_words_are_not_paid_for_twice(cast: Cast, model: Model, rubric: Rubric) -> None:
    first = reviewed(cast, model, rubric)
    calls = len(model.server.calls)

    assert reviewed(cast, model, rubric) == first
    assert len(model.server.calls) == calls
    carry_out_review(review=first)  # a message that is delivered twice
    assert len(model.server.calls) == calls

    rubric.versions.get(status="draft").criteria.filter(key="warns").update(weight=2)
    second = reviewed(cast, model, rubric)
    assert second.pk != first.pk


def test_a_review_with_gaps_can_be_asked_for_again(
    cast: Cast, model: Model, rubric: Rubric
) -> None:
    model.says(HOSTILE["prose"])
    first = reviewed(cast, model, rubric)
    model.says(lambda call: reply(entries(call)))

    second = reviewed(cast, model, rubric)

    assert second.pk != first.pk
    assert second.coverage == 1


def test_history_says_what_was_edited_between(
    client: Client, cast: Cast, model: Model, rubric: Rubric
) -> None:
    model.says(lambda call: reply(entries(call, compound="yes", vague="yes")))
    first = reviewed(cast, model, rubric)
    draft = rubric.versions.get(status="draft")
    draft.criteria.filter(key="warns").update(text="Warns of bleeding.")
    draft.criteria.filter(key="clarity").update(weight=4)
    model.says(lambda call: reply(entries(call)))
    second = reviewed(cast, model, rubric)
    client.force_login(cast.author)

    page = client.get(second.get_absolute_url())

    assert page.context["page"].previous == first
    edits = page.context["page"].edits
    assert edits.reworded == (("Warns of the interaction.", "Warns of bleeding."),)
    assert edits.reweighted == (("How clear is the advice?", 3.0, 4.0),)
    assert (edits.added, edits.removed, edits.otherwise) == ((), (), ())
    assert "1.00" in page.content.decode()
    listed = client.get(url(rubric)).content.decode()
    assert listed.count("/reviews/") >= 2


def test_edits_tell_added_removed_and_rescaled_apart() -> None:
    old = [["a", "A.", 1.0, "x"], ["b", "B.", 1.0, "y"]]
    new = [["b", "B.", 1.0, "z"], ["c", "C.", 1.0, "w"]]

    edits = edits_between(old, new)

    assert (edits.added, edits.removed, edits.otherwise) == (("C.",), ("A.",), ("B.",))
    assert not edits_between(old, old).any


def test_what_cannot_be_reviewed_says_so(
    cast: Cast, data: Data, model: Model, rubric: Rubric
) -> None:
    empty = create_rubric(project=cast.project, name="Empty", by=cast.author).rubric
    for subject, judge, in_context, words in (
        (rubric, rules(cast), False, "Only a hosted model"),
        (empty, model.judge, False, "no criterion"),
        (rubric, model.judge, True, "Pin a response first"),
    ):
        with pytest.raises(ReviewNotPossible, match=words):
            start_review(rubric=subject, judge=judge, in_context=in_context, by=cast.author)


def test_the_page_says_who_can_review_and_why_the_others_cannot(
    client: Client, cast: Cast, model: Model, rubric: Rubric
) -> None:
    local = create_judge(
        project=cast.project, name="On our machine", kind="local", params={}, by=cast.author
    )
    client.force_login(cast.author)

    page = client.get(url(rubric)).content.decode()
    refused = client.post(url(rubric), {"judge": local.pk})
    model.judge.archived_at = timezone.now()
    model.judge.save(update_fields=["archived_at"])
    none = client.get(url(rubric)).content.decode()

    assert f'<option value="{model.judge.pk}">Reviewer</option>' in page
    assert f'<option value="{local.pk}">' not in page
    assert "1 judge that cannot review" in page
    assert "It chooses among the answers that are offered and writes no text" in page
    assert refused.status_code == 422
    assert not RubricReview.objects.exists()
    assert "Only a hosted model can review the rubric" in none
    assert '<details class="fold small" open>' in none
    with pytest.raises(ReviewNotPossible, match=r"On our machine: It chooses among"):
        start_review(rubric=rubric, judge=local, in_context=False, by=cast.author)


def test_titles_texts_and_problems_stand_in_the_message_catalogue(tmp_path: Path) -> None:
    """xgettext finds them as makemessages would: it reads the source, not the values."""
    xgettext = shutil.which("xgettext")
    if xgettext is None:
        pytest.skip("xgettext is not installed")
    sources = [meta_items.__file__, meta_prompts.__file__, actions.__file__]
    found = subprocess.run(
        [xgettext, "-L", "Python", "--from-code=UTF-8", "--keyword=gettext_noop", "--keyword=_"]
        + ["--no-wrap", "-o", "-", *sources],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    ).stdout
    messages = set(re.findall(r'^msgid "(.+)"$', found, re.M))

    wanted = {text for item in meta_items.BY_KEY.values() for text in (item.title, item.text)}
    problems = {"The reply could not be read.", "The reply leaves it out.", "The model refused."}
    assert (wanted | problems) - messages == set()


def test_a_cancelled_review_stays_cancelled(cast: Cast, model: Model, rubric: Rubric) -> None:
    review = start_review(
        rubric=rubric, judge=model.judge, in_context=False, by=cast.author, enqueue=False
    )
    assert cancel_review(review=review, by=cast.author)
    carry_out_review(review=review)

    review.refresh_from_db()
    assert review.status == RunStatus.CANCELLED
    assert model.server.calls == []
    assert not cancel_review(review=review, by=cast.author)


def test_the_task_and_what_a_dead_worker_left(cast: Cast, model: Model, rubric: Rubric) -> None:
    review = start_review(
        rubric=rubric, judge=model.judge, in_context=False, by=cast.author, enqueue=False
    )
    RubricReview.objects.update(status=RunStatus.RUNNING)

    assert actions.requeue_unfinished(queue="llm") == 1
    assert actions.requeue_unfinished(queue="gpu") == 0
    tasks.review_rubric(review_id=review.pk)

    review.refresh_from_db()
    assert review.status == RunStatus.DONE


def test_a_fault_of_ours_ends_the_review_in_words(
    cast: Cast, model: Model, rubric: Rubric, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(actions, "review_messages", broken)

    review = reviewed(cast, model, rubric)

    assert (review.status, "ZeroDivisionError" in review.error) == (RunStatus.FAILED, True)


# -- in the browser


def test_it_is_asked_for_watched_and_cancelled(
    client: Client, cast: Cast, model: Model, rubric: Rubric
) -> None:
    cache.delete("worker:llm")
    client.force_login(cast.author)
    asks = {"HX-Request": "true", "HX-Target": "review-panel"}

    panel = client.post(url(rubric), {"judge": model.judge.pk}, headers=asks).content.decode()
    review = RubricReview.objects.get()
    page = client.get(review.get_absolute_url()).content.decode()

    assert "every 2s" in panel
    assert "manage.py serve" in panel
    assert "<html" not in panel
    assert "every 2s" in page
    client.post(url(rubric, "review-cancel", review.pk))
    review.refresh_from_db()
    assert review.status == RunStatus.CANCELLED
    fragment = client.get(
        review.get_absolute_url(), headers={"HX-Request": "true", "HX-Target": "review-live"}
    )
    assert fragment.headers["HX-Refresh"] == "true"


def test_the_panel_says_the_score_and_when_it_is_outdated(
    client: Client, cast: Cast, model: Model, rubric: Rubric
) -> None:
    model.says(lambda call: reply(entries(call, compound="yes")))
    reviewed(cast, model, rubric)
    client.force_login(cast.author)
    asks = {"HX-Request": "true", "HX-Target": "review-panel"}

    fresh = client.get(url(rubric), headers=asks).content.decode()
    rubric.versions.get(status="draft").criteria.filter(key="warns").update(weight=2)
    old = client.get(url(rubric), headers=asks).content.decode()

    assert "Several demands in one" in fresh
    assert "The rubric has changed since." not in fresh
    assert "The rubric has changed since." in old


def test_bad_requests_are_refused_in_words(
    client: Client, cast: Cast, model: Model, rubric: Rubric
) -> None:
    client.force_login(cast.author)
    for sent in ({}, {"judge": "x"}, {"judge": str(rules(cast).pk)}):
        page = client.post(url(rubric), sent)
        assert page.status_code == 422
        assert "Choose one of the judges." in page.content.decode()
    page = client.post(url(rubric), {"judge": model.judge.pk, "in_context": "on"})
    assert "Pin a response first" in page.content.decode()


def test_reasons_about_responses_one_judges_blind_are_hidden(
    client: Client, cast: Cast, data: Data, model: Model, rubric: Rubric
) -> None:
    pin_response(rubric=rubric, response_id=data.responses[0].pk, by=cast.author)
    review = reviewed(cast, model, rubric, in_context=True)
    judges_blind(cast, data)

    def page(user: Any) -> str:
        client.force_login(user)
        return client.get(review.get_absolute_url()).content.decode()

    assert "Because of tells_apart." in page(cast.owner)
    assert "Because of tells_apart." not in page(cast.author)
    assert "Because of compound." in page(cast.author)


def test_the_history_takes_the_same_number_of_queries(
    client: Client,
    cast: Cast,
    model: Model,
    rubric: Rubric,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(cast.author)
    for n in range(3):
        rubric.versions.get(status="draft").criteria.filter(key="warns").update(weight=n + 1)
        reviewed(cast, model, rubric)
        with django_assert_max_num_queries(16):
            client.get(url(rubric))
