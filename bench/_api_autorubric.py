"""The other side of the benchmark of hosted judges: autorubric, in a process of its own.

    python _api_autorubric.py ADDRESS ITEMS CRITERIA AT_ONCE MODE

Prints a JSON object: verdicts, seconds of wall time, seconds of processor time.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time

from _api_data import criterion, response


async def _judge(address: str, items: int, criteria: int, at_once: int, mode: str) -> int:
    """How many verdicts autorubric reached."""
    from autorubric import LLMConfig, evaluate
    from autorubric.dataset import DataItem, RubricDataset
    from autorubric.graders import CriterionGrader
    from autorubric.rubric import Criterion, Rubric

    config = LLMConfig(
        model="openai/m",
        api_base=address,
        api_key="none",
        temperature=0.0,
        max_parallel_requests=at_once,
        cache_enabled=False,
    )
    rubric = Rubric(
        [Criterion(name=f"c{n}", weight=1.0, requirement=criterion(n)) for n in range(criteria)]
    )
    data = RubricDataset(
        prompt="Explain the matter to a patient.",
        rubric=rubric,
        items=[DataItem(submission=response(n), description=f"r{n}") for n in range(items)],
    )
    grader = CriterionGrader(judge_model_config=config, llm_calls=mode)
    with tempfile.TemporaryDirectory() as folder:
        result = await evaluate(
            data, grader, show_progress=False, experiment_name="bench", experiments_dir=folder
        )
    return sum(
        1
        for item in result.item_results
        for each in item.report.report or ()
        if each.final_verdict is not None
    )


def main() -> None:
    address, items, criteria, at_once, mode = sys.argv[1:]
    given = int(criteria), int(at_once), mode
    asyncio.run(_judge(address, 3, *given))  # imports happen as it goes
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    verdicts = asyncio.run(_judge(address, int(items), *given))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    seconds = time.perf_counter() - begun
    print(json.dumps({"verdicts": verdicts, "seconds": seconds, "cpu": cpu}))


if __name__ == "__main__":
    main()
