"""Every address with every role: strangers find nothing, members what their role allows.

The expectations are in tests/url_table.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from rubricstudio.actions.tokens import create_token
from rubricstudio.api import api
from rubricstudio.models import ApiToken, User
from rubricstudio.permissions import Permission, may
from tests.conftest import Cast, Data
from tests.url_rows import url_rows
from tests.url_table import BODIES, OPERATIONS, PAGES, Page, Who

ALLAUTH_ARGUMENTS = {"key": "x", "uidb36": "1", "provider_id": "oidc"}
METHODS = ("GET", "POST")


@dataclass(frozen=True)
class Address:
    """A pattern of the resolver: its full name, where it lies, and its arguments."""

    name: str
    route: str
    arguments: tuple[str, ...]


def _walk(patterns: list[Any], space: str = "", route: str = "") -> Iterator[Address]:
    for item in patterns:
        here = route + str(item.pattern)
        if isinstance(item, URLResolver):
            inner = f"{space}{item.namespace}:" if item.namespace else space
            yield from _walk(item.url_patterns, inner, here)
        elif isinstance(item, URLPattern):
            names = tuple(re.findall(r"<(?:\w+:)?(\w+)>", here))
            names += tuple(re.findall(r"\?P<(\w+)>", here))
            yield Address(f"{space}{item.name or ''}", here, tuple(dict.fromkeys(names)))


ADDRESSES = list(_walk(get_resolver().url_patterns))
ALLAUTH = [a for a in ADDRESSES if a.route.startswith("accounts/")]
API_NAMES = {"api:openapi-json", "api:api-root"}
OURS = [
    a
    for a in ADDRESSES
    if a not in ALLAUTH and (not a.route.startswith("api/") or a.name in API_NAMES)
]


def _operations() -> list[str]:
    return [
        f"{method} {path if path.startswith('/') else '/' + path}"
        for prefix, router in api._routers
        for path, view in _prefixed(prefix, router)
        for operation in view.operations
        for method in operation.methods
    ]


def _prefixed(prefix: str, router: Any) -> Iterator[tuple[str, Any]]:
    for path, view in router.path_operations.items():
        yield f"/{prefix.strip('/')}{path}" if prefix.strip("/") else path, view


@pytest.mark.parametrize("address", OURS, ids=lambda a: a.name or a.route)
def test_every_address_says_who_may_open_it(address: Address) -> None:
    if address.name not in PAGES:
        pytest.fail(
            f"{address.route} ({address.name or 'no name'}) is in no table: add a line to PAGES in"
            f' tests/url_table.py, for instance "{address.name}": member(Permission.SEE_DATA), and'
            f" the rows for its arguments {address.arguments} to tests/url_rows.py.",
            pytrace=False,
        )


@pytest.mark.parametrize("operation", _operations())
def test_every_api_operation_says_who_may_call_it(operation: str) -> None:
    if operation not in OPERATIONS:
        pytest.fail(
            f"{operation} is in no table: add a line to OPERATIONS in tests/url_table.py, for"
            f' instance "{operation}": member(Permission.SEE_DATA).',
            pytrace=False,
        )


def test_the_table_holds_no_address_that_is_gone() -> None:
    assert set(PAGES) <= {address.name for address in ADDRESSES}
    assert set(OPERATIONS) <= set(_operations())


def _expected(needs: Who | Permission, role: str, page: Page) -> str:
    """What the role should meet: sign-in, 404, 403 or open."""
    if needs is Who.ANYONE:
        return "open"
    if role == "anonymous":
        return "sign-in"
    if isinstance(needs, Who):
        return "404" if page.private and role != page.private else "open"
    if role == "stranger":
        return "404"
    if not may(role, needs):
        return "403"
    return "404" if page.private and role != page.private else "open"


def _met(response: HttpResponseBase) -> str:
    """What the response amounts to, in the words of `_expected`."""
    status = response.status_code
    if status == 401 or (status == 302 and response["Location"].startswith("/accounts/login/")):
        return "sign-in"
    if status in (403, 404):
        return str(status)
    return "open" if status < 500 else "failure"


def _ask(client: Client, method: str, url: str) -> HttpResponseBase:
    """One request whose effects are undone, a streamed reply read to its end."""
    with transaction.atomic():
        response: HttpResponseBase = client.get(url) if method == "GET" else client.post(url)
        if response.streaming:
            b"".join(response)
        transaction.set_rollback(True)
    return response


def _client(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def _offered(page: Page, url: str, people: dict[str, User]) -> list[str]:
    """The methods that whoever may do everything is offered."""
    client = _client(people[page.private or "owner"])
    return [m for m in METHODS if _ask(client, m, url).status_code != 405]


@pytest.mark.parametrize("address", [a for a in OURS if a.name in PAGES], ids=lambda a: a.name)
def test_it_opens_for_those_who_may_and_for_nobody_else(
    address: Address, cast: Cast, data: Data
) -> None:
    page, rows = PAGES[address.name], url_rows(cast, data)
    values = {name: rows[page.arguments.get(name, name)] for name in address.arguments}
    url = reverse(address.name, kwargs=values)
    offered = _offered(page, url, cast.by_role())

    wrong = []
    for role, user in {"anonymous": None, **cast.by_role()}.items():
        client = _client(user)
        for method in offered:
            response = _ask(client, method, url)
            needs = page.get if method == "GET" else page.post
            expected = _expected(needs, role, page)
            if _met(response) != expected and response.status_code not in page.also:
                wrong.append(f"{role} {method}: {response.status_code}, expected {expected}")

    assert offered, f"{url} takes neither GET nor POST"
    assert not wrong, f"{url}: " + "; ".join(wrong)


@pytest.mark.parametrize("operation", [o for o in _operations() if o in OPERATIONS])
def test_the_api_answers_those_who_may_and_nobody_else(
    operation: str, cast: Cast, data: Data
) -> None:
    page, rows = OPERATIONS[operation], url_rows(cast, data)
    method, path = operation.split(" ", 1)
    names = re.findall(r"{(?:\w+:)?(\w+)}", path)
    for name in names:
        path = re.sub(rf"{{(?:\w+:)?{name}}}", str(rows[page.arguments.get(name, name)]), path)

    wrong = []
    for role, user in {"anonymous": None, **cast.by_role()}.items():
        response = _call(method, f"/api/v1{path}", user, BODIES.get(operation))
        expected = _expected(page.get, role, page)
        if _met(response) != expected and response.status_code not in page.also:
            wrong.append(f"{role}: {response.status_code}, expected {expected}")

    assert not wrong, f"{operation}: " + "; ".join(wrong)


def _call(
    method: str, url: str, user: User | None, body: Mapping[str, object] | None
) -> HttpResponseBase:
    headers = {}
    sent = "" if body is None else json.dumps(body)
    if user is not None:
        _, text = create_token(user=user, name="walk", scope=ApiToken.Scope.WRITE)
        headers["Authorization"] = f"Bearer {text}"
    with transaction.atomic():
        response: HttpResponseBase = Client().generic(
            method, url, sent, content_type="application/json", headers=headers
        )
        if response.streaming:
            b"".join(response)
        transaction.set_rollback(True)
    return response


@pytest.mark.parametrize("address", ALLAUTH, ids=lambda a: a.name or a.route)
def test_account_pages_never_fail(address: Address, cast: Cast) -> None:
    values = {name: ALLAUTH_ARGUMENTS[name] for name in address.arguments}
    # The redirects of old addresses have no name.
    url = reverse(address.name, kwargs=values) if address.name else f"/{address.route}"

    statuses = {
        f"{role} {method}": _ask(_client(user), method, url).status_code
        for role, user in {"anonymous": None, "viewer": cast.viewer}.items()
        for method in METHODS
    }

    assert all(status < 500 for status in statuses.values()), statuses
