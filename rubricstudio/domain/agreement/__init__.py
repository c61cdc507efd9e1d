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
from rubricstudio.domain.agreement.confusion import confusion_matrix, percent_agreement
from rubricstudio.domain.agreement.counts import Level
from rubricstudio.domain.agreement.kappa import cohen_kappa, fleiss_kappa, gwet_ac
from rubricstudio.domain.agreement.panel import majority, unanimous
from rubricstudio.domain.agreement.people import (
    PanelAgreement,
    PeopleAgreement,
    people_agreement,
)
from rubricstudio.domain.agreement.statistic import FLOOR, Reason, Statistic

__all__ = [
    "FLOOR",
    "Bootstrap",
    "Comparison",
    "JudgeAgreement",
    "Level",
    "PanelAgreement",
    "PeopleAgreement",
    "Reason",
    "Statistic",
    "alpha",
    "cohen_kappa",
    "compare",
    "confusion_matrix",
    "consensus",
    "fleiss_kappa",
    "gwet_ac",
    "majority",
    "people_agreement",
    "percent_agreement",
    "unanimous",
]
