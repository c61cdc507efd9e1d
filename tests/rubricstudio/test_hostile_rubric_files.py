"""Files that nobody should send: each is answered in words, on the page and by the command."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from rubricstudio.models import Rubric
from tests.conftest import Cast

IMPORT = "/projects/demo/rubrics/import/"
ROW = {"prompt_id": "p", "prompt": [], "rubrics": [{"criterion": "Names it", "points": 1}]}
FINE = json.dumps(ROW)
COLUMNS = [f"column {n}" for n in range(98)]


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("r.json", FINE)
    return packed.getvalue()


# What is sent under which name, and what has to be said of it: line, field, words.
REFUSED: dict[str, tuple[str, bytes, str, str, str]] = {
    "broken json": ("r.json", b'{\n "rubrics": [}\n', "2", "", "is not JSON"),
    "broken line": ("r.jsonl", f"{FINE}\n{{\n{FINE}\n".encode(), "2", "", "is not JSON"),
    "doubled field": (
        "r.json",
        b'{"points": 1,\n"a": {"b": 1,\n"b": 2}}',
        "3",
        "",
        "'b' stands twice",
    ),
    "nan": ("r.json", FINE.replace("1}", "\nNaN}").encode(), "2", "", "NaN is no JSON number"),
    "infinite": (
        "r.json",
        FINE.replace("1}", "1e999}").encode(),
        "1",
        "rubrics[0].points",
        "finite",
    ),
    "deep json": ("r.json", b'{"criteria": ' * 10_000, "", "", "nested too deeply"),
    "deep list": ("r.json", b"[" * 10_000 + b"]" * 10_000, "", "", "nested too deeply"),
    "deep yaml": ("r.yaml", b"criteria: key: " + b"[" * 10_000, "", "", "YAML"),
    "deep flow": (
        "r.yaml",
        b"criteria:\nkey: " + b"[" * 10_000 + b"]" * 10_000,
        "",
        "",
        "nested more than",
    ),
    "bomb": (
        "r.yaml",
        b"key: 1\ncriteria:\n- &a [x, x]\n- &b [*a, *a]\n- &c [*b, *b]\n",
        "4",
        "",
        "refers back with *",
    ),
    "doubled yaml": ("r.yaml", b"criteria:\n- key: a\n  key: b\n", "3", "", "'key' stands twice"),
    "tagged yaml": (
        "r.yaml",
        b"criteria: !!python/object/apply:os.system [id]\nkey: x\n",
        "",
        "criteria[0]",
        "object",
    ),
    "utf-16": ("r.json", FINE.encode("utf-16"), "", "", "is UTF-16"),
    "utf-16 unmarked": ("r.json", FINE.encode("utf-16-le"), "1", "", "NUL character"),
    "nul": ("r.json", b'{\n"a": "\x00"}', "2", "", "NUL character"),
    "latin-1": ("r.csv", "text\nNaïve\n".encode("latin-1"), "2", "", "not UTF-8"),
    "zip as json": ("r.json", _zip(), "", "", "is a packed file"),
    "gzip as json": ("r.json", gzip.compress(FINE.encode()), "", "", "is a packed file"),
    "open quote": ("r.csv", b'text\n"Names it\nand more', "2", "", "cannot be read"),
    "too many cells": (
        "r.csv",
        b"text,weight\nA,1\nB,1,2\n",
        "3",
        "",
        "has 3 cells, the heading 2",
    ),
    "number": ("r.csv", b"text,weight\nA,1\nB,1e400\n", "3", "weight", "finite"),
    "words": ("r.txt", b"Just a letter.", "", "format", "is not known"),
    "null": ("r.json", b"null", "1", "", "is null, not an object"),
}
# What looks odd and is read all the same, with the texts that come of it.
READ: dict[str, tuple[str, bytes, list[str]]] = {
    "mark": ("r.json", b"\xef\xbb\xbf" + FINE.encode(), ["Names it"]),
    "mixed line ends": ("r.csv", b"text,weight\r\nA,1\rB,2\n\nC,3", ["A", "B", "C"]),
    "formulas": (
        "r.csv",
        b'text,weight\n"=HYPERLINK(""http://x"")",1\n@SUM(A1),2\n',
        ['=HYPERLINK("http://x")', "@SUM(A1)"],
    ),
    "100 columns": (
        "r.csv",
        f"text,weight,{','.join(COLUMNS)}\nA,1{',x' * 98}\n".encode(),
        ["A"],
    ),
    "direction marks": ("r.csv", "text\n\u202eevil\u202c\n".encode(), ["\u202eevil\u202c"]),
    "huge integer": ("r.json", FINE.replace("1}", "1" + "0" * 300 + "}").encode(), []),
}


def post(client: Client, name: str, data: bytes) -> Any:
    return client.post(IMPORT, {"upload": SimpleUploadedFile(name, data)})


@pytest.mark.parametrize("case", REFUSED)
def test_the_page_says_file_line_field_and_what_to_do(
    client: Client, cast: Cast, case: str
) -> None:
    name, data, line, field, words = REFUSED[case]
    client.force_login(cast.author)

    answer = post(client, name, data)

    assert answer.status_code in (200, 422)
    shown = unescape(answer.content.decode())
    assert name in shown and words in shown
    if answer.status_code == 422:
        assert f"{name}:{line}:" in shown if line else f"{name}: " in shown
    else:
        problems = answer.context["look"].all_problems
        [problem] = [p for p in problems if words in p.message]
        assert (str(problem.line or ""), problem.field) == (line or str(problem.line or ""), field)
        assert problem.hint or problem.field
    assert Rubric.objects.count() == 0


@pytest.mark.parametrize("case", REFUSED)
def test_the_command_says_the_same_and_stores_nothing(
    cast: Cast, tmp_path: Path, case: str
) -> None:
    name, data, line, _field, words = REFUSED[case]
    path = tmp_path / name
    path.write_bytes(data)
    told = io.StringIO()

    with pytest.raises(CommandError) as caught:
        call_command("import_rubric", str(path), "--project", "demo", stderr=told)

    said = f"{told.getvalue()}\n{caught.value}"
    assert words in said and (f"{name}:{line}: " if line else name) in said
    assert caught.value.returncode in (1, 2)
    assert Rubric.objects.count() == 0


@pytest.mark.parametrize("case", READ)
def test_what_only_looks_odd_is_read(client: Client, cast: Cast, tmp_path: Path, case: str) -> None:
    name, data, texts = READ[case]
    client.force_login(cast.author)

    answer = post(client, name, data)

    assert answer.status_code == 200
    found = [c.text for r in answer.context["look"].rubrics for c in r.read.rubric.leaves]
    assert found == texts
    if not texts:
        assert answer.context["look"].n_problems
        return
    path = tmp_path / name
    path.write_bytes(data)
    call_command("import_rubric", str(path), "--project", "demo", stdout=io.StringIO())
    assert Rubric.objects.count() == 1


def _public() -> list[Path]:
    folder = Path(settings.REAL_DATA)
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".txt")


@pytest.mark.skipif(not _public(), reason="the public data sets are absent (setting REAL_DATA)")
def test_every_public_file_is_answered_in_words_through_the_form(
    client: Client, cast: Cast
) -> None:
    """Rubric files are read; the many that hold something else are refused, never an error."""
    client.force_login(cast.author)
    read = {}

    for path in _public():
        answer = post(client, path.name, path.read_bytes())
        assert answer.status_code in (200, 422), path
        look = answer.context.get("look")
        if look is None:
            assert "MB" in answer.content.decode(), path
        elif look.rubrics:
            read[f"{path.parent.name}/{path.name}"] = look.n_criteria
        else:
            assert look.n_problems or look.too_many, path

    assert read["tests/ttcw_all_tests.json"] == 14
    trees = ("rice", "all-in-one", "semantic-self-consistency")
    assert all(read[f"{paper}/rubric.json"] > 50 for paper in trees)
