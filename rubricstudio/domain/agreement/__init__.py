"""Agreement of people with each other and of judges with people.

Every figure is a `Statistic`: a value or None, its interval by task, and n.
"""

from rubricstudio.domain.agreement.alpha import alpha
from rubricstudio.domain.agreement.bootstrap import Bootstrap
from rubricstudio.domain.agreement.compare import (
    Comparison,
    JudgeAgreement,
    compare,
    consensus,
)
from rubricstudio.domain.agreement.confusion import (
    balanced_accuracy_of,
    bias_of,
    confusion_matrix,
    from_confusion,
    macro_f1_of,
    mcc_of,
    percent_agreement,
    precision_of,
    prevalence_of,
    recall_of,
)
from rubricstudio.domain.agreement.counts import Level
from rubricstudio.domain.agreement.icc import icc
from rubricstudio.domain.agreement.kappa import cohen_kappa, fleiss_kappa, gwet_ac
from rubricstudio.domain.agreement.mcnemar import McNemar, discordant, mcnemar
from rubricstudio.domain.agreement.panel import majority, unanimous
from rubricstudio.domain.agreement.people import (
    PanelAgreement,
    PeopleAgreement,
    people_agreement,
)
from rubricstudio.domain.agreement.probability import brier, calibration_error
from rubricstudio.domain.agreement.ranking import auc
from rubricstudio.domain.agreement.statistic import FLOOR, Reason, Statistic

__all__ = [
    "FLOOR",
    "Bootstrap",
    "Comparison",
    "JudgeAgreement",
    "Level",
    "McNemar",
    "PanelAgreement",
    "PeopleAgreement",
    "Reason",
    "Statistic",
    "alpha",
    "auc",
    "balanced_accuracy_of",
    "bias_of",
    "brier",
    "calibration_error",
    "cohen_kappa",
    "compare",
    "confusion_matrix",
    "consensus",
    "discordant",
    "fleiss_kappa",
    "from_confusion",
    "gwet_ac",
    "icc",
    "macro_f1_of",
    "majority",
    "mcc_of",
    "mcnemar",
    "people_agreement",
    "percent_agreement",
    "precision_of",
    "prevalence_of",
    "recall_of",
    "unanimous",
]
