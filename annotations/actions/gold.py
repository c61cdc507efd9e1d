"""Gold answers: the known answers to criteria on a response, and where they come from."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.errors import InvalidSession
from annotations.evidence import to_json
from annotations.models import Gold, Origin
from annotations.queries.sheets import placed_in
from annotations.sheet import (
    Entry,
    InvalidSheet,
    Sheet,
    asked_of_people,
    lost_quote,
    off_scale,
    read_entry,
)
from rubricstudio.domain.quality import Answer
from rubricstudio.domain.verdict import Quote, VerdictStatus
from rubricstudio.models import Criterion, Response, RubricVersion, User


class InvalidGold(InvalidSession):
    """Answers that cannot be gold; `problems` maps a criterion's key to what to do."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{key}: {text}" for key, text in self.problems.items()))


@transaction.atomic
def set_gold(
    *,
    response: Response,
    version: RubricVersion,
    answers: Mapping[str, Answer | None],
    notes: Mapping[str, str],
    by: User,
    quotes: Mapping[str, tuple[Quote, ...]] | None = None,
    origin: Origin = Origin.HAND,
) -> int:
    """Set the gold answers by criterion key; None takes one away, a key left out stays.

    `origin`, by hand or from a file, is kept with what changes; an answer that stays keeps its
    own. `quotes` by criterion key are looked for in the response; without any, those that are
    there stay as long as the answer does. Returns how many changed; safe to repeat. Raises
    InvalidGold for an unknown criterion, a value off its scale or a quote that the response does
    not hold, with nothing written.
    """
    criteria = {criterion.key: criterion for criterion in asked_of_people(version.as_rubric())}
    problems = {}
    for key, answer in answers.items():
        if key not in criteria:
            problems[key] = _("This criterion is not part of the rubric version.")
        elif answer is not None and not _is_possible(answer):
            problems[key] = _("A gold answer is a value, or cannot assess.")
        elif (
            answer is not None
            and answer.value is not None
            and not criteria[key].scale.allows(answer.value)
        ):
            problems[key] = off_scale(criteria[key])
    found = _placed(response, quotes or {}, problems)
    if problems:
        raise InvalidGold(problems)
    ids = dict(Criterion.objects.filter(version=version).values_list("key", "pk"))
    changed = 0
    for key, answer in answers.items():
        place = Gold.objects.filter(response=response, criterion=ids[key])
        if answer is None:
            changed += place.delete()[0]
            continue
        said = {"status": answer.status, "value": answer.value}
        values = {**said, "note": notes.get(key, "")}
        if quotes is not None or not place.filter(**said).exists():
            values["evidence"] = found.get(key, [])
        if not place.filter(**values).exists():
            Gold.objects.update_or_create(
                response=response,
                criterion_id=ids[key],
                defaults={
                    **values,
                    **dict.fromkeys(("origin_round", "origin_rater", "origin_n")),
                    "origin": origin,
                    "added_by": by,
                },
            )
            changed += 1
    return changed


def _placed(
    response: Response, quotes: Mapping[str, tuple[Quote, ...]], problems: dict[str, str]
) -> dict[str, Any]:
    """The quotes as they are stored; one that the response does not hold is a problem."""
    typed = Sheet({key: Entry(evidence=said) for key, said in quotes.items()})
    found = {}
    for key, entry in placed_in(response.text or "", typed).entries.items():
        found[key] = to_json(entry.evidence)
        if lost := lost_quote(entry.evidence):
            problems[key] = lost
    return found


def _is_possible(answer: Answer) -> bool:
    if answer.status == VerdictStatus.OK:
        return answer.value is not None
    return answer.status == VerdictStatus.CANNOT_ASSESS and answer.value is None


COLUMNS = ("response", "criterion", "answer", "note")
LONGEST_IMPORT = 5_000


@transaction.atomic
def import_gold(*, version: RubricVersion, text: str, by: User) -> int:
    """Set the gold answers of a CSV with the columns response, criterion, answer, note.

    `response` is a response's id in the project, `criterion` a key, `answer` a value of the
    scale or cannot_assess. Returns how many changed. Raises InvalidGold, whose problems are
    keyed by line number, with nothing written.
    """
    criteria = {criterion.key: criterion for criterion in asked_of_people(version.as_rubric())}
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    if not rows or not {"response", "criterion", "answer"} <= set(rows[0]):
        raise InvalidGold({"1": _("The first line names the columns response, criterion, answer.")})
    if len(rows) > LONGEST_IMPORT:
        raise InvalidGold({"1": _("Import at most %(n)d lines at once.") % {"n": LONGEST_IMPORT}})
    names = {str(row["response"]).strip() for row in rows}
    responses = Response.objects.filter(project=version.rubric.project_id, external_id__in=names)
    by_name = {response.external_id: response for response in responses}
    problems: dict[str, str] = {}
    read: list[tuple[Response, str, Answer, str]] = []
    for line, row in enumerate(rows, start=2):
        response = by_name.get(str(row["response"]).strip())
        criterion = criteria.get(str(row["criterion"]).strip())
        if response is None or criterion is None:
            problems[str(line)] = _("There is no such response or criterion.")
            continue
        try:
            entry = read_entry(criterion, str(row["answer"] or ""))
        except InvalidSheet:
            problems[str(line)] = off_scale(criterion)
            continue
        if entry.status is None:
            problems[str(line)] = _("The answer is missing.")
            continue
        note = str(row.get("note") or "").replace("\x00", "")
        read.append((response, criterion.key, Answer(entry.status.value, entry.value), note))
    if problems:
        raise InvalidGold(problems)
    return sum(
        set_gold(
            response=r,
            version=version,
            answers={key: answer},
            notes={key: note},
            by=by,
            origin=Origin.FILE,
        )
        for r, key, answer, note in read
    )
