"""A file at a public address, fetched within bounds of size, time and reach."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from threading import BoundedSemaphore, Timer
from time import monotonic
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from django.utils.translation import gettext as _

from rubricstudio.safe_address import AddressGuard, UnsafeAddress, check_url

SECONDS = 10.0
REDIRECTS = 3
_MOVED = (301, 302, 303, 307, 308)
_SAFE = "/%:@!$&'()*+,;=~?-._"
_BLOCK = 64 * 1024
# Other servers may be slow, and pages are waiting for the threads that answer them.
_at_once = BoundedSemaphore(2)


class NotFetched(ValueError):
    """The file could not be fetched; the message says why, and nothing of the network inside."""


def fetch(url: str, *, most: int, seconds: float = SECONDS, allow_private: bool = False) -> bytes:
    """The file at an http or https address, of at most `most` bytes. Raises NotFetched.

    Every address on the way is checked, before it is asked and after its name was resolved:
    only public ones are called, unless `allow_private`. All of it, three redirects included,
    takes at most `seconds`, however slowly a server goes on sending.
    """
    if not _at_once.acquire(blocking=False):
        raise NotFetched(_("Other files are being fetched just now; try again in a moment."))
    try:
        with _clock(seconds) as clock:
            return _followed(url, most, clock, AddressGuard(allow_private))
    finally:
        _at_once.release()


def _followed(url: str, most: int, clock: _Clock, guard: AddressGuard) -> bytes:
    for _redirect in range(REDIRECTS + 1):
        found = _asked(url, most, clock, guard)
        if isinstance(found, bytes):
            return found
        url = found
    raise NotFetched(_("The address leads on to others too often."))


def _asked(url: str, most: int, clock: _Clock, guard: AddressGuard) -> bytes | str:
    """The body, or the address that the server sends us on to."""
    try:
        check_url(url, allow_private=guard.allow_private)
        with _connected(urlsplit(url), clock, guard) as connection:
            response = connection.getresponse()
            to = response.getheader("Location")
            if response.status in _MOVED and to:
                return urljoin(url, to)
            return _body(response, most)
    except UnsafeAddress as error:
        message = _("This is no public address: write https:// and the name of a public server.")
        raise NotFetched(message) from error
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, NotFetched) and not clock.is_over:
            raise
        raise NotFetched(_why(clock, guard)) from error


def _why(clock: _Clock, guard: AddressGuard) -> str:
    if guard.refusals:
        return _("The address leads into a private network, from which nothing is fetched.")
    if clock.is_over:
        return _("The server took too long.")
    return _("The server cannot be reached, or broke off.")


def _body(response: HTTPResponse, most: int) -> bytes:
    if response.status != 200:
        said = {"status": response.status}
        raise NotFetched(_("The server answered with status %(status)s.") % said)
    found = bytearray()
    while len(found) <= most and (block := response.read(_BLOCK)):
        found += block
    if len(found) > most:
        size = {"n": most // 1024 // 1024}
        raise NotFetched(_("The file is larger than %(n)s MB.") % size)
    if response.length:
        raise IncompleteRead(b"", response.length)
    return bytes(found)


@contextmanager
def _connected(parts: SplitResult, clock: _Clock, guard: AddressGuard) -> Iterator[HTTPConnection]:
    """A connection that was sent the request."""
    host = parts.hostname or ""
    is_secure = parts.scheme == "https"
    connection = (HTTPSConnection if is_secure else HTTPConnection)(host, parts.port)
    try:
        connection.sock = _socket(host, connection.port, clock, guard)
        if is_secure:
            context = ssl.create_default_context()
            secure = context.wrap_socket(
                connection.sock, server_hostname=host, do_handshake_on_connect=False
            )
            connection.sock = clock.watch(secure)
            secure.do_handshake()
        else:
            clock.watch(connection.sock)
        asked = quote(parts.path or "/", safe=_SAFE)
        query = f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
        headers = {"Accept": "image/*", "Accept-Encoding": "identity", "Connection": "close"}
        connection.request("GET", asked + query, headers=headers)
        yield connection
        clock.check()
    finally:
        connection.close()


def _socket(host: str, port: int, clock: _Clock, guard: AddressGuard) -> socket.socket:
    """A connected socket to the first address of the host that answers. Raises OSError."""
    last: OSError = OSError("the name stands for no address")
    for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            made = guard.socket(info)  # type: ignore[arg-type]  # typeshed allows odd families
        except OSError as error:
            last = error
            continue
        try:
            made.settimeout(clock.left())
            made.connect(info[4])
        except OSError as error:
            made.close()
            last = error
        else:
            return made
    raise last


class _Clock:
    """Breaks connections off when the time is over: a timeout of a socket begins anew at
    each byte that arrives."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds
        self._watched: list[socket.socket] = []
        self.is_over = False

    def left(self) -> float:
        """Seconds that are left. Raises TimeoutError where none are."""
        self.check()
        return max(self._end - monotonic(), 0.001)

    def check(self) -> None:
        """Raises TimeoutError when the time is over: what was read may have been cut off."""
        self.is_over = self.is_over or monotonic() >= self._end
        if self.is_over:
            raise TimeoutError

    def watch(self, made: socket.socket) -> socket.socket:
        self._watched.append(made)
        self.check()
        return made

    def break_off(self) -> None:
        self.is_over = True
        for each in self._watched:
            with suppress(OSError):
                # As a plain socket: the TLS one would take its state away from who is reading.
                socket.socket.shutdown(each, socket.SHUT_RDWR)


@contextmanager
def _clock(seconds: float) -> Iterator[_Clock]:
    clock = _Clock(seconds)
    timer = Timer(seconds, clock.break_off)
    timer.daemon = True
    timer.start()
    try:
        yield clock
    finally:
        timer.cancel()
