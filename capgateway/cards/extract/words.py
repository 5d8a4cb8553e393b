"""The words of alerts in English, French and Spanish, in comparison form (lower case, no accents), and the codes of NCIC."""

from __future__ import annotations


def table(text: str) -> dict[str, str]:
    """``value: word word; value: word`` as word → value."""
    found = {}
    for entry in text.split(";"):
        value, _, words = entry.partition(":")
        for word in words.split():
            found[word.strip()] = " ".join(value.split())
    return found


COLORS = table(
    """black: black blk noir noire noirs noires negro negra negros negras;
    white: white wht whi blanc blanche blancs blanches blanco blanca blancos blancas;
    gray: gray grey gry gris grise grises; silver: silver sil slv slvr argent argente argentee plateado plateada plata;
    blue: blue blu bleu bleue bleus bleues azul azules; red: red rouge rouges rojo roja rojos rojas;
    green: green grn vert verte verts vertes verde verdes; maroon: maroon mar guinda; burgundy: burgundy vino bourgogne bordeaux tinto;
    tan: tan; brown: brown bro brn brun brune bruns brunes marron marrones cafe cafes; beige: beige bge sable arena sand;
    gold: gold gld golden dore doree dorado dorada; yellow: yellow yel ylw jaune jaunes amarillo amarilla;
    rust: rust; orange: orange ong org naranja anaranjado anaranjada anaranjados; purple: purple ple violet violette mauve morado morada purpura;
    pink: pink pnk rosa; teal: teal turquoise sarcelle tea trq turquesa; cream: cream crm creme crema; bronze: bronze brz bronce;
    champagne: champagne; charcoal: charcoal; copper: copper cpr cuivre; chrome: chrome; slate: slate; ivory: ivory; plum: plum; lavender: lavender; fuchsia: fuchsia; navy: navy; dark: dark"""
)
#: ``rose`` and ``or`` are colours in French only; ``dark`` alone is one where "colored" follows.
FRENCH_COLORS = {"rose": "pink", "or": "gold", "fonce": "dark", "foncee": "dark"}
SHADES = table(
    """dark: dark dk drk fonce foncee fonces oscuro oscura oscuros oscuras obscuro; light: light lt pale pales clair claire clairs claro clara claros claras;
    bright: bright very; metallic: metallic; pearl: pearl; sky: sky; navy: navy marine marino; medium: medium"""
)
COLORED = frozenset("colored coloured color colour colored couleur color-".split())

BODIES = table(
    """sedan: sedan sdn berline; SUV: suv vus utilitaire suburbano; pickup: pickup pickups camionnette; van: van vans fourgon furgoneta;
    minivan: minivan minivans fourgonnette minifourgonnette minivan-; truck: truck trucks camion; coupe: coupe cpe;
    hatchback: hatchback; convertible: convertible cabriolet; wagon: wagon familiale; motorcycle: motorcycle motorbike moto motocyclette motocicleta trike;
    ATV: atv vtt quad; motorhome: motorhome rv autocaravane autocaravana; trailer: trailer remorque remolque; crossover: crossover;
    car: car cars auto automobile voiture carro coche automovil; vehicle: vehicle vehicles veh vehicule vehicules vehiculo vehiculos camioneta; jeep: ;
    scooter: scooter moped motoneta cyclomoteur; bus: ; box truck: ; snowmobile: snowmobile motoneige"""
)
GENERIC = frozenset(["car", "vehicle"])

MONTHS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sept sep "
    "oct nov dec janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre enero febrero marzo "
    "abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre".split()
)
DAYS = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thurs fri sat lundi mardi mercredi "
    "jeudi vendredi samedi dimanche lunes martes miercoles jueves viernes sabado domingo".split()
)
DAY_PARTS = frozenset(
    "today tonight yesterday morning afternoon evening noon midnight night aujourd hui hier matin soir midi minuit apres "
    "hoy ayer manana tarde noche mediodia medianoche anoche".split()
)

NUMBERS = (
    {
        word: number
        for numbers in (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty",
            "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
            "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho diecinueve veinte",
        )
        for number, word in enumerate(numbers.split())
    }
    | {"une": 1, "una": 1, "vingt": 20}
    | {
        word: number
        for number, word in enumerate(
            "veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve treinta".split(),
            21,
        )
    }
)

RACES = table(
    """black: black blk noir noire negro negra afrodescendiente; white: white wht blanc blanche blanco blanca caucasian caucasien caucasienne anglo;
    hispanic: hispanic hisp hispano hispana latino latina hispanique latina; asian: asian asiatique asiatico asiatica chinese japanese korean vietnamese;
    indigenous: indigenous autochtone indigena; native american: amerindian; middle eastern: ; pacific islander: polynesian hawaiian"""
)
RACE_CODES = {"w": "white", "b": "black", "h": "hispanic", "a": "asian", "i": "native american"}

SEXES = table(
    """F: hermanita hermanitas ninita bebita soeurs hermanas madrastra mama novia esposa gf prima vecina amiga ninera cunada exnovia stepmom stepmum mommy momma mum granny nana fiancee voisine amie gardienne exwife stepgrandmother presunta female females girl girls woman women lady daughter sister sisters niece mother mom grandmother aunt wife girlfriend stepmother granddaughter
      stepdaughter grandma schoolgirl femme fille fillette filles fillettes mere soeur tante feminin feminine niece mujer nina hija hermana madre
      abuela tia femenino femenina muchacha adolescenta mineure suspecte sospechosa hispana latina dame conjointe;
    M: hermanito bambin gars tipo bf primo vecino amigo cunado exnovio exesposo stepdad daddy gramps granddad grandad fiance voisin ami exhusband stepgrandfather stepuncle presunto freres guy padrastro papa novio esposo male males boy boys man men son brother brothers nephew father dad grandfather uncle husband boyfriend stepfather grandson stepson grandpa
      homme garcon garcons garconnet fils pere frere oncle masculin neveu hombre hombres nino hijo hermano padre abuelo tio masculino muchacho varon conjoint"""
)
#: Words that a role follows from.
CHILD_NOUNS = frozenset(
    "granddaughter grandson granddaughters grandsons nephew niece stepson stepdaughter grandchildren grandchild nieces nephews child children kid kids girl girls boy boys baby babies infant infants toddler toddlers newborn newborns juvenile juveniles teen teenager teenagers teens minor minors preschooler son sons daughter "
    "daughters sister sisters brother brothers twins siblings sibling victim victims "
    "mineur mineure mineurs mineures enfant enfants fillette fillettes fille filles garcon garcons bebe bebes nourrisson adolescent adolescente victime "
    "garconnet bambin hermanita hermanitas hermanito hermanitos ninita bebita jumeaux jumelles freres frere soeurs soeur hermanos hermanas hermano hermana gemelos nino nina ninos ninas menor menores hijo hija hijos hijas adolescente infante victima recien".split()
)
SUSPECT_NOUNS = frozenset(
    "assailant assailants asaltante asaltantes voleur voleuse voleurs ladron ladrona agresor agresseur suspect suspects abductor abductors kidnapper kidnappers perpetrator thief suspecte ravisseur ravisseuse ravisseurs "
    "sospechoso sospechosa sospechosos secuestrador secuestradora captor carjacker".split()
)
ADULT_NOUNS = frozenset(
    "guy gars tipo lady dude man men woman women male female males females driver homme hommes femme femmes hombre hombres mujer mujeres conducteur "
    "conductrice conductor conductora person subject individual individu individuo".split()
)
KIN = frozenset(
    "mother father dad mom grandmother grandfather grandma grandpa uncle aunt stepfather stepmother boyfriend girlfriend husband wife cousin babysitter "
    "neighbor guardian bf gf stepdad stepmom stepmum daddy mommy momma mum mama granny nana gramps granddad grandad sitter nanny caregiver roommate friend classmate coworker fiance fiancee "
    "stepgrandfather stepgrandmother stepuncle landlord exhusband exwife babysitters "
    "voisin voisine ami amie gardienne colocataire vecino vecina amigo amiga primo prima ninera cunado cunada pareja expareja exnovio exnovia exesposo "
    "mere pere grand oncle tante conjoint conjointe beau belle madre padre papa mama abuelo abuela tio tia padrastro madrastra "
    "novio novia esposo esposa".split()
)
HE = frozenset("he him his il lui".split())
SHE = frozenset("she her hers elle ella".split())

EYE_COLORS = {
    **COLORS,
    "hazel": "hazel",
    "haz": "hazel",
    "noisette": "hazel",
    "pers": "hazel",
    "avellana": "hazel",
}
HAIR_COLORS = table(
    """blonde: blonde blond blonds blondes bln bld rubio rubia rubios; brown: brown bro brn brun brune bruns chatain chatains castano castana cafe marron;
    black: black blk noir noirs noire negro negra; red: red rouge roux rousse pelirrojo pelirroja rojo; gray: gray grey gry gris grises canoso canosa;
    white: white whi blancs blanc blanco; sandy: sandy sdy; auburn: auburn; strawberry blonde: ; purple: purple violet morado mauve mauves; blue: blue bleu bleus azul;
    pink: pink rosa rose; green: green verts verde; orange: orange; burgundy: burgundy; salt-and-pepper: ; silver: silver"""
)
HAIR_STYLES = table(
    """long: long longs largo; short: short court courts corto; medium-length: medium; curly: curly boucles frises rizado rizo; straight: straight raides lacio;
    braided: braided tresses trenzado trenzas; wavy: wavy ondules ondulado; dyed: dyed teint teints tenido pintado; light: light clair clairs claro;
    dark: dark fonce fonces oscuro; shaved: shaved rases rase rapado; shoulder-length: shoulder; bald: bald chauve calvo bal; dirty: dirty; buzzed: buzzed; cropped: cropped"""
)
#: Beside one of these a word for a race is not a colour.
PERSON_NOUNS = frozenset(
    "male female males females man woman men women boy girl boys girls child teen juvenile infant toddler baby adult teenager homme femme".split()
)
