"""Keeps an address that an author typed from reaching what only the server can reach."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds answer with credentials, outside the link-local range.
METADATA = frozenset(
    ipaddress.ip_address(each)
    for each in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class UnsafeAddress(ValueError):
    """An address that may not be called; the message says why and what would help."""


def check_base(url: str, *, allow_private: bool) -> None:
    """Raise UnsafeAddress unless `url` may be a model server's base address."""
    check_url(url, allow_private=allow_private)
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise UnsafeAddress(f"{url!r} may hold no query or fragment.")


def check_url(url: str, *, allow_private: bool) -> None:
    """Raise UnsafeAddress unless `url` may be asked for something.

    Only what can be seen without asking the network: scheme, host, a literal address.
    What a name resolves to is checked by `AddressGuard` when it is connected to.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UnsafeAddress(f"{url!r} is not an address: {error}.") from error
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise UnsafeAddress(f"{url!r} is not an address: write http:// or https:// and a host.")
    if parts.username is not None:
        raise UnsafeAddress(f"{url!r} may hold no user name.")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        return
    problem = address_problem(literal, allow_private=allow_private)
    if problem:
        raise UnsafeAddress(problem)


def origin(url: str) -> str:
    """scheme://host:port of a URL, in lower case, the port spelled out."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def address_problem(address: Address, *, allow_private: bool) -> str | None:
    """Why an IP address may not be called, or None where it may."""
    address = _unwrapped(address)
    if address in METADATA or address.is_link_local:
        return f"{address} may not be called: it is a link-local or metadata address."
    if address.is_multicast or address.is_unspecified:
        return f"{address} may not be called: it names no server."
    if not address.is_global and not allow_private:
        return (
            f"{address} may not be called: it is a private address. "
            "The operator can allow these for judges."
        )
    return None


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that merely carries it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


@dataclass(slots=True)
class AddressGuard:
    """Makes the sockets of a client, after name resolution: the last look at an address.

    `refusals` collects why connections were refused.
    """

    allow_private: bool
    refusals: list[str] = field(default_factory=list)

    def socket(
        self, info: tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
    ) -> socket.socket:
        """A socket for one resolved address. Raises OSError where it may not be called."""
        family, kind, protocol, _, target = info
        host = target[0].split("%")[0]
        problem = address_problem(ipaddress.ip_address(host), allow_private=self.allow_private)
        if problem:
            self.refusals.append(problem)
            raise OSError(problem)
        return socket.socket(family=family, type=kind, proto=protocol)
