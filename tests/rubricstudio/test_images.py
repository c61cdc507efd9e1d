"""Pictures: what is kept, what is refused, who sees them, and where texts show them."""

from __future__ import annotations

import html
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from rubricstudio.actions.criteria import add_criterion
from rubricstudio.actions.forks import fork_version
from rubricstudio.actions.images import RefusedImage, add_image, delete_image, look_at
from rubricstudio.actions.library import add_to_library, insert_found
from rubricstudio.actions.rubrics import create_rubric
from rubricstudio.actions.tasks import add_response, add_task
from rubricstudio.domain import rubric as domain
from rubricstudio.domain.pictures import MOST_BYTES, names_in, renamed
from rubricstudio.models import Criterion, RubricVersion, User
from rubricstudio.models.images import Image
from rubricstudio.rendering import markdown, picture_key
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
        b"\x89PNG\r\n\x1a\n<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
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

    address = image.get_absolute_url()
    client.force_login(cast.annotator)
    reply = client.get(f"{address}?key={picture_key(address)}")
    assert (reply.status_code, reply.content, reply["Content-Type"]) == (200, drawn(), "image/png")
    assert "sandbox" in reply["Content-Security-Policy"]
    assert reply["X-Content-Type-Options"] == "nosniff"

    client.force_login(cast.stranger)
    assert client.get(f"{address}?key={picture_key(address)}").status_code == 404


def test_a_picture_that_no_page_showed_is_read_by_authors_alone(cast: Cast, client: Client) -> None:
    image = add_image(project=cast.project, data=drawn(), name="a.png", by=cast.author)
    other = add_image(project=cast.project, data=drawn(color="blue"), name="b.png", by=cast.author)
    address = image.get_absolute_url()
    keys = ["", f"?key={picture_key(other.get_absolute_url())}", "?key=%00", "?key=é"]

    for reader, status in [(cast.author, 200), (cast.annotator, 404), (cast.reviewer, 404)]:
        client.force_login(reader)
        assert [client.get(address + key).status_code for key in keys] == [status] * len(keys)


def test_a_deleted_picture_is_gone_even_where_a_browser_has_it(cast: Cast, client: Client) -> None:
    image = add_image(project=cast.project, data=drawn(), name="a.png", by=cast.author)
    address = f"{image.get_absolute_url()}?key={picture_key(image.get_absolute_url())}"
    client.force_login(cast.annotator)
    etag = client.get(address)["ETag"]

    kept = client.get(address, headers={"If-None-Match": etag})
    delete_image(image=image, by=cast.author)
    gone = client.get(address, headers={"If-None-Match": etag})
    add_image(project=cast.project, data=drawn(color="blue"), name="a.png", by=cast.author)
    other = client.get(address, headers={"If-None-Match": etag})

    assert (kept.status_code, kept.content, kept["Cache-Control"]) == (
        304,
        b"",
        "private, no-cache",
    )
    assert gone.status_code == 404
    assert (other.status_code, other.content) == (200, drawn(color="blue"))


def test_a_file_that_is_a_page_as_well_is_served_as_a_picture_and_nothing_else(
    cast: Cast, client: Client
) -> None:
    both = drawn("GIF") + b"<html><script>alert(1)</script></html>"
    image = add_image(project=cast.project, data=both, name="page.html", by=cast.author)
    client.force_login(cast.author)

    reply = client.get(image.get_absolute_url())

    assert (reply["Content-Type"], reply["X-Content-Type-Options"]) == ("image/gif", "nosniff")
    assert reply["Content-Security-Policy"] == "default-src 'none'; sandbox"


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
    inside = markdown('![A "dose" table](image:a.png)', images="/projects/p/images/")
    outside = markdown("![x](https://example.com/a.png)", images="/projects/p/images/")
    astray = markdown("![x](image:../../accounts/logout)", images="/projects/p/images/")

    key = picture_key("/projects/p/images/a.png/")
    assert f'src="/projects/p/images/a.png/?key={key}"' in inside
    assert 'alt="A &quot;dose&quot; table"' in inside
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
        add_image(
            project=cast.project,
            data=drawn(color="red" if name == "a.png" else "blue"),
            name=name,
            by=cast.author,
        )
        [shown] = re.findall(rf'src="(/projects/demo/images/{name}/[^"]*)"', page)
        assert client.get(html.unescape(shown)).status_code == 200


def test_the_list_of_pictures_names_each_link(cast: Cast, client: Client) -> None:
    add_image(project=cast.project, data=drawn(), name="a.png", by=cast.author)
    client.force_login(cast.author)

    page = client.get(reverse("rubricstudio:images", args=[cast.project.slug])).content.decode()

    assert re.search(r'<a class="picture"[^>]*><img [^>]*alt="a.png"', page)


# -- pictures that go along


def criterion(version: RubricVersion, key: str, *passages: str, by: User) -> Criterion:
    examples = tuple(domain.Example(text, met=True) for text in passages)
    fields = {"key": key, "text": f"It is {key}", "examples": examples}
    return add_criterion(version=version, fields=fields, by=by)


def passages(version: RubricVersion) -> list[str]:
    return [each.text for c in version.as_rubric().criteria for each in c.examples]


@pytest.fixture
def shown(cast: Cast) -> RubricVersion:
    """A draft with two examples: one picture is shown, one is not there, a third is not named."""
    version = create_rubric(project=cast.project, name="Seen", by=cast.author)
    add_image(project=cast.project, data=drawn(), name="a.png", by=cast.author)
    add_image(project=cast.project, data=drawn(color="blue"), name="b.png", by=cast.author)
    passage = "Sharp: ![a](image:a.png) not ![gone](image:c.png)"
    criterion(version, "sharp", passage, "![again](image:a.png)", by=cast.author)
    return version


def test_a_fork_takes_along_the_pictures_that_its_examples_show(
    cast: Cast, shown: RubricVersion
) -> None:
    made = fork_version(version=shown, project=cast.other_project, by=cast.stranger)

    [image] = Image.objects.filter(project=cast.other_project)
    assert (image.name, bytes(image.data), image.added_by) == ("a.png", drawn(), cast.stranger)
    assert (image.width, image.height, image.media_type) == (3, 2, "image/png")
    assert passages(made) == passages(shown)


def test_a_picture_that_is_there_already_is_not_kept_again(
    cast: Cast, shown: RubricVersion
) -> None:
    there = cast.other_project
    add_image(project=there, data=drawn(), name="mine.png", by=cast.stranger)

    for _ in range(2):
        made = fork_version(version=shown, project=there, by=cast.stranger)

    assert Image.objects.filter(project=there).count() == 1
    assert passages(made) == [
        "Sharp: ![a](image:mine.png) not ![gone](image:c.png)",
        "![again](image:mine.png)",
    ]


def test_a_name_that_stands_for_another_picture_there_is_replaced(
    cast: Cast, shown: RubricVersion
) -> None:
    there = cast.other_project
    add_image(project=there, data=drawn(color="green"), name="a.png", by=cast.stranger)
    add_image(project=there, data=drawn(color="pink"), name="c.png", by=cast.stranger)

    made = fork_version(version=shown, project=there, by=cast.stranger)

    names = set(Image.objects.filter(project=there).values_list("name", flat=True))
    assert names == {"a.png", "c.png", "a.png-2"}
    # Nothing of that project is shown where the other one's picture is gone.
    assert passages(made) == [
        "Sharp: ![a](image:a.png-2) not ![gone](image:c.png-2)",
        "![again](image:a.png-2)",
    ]


def test_within_a_project_a_fork_names_the_same_pictures(cast: Cast, shown: RubricVersion) -> None:
    made = fork_version(version=shown, project=cast.project, by=cast.author)

    assert passages(made) == passages(shown)
    assert Image.objects.count() == 2


def test_what_is_taken_from_the_library_brings_its_pictures(
    cast: Cast, shown: RubricVersion
) -> None:
    row = shown.criteria.get()
    entry = add_to_library(criterion=row, by=cast.author)
    draft = create_rubric(project=cast.other_project, name="New", by=cast.stranger)

    for found in (entry, row):
        insert_found(version=draft, found=found, by=cast.stranger)

    [image] = Image.objects.filter(project=cast.other_project)
    assert image.name == "a.png"
    assert passages(draft) == passages(shown) * 2


def test_an_entry_whose_rubric_is_gone_shows_descriptions(cast: Cast, shown: RubricVersion) -> None:
    entry = add_to_library(criterion=shown.criteria.get(), by=cast.author)
    entry.version = None
    entry.save(update_fields=["version"])
    draft = create_rubric(project=cast.other_project, name="New", by=cast.stranger)

    insert_found(version=draft, found=entry, by=cast.stranger)

    assert not Image.objects.filter(project=cast.other_project).exists()


@given(st.lists(st.sampled_from(["a.png", "b", "c-2"]), max_size=4))
def test_renaming_there_and_back_leaves_a_text_as_it_was(names: list[str]) -> None:
    text = " and ".join(f"![x]( image:{name} 'said')" for name in names) + " [a](image:b) image:b"
    there = {"a.png": "1", "b": "2", "c-2": "3"}

    moved = renamed(text, there)

    assert names_in([moved]) == tuple(there[name] for name in dict.fromkeys(names))
    assert renamed(moved, {new: old for old, new in there.items()}) == text
