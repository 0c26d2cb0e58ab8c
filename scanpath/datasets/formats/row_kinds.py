"""Rows that are fixations, samples of them or other events: which are kept, and how they become fixations."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError, unknown_name
from scanpath.datasets.formats.changes import Changes
from scanpath.gaze.csv_text import TEXT
from scanpath.gaze.table import SCANPATH_KEYS

#: What a row can be.
ROW_KINDS = ("fixations", "samples", "repeated", "growing")
_EYES = {"l": "left", "left": "left", "r": "right", "right": "right"}


def keep_only(
    cells: pd.DataFrame, only: Mapping[str, str | Sequence[str]], path: Path, changes: Changes
) -> pd.DataFrame:
    """Return the rows that have one of the wanted values in each column, and say how many had which others.

    Raises
    ------
    InputError
        If a column is not there or no row is left.
    """
    for name, wanted in only.items():
        if name not in cells.columns:
            raise unknown_name(f"column of {path}", name, cells.columns)
        values = {str(one).lower() for one in ([wanted] if isinstance(wanted, str | int | bool) else wanted)}
        found = cells[name].astype(TEXT).str.strip()
        keep = found.str.lower().isin(values)
        others = found[~keep].value_counts()
        if not keep.any():
            raise InputError(
                f"{path} has no row with {name} {' or '.join(map(repr, sorted(values)))}; its values are "
                f"{', '.join(map(repr, list(others.index[:12])))}: say which are fixations with only={{{name!r}: ...}}."
            )
        for value, n in others.items():
            changes.add("dropped", f"rows with {name} {value!r}" if value else f"rows without {name}", n=int(n))
        cells = like(cells, cells[keep])
    return cells


def like(whole: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a frame with what is noted about the whole."""
    part.attrs = dict(whole.attrs)
    return part


def keep_eye(
    cells: pd.DataFrame, theirs: Mapping[str, str], eye: str | None, path: Path, changes: Changes
) -> pd.DataFrame:
    """Return the rows of one eye; two eyes of one trial would make one scanpath of two recordings of it."""
    if "eye" not in theirs:
        if eye is not None:
            raise InputError(
                f"{path} does not say which eye rows are of; name its column: columns={{'theirs': 'eye'}}."
            )
        return cells
    eyes = cells[theirs["eye"]].astype(TEXT).str.strip().str.lower().replace(_EYES)
    cells = like(cells, cells.assign(**{theirs["eye"]: eyes}))
    keys = [cells[theirs[name]] for name in SCANPATH_KEYS if name in theirs]
    several = (eyes.groupby(keys, dropna=False).nunique() > 1).any() if keys else eyes.nunique() > 1
    if eye is None:
        if several:
            raise InputError(
                f"{path} holds rows of several eyes ({', '.join(sorted(set(eyes)))}); choose one with eye=."
            )
        return cells
    keep = eyes == _EYES.get(str(eye).lower(), str(eye).lower())
    if not keep.any():
        raise InputError(f"{path} holds no row of the eye {eye!r}, only of {', '.join(sorted(set(eyes)))}.")
    changes.add("dropped", f"rows of the other eye (eye={eye!r})", n=int((~keep).sum()))
    return like(cells, cells[keep])


def fixations_of_rows(
    table: pd.DataFrame, rows: str, path: Path, changes: Changes, *, counts_through: bool
) -> pd.DataFrame:
    """Make one row of the rows of one fixation; it belongs to the picture on which it began.

    Raises
    ------
    InputError
        If rows of one fixation differ in what they have to have in common.
    """
    if rows == "fixations":
        return table
    for name in ("fixation", *(["duration_ms"] if rows != "repeated" else [])):
        if name not in table:
            raise InputError(f"{path}: rows={rows!r} needs the column {name!r}: columns={{'their name': {name!r}}}.")
    none = table["fixation"].isna()
    changes.add("dropped", "rows that belong to no fixation", n=int(none.sum()))
    table = table[~none].reset_index(drop=True)
    whose = _WHOSE if counts_through else SCANPATH_KEYS
    groups = table.groupby([*(name for name in whose if name in table), "fixation"], dropna=False, sort=False)
    number = groups.ngroup()
    _check_alike(table, number, rows, path)
    if counts_through:
        spanning = int((table.groupby(number)["stimulus"].nunique(dropna=False) > 1).sum())
        changes.add("assumed", "a fixation belongs to the picture on which it began", n=spanning)
    fixations = table[~number.duplicated()].copy()
    place = number[fixations.index].to_numpy()
    if rows == "growing":
        longest = table.sort_values("duration_ms", kind="stable", na_position="first").index
        last = number[longest].drop_duplicates(keep="last")
        rows_taken = pd.Series(last.index, index=last.to_numpy())[place]
        for name in ("x_px", "y_px", "duration_ms"):
            fixations[name] = table.loc[rows_taken, name].to_numpy()
    elif rows == "samples":
        for name in ("x_px", "y_px"):
            fixations[name] = table[name].groupby(number).mean()[place].to_numpy()
    changes.add("assumed", f"rows are {_SAID[rows]}: {len(table)} rows are {len(fixations)} fixations")
    return fixations.reset_index(drop=True)


#: What tells recordings apart where fixations are counted through them.
_WHOSE = ("dataset", "subject", "agent", "recording")
_SAID = {
    "samples": "samples, whose places are averaged over their fixation",
    "repeated": "samples, which repeat the place and duration of their fixation",
    "growing": "states of a fixation, of which the longest is taken",
}
#: What the rows of one fixation have in common, up to how much in px or ms.
_ALIKE = {
    "samples": {"duration_ms": 0.0},
    "repeated": {"x_px": 0.0, "y_px": 0.0, "duration_ms": 0.0},
    "growing": {"onset_ms": 1.0},
}


def _check_alike(table: pd.DataFrame, number: pd.Series, rows: str, path: Path) -> None:
    for name, most in _ALIKE[rows].items():
        if name not in table:
            continue
        values = table[name].groupby(number)
        spread = values.transform("max") - values.transform("min")
        if (spread > most).any():
            row = int(spread.to_numpy().argmax())
            one, other = table[name][number == number[row]].dropna().unique()[:2]
            raise InputError(
                f"{path}: rows of fixation {table['fixation'][row]:g} of {table['stimulus'][row]!r} differ in {name} "
                f"({one:g} and {other:g}), so they are several fixations: name the column that tells their recording "
                "or trial, columns={'their name': 'trial'}, or say with rows= what rows are."
            )


def number_fixations(table: pd.DataFrame, changes: Changes, *, anew: bool, from_first: bool) -> pd.DataFrame:
    """Number the fixations of each scanpath in the order of their onset, or else of their rows.

    Parameters
    ----------
    anew
        Whether to do so although they have numbers.
    from_first
        Whether onsets count from a scanpath's first.
    """
    keys = [name for name in SCANPATH_KEYS if name in table]
    timed = "onset_ms" in table and bool(table["onset_ms"].notna().all())
    if anew or "fixation" not in table:
        order = table.sort_values("onset_ms", kind="stable") if timed else table
        table = table.assign(fixation=order.groupby(keys, dropna=False, sort=False).cumcount().sort_index())
        changes.add("assumed", f"fixations are numbered in the order of their {'onset' if timed else 'rows'}")
    if from_first and timed and len(table):
        first = table.groupby(keys, dropna=False, sort=False)["onset_ms"].transform("min")
        table = table.assign(onset_ms=table["onset_ms"] - first)
        changes.add(
            "offset", "onset_ms counts from the first fixation of each scanpath, as a clock's time says nothing"
        )
    return table
