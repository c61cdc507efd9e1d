"""What a hosted judge is asked where it compares two responses by one criterion.

A call shows them in one order, as A and B; another call shows them the other way round. Task and
responses come first, so that a server that caches prompts reads them once for all criteria of a
pair in one order.
"""

from __future__ import annotations

from rubricstudio.domain.rubric import MetMeans
from scoring.judges.offers import CANNOT_ASSESS
from scoring.judges.prompts import (
    QUOTES_WELCOME,
    block,
    compose,
    criterion_text,
    request_code,
    strict_object,
)
from scoring.judges.protocol import Message, PairRequest

PAIR_PROMPT_VERSION = "pair-1"
A, B, SAME = "A", "B", "same"

TWO_RESPONSES = """\
You compare two responses to one task, A and B, by one criterion, and report which of them is \
the better one by that criterion alone. Other strengths and weaknesses of the responses play no \
part."""

COMPARING = """\
Deciding
- Read both responses before you decide. Their order is arbitrary: that one is called A says \
nothing for or against it. Nor do length, layout and tone, unless the criterion is about them.
- Go by what the responses say. Credit the same meaning in other words, unless the criterion \
asks for particular words; do not credit what is merely hinted at or could be guessed.
- A criterion that asks for several things is one whole: a response that has every one of them is \
better than one that lacks some, and of two that lack some, the one that lacks less is better. \
Things listed as examples ("such as", "for example", "including") are not each required.
- Some criteria describe a fault. By such a criterion the better response is the one that does \
not commit the fault, or commits it less. To mention a fault, for instance to warn of it, is not \
to commit it.
- "same" means that the criterion makes no difference between the two: both have what it asks \
for alike, or both lack it alike. Where you cannot name a difference, choose "same".
- "{cannot_assess}" is for material that leaves anyone unable to decide, for instance because \
it is cut off or a document it relies on is missing."""

OFFERS = f"""\
Verdicts offered:
- "{A}": response A is better by the criterion
- "{B}": response B is better by the criterion
- "{SAME}": the criterion makes no difference between them
- "{CANNOT_ASSESS}": the material does not let anyone decide"""

JSON_REPLY = """\
Reply with one JSON object and nothing else:
{{"rationale": "<two or three sentences that lead to the verdict>", \
"quotes_a": ["<passages copied exactly from response A>"], \
"quotes_b": ["<passages copied exactly from response B>"], "verdict": "<the verdict>"}}
{quotes}"""

TEXT_REPLY = """\
First explain your reasoning in two or three sentences. {quotes}
Copy each passage you rely on exactly, on a line of its own that starts with "Quote A: " or \
"Quote B: ", by the response it is from.
Then end with one line that reads "Verdict {code}: " and the verdict, and write nothing after it."""

FAULT = (
    "This criterion describes a fault: the better response is the one without it, or with less "
    "of it."
)
QUOTES_NEEDED = (
    "This criterion needs evidence: quote at least one passage that decides it, unless what "
    "decides it is that something is missing."
)


def pair_messages(request: PairRequest, *, json_reply: bool) -> tuple[Message, ...]:
    """The prompt for one comparison: the rules, then the material, criterion and reply's form."""
    criterion, code = request.criterion, request_code(request)
    asked = [block("CRITERION", criterion_text(criterion, criterion.text), code)]
    if criterion.met_means is MetMeans.BAD:
        asked.append(FAULT)
    asked.append(OFFERS)
    form = (JSON_REPLY if json_reply else TEXT_REPLY).format(
        code=code, quotes=QUOTES_NEEDED if criterion.evidence_required else QUOTES_WELCOME
    )
    return compose(request, (TWO_RESPONSES, COMPARING), ("\n".join(asked), form))


def pair_schema() -> dict[str, object]:
    """The JSON schema of a reply; the verdict comes last, after the reasons for it."""
    passages = {"type": "array", "items": {"type": "string"}}
    return strict_object(
        {
            "rationale": {"type": "string"},
            "quotes_a": passages,
            "quotes_b": passages,
            "verdict": {"type": "string", "enum": [A, B, SAME, CANNOT_ASSESS]},
        }
    )
