"""An address that an author typed reaches public servers, and nothing else unless allowed."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.safe_address import (
    AddressGuard,
    UnsafeAddress,
    address_problem,
    check_base,
    origin,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://llm.example.org/v1",
        "http://8.8.8.8:8000/v1",
        "https://[2606:4700::1111]/v1",
    ],
)
def test_it_lets_public_addresses_through(url: str) -> None:
    check_base(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org",
        "file:///etc/passwd",
        "example.org/v1",
        "http://",
        "http://[::1/v1",
        "http://host:99999/v1",
        "http://user:secret@example.org/v1",
        "http://example.org/v1?x=1",
        "http://example.org/v1#x",
    ],
)
def test_it_refuses_what_is_no_server_s_address(url: str) -> None:
    with pytest.raises(UnsafeAddress):
        check_base(url, allow_private=True)


PRIVATE = ["127.0.0.1", "10.0.0.5", "192.168.1.1", "172.16.0.1", "::1", "fd00::1", "100.64.0.1"]
NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_the_operator_s_leave(address: str) -> None:
    found = ipaddress.ip_address(address)

    assert "private" in (address_problem(found, allow_private=False) or "")
    assert address_problem(found, allow_private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_link_local_addresses_are_refused_always(address: str) -> None:
    assert address_problem(ipaddress.ip_address(address), allow_private=True)


def test_a_literal_private_address_is_refused_before_anything_is_called() -> None:
    with pytest.raises(UnsafeAddress, match="private address"):
        check_base("http://127.0.0.1:8000/v1", allow_private=False)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_carried_in_ipv6_is_judged_as_itself(
    address: ipaddress.IPv4Address,
) -> None:
    carried = ipaddress.IPv6Address(f"::ffff:{address}")

    for allow in (True, False):
        assert (address_problem(carried, allow_private=allow) is None) == (
            address_problem(address, allow_private=allow) is None
        )


def _info(host: str) -> tuple[int, int, int, str, tuple[str, int]]:
    return socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, 80)


def test_the_guard_refuses_a_name_that_resolves_to_a_private_address() -> None:
    guard = AddressGuard(allow_private=False)

    with pytest.raises(OSError, match="private address"):
        guard.socket(_info("10.1.2.3"))

    assert guard.refusals == [
        "10.1.2.3 may not be called: it is a private address. "
        "The operator can allow these for judges."
    ]


def test_the_guard_makes_a_socket_for_an_allowed_address() -> None:
    guard = AddressGuard(allow_private=True)

    with guard.socket(_info("127.0.0.1")) as made:
        assert made.family == socket.AF_INET

    assert guard.refusals == []


def test_an_origin_spells_out_the_port() -> None:
    assert origin("https://Llm.Example.org/v1") == origin("https://llm.example.org:443")
    assert origin("http://h/v1") == "http://h:80"
