"""Is a viewer meant by a card? The whole rule, for any Python 3; vectors.json has cases to test a translation with."""


def matches(card, viewer):
    """Whether a viewer is meant. ``viewer`` is the answer of GET /api/v1/places for their point, county, zone or other code."""
    area, codes = card["area"], viewer["codes"]
    if any(unit["code"] in codes.get(unit["scheme"], []) for unit in area["target"]):
        return True  # one of the viewer's codes is listed
    if area["match"] != "geometry" or not area["geometry"] or not viewer.get("point"):
        return False  # without a shape and a point nobody knows: show the card to nobody
    return lies_in(viewer["point"], area["geometry"])


def lies_in(point, geometry):
    """Whether a point, longitude first, lies in a GeoJSON shape: a line from it crosses the border an odd number of times."""
    x, y = point
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    inside = False
    for ring in (ring for polygon in polygons for ring in polygon):
        for (x1, y1), (x2, y2) in zip(ring, ring[1:]):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                inside = not inside
    return inside
