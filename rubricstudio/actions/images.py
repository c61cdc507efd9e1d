"""Pictures come in: checked to be what they say, named, and kept as they are."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image as Picture
from PIL import UnidentifiedImageError

from rubricstudio.domain.naming import first_free
from rubricstudio.domain.pictures import MOST_BYTES, names_in, renamed
from rubricstudio.domain.rubric import Criterion
from rubricstudio.fetching import NotFetched, fetch
from rubricstudio.models import Project, User
from rubricstudio.models.images import Image

MOST_PIXELS = 40_000_000
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_NAME = 80
_PLAIN = re.compile(r"[^a-z0-9._-]+")


class RefusedImage(ValueError):
    """The file is not a picture that is kept here; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file turned out to be; width and height in pixels."""

    media_type: str
    width: int
    height: int


def look_at(data: bytes) -> Looked:
    """What a file holds, by its content and not by its name. Raises RefusedImage."""
    if len(data) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise RefusedImage(_("The picture is larger than %(n)s MB; make it smaller.") % {"n": most})
    try:
        with warnings.catch_warnings():
            # Pillow warns of pictures that unpack to very much; the limit here is lower.
            warnings.simplefilter("ignore", Picture.DecompressionBombWarning)
            with Picture.open(io.BytesIO(data), formats=list(_TYPES)) as picture:
                width, height, kind = picture.width, picture.height, str(picture.format)
                if width * height > MOST_PIXELS:
                    raise RefusedImage(_("The picture has more than 40 million pixels."))
                picture.verify()
    except RefusedImage:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, MemoryError) as error:
        message = _("This is no PNG, JPEG, WebP or GIF picture, or it is broken.")
        raise RefusedImage(message) from error
    except Picture.DecompressionBombError as error:
        raise RefusedImage(_("The picture has more than 40 million pixels.")) from error
    return Looked(_TYPES[kind], width, height)


@transaction.atomic
def add_image(*, project: Project, data: bytes, by: User, name: str = "") -> Image:
    """Keep a picture under a name made from `name`; the same bytes are kept once.

    Raises RefusedImage.
    """
    looked = look_at(data)
    digest = hashlib.sha256(data).hexdigest()
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    known = Image.objects.filter(project=project, digest=digest).defer("data").first()
    if known is not None:
        return known
    base = _plain(name)
    taken = set(
        Image.objects.filter(project=project, name__startswith=base).values_list("name", flat=True)
    )
    return Image.objects.create(
        project=project,
        name=first_free(base, taken),
        digest=digest,
        media_type=looked.media_type,
        width=looked.width,
        height=looked.height,
        data=data,
        added_by=by,
    )


def add_image_from(*, project: Project, address: str, by: User) -> Image:
    """Fetch the picture at an address, where the operator allows it, and keep it.

    Raises RefusedImage, also for what cannot be fetched.
    """
    if not settings.IMAGES_BY_ADDRESS:
        raise RefusedImage(_("Pictures are not fetched from addresses here."))
    try:
        data = fetch(address, most=MOST_BYTES)
    except NotFetched as error:
        raise RefusedImage(str(error)) from error
    return add_image(project=project, data=data, name=unquote(urlsplit(address).path), by=by)


def _plain(name: str) -> str:
    """A name that needs no escaping in Markdown or an address, from a file's name."""
    stem = name.rpartition("/")[2].rpartition("\\")[2].lower()
    return _PLAIN.sub("-", stem).strip("-._")[:_NAME].strip("-._") or "image"


@transaction.atomic
def delete_image(*, image: Image, by: User) -> None:
    """Delete a picture. Texts that name it show its description instead."""
    Image.objects.filter(pk=image.pk).delete()


@transaction.atomic
def bring_pictures(
    criteria: Sequence[Criterion], *, source: Project, target: Project, by: User
) -> tuple[Criterion, ...]:
    """Keep the pictures that examples show in another project as well; the criteria as they
    name them there.

    That `by` may read the criteria is for the caller to have seen to; pictures that they do not
    show stay where they are. Bytes that the other project has are not kept again. A name that
    stands for something else there is replaced.
    """
    names = names_in(example.text for c in criteria for example in c.examples)
    if not names or source.pk == target.pk:
        return tuple(criteria)
    Project.objects.select_for_update(no_key=True).get(pk=target.pk)
    there = Image.objects.filter(project=target)
    taken = set(there.values_list("name", flat=True))
    known = {digest: name for name, digest in there.order_by("-pk").values_list("name", "digest")}
    given = Image.objects.filter(project=source, name__in=names).defer("data")
    images = {image.name: image for image in given}
    new_names = {}
    for name in names:
        image = images.get(name)
        if image is not None and image.digest in known:
            new_names[name] = known[image.digest]
            continue
        new_names[name] = first_free(name, taken)
        taken.add(new_names[name])
        if image is not None:
            known[image.digest] = new_names[name]
            _copy(image, target, new_names[name], by)
    return tuple(_with_pictures(criterion, new_names) for criterion in criteria)


def _copy(image: Image, project: Project, name: str, by: User) -> None:
    Image.objects.create(
        project=project,
        name=name,
        digest=image.digest,
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        data=image.data,
        added_by=by,
    )


def _with_pictures(criterion: Criterion, names: dict[str, str]) -> Criterion:
    examples = (replace(each, text=renamed(each.text, names)) for each in criterion.examples)
    return replace(criterion, examples=tuple(examples))
