"""``[[places]]``: files with units of the operator's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capgateway.config.checks import made
from capgateway.config.references import existing_file
from capgateway.config.spot import UNUSABLE
from capgateway.config.table import Key
from capgateway.config.values import region, text
from capgateway.places import Layer, LayerError
from capgateway.places.layer import SCHEME, TAKEN, units

if TYPE_CHECKING:
    from capgateway.config.spot import Spot

PLACES = {
    "scheme": Key(
        kind=text(pattern=SCHEME.pattern, what="a name of letters, digits and . _ : -"),
        about="What the codes are called: sgc for Canada's census divisions, else a name that alerts use or one of your own.",
        required=True,
    ),
    "file": Key(kind=existing_file(), about="GeoJSON file with a shape per unit, in degrees (WGS 84).", required=True),
    "code": Key(kind=text(longest=200), about="The property that contains a unit's code.", required=True),
    "name": Key(kind=text(longest=200), about="The property that contains its name.", required=True),
    "region": Key(
        kind=region(),
        about="The country or state in which all units lie; needed outside the US and Canada, for regions and jurisdiction.",
    ),
}


def layer(found: dict[str, Any], spot: Spot) -> Any:
    """One ``[[places]]``: a scheme that is not the gateway's own, and a file that can be used."""
    if found["scheme"] is not UNUSABLE and found["scheme"].casefold() in TAKEN:
        spot.at("scheme").fault("is a scheme that the gateway has already")
    made_of: Any = made(Layer, found)
    if isinstance(made_of, Layer) and spot.file.secrets_of is None:
        try:
            units(made_of)
        except LayerError as error:
            spot.at("file").fault(str(error))
    return made_of
