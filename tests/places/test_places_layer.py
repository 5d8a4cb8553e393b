"""Units of the operator's own: what a file may contain, and how its units stand beside those that ship."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from area_samples import block, shares, units, with_divisions

from capgateway import places
from capgateway.places import Atlas, Layer
from capgateway.places.layer import LayerError
from capgateway.places.layer import units as units_of


def square(west: float, south: float, size: float = 1.0) -> dict[str, Any]:
    """A square as GeoJSON."""
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def a_layer(folder: Path, *features: tuple[str, dict[str, Any]], **fields: Any) -> Layer:
    made = [
        {"type": "Feature", "properties": {"ID": code, "LABEL": f"Unit {code}"}, "geometry": geometry}
        for code, geometry in features
    ]
    file = folder / "layer.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": made}))
    return Layer(**{"scheme": "district", "file": str(file), "code": "ID", "name": "LABEL"} | fields)


def test_a_layer_of_another_country(tmp_path: Path) -> None:
    """Its units are meant by shape and by code, with their names, in the region that the layer says."""
    layer = a_layer(tmp_path, ("A", square(9, 50)), ("B", square(10, 50)), region="DE")
    atlas = Atlas([layer])
    found = shares(block(polygons=["50.2,9.5 50.8,9.5 50.8,10.4 50.2,10.4 50.2,9.5"]), atlas=atlas)
    assert list(found) == ["A", "B"]
    (named,) = places.resolve((block(District="A"),), atlas=atlas).units
    assert (named.scheme, named.region, named.share) == ("district", "DE", 1.0)
    assert atlas.name("A", "district") == "Unit A"


def test_units_in_a_state_belong_to_it(tmp_path: Path) -> None:
    """Where nobody says in which region they lie, they are in the one that contains them, and a code of a county means them too."""
    atlas = Atlas([a_layer(tmp_path, ("north", square(-96.9, 32.7, 0.1)), ("far", square(-100, 32.7, 0.1)))])
    found = {unit.code: unit for unit in places.resolve((block(same="048113"),), atlas=atlas).units}
    assert set(found) == {"48113", "north"}
    assert found["north"].region == "US-TX"
    assert units(block(same="048000"), atlas=atlas) == ["US-TX"]  # which contains them


def test_a_code_of_a_layer_means_the_county_around_it(tmp_path: Path) -> None:
    """More than 2 % of the unit lies in Dallas County: its viewers are meant as well."""
    atlas = Atlas([a_layer(tmp_path, ("north", square(-96.9, 32.7, 0.1)))])
    assert units(block(district="north"), atlas=atlas) == ["48113", "north"]
    assert units(block(district="south"), atlas=atlas) == []


def test_census_divisions_are_found_by_their_capcp_code() -> None:
    """The scheme sgc is that of profile:CAP-CP:Location. A subdivision means a part of its division."""
    atlas = with_divisions()
    assert shares(block(sgc="3506"), atlas=atlas) == {"3506": 1.0}
    assert shares(block(sgc="3506008"), atlas=atlas) == {"3506": None}
    assert atlas.name("3506", "sgc") == "Ottawa (a rough sketch)"


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ("{", "is not JSON"),
        ("[]", "is not a GeoJSON FeatureCollection"),
        ('{"features": []}', "has no features"),
        ('{"features": [{"properties": {"id": 1}}]}', "without the property 'ID'; it has: id"),
        ('{"features": [{"properties": {"ID": "A"}}]}', "the unit A has no shape that can be read"),
        ('{"features": [{"properties": {"ID": "A B"}}]}', "contains spaces"),
        (
            '{"features": [{"properties": {"ID": "A"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}]}',
            "no area",
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: str, trouble: str) -> None:
    """With the name of the file, and the properties that it has."""
    layer = a_layer(tmp_path)
    Path(layer.file).write_text(content)
    with pytest.raises(LayerError, match=r"layer\.geojson") as raised:
        units_of(layer)
    assert trouble in str(raised.value)


def test_metres_are_not_degrees(tmp_path: Path) -> None:
    """Statistics Canada's files come in a projection of their own: they have to be converted."""
    layer = a_layer(tmp_path, ("3506", square(7_400_000, 1_200_000, 50_000)))
    with pytest.raises(LayerError, match="convert it to WGS 84"):
        units_of(layer)


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """It is reported when the configuration is read, not when the first alert comes."""
    layer = a_layer(tmp_path)
    Path(layer.file).unlink()
    with pytest.raises(LayerError, match="cannot read"):
        units_of(layer)


@pytest.mark.parametrize("properties", [["ID", "A"], "ID", {"ID": None}, {"ID": {"A": 1}}, {"ID": True}])
def test_a_feature_whose_code_is_neither_text_nor_number(tmp_path: Path, properties: object) -> None:
    """The file is refused: ``None`` is not a code, and a list of properties has none."""
    file = tmp_path / "layer.geojson"
    feature = {"type": "Feature", "properties": properties, "geometry": square(9, 50)}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(LayerError, match="without the property 'ID'"):
        units_of(Layer(scheme="district", file=str(file), code="ID", name="LABEL"))


def test_a_code_that_is_a_number_in_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Programs that write ``3506.0`` mean 3506."""
    file = tmp_path / "layer.geojson"
    feature = {"type": "Feature", "properties": {"ID": 3506.0, "LABEL": 7}, "geometry": square(-76, 45)}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    file.write_text(text, encoding="utf-8-sig")
    (unit,) = units_of(Layer(scheme="sgc", file=str(file), code="ID", name="LABEL"))
    assert (unit.code, unit.name) == ("3506", "7")


def test_a_unit_drawn_beyond_the_180th_meridian(tmp_path: Path) -> None:
    """Its part in the east, drawn at 181 degrees, is found at 179 degrees west."""
    atlas = Atlas([a_layer(tmp_path, ("N", square(178, -19, 4.0)), region="FJ")])
    assert [unit.code for unit in atlas.chart.at(-179.0, -17.0)] == ["N"]
    assert units(block(circles=["-17.0,-179.0 10"]), atlas=atlas) == ["N"]
