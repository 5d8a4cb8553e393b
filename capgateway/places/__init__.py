"""Area codes in, regions out: which countries, states, provinces and counties an alert means."""

from capgateway.places.codes import Unit, read, region_of, whole
from capgateway.places.regions import is_region, is_within, region_codes, touches

__all__ = ["Unit", "is_region", "is_within", "read", "region_codes", "region_of", "touches", "whole"]
