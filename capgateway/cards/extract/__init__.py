"""Facts from prose, each with its place in the text. What cannot be read surely is left out: the issuer's words are shown in
full anyway, and a wrong plate is worse than none."""

from capgateway.cards.extract.facts import Text, facts
from capgateway.cards.extract.kind import kind

__all__ = ["Text", "facts", "kind"]
