"""What a scripted model replies when it is asked to review a rubric."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from scoring.meta_items import BY_KEY
from tests.scripted_server import Answer, Call


def asked(call: Call) -> list[str]:
    """The items that a call is about."""
    return re.findall(r'^- "(\w+)":', call.text, re.M)


def entries(call: Call, **answers: str) -> list[dict[str, Any]]:
    """All is well, unless told otherwise."""
    return [
        {
            "item": key,
            "reason": f"Because of {key}.",
            "criteria": ["warns", "no-such-key"],
            "answer": answers.get(key, "no" if BY_KEY[key].fault else "yes"),
        }
        for key in asked(call)
    ]


def reply(rows: Sequence[object]) -> Answer:
    return Answer(content=json.dumps({"items": list(rows)}))
