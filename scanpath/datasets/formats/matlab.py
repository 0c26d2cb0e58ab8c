"""MATLAB files: any nesting of structs and cells in which some struct has the positions of one scanpath."""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, require_file
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, check_bytes
from scanpath.datasets.formats.matlab_hdf5 import load_hdf5
from scanpath.gaze.table import scanpaths_from_table

_PER_FIXATION = ("x_px", "y_px", "duration_ms", "onset_ms")
_GUESSES = {
    "x_px": ("x_px", "x", "X", "fix_x", "xs"),
    "y_px": ("y_px", "y", "Y", "fix_y", "ys"),
    "duration_ms": ("duration_ms", "duration", "durations", "fix_duration", "T", "dur"),
    "onset_ms": ("onset_ms", "onset", "onsets", "start"),
    "stimulus": ("stimulus", "image", "img", "image_name", "imgname", "filename", "picture", "name"),
    "subject": ("subject", "subj", "participant", "sub"),
    "trial": ("trial",),
    "task": ("task",),
    "condition": ("condition",),
}
_MS = {"s": 1000.0, "ms": 1.0}


def read(
    path: Path,
    changes: Changes,
    *,
    one_based: bool | None = None,
    time_unit: str | None = None,
    fields: Mapping[str, str] | None = None,
    variable: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read scanpaths from a .mat file of any version.

    The file's structs and cells are searched for structs that have positions; the text and single numbers of the
    structs around them, such as the picture's name, belong to all scanpaths inside.

    Parameters
    ----------
    one_based
        True if the coordinates are MATLAB indices, where the first pixel is 1; then 1 is subtracted. Files do not say.
    time_unit
        "ms" or "s" of durations and onsets; not needed where there are none.
    fields
        The schema's names to the file's own, such as ``{"x_px": "fix_x", "stimulus": "img", "subject": "subjects#"}``;
        a name with # stands for the number (from 1) in the array or cell of that name. Common names are known. Where x
        and y are the two columns of one matrix, "xy_px" names it, as in ``{"xy_px": "enc", "subject": "userdata#"}``.
    variable
        Which variable of the file; all of them by default.
    max_bytes
        Files that unpack to more are refused.
    """
    require_file(path, "MATLAB file")
    content = _load(path, max_bytes)
    if variable is not None:
        if variable not in content:
            raise InputError(f"{path} has no variable {variable!r}; it has {', '.join(content)}.")
        content = {variable: content[variable]}
    names = {name: (name_of,) for name, name_of in (fields or {}).items()}
    known = {**_GUESSES, **names}
    frames = list(_scanpaths(content, {}, known, path))
    if not frames:
        raise InputError(
            f"{path} has no struct with positions under known names; give fields, such as "
            f"{{'x_px': 'fix_x', 'y_px': 'fix_y'}}. The file has {_outline(content)}."
        )
    empty = sum(frame.empty for frame in frames)
    changes.add("dropped", f"{empty} scanpaths that hold no fixation", n=None if empty else 0)
    table = pd.concat(frames, ignore_index=True)
    for name in ("stimulus", "subject"):
        if name not in table or table[name].isna().any():
            raise InputError(f"{path} does not say the {name} of every scanpath: give fields={{'{name}': ...}}.")
    for name in (name for name in known if name not in _PER_FIXATION and name in table):
        without = int(table[name].isna().sum())
        changes.add("assumed", f"some scanpaths have no {name}", n=without if without < len(table) else 0)
    return _in_our_units(table, changes, path, one_based, time_unit)


def _in_our_units(
    table: pd.DataFrame, changes: Changes, path: Path, one_based: bool | None, time_unit: str | None
) -> pd.DataFrame:
    if one_based is None:
        raise InputError(
            f"{path} does not say whether its first pixel is 1, as MATLAB counts, or 0: give one_based=True or False."
        )
    if one_based:
        table[["x_px", "y_px"]] -= 1
        changes.add("offset", "coordinates counted from 1, minus 1")
    for name in ("duration_ms", "onset_ms"):
        if name in table and table[name].notna().any():
            if time_unit is None:
                raise InputError(f"{path} has times and does not say their unit; give time_unit='s' or 'ms'.")
            table[name] *= _MS[check_choice("time_unit", time_unit, tuple(_MS))]
            if time_unit != "ms":
                changes.add("unit", f"{name.removesuffix('_ms')} from {time_unit} to ms")
    bad = ~(np.isfinite(table["x_px"]) & np.isfinite(table["y_px"]))
    changes.add("dropped", "fixations without a position", n=int(bad.sum()))
    return table[~bad].reset_index(drop=True)


def _scanpaths(
    node: Any, around: dict[str, Any], known: Mapping[str, tuple[str, ...]], path: Path, name: str = ""
) -> Iterator[pd.DataFrame]:
    if isinstance(node, Mapping):
        inner = {**around, **{key: value for key, value in node.items() if _is_fact(value)}}
        if _has_positions(node, known):
            yield _frame(node, inner, known, path)
        else:
            for key, value in node.items():
                yield from _scanpaths(value, inner, known, path, key)
    elif isinstance(node, list):
        for number, value in enumerate(node, start=1):
            yield from _scanpaths(value, {**around, f"{name}#": str(number)} if name else around, known, path, name)


def _frame(
    node: Mapping[str, Any], around: Mapping[str, Any], known: Mapping[str, tuple[str, ...]], path: Path
) -> pd.DataFrame:
    columns: dict[str, np.ndarray] = {}
    if "xy_px" in known:
        columns["x_px"], columns["y_px"] = _matrix(node, known["xy_px"][0], path).T
    for name in _PER_FIXATION:
        own = None if name in columns else _find(node, known[name])
        if own:
            columns[name] = np.atleast_1d(_numbers(node[own], own, path)).ravel()
    if len({len(values) for values in columns.values()}) > 1:
        lengths = ", ".join(f"{len(values)} {name}" for name, values in columns.items())
        raise InputError(f"{path}: a scanpath has {lengths}.")
    frame = pd.DataFrame(columns)
    frame["fixation"] = np.arange(len(frame))
    for name, names in known.items():
        if name not in _PER_FIXATION and (own := _find(around, names)):
            value = around[own]
            frame[name] = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return frame


def _has_positions(node: Mapping[str, Any], known: Mapping[str, tuple[str, ...]]) -> bool:
    if "xy_px" in known:
        return _find(node, known["xy_px"]) is not None
    return _find(node, known["x_px"]) is not None and _find(node, known["y_px"]) is not None


def _matrix(node: Mapping[str, Any], name: str, path: Path) -> np.ndarray:
    """Positions (n, 2); a single one and none at all have lost a dimension in the file."""
    values = _numbers(node[name], name, path)
    if values.size == 0:
        return np.empty((0, 2))
    if values.ndim > 2 or values.shape[-1] != 2:
        raise InputError(f"{path}: {name} has the shape {values.shape}, and a matrix of x and y has two columns.")
    return values.reshape(-1, 2)


def _numbers(values: object, name: str, path: Path) -> np.ndarray:
    """Numbers of a scanpath's field; text and truth values are none, whatever NumPy makes of them."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "iuf" or array.size == 0:
            return array.astype(np.float64)
    except (TypeError, ValueError):
        pass
    raise InputError(f"{path}: {name} must hold numbers, got {' '.join(repr(values).split())[:60]}.")


def _find(node: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in node), None)


def _is_fact(value: object) -> bool:
    return isinstance(value, str | int | float) or (isinstance(value, np.ndarray) and value.ndim == 0)


def _outline(content: Mapping[str, Any]) -> str:
    words = []
    for name, value in content.items():
        while isinstance(value, list) and value:
            value = value[0]
        words.append(f"{name} ({', '.join(value)})" if isinstance(value, Mapping) else name)
    return "; ".join(words) or "no variable"


def _load(path: Path, max_bytes: int) -> dict[str, Any]:
    with path.open("rb") as file:
        head = file.read(128)
    if head[:4] == b"\x89HDF" or b"MATLAB 7.3" in head:
        return load_hdf5(path, max_bytes)
    check_bytes(path, "the unpacked variables (so far)", _unpacked_size(path, head, max_bytes), max_bytes)
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        raw = loadmat(path, simplify_cells=False, squeeze_me=True, struct_as_record=False)
    except (
        MatReadError,
        ValueError,
        TypeError,
        NotImplementedError,
        IndexError,
        OSError,
        EOFError,
        zlib.error,
    ) as error:
        raise InputError(f"{path} is not a readable MATLAB file ({error}).") from error
    return {name: _plain(value) for name, value in raw.items() if not name.startswith("__")}


def _unpacked_size(path: Path, head: bytes, max_bytes: int) -> int:
    """Size of a version 5 file's variables once unpacked; stops counting above the limit."""
    order: Literal["little", "big"] = "little" if head[126:128] == b"IM" else "big"
    total = 0
    with path.open("rb") as file:
        file.seek(128)
        while len(tag := file.read(8)) == 8 and total <= max_bytes:
            kind, size = (int.from_bytes(tag[at : at + 4], order) for at in (0, 4))
            if kind != 15:  # miCOMPRESSED
                total += size
                file.seek(size, 1)
                continue
            unpack, left = zlib.decompressobj(), size
            while left > 0 and total <= max_bytes:
                block = file.read(min(left, 1 << 16))
                if not block:
                    break
                left -= len(block)
                try:
                    total += _count(unpack, block, max_bytes - total)
                except zlib.error as error:
                    raise InputError(f"{path} is damaged ({error}).") from error
    return total


def _count(unpack: Any, block: bytes, limit: int) -> int:
    total = 0
    while block and total <= limit:
        total += len(unpack.decompress(block, 1 << 20))
        block = unpack.unconsumed_tail
    return total


def _plain(value: Any) -> Any:
    """Turn scipy's structs, cells and struct arrays into dicts and lists."""
    if hasattr(value, "_fieldnames"):
        return {name: _plain(getattr(value, name)) for name in value._fieldnames}
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [_plain(one) for one in value.ravel()]
    return value.item() if isinstance(value, np.generic | np.ndarray) and value.ndim == 0 else value


def write(table: pd.DataFrame, path: Path, changes: Changes) -> None:
    """Write a struct array ``scanpaths`` with 0-based px and ms, one element a scanpath."""
    from scipy.io import savemat

    elements = []
    for scanpath in scanpaths_from_table(table):
        element: dict[str, str | np.ndarray] = {
            key: str(value) for key, value in scanpath.info.items() if key != "target_found"
        }
        element |= {"x_px": scanpath.xy[:, 0], "y_px": scanpath.xy[:, 1]}
        for name in ("duration_ms", "onset_ms"):
            values = getattr(scanpath, name)
            element[name] = np.full(len(scanpath), np.nan) if values is None else values
        elements.append(element)
    names = sorted({name for element in elements for name in element})
    array = np.empty((len(elements),), dtype=[(name, object) for name in names])
    for index, element in enumerate(elements):
        array[index] = tuple(element.get(name, "") for name in names)
    with atomic_path(path) as temporary:
        savemat(temporary, {"scanpaths": array, "first_pixel": 0.0}, do_compression=True, oned_as="column")
    changes.add("assumed", "the first pixel stays 0; read it back with one_based=False and time_unit='ms'")


MATLAB = Format("matlab", "MATLAB structs (.mat, all versions)", read, write)
