"""Pictures that the server fetches: only where allowed, only from public places, within bounds."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from rubricstudio import fetching
from rubricstudio.actions import images as actions
from rubricstudio.fetching import NotFetched, fetch
from rubricstudio.models import Image
from rubricstudio.safe_address import AddressGuard
from tests.conftest import Cast
from tests.rubricstudio.test_images import drawn

HERE = partial(fetch, allow_private=True, most=100_000, seconds=5)


def reply(status: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def server(*replies: bytes, then: bytes = b"") -> Iterator[tuple[str, list[bytes]]]:
    """Answers one connection after the other on loopback; its address, and what it was asked.

    `then` is sent again and again afterwards until the other side has had enough.
    """
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            for each in replies:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(65536))
                    try:
                        connection.sendall(each)
                        while then and not over.wait(0.01):
                            connection.sendall(then)
                    except OSError:
                        pass

        over = threading.Event()
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_file_is_fetched_as_it_is() -> None:
    with server(reply("200 OK", drawn())) as (base, asked):
        found = HERE(f"{base}/figs/a b.png?size=2&x=é#part")

    assert found == drawn()
    assert asked[0].startswith(b"GET /figs/a%20b.png?size=2&x=%C3%A9 HTTP/1.1\r\n")
    assert b"cookie" not in asked[0].lower()


def test_it_follows_a_few_redirects_and_no_more() -> None:
    on = reply("302 Found", Location="/next.png")
    with server(on, on, on, reply("200 OK", drawn())) as (base, asked):
        assert HERE(base) == drawn()
    assert asked[1].startswith(b"GET /next.png ")

    with server(*[on] * 4) as (base, _), pytest.raises(NotFetched, match="too often"):
        HERE(base)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1/a.png", "no public address"),
        ("http://[::1]/a.png", "no public address"),
        ("http://169.254.169.254/latest/meta-data/", "no public address"),
        ("http://user:secret@example.org/a.png", "no public address"),
        ("file:///etc/passwd", "no public address"),
        ("gopher://example.org/", "no public address"),
        ("http://localhost/a.png", "private network"),
        ("http://2130706433/a.png", "private network"),
        ("http://0x7f.1/a.png", "private network"),
    ],
)
def test_what_leads_inside_is_not_asked(url: str, why: str) -> None:
    with pytest.raises(NotFetched, match=why):
        fetch(url, most=100)


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/x.png",
        "file:///etc/passwd",
        "http://[fd00:ec2::254]/",
    ],
)
def test_a_redirect_is_looked_at_like_the_address_itself(to: str) -> None:
    moved = reply("302 Found", Location=to)
    with server(moved) as (base, _), pytest.raises(NotFetched, match="no public address"):
        HERE(base)


def test_a_redirect_from_outside_to_a_private_server_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with server(reply("200 OK", drawn())) as (inside, inside_asked):
        port = inside.rpartition(":")[2]
        moved = reply("302 Found", Location=f"http://localhost:{port}/secret.png")
        with server(moved) as (outside, _):
            # The first server stands for a public one: only its own port passes as such.
            public = int(outside.rpartition(":")[2])
            guarded = AddressGuard.socket

            def socket_of(guard: Any, info: Any) -> socket.socket:
                return socket.socket() if info[4][1] == public else guarded(guard, info)

            monkeypatch.setattr(AddressGuard, "socket", socket_of)
            with pytest.raises(NotFetched, match="private network"):
                fetch(f"http://localhost:{public}/a.png", most=100)

    assert inside_asked == []


def test_a_server_that_drips_is_broken_off() -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", reply("200 OK", drawn()[:9])):
        with server(start, then=b"x") as (base, _), pytest.raises(NotFetched, match="too long"):
            HERE(base, seconds=0.2)


def test_a_file_that_never_ends_is_broken_off_at_its_size() -> None:
    endless = reply("200 OK", b"x" * 1000)
    more = b"x" * 9000
    with server(endless, then=more) as (base, _), pytest.raises(NotFetched, match="larger than"):
        HERE(base)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (reply("404 Not Found"), "status 404"),
        (reply("302 Found"), "status 302"),
        (reply("200 OK", b"short", **{"Content-Length": "99"}), "broke off"),
        (b"nonsense\r\n\r\n", "broke off"),
        (b"", "broke off"),
        (reply("200 OK", b"zz\r\n", **{"Transfer-Encoding": "chunked"}), "broke off"),
        (reply("302 Found", Location="http://[broken"), "broke off"),
    ],
)
def test_a_server_that_errs_gets_a_sentence(said: bytes, why: str) -> None:
    with server(said) as (base, _), pytest.raises(NotFetched, match=why):
        HERE(base)


def test_few_are_fetched_at_once() -> None:
    with ExitStack() as others:
        for _ in range(2):
            fetching._at_once.acquire()
            others.callback(fetching._at_once.release)
        with pytest.raises(NotFetched, match="try again"):
            fetch("https://example.org/a.png", most=100)

    with server(reply("200 OK", drawn())) as (base, _):
        assert HERE(base) == drawn()


# -- on the page


def posted(cast: Cast, client: Client, address: str) -> Any:
    client.force_login(cast.author)
    page = reverse("rubricstudio:images", args=[cast.project.slug])
    return client.post(page, {"address": address})


def test_where_the_operator_does_not_allow_it_nothing_is_offered_or_done(
    cast: Cast, client: Client
) -> None:
    with server(reply("200 OK", drawn())) as (base, asked):
        refused = posted(cast, client, base)
    page = client.get(reverse("rubricstudio:images", args=[cast.project.slug])).content.decode()

    assert (refused.status_code, asked) == (422, [])
    assert "not fetched from addresses here" in refused.content.decode()
    assert 'name="address"' not in page
    with pytest.raises(actions.RefusedImage, match="not fetched"):
        actions.add_image_from(project=cast.project, address=base, by=cast.author)


@pytest.fixture
def allowed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetching is on, and loopback counts as public."""
    settings.IMAGES_BY_ADDRESS = True
    monkeypatch.setattr(actions, "fetch", partial(fetch, allow_private=True))


@pytest.mark.usefixtures("allowed")
def test_an_author_adds_a_picture_by_its_address(cast: Cast, client: Client) -> None:
    with server(reply("200 OK", drawn(), **{"Content-Type": "text/html"})) as (base, _):
        kept = posted(cast, client, f"{base}/figures/Fig%201.png?size=big")

    assert kept.status_code == 302
    [image] = Image.objects.all()
    assert (image.name, bytes(image.data), image.media_type) == ("fig-1.png", drawn(), "image/png")
    assert 'name="address"' in client.get(kept["Location"]).content.decode()


@pytest.mark.usefixtures("allowed")
def test_what_comes_is_looked_at_as_an_upload_is(cast: Cast, client: Client) -> None:
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    wide = drawn(size=(10_000, 4_001))
    for body, why in [(svg, "no PNG, JPEG, WebP or GIF"), (wide, "40 million")]:
        with server(reply("200 OK", body, **{"Content-Type": "image/png"})) as (base, _):
            refused = posted(cast, client, base)
        assert (refused.status_code, why in refused.content.decode()) == (422, True)
    assert not Image.objects.exists()


def test_private_addresses_and_nonsense_get_a_message(
    cast: Cast, client: Client, settings: Settings
) -> None:
    settings.IMAGES_BY_ADDRESS = True
    for address, why in [
        ("http://127.0.0.1:5432/", "no public address"),
        ("http://localhost/a.png", "private network"),
        ("ftp://example.org/a.png", "no public address"),
        ("not an address", "Write a whole address"),
        ("", "Choose at least one picture"),
    ]:
        refused = posted(cast, client, address)
        assert (refused.status_code, why in refused.content.decode()) == (422, True), address


def test_only_this_module_and_the_judges_open_connections_to_others() -> None:
    source = Path(fetching.__file__).parent
    openers = ("urllib.request", "http.client", "httpx", "requests", "aiohttp", "urlopen(")
    found = {
        path.name
        for path in source.rglob("*.py")
        if any(
            f"import {each}" in (text := path.read_text()) or f"from {each} " in text
            for each in openers
        )
    }
    assert found <= {"fetching.py"}
