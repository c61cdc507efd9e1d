"""What speaks against a judge before it judges: found without a verdict asked of anybody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from rubricstudio.domain.rubric import Criterion
from scoring.judges import Site
from scoring.judges.checks import Problem, problems
from tests.scoring.judges.cases import DOSED, NAMES_A_DOSE, a_request
from tests.scoring.judges.test_learned import TINY, a_probe

LONG = a_request(text=DOSED * 400)


class ModelServer(HTTPServer):
    """Lists models as OpenAI-compatible servers do, and notes what it was asked."""

    status: int = 200
    listed: Any = None
    asked: list[tuple[str, str | None]]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.path, self.headers.get("Authorization")))
            body = json.dumps(made.listed).encode()
            self.send_response(made.status)
            self.send_header("Location", "http://169.254.169.254/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    made = ModelServer(("127.0.0.1", 0), Handler)
    made.asked = []
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def _hosted(server: ModelServer, site: Site | None = None, **config: Any) -> list[Problem]:
    config = {"model": "hosted_vllm/qwen", "api_base": server.base} | config
    return problems("llm", config, [LONG], site or Site(allow_private=True, environ={}))


def test_a_server_that_lists_the_model_is_asked_once_and_never_for_a_verdict(
    server: ModelServer,
) -> None:
    server.listed = {"data": [{"id": "qwen", "max_model_len": 100_000}]}

    assert _hosted(server) == []
    assert server.asked == [("/v1/models", "Bearer none")]


@pytest.mark.parametrize(
    ("status", "listed", "words", "stops"),
    [
        (200, {"data": [{"id": "gemma"}]}, "lists no model 'qwen'. It lists: gemma.", False),
        (200, {"data": []}, "It lists: none.", False),
        (200, {"data": [{"id": "qwen", "max_model_len": 2048}]}, "the model takes 2,048", False),
        (401, {}, "asks for a key (401)", True),
    ],
)
def test_what_a_server_says_of_its_models(
    server: ModelServer, status: int, listed: Any, words: str, stops: bool
) -> None:
    server.status, server.listed = status, listed

    (found,) = _hosted(server)

    assert words in found.text
    assert found.stops is stops


def test_a_call_about_all_criteria_needs_room_for_all_of_them(server: ModelServer) -> None:
    server.listed = {"data": [{"id": "qwen", "max_model_len": 6_000}]}
    config = {"model": "hosted_vllm/qwen", "api_base": server.base}
    site = Site(allow_private=True, environ={})
    asked = [a_request(Criterion(key=f"k{n}", text=f"Says {n}.")) for n in range(20)]

    assert problems("llm", config, asked, site) == []
    # 1024 tokens for the first verdict and 256 for each of the 19 others.
    (found,) = problems("llm", config | {"mode": "rubric"}, asked, site)
    assert "the reply may take 5,888" in found.text
    assert "criteria_per_call" in found.text
    assert problems("llm", config | {"mode": "rubric", "criteria_per_call": 5}, asked, site) == []
    assert problems("llm", config | {"examples": 6}, asked, site) == []
    many = {"mode": "rubric", "criteria_per_call": 5, "examples": 6}
    assert len(problems("llm", config | many, asked, site)) == 1


@pytest.mark.parametrize(("status", "listed"), [(404, {}), (200, ["odd"]), (307, {})])
def test_a_server_without_such_a_list_may_work_all_the_same(
    server: ModelServer, status: int, listed: Any
) -> None:
    server.status, server.listed = status, listed

    assert _hosted(server) == []


def test_a_key_is_sent_where_the_judge_would_send_it_and_missed_where_it_is_not_set(
    server: ModelServer,
) -> None:
    server.listed = {"data": [{"id": "qwen"}]}
    known: dict[str, Any] = {"allow_private": True, "api_bases": (server.base,)}
    keyed: dict[str, Any] = {"api_key_env": "OWN_API_KEY"}

    (found,) = _hosted(server, Site(environ={}, **known), **keyed)
    assert found == Problem(
        "OWN_API_KEY is not set where the judge runs: set it for the workers and start them again.",
        True,
    )
    assert _hosted(server, Site(environ={"OWN_API_KEY": "s3"}, **known), **keyed) == []
    assert server.asked == [("/v1/models", "Bearer s3")]


def test_a_server_that_is_away_is_a_warning_and_one_that_may_not_be_called_is_not(
    server: ModelServer,
) -> None:
    server.server_close()
    away = _hosted(server)
    refused = _hosted(server, Site(environ={}), api_base="http://localhost:1/v1")

    assert [("cannot be reached" in each.text, each.stops) for each in away] == [(True, False)]
    assert [("private address" in each.text, each.stops) for each in refused] == [(True, True)]


@pytest.mark.parametrize(
    ("model", "words", "stops"),
    [
        ("openai/gpt-4.1", "OPENAI_API_KEY is not set", True),
        ("nosuch/model", "No provider is known", True),
    ],
)
def test_a_providers_model_is_looked_up_without_a_call(
    monkeypatch: pytest.MonkeyPatch, model: str, words: str, stops: bool
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    (found,) = problems("llm", {"model": model})

    assert words in found.text
    assert found.stops is stops


def test_a_model_that_nobody_lists_is_told_and_can_be_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "s3")

    assert problems("llm", {"model": "openai/gpt-4.1"}) == []
    (found,) = problems("llm", {"model": "openai/gtp-4.1"})
    assert "look whether the name is right" in found.text
    assert not found.stops


def test_a_local_model_needs_its_folder_its_device_and_room(tiny_site: Site) -> None:
    config = {"model": "tiny", "device": "cpu"}

    assert problems("local", config, [a_request()], tiny_site) == []
    (missing,) = problems("local", {"model": "huge"}, [], tiny_site)
    assert "There is no model folder 'huge'" in missing.text and missing.stops
    (small,) = problems("local", config, [LONG], tiny_site)
    assert "the model takes 1,024: such responses are left without a verdict" in small.text
    assert not small.stops


def test_a_trained_judge_needs_the_weights_and_criteria_of_its_training(
    tiny_site: Site, tmp_path: Path
) -> None:
    config = TINY | {"probe": a_probe(tiny_site)}
    other = a_request(Criterion(key="new", text="Something else."))

    assert problems("learned", config, [a_request(NAMES_A_DOSE)], tiny_site) == []
    (none,) = problems("learned", config, [other], tiny_site)
    assert "1 of 1 criteria were not trained on" in none.text and none.stops
    (some,) = problems("learned", config, [a_request(), other], tiny_site)
    assert "1 of 2 criteria" in some.text and not some.stops
    weights = tmp_path / "models" / "tiny"
    weights.mkdir(parents=True)
    for file in (tiny_site.data_folder / "models" / "tiny").iterdir():
        (weights / file.name).write_bytes(file.read_bytes())
    (weights / "more.safetensors").write_bytes(b"others")
    changed, *_ = problems("learned", config, [a_request()], Site(data_folder=tmp_path))
    assert "trained on other weights" in changed.text and changed.stops


def test_a_program_that_cannot_be_read_is_named() -> None:
    broken = Criterion(key="dose", text="Names a dose.", program="contains(")

    (found,) = problems("program", {}, [a_request(broken)])

    assert "The program of 'dose' cannot be read" in found.text


def test_a_configuration_that_cannot_work_is_told_as_it_is_when_made() -> None:
    assert problems("llm", {"model": "https://x"})[0].stops
    assert problems("oracle", {})[0].stops
    assert problems("scripted", {}) == []
