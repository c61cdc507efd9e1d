"""The words of a program one after another, and the arguments that checks are given."""

from __future__ import annotations

from rubricstudio.domain.programs.arguments import Given
from rubricstudio.domain.programs.lexer import Kind, Token
from rubricstudio.domain.programs.values import InvalidProgram, ProgramError

MOST_JSON_DEPTH = 30
_WORDS: dict[str, bool | None] = {
    **{"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
}


class Literals:
    """A place in the words of a program, moved on by what is read."""

    def __init__(self, words: tuple[Token, ...]) -> None:
        self._words = words
        self._at = 0
        self._json_depth = 0

    @property
    def now(self) -> Token:
        return self._words[self._at]

    def next(self) -> Token:
        """The next word, passed. The closing word is never passed."""
        token = self.now
        self._at = min(self._at + 1, len(self._words) - 1)
        return token

    def take(self, word: str) -> bool:
        """Pass a word if it is the next one; a quoted text is no word."""
        if self.now.text == word and self.now.kind in (Kind.NAME, Kind.SIGN):
            self.next()
            return True
        return False

    def expect(self, word: str, advice: str) -> Token:
        token = self.now
        if not self.take(word):
            raise self.unexpected(advice)
        return token

    def unexpected(self, advice: str) -> InvalidProgram:
        """The error that the next word is, with what should be done."""
        token = self.now
        if token.kind is Kind.END:
            return self.fail(f"the program ends too early: {advice}", token)
        return self.fail(f"“{token.text[:40]}” is out of place: {advice}", token)

    def fail(self, message: str, token: Token) -> InvalidProgram:
        return InvalidProgram([ProgramError(message, token.start, token.end)])

    def arguments(self) -> tuple[list[Given], int]:
        """What stands in the brackets of a check, and where they end."""
        given: list[Given] = []
        while self.now.text != ")" or self.now.kind is Kind.TEXT:
            given.append(self._argument())
            if not self.take(","):
                break
        closing = self.expect(")", "a bracket that was opened is not closed")
        return given, closing.end

    def _argument(self) -> Given:
        first = self.now
        name = ""
        following = self._words[min(self._at + 1, len(self._words) - 1)]
        if first.kind is Kind.NAME and following.text == "=" and following.kind is Kind.SIGN:
            name = first.text
            self.next()
            self.next()
        value = self.json()
        return Given(name, value, first.start, self._words[self._at - 1].end)

    def json(self) -> object:
        """A text, a number, true, false, null, a list or an object. Raises InvalidProgram."""
        token = self.now
        if token.kind in (Kind.TEXT, Kind.NUMBER):
            return self.next().value
        if token.kind is Kind.NAME and token.text in _WORDS:
            return _WORDS[self.next().text]
        if token.text == "-" and token.kind is Kind.SIGN:
            self.next()
            if isinstance(self.now.value, float):
                return -self._float(self.next())
        if token.text in ("[", "{") and token.kind is Kind.SIGN:
            return self._nested()
        raise self.unexpected(
            "in the brackets of a check stand texts in quotation marks and numbers"
        )

    @staticmethod
    def _float(token: Token) -> float:
        return token.value if isinstance(token.value, float) else 0.0

    def _nested(self) -> object:
        self._json_depth += 1
        if self._json_depth > MOST_JSON_DEPTH:
            raise self.fail(f"nested more than {MOST_JSON_DEPTH} deep", self.now)
        found = self._list() if self.next().text == "[" else self._object()
        self._json_depth -= 1
        return found

    def _list(self) -> list[object]:
        found: list[object] = []
        while not self.take("]"):
            if found:
                self.expect(",", "a list has commas between its members and ends in ]")
            found.append(self.json())
        return found

    def _object(self) -> dict[str, object]:
        found: dict[str, object] = {}
        while not self.take("}"):
            if found:
                self.expect(",", "an object has commas between its fields and ends in }")
            if self.now.kind is not Kind.TEXT:
                raise self.unexpected("the name of a field stands in quotation marks")
            key = self.next().value
            self.expect(":", "a colon stands between a field's name and its value")
            found[str(key)] = self.json()
        return found
