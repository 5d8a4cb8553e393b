"""The regions we know by code: states, territories and provinces, as ISO 3166-1 and 3166-2 name them.

FIPS state numbers are those of 47 CFR 11.31, SGC province digits those of Statistics Canada. A region is written
``US`` (a country), ``US-TX`` (a subdivision) or ``PR`` (a territory's own country code, the same as ``US-PR``).
"""

from __future__ import annotations

US_STATES: dict[str, tuple[str, str]] = {
    "01": ("AL", "Alabama"), "02": ("AK", "Alaska"), "04": ("AZ", "Arizona"), "05": ("AR", "Arkansas"),
    "06": ("CA", "California"), "08": ("CO", "Colorado"), "09": ("CT", "Connecticut"), "10": ("DE", "Delaware"),
    "11": ("DC", "District of Columbia"), "12": ("FL", "Florida"), "13": ("GA", "Georgia"), "15": ("HI", "Hawaii"),
    "16": ("ID", "Idaho"), "17": ("IL", "Illinois"), "18": ("IN", "Indiana"), "19": ("IA", "Iowa"),
    "20": ("KS", "Kansas"), "21": ("KY", "Kentucky"), "22": ("LA", "Louisiana"), "23": ("ME", "Maine"),
    "24": ("MD", "Maryland"), "25": ("MA", "Massachusetts"), "26": ("MI", "Michigan"), "27": ("MN", "Minnesota"),
    "28": ("MS", "Mississippi"), "29": ("MO", "Missouri"), "30": ("MT", "Montana"), "31": ("NE", "Nebraska"),
    "32": ("NV", "Nevada"), "33": ("NH", "New Hampshire"), "34": ("NJ", "New Jersey"), "35": ("NM", "New Mexico"),
    "36": ("NY", "New York"), "37": ("NC", "North Carolina"), "38": ("ND", "North Dakota"), "39": ("OH", "Ohio"),
    "40": ("OK", "Oklahoma"), "41": ("OR", "Oregon"), "42": ("PA", "Pennsylvania"), "44": ("RI", "Rhode Island"),
    "45": ("SC", "South Carolina"), "46": ("SD", "South Dakota"), "47": ("TN", "Tennessee"), "48": ("TX", "Texas"),
    "49": ("UT", "Utah"), "50": ("VT", "Vermont"), "51": ("VA", "Virginia"), "53": ("WA", "Washington"),
    "54": ("WV", "West Virginia"), "55": ("WI", "Wisconsin"), "56": ("WY", "Wyoming"),
    "60": ("AS", "American Samoa"), "66": ("GU", "Guam"), "69": ("MP", "Northern Mariana Islands"),
    "72": ("PR", "Puerto Rico"), "74": ("UM", "U.S. Minor Outlying Islands"), "78": ("VI", "U.S. Virgin Islands"),
}  # fmt: skip

# In free association with the US: SAME and UGC codes exist for them, but ISO 3166 knows them as countries of their own.
US_ASSOCIATED: dict[str, tuple[str, str]] = {
    "64": ("FM", "Micronesia"), "68": ("MH", "Marshall Islands"), "70": ("PW", "Palau"),
}  # fmt: skip

US_TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "UM", "VI"})

CA_PROVINCES: dict[str, tuple[str, str]] = {
    "10": ("NL", "Newfoundland and Labrador"), "11": ("PE", "Prince Edward Island"), "12": ("NS", "Nova Scotia"),
    "13": ("NB", "New Brunswick"), "24": ("QC", "Quebec"), "35": ("ON", "Ontario"), "46": ("MB", "Manitoba"),
    "47": ("SK", "Saskatchewan"), "48": ("AB", "Alberta"), "59": ("BC", "British Columbia"), "60": ("YT", "Yukon"),
    "61": ("NT", "Northwest Territories"), "62": ("NU", "Nunavut"),
}  # fmt: skip

# ISO 3166-1 alpha-2, the 249 officially assigned codes.
COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """.split()  # noqa: SIM905  (249 quoted strings would be harder to read)
)

SUBDIVISION_NAMES: dict[str, str] = {f"US-{code}": name for code, name in US_STATES.values()} | {
    f"CA-{code}": name for code, name in CA_PROVINCES.values()
}

COUNTRY_NAMES: dict[str, str] = {"US": "United States", "CA": "Canada"} | dict(US_ASSOCIATED.values())
"""Of the countries that units are listed for."""


def is_region(code: str) -> bool:
    """Whether ``code`` is a country of ISO 3166-1, or a subdivision of the US or Canada (ISO 3166-2)."""
    return code in COUNTRIES or code in SUBDIVISION_NAMES


def region_codes() -> list[str]:
    """Every code that :func:`is_region` knows, sorted; for suggestions."""
    return sorted(COUNTRIES | SUBDIVISION_NAMES.keys())


def is_within(place: str, region: str) -> bool:
    """Whether a place (``US-TX``, ``CA``, ``US-PR``) lies in a region: the region itself, or its country.

    A territory's two names are one: ``PR`` and ``US-PR``. A whole country does not lie within one of its states,
    but it touches it: see :func:`touches`.
    """
    place, region = canonical(place), canonical(region)
    return place == region or place.startswith(f"{region}-")


def touches(place: str, regions: tuple[str, ...]) -> bool:
    """Whether a place and any of the regions overlap; no regions at all means everywhere."""
    return not regions or any(is_within(place, region) or is_within(region, place) for region in regions)


def canonical(code: str) -> str:
    """``PR`` and the other territories as subdivisions (``US-PR``); every other code as it is."""
    return f"US-{code}" if code in US_TERRITORIES else code
