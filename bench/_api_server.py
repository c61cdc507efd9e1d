"""A model that answers after a fixed time, to one criterion or to all, to either side.

    python _api_server.py SECONDS

Prints its address, and serves until it is ended.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.scripted_server import Answer, Call, ScriptedServer  # noqa: E402

NUMBERED = re.compile(r"<<CRITERION (\d+) [0-9a-f]{12}>>\n([^\n]*)")
REASON = "The response names the doctor to call, and says when."
ONE = {"rationale": REASON, "quotes": ["call your doctor"], "verdict": "met"}
# What autorubric reads stands beside what we read.
EITHER = json.dumps({**ONE, "criterion_status": "MET", "explanation": REASON})


def answer(delay: float, call: Call) -> Answer:
    """A verdict on each criterion that the prompt numbers, else on the one it asks about."""
    numbered = NUMBERED.findall(call.text)
    if not numbered:
        return Answer(content=EITHER, delay=delay)
    entries = [{"number": int(n), "criterion": text, **ONE} for n, text in numbered]
    return Answer(content=json.dumps({"verdicts": entries}), delay=delay)


def main() -> None:
    with ScriptedServer(partial(answer, float(sys.argv[1]))) as server:
        print(server.url, flush=True)
        threading.Event().wait()  # until it is ended


if __name__ == "__main__":
    main()
