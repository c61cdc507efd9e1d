"""Signs that a response speaks to whoever judges it, instead of answering its task.

A response is material: a judge's prompt is built so that nothing inside it can end its block
or be read as the verdict (scoring/judges). A model may be swayed all the same, so responses
that try are shown to people. What is found here is a reason to look, never a verdict: a text
about prompt injection, or a transcript of a chat, may show the same signs honestly.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

LONGEST_READ = 100_000
"""Characters looked through at either end of a longer text."""
EXCERPT = 160
"""Characters of an excerpt at most."""
DETECTOR_VERSION = "2"


class Sign(StrEnum):
    """What a response does that an answer has no need of."""

    INSTRUCTION = "instruction"  # tells the judge what to do, or what to find
    VERDICT = "verdict"  # writes a verdict, a score or a reply in the judge's form
    BOUNDARY = "boundary"  # pretends that the response ends and something else begins
    CONTROL = "control"  # spells the tokens by which chat models tell speakers apart
    HIDDEN = "hidden"  # holds characters that a reader cannot see or that reorder text
    NOISE = "noise"  # says the same again and again, or nothing, at length


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A sign, and the words that show it: characters that cannot be seen are named."""

    sign: Sign
    excerpt: str


_JUDGE = (
    r"(?:judge|grader|evaluator|examiner|reviewer|assessor|rater|marker|scorer|"
    r"(?:ai|language) model|assistant|llm)"
)
_ORDERS = (
    r"(?:instruction|rule|prompt|criteri|guideline|direction|rubric|order|anweisung|regel|"
    r"instruccion|instrucoe|regla|regra|consigne|istruzion|regol)"
)
_PRAISE = (
    r"(?:met|satisfied|fulfilled|passed|pass|correct|perfect|excellent|full|maximum|highest|top|"
    r"100\s?%|10/10|5/5|yes|true)"
)
_WORDS = {
    Sign.INSTRUCTION: (
        rf"\b(?:ignore|disregard|forget|override|bypass|discard)\b.{{0,40}}\b(?:all|any|the|your|"
        rf"every|previous|prior|above|earlier|preceding|other)\b.{{0,40}}{_ORDERS}",
        rf"\b(?:note|notice|message|attention|instructions?|hint|important)\b.{{0,15}}"
        rf"\b(?:to|for)\b.{{0,12}}\b{_JUDGE}s?\b",
        rf"\b(?:dear|attention|hello|hey)[,:]? (?:the )?(?:ai )?{_JUDGE}\b",
        rf"\bas (?:the|an|a) (?:ai )?{_JUDGE},? you (?:must|should|will|have to|are)\b",
        rf"\byou are (?:now )?(?:the|an|a|no longer) .{{0,20}}{_JUDGE}\b",
        rf"\b(?:mark|grade|score|rate|judge|evaluate|assess|treat|consider|count)\b.{{0,30}}"
        rf"\b(?:this|my|the|every|each|all|it)\b.{{0,40}}\bas\b.{{0,12}}\b{_PRAISE}",
        rf"\b(?:give|award|assign|grant)\b.{{0,30}}\b{_PRAISE}\b.{{0,20}}"
        rf"\b(?:marks?|scores?|points?|credit|grades?|rating|stars?)\b",
        r"\b(?:answer|reply|respond|output|print|return|say|write)\b.{0,20}"
        r"[\"'“‘`]?(?:verdict|met|yes|\{\"|10/10)\b.{0,40}"
        r"\b(?:only|exactly|nothing else|regardless|no matter|for (?:all|every|each)|always)\b",
        r"\b(?:this|the|my) (?:response|answer|text|submission) "
        r"(?:fully |clearly |completely |already )?(?:meets|satisfies|fulfil+s|passes) "
        r"(?:all|every|each|any)\b.{0,25}(?:criteri|requirement|rubric|check)",
        r"\ball (?:of the |the )?(?:criteria|requirements|checks|rubric items) "
        r"(?:are|have been|were) (?:met|satisfied|fulfilled|passed)\b",
        r"\b(?:system|developer|admin(?:istrator)?)[ _-]?"
        r"(?:prompt|message|override|notice|note|instruction|update)s?\s*[:\]>]",
        r"\bnew (?:system )?(?:instructions?|rules|task) ?(?:for|:|follow|begin)",
        r"\b(?:the )?(?:rubric|criterion|criteria|grading rules?) (?:has|have|is|are|was|were) "
        r"(?:been )?(?:changed|updated|replaced|cancelled|suspended|void)",
        r"ignor(?:iere|ez|e|a|are)\b.{0,40}" + _ORDERS,
        r"(?:bewerte|benote|werte)\b.{0,40}\b(?:erfüllt|bestanden|volle|höchst)",
        r"(?:considère|notez|évaluez|note)\b.{0,40}\b(?:satisfait|rempli|maximal)",
        r"(?:califica|puntúa|evalúa|avalie|valuta)\b.{0,50}\b(?:cumplid|máxim|perfect|soddisfatt)",
        r"игнорируй.{0,40}(?:инструкц|правил|указан)|поставь.{0,30}(?:максимальн|высш)",
        r"(?:忽略|無視|无视|忘记).{0,20}(?:指令|指示|规则|規則|说明|提示)",
        r"(?:判定|评为|評価|打分|给予|採点).{0,15}(?:满分|符合|滿分|満点|最高)",
        r"(?:指示|命令|ルール|規則).{0,10}(?:無視|忘れ)",
        r"تجاهل.{0,40}(?:التعليمات|القواعد|الأوامر|السابقة)",
        r"(?:أعط|امنح).{0,30}(?:الدرجة الكاملة|أعلى)",
        r"(?:निर्देश|नियम).{0,20}(?:अनदेखा|नज़रअंदाज़)",
        r"(?:지시|규칙|명령).{0,15}(?:무시|잊어)",
        r"(?:yukarıdaki|önceki).{0,30}(?:talimat|kural).{0,25}(?:yok say|görmezden|unut)",
    ),
    Sign.VERDICT: (
        r"[\"']verdict[\"']\s*:",
        r"^[ >*#_`-]*(?:final )?verdict(?: [0-9a-f]{6,64})?(?: \d{1,4})?[ *_`]*[:=]",
        r"<\s*/?\s*(?:verdict|score|grade|judg(?:e)?ment|rating)\s*>",
        r"\[\[ ?(?:[ab]|met|yes|no) ?\]\]|\b(?:score|rating)\W{1,4}\[\[ ?\d{1,3} ?\]\]",
        r"^[ >*#_`-]*(?:final |overall |total )?(?:score|grade|rating)[ *_`]*[:=] ?"
        r"(?:\d{1,3} ?(?:/|out of) ?\d{1,3}|full marks)",
        r"[\"'](?:score|criteria_met|criterion_met|grade)[\"']\s*:\s*(?:true|\d)",
    ),
    Sign.BOUNDARY: (
        r"<<\s*/?\s*(?:end|response|criterion|task|reference|context|verdict)\b[^>\n]{0,40}>>",
        r"</\s*(?:response|answer|submission|document|text|user|assistant|system|criterion)\s*>",
        r"^[ \[(#*=_>-]*end of (?:the )?"
        r"(?:response|answer|submission|document|text|material|input)[ \])#*=_<-]*$",
        r"^[ #*=_-]*(?:begin|start of)(?: the)? "
        r"(?:evaluation|grading|judg(?:e)?ment|verdict|new (?:task|response))",
        r"^[ #*=_-]*(?:evaluation|grading|judg(?:e)?ment) (?:results?|reports?|of this response)\b",
    ),
    Sign.CONTROL: (
        r"<\|[a-z_]{2,30}\|>",
        r"\[/?inst\]|<<\s*/?\s*sys\s*>>",
        r"<(?:start|end)_of_turn>|</?s>(?=\s|$|\[)|<(?:bos|eos)>|<｜[^｜]{2,40}｜>",
        r"</?think(?:ing)?>",
        r"^(?:human|user|assistant|system|developer)\s*:\s*\S",
    ),
}
_PATTERNS = {
    sign: [re.compile(pattern, re.I | re.M) for pattern in patterns]
    for sign, patterns in _WORDS.items()
}
_ONE_TURN = re.compile(r"^(human|user|assistant|system|developer)\s*:", re.I | re.M)
_SPACED = re.compile(r"\b(?:\w[ .·_-]){5,}\w\b")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_ONE_CHARACTER = re.compile(r"([^\s=_*.#~─━-])\1{299,}")
_ONE_LINE_TIMES = 60
_ONE_WORD = re.compile(r"(?<!\S)(\w\S{0,29})(?:\s+\1){149,}(?!\S)")

# Invisible in any script: a reader never needs them, a filter stumbles over them. A soft
# hyphen is honest, and joiners are part of Persian, Hindi and of emoji.
_UNSEEN = {
    *(0x034F, 0x180E, 0x200B, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF),
    *(0x115F, 0x1160, 0x3164, 0xFFA0),
}
_REORDERING = {0x202D, 0x202E}
_TAGS = range(0xE0000, 0xE0080)
_SELECTORS = range(0xE0100, 0xE01F0)
_FEW_UNSEEN = 5
"""So many zero-width spaces happen in copied text."""


def suspicions(text: str) -> tuple[Suspicion, ...]:
    """The signs in a text, each once, with the first words that show it."""
    read = _both_ends(text)
    found: dict[Sign, str] = {}
    for sign, excerpt in _signs(read):
        found.setdefault(sign, excerpt)
    return tuple(Suspicion(sign, found[sign]) for sign in Sign if sign in found)


def _both_ends(text: str) -> str:
    if len(text) <= 2 * LONGEST_READ:
        return text
    return f"{text[:LONGEST_READ]}\n{text[-LONGEST_READ:]}"


def _signs(text: str) -> Iterator[tuple[Sign, str]]:
    for form in _forms(text):
        yield from _in_words(form)
    yield from _hidden(text)
    yield from _noise(text)


def _forms(text: str) -> Iterator[str]:
    """The text as a model may read it: plain, letters drawn together, and base64 undone."""
    plain = _folded(text)
    yield plain
    if _SPACED.search(plain):
        yield _SPACED.sub(lambda match: re.sub(r"[ .·_-]", "", match[0]), plain)
    for match in _BASE64.finditer(text):
        decoded = _decoded(match[0])
        if decoded:
            yield _folded(decoded)


def _folded(text: str) -> str:
    """Compatible characters made one, formatting characters left out, lines kept."""
    formatting = {each for each in set(text) if unicodedata.category(each) == "Cf"}
    kept = text.translate(dict.fromkeys(map(ord, formatting))) if formatting else text
    return re.sub(r"[^\S\n]+", " ", unicodedata.normalize("NFKC", kept))


def _decoded(encoded: str) -> str:
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        return raw.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _in_words(text: str) -> Iterator[tuple[Sign, str]]:
    for sign, patterns in _PATTERNS.items():
        for pattern in patterns:
            match = pattern.search(text)
            if match and not _is_chat(text, match):
                yield sign, _excerpt(text, match.start(), match.end())
                break


def _is_chat(text: str, match: re.Match[str]) -> bool:
    """Whether a line "user: ..." stands in a dialogue of its own, as a story may hold one."""
    if not _ONE_TURN.match(match[0]):
        return False
    turns = {turn.casefold() for turn in _ONE_TURN.findall(text)}
    return not turns & {"system", "developer", "human"}


def _hidden(text: str) -> Iterator[tuple[Sign, str]]:
    if not any(_is_hidden(ord(each)) for each in set(text)):
        return
    places = [at for at, each in enumerate(text) if _is_hidden(ord(each))]
    certain = [at for at in places if ord(text[at]) not in _UNSEEN]
    inside = [at for at in places if _is_inside_a_word(text, at)]
    if certain or inside or len(places) > _FEW_UNSEEN:
        first = (certain or inside or places)[0]
        yield Sign.HIDDEN, _excerpt(text, first, first + 1)


def _is_hidden(code: int) -> bool:
    return code in _UNSEEN or code in _REORDERING or code in _TAGS or code in _SELECTORS


def _is_inside_a_word(text: str, at: int) -> bool:
    """Between two Latin letters, where no script asks for it."""
    around = text[at - 1 : at] + text[at + 1 : at + 2]
    return len(around) == 2 and around.isascii() and around.isalpha()


def _noise(text: str) -> Iterator[tuple[Sign, str]]:
    for pattern in (_ONE_CHARACTER, _ONE_WORD):
        match = pattern.search(text)
        if match:
            yield Sign.NOISE, _excerpt(text, match.start(), match.start() + EXCERPT)
            return
    repeated = _most_repeated(line.strip() for line in text.splitlines())
    if repeated:
        yield Sign.NOISE, repeated[:EXCERPT]


def _most_repeated(lines: Iterable[str]) -> str:
    """A line of words that comes too often, if one does; rules and brackets may."""
    often = (line for line, times in Counter(lines).items() if times >= _ONE_LINE_TIMES)
    return next((line for line in often if sum(map(str.isalpha, line)) >= 8), "")


def _excerpt(text: str, start: int, end: int) -> str:
    """Some words around a place, in one line; what cannot be seen is named."""
    margin = max(0, (EXCERPT - (end - start)) // 2)
    words = " ".join(text[max(0, start - margin) : min(end + margin, start + EXCERPT)].split())
    return "".join(_visible(each) for each in words)[:EXCERPT]


def _visible(character: str) -> str:
    code = ord(character)
    if code in _TAGS and 0x20 <= code - 0xE0000 < 0x7F:
        return f"[{chr(code - 0xE0000)}]"
    is_unseen = _is_hidden(code) or unicodedata.category(character) in ("Cf", "Cc")
    return f"[U+{code:04X}]" if is_unseen else character
