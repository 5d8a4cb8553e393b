"""States, provinces and their abbreviations, as ISO 3166-2 codes: whose plate it is."""

from __future__ import annotations

_NAMES = """
US-AL alabama, ala; US-AK alaska; US-AZ arizona, ariz; US-AR arkansas, ark; US-CA california, calif, californie, californianas, californiana, californienne, californiennes; US-CO colorado, colo; US-CT connecticut, conn; US-DE delaware;
US-DC district of columbia, washington d c, washington dc; US-FL florida, fla, floride; US-GA georgia, georgie; US-HI hawaii; US-ID idaho; US-IL illinois; US-IN indiana; US-IA iowa; US-KS kansas, kan;
US-KY kentucky; US-LA louisiana, louisiane, luisiana; US-ME maine; US-MD maryland; US-MA massachusetts, mass; US-MI michigan, mich; US-MN minnesota, minn; US-MS mississippi;
US-MO missouri; US-MT montana; US-NE nebraska, neb; US-NV nevada, nev; US-NH new hampshire; US-NJ new jersey, nueva jersey; US-NM new mexico, nuevo mexico, nouveau mexique;
US-NY new york, nueva york, nys; US-NC north carolina, carolina del norte, caroline du nord; US-ND north dakota, dakota del norte; US-OH ohio; US-OK oklahoma, okla; US-OR oregon;
US-PA pennsylvania, penn, pensilvania; US-RI rhode island; US-SC south carolina, carolina del sur; US-SD south dakota, dakota del sur; US-TN tennessee, tenn;
US-TX texas, tejas, tex, tejanas, tejana, texanas, texana, texane, texanes; US-UT utah; US-VT vermont; US-VA virginia, virginie; US-WA washington, wash; US-WV west virginia, virginia occidental; US-WI wisconsin, wis;
US-WY wyoming, wyo; US-PR puerto rico; US-GU guam; US-VI virgin islands;
MX-AGU aguascalientes; MX-BCN baja california; MX-BCS baja california sur; MX-CAM campeche; MX-CHP chiapas; MX-CHH chihuahua; MX-COA coahuila; MX-COL colima; MX-DUR durango;
MX-GUA guanajuato; MX-GRO guerrero; MX-HID hidalgo; MX-JAL jalisco; MX-MIC michoacan; MX-MOR morelos; MX-NAY nayarit; MX-NLE nuevo leon; MX-OAX oaxaca; MX-PUE puebla; MX-QUE queretaro;
MX-ROO quintana roo; MX-SLP san luis potosi; MX-SIN sinaloa; MX-SON sonora, sonorenses; MX-TAB tabasco; MX-TAM tamaulipas; MX-TLA tlaxcala; MX-VER veracruz; MX-YUC yucatan; MX-ZAC zacatecas; MX-CMX cdmx;
CA-ON ontario, ontarien, ontarienne, ontariennes, ont; CA-QC quebec, quebecois, quebecoise, quebecoises; CA-NS nova scotia, nouvelle ecosse, neo ecossaise, neo ecossaises; CA-NB new brunswick, nouveau brunswick, neo brunswickoise, neo brunswickoises, neo brunswickois;
CA-MB manitoba, man, manitobaine, manitobaines, manitobain; CA-BC british columbia, colombie britannique; CA-PE prince edward island, ile du prince edouard, pei; CA-SK saskatchewan, sask;
CA-AB alberta, alta, albertaine, albertaines, albertain; CA-NL newfoundland and labrador, newfoundland, terre neuve et labrador, terre neuve; CA-NT northwest territories; CA-YT yukon; CA-NU nunavut
"""
_CODES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX "
    "UT VT VA WA WV WI WY PR GU VI"
)
CODES: dict[str, str] = {code.lower(): f"US-{code}" for code in _CODES.split()} | {
    code.lower(): f"CA-{code}" for code in "ON QC NS NB MB BC PE SK AB NL NT YT NU".split()
}
#: Codes that are words of one of the three languages; and those that are usually something else beside a plate.
WORDS = frozenset("in or de me la oh ok hi id pa ma al as mi co on ne il va sc mo nt ct ca".split())
#: Not states although they begin or end like one.
NOT_BEFORE = frozenset(["baja", "port", "mount"])

NAMES: dict[tuple[str, ...], str] = {}
for _entry in _NAMES.split(";"):
    _code, _, _spellings = _entry.strip().partition(" ")
    for _spelling in _spellings.split(","):
        NAMES[tuple(_spelling.split())] = _code
BY_FIRST: dict[str, tuple[tuple[str, ...], ...]] = {}
for _key in sorted(NAMES, key=len, reverse=True):
    BY_FIRST[_key[0]] = (*BY_FIRST.get(_key[0], ()), _key)
#: Abbreviations that are plain words too: only in capitals.
SHORT = frozenset("ala ark man ont ore conn penn mass mich wis kan neb nev wyo tex wash".split())
#: Abbreviations that end in a full stop.
DOTTED = frozenset(
    "sask ont man alta ala ariz ark calif colo conn fla minn okla penn tenn que mass mich wis kan neb nev wyo tex wash".split()
)
