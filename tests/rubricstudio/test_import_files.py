"""Files on disk as records: packed or not, as they stand or by a mapping, hostile or not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rubricstudio.actions.imports.files import DataFile, Meter, Reading, is_small, read_files, told
from rubricstudio.domain.formats.mapping import parse_mapping
from rubricstudio.domain.formats.records import (
    Problem,
    Record,
    ResponseRecord,
    TaskRecord,
)

TASK = '{"type": "task", "id": "t1", "prompt": "Why?"}\n'
DEEP = '{"type":"task","id":"x","prompt":"y","metadata":' + '{"a":' * 900 + "1" + "}" * 901
MAPPING = """
[[source]]
files = "data/questions.csv"
[[source.make]]
record = "task"
[source.make.fields]
id = "{no}"
prompt = "{question}"
"""
Write = Callable[[str, bytes | str], DataFile]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, content: bytes | str) -> DataFile:
        path = tmp_path / name.replace("/", "_")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return DataFile(name, path)

    return write_file


def _read(*files: DataFile, **options: object) -> list[Record | Problem]:
    return list(read_files(files, Reading(**options)))  # type: ignore[arg-type]


def test_several_files_of_several_formats_are_read_one_after_the_other(write: Write) -> None:
    found = _read(
        write("a.jsonl", TASK),
        write("b.csv", "id,task,text\nr1,t1,Because.\n"),
        write("c.json", '[{"type": "task", "id": "t2", "prompt": "How?"}]'),
        write("d.jsonl.gz", gzip.compress(TASK.replace("t1", "t3").encode())),
    )

    assert [type(record) for record in found] == [
        TaskRecord,
        ResponseRecord,
        TaskRecord,
        TaskRecord,
    ]


def test_the_type_of_rows_that_name_none_can_be_chosen(write: Write) -> None:
    [task] = _read(write("a.jsonl", '{"id": "t1", "prompt": "Why?"}'), kind="task")

    assert isinstance(task, TaskRecord)


def test_a_file_given_alone_fits_a_pattern_with_folders(write: Write) -> None:
    mapping = parse_mapping(MAPPING)

    [task] = _read(
        write("questions.csv.gz", gzip.compress(b"no,question\n7,Why?\n")), mapping=mapping
    )

    assert isinstance(task, TaskRecord) and task.id == "7"
    assert task.place.file == "questions.csv"


def test_a_source_without_a_file_is_a_problem(write: Write) -> None:
    [problem] = _read(write("other.csv", "a\n"), mapping=parse_mapping(MAPPING))

    assert isinstance(problem, Problem)
    assert "matches none of the files" in problem.message


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", b"\x00\x01\x02", "not a text file"),
        ("a.csv", b"PK\x03\x04xlsx", "spreadsheet"),
        ("a.csv", "id,prompt\nt1,café\n".encode("latin-1"), "not UTF-8"),
        ("a.csv", "id,prompt\n".encode("utf-16"), "UTF-16"),
        ("a.jsonl", b'{"type": "task", "id": "\xff"}', "not UTF-8"),
        ("a.jsonl.gz", gzip.compress(TASK.encode(), mtime=0)[:-9], "packed with gzip and broken"),
        ("a.jsonl.gz", b"\x1f\x8bnonsense", "packed with gzip and broken"),
        ("a.jsonl", "[" * 100_000, "is not JSON"),
        ("a.json", "[" * 100_000, "is not JSON"),
        ("a.jsonl", DEEP, "deep"),
        ("a.jsonl", '{"type":"task","id":"x","prompt":"y","metadata":{"a":1e999}}', "finite"),
        ("a.jsonl", '{"type":"task","id":"x","prompt":"y","metadata":{"a":NaN}}', "NaN"),
        ("a.jsonl", '{"type":"task","id":"' + "x" * 400 + '","prompt":"y"}', "400 characters"),
        ("a.csv", 'id,prompt\nt1,"open\n' + "x\n" * 50, "cannot be read"),
        ("a.csv", "id,prompt,prompt\n", "twice"),
    ],
)  # fmt: skip
def test_hostile_files_become_problems_that_name_the_file(
    write: Write, name: str, content: bytes | str, said: str
) -> None:
    found = _read(write(name, content))

    problems = [record for record in found if isinstance(record, Problem)]
    assert problems
    assert problems[0].file == name
    assert said in str(problems[0])


def test_a_long_line_and_what_unpacks_to_too_much_are_refused(write: Write) -> None:
    line = json.dumps({"type": "task", "id": "big", "prompt": "x" * 10_000_000})
    assert isinstance(_read(write("a.jsonl", line))[0], TaskRecord)

    bomb = write("b.jsonl.gz", gzip.compress(b"x\n" * 5_000_000))
    assert bomb.size < 100_000
    last = _read(bomb, most=10_000)[-1]
    assert isinstance(last, Problem) and "once it is unpacked" in last.message


def test_only_the_first_lines_are_read_where_that_is_asked(write: Write) -> None:
    text = "".join(TASK.replace("t1", f"t{n}") for n in range(30))

    assert len(_read(write("a.jsonl", text), first_lines=10)) == 10


def test_the_meter_counts_bytes_as_they_lie_on_disk(write: Write) -> None:
    file, meter = write("a.jsonl.gz", gzip.compress(TASK.encode() * 3)), Meter()

    list(read_files([file], Reading(), meter))

    assert meter.bytes_read == file.size


def test_progress_is_told_as_time_passes_and_at_the_end() -> None:
    now, said = iter(range(10_000)), list[int]()
    task = TaskRecord("t", ())

    # The clock is asked every 256 records and goes on by one each time; 2 make a report.
    records = told(iter([task] * 1000), said.append, every=2.0, clock=lambda: next(now))

    assert len(list(records)) == 1000
    assert said == [512, 1000]


def test_small_is_what_holds_little_once_it_is_unpacked(write: Write) -> None:
    plain, packed = write("a.jsonl", TASK * 10), write("b.gz", gzip.compress(b"\n" * 1_000_000))
    size = len(TASK) * 10

    assert is_small([plain], most_bytes=size, most_lines=10)
    assert not is_small([plain], most_bytes=size - 1, most_lines=10)
    assert not is_small([plain], most_bytes=size, most_lines=9)
    assert not is_small([plain, plain], most_bytes=size, most_lines=100)
    assert not is_small([packed], most_bytes=10_000, most_lines=1_000_000)
