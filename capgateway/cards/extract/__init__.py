"""Facts from prose, each with its place in the text. What cannot be read surely is left out: the issuer's words are shown in
full anyway, and a wrong plate is worse than none."""

from capgateway.cards.extract.facts import Call, Facts, facts
from capgateway.cards.extract.given import Given, Text, spoken
from capgateway.cards.extract.instants import local
from capgateway.cards.extract.kind import kind
from capgateway.cards.extract.languages import contradict

__all__ = ["Call", "Facts", "Given", "Text", "contradict", "facts", "kind", "local", "spoken"]
