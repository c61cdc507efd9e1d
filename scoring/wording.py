"""Words for kinds of judges, their parameters, and durations: for pages and commands alike."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.suspicion import Sign
from scoring.judges import JUDGES, Parameter
from scoring.learned.evaluate import Stage
from scoring.models import SuspectResponse, Training

Words = str | Promise

# A kind that is not here shows the name it is registered with.
_KINDS: dict[str, tuple[Words, Words]] = {
    "learned": (
        _("Trained on verdicts"),
        _("A local model with a probe or an adapter that was trained on people's verdicts."),
    ),
    "llm": (
        _("Hosted model"),
        _("A provider's model, or a server of your own that speaks OpenAI's protocol."),
    ),
    "local": (
        _("Local model"),
        _("A model in the worker's own process, on a GPU where there is one. Needs no network."),
    ),
    "panel": (
        _("Panel of judges"),
        _("Several judges asked of the same; a rule makes one verdict of their answers."),
    ),
    "cascade": (
        _("Cascade of two judges"),
        _("A cheap judge first, a stronger one where the first is uncertain."),
    ),
    "program": (
        _("Programs of the criteria"),
        _("Runs the program that a criterion holds. Calls no model and costs nothing."),
    ),
    "scripted": (
        _("Scripted rules"),
        _("Words to look for and verdicts written down beforehand. Calls no model."),
    ),
}


_SIGNS: dict[Sign, Words] = {
    Sign.INSTRUCTION: _("Tells the judge what to do"),
    Sign.VERDICT: _("Writes a verdict or a score"),
    Sign.BOUNDARY: _("Pretends that the response has ended"),
    Sign.CONTROL: _("Holds control tokens of chat models"),
    Sign.HIDDEN: _("Holds characters that cannot be seen"),
    Sign.NOISE: _("Repeats itself at length"),
}


def shown_signs(suspect: SuspectResponse) -> list[tuple[Words, str]]:
    """Each sign of a response in words, with the excerpt that shows it."""
    pairs = zip(suspect.signs, suspect.excerpts, strict=True)
    return [(_SIGNS[Sign(sign)], excerpt) for sign, excerpt in pairs]


def kind_label(kind: str) -> str:
    """What a kind of judge is called."""
    return str(_KINDS[kind][0]) if kind in _KINDS else gettext(JUDGES.get(kind, (kind, ""))[0])


def kind_text(kind: str) -> str:
    """What a kind of judge is, in a sentence; empty where nobody has written one."""
    return str(_KINDS[kind][1]) if kind in _KINDS else ""


# Why judges of a kind give verdicts and cannot review a rubric.
_NO_REVIEW: dict[str, Words] = {
    "learned": _("It says met or not met of criteria it was trained on and writes no text."),
    "local": _(
        "It chooses among the answers that are offered and writes no text; a review is a reply of"
        " its own with reasons."
    ),
    "panel": _("It asks other judges for verdicts and writes no text of its own."),
    "cascade": _("It asks other judges for verdicts and writes no text of its own."),
    "program": _("It runs programs and reads no rubric."),
    "scripted": _("It follows rules that were written down beforehand and reads no rubric."),
}


def no_review(kind: str) -> str:
    """Why judges of this kind cannot review a rubric."""
    return str(_NO_REVIEW.get(kind, _("It gives verdicts only.")))


def parameter_help(parameter: Parameter) -> str:
    """What a parameter does, as a form says it: there, null is a field left empty."""
    return re.sub(r"\bnull\b", gettext("empty"), gettext(parameter.help)).replace("`", "")


def duration_words(seconds: float | None) -> str:
    """A duration to go by, in the two largest units: "2 min 5 s", "3 h 20 min"; "" for None."""
    if seconds is None:
        return ""
    if seconds < 1:
        return gettext("%(n)d ms") % {"n": round(seconds * 1000)}
    if seconds < 10:
        return gettext("%(n).1f s") % {"n": seconds}
    whole = round(seconds)
    if whole < 60:
        return gettext("%(n)d s") % {"n": whole}
    if whole < 3600:
        return gettext("%(m)d min %(s)d s") % {"m": whole // 60, "s": whole % 60}
    if whole < 48 * 3600:
        return gettext("%(h)d h %(m)d min") % {"h": whole // 3600, "m": whole % 3600 // 60}
    days = whole // 86400
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


_STAGES: dict[str, Words] = {
    Stage.READING: _("Reading what people judged: %(done)d of %(of)d"),
    Stage.FOLDS: _("Trying it on tasks it has not seen: fold %(done)d of %(of)d"),
    Stage.SOURCES: _("Trying it on sources it has not seen: fold %(done)d of %(of)d"),
    Stage.CURVE: _("Trying it with fewer verdicts: %(done)d of %(of)d steps done"),
    Stage.WHOLE: _("Training it on all verdicts"),
}


def stage_words(training: Training) -> str:
    """What a training is at, and how far; empty before it begins."""
    if training.stage not in _STAGES:
        return ""
    return str(_STAGES[training.stage]) % {"done": training.done, "of": training.total}


def no_worker(queue: str) -> str:
    """That a queue is not served, and what to do about it."""
    return gettext(
        "No worker serves the queue “%(queue)s”, so nothing is judged until one does. Whoever"
        " operates this installation starts the workers with: manage.py serve"
    ) % {"queue": queue}
