"""Whom or what a picture shows, as far as its ``resourceDesc`` says so in English, French or Spanish.

A picture under the wrong name does harm, so a description counts only where it can mean one thing: it names one role, names nobody
and nothing else beside it, and does not hedge.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Role = Literal["child", "person", "suspect", "vehicle", "other"]

_WORDS: dict[Role, str] = {
    "child": "child|kid|boy|girl|baby|infant|toddler|teen|teenager|juvenile|minor"
    "|enfant|garcon|fillette|fille|bebe|mineur|mineure|adolescent|adolescente"
    "|nino|nina|menor",
    "person": "victim|missing person|abductee|endangered person|victime|personne disparue|disparu|disparue"
    "|victima|persona desaparecida|desaparecido|desaparecida",
    "suspect": "suspect|abductor|kidnapper|suspecte|ravisseur|ravisseuse|sospechoso|sospechosa|secuestrador"
    "|secuestradora",
    "vehicle": "vehicle|car|truck|pickup|van|suv|minivan|sedan|motorcycle|vehicule|voiture|camion|camionnette"
    "|fourgonnette|auto|automobile|moto|vehiculo|coche|carro|camioneta|furgoneta",
}
_PICTURE = "photo|photos|photograph|picture|pic|image|portrait|headshot|mugshot|photographie|cliche|foto|fotografia|imagen|retrato"
_NAMES_OF_ALERTS = re.compile(
    r"\b(?:child abduction(?: emergency)?|missing child alert|amber alert|alerte amber|alerta amber|enlevement d.? ?enfant"
    r"|(?:emergencia de )?secuestro de menor)\b"
)
"""Where these are said, the word for a child says nothing of the picture."""
_OTHERS = re.compile(
    r"\b(?:mother|father|parents?|mom|dad|uncle|aunt|brother|sister|grand\w+|step\w+|family|friend|witness|officer|companion"
    r"|mere|pere|oncle|tante|frere|soeur|famille|ami|amie|temoin|madre|padre|tio|tia|hermano|hermana|familia|amigo|amiga|testigo"
    r"|bike|bicycle|clothes|clothing|shirt|shoes|backpack|jacket|coat|bag|house|home|room|school|seat|map|location|scene|area"
    r"|velo|vetements?|chandail|chaussures|sac|maison|ecole|lieu|carte|secteur|bicicleta|ropa|camisa|zapatos|mochila|casa|escuela"
    r"|lugar|mapa|zona|tattoos?|tatouages?|tatuajes?)\b"
)
_HEDGES = re.compile(
    r"\b(?:not|no|similar|like|stock|example|sample|generic|resembl\w+|possibl[ey]|may|might|unknown|unidentified|file|silhouette"
    r"|pas|semblable|similaire|exemple|possible|inconnue?|generique|parecid[oa]|ejemplo|posible|desconocid[oa]|generic[oa])\b"
)
_OWNS = re.compile(r"\b(?:" + "|".join(_WORDS.values()) + r")(?:'s|s')\s")
_SUSPECTS_CAR = re.compile(
    rf"\b(?:{_WORDS['suspect']})(?:'s|s')?\s+(?:{_WORDS['vehicle']})\b"
    rf"|\b(?:{_WORDS['vehicle']})\s+(?:du|de la|des|del|de los|of the)?\s*(?:{_WORDS['suspect']})\b"
)
_SEVERAL = re.compile(
    r"\b(?:children|kids|boys|girls|babies|infants|toddlers|teens|teenagers|juveniles|minors|victims|suspects|vehicles|cars"
    r"|twins?|triplets|siblings?|both|group|other|second|third|and|enfants|filles|garcons|fillettes|bebes|mineurs|mineures|victimes|jumeaux|jumelles"
    r"|et|deux|groupe|autre|deuxieme|ninos|ninas|menores|victimas|gemelos|gemelas|y|ambos|ambas|grupo|otr[oa]|segund[oa])\b"
)
"""More than one is shown, or somebody beside whom it names: nobody can tell who is who."""
_VAN_IN_A_NAME = re.compile(rf"\b\w+ van (?!(?:{_PICTURE})\b)\w")
"""As in "Ada van Testchild"."""
_OF = re.compile(
    r"\b(?P<what>\w+)\s+(?:of|de|du|des|del|d'|with|avec|con|for|from|near|beside)\s*(?:the|a|an|la|le|les|l'|el|los|las|un|une|una)?\b"
)


def role_of(descriptions: Iterable[str]) -> Role:
    """The role that these descriptions of one picture agree on; ``other`` where they name none or do not agree."""
    found = {_of_one(text) for text in descriptions}
    return found.pop() if len(found) == 1 else "other"


def _of_one(text: str) -> Role:
    plain = _NAMES_OF_ALERTS.sub(" ", _folded(text))
    if any(sign.search(plain) for sign in (_OTHERS, _HEDGES, _SEVERAL, _VAN_IN_A_NAME)):
        return "other"
    plain = _SUSPECTS_CAR.sub("vehicle", plain)
    if _OWNS.search(plain) or any(not _is_picture(match["what"]) for match in _OF.finditer(plain)):
        return "other"  # a thing or a person that belongs to, or is with, whom it names
    named: list[Role] = [role for role, words in _WORDS.items() if re.search(rf"\b(?:{words})\b", plain)]
    if named == ["child", "person"]:
        return "child"
    return named[0] if len(named) == 1 else "other"


def _is_picture(word: str) -> bool:
    return bool(re.fullmatch(_PICTURE, word))


def _folded(text: str) -> str:
    """Lower case, without accents, with straight apostrophes; everything else that is not a word is a space."""
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(letter)
    )
    bare = re.sub("[&+]", " and ", bare)
    return " ".join(re.sub(r"[^\w']+", " ", bare.replace("\u2019", "'").replace("_", " ")).split())
