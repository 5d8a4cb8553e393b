"""The boundary file: a table of codes, names and zones, and the shapes of the units, packed small.

::

    "CGPB1\\0" ─ three lengths ─ zlib(JSON table) ─ zlib(shapes of the units) ─ zlib(outlines for maps)

Shapes are on a grid of 1e-4 degrees, outlines on one of 1e-3. Their coordinates are differences to the point before, zig-zag encoded, as four planes of
bytes: the lowest bytes of all numbers first, then the next. Neighbouring numbers are alike, so zlib finds more to save.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRID = 1e-4
"""Degrees: 11 m."""
COARSE_GRID = 1e-3
"""The same for outlines on maps."""
MAGIC = b"CGPB1\0"
_HEAD = struct.Struct("<6s3I")
_SECTIONS = struct.Struct("<5I")


def pack(table: dict[str, Any], shapes: NDArray[Any], outlines: NDArray[Any]) -> bytes:
    """The file of a table, the shapes of its units in the same order, and the outlines of its regions."""
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode()
    parts = [zlib.compress(text, 9), zlib.compress(_packed(shapes, GRID), 9)]
    parts.append(zlib.compress(_packed(outlines, COARSE_GRID), 9))
    return _HEAD.pack(MAGIC, *map(len, parts)) + b"".join(parts)


def unpack_table(content: bytes) -> dict[str, Any]:
    """The table of a file."""
    found = json.loads(_part(content, 0))
    assert isinstance(found, dict)  # noqa: S101
    return found


def unpack_shapes(content: bytes) -> NDArray[Any]:
    """The shapes of the units, longitude first, in the order of the table."""
    return _unpacked(_part(content, 1), GRID)


def unpack_outlines(content: bytes) -> NDArray[Any]:
    """The outlines of states and provinces, in the order of the table."""
    return _unpacked(_part(content, 2), COARSE_GRID)


def _part(content: bytes, number: int) -> bytes:
    magic, *lengths = _HEAD.unpack_from(content)
    if magic != MAGIC:
        raise ValueError("not a boundary file")
    start = _HEAD.size + sum(lengths[:number])
    return zlib.decompress(content[start : start + lengths[number]])


def _packed(shapes: NDArray[Any], grid: float) -> bytes:
    import numpy as np  # noqa: PLC0415  (a tenth of a second: only who needs shapes waits for it)
    import shapely  # noqa: PLC0415

    multi = [shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.area]) for shape in shapes]
    _, points, offsets = shapely.to_ragged_array(multi)
    steps = np.diff(np.rint(points / grid).astype(np.int32), axis=0, prepend=np.zeros((1, 2), np.int32))
    sections = [_planes(_zigzag(steps[:, 0])), _planes(_zigzag(steps[:, 1]))]
    sections += [_planes(np.diff(offset).astype(np.int32)) for offset in offsets]
    return _SECTIONS.pack(*map(len, sections)) + b"".join(sections)


def _unpacked(body: bytes, grid: float) -> NDArray[Any]:
    import numpy as np  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    sections, start = [], _SECTIONS.size
    for size in _SECTIONS.unpack_from(body):
        sections.append(_numbers(body[start : start + size]))
        start += size
    points = np.stack([np.cumsum(_unzigzag(axis)) for axis in sections[:2]], 1) * grid
    offsets = tuple(np.concatenate([[0], np.cumsum(section)]) for section in sections[2:])
    return np.asarray(shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, points, offsets))


def _zigzag(steps: NDArray[np.int32]) -> NDArray[np.int32]:
    return (steps << 1) ^ (steps >> 31)


def _unzigzag(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    return (numbers >> 1) ^ -(numbers & 1)


def _planes(numbers: NDArray[np.int32]) -> bytes:
    import numpy as np  # noqa: PLC0415

    return np.ascontiguousarray(numbers.astype("<u4").view(np.uint8).reshape(-1, 4).T).tobytes()


def _numbers(planes: bytes) -> NDArray[np.int64]:
    import numpy as np  # noqa: PLC0415

    each = np.frombuffer(planes, np.uint8).reshape(4, -1).T
    return np.ascontiguousarray(each).view("<u4").ravel().astype(np.int64)
