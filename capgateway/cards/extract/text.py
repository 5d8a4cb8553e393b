"""A text as tokens, each with its place in the original.

Only the *comparison form* of a token is normalised (case, accents, curly quotes, odd blanks); the text itself is never
changed, so a position in it is a position in what the issuer wrote. Line breaks and case carry no meaning here: the same
alert comes in upper case, 66 columns wide, from one feed, and in sentences from another.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from itertools import pairwise
from typing import Any

LONGEST = 20_000
"""Characters of one text that are read: CAP texts of real alerts stay under 5,000."""

MOSTLY = 0.7
"""Share of words in capitals above which capitals say nothing."""

FEWEST = 0.05
"""Share of words with a capital below which they say nothing either: a post that is written in small letters."""

DOTS = "⋯"
SPACE = " "
PARAGRAPH = "\n"
JOINED = ""

# One to one, so that positions stay. What has no width becomes a combining mark, which folding drops.
_SAME_LENGTH = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ´`′＇", "'"),
        **dict.fromkeys("“”„«»″＂", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("\u00a0\u2007\u202f\u2009\u200a\u2002\u2003\u3000\t\v\f\r", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f", "\u0300"),
        "…": "⋯",
        "=": ":",
    }
)
_TOKEN = re.compile(
    r"[^\W\d_][^\W\d_\u0300-\u036f]*[\u0300-\u036f]*(?:[^\W\d_]+[\u0300-\u036f]*)*|\d+|\.{2,}|⋯|[^\s\u0300-\u036f]"
)
_FIELDS = re.compile(r"[a-z][A-Z][A-Za-z]*:")
_FIELD_TOKEN = re.compile(r"[A-Z][a-z]+(?=(?:[A-Z][a-z]+)+:)|" + _TOKEN.pattern)
"""``ChildName=``: the words of a field's name, where a text has such names."""
_PARAGRAPH = re.compile(r"\n[ \n]*\n")
_ABBREVIATED = frozenset(
    "st jr sr dr mr mrs ms mt ft lbs lb hwy ave blvd rd lic approx dept sgt lt capt det no nr co apt mi ht wt hgt wgt vs etc "
    "jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thurs fri sat sun inc pl dr ln pkwy reg boul sra "
    "sask mass mich wis kan neb nev wyo tex wash fla penn minn okla calif ariz colo conn tenn que ste rte yrs yr mos mo aprox env col fracc ch chev dern veh plaq susp dir poss".split()
)
_STARTERS = frozenset(
    "he she they the call police anyone if his her it an this that these suspect child vehicle il elle ils elles la le les el "
    "los ella fue si se authorities do please contact officers was".split()
)
_END = frozenset(".!?;|•▪·●★⚠*")


class Tokens:
    """Parallel lists, one place per token: its comparison form, where it starts and ends, the gap before it, and whether its
    first letter is a capital. ``is_cased`` says whether capitals mean anything in this text, ``numbers`` where its numbers are,
    and ``dots`` which commas are written ``...``, as the National Weather Service does.
    ``memo`` keeps what several readers ask for."""

    __slots__ = (
        "_index",
        "_known",
        "_spans",
        "capital",
        "dots",
        "ends",
        "field",
        "gaps",
        "is_cased",
        "language",
        "memo",
        "numbers",
        "raw",
        "sentences",
        "starts",
        "words",
    )

    def __init__(self, raw: str, *, field: str = "description", language: str = "en-US") -> None:
        self.raw, self.field, self.language = raw, field, language
        self.words: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.gaps: list[str] = []
        self.capital: list[bool] = []
        self.numbers: list[int] = []
        self.dots: list[int] = []
        self.memo: dict[str, Any] = {}
        self._read(raw[:LONGEST].translate(_SAME_LENGTH))
        self.sentences = self._sentences()
        self._spans: list[tuple[int, int]] = []
        for first, end in pairwise([*self.sentences, len(self.words)]):
            self._spans += [(first, end)] * (end - first)

    def __len__(self) -> int:
        return len(self.words)

    def word(self, at: int) -> str:
        """The comparison form of a token, or the empty text beyond either end."""
        if at < 0:
            return ""
        try:
            return self.words[at]
        except IndexError:  # cheaper than asking for the length each time
            return ""

    def slice(self, first: int, end: int) -> str:
        """What the issuer wrote from token ``first`` to before token ``end``."""
        return self.raw[self.starts[first] : self.ends[end - 1]]

    def sentence(self, at: int) -> tuple[int, int]:
        """The sentence that token ``at`` is in, as first token and end."""
        if 0 <= at < len(self._spans):
            return self._spans[at]
        number = bisect_right(self.sentences, at)
        end = self.sentences[number] if number < len(self.sentences) else len(self.words)
        return self.sentences[max(0, number - 1)], end

    def places(self, words: frozenset[str]) -> list[int]:
        """Where any of these words is, in order."""
        if words.isdisjoint(self._known):
            return []
        index = self._index
        found: list[int] = []
        for word in words & self._known:
            found += index[word]
        if len(found) > 1:
            found.sort()
        return found

    def has(self, words: frozenset[str]) -> bool:
        """Whether any of these words is in the text."""
        return not words.isdisjoint(self._known)

    def _read(self, text: str) -> None:
        words, gaps, capital = self.words, self.gaps, self.capital
        pattern = _FIELD_TOKEN if "=" in self.raw and _FIELDS.search(text) else _TOKEN
        spans = [found.span() for found in pattern.finditer(text)]
        self.starts, self.ends = [start for start, _ in spans], [end for _, end in spans]
        before, upper, mixed, letters = 0, 0, 0, 0
        for start, end in spans:
            token = text[start:end]
            if token.isascii():
                if end - start > 1 and token[0] == ".":
                    self.dots.append(len(words))
                    words.append(",")
                else:
                    words.append(token.lower())
            elif token == DOTS:
                self.dots.append(len(words))
                words.append(",")
            else:
                words.append(folded(token))
            if start == before:
                gaps.append(JOINED)
            elif start - before > 1 and _PARAGRAPH.search(text, before, start):
                gaps.append(PARAGRAPH)
            else:
                gaps.append(SPACE)
            before = end
            is_capital = token[0].isupper()
            capital.append(is_capital)
            if is_capital:
                if end - start > 1:
                    letters += 1
                    mixed += 1
                    upper += token.isupper()
            elif end - start > 1 and token[0].isalpha():
                letters += 1
        self.is_cased = mixed > letters * FEWEST and upper < letters * MOSTLY
        index: dict[str, list[int]] = {}
        for at, word in enumerate(words):
            if word in index:
                index[word].append(at)
            else:
                index[word] = [at]
        self._index, self._known = index, frozenset(index)
        self.numbers = sorted(at for word, places in index.items() if word.isdigit() for at in places)

    def _sentences(self) -> list[int]:
        starts = [0]
        for at in range(1, len(self.words)):
            if self.gaps[at] == PARAGRAPH or (self.words[at - 1] in _END and self._is_end(at - 1)):
                starts.append(at)
        return starts

    def _is_end(self, at: int) -> bool:
        if self.words[at] != ".":
            return self.words[at] != "*" or self.gaps[at] != JOINED
        if at + 1 < len(self.words) and self.gaps[at + 1] == JOINED:
            return False
        before = self.word(at - 1)
        if before == "m" and self.word(at - 2) == ".":  # a.m.
            return self.word(at + 1) in _STARTERS
        if before in _ABBREVIATED or (len(before) == 1 and before.isalpha()):
            return self.word(at + 1) in _STARTERS and before not in {"st", "mr", "mrs", "ms", "dr"} and len(before) > 1
        return True


def folded(token: str) -> str:
    """The comparison form: lower case, without accents."""
    if token.isascii():
        return token.lower()
    kept = unicodedata.normalize("NFKD", token.lower().replace("œ", "oe").replace("æ", "ae"))
    return "".join(letter for letter in kept if not "\u0300" <= letter <= "\u036f") or token


def collapsed(text: str) -> str:
    """With single spaces, as a value on a card."""
    return " ".join(text.split())
