"""What verdicts say of criteria to lint: counts in present words, by kind of rater."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from rubricstudio.actions.criteria import edit_criterion
from rubricstudio.actions.lint import dismiss
from rubricstudio.actions.rounds import open_round, rater_for_user
from rubricstudio.actions.rubrics import create_rubric, start_draft
from rubricstudio.domain.library import text_digest
from rubricstudio.domain.rubric import Criterion as Value
from rubricstudio.domain.rubric import Rubric
from rubricstudio.models import RoundKind, RubricVersion, TextVector, User, Verdict
from rubricstudio.models.library import DIMENSIONS
from rubricstudio.queries.lint import review
from rubricstudio.queries.near import near_texts
from tests.conftest import Cast, Data


@pytest.fixture(autouse=True)
def low_floor(settings: Settings) -> None:
    settings.AGREEMENT_FLOOR = 4


def _say(cast: Cast, data: Data, key: str, said: dict[User, list[float | None]]) -> None:
    """One verdict of each person on each response; None is "cannot assess"."""
    session = open_round(
        project=cast.project,
        kind=RoundKind.SESSION,
        name=f"Round on {key}",
        version=data.version,
        by=cast.owner,
    )
    criterion = data.version.criteria.get(key=key)
    for person, values in said.items():
        for response, value in zip(data.responses, values, strict=True):
            Verdict.objects.create(
                round=session,
                rater=rater_for_user(project=cast.project, user=person),
                response=response,
                criterion=criterion,
                status="cannot_assess" if value is None else "ok",
                value=value,
            )


def _said(version: RubricVersion, rule: str, *, judged: bool = True) -> list[tuple[str, str]]:
    found = review(version, judged=judged).remarks
    return [(x.finding.keys[0], x.reason) for x in found if x.finding.rule == rule]


def test_a_criterion_that_all_responses_meet_tells_nothing_apart(cast: Cast, data: Data) -> None:
    _say(cast, data, "warns", {cast.annotator: [1, 1, 1, 1]})
    _say(cast, data, "clarity", {cast.annotator: [3, 2, 3, 3]})

    assert _said(data.version, "non-discriminating") == [
        ("warns", "All of 4 judged responses meet it.")
    ]


def test_a_missing_verdict_is_not_a_no(cast: Cast, data: Data) -> None:
    _say(cast, data, "warns", {cast.annotator: [0, 0, 0, None]})

    # Three responses are under the floor of four.
    assert _said(data.version, "non-discriminating") == []


def test_the_last_revision_counts(cast: Cast, data: Data) -> None:
    _say(cast, data, "warns", {cast.annotator: [1, 1, 1, 1]})
    first = Verdict.objects.order_by("pk")[0]
    Verdict.objects.create(
        round=first.round,
        rater=first.rater,
        response=first.response,
        criterion=first.criterion,
        status="ok",
        value=0,
        revision=1,
    )

    assert _said(data.version, "non-discriminating") == []


def test_people_who_never_agree_are_told(cast: Cast, data: Data) -> None:
    _say(
        cast,
        data,
        "invents",
        {cast.annotator: [0, 1, 0, 1], cast.second_annotator: [1, 0, 1, 0]},
    )

    assert _said(data.version, "never-agrees") == [
        ("invents", "The people agree on 0 of 4 responses that two or more of them judged.")
    ]


def test_verdicts_on_other_words_do_not_count(cast: Cast, data: Data) -> None:
    _say(cast, data, "warns", {cast.annotator: [1, 1, 1, 1]})
    draft = start_draft(rubric=data.version.rubric, by=cast.author)
    assert len(_said(draft, "non-discriminating")) == 1
    row = draft.criteria.get(key="warns")

    edit_criterion(
        criterion=row,
        changes={"text": "Names the interaction."},
        row_version=row.row_version,
        by=cast.author,
    )

    assert _said(draft, "non-discriminating") == []


def test_verdicts_of_another_project_do_not_count(cast: Cast, data: Data) -> None:
    _say(cast, data, "warns", {cast.annotator: [1, 1, 1, 1]})
    value = Rubric((Value(key="warns", text="Warns of the interaction.", weight=5),))
    elsewhere = create_rubric(
        project=cast.other_project, name="Elsewhere", by=cast.stranger, value=value
    )

    assert _said(elsewhere, "non-discriminating") == []


def test_an_annotator_is_not_told_what_others_said(cast: Cast, data: Data) -> None:
    _say(cast, data, "warns", {cast.annotator: [1, 1, 1, 1]})
    url = reverse("rubricstudio:lint", args=["demo", data.version.rubric_id])
    told = {}
    for person in (cast.reviewer, cast.second_annotator):
        client = Client()
        client.force_login(person)
        told[person] = "judged responses" in client.get(url).content.decode()

    assert told == {cast.reviewer: True, cast.second_annotator: False}


def test_meaning_finds_what_letters_do_not(cast: Cast) -> None:
    texts = ("Advises to stop smoking.", "Recommends giving up cigarettes.")
    value = Rubric(tuple(Value(key=f"c{n}", text=text) for n, text in enumerate(texts)))
    draft = create_rubric(project=cast.project, name="Smoke", by=cast.author, value=value)
    assert _said(draft, "near-duplicate") == []

    for n, text in enumerate(texts):
        vector = [2.0, 0.1 * n, *[0.0] * (DIMENSIONS - 2)]
        TextVector.objects.create(digest=text_digest(text), vector=vector)

    assert [key for key, _ in _said(draft, "near-duplicate")] == ["c1"]


def test_near_texts_is_the_token_sort_ratio() -> None:
    texts = ["States the dose, in mg.", "In mg: states the dose", "Names the court"]

    assert near_texts(texts, 90) == [(0, 1, 100.0)]
    assert near_texts(["alone"], 90) == []


# -- the command


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command("lint_rubric", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_remarks_with_their_place(cast: Cast, data: Data) -> None:
    draft = create_rubric(
        project=cast.project,
        name="Loose",
        by=cast.author,
        external_id="loose",
        value=Rubric((Value(key="dose", text="Gives an appropriate dose."),)),
    )

    text = _run("demo", "loose")
    found = json.loads(_run("demo", "Loose", "--version", "1", "--format", "json"))

    assert "warning vague                 dose: “appropriate” has no measure here" in text
    assert found["version"] == draft.number
    assert found["counts"] == {"error": 0, "warning": 1, "info": 0}
    assert found["remarks"][0]["passage"] == {"start": 9, "end": 20}


def test_the_command_leaves_out_what_was_dismissed_and_counts_it(cast: Cast) -> None:
    value = Rubric((Value(key="dose", text="Gives an appropriate dose."),))
    draft = create_rubric(project=cast.project, name="Loose", by=cast.author, value=value)
    ident = review(draft, judged=False).remarks[0].finding.ident
    dismiss(version=draft, ident=ident, by=cast.author)

    text = _run("demo", "Loose", "--fail-on", "info")
    found = json.loads(_run("demo", "Loose", "--format", "json"))
    everything = json.loads(
        _run("demo", "Loose", "--all", "--format", "json", "--fail-on", "never")
    )

    assert "vague" not in text
    assert "warning 0, info 0; 1 dismissed (--all shows them)" in text
    assert (found["dismissed"], found["remarks"]) == (1, [])
    assert everything["counts"]["warning"] == 1
    assert everything["remarks"][0]["dismissed"]["by"] == str(cast.author)
    with pytest.raises(CommandError):
        _run("demo", "Loose", "--all", "--fail-on", "warning")
    assert f"(dismissed by {cast.author})" in _run("demo", "Loose", "--all")


@pytest.mark.parametrize(
    ("fail_on", "code"), [("error", 0), ("warning", 1), ("info", 1), ("never", 0)]
)
def test_the_exit_code_says_how_grave_it_is(cast: Cast, fail_on: str, code: int) -> None:
    value = Rubric((Value(key="dose", text="Gives an appropriate dose."),))
    create_rubric(project=cast.project, name="Loose", by=cast.author, value=value)

    if code == 0:
        assert _run("demo", "Loose", "--fail-on", fail_on)
        return
    with pytest.raises(CommandError) as raised:
        _run("demo", "Loose", "--fail-on", fail_on)
    assert raised.value.returncode == code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere", "advice"), "there is no project 'nowhere'"),
        (("demo", "nothing"), "there is no rubric 'nothing'; there are: advice"),
        (("demo", "advice", "--version", "9"), "has no version 9; it has 1"),
    ],
)
def test_unknown_names_are_told(
    cast: Cast, data: Data, arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(CommandError, match=said) as raised:
        _run(*arguments)

    assert raised.value.returncode == 2
