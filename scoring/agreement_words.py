"""What the page of people's agreement calls its figures and rows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from rubricstudio.domain.agreement import Level
from scoring.queries.people import By

NAMES = {
    "alpha": gettext_lazy("Krippendorff’s alpha"),
    "percent": gettext_lazy("Agreement"),
    "kappa": gettext_lazy("Cohen’s kappa"),
    "kappa_linear": gettext_lazy("Kappa, linear"),
    "kappa_quadratic": gettext_lazy("Kappa, quadratic"),
    "fleiss": gettext_lazy("Fleiss’ kappa"),
    "ac1": gettext_lazy("Gwet’s AC1"),
    "ac2": gettext_lazy("Gwet’s AC2"),
    "icc": gettext_lazy("ICC(2,1)"),
    "icc_k": gettext_lazy("ICC(2,k)"),
    "macro_f1": gettext_lazy("Macro-F1"),
    "prevalence": gettext_lazy("Said met"),
}
SHORT = {
    "alpha": gettext_lazy("Alpha"),
    "kappa": gettext_lazy("Kappa"),
    "kappa_linear": gettext_lazy("Linear"),
    "kappa_quadratic": gettext_lazy("Quadratic"),
    "fleiss": gettext_lazy("Fleiss"),
    "ac1": gettext_lazy("AC1"),
    "ac2": gettext_lazy("AC2"),
}
"""Names for the heads of columns."""
SHARES = ("percent", "macro_f1", "prevalence")
BY_WORDS = {
    By.CRITERION: gettext_lazy("Criteria"),
    By.PAIR: gettext_lazy("Pairs of annotators"),
    By.ANNOTATOR: gettext_lazy("Each annotator"),
    By.GROUP: gettext_lazy("Groups"),
}
LEVELS = {
    Level.NOMINAL: gettext_lazy("nominal"),
    Level.ORDINAL: gettext_lazy("ordinal"),
    Level.INTERVAL: gettext_lazy("interval"),
}
KINDS = {
    "overall": gettext_lazy("All together"),
    "criterion": gettext_lazy("Criterion"),
    "pair": gettext_lazy("Pair"),
    "annotator": gettext_lazy("Annotator"),
    "group": gettext_lazy("Group of criteria"),
    "tag": gettext_lazy("Tag of the task"),
    "source": gettext_lazy("Source"),
}
