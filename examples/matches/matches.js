// Is a viewer meant by a card? The whole rule; vectors.json has cases to test a translation with.

/** Whether a viewer is meant. `viewer` is the answer of GET /api/v1/places for their point, county, zone or other code. */
function matches(card, viewer) {
  const area = card.area;
  if (area.target.some((unit) => (viewer.codes[unit.scheme] ?? []).includes(unit.code))) {
    return true; // one of the viewer's codes is listed
  }
  if (area.match !== "geometry" || !area.geometry || !viewer.point) {
    return false; // without a shape and a point nobody knows: show the card to nobody
  }
  return liesIn(viewer.point, area.geometry);
}

/** Whether a point, longitude first, lies in a GeoJSON shape: a line from it crosses the border an odd number of times. */
function liesIn([x, y], geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  let inside = false;
  for (const ring of polygons.flat()) {
    for (let i = 1; i < ring.length; i += 1) {
      const [[x1, y1], [x2, y2]] = [ring[i - 1], ring[i]];
      if (y1 > y !== y2 > y && x < x1 + ((y - y1) * (x2 - x1)) / (y2 - y1)) inside = !inside;
    }
  }
  return inside;
}

module.exports = { matches };
