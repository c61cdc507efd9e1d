"""Pictures that texts name reach judges that can see, and only those."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from rubricstudio.actions.images import add_image
from rubricstudio.actions.tasks import add_response
from rubricstudio.domain.rubric import Criterion, Example
from rubricstudio.models import Verdict
from scoring.actions.batches import judge_batch
from scoring.actions.judges import create_judge
from scoring.actions.runs import start_run
from scoring.judges import Site, build
from scoring.judges.pictures import MOST, names_in, texts_of, with_pictures
from scoring.judges.protocol import Picture
from tests.conftest import Cast, Data
from tests.rubricstudio.test_images import drawn
from tests.scoring.judges.cases import a_request
from tests.scoring.judges.conftest import Servers
from tests.scripted_server import Call, say

PICTURE = Picture("a.png", "image/png", b"bytes")


def test_names_stand_in_the_order_of_the_texts_each_once() -> None:
    texts = ["![x](image:b.png) and ![](image:a.png 'title')", "![again](image:b.png)", "image:c"]
    assert names_in(texts) == ("b.png", "a.png")


def test_there_is_a_most() -> None:
    assert len(names_in(f"![](image:p{n})" for n in range(50))) == MOST


def test_every_text_a_judge_reads_is_looked_through() -> None:
    criterion = Criterion("k", "Shows it.", examples=(Example("![](image:e)", met=True),))
    request = replace(
        a_request(text="![](image:r)"),
        criterion=criterion,
        reference="![](image:f)",
        context=("![](image:c)",),
    )
    assert set(names_in(texts_of(request))) == {"c", "f", "r", "e"}


def test_a_message_without_pictures_stays_a_text() -> None:
    assert with_pictures("Look.", ()) == "Look."


def test_a_judge_that_sees_is_sent_the_bytes_under_their_name(serve: Servers) -> None:
    seen: list[Any] = []

    def script(call: Call) -> Any:
        seen.append(call.body["messages"][-1]["content"])
        return say("met")

    server = serve(script)
    config = {"model": "hosted_vllm/m", "api_base": server.url, "vision": True}
    judge = build("llm", config, Site(allow_private=True))

    outcome = judge.judge([replace(a_request(), pictures=(PICTURE,))])[0]

    parts = seen[0]
    assert [part["type"] for part in parts] == ["text", "text", "image_url"]
    assert parts[1]["text"] == "The picture image:a.png"
    url = parts[2]["image_url"]["url"]
    assert url == "data:image/png;base64," + base64.b64encode(b"bytes").decode()
    assert outcome.provenance.parameters["pictures"][0].startswith("a.png:")  # type: ignore[index]


@pytest.mark.parametrize("vision", [True, False])
def test_a_run_looks_pictures_up_where_the_judge_sees(
    vision: bool, cast: Cast, data: Data, serve: Servers, settings: Any
) -> None:
    seen: list[bool] = []

    def script(call: Call) -> Any:
        seen.append(isinstance(call.body["messages"][-1]["content"], list))
        return say("met")

    settings.JUDGE_ALLOW_PRIVATE_HOSTS = True
    server = serve(script)
    add_image(project=cast.project, data=drawn(), name="a.png", by=cast.author)
    response = add_response(
        task=data.tasks[0], external_id="pictured", source="m", text="See ![it](image:a.png)."
    )
    params = {"model": "hosted_vllm/m", "api_base": server.url, "vision": vision}
    judge = create_judge(project=cast.project, name="J", kind="llm", params=params, by=cast.owner)
    run = start_run(
        judge=judge,
        version=data.version,
        response_ids=[response.pk],
        name="r",
        by=cast.owner,
        enqueue=False,
    )

    judge_batch(run=run, number=run.batches.get().number)

    assert set(seen) == {vision}
    assert Verdict.objects.filter(round=run.round).count() == len(seen)
