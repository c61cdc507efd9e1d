"""What people know about, by the tags of tasks."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from annotations.errors import InvalidExpertise
from annotations.models import Expertise
from rubricstudio.models import Membership, Project, User
from rubricstudio.permissions import Permission, may

LONGEST_TAG, MOST_TAGS = 100, 100


@transaction.atomic
def set_expertise(*, project: Project, user: User, tags: Iterable[str], by: User) -> Expertise:
    """Say what a member who may annotate knows about; they themselves may, and owners.

    Raises InvalidExpertise for anybody else, and for tags over 100 characters or more than
    100 of them.
    """
    roles = dict(
        Membership.objects.filter(project=project, user__in=[user.pk, by.pk]).values_list(
            "user_id", "role"
        )
    )
    if user.pk not in roles or not may(roles[user.pk], Permission.ANNOTATE):
        raise InvalidExpertise(_("Choose a member of the project who may annotate."))
    own = user.pk == by.pk
    if not own and not (by.pk in roles and may(roles[by.pk], Permission.MANAGE_MEMBERS)):
        raise InvalidExpertise(_("Only owners set what other people know about."))
    kept = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(kept) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in kept):
        raise InvalidExpertise(
            _("A person has at most %(most)d tags of at most %(long)d characters each.")
            % {"most": MOST_TAGS, "long": LONGEST_TAG}
        )
    row, _created = Expertise.objects.update_or_create(
        project=project, user=user, defaults={"tags": kept}
    )
    return row
