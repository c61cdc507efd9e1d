"""The requests that judge tests share: a dosage question, three answers, three scales."""

from __future__ import annotations

from typing import Any

from rubricstudio.domain.rubric import Criterion, Level, MetMeans, Scale, ScaleKind
from scoring.judges import JudgeRequest, Message
from scoring.judges.protocol import PairRequest

NAMES_A_DOSE = Criterion(key="dose", text="The response names a dose.")
INVENTS = Criterion(key="invents", text="The response invents a dose.", met_means=MetMeans.BAD)
CLARITY = Criterion(
    key="clarity",
    text="How clear is the response?",
    scale=Scale(
        ScaleKind.ORDINAL,
        (
            Level(-1.0, "Misleading", "The reader would act wrongly."),
            Level(0.0, "Muddled"),
            Level(2.5, "Clear", "The reader knows what to do."),
        ),
    ),
)
COMPLETENESS = Criterion(
    key="complete", text="The response is complete.", scale=Scale(ScaleKind.POINTS, maximum=5.0)
)

QUESTION = (Message("user", "How much ibuprofen may an adult take?"),)
DOSED = "Take 400 mg every six hours, and no more than 1,200 mg a day."
VAGUE = "It depends on many things. Please ask a pharmacist."


def a_request(
    criterion: Criterion = NAMES_A_DOSE, text: str | None = DOSED, **others: Any
) -> JudgeRequest:
    return JudgeRequest(
        criterion=criterion,
        response_text=text,
        **{"messages": QUESTION, "response_id": "r1"} | others,
    )


def a_pair(
    text: str | None = DOSED,
    other: str | None = VAGUE,
    response_id: str = "r1",
    criterion: Criterion = NAMES_A_DOSE,
    **others: Any,
) -> PairRequest:
    """Two responses, the first shown as A."""
    return PairRequest(
        criterion=criterion,
        response_text=text,
        other_text=other,
        **{"messages": QUESTION, "response_id": response_id, "other_id": "r2"} | others,
    )


def all_requests() -> list[JudgeRequest]:
    """One request per scale, texts of different lengths, and one response without text."""
    return [
        a_request(NAMES_A_DOSE, DOSED, response_id="dosed"),
        a_request(CLARITY, VAGUE, response_id="vague"),
        a_request(NAMES_A_DOSE, None, response_id="textless"),
        a_request(COMPLETENESS, DOSED * 3, response_id="long", reference=DOSED),
        a_request(INVENTS, "", response_id="empty", context=("Adults: 400 mg.",)),
    ]
