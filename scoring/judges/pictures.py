"""Pictures that texts name, for judges that can see.

A text names a picture of its project as `![what it shows](image:NAME)`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from rubricstudio.domain import pictures
from scoring.judges.protocol import JudgeRequest, Picture

MOST = 20
"""Pictures beside one request; what comes after is described by its text alone."""


def names_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The names of pictures in the order in which the texts name them, each once."""
    return pictures.names_in(texts)[:MOST]


def texts_of(request: JudgeRequest) -> list[str]:
    """Every text of a request that may name a picture, as a judge reads them."""
    examples = [example.text for example in request.criterion.examples]
    prompts = [message.content for message in request.messages]
    answers = [text or "" for _, text in request.answers]
    return [*prompts, *request.context, request.reference, *answers, *examples]


def with_pictures(text: str, pictures: Sequence[Picture]) -> str | list[dict[str, object]]:
    """A message's content: the text alone, or parts with each picture under its name."""
    if not pictures:
        return text
    parts: list[dict[str, object]] = [{"type": "text", "text": text}]
    for picture in pictures:
        data = base64.b64encode(picture.data).decode()
        url = f"data:{picture.media_type};base64,{data}"
        parts += [
            {"type": "text", "text": f"The picture image:{picture.name}"},
            {"type": "image_url", "image_url": {"url": url}},
        ]
    return parts


def picture_digests(pictures: Sequence[Picture]) -> list[str]:
    """What tells one set of pictures from another, for provenance."""
    return [f"{each.name}:{hashlib.sha256(each.data).hexdigest()[:16]}" for each in pictures]
