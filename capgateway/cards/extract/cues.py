"""Labels and nouns that say whom a text speaks of: the ones sought, suspects, a vehicle, or somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from capgateway.cards.extract.makes import MAKES_BY_FIRST as MAKES
from capgateway.cards.extract.words import ADULT_NOUNS, BODIES, CHILD_NOUNS, HE, KIN, SEXES, SHE, SUSPECT_NOUNS

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

Role = Literal["child", "suspect", "other"]

_LABELS: dict[str, str] = {
    **dict.fromkeys("victim victims vic child children missing abductee abducted juvenile mineur mineure mineurs mineures enfant enfants victime victimes menor menores nino nina ninos ninas victima victimas infant teen girl boy kid kids toddler baby bambin fillette garcon enfante keiki nourrisson desaparecido desaparecida disparu disparue".split(), "child"),
    **dict.fromkeys("sus wanted suspect suspects susp abductor abductors suspecte suspects sospechoso sospechosa sospechosos companion interest interet interes stranger perp culprit voleur inconnu operator driver conducteur conductor papa mama padre madre father mother dad mom stepfather stepmother boyfriend uncle pere mere thief kidnapper ravisseur ravisseuse secuestrador perpetrator individu individus individuo individuos man woman homme femme hombre mujer".split(), "suspect"),
    **dict.fromkeys("vehicle vehicles veh car vehicule vehiculo auto plate lic license make".split(), "vehicle"),
    **dict.fromkeys("ubicacion sitio hechos desaparicion extravio lkl loc endroit position localisation location lieu lugar where place secteur seen".split(), "seen"),
    **dict.fromkeys("clothing clothes wearing lsw vetements ropa vestimenta attire".split(), "clothing"),
    **dict.fromkeys("circumstances details contact direction remarks notes note info information contacts resumen informes folio fecha senas reporting officer update instructions tips background summary source agency issued circonstances direccion contacto heading".split(), "other"),
    **dict.fromkeys("name nom nombre".split(), "name"),
    **dict.fromkeys("subj subject subjects".split(), "subject"),
}  # fmt: skip
_INSIDE = frozenset(
    "signalement descripcion sought vistos vistas vus vues ella recherche recherchee recherches recherchees enleve enlevee disparu disparue desaparecido desaparecida buscado buscada".split()
) | frozenset(
    "_ d poss possible persona personne unknown taken # 1 2 3 4 5 one two ( s ) name names endroit from info information description a person missing of interest 's ' known connue connu los fecha hora date heure hechos vu vue vus pour fois por ultima ultimo vez derniere dernier / gps position localisation lkl last seen nom nombre abducted by du de la el the".split()
)
LAST_SEEN = (
    ("last", "seen"),
    ("last", "known"),
    ("missing", "from"),
    ("abducted", "from"),
    ("taken", "from"),
    ("dernier", "endroit"),
    ("ultima", "ubicacion"),
    ("derniere", "fois"),
    ("derniere", "localisation"),
    ("visto", "por"),
    ("vista", "por"),
    ("dernier", "endroit"),
    ("vu", "pour"),
    ("ultima", "vez"),
    ("ultimo", "lugar"),
)


class Label(NamedTuple):
    """A label before a colon, and where its value begins."""

    role: str
    first: int
    end: int


def labels(tokens: Tokens) -> list[Label]:
    """Each label of the text, in order."""
    if "labels" not in tokens.memo:
        tokens.memo["labels"] = _labels_of(tokens)
    found: list[Label] = tokens.memo["labels"]
    return found


MARKS = frozenset([":", "-"])


def _labels_of(tokens: Tokens) -> list[Label]:
    found = []
    for at in sorted([*tokens.places(MARKS), *tokens.dots]) if tokens.dots else tokens.places(MARKS):
        word = tokens.words[at]
        if (
            word == ":"
            or (word in {",", "-"} and not tokens.is_cased)
            or (word == "-" and tokens.gaps[at] != "" and at + 1 < len(tokens) and tokens.gaps[at + 1] != "")
        ):
            label = _label(tokens, at)
            if label and (
                word == ":" or label.role in {"child", "suspect", "vehicle", "seen"} and _starts(tokens, label.first)
            ):
                found.append(label)
    return sorted([*found, *_headings(tokens)], key=lambda label: label.first) if tokens.has(HEADINGS) else found


HEADINGS = frozenset("location lkl place lieu lugar".split())


def _headings(tokens: Tokens) -> list[Label]:
    """``LOCATION`` alone on its line, above the place."""
    return [
        Label("seen", at, at + 1)
        for at in tokens.places(HEADINGS)
        if 0 < at < len(tokens) - 1
        and "\n" in tokens.raw[tokens.ends[at - 1] : tokens.starts[at]]
        and "\n" in tokens.raw[tokens.ends[at] : tokens.starts[at + 1]]
        and tokens.slice(at, at + 1).isupper()
    ]


def opens_labelled_line(tokens: Tokens, at: int) -> bool:
    """Whether a new line begins with a few words before a colon, whatever they are."""
    if at == 0 or "\n" not in tokens.raw[tokens.ends[at - 1] : tokens.starts[at]]:
        return False
    for colon in range(at + 1, min(at + 4, len(tokens))):
        if tokens.words[colon] == ":":
            return "\n" not in tokens.raw[tokens.starts[at] : tokens.starts[colon]]
        if not tokens.words[colon].isalpha():
            return False
    return False


def _starts(tokens: Tokens, at: int) -> bool:
    return at == tokens.sentence(at)[0]


def _label(tokens: Tokens, colon: int) -> Label | None:
    first = colon
    low = max(0, colon - 6, tokens.sentence(colon)[0])
    words: list[str] = []
    while first - 1 >= low and (tokens.words[first - 1] in _LABELS or tokens.words[first - 1] in _INSIDE):
        first -= 1
        words.append(tokens.words[first])
    if not words:
        return None
    words.reverse()
    if (
        words in (["last"], ["visto"], ["vista"], ["vu"], ["vue"], ["visto", "por"], ["disparue"], ["disparu"])
        or "endroit" in words
    ):
        return Label("seen", first, colon + 1)
    if words[-1:] in (["ella"], ["el"]) and len(words) == 1 and tokens.language[:2] == "es":
        return Label("suspect", first, colon + 1)
    if any(tuple(words[place : place + 2]) in LAST_SEEN for place in range(len(words))):
        return Label("clothing" if "wearing" in words else "seen", first, colon + 1)
    if words[-2:] == ["taken", "by"]:
        return Label("suspect", first, colon + 1)
    if not {"fecha", "hora", "date", "heure"}.isdisjoint(words):
        return Label("time", first, colon + 1)
    roles = [_LABELS[word] for word in words if word in _LABELS]
    if not roles:
        return None
    if words[0] in {"operator", "driver"} or ("by" in words and ("abducted" in words or "taken" in words)):
        return Label("suspect", first, colon + 1)
    for role in ("vehicle", "clothing", "suspect", "child", "seen", "other", "subject", "name"):
        if role in roles:
            return Label(role, first, colon + 1)
    return None


BARE_NOUNS = frozenset(
    "child victim suspect juvenile infant enfant victime suspecte menor victima sospechoso sospechosa".split()
)
AUXILIARIES = frozenset(
    "was is has may might wore weighs est a mesure pese porte portait fue es mide pesa viste vestia".split()
)


class Noun(NamedTuple):
    """A word that speaks of a person: ``role`` is ``None`` where the word itself does not say it."""

    first: int
    end: int
    role: Role | None
    sex: str | None
    is_plural: bool
    is_definite: bool
    is_kin: bool
    is_pronoun: bool = False


PLURALS = frozenset(
    "hermanitas hermanitos granddaughters grandsons grandchildren nieces nephews children kids juveniles teenagers toddlers newborns minors adolescents adolescentes girls boys babies infants teens sons daughters sisters brothers twins siblings victims suspects abductors kidnappers men women males "
    "females jumeaux jumelles freres soeurs hermanos hermanas gemelos enfants fillettes filles garcons bebes ninos ninas menores hijos hijas ravisseurs sospechosos hommes femmes hombres mujeres".split()
)
DEFINITE = frozenset("the this that his her their la le l el los las cette cet ce son sa ses su esta este".split())
INDEFINITE = frozenset("a an un une una unknown unidentified another one inconnu inconnue desconocido".split())
_NOT_PERSONS = frozenset(
    "alert alerta alerte emergency abduction protection services care abuse seat welfare support custody school girl's safety disappearance d".split()
)
AMBIGUOUS = frozenset("il le su son victim minor subject person infante individual recien ce".split())


PERSONS = HE | SHE | CHILD_NOUNS | SUSPECT_NOUNS | ADULT_NOUNS | KIN | frozenset("pequeno pequena petit petite".split())


FOREIGN = frozenset("ella elle nina nino tia belle il lui pere mere oncle".split())
"""Nouns and pronouns of French and Spanish that are names, or nothing, in English."""


def nouns(tokens: Tokens) -> list[Noun]:
    """Every such word, pronouns among them, in order."""
    found = []
    language = tokens.language[:2]
    for at in tokens.places(PERSONS):
        word = tokens.words[at]
        if (word in FOREIGN and language == "en") or _is_quoted(tokens, at) or _is_value_of_sex(tokens, at):
            continue
        if word in HE or word in SHE:
            if (noun := _pronoun(tokens, at, language)) is not None:
                found.append(noun)
            continue
        role: Role | None
        if word in CHILD_NOUNS or word in LITTLE:
            role = "child"
        elif word in SUSPECT_NOUNS:
            role = "suspect"
        elif word in ADULT_NOUNS or word in KIN:
            role = None
        else:
            continue
        if _is_not_a_person(tokens, at, word) or (word in LITTLE and not _is_little_one(tokens, at)):
            continue
        found.append(
            Noun(
                at,
                at + 1,
                role,
                _sex(tokens, at),
                word in PLURALS,
                _is_definite(tokens, at),
                word in KIN and role is None,
            )
        )
    return found


LITTLE = frozenset("pequeno pequena petit petite".split())
ONE = frozenset(
    ", . ) ( identificado identificada identifie identifiee fue es tiene viste vestia llevaba se est etait a porte portait mide mesure".split()
)


def _is_little_one(tokens: Tokens, at: int) -> bool:
    """``El pequeño, identificado como …``, ``le petit se trouvait``: a child, not a small thing."""
    is_definite = tokens.word(at - 1) in {"el", "la", "le", "del", "al", "du"}
    is_name = tokens.is_cased and at + 1 < len(tokens) and tokens.capital[at + 1] and not tokens.capital[at]
    return is_definite and (tokens.word(at + 1) in ONE or is_name) and tokens.word(at + 1) not in MAKES


def _is_value_of_sex(tokens: Tokens, at: int) -> bool:
    """``Género: mujer``"""
    return tokens.word(at - 1) == ":" and tokens.word(at - 2) in {"genero", "sexo", "sex", "gender", "sexe", "genre"}


def _is_quoted(tokens: Tokens, at: int) -> bool:
    """``"Uncle Boy"``, ``"Baby J"``: a nickname."""
    return '"' in tokens.words[max(0, at - 2) : at] and '"' in tokens.words[at + 1 : at + 3]


def _pronoun(tokens: Tokens, at: int, language: str) -> Noun | None:
    word = tokens.words[at]
    if word == "il" and (
        language != "fr" or tokens.word(at + 1) in {"y", "s", "n", "est"} and tokens.word(at + 2) in {"a", "agit"}
    ):
        return None
    if word in {"he", "she"} and tokens.word(at + 1) == "/":
        return None
    if word == "hers" or (word in {"elle", "ella"} and tokens.word(at - 1) in {"d", "de", "'"}):
        return None  # a friend of hers
    return Noun(
        at, at + 1, None, "M" if word in HE else "F", False, True, False, word in {"he", "she", "il", "elle", "ella"}
    )


POSSESSIVE = frozenset("his her their leur leurs sa son ses su sus".split())


def role_of_kin(tokens: Tokens, at: int) -> bool:
    """``le père de l'enfant``, ``the mother of the boy``: the noun only says whose relative it is."""
    place = at - 1
    while tokens.word(place) in {"the", "l", "la", "le", "'", "los", "las", "les", *POSSESSIVE}:
        place -= 1
    if (
        tokens.word(place) not in {"of", "de", "du", "del", "des"}
        or place == at - 1
        and tokens.word(place) in {"of", "de"}
    ):
        return False
    return tokens.word(place - 1) in KIN


def past_kin_of(tokens: Tokens, at: int) -> int:
    """Past ``de leur mère`` after ``le conjoint``: whose relative it is."""
    if tokens.word(at) not in {"of", "de", "du", "del"}:
        return at
    for place in range(at + 1, min(len(tokens), at + 4)):
        if tokens.words[place] in KIN or tokens.words[place] in CHILD_NOUNS:
            return place + 1
        if tokens.words[place] not in POSSESSIVE and tokens.words[place] not in {"the", "la", "l", "'", "el", "le"}:
            break
    return at


def _is_not_a_person(tokens: Tokens, at: int, word: str) -> bool:
    after = tokens.word(at + 1)
    if after in _NOT_PERSONS and not (after == "d" and word != "enfant"):
        return True
    if word in {"male", "female"} and after in {
        "driver",
        "suspect",
        "abductor",
        "juvenile",
        "child",
        "infant",
        "toddler",
    }:
        return True  # that noun takes the sex along
    if word == "missing" or (word == "teen" and after in {"girl", "boy"}):
        return True
    if word in {"tia", "tio", "papa", "mama"} and tokens.language[:2] != "es":
        return True
    if word in {"grand", "belle", "beau", "oncle", "tante"} and tokens.language[:2] != "fr":
        return True
    if word in {"grand", "belle", "beau"}:
        return True
    if word == "son" and tokens.language[:2] != "en":
        return True
    if word in {"suspect", "suspects", "suspecte"} and after in {"vehicle", "vehicles", "car", "s"}:
        return after != "s"
    if role_of_kin(tokens, at) or (word in SIBLINGS and _only_owns(tokens, at)):
        return True
    if word in {"female", "male", "suspect"} and after in {"one", "two", "1", "2", "#"}:
        return True
    if word in {"infant", "baby"} and after in {"car", "seat"}:
        return True
    if word in {"person", "subject", "individual", "individu", "individuo"} and tokens.word(at - 1) in {
        "missing",
        "toute",
        "cualquier",
        "any",
        "every",
    }:
        return True
    if (
        tokens.word(at - 1) in {"d", "de"}
        and word in {"enfant", "menor", "menores", "enfants"}
        and tokens.word(at - 2) in {"enlevement", "secuestro", "emergencia", "disparition", "rapto", "-"}
    ):
        return True
    if after == "'" and tokens.word(at + 2) == "s" and word in KIN and tokens.word(at + 3) not in {"name", "age"}:
        return True
    return (
        after == "'"
        and tokens.word(at + 2) == "s"
        and word in {"child", "victim", "mother", "father", "girl", "boy", "suspect"}
        and tokens.word(at + 3) not in {"name", "age"}
    )


SIBLINGS = frozenset(
    "brother sister son daughter nephew niece frere soeur fils fille neveu niece hermano hermana hijo hija sobrino sobrina".split()
)
OWNED = frozenset(BODIES) | frozenset(
    "house home apartment residence place property trailer maison appartement domicile chalet residence casa domicilio rancho departamento vehicle".split()
)


def _only_owns(tokens: Tokens, at: int) -> bool:
    """``la camionnette de son frère``, ``his brother's truck``: whose car or house it is."""
    if tokens.word(at + 1) == "'" and tokens.word(at + 2) == "s":
        return not OWNED.isdisjoint(tokens.words[at + 3 : at + 6])
    place = at - 1
    place -= tokens.word(place) in POSSESSIVE
    return (
        place < at - 1
        and tokens.word(place) in {"de", "of"}
        and not OWNED.isdisjoint(tokens.words[max(0, place - 3) : place])
    )


MASCULINE_SUSPECTS = frozenset("suspect sospechoso ravisseur captor secuestrador agresor agresseur".split())
MASCULINE_ARTICLES = frozenset("le el un presunto du del al".split())


def _sex(tokens: Tokens, at: int) -> str | None:
    word = tokens.words[at]
    if word in LITTLE:
        return "F" if word in {"pequena", "petite"} else "M"
    if word == "adolescente" and tokens.language[:2] == "fr":
        return "F"
    if word in {"adolescente", "joven"}:
        return {"la": "F", "una": "F", "el": "M", "un": "M"}.get(tokens.word(at - 1))
    if word in {"menor", "recien"}:  # the article says it; of "un bebé" and "una víctima" it does not
        article = tokens.word(at - 1)
        return {"la": "F", "una": "F", "el": "M", "un": "M"}.get(article) if word == "menor" else None
    if word not in SEXES and tokens.word(at - 1) in {"male", "female"}:
        return SEXES[tokens.word(at - 1)]
    if word in {"hispana", "latina"}:
        return None
    if word == "suspecte":
        return "F"
    if word in MASCULINE_SUSPECTS and tokens.language[:2] in {"fr", "es"}:
        return "M" if tokens.word(at - 1) in MASCULINE_ARTICLES else None
    return SEXES.get(word)


def _is_definite(tokens: Tokens, at: int) -> bool:
    if tokens.words[at] in BARE_NOUNS and at == tokens.sentence(at)[0] and tokens.word(at + 1) in AUXILIARIES:
        return True  # Child was last seen
    for place in range(at - 1, max(-1, at - 6), -1):
        word = tokens.words[place]
        if word in INDEFINITE or word.isdigit():
            return False
        if word in DEFINITE:
            return True
        if word in {",", ".", ":", "...", "(", "is", "was"}:
            return False
    return False
