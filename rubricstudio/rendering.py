"""Text written by models and people, as safe HTML.

Whatever the text says, the result holds no script, style, form or frame, no picture but the
project's own, no address but http, https and mailto, and no identifiers that could clash with
the page's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import nh3
from django.core.signing import Signer
from django.utils.crypto import constant_time_compare
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from rubricstudio.domain.pictures import NAME
from rubricstudio.formulas import add_formulas
from rubricstudio.mathml import formula
from rubricstudio.places import Source, image_with_end, link_with_end, note_places

# Blocks take the direction of their own first letters: an English list inside an Arabic
# answer stays readable.
_DIRECTED = ("p", "ul", "ol", "li", "blockquote", "table", "th", "td", "h3", "h4", "h5", "h6")
_PLAIN = (
    "a",
    "br",
    "code",
    "em",
    "hr",
    "img",
    "pre",
    "s",
    "span",
    "strong",
    "tbody",
    "thead",
    "tr",
)
_TAGS = {*_DIRECTED, *_PLAIN}
# "start" keeps the number of a list that a model began at 3.
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "loading"},
    "ol": {"start"},
    "span": {"data-at", "data-to", "data-formula"},
    "th": {"align"},
    "td": {"align"},
}
# The page's own headings stand above.
_TOP_HEADING = 3

LONGEST_RENDERED = 100_000
"""Characters; a longer text is shown as it is written, which takes no time."""
_IMAGE = re.compile(rf"image:(?P<name>{NAME})")
_DEEPEST = 20
"""Blocks inside blocks; the parser leaves out what lies deeper, and takes long where it is more."""


def markdown(text: str, *, images: str = "", places: bool = False) -> SafeString:
    """Return Markdown as safe HTML. HTML in the text is shown as it is written.

    Tables, strikethrough and LaTeX are understood. Headings begin at level 3. `images` is the
    address below which the project's pictures lie: `![...](image:NAME)` shows one of them. Any
    other image is a link with its description: loading it would tell its owner who reads. A
    very long text, or one nested too deep to be shown whole, is shown as it is written.

    With `places` the words say where they stand in the text: `<span data-at="12">` holds what
    stands there from character 12 on, `data-to` ends what can only be cited whole.
    """
    if len(text) > LONGEST_RENDERED:
        return _as_written(text, places)
    parser = _parser()
    env: dict[str, Any] = {"images": images, "source": Source.of(text) if places else None}
    tokens = parser.parse(text, env)
    if any(token.nesting == 1 and token.level >= _DEEPEST - 1 for token in tokens):
        return _as_written(text, places)
    drawn: list[str] = []
    html = nh3.clean(
        parser.renderer.render(tokens, parser.options, {"formulas": drawn}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        # Code and tables scroll, so the keyboard must reach them.
        set_tag_attribute_values={
            **{tag: {"dir": "auto"} for tag in _DIRECTED},
            "pre": {"tabindex": "0", "dir": "ltr"},
            "table": {"tabindex": "0", "dir": "auto"},
        },
    )
    # No text can spell this mark: quotation marks of others come out of cleaning escaped.
    html = _FORMULA.sub(lambda mark: drawn[int(mark[1])], html)
    return mark_safe(html)  # cleaned just above; formulas are built from a list of elements


def shown_words(text: str) -> tuple[str, list[int | None]]:
    """The words as `markdown` shows them, and where each character stands in the text.

    A character has no place where it is not in the text or where it stands is not known.
    """
    if len(text) > LONGEST_RENDERED:
        return text, list(range(len(text)))
    words: list[str] = []
    places: list[int | None] = []
    for token in _parser().parse(text, {"source": Source.of(text)}):
        for part in token.children or [token]:
            # An escaped sign is the last character of its escape; an entity has no place.
            escaped = part.meta["to"] - 1 if part.info == "escape" and part.meta.get("to") else None
            runs = part.meta.get("runs", [(part.content, escaped)])
            for word, at in runs if part.type != "formula" else ():
                words.append(word)
                places += [None if at is None else at + k for k in range(len(word))]
        if token.type in ("inline", "fence", "code_block"):
            words.append("\n")
            places.append(None)
    return "".join(words), places


def picture_key(address: str) -> str:
    """What a page puts behind a picture's address: proof that one who asks for it was shown
    a text that names it."""
    return Signer(salt="picture").signature(address)


def is_picture_key(address: str, key: str) -> bool:
    """Whether `key` is the one of this address."""
    return constant_time_compare(key, picture_key(address))


_FORMULA = re.compile(r'<span data-formula="(\d+)"></span>')


def _as_written(text: str, places: bool) -> SafeString:
    # A carriage return of its own would come back from the page as a line feed.
    words = mark_safe(escape(text).replace("\r", "&#13;"))
    inner = format_html('<span data-at="0">{}</span>', words) if places else words
    return format_html('<div class="raw">{}</div>', inner)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": _DEEPEST})
    parser.enable(["table", "strikethrough"])
    add_formulas(parser)
    parser.inline.ruler.at("link", link_with_end)
    parser.inline.ruler.at("image", image_with_end)
    # Joined texts would lose their places; each is drawn by itself instead.
    parser.core.ruler.at("text_join", note_places)
    parser.core.ruler.push("headings_below_the_page", _lower_headings)
    parser.core.ruler.push("images_as_links", _link_images)
    parser.core.ruler.push("cells_without_style", _align_cells)
    for name in ("text", "text_special", "code_inline", "code_block", "fence"):
        parser.add_render_rule(name, _draw_words)
    for name in ("formula", "formula_block"):
        parser.add_render_rule(name, _draw_formula)
    return parser


_AROUND = {
    "code_inline": ("<code>", "</code>"),
    "code_block": ("<pre><code>", "</code></pre>\n"),
    "fence": ("<pre><code>", "</code></pre>\n"),
}


def _draw_words(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: object, env: object
) -> str:
    token = tokens[at]
    before, after = _AROUND.get(token.type, ("", ""))
    runs = token.meta.get("runs")
    if runs is None:
        return before + _marked(escape(token.content), token.meta) + after
    return before + "".join(_marked(escape(text), {"at": place}) for text, place in runs) + after


def _marked(html: str, place: Mapping[str, Any]) -> str:
    """The HTML in a mark that says where it stands, where that is known."""
    if place.get("at") is None:
        return html
    to = f' data-to="{place["to"]}"' if place.get("to") is not None else ""
    return f'<span data-at="{place["at"]}"{to}>{html}</span>'


def _draw_formula(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: object, env: Any
) -> str:
    """A mark to be replaced once the rest was cleaned, which knows no mathematics."""
    token = tokens[at]
    display = bool(token.meta.get("display"))
    html = formula(token.content, display=display)
    if html is None:
        closing = {"\\(": "\\)", "\\[": "\\]"}.get(token.markup, token.markup)
        html = f"<code>{escape(token.markup + token.content + closing)}</code>"
    if token.meta.get("placed"):
        html = _marked(html, token.meta)
    if display:
        html = f'<span class="formula-block" tabindex="0">{html}</span>'
    env["formulas"].append(html)
    return f'<span data-formula="{len(env["formulas"]) - 1}"></span>'


def _lower_headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            level = min(6, int(token.tag[1:]) + _TOP_HEADING - 1)
            token.tag = f"h{level}"


def _align_cells(state: StateCore) -> None:
    """The content policy forbids style attributes, so a column's side is an attribute."""
    for token in state.tokens:
        style = str(token.attrs.pop("style", ""))
        if style.startswith("text-align:"):
            token.attrs["align"] = style.removeprefix("text-align:")


def _link_images(state: StateCore) -> None:
    for token in state.tokens:
        if token.children:
            images = str(state.env.get("images", ""))
            token.children = [
                part for child in token.children for part in _with_own_image(child, images)
            ]


def _with_own_image(token: Token, images: str) -> list[Token]:
    if token.type != "image":
        return [token]
    address = str(token.attrs.get("src", ""))
    own = _IMAGE.fullmatch(address)
    if own and images:
        place = f"{images}{own['name']}/"
        html = '<img src="{}?key={}" alt="{}" loading="lazy">'
        picture = format_html(html, place, picture_key(place), token.content or own["name"])
        return [Token("html_inline", "", 0, content=picture)]
    opening = Token("link_open", "a", 1, attrs={"href": address})
    words = Token("text", "", 0, content=token.content or address)
    return [opening, words, Token("link_close", "a", -1)]
