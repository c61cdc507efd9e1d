"""Text written by models and people, as safe HTML.

Whatever the text says, the result holds no script, style, form or frame, no picture but the
project's own, no address but http, https and mailto, and no identifiers that could clash with
the page's.
"""

from __future__ import annotations

import re
from functools import cache

import nh3
from django.core.signing import Signer
from django.utils.crypto import constant_time_compare
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from rubricstudio.domain.pictures import NAME

# Blocks take the direction of their own first letters: an English list inside an Arabic
# answer stays readable.
_DIRECTED = ("p", "ul", "ol", "li", "blockquote", "table", "th", "td", "h3", "h4", "h5", "h6")
_PLAIN = ("a", "br", "code", "em", "hr", "img", "pre", "s", "strong", "tbody", "thead", "tr")
_TAGS = {*_DIRECTED, *_PLAIN}
# "start" keeps the number of a list that a model began at 3.
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "loading"},
    "ol": {"start"},
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


def markdown(text: str, *, images: str = "") -> SafeString:
    """Return Markdown as safe HTML. HTML in the text is shown as it is written.

    Tables and strikethrough are understood. Headings begin at level 3. `images` is the address
    below which the project's pictures lie: `![...](image:NAME)` shows one of them. Any other
    image is a link with its description: loading it would tell its owner who reads. A very
    long text, or one nested too deep to be shown whole, is shown as it is written.
    """
    if len(text) > LONGEST_RENDERED:
        return _as_written(text)
    parser = _parser()
    tokens = parser.parse(text, {"images": images})
    if any(token.nesting == 1 and token.level >= _DEEPEST - 1 for token in tokens):
        return _as_written(text)
    html = nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
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
    return mark_safe(html)  # cleaned just above


def picture_key(address: str) -> str:
    """What a page puts behind a picture's address: proof that one who asks for it was shown
    a text that names it."""
    return Signer(salt="picture").signature(address)


def is_picture_key(address: str, key: str) -> bool:
    """Whether `key` is the one of this address."""
    return constant_time_compare(key, picture_key(address))


def _as_written(text: str) -> SafeString:
    return format_html('<div class="raw">{}</div>', text)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": _DEEPEST})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("headings_below_the_page", _lower_headings)
    parser.core.ruler.push("images_as_links", _link_images)
    parser.core.ruler.push("cells_without_style", _align_cells)
    return parser


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
