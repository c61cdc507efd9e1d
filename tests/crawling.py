"""Visits every address that a person can reach, and keeps every byte that came back."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import transaction
from django.http import HttpResponseBase, QueryDict
from django.test import Client
from django.urls import NoReverseMatch, reverse

MOST = 6000
"""Requests of a crawl; reaching it is a failure, not an end."""
_LINK = re.compile(r'(?:href|src|action|hx-[a-z]+|data-[a-z-]+)="([/?][^"]*)"')
_TARGET = re.compile(r'hx-target="#([\w-]+)"')
_LEFT_ALONE = ("/static/", "/accounts/", "/i18n/", "/styleguide/")


class Crawl:
    """One person's crawl. `seen` are the addresses asked for, `found` the words met, where."""

    def __init__(self, client: Client, words: Sequence[str]) -> None:
        self.client, self.words = client, words
        self.seen: set[tuple[str, str, str]] = set()
        self.open: dict[str, set[str]] = {}
        self.found: dict[str, set[str]] = {}
        self.statuses: dict[int, int] = {}
        self.targets: set[str] = set()
        self.asked: set[str] = set()

    def get(self, url: str, target: str = "", **headers: str) -> list[str]:
        """Ask for an address once a target; the links that it answers with."""
        key = ("GET", url, target + ",".join(headers))
        if key in self.seen or len(self.seen) > MOST:
            return []
        self.seen.add(key)
        if target:
            headers |= {"HX-Request": "true", "HX-Target": target}
        self.asked.clear()
        return self._read(url, self.client.get(url, headers=headers))

    def post(self, url: str, form: Mapping[str, str], **headers: str) -> None:
        """Send a form whose effects are undone."""
        self.seen.add(("POST", url, ",".join(headers)))
        with transaction.atomic():
            self._read(url, self.client.post(url, dict(form), headers=headers))
            transaction.set_rollback(True)

    def send(self, method: str, url: str, body: object, **headers: str) -> None:
        """Send JSON by any method; its effects are undone."""
        self.seen.add((method, url, json.dumps(body)))
        with transaction.atomic():
            sent = json.dumps(body)
            self._read(
                url,
                self.client.generic(
                    method, url, sent, content_type="application/json", headers=headers
                ),
            )
            transaction.set_rollback(True)

    def _read(self, url: str, response: HttpResponseBase) -> list[str]:
        self.statuses[response.status_code] = self.statuses.get(response.status_code, 0) + 1
        body = b"".join(response) if response.streaming else getattr(response, "content", b"")
        raw = body.decode(errors="replace")
        text = "\n".join((str(response.headers), str(response.cookies), raw, html.unescape(raw)))
        if "\\" in raw:
            text += raw.encode("ascii", "backslashreplace").decode("unicode_escape")
        for word in self.words:
            if word in text:
                self.found.setdefault(word, set()).add(url)
        if response.status_code == 200:
            self.open.setdefault(urlsplit(url).path, set()).update(self.asked)
        self.targets |= set(_TARGET.findall(raw))
        links = [html.unescape(link) for link in _LINK.findall(raw)]
        links += [response.headers["Location"]] if "Location" in response.headers else []
        return [urljoin(url, link).split("#")[0] for link in links]

    def follow(self, start: Sequence[str]) -> None:
        """Every link from these addresses on, each also as a fragment."""
        waiting = list(start)
        while waiting and len(self.seen) < MOST:
            url = waiting.pop()
            if url.startswith(_LEFT_ALONE) or ("GET", url, "") in self.seen:
                continue
            waiting += self.get(url)
            waiting += self.get(url, target="content")

    def vary(self, values: Sequence[str]) -> None:
        """Each open page with every parameter that it reads, and for every target of a fragment."""
        for path, names in list(self.open.items()):
            for name, value in product(sorted(names), values):
                self.get(f"{path}?{name}={value}")
            for target in sorted(self.targets):
                self.get(path, target=target)


def record_parameters(crawl: Crawl, monkeypatch: pytest.MonkeyPatch) -> None:
    """Note which parameters a view asks its query for, so that the crawl can send them."""
    for method in ("get", "getlist", "__getitem__", "__contains__"):
        original = getattr(QueryDict, method)

        def noting(self: Any, key: str, *more: Any, _original: Any = original, **named: Any) -> Any:
            crawl.asked.add(str(key))
            return _original(self, key, *more, **named)

        monkeypatch.setattr(QueryDict, method, noting)


def addresses(
    names: Mapping[str, Sequence[str]], rows: Mapping[str, Sequence[object]]
) -> Iterator[str]:
    """The addresses of these names, with every combination of the rows of their arguments."""
    for name, arguments in names.items():
        for values in product(*(rows[argument] for argument in arguments)):
            try:
                yield reverse(name, kwargs=dict(zip(arguments, values, strict=True)))
            except NoReverseMatch as error:  # a row is missing from tests/url_rows.py
                raise AssertionError(name) from error
