"""Surfaces of fields, and files of points and triangles. NumPy only.

The surface is drawn by marching tetrahedra (recalled, not looked up: Doi and Koide 1991): each cell
of the grid is cut into six tetrahedra around a diagonal, and each tetrahedron that the surface
crosses gives one or two triangles. Neighbouring cells are cut alike, so the surface has no holes
inside the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Mesh:
    """vertices [v, 3] in the field's cube 0..1, faces [f, 3] indices (counter-clockwise seen from
    outside), colours [v, 3] of 0..1 or None."""

    vertices: Array
    faces: Array
    colours: Array | None = None


def surface(density: Array, level: float | None = None, colours: Array | None = None) -> Mesh:
    """The surface where a density [x, y, z] crosses `level`: inside is above it.

    `level` defaults to the middle between the lowest and the highest value. `colours` [x, y, z, 3]
    are carried to the vertices. A field that nowhere crosses the level gives an empty mesh.
    """
    values = density.astype(np.float64)
    level = float((values.min() + values.max()) / 2) if level is None else level
    corners, inside = _tetrahedra(values > level)
    edges, flips = [], []
    for pattern in range(1, 15):
        chosen = corners[inside == pattern]
        for triangle in _TRIANGLES[pattern]:
            edges.append(np.stack([chosen[:, list(edge)] for edge in triangle], axis=1))
            flips.append(chosen[:, _inner(pattern)])
    if not edges or not sum(map(len, edges)):
        return Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    crossed = np.sort(np.concatenate(edges), axis=2)  # [faces, 3, 2]: ends of each crossed edge
    unique, index = np.unique(crossed.reshape(-1, 2), axis=0, return_inverse=True)
    faces = index.reshape(-1, 3)
    vertices, between = _crossings(unique, values, level)
    tint = None
    if colours is not None:
        flat = colours.reshape(-1, 3)
        tint = flat[unique[:, 0]] * (1 - between) + flat[unique[:, 1]] * between
    towards = _positions(np.concatenate(flips), values.shape)
    return Mesh(vertices, _outward(vertices, faces, towards), tint)


def _tetrahedra(inside: Array) -> tuple[Array, Array]:
    """Corners [t, 4] (flat indices of grid points) of all tetrahedra, and which corners are inside
    as a number of four bits [t]."""
    flat = np.arange(inside.size).reshape(inside.shape)
    parts = []
    for order in permutations(range(3)):  # six ways from a cell's first to its last corner
        step = [0, 0, 0]
        path = [tuple(step)]
        for axis in order:
            step[axis] = 1
            path.append(tuple(step))
        parts.append(np.stack([_shifted(flat, offset) for offset in path], axis=-1))
    corners = np.concatenate([part.reshape(-1, 4) for part in parts])
    bits = inside.ravel()[corners] @ np.array([1, 2, 4, 8])
    return corners, bits


def _shifted(flat: Array, offset: tuple[int, ...]) -> Array:
    """Grid points at an offset (0 or 1 per axis) from each cell's first corner."""
    return flat[tuple(slice(o, flat.shape[axis] - 1 + o) for axis, o in enumerate(offset))]


def _triangles(pattern: int) -> list[tuple[tuple[int, int], ...]]:
    """Triangles of one pattern of inside corners, as triples of the edges they cut."""
    within = [corner for corner in range(4) if pattern >> corner & 1]
    without = [corner for corner in range(4) if not pattern >> corner & 1]
    if len(within) == 2:
        (a, b), (c, d) = within, without
        return [((a, c), (a, d), (b, d)), ((a, c), (b, d), (b, c))]
    lone, others = (within[0], without) if len(within) == 1 else (without[0], within)
    return [tuple((lone, other) for other in others)]


_TRIANGLES = {pattern: _triangles(pattern) for pattern in range(1, 15)}


def _inner(pattern: int) -> int:
    """A corner that is inside."""
    return next(corner for corner in range(4) if pattern >> corner & 1)


def _positions(points: Array, shape: tuple[int, ...]) -> Array:
    """Positions in the cube 0..1 of flat indices."""
    where = np.stack(np.unravel_index(points, shape), axis=-1)
    scale: Array = where / (np.array(shape) - 1)
    return scale


def _crossings(edges: Array, values: Array, level: float) -> tuple[Array, Array]:
    """Where each edge [e, 2] meets the level, [e, 3], and how far along it that is, [e, 1]."""
    low, high = values.ravel()[edges[:, 0]], values.ravel()[edges[:, 1]]
    between = ((level - low) / (high - low))[:, None]
    start, end = (_positions(edges[:, side], values.shape) for side in (0, 1))
    return start + (end - start) * between, between


def _outward(vertices: Array, faces: Array, towards: Array) -> Array:
    """Faces turned so that their normal leads away from the point inside."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    normal = np.cross(b - a, c - a)
    inward = ((towards - a) * normal).sum(-1) > 0
    turned: Array = np.where(inward[:, None], faces[:, ::-1], faces)
    return turned


def ply(mesh: Mesh) -> bytes:
    """A binary PLY: positions as floats, colours as bytes, faces as lists of three."""
    fields = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(mesh.vertices)}"]
    header += [f"property float {name}" for name, _ in fields]
    if mesh.colours is not None:
        fields += [(name, "u1") for name in ("red", "green", "blue")]
        header += [f"property uchar {name}" for name in ("red", "green", "blue")]
    rows = np.zeros(len(mesh.vertices), dtype=fields)
    for index, name in enumerate("xyz"):
        rows[name] = mesh.vertices[:, index]
    if mesh.colours is not None:
        for index, name in enumerate(("red", "green", "blue")):
            rows[name] = np.round(np.clip(mesh.colours[:, index], 0, 1) * 255)
    body = rows.tobytes()
    if len(mesh.faces):
        header += [f"element face {len(mesh.faces)}", "property list uchar int vertex_indices"]
        lists = np.zeros(len(mesh.faces), dtype=[("n", "u1"), ("i", "<i4", (3,))])
        lists["n"], lists["i"] = 3, mesh.faces
        body += lists.tobytes()
    return ("\n".join([*header, "end_header"]) + "\n").encode() + body


def obj(mesh: Mesh) -> bytes:
    """A Wavefront OBJ; colours follow the position on the vertex line, as readers take them."""
    lines = []
    for index, (x, y, z) in enumerate(mesh.vertices):
        colour = ""
        if mesh.colours is not None:
            colour = "".join(f" {value:.4f}" for value in np.clip(mesh.colours[index], 0, 1))
        lines.append(f"v {x:.7g} {y:.7g} {z:.7g}{colour}")
    lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in mesh.faces]
    return ("\n".join(lines) + "\n").encode()
