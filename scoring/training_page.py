"""A trained judge beside what it has to beat, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.agreement import Reason, Statistic
from scoring.curve_chart import CurveChart, curve_chart
from scoring.figures import Figure, figure
from scoring.learned.evaluate import (
    BY_SOURCE,
    CRITERION,
    LEARNED,
    MAJORITY,
    PAIRS,
    REST,
    SOURCE,
    UNTRAINED,
    Warned,
)
from scoring.models import Judge
from scoring.training_reports import FIGURES, trained_of

_ROWS = {
    LEARNED: _("This judge, on tasks it had not seen"),
    BY_SOURCE: _("This judge, on sources it had not seen"),
    MAJORITY: _("Always the more frequent answer"),
    CRITERION: _("From the criterion alone"),
    SOURCE: _("From criterion and source alone"),
    UNTRAINED: _("The model untrained"),
    PAIRS: _("One person against another"),
    REST: _("One person against the majority of the others"),
}
_WARNINGS = {
    Warned.CHANCE: _("On tasks it had not seen it is no better than chance: do not use it."),
    Warned.CRITERION: _(
        "It is no better than knowing the criterion, without the response: do not use it."
    ),
    Warned.SOURCE: _(
        "It is no better than knowing the criterion and who wrote the response, and may have"
        " learned just that: do not rank sources by it."
    ),
    Warned.UNSEEN: _(
        "On responses of a source it had not seen it is no better than chance: expect nothing of"
        " it on a new model."
    ),
}


@dataclass(frozen=True)
class Row:
    """A judge, or what stands for one, against the people. n: cells behind kappa."""

    name: str
    n: int
    kappa: Figure
    auc: Figure
    macro_f1: Figure
    brier: Figure
    ece: Figure


@dataclass(frozen=True)
class Step:
    """A step of the learning curve."""

    tasks: float
    verdicts: float
    kappa: Figure
    auc: Figure


@dataclass(frozen=True)
class Training:
    """What a judge was trained on and how it did; `trained` as it is stored."""

    trained: Mapping[str, Any]
    rows: list[Row]
    curve: list[Step]
    warnings: list[str]

    @property
    def kappa_chart(self) -> CurveChart | None:
        """The learning curve of kappa; None where there is too little to draw."""
        return curve_chart([(step.verdicts, step.kappa) for step in self.curve])

    @property
    def auc_chart(self) -> CurveChart | None:
        """The same of the AUC."""
        return curve_chart([(step.verdicts, step.auc) for step in self.curve])

    @property
    def left_out(self) -> int:
        """Cells that people judged and that could not be learned from."""
        return sum(self.trained["left_out"].values())


def training_of(judge: Judge, floor: int) -> Training | None:
    """The training of a trained judge; None for another kind."""
    trained = trained_of(judge)
    if "evaluation" not in trained:
        return None
    found = trained["evaluation"]
    rows = [
        Row(
            name=str(_ROWS.get(row["name"], row["name"])),
            n=row["kappa"]["n"],
            **{name: _figure(row[name], floor) for name in FIGURES},
        )
        for row in found["judges"]
    ]
    curve = [
        Step(row["tasks"], row["verdicts"], *(_figure(row[each], floor) for each in FIGURES[:2]))
        for row in found["curve"]
    ]
    known = {each.value: words for each, words in _WARNINGS.items()}
    warnings = [str(known.get(each, gettext(each))) for each in found["warnings"]]
    return Training(trained, rows, curve, warnings)


def _figure(stored: Mapping[str, Any], floor: int) -> Figure:
    reason = None if stored["reason"] is None else Reason(stored["reason"])
    ends = (stored["value"], stored["low"], stored["high"])
    return figure(Statistic(*ends, n=stored["n"], reason=reason), floor)
