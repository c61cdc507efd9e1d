"""What a hosted judge is asked where one call is about several criteria of a response.

Each criterion has a number, and the reply repeats number and text of each, so that no verdict
can slip to the criterion before or after it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rubricstudio.domain.rubric import Criterion, MetMeans
from scoring.judges.prompts import (
    DECIDING,
    FAULT,
    QUOTES_NEEDED,
    QUOTES_WELCOME,
    block,
    compose,
    criterion_text,
    example_blocks,
    offer_lines,
    request_code,
    strict_object,
    verdict_schema,
)
from scoring.judges.protocol import JudgeRequest, Message

RUBRIC_PROMPT_VERSION = "rubric-1"

SEVERAL_CRITERIA = """\
You examine one response to a task against several criteria and report a verdict on each of \
them. Take them one at a time: a verdict rests on its own criterion alone, and neither the \
other criteria nor other strengths and weaknesses of the response play any part in it."""

JSON_REPLY = """\
Reply with one JSON object and nothing else:
{{"verdicts": [{{"number": <the criterion's number>, \
"criterion": "<the first line of its block, copied exactly>", \
"rationale": "<one or two sentences that lead to the verdict>", \
"quotes": ["<passages copied exactly from the response>"], "verdict": "<the verdict>"}}]}}
Give one entry for each criterion, {count} in all, in their order and none twice. An entry \
whose number and criterion do not belong together does not count. {quotes}"""

TEXT_REPLY = """\
Take the criteria in their order. For each of them write
- a line that reads "Criterion {code} ", its number, ": " and the first line of its block, \
copied exactly;
- your reasoning in one or two sentences;
- each passage you rely on, copied exactly, on a line of its own that starts with "Quote: ";
- one line that reads "Verdict {code} ", its number, ": " and the verdict.
Do so once for each criterion, {count} in all, and write nothing after the last. {quotes}"""


def rubric_messages(requests: Sequence[JudgeRequest], *, json_reply: bool) -> tuple[Message, ...]:
    """The prompt for requests that differ in nothing but their criteria."""
    code = request_code(requests[0])
    criteria = [request.criterion for request in requests]
    asked = [part for n, request in enumerate(requests, 1) for part in _asked(n, request, code)]
    form = (JSON_REPLY if json_reply else TEXT_REPLY).format(
        code=code, count=len(criteria), quotes=QUOTES_WELCOME
    )
    return compose(requests[0], (SEVERAL_CRITERIA, DECIDING), (*asked, *_offers(criteria), form))


def rubric_schema(criteria: Sequence[Criterion]) -> dict[str, object]:
    """The JSON schema of a reply: a list of entries, in an object as providers want it."""
    entry = strict_object(
        {
            "number": {"type": "integer"},
            "criterion": {"type": "string"},
            "rationale": {"type": "string"},
            "quotes": {"type": "array", "items": {"type": "string"}},
            "verdict": verdict_schema(criterion.scale for criterion in criteria),
        }
    )
    return strict_object({"verdicts": {"type": "array", "items": entry}})


def echo_of(criterion: Criterion) -> str:
    """What an entry of a reply repeats of its criterion: its text on one line."""
    return " ".join(criterion.text.split())


def _asked(number: int, request: JudgeRequest, code: str) -> list[str]:
    criterion = request.criterion
    lines = [block(f"CRITERION {number}", criterion_text(criterion, echo_of(criterion)), code)]
    if criterion.met_means is MetMeans.BAD:
        lines.append(FAULT)
    if criterion.evidence_required:
        lines.append(QUOTES_NEEDED)
    return ["\n".join(lines), *example_blocks(request, f"{number}.")]


def _offers(criteria: Sequence[Criterion]) -> list[str]:
    """What is offered, once for all criteria that are offered the same."""
    numbers: dict[tuple[str, ...], list[int]] = {}
    for n, criterion in enumerate(criteria, 1):
        numbers.setdefault(tuple(offer_lines(criterion.scale)), []).append(n)
    if len(numbers) == 1:
        return ["\n".join(["Verdicts offered for each criterion:", *lines]) for lines in numbers]
    return [
        "\n".join([f"Verdicts offered for criterion {', '.join(map(str, places))}:", *lines])
        for lines, places in numbers.items()
    ]
