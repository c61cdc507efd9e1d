"""What the API says of the operations on sessions holds for whatever they are sent.

Bodies are drawn from the description itself, fields of settings from their forms. What is
drawn is the same in each run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.db import transaction
from django.test import Client
from hypothesis import given
from hypothesis import settings as laws
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pytest_django.fixtures import Settings

from annotations.actions import activate, create_session, next_item, submit
from annotations.forms_compare import ComparisonForm
from annotations.forms_sessions import SessionForm
from annotations.grouping import Grouping
from annotations.models import Assignment, Item, Mode, Session
from rubricstudio.actions.tokens import create_token
from rubricstudio.api import api
from rubricstudio.models import ApiToken
from tests.annotations.calibration_cases import (
    calibration,
    discussed_session,
    fresh,
    sheet,
    vote,
)
from tests.annotations.conftest import COMPLETE
from tests.annotations.test_comparing import compared
from tests.conftest import Cast, Data
from tests.rubricstudio.accounts import fresh_cache
from tests.url_table import BODIES, OPERATIONS

__all__ = ["fresh_cache"]

EXAMPLES = 10
DESCRIBED: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
SESSIONS = [operation for operation in OPERATIONS if "/sessions" in operation]
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 1, 2, 10**30, 0.5, "", "x", "a\x00b", "1", "2027-01-31", [], [[1]], {}]
)
CRITERIA = ["warns", "invents", "clarity"]
KEYS = [*CRITERIA, "whole", "criterion:warns", "place:A", "place:B", ""]
COMPLETE_ANSWERS = [
    {"answers": dict.fromkeys(keys, {"value": 1})}
    for keys in (CRITERIA, ("place:A", "place:B"), [*(f"criterion:{k}" for k in CRITERIA), "whole"])
]
SETTINGS = [*SessionForm.base_fields, *ComparisonForm.base_fields, "rubric", "colour"]


def _drawn(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of the description allows."""
    if "$ref" in schema:
        return _drawn(_component(schema["$ref"]))
    if "anyOf" in schema:
        return st.one_of(*map(_drawn, schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    plain: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "null": st.none,
        "boolean": st.booleans,
        "integer": lambda: st.integers(schema.get("minimum", -3), schema.get("maximum", 3)),
        "number": lambda: st.sampled_from([-2, -1, 0, 0.5, 1, 2, 3, 1e300]),
        "string": lambda: st.text(max_size=min(schema.get("maxLength", 8), 8)),
        "array": lambda: st.lists(_drawn(schema["items"]), max_size=2),
        "object": lambda: _object(schema),
    }
    return plain[schema["type"]]()


def _object(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    fields = {name: _drawn(field) for name, field in schema.get("properties", {}).items()}
    required = {name: fields.pop(name) for name in schema.get("required", [])}
    if fields or required:
        return st.fixed_dictionaries(required, optional=fields)
    inner = schema.get("additionalProperties")
    if isinstance(inner, dict):
        return st.dictionaries(st.sampled_from(KEYS), _drawn(inner), max_size=4)
    kind = st.sampled_from(["criteria", "overall", "pairwise", "ranking"])
    named = st.fixed_dictionaries({}, optional={"name": st.text(max_size=5), "mode": kind})
    more = st.dictionaries(st.sampled_from(SETTINGS), ODD, max_size=2)
    return st.builds(lambda one, other: one | other, named, more)


def _component(reference: str) -> dict[str, Any]:
    found: dict[str, Any] = DESCRIBED["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _operation(name: str) -> dict[str, Any]:
    method, path = name.split(" ", 1)
    found: dict[str, Any] = DESCRIBED["paths"][f"/api/v1{path}"][method.lower()]
    return found


@cache
def _bodies(name: str) -> st.SearchStrategy[str]:
    """What is sent: mostly what is described, or nothing; else some other JSON, or none."""
    operation = _operation(name)
    if "requestBody" not in operation:
        return st.just("")
    (content,) = operation["requestBody"]["content"].values()
    meant = _drawn(content["schema"]).map(json.dumps)
    return st.one_of(meant, meant, meant, ODD.map(json.dumps), st.sampled_from(["", "{", "\ud800"]))


def _strict(schema: Any) -> Any:
    """The schema, such that a field that is not described is wrong as well."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    known = {name: _strict(one) for name, one in schema.items()}
    closed = {"additionalProperties": False} if "properties" in schema else {}
    return closed | known


@cache
def _answers(name: str) -> dict[str, Draft202012Validator | None]:
    """By status: what an answer looks like, None where it has no body."""
    components = _strict(DESCRIBED["components"])
    return {
        status: Draft202012Validator(
            _strict(told["content"]["application/json"]["schema"]) | {"components": components}
        )
        if "content" in told
        else None
        for status, told in _operation(name)["responses"].items()
    }


def _problem(name: str, status: int, raw: bytes) -> str:
    """What of an answer is not as described; empty where nothing is."""
    if str(status) not in _answers(name):
        return f"{status} is not described: {raw[:300]!r}"
    described = _answers(name)[str(status)]
    if described is None:
        return f"a body: {raw[:300]!r}" if raw else ""
    wrong = next(described.iter_errors(json.loads(raw)), None)
    return f"{status}: {wrong.message[:300]}" if wrong else ""


def _sessions(cast: Cast, data: Data, running: Session) -> list[Session]:
    """One of every kind, with what Nuria has said in it and has open."""
    create = partial(create_session, project=cast.project, version=data.version, by=cast.owner)
    draft = create(name="Draft", annotators=[cast.annotator])
    voting = calibration(cast, data, name="Voting")
    for person in (cast.annotator, cast.second_annotator):
        vote(voting, person, sheet(1))
    open_to_her = [running, voting]
    for mode in (Mode.PAIRWISE, Mode.RANKING):
        one = compared(cast, data, Grouping(mode), name=str(mode.value))
        open_to_her.append(activate(session=one, by=cast.owner))
    taken = next_item(session=running, by=cast.annotator)
    assert taken
    submit(assignment=taken, sheet=COMPLETE, by=cast.annotator)
    for one in open_to_her:
        next_item(session=fresh(one), by=cast.annotator)
    return [*open_to_her, draft, discussed_session(cast, data)]


@dataclass(frozen=True)
class Caller:
    """Makes calls of an operation; what they change is undone.

    sessions: with their items; own: items that Nuria has.
    """

    sessions: dict[int, list[int]]
    own: set[int]
    tokens: dict[str, str]

    def usual(self, name: str) -> set[int]:
        """Whoever should, with what is usual, on each session; the statuses that were met."""
        usual = COMPLETE_ANSWERS if name.endswith("/submit") else [BODIES.get(name)]
        bodies = ["" if body is None else json.dumps(body) for body in usual]
        return {
            self.ask(name, session, item, self.right(name), body)
            for session, items in self.sessions.items()
            for item in (sorted(self.own & set(items)) if "{item_id}" in name else [0])
            for body in bodies
        }

    def right(self, name: str) -> str:
        return OPERATIONS[name].private or "owner"

    def draw(self, name: str, data: st.DataObject) -> None:
        """Somebody, with anything, on anything."""
        session = data.draw(st.sampled_from([*self.sessions, 0]), "session")
        items = self.sessions.get(session, [])
        own = [item for item in items if item in self.own]
        item = data.draw(st.sampled_from([*own, *own, *own, *items, 0]), "item")
        who = data.draw(st.sampled_from([self.right(name)] * 6 + list(self.tokens)), "who")
        body = data.draw(_bodies(name), "body")
        query = data.draw(st.sampled_from(["", "?limit=1", "?limit=0", "?after=1"]), "query")
        self.ask(name, session, item, who, body, query)

    def ask(self, name: str, session: int, item: int, who: str, body: str, query: str = "") -> int:
        """The status of one call, whose answer is held against its description."""
        method, path = name.split(" ", 1)
        filled = path.format(slug="demo", session_id=session, item_id=item)
        with transaction.atomic():
            reply = Client().generic(
                method,
                f"/api/v1{filled}{query}",
                body.encode(errors="surrogatepass"),
                content_type="application/json",
                headers={"Authorization": f"Bearer {self.tokens[who]}"},
            )
            transaction.set_rollback(True)
        assert not _problem(name, reply.status_code, reply.content), (name, filled, who, body)
        return reply.status_code


def _caller(cast: Cast, data: Data, running: Session) -> Caller:
    sessions = _sessions(cast, data, running)
    users = {**cast.by_role(), "nils": cast.second_annotator, "one who reads": cast.owner}
    scopes = {"one who reads": ApiToken.Scope.READ}
    tokens = {
        name: create_token(user=user, name=name, scope=scopes.get(name, ApiToken.Scope.WRITE))[1]
        for name, user in users.items()
    }
    rows = Item.objects.order_by("pk").values_list("session", "pk")
    items = {one.pk: [item for session, item in rows if session == one.pk] for one in sessions}
    own = Assignment.objects.filter(rater__user=cast.annotator).values_list("item", flat=True)
    return Caller(items, set(own), tokens | {"nobody": "rs_wrong"})


def _holds_for_anything(caller: Caller, name: str) -> None:
    @laws(max_examples=EXAMPLES, derandomize=True, database=None)
    @given(drawn=st.data())
    def holds(drawn: st.DataObject) -> None:
        caller.draw(name, drawn)

    holds()


def test_every_answer_is_as_described(
    session: Session, cast: Cast, data: Data, settings: Settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10**6
    caller = _caller(cast, data, session)

    for name in SESSIONS:
        assert caller.usual(name) & {200, 201, 204}, f"{name} never answers when all is well"
        _holds_for_anything(caller, name)
