"""What the file's ids mean in the database: responses, criteria, raters and rounds."""

from __future__ import annotations

from dataclasses import dataclass

from rubricstudio.domain.formats.records import RaterKind as RecordRaterKind
from rubricstudio.domain.formats.records import VerdictRecord
from rubricstudio.domain.rubric import Scale
from rubricstudio.models import (
    Project,
    Rater,
    Response,
    Round,
    RubricVersion,
    Task,
    User,
    VersionStatus,
)


class Unknown(LookupError):
    """The file names something that is not there: (field, message, hint)."""

    def __init__(self, field: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.field, self.message, self.hint = field, message, hint


@dataclass(frozen=True, slots=True)
class Leaf:
    """A criterion that can be judged: its row and its scale."""

    pk: int
    scale: Scale


class Directory:
    """Looks ids up once and remembers them for the length of one import."""

    def __init__(self, project: Project, by: User) -> None:
        self.project, self.by = project, by
        tasks = Task.objects.filter(project=project).values_list("external_id", "pk")
        self.tasks: dict[str, int] = dict(tasks.iterator(chunk_size=10_000))
        responses = Response.objects.filter(project=project)
        columns = responses.values_list("external_id", "pk", "task_id").iterator(chunk_size=10_000)
        self.responses: dict[str, tuple[int, int]] = {
            name: (pk, task) for name, pk, task in columns
        }
        self._leaves: dict[int, dict[str, Leaf]] = {}
        self._newest_of: dict[str, RubricVersion | None] = {}
        # A file has few of these beside its verdicts: (person, round, rubric, criterion, rater).
        self._cells: dict[tuple[bool, str, str, str, str], tuple[int, Leaf, int]] = {}
        self._raters: dict[tuple[str, str], int] = {}
        self._rounds: dict[tuple[str, str], Round] = {}
        self.new_rounds: dict[int, set[int]] = {}

    def forget_rubric(self, external_id: str) -> None:
        """A rubric has a new version: look it up again."""
        self._newest_of.pop(external_id, None)

    def task(self, external_id: str) -> int:
        """The task's row. Raises Unknown."""
        try:
            return self.tasks[external_id]
        except KeyError:
            hint = "Import the task in this file or before it."
            raise Unknown("task", f"there is no task {external_id!r}", hint) from None

    def response(self, external_id: str) -> tuple[int, int]:
        """The response's row and its task's. Raises Unknown."""
        try:
            return self.responses[external_id]
        except KeyError:
            hint = "Import the response in this file or before it."
            raise Unknown("response", f"there is no response {external_id!r}", hint) from None

    def rater(self, kind: RecordRaterKind, name: str) -> int:
        """The rater's row, made on first use."""
        known = self._raters.get((kind, name))
        if known is None:
            row, _ = Rater.objects.get_or_create(project=self.project, kind=kind.value, name=name)
            known = self._raters[kind, name] = row.pk
        return known

    def round(self, kind: str, name: str) -> Round:
        """The round, made on first use without a version (see `settle_rounds`)."""
        known = self._rounds.get((kind, name))
        if known is None:
            known, new = Round.objects.select_related("version").get_or_create(
                project=self.project, kind=kind, name=name, defaults={"created_by": self.by}
            )
            self._rounds[kind, name] = known
            if new:
                self.new_rounds[known.pk] = set()
        return known

    def cell(self, record: VerdictRecord) -> tuple[int, Leaf, int]:
        """The verdict's round, criterion and rater. Raises Unknown."""
        person = record.rater_kind is RecordRaterKind.PERSON
        words = (person, record.round, record.rubric, record.criterion, record.rater)
        known = self._cells.get(words)
        if known is None:
            round_ = self.round(record.round_kind.value, record.round)
            leaf = self.leaf(record, round_)
            known = (round_.pk, leaf, self.rater(record.rater_kind, record.rater))
            self._cells[words] = known
        return known

    def leaf(self, record: VerdictRecord, round_: Round) -> Leaf:
        """The criterion that a verdict names, in the round's or the newest version.

        Raises Unknown.
        """
        version = self._version(record.rubric, round_)
        found = self._leaf_of(version, record.rubric, record.criterion)
        if round_.pk in self.new_rounds:
            self.new_rounds[round_.pk].add(version.pk)
        return found

    def newest_leaf(self, rubric: str, key: str) -> Leaf:
        """A criterion of the rubric's newest published version. Raises Unknown."""
        return self._leaf_of(self._newest(rubric), rubric, key)

    def _leaf_of(self, version: RubricVersion, rubric: str, key: str) -> Leaf:
        try:
            return self._leaves_of(version)[key]
        except KeyError:
            message = f"rubric {rubric!r} has no criterion {key!r}"
            hint = "A verdict names a criterion by its key; groups carry no verdicts."
            raise Unknown("criterion", message, hint) from None

    def _newest(self, rubric: str) -> RubricVersion:
        newest = self._newest_published(rubric)
        if newest is None:
            hint = "Publish it first, or set published in the file."
            raise Unknown("rubric", f"there is no published rubric {rubric!r}", hint)
        return newest

    def _version(self, rubric: str, round_: Round) -> RubricVersion:
        newest = self._newest(rubric)
        pinned = round_.version
        if pinned is None:
            return newest
        if pinned.rubric_id != newest.rubric_id:
            message = f"the {round_.kind} {round_.name!r} is about another rubric than {rubric!r}"
            raise Unknown("rubric", message, "Give these verdicts a session or run of their own.")
        return pinned

    def has_rubric(self, external_id: str) -> bool:
        """Whether there is a published rubric of this id by now."""
        return self._newest_published(external_id) is not None

    def _newest_published(self, external_id: str) -> RubricVersion | None:
        if external_id not in self._newest_of:
            self._newest_of[external_id] = (
                RubricVersion.objects.select_related("rubric")
                .filter(
                    rubric__project=self.project,
                    rubric__external_id=external_id,
                    status=VersionStatus.PUBLISHED,
                )
                .order_by("number")
                .last()
            )
        return self._newest_of[external_id]

    def _leaves_of(self, version: RubricVersion) -> dict[str, Leaf]:
        if version.pk not in self._leaves:
            rows = version.criteria.filter(is_group=False)
            self._leaves[version.pk] = {row.key: Leaf(row.pk, row.as_scale()) for row in rows}
        return self._leaves[version.pk]

    def settle_rounds(self) -> None:
        """Pin each new round to its version where all its verdicts are about one project rubric."""
        for pk, versions in self.new_rounds.items():
            if len(versions) == 1:
                version = RubricVersion.objects.select_related("rubric").get(pk=versions.pop())
                if version.rubric.task_id is None:
                    Round.objects.filter(pk=pk).update(version=version)
