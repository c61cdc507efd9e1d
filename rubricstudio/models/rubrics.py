"""Rubrics, their versions, and the criteria of each version."""

from __future__ import annotations

from collections.abc import Mapping

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from rubricstudio.domain import rubric as domain
from rubricstudio.models.accounts import User
from rubricstudio.models.projects import Project
from rubricstudio.models.tasks import Task
from rubricstudio.models.texts import RUBRIC_WORDING, TextDigest, text_words


class VersionStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


class Rubric(models.Model):
    """A named line of versions, for a whole project or for one task."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rubrics")
    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, null=True, blank=True, related_name="rubrics"
    )
    external_id = models.CharField(max_length=300)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    # Shown in the library to everybody who signs in here, as a template and for its criteria.
    shared = models.BooleanField(default=False)
    forked_from = models.ForeignKey(
        "RubricVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="forks"
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "studio_rubric"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "external_id"], name="rubric_external_id_once"
            ),
            models.CheckConstraint(condition=~Q(external_id=""), name="rubric_external_id_given"),
        ]
        indexes = [
            models.Index(TextDigest(RUBRIC_WORDING), name="rubric_digest"),
            GinIndex(text_words(RUBRIC_WORDING), name="rubric_words"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("rubricstudio:rubric", args=[self.project.slug, self.pk])


def semantic_number(given: Mapping[str, int] | None) -> str:
    """The number in three parts of the column `semantic`, empty where there is none."""
    return f"{given['major']}.{given['minor']}.{given['patch']}" if given else ""


def version_label(number: int, given: Mapping[str, int] | None) -> str:
    """A version's two numbers as pages name it: "3 (1.2.0)"."""
    return f"{number} ({semantic_number(given)})" if given else str(number)


class RubricVersion(models.Model):
    """One state of a rubric: draft, then published and frozen by trigger, then retired.

    The three hashes are set at publication: `content` covers everything, `judging`
    what a rater sees, `scoring` weights, gates and aggregator.
    """

    rubric = models.ForeignKey(Rubric, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(
        max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT
    )
    based_on = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    aggregator = models.CharField(max_length=60, default="pos_normalised")
    params = models.JSONField(default=dict, blank=True)
    note = models.TextField(blank=True)
    # What the published number says: {"major", "minor", "patch"}, and why; set at publication.
    semantic = models.JSONField(null=True, blank=True)
    reasons = models.JSONField(default=list, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    judging_hash = models.CharField(max_length=64, blank=True)
    scoring_hash = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    retired_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "studio_rubric_version"
        constraints = [
            models.UniqueConstraint(fields=["rubric", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["rubric"], condition=Q(status="draft"), name="version_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(status__in=VersionStatus.values), name="version_status_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    status="draft",
                    published_by__isnull=True,
                    published_at__isnull=True,
                    content_hash="",
                )
                | (
                    Q(
                        status__in=["published", "retired"],
                        published_by__isnull=False,
                        published_at__isnull=False,
                    )
                    & ~Q(content_hash="")
                ),
                name="version_published_complete",
            ),
            models.CheckConstraint(
                condition=Q(status="retired", retired_by__isnull=False, retired_at__isnull=False)
                | (~Q(status="retired") & Q(retired_by__isnull=True, retired_at__isnull=True)),
                name="version_retired_complete",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="version_frozen",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__status__in=["published", "retired"]),
                func="""
                    IF TG_OP = 'UPDATE'
                        AND (OLD.status = 'published' AND NEW.status = 'retired')
                        AND (to_jsonb(NEW) - ARRAY['status', 'retired_by_id', 'retired_at'])
                          = (to_jsonb(OLD) - ARRAY['status', 'retired_by_id', 'retired_at'])
                    THEN RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'a published rubric version is frozen'
                        USING ERRCODE = 'restrict_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rubric} v{self.label}"

    def get_absolute_url(self) -> str:
        return reverse(
            "rubricstudio:version", args=[self.rubric.project.slug, self.rubric_id, self.number]
        )

    @property
    def semantic_number(self) -> str:
        """What the published number says, as "1.2.0"; empty for a draft and for older versions."""
        return semantic_number(self.semantic)

    @property
    def label(self) -> str:
        """The number that addresses it, with the one that says what changed: "3 (1.2.0)"."""
        return version_label(self.number, self.semantic)

    @property
    def is_draft(self) -> bool:
        return self.status == VersionStatus.DRAFT

    def as_rubric(self) -> domain.Rubric:
        """The version as a domain value, criteria in display order."""
        rows = self.criteria.select_related("parent").order_by("position", "pk")
        return domain.Rubric(
            tuple(row.as_criterion() for row in rows), self.aggregator, dict(self.params)
        )


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Criterion(models.Model):
    """One criterion or group of one version; `key` is the same in every version.

    `row_version` counts edits, so that two tabs cannot overwrite each other unseen.
    `judging_hash` says what a rater sees: verdicts carry over where it is unchanged.
    """

    version = models.ForeignKey(RubricVersion, on_delete=models.CASCADE, related_name="criteria")
    key = models.CharField(max_length=100)
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    is_group = models.BooleanField(default=False)
    position = models.PositiveIntegerField()
    text = models.TextField()
    description = models.TextField(blank=True)
    weight = models.FloatField(default=1.0)
    met_means = models.CharField(
        max_length=4,
        choices=[("good", _("good")), ("bad", _("bad"))],
        default="good",
    )
    scale_kind = models.CharField(
        max_length=10,
        choices=[("binary", _("binary")), ("ordinal", _("ordinal")), ("points", _("points"))],
        default="binary",
    )
    levels = models.JSONField(default=list, blank=True)
    maximum = models.FloatField(default=1.0)
    tier = models.CharField(max_length=10, blank=True)
    gate = models.BooleanField(default=False)
    judged_by = models.CharField(max_length=10, default="anyone")
    evidence_required = models.BooleanField(default=False)
    tags = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    category = models.CharField(max_length=200, blank=True)
    examples = models.JSONField(default=list, blank=True)
    references = ArrayField(models.TextField(), default=list, blank=True)
    program = models.TextField(blank=True)
    origin = models.JSONField(null=True, blank=True)
    judging_hash = models.CharField(max_length=64, blank=True)
    row_version = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "studio_criterion"
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="criterion_key_once"),
            models.UniqueConstraint(
                fields=["version", "position"],
                name="criterion_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=~Q(key=""), name="criterion_key_given"),
            models.CheckConstraint(condition=Q(text__regex=r"\S"), name="criterion_text_given"),
            models.CheckConstraint(
                condition=Q(met_means__in=["good", "bad"]), name="criterion_met_means_known"
            ),
            models.CheckConstraint(
                condition=Q(scale_kind="binary", levels=[], maximum=1)
                | Q(scale_kind="ordinal", maximum=1) & ~Q(levels=[])
                | Q(scale_kind="points", levels=[], maximum__gt=0),
                name="criterion_scale_whole",
            ),
            models.CheckConstraint(
                condition=Q(tier__in=["", *[t.value for t in domain.Tier]]),
                name="criterion_tier_known",
            ),
            models.CheckConstraint(
                condition=Q(judged_by__in=[j.value for j in domain.JudgedBy]),
                name="criterion_judged_by_known",
            ),
            models.CheckConstraint(
                condition=Q(is_group=False) | Q(gate=False, scale_kind="binary", program=""),
                name="criterion_group_has_no_verdict",
            ),
            models.CheckConstraint(
                # NaN is equal to itself in PostgreSQL and above every number.
                condition=Q(weight__gt=-1e300, weight__lt=1e300),
                name="criterion_weight_finite",
            ),
        ]
        indexes = [
            models.Index(TextDigest("text"), condition=Q(is_group=False), name="criterion_digest"),
            GinIndex(text_words("text"), condition=Q(is_group=False), name="criterion_words"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="criterion_frozen",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("state", "text")],
                func="""
                    SELECT status INTO state FROM studio_rubric_version
                     WHERE id = COALESCE(NEW.version_id, OLD.version_id) FOR SHARE;
                    IF state IS DISTINCT FROM 'draft' AND state IS NOT NULL THEN
                        RAISE EXCEPTION 'a criterion of a published rubric version is frozen'
                            USING ERRCODE = 'restrict_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def as_criterion(self) -> domain.Criterion:
        """The row as a domain value."""
        return domain.Criterion(
            key=self.key,
            text=self.text,
            description=self.description,
            weight=self.weight,
            met_means=domain.MetMeans(self.met_means),
            scale=self.as_scale(),
            tier=domain.Tier(self.tier) if self.tier else None,
            gate=self.gate,
            parent=self.parent.key if self.parent else None,
            is_group=self.is_group,
            judged_by=domain.JudgedBy(self.judged_by),
            evidence_required=self.evidence_required,
            tags=tuple(self.tags),
            category=self.category,
            examples=tuple(domain.Example(**example) for example in self.examples),
            references=tuple(self.references),
            program=self.program,
            origin=domain.Origin(**self.origin) if self.origin else None,
        )

    def as_scale(self) -> domain.Scale:
        """The scale as a domain value."""
        levels = tuple(
            domain.Level(float(x["value"]), str(x["label"]), str(x.get("description", "")))
            for x in self.levels
        )
        return domain.Scale(domain.ScaleKind(self.scale_kind), levels, self.maximum)
