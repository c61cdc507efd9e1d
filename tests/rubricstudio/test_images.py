"""Pictures: what is kept, what is refused, who sees them, and where texts show them."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture

from rubricstudio.actions.images import RefusedImage, add_image, look_at
from rubricstudio.actions.tasks import add_response, add_task
from rubricstudio.models.images import MOST_BYTES, Image
from rubricstudio.rendering import markdown
from tests.conftest import Cast


def drawn(kind: str = "PNG", size: tuple[int, int] = (3, 2), color: str = "red") -> bytes:
    made = io.BytesIO()
    Picture.new("RGB", size, color).save(made, kind)
    return made.getvalue()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
def test_a_picture_is_known_by_its_content(kind: str, media_type: str) -> None:
    looked = look_at(drawn(kind))

    assert (looked.media_type, looked.width, looked.height) == (media_type, 3, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html></html>",
        drawn()[:30],
        drawn("BMP"),
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
    ],
)
def test_what_is_no_picture_or_broken_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedImage, match="no PNG, JPEG, WebP or GIF"):
        look_at(data)


def test_too_many_bytes_or_pixels_are_refused() -> None:
    with pytest.raises(RefusedImage, match="5 MB"):
        look_at(b"x" * (MOST_BYTES + 1))
    with pytest.raises(RefusedImage, match="40 million"):
        look_at(drawn(size=(10_000, 4_001)))


def test_the_same_bytes_are_kept_once_and_names_stay_apart(cast: Cast) -> None:
    first = add_image(project=cast.project, data=drawn(), name="../Fig 1.PNG", by=cast.author)
    again = add_image(project=cast.project, data=drawn(), name="other.png", by=cast.author)
    blue = drawn(color="blue")
    second = add_image(project=cast.project, data=blue, name="fig 1.png", by=cast.author)

    assert (first.name, second.name, again.pk) == ("fig-1.png", "fig-1.png-2", first.pk)
    assert Image.objects.count() == 2


def test_a_name_without_plain_letters_is_replaced(cast: Cast) -> None:
    image = add_image(project=cast.project, data=drawn(), name="図表", by=cast.author)
    assert image.name == "image"


def test_members_see_the_bytes_and_strangers_learn_nothing(cast: Cast, client: Client) -> None:
    image = add_image(project=cast.project, data=drawn(), name="a.png", by=cast.author)

    client.force_login(cast.annotator)
    reply = client.get(image.get_absolute_url())
    assert (reply.status_code, reply.content, reply["Content-Type"]) == (200, drawn(), "image/png")
    assert "sandbox" in reply["Content-Security-Policy"]
    assert reply["X-Content-Type-Options"] == "nosniff"

    client.force_login(cast.stranger)
    assert client.get(image.get_absolute_url()).status_code == 404


def test_an_upload_keeps_what_is_good_and_names_what_is_not(cast: Cast, client: Client) -> None:
    client.force_login(cast.author)
    address = reverse("rubricstudio:images", args=[cast.project.slug])
    files = [SimpleUploadedFile("good.png", drawn()), SimpleUploadedFile("bad.png", b"no")]

    reply = client.post(address, {"uploads": files})

    assert reply.status_code == 422
    assert "bad.png: This is no PNG" in reply.content.decode()
    assert [image.name for image in Image.objects.all()] == ["good.png"]


def test_a_script_gets_the_markdown_to_insert(cast: Cast, client: Client) -> None:
    client.force_login(cast.author)
    address = reverse("rubricstudio:images", args=[cast.project.slug])

    kept = client.post(
        address,
        {"uploads": SimpleUploadedFile("f.png", drawn())},
        headers={"Accept": "application/json"},
    )
    refused = client.post(
        address,
        {"uploads": SimpleUploadedFile("f.png", b"x")},
        headers={"Accept": "application/json"},
    )

    assert kept.json() == {"images": [{"name": "f.png", "markdown": "![](image:f.png)"}]}
    assert (refused.status_code, "f.png" in refused.json()["detail"]) == (422, True)


def test_a_text_shows_the_pictures_of_its_project_and_no_others() -> None:
    html = markdown('![A "dose" table](image:a.png)', images="/projects/p/images/")
    outside = markdown("![x](https://example.com/a.png)", images="/projects/p/images/")
    astray = markdown("![x](image:../../accounts/logout)", images="/projects/p/images/")

    assert 'src="/projects/p/images/a.png/"' in html
    assert 'alt="A &quot;dose&quot; table"' in html
    assert "<img" not in outside
    assert "<img" not in astray


def test_the_page_of_a_task_shows_them(cast: Cast, client: Client) -> None:
    task = add_task(
        project=cast.project,
        external_id="seen",
        messages=[{"role": "user", "content": "What is ![the figure](image:a.png)?"}],
    )
    add_response(task=task, external_id="r", source="m", text="![mine](image:b.png)")
    client.force_login(cast.viewer)

    page = client.get(task.get_absolute_url()).content.decode()

    for name in ("a.png", "b.png"):
        assert f'src="/projects/{cast.project.slug}/images/{name}/"' in page
