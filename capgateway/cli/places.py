"""``capgateway places``: every code of a point, one unit, or all units, from the shipped boundaries and those of ``[[places]]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from capgateway import config
from capgateway import places as stage
from capgateway.cli import output
from capgateway.cli.group import Group
from capgateway.errors import ConfigError, SourceError
from capgateway.places import viewers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.places import Atlas
    from capgateway.places.viewers import Place


class Point(click.ParamType[tuple[float, float]]):
    """``LAT,LON`` in degrees."""

    name = "point"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        found = value if isinstance(value, tuple) else viewers.point(value)
        if found is None:
            self.fail(
                f"{value!r} is not a point; write latitude,longitude in degrees, such as 32.78,-96.80", param, ctx
            )
        return found


@click.group(cls=Group)
def places() -> None:
    """Show which area codes a point or a unit has.

    The units are those of the boundary file that ships with the gateway, and those of [[places]] in the configuration.
    """


@places.command(context_settings={"ignore_unknown_options": True})  # a southern latitude begins with a minus
@click.argument("point", metavar="LAT,LON", type=Point())
@output.format_option
@click.pass_obj
def at(context: output.Context, point: tuple[float, float], *, as_json: bool) -> None:
    """Show every code of a point.

    Exit code 0 when the point lies in a known unit, 1 when it does not.
    """
    found = viewers.at(*point, _atlas(context))
    output.emit(found, _lines(found), as_json=as_json)
    if not any(found.codes.values()):
        raise SystemExit(1)


@places.command()
@click.argument("code")
@output.format_option
@click.pass_obj
def show(context: output.Context, code: str, *, as_json: bool) -> None:
    """Show one unit: a county, zone, census division, state, province or country.

    CODE is of any scheme: 48113, 048113, TXC113, TXZ119, US-TX, 3506, or SCHEME:CODE for a unit of [[places]].
    """
    atlas = _atlas(context)
    found = viewers.show(code, atlas)
    if found is None:
        near = viewers.near(code, atlas)
        hint = f"; did you mean {near}?" if near else ""
        output.fail(f"there is no place with the code {code}{hint}", code=1)
    output.emit(found, _lines(found), as_json=as_json)


@places.command()
@click.option(
    "--format",
    "form",
    type=output.Choice(["geojson", "csv"]),
    default="geojson",
    show_default=True,
    help="GeoJSON with shapes, or a table without them.",
)
@click.option("--json", "form", flag_value="geojson", help="Same as --format geojson.")
@click.pass_obj
def export(context: output.Context, form: str) -> None:
    """Print all units that have a shape."""
    for piece in viewers.export(form, _atlas(context)):
        click.echo(piece, nl=False)


def _atlas(context: output.Context) -> Atlas:
    """The units of the configuration file, where there is one; those that ship where there is none."""
    try:
        path = config.find(context.config_path)
    except ConfigError:
        if context.config_path:
            raise
        return stage.ATLAS
    atlas = stage.Atlas(config.load(path, secrets_of=()).places)
    try:
        _ = atlas.own
    except stage.LayerError as error:
        raise SourceError(str(error)) from None
    return atlas


def _lines(found: Place) -> Iterator[str]:
    if found.code:
        yield output.harmless(f"{found.code} ({found.scheme}){f': {found.name}' if found.name else ''}")
    elif found.point:
        longitude, latitude = found.point
        yield f"{latitude:g},{longitude:g}"
    for scheme, codes in found.codes.items():
        if codes:
            named = [f"{code} ({found.names[code]})" if code in found.names else code for code in codes]
            yield output.harmless(f"  {scheme + ':':<11} {', '.join(named)}")
    if found.zones:
        yield f"  {'zones:':<11} {', '.join(found.zones)} (each covers a part of the county)"
    if not any(found.codes.values()):
        yield "  no known unit"
    if found.square_kilometres is not None:
        yield f"  {'area:':<11} {found.square_kilometres:,.0f} km²"
    yield f"  {'boundaries:':<11} {found.places}"
