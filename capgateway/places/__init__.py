"""Area codes and shapes in, units out: which countries, states, provinces and counties an alert means.

Nothing here reads the boundary file or imports shapely before the first area is resolved.
"""

from capgateway.places.atlas import ATLAS, Atlas, atlas_of
from capgateway.places.codes import Unit, read, region_of, whole
from capgateway.places.layer import Layer, LayerError
from capgateway.places.outline import Outline, clipped, counties_in, outline, same_codes
from capgateway.places.regions import is_region, is_within, region_codes, touches
from capgateway.places.resolve import Resolved, resolve, smallest, wider

__all__ = [
    "ATLAS",
    "Atlas",
    "Layer",
    "LayerError",
    "Outline",
    "Resolved",
    "Unit",
    "atlas_of",
    "clipped",
    "counties_in",
    "is_region",
    "is_within",
    "outline",
    "read",
    "region_codes",
    "region_of",
    "resolve",
    "same_codes",
    "smallest",
    "touches",
    "whole",
    "wider",
]
