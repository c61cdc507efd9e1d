"""Tables of a page as a person reads them: rows by their heading, cells by their label."""

from __future__ import annotations

from html.parser import HTMLParser

Rows = dict[str, dict[str, str]]


class _Tables(HTMLParser):
    """Rows of the tables whose cells carry a data-label, below the element with an id."""

    def __init__(self, section: str) -> None:
        super().__init__()
        self.section = section
        self.inside = self.open = False
        self.label = self.heading = ""
        self.rows: Rows = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "section":
            self.inside = named.get("id") == self.section
        elif tag == "tr":
            self.heading = ""
        elif tag in ("th", "td"):
            self.label, self.open = named.get("data-label") or "", self.inside
            if tag == "td" and self.inside and self.label:
                self.rows.setdefault(self.heading.strip(), {}).setdefault(self.label, "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self.open = False

    def handle_data(self, data: str) -> None:
        if self.open and self.label:
            self.rows[self.heading.strip()][self.label] += f" {data}"
        elif self.open:
            self.heading += f" {data}"


def table_rows(html: str, section: str) -> Rows:
    """The labelled rows of the section with this id, white space made single."""
    parser = _Tables(section)
    parser.feed(html)
    return {
        " ".join(heading.split()): {label: " ".join(text.split()) for label, text in cells.items()}
        for heading, cells in parser.rows.items()
    }
