"""What raters said: raters, the rounds they spoke in, verdicts and preferences.

Verdicts and preferences are append-only: the database refuses to change or delete a
row, a correction is a row with the next `revision`. Their references are checked once
per statement instead of once per row (see docs/adr/0007), which is what makes
importing a hundred thousand of them a matter of a second.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain.verdict import VerdictStatus
from rubricstudio.models.accounts import User
from rubricstudio.models.guards import append_only, kept_by_verdicts
from rubricstudio.models.projects import Project
from rubricstudio.models.rubrics import Criterion, RubricVersion
from rubricstudio.models.tasks import Preferred, Response, Task


class RaterKind(models.TextChoices):
    PERSON = "person", _("person")
    JUDGE = "judge", _("judge")


class RoundKind(models.TextChoices):
    """A session gathers people's verdicts, a run a judge's."""

    SESSION = "session", _("session")
    RUN = "run", _("run")


class Rater(models.Model):
    """A person or a judge, as the author of verdicts in one project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="raters")
    kind = models.CharField(max_length=10, choices=RaterKind.choices)
    name = models.CharField(max_length=200)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="raters"
    )

    class Meta:
        db_table = "studio_rater"
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "name"], name="rater_name_once"),
            models.UniqueConstraint(
                fields=["project", "user"],
                condition=Q(user__isnull=False),
                name="rater_user_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="person") | Q(kind="judge", user__isnull=True),
                name="rater_judge_is_no_user",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="rater_name_given"),
        ]
        triggers = [kept_by_verdicts("rater_kept", "rater_id")]

    def __str__(self) -> str:
        return self.name


class Round(models.Model):
    """Where verdicts were gathered: an annotation session or a judge run, here or elsewhere.

    `version` is null where each task has a rubric of its own. A round carried out
    here also has an `annotations.Session` or a `scoring.Run`; an imported one has not.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    kind = models.CharField(max_length=10, choices=RoundKind.choices)
    name = models.CharField(max_length=200)
    version = models.ForeignKey(
        RubricVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="rounds"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "studio_round"
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "name"], name="round_name_once"),
            models.CheckConstraint(condition=Q(kind__in=RoundKind.values), name="round_kind_known"),
            models.CheckConstraint(condition=~Q(name=""), name="round_name_given"),
        ]
        triggers = [kept_by_verdicts("round_kept", "round_id")]

    def __str__(self) -> str:
        return self.name


class VerdictQuerySet(models.QuerySet["Verdict"]):
    def current(self) -> VerdictQuerySet:
        """The last revision of each (round, response, criterion, rater, sample)."""
        cell = ["round_id", "response_id", "criterion_id", "rater_id", "sample"]
        return self.order_by(*cell, "-revision").distinct(*cell)

    def counted(self) -> VerdictQuerySet:
        """Without the further samples of people who work here.

        Those are items that came back to see whether a person agrees with themselves, and
        items whose answer is known. A judge's samples count, and so do imported ones.
        """
        return self.filter(Q(sample=0) | Q(rater__user=None))


# Locks each parent once (as a foreign key would, row by row) so that it cannot vanish
# before this transaction ends. Then checks that every reference exists, that all of them
# lie in one project, and that the value lies on the criterion's scale: what was said by
# whom once for the many responses it was said of, and the responses once a round.
_VERDICT_REFERENCES = """
    SELECT array_agg(DISTINCT n.round_id), array_agg(DISTINCT n.rater_id),
           array_agg(DISTINCT n.criterion_id) INTO rounds, raters, criteria
      FROM (SELECT DISTINCT round_id, rater_id, criterion_id FROM new_rows) n;
    PERFORM 1 FROM studio_round WHERE id = ANY(rounds) FOR KEY SHARE;
    PERFORM 1 FROM studio_rater WHERE id = ANY(raters) FOR KEY SHARE;
    PERFORM 1 FROM studio_criterion WHERE id = ANY(criteria) FOR KEY SHARE;
    PERFORM 1 FROM studio_response
      WHERE id IN (SELECT response_id FROM new_rows) FOR KEY SHARE;
    SELECT count(*) INTO total FROM new_rows;
    SELECT coalesce(sum(n.times), 0) INTO said
      FROM (SELECT round_id, rater_id, criterion_id, status, value, count(*) AS times
              FROM new_rows GROUP BY round_id, rater_id, criterion_id, status, value) n
      JOIN studio_round ro ON ro.id = n.round_id
      JOIN studio_rater ra ON ra.id = n.rater_id AND ra.project_id = ro.project_id
      JOIN studio_criterion c ON c.id = n.criterion_id AND NOT c.is_group
      JOIN studio_rubric_version v ON v.id = c.version_id AND v.status <> 'draft'
      JOIN studio_rubric ru ON ru.id = v.rubric_id AND ru.project_id = ro.project_id
     WHERE (ro.version_id IS NULL OR ro.version_id = c.version_id)
       AND (n.status <> 'ok' OR CASE c.scale_kind
            WHEN 'binary' THEN n.value IN (0, 1)
            WHEN 'points' THEN n.value BETWEEN 0 AND c.maximum
            ELSE EXISTS (SELECT 1 FROM jsonb_array_elements(c.levels) l
                          WHERE (l ->> 'value')::double precision = n.value) END);
    SELECT coalesce(sum(n.times), 0) INTO about
      FROM (SELECT round_id, response_id, count(*) AS times
              FROM new_rows GROUP BY round_id, response_id) n
      JOIN studio_round ro ON ro.id = n.round_id
      JOIN studio_response re ON re.id = n.response_id AND re.project_id = ro.project_id;
    SELECT count(*) INTO astray
      FROM new_rows n
      JOIN (SELECT c.id, ru.task_id
              FROM studio_criterion c
              JOIN studio_rubric_version v ON v.id = c.version_id
              JOIN studio_rubric ru ON ru.id = v.rubric_id
             WHERE c.id = ANY(criteria) AND ru.task_id IS NOT NULL) bound
        ON bound.id = n.criterion_id
      JOIN studio_response re ON re.id = n.response_id AND re.task_id <> bound.task_id;
    IF said < total OR about < total OR astray > 0 THEN
        RAISE EXCEPTION '% of % verdicts name a missing or foreign round, rater, response or '
            'criterion, a draft version, or a value off the scale',
            greatest(total - said, total - about, astray), total
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
"""


class Verdict(models.Model):
    """One rater, one response, one criterion: a value, or a status that says why there is none.

    `value` is on the criterion's scale. `sample` counts a judge's repeated answers,
    `revision` a correction of the same answer. `provenance` of a machine verdict holds
    model, parameters, prompt_sha256, raw_reply, tokens, cost and latency; of a
    correction, the reason. `evidence` is a list of {text, start, end, match, distance}.
    """

    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, related_name="verdicts", db_constraint=False, db_index=True
    )
    response = models.ForeignKey(
        Response,
        on_delete=models.PROTECT,
        related_name="verdicts",
        db_constraint=False,
        db_index=False,
    )
    criterion = models.ForeignKey(
        Criterion,
        on_delete=models.PROTECT,
        related_name="verdicts",
        db_constraint=False,
        db_index=False,
    )
    rater = models.ForeignKey(
        Rater,
        on_delete=models.PROTECT,
        related_name="verdicts",
        db_constraint=False,
        db_index=False,
    )
    sample = models.PositiveSmallIntegerField(default=0, db_default=0)
    revision = models.PositiveSmallIntegerField(default=0, db_default=0)
    status = models.CharField(max_length=16)
    value = models.FloatField(null=True, blank=True)
    rationale = models.TextField(blank=True, db_default="")
    evidence = models.JSONField(default=list, blank=True, db_default=[])
    confidence = models.FloatField(null=True, blank=True)
    provenance = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = VerdictQuerySet.as_manager()

    class Meta:
        db_table = "studio_verdict"
        constraints = [
            models.UniqueConstraint(
                fields=["response", "criterion", "rater", "round", "sample", "revision"],
                name="verdict_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in VerdictStatus]),
                name="verdict_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="ok", value__isnull=False)
                | (~Q(status="ok") & Q(value__isnull=True)),
                name="verdict_value_iff_ok",
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="verdict_confidence_range",
            ),
        ]
        triggers = [
            append_only("verdict_append_only"),
            pgtrigger.Trigger(
                name="verdict_references",
                level=pgtrigger.Statement,
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                referencing=pgtrigger.Referencing(new="new_rows"),
                declare=[
                    *(("rounds", "bigint[]"), ("raters", "bigint[]"), ("criteria", "bigint[]")),
                    *((count, "bigint") for count in ("total", "said", "about", "astray")),
                ],
                func=_VERDICT_REFERENCES,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rater_id}: {self.status} {self.value}"


class Preference(models.Model):
    """Which of two responses of a task a rater preferred, or why there is no answer."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="preferences")
    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="preferences")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="preferences")
    response_a = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    response_b = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    sample = models.PositiveSmallIntegerField(default=0, db_default=0)
    revision = models.PositiveSmallIntegerField(default=0, db_default=0)
    status = models.CharField(max_length=16, default="ok")
    preferred = models.CharField(max_length=3, choices=Preferred.choices, null=True, blank=True)
    strength = models.FloatField(null=True, blank=True)
    rationale = models.TextField(blank=True, db_default="")
    provenance = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "studio_preference"
        constraints = [
            models.UniqueConstraint(
                fields=["response_a", "response_b", "rater", "round", "sample", "revision"],
                name="preference_once",
            ),
            models.CheckConstraint(
                condition=~Q(response_a=F("response_b")), name="preference_two_responses"
            ),
            models.CheckConstraint(
                # A check that comes out null passes, so the null is asked for by name.
                condition=Q(status="ok", preferred__isnull=False, preferred__in=Preferred.values)
                | (~Q(status="ok") & Q(preferred__isnull=True)),
                name="preference_value_iff_ok",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in VerdictStatus]),
                name="preference_status_known",
            ),
            models.CheckConstraint(
                condition=Q(strength__isnull=True) | Q(strength__gte=-2, strength__lte=2),
                name="preference_strength_range",
            ),
        ]
        triggers = [append_only("preference_append_only")]

    def __str__(self) -> str:
        return f"{self.rater_id}: {self.preferred}"
