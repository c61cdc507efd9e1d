"""Pages of rubrics and versions: what they show, to whom, and with how many queries."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from tests.conftest import Cast, Data


def url(name: str, *args: object) -> str:
    return reverse(f"rubricstudio:{name}", args=["demo", *args])


def test_smoke(cast: Cast, data: Data, client: Client) -> None:
    client.force_login(cast.author)
    rubric = data.version.rubric
    for address in (
        url("rubrics"),
        url("rubric-new"),
        url("rubric", rubric.pk),
        url("rubric-edit", rubric.pk),
        url("versions", rubric.pk),
        url("version", rubric.pk, 1),
        url("version-diff", rubric.pk),
    ):
        assert client.get(address).status_code == 200, address
    assert client.post(url("draft-start", rubric.pk, 1)).status_code == 302
    draft = rubric.versions.get(number=2)
    row = draft.criteria.get(key="warns")
    for address in (
        url("rubric", rubric.pk),
        url("version-publish", rubric.pk),
        url("criterion", rubric.pk, row.pk),
        url("criterion-add", rubric.pk),
        url("version-diff", rubric.pk),
        url("version", rubric.pk, 2),
    ):
        assert client.get(address).status_code == 200, address
        got = client.get(address, headers={"HX-Request": "true"})
        assert got.status_code == 200, address
