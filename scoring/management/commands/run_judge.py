"""Let a judge give verdicts on responses, and follow it until it is done.

A judge that is not there yet is made with --kind and --param; one that is there is taken by
name. Without --session, --source, --tag, --task and --first it judges all responses.

    manage.py run_judge demo --judge "SmolLM2" --kind local --first 10 --here
    manage.py run_judge demo --judge GPT --kind llm --param model=openai/gpt-4.1
    manage.py run_judge demo --judge GPT --check
    manage.py run_judge demo --judge GPT --budget 2.50
    manage.py run_judge demo --judge "GPT in pairs" --session "Which is better?"
    manage.py run_judge demo --resume "GPT on Advice v1"

A judge of mode pairwise compares pairs: those of --session or of all sessions, with --pairs all
every two responses of a task. Filters hold for both responses of a pair, and --first counts pairs.

--wait (the default) hands the work to the workers and follows it on stderr; --here judges in
this process and needs no worker; --detach returns at once. Exit codes: 0 done (or started,
with --detach), 1 failed, partial, cancelled or refused, 2 wrong usage or an unknown name.
Before a run with a hosted model it says on stderr what that would take; with --budget or
--budget-tokens no call is sent that could pass it, and --resume takes larger ones.
--check looks in this process for what speaks against the judge and starts nothing: 0 it can judge
(there may be warnings), 1 it cannot.
"""

from __future__ import annotations

import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from rubricstudio.actions.rounds import RoundNeedsPublishedVersion
from rubricstudio.cli import nothing, usage
from rubricstudio.models import Project, User
from rubricstudio.workers import worker_status
from scoring.actions.checks import found_here
from scoring.actions.here import work_here
from scoring.actions.pair_runs import start_planned
from scoring.actions.runs import (
    NO_LIMIT,
    NothingToJudge,
    RunNameTaken,
    RunNotPossible,
    Spending,
    cancel_run,
    resume_run,
)
from scoring.cli import Report
from scoring.estimates import RunEstimate, estimate_run
from scoring.forms import MAX_SAMPLES
from scoring.forms_budget import BudgetForm, LargerBudgetForm
from scoring.judges import JUDGES, calls_models, queue_of
from scoring.judges.checks import Problem
from scoring.models import Judge, Run, RunStatus
from scoring.money_words import estimate_rows, outlook_words
from scoring.naming import (
    UnknownName,
    configuration,
    find_run,
    find_session,
    find_version,
    get_judge,
)
from scoring.queries.longest import longest_responses
from scoring.queries.pair_plans import PairPlan, Pairs, plan_for
from scoring.queries.plans import (
    Narrowing,
    RunPlan,
    UnknownChoice,
    check_choices,
    chosen_responses,
    free_run_name,
)
from scoring.queries.spending import budget_of
from scoring.run_reports import measure, progress_line, run_json, run_sheets
from scoring.wording import no_worker

# A worker that is started again shows up within seconds; beyond this nobody is coming.
PATIENCE = 60.0
LOOK_EVERY = 2.0


class Command(Report):
    help = __doc__
    _said = float("-inf")  # when progress was last told

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.formatter_class = RawDescriptionHelpFormatter
        judge = parser.add_argument_group("the judge")
        judge.add_argument("--judge", metavar="NAME", help="a judge by name")
        judge.add_argument("--kind", metavar="KIND", help="make it: a kind of docs/judges.md")
        judge.add_argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a parameter of docs/judges.md; objects as JSON or @FILE (can be repeated)",
        )
        judge.add_argument(
            "--samples", type=int, default=1, metavar="N", help="times each is asked"
        )
        _add_choices(parser)
        _add_modes(parser)
        self.add_format(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = self.project(options["project"])
        by = self.person(project, options["by"])
        try:
            if options["check"]:
                return self._check(project, options)
            if options["cancel"]:
                run = cancel_run(run=find_run(project, options["cancel"]), by=by)
                return self._print(run, options)
            if options["resume"]:
                run = self._resume(project, by, options)
            else:
                run = self._start(project, by, options)
        except (UnknownName, UnknownChoice) as error:
            raise usage(str(error)) from error
        except _REFUSED as error:
            raise nothing(str(error)) from error
        self._see_through(run, by, options)

    # -- starting

    def _start(self, project: Project, by: User, options: dict[str, Any]) -> Run:
        _check_numbers(options)
        version = find_version(project, options["rubric"], options["number"])
        narrowing = _narrowing(project, options)
        judge = self._judge(project, by, options)
        if options["pairs"] and not judge.compares:
            raise usage(f"the judge {judge} judges single responses: leave out --pairs")
        which, samples = Pairs(options["pairs"] or Pairs.COMPARED), options["samples"]
        plan = plan_for(judge, version, narrowing, which=which, samples=samples)
        self._say_plan(plan)
        limits = _limits(BudgetForm(options))
        if limits != NO_LIMIT and not calls_models(judge.kind, judge.params):
            raise usage(f"the judge {judge} calls no hosted model: it needs no budget")
        self._say_estimate(estimate_run(judge=judge, version=version, plan=plan), limits)
        return start_planned(
            judge=judge,
            version=version,
            plan=plan,
            name=options["name"] or free_run_name(project, judge, version),
            samples=samples,
            by=by,
            limits=limits,
            enqueue=not options["here"],
        )

    def _check(self, project: Project, options: dict[str, Any]) -> None:
        """Say what speaks against the judge; fails where no run can work."""
        _check_numbers(options)
        kind, params = configuration(
            project, options["judge"] or "", kind=options["kind"], params=options["param"]
        )
        version = find_version(project, options["rubric"], options["number"])
        narrowing = _narrowing(project, options)
        rows = chosen_responses(project, version, narrowing)
        found = found_here(kind, params, version, longest_responses(rows, narrowing.first))
        queue = queue_of(kind, params) if kind in JUDGES else ""
        if queue and not options["here"] and queue not in worker_status().queues:
            found.append(Problem(no_worker(queue), False))
        self._print_check(found, options)
        if any(problem.stops for problem in found):
            raise nothing("the judge cannot judge as it is")

    def _print_check(self, found: Sequence[Problem], options: dict[str, Any]) -> None:
        if options["format"] == "json":
            return self.print_json([problem._asdict() for problem in found])
        for problem in found:
            self.stdout.write(f"{'cannot judge' if problem.stops else 'warning'}: {problem.text}")
        if not found:
            self.stdout.write("Nothing speaks against this judge.")

    def _judge(self, project: Project, by: User, options: dict[str, Any]) -> Judge:
        if not options["judge"]:
            raise usage("say with --judge who judges, or use --resume or --cancel")
        judge = get_judge(
            project,
            options["judge"],
            kind=options["kind"],
            params=options["param"],
            by=by,
            before_making=lambda kind, params: self._check_worker(queue_of(kind, params), options),
        )
        self._check_worker(queue_of(judge.kind, judge.params), options)
        return judge

    def _resume(self, project: Project, by: User, options: dict[str, Any]) -> Run:
        run = find_run(project, options["resume"])
        self._check_worker(queue_of(run.judge.kind, run.judge.params), options)
        limits = _limits(LargerBudgetForm(options, budget=budget_of(run)))
        return resume_run(run=run, by=by, limits=limits, enqueue=not options["here"])

    def _check_worker(self, queue: str, options: dict[str, Any]) -> None:
        """Refuse to wait for nobody, before anything is made; say so where nobody waits."""
        if options["here"] or queue in worker_status().queues:
            return
        if options["detach"]:
            self.say(no_worker(queue))
            return
        raise nothing(
            f"{no_worker(queue)}. Nothing was started; --here judges in this process instead"
        )

    def _say_plan(self, plan: RunPlan | PairPlan) -> None:
        samples = f"{plan.samples} sample{'' if plan.samples == 1 else 's'}"
        if isinstance(plan, PairPlan):
            self.say(
                f"{plan.preferences} preferences: {len(plan.pairs)} pairs x {samples};"
                f" {plan.calls} calls: each criterion of {plan.criteria} in both orders"
            )
            if plan.blank:
                self.say(f"{len(plan.blank)} pairs lack a text: they cannot be assessed")
            return
        self.say(
            f"{plan.verdicts} verdicts: {plan.responses} responses x {plan.criteria} criteria"
            f" x {samples}"
        )
        if plan.without_text:
            self.say(f"{plan.without_text} responses have no text: they cannot be assessed")

    def _say_estimate(self, found: RunEstimate | None, limits: Spending) -> None:
        if found is None:
            return
        for row in estimate_rows(found):
            span = f" ({row.span})" if row.span else ""
            self.say(f"{row.label}: {row.value}{span}; {row.how}")
        if outlook := outlook_words(found, limits):
            self.say(outlook)

    # -- seeing it through

    def _see_through(self, run: Run, by: User, options: dict[str, Any]) -> None:
        if options["detach"]:
            return self._print(run, options)
        run = self._here(run, by) if options["here"] else self._follow(run)
        self._print(run, options)
        if run.status != RunStatus.DONE:
            why = f": {run.error}" if run.error else ""
            raise nothing(f"the run {run.round.name!r} is {run.status}{why}")

    def _here(self, run: Run, by: User) -> Run:
        try:
            return work_here(run=run, told=lambda: self._say_progress(run))
        except KeyboardInterrupt:
            cancel_run(run=run, by=by)
            self.say(f"cancelled; go on with --resume {run.round.name!r}")
            return run

    def _say_progress(self, run: Run) -> None:
        if time.monotonic() - self._said < LOOK_EVERY:
            return
        self._said = time.monotonic()
        run.refresh_from_db(fields=["status", "started_at", "finished_at"])
        self.say(progress_line(measure(run)[0]))

    def _follow(self, run: Run) -> Run:
        queue, seen, said = queue_of(run.judge.kind, run.judge.params), time.monotonic(), ""
        while True:
            run.refresh_from_db(fields=["status", "error", "started_at", "finished_at"])
            progress, _ = measure(run)
            line = progress_line(progress)
            if line != said:
                self.say(line)
                said = line
            if not progress.is_unfinished:
                return run
            if queue in worker_status().queues:
                seen = time.monotonic()
            elif time.monotonic() - seen > PATIENCE:
                raise nothing(f"{no_worker(queue)}. The run goes on as soon as one is there")
            # The run is in the workers' hands; its rows are all that tells how far it is.
            time.sleep(LOOK_EVERY)

    def _print(self, run: Run, options: dict[str, Any]) -> None:
        if options["format"] == "json":
            self.print_json(run_json(run))
        else:
            self.print_sheets(run_sheets(run))


_REFUSED = (NothingToJudge, RunNameTaken, RunNotPossible, RoundNeedsPublishedVersion)


def _add_choices(parser: CommandParser) -> None:
    group = parser.add_argument_group("what it judges")
    group.add_argument("--rubric", metavar="ID", help="the rubric, by id or name")
    group.add_argument(
        "--version", type=int, dest="number", metavar="N", help="its version (default: newest)"
    )
    group.add_argument("--session", metavar="NAME", help="the responses of this session")
    for name, what in (
        ("source", "responses of this source"),
        ("tag", "responses to tasks with this tag"),
        ("task", "responses to the task with this id"),
    ):
        metavar = name[0].upper()
        group.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar=metavar,
            help=f"{what} (can be repeated)",
        )
    group.add_argument("--first", type=int, metavar="N", help="only the first N of them")
    group.add_argument(
        "--pairs",
        choices=[each.value for each in Pairs],
        help="for a judge of mode pairwise: the pairs that people compare or compared, of the"
        " session where one is named (the default), or every two responses of a task",
    )


def _add_modes(parser: CommandParser) -> None:
    group = parser.add_argument_group("the run")
    group.add_argument("--name", default="", help="its name (default: judge and version)")
    group.add_argument("--by", metavar="EMAIL", help="who runs it (default: an owner)")
    group.add_argument("--budget", metavar="DOLLARS", help="stop before it costs more than this")
    group.add_argument(
        "--budget-tokens", metavar="N", help="likewise in tokens, of prompts and replies together"
    )
    how = group.add_mutually_exclusive_group()
    how.add_argument("--wait", action="store_true", help="follow the workers (the default)")
    how.add_argument("--here", action="store_true", help="judge in this process")
    how.add_argument("--detach", action="store_true", help="do not wait for the workers")
    what = group.add_mutually_exclusive_group()
    what.add_argument("--resume", metavar="NAME", help="go on with a run that stopped")
    what.add_argument("--check", action="store_true", help="say what speaks against the judge")
    what.add_argument("--cancel", metavar="NAME", help="stop a run; its verdicts stay")


def _check_numbers(options: dict[str, Any]) -> None:
    if not 1 <= options["samples"] <= MAX_SAMPLES:
        raise usage(f"--samples takes a number from 1 to {MAX_SAMPLES}")
    if options["first"] is not None and options["first"] < 1:
        raise usage("--first takes a number from 1 on")
    if len(options["name"]) > 200:
        raise usage("--name takes 200 characters at most")


def _limits(form: BudgetForm) -> Spending:
    """The limits in a form of a budget."""
    for name, errors in form.errors.items():
        raise usage(f"--{name.replace('_', '-')}: {errors[0]}")
    return form.limits()


def _narrowing(project: Project, options: dict[str, Any]) -> Narrowing:
    narrowing = Narrowing(
        session=find_session(project, options["session"]) if options["session"] else None,
        sources=tuple(options["source"]),
        tags=tuple(options["tag"]),
        tasks=tuple(options["task"]),
        first=options["first"],
    )
    check_choices(project, narrowing)
    return narrowing
