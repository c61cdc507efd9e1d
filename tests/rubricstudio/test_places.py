"""Formulas and the places of words: what is shown of a text, and where it stands in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubricstudio.mathml import formula
from rubricstudio.rendering import markdown, shown_words


class _Shown(HTMLParser):
    """Collects (place, words) of what is marked with a place alone, and marks of wholes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[int, str]] = []
        self.wholes: list[tuple[int, int]] = []
        self.unplaced = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = dict(attrs)
        if tag not in ("br", "hr", "img"):
            self.open.append((tag, marks))
        if marks.get("data-to"):
            self.wholes.append((int(marks["data-at"] or 0), int(marks["data-to"] or 0)))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, marks in reversed(self.open):
            if "data-to" in marks:
                return
            if "data-at" in marks:
                self.words.append((int(marks["data-at"] or 0), data))
                return
        self.unplaced += data.strip()


def _shown(text: str) -> _Shown:
    shown = _Shown()
    shown.feed(markdown(text, places=True))
    return shown


# The two spaces that break the line are written apart, where no editor trims them.
TEXT = r"""# Title *one* ##

Some **bold and `code  x`** [a *link*](http://x.y/z "a title") &amp; such \* star_s tail.
Second lineSPACES
third line with $x^2$, $5 and $10, \(a+b\).

> quote one
> - item **two**
>   lazy

1. first
2. ```py
   def f():

       return 1
   ```

| a | bb | d |
|---|:-:|--|
| 1 | *x* | 1 |
|  | y | z |

    indented code

$$
\frac{a}{b}
- c
$$

Setext *h*
===
~~gone~~ ``a ` b`` مرحبا **بك** 😀 after
""".replace("SPACES", "  ")


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n")], ids=["lf", "crlf"])
def test_every_word_shown_stands_where_its_mark_says(text: str) -> None:
    shown = _shown(text)

    assert [(at, w) for at, w in shown.words if text[at : at + len(w)] != w] == []
    assert shown.unplaced == ""
    wholes = [text[at:to].replace("\r", "") for at, to in shown.wholes]
    assert wholes == ["&amp;", r"\*", "$x^2$", r"\(a+b\)", "$$\n\\frac{a}{b}\n- c\n$$"]


@given(st.text(alphabet="ab1 *_`~[]()<>&;\\|-#$>\n\r\t😀", max_size=80))
def test_a_place_is_right_or_absent_whatever_the_text(text: str) -> None:
    for at, words in _shown(text).words:
        # Code over two lines shows a space where the source breaks the line.
        assert text[at : at + len(words)] == words


@given(st.text(alphabet="ab *`[]()&\\|\n", max_size=60))
def test_shown_words_have_one_place_each(text: str) -> None:
    words, places = shown_words(text)

    assert len(words) == len(places)
    assert all(text[p] == w for w, p in zip(words, places, strict=True) if p is not None)


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "US$5 or AU$6",
        "from $5-$10 a day",
        "$20,000 and 30$ more",
        "Set $HOME and $PATH.",
        "`$x$` in code",
        "about $5, or 10$ now",
        r"\$x$",
    ],
)
def test_sums_of_money_and_names_are_no_formulas(text: str) -> None:
    assert "<math" not in markdown(text)


@pytest.mark.parametrize(
    "text",
    ["$x$", "$x^2 + 1$", r"$$\frac12$$", r"\(a\)", r"\[a\]", "$5$", "$n$th", "$a = b$ or $c$."],
)
def test_formulas_are_drawn(text: str) -> None:
    assert "<math" in markdown(text)


@pytest.mark.parametrize("source", [r"\frac{1}", "{", r"\nosuchcommand{x}", "x" * 3000, " "])
def test_a_formula_that_cannot_be_drawn_is_shown_as_written(source: str) -> None:
    assert formula(source, display=False) is None
    if source.strip():
        assert "<math" not in markdown(f"${source}$")


@pytest.mark.parametrize(
    "source",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{background:url(//x)}{x}",
        r"\text{<script>alert(1)</script>}",
        r"\class{x}{y} \id{a}{b}",
    ],
)
def test_no_formula_carries_links_styles_or_scripts(source: str) -> None:
    html = formula(source, display=False) or ""
    assert not re.search(r"(href|style|class|id|on\w+)=|<script|javascript:", html)


def test_text_cannot_forge_the_mark_of_a_formula() -> None:
    mark = '<span data-formula="0"></span>'
    html = markdown(f"$x$ {mark} [a](http://b 'title{mark}') `{mark}`")
    assert html.count("<math") == 1
