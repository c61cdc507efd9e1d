"""Gold answers: the known answers to criteria on a response, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.errors import InvalidSession
from annotations.models import Gold
from annotations.sheet import asked_of_people, off_scale
from rubricstudio.domain.quality import Answer
from rubricstudio.domain.verdict import VerdictStatus
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
) -> int:
    """Set the gold answers by criterion key; None takes one away, a key left out stays.

    Returns how many changed; safe to repeat. Raises InvalidGold for an unknown criterion or
    a value off its scale, with nothing written.
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
    if problems:
        raise InvalidGold(problems)
    ids = dict(Criterion.objects.filter(version=version).values_list("key", "pk"))
    changed = 0
    for key, answer in answers.items():
        place = Gold.objects.filter(response=response, criterion=ids[key])
        if answer is None:
            changed += place.delete()[0]
            continue
        values = {"status": answer.status, "value": answer.value, "note": notes.get(key, "")}
        if not place.filter(**values).exists():
            Gold.objects.update_or_create(
                response=response, criterion_id=ids[key], defaults={**values, "added_by": by}
            )
            changed += 1
    return changed


def _is_possible(answer: Answer) -> bool:
    if answer.status == VerdictStatus.OK:
        return answer.value is not None
    return answer.status == VerdictStatus.CANNOT_ASSESS and answer.value is None
