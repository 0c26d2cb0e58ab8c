"""What in a fixation table can be read but is probably not meant, and codes that only look like places.

Eye trackers write missing gaze as numbers, exports differ in the unit of time, and files are concatenated twice. Each
of these gives scores that look right.
"""

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError
from scanpath._core.events import eye_column, eye_of, other_events
from scanpath._core.times import time_meant

#: Farther to the right or below, in px, lies no picture; farther to the left or above, no screen.
FAR_PX, FAR_BEFORE_PX = 30_000.0, -5_000.0
#: Gaze lies no more than so many widths and heights beside the screen or the picture.
BESIDE = 2.0
#: Largest screens, in px; where no screen is known, a place beyond them is compared with all others.
LARGEST_SCREEN_PX = 8_000.0
#: Nines, to the precision that programs write.
_NINES = [10.0**digits - rest for digits in range(2, 6) for rest in (1.0, 0.1, 0.01)]
#: What programs write into both coordinates of gaze that was lost: -1, nines, powers of 2 and of 10; positive ones
#: only those that lie on hardly any screen.
CODES = np.array(
    [
        *(-1.0, -1e3, -1e4, -1e5, 1e4, 1e5, 1e8, -16384.0, 16383.0, 16384.0, -32768.0, 32767.0, -3276.8, 65535.0),
        *(-nines for nines in _NINES),
        *(nines for nines in _NINES if nines > 9_000),
    ]
)
#: Durations that no fixation has, in ms: below, seconds were probably taken for ms; above, two units or trials mixed.
SHORTEST_MS, LONGEST_MS = 5.0, 60_000.0
#: Time between rows that are samples rather than fixations, in ms, and from how many on that is said.
SAMPLE_MS, FEWEST_SAMPLES = 25.0, 20
#: From how many fixations on within one pixel they are taken for parts of the picture.
FEWEST_FRACTIONS = 5
DAY_MS = 86_400_000.0
#: How many fixations of a scanpath, and what share of them, have the place and duration of an earlier one by no chance.
FEWEST_AGAIN, SHARE_AGAIN = 3, 0.2
#: Up to this share of fixations, gaze beside the screen is by chance where a code for missing gaze would put it.
SHARE_CODED = 0.002
#: How fast onsets advance, in durations: gaps make it some tens at most, another unit a thousand or a thousandth.
FAST, SLOW = 500.0, 1 / 100
#: Overlap of two fixations of one eye that rounding does not explain, in ms.
OVERLAP_MS = 20.0


def coded_row(table: pd.DataFrame) -> tuple[int, str] | None:
    """Return the first row whose place is a code for missing gaze, and the code; None if all are places.

    Examples
    --------
    >>> coded_row(pd.DataFrame({"x_px": [3.0, -32768.0], "y_px": [4.0, -32768.0]}))
    (1, '-32768')
    """
    x, y = (table[name].to_numpy(dtype=np.float64) for name in ("x_px", "y_px"))
    coded = is_code(x, y)
    if not coded.any():
        return None
    row = int(coded.argmax())
    code = x[row] if x[row] == y[row] or _beyond_pictures(x[row]) else y[row]
    return row, f"{code:.15g}"


def is_code(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which places (n,) are codes for missing gaze, or so far away that they are no pixel of any picture."""
    return _beyond_pictures(x) | _beyond_pictures(y) | ((x == y) & np.isin(x, CODES))


def _beyond_pictures(values: np.ndarray) -> np.ndarray:
    return (values > FAR_PX) | (values < FAR_BEFORE_PX)


def refuse_codes(table: pd.DataFrame, source: str) -> None:
    """Refuse places that are codes for missing gaze; to be asked before places are moved or scaled."""
    coded = coded_row(table)
    if coded is not None:
        raise InputError(
            f"{source}: row {coded[0]} has {coded[1]} as a place, which is a code for missing gaze or no pixel; drop "
            f"such rows, or read a text with read_fixations(path, missing=[{coded[1]}])."
        )


def is_stray(xy: np.ndarray, size_px: np.ndarray) -> np.ndarray:
    """Which fixations (n, 2) lie so far beside the screen or picture of (width, height) px that they are no gaze.

    Examples
    --------
    >>> is_stray(np.array([[1279.0, 3.0], [29999.0, 3.0]]), np.array([1280.0, 720.0]))
    array([False,  True])
    """
    return np.any((xy < -BESIDE * size_px) | (xy > (1 + BESIDE) * size_px), axis=1)


def refuse_strays(table: pd.DataFrame, size_px: np.ndarray, source: str, whose: str = "screen") -> None:
    """Refuse places far beside a screen or picture, whose (width, height) is one for all rows or one for each."""
    xy = table[["x_px", "y_px"]].to_numpy(dtype=np.float64)
    strays = is_stray(xy, size_px)
    if strays.any():
        row = int(strays.argmax())
        width, height = np.broadcast_to(size_px, xy.shape)[row]
        x, y = xy[row]
        code = x if abs(x / width) > abs(y / height) else y
        raise InputError(
            f"{source}: row {row} is at ({x:g}, {y:g}), far beside the {whose} of {width:g} x {height:g} px "
            f"({int(strays.sum())} such rows), so it is no gaze: drop such rows, read a text with "
            f"read_fixations(path, missing=[{code:g}]), or correct {whose}_px if the {whose} was larger."
        )


def table_doubts(table: pd.DataFrame, keys: list[str], *, alone: bool = True) -> list[str]:
    """Say in one sentence each what of a checked table is probably not meant; nothing is said of sound tables.

    Parameters
    ----------
    table
        Checked table.
    keys
        Columns whose values together name a scanpath.
    alone
        Whether nothing else tells the frame; beside another table and the pictures' sizes more can be said of it.
    """
    places = [_far(table), lost_in_corner(table), _half_coded(table)]
    places.append(_some_fractions(table, keys, alone=alone))
    places += [_fractions(table), _upward(table)] if alone else []
    found = [
        _nobody(table),
        _unread(table),
        *places,
        _durations(table),
        _no_duration(table["duration_ms"]),
        _untimed(table, keys),
    ]
    found += [other_events(dict(table.items())), _both_eyes(table, keys), _same_look(table, keys)]
    if table["onset_ms"].notna().any():
        units = None if _durations(table) else _two_units(table, keys)
        twice, overlap = _events(table, keys)
        found += [twice, units or overlap, _long_after(table, keys), _samples(table, keys)]
    else:
        found.append(_again(table, keys))
    return [sentence for sentence in found if sentence]


def sentence_about(source: str, doubt: str) -> str:
    """A doubt as a sentence that names the table.

    Examples
    --------
    >>> sentence_about("The table", "is a unit of time wrong?")
    'The table: is a unit of time wrong?'
    """
    return f"{source}: {doubt}{'' if doubt.endswith('?') else '.'}"


def _durations(table: pd.DataFrame) -> str | None:
    known = table["duration_ms"].dropna()
    if len(known) and (known < SHORTEST_MS).all():
        return (
            f"all durations are below {SHORTEST_MS:g} ms, at most {known.max():g}: if they are seconds, multiply them "
            "by 1000 or read the table with read_fixations(path, time_unit='s')"
        )
    person = table["subject"].reindex(known.index)
    longest = known.groupby(person).agg(["max", "size"])
    short = longest.index[(longest["max"] < SHORTEST_MS) & (longest["size"] > 2)]
    if len(short):
        return (
            f"all durations of {short[0]!r} are below {SHORTEST_MS:g} ms, those of others are not: were seconds and ms "
            "put together?"
        )
    if (known > LONGEST_MS).any():
        return (
            f"duration_ms is {known.max():g} in row {known.idxmax()}, more than a minute: check its unit "
            "(read_fixations(path, time_unit=...)) and that it is one fixation's"
        )
    return None


def _fractions(table: pd.DataFrame) -> str | None:
    """Places that are all within a pixel of the origin, and between its whole numbers."""
    xy = table[["x_px", "y_px"]].to_numpy(dtype=np.float64)
    if len(xy) < FEWEST_FRACTIONS or np.abs(xy).max() > 1 or (xy % 1 == 0).all():
        return None
    return (
        "all fixations lie within a pixel of the origin: if they are parts of the screen or the picture, read the "
        "table with read_fixations(path, frame='normalized', ...)"
    )


def _some_fractions(table: pd.DataFrame, keys: list[str], *, alone: bool) -> str | None:
    """Scanpaths whose places are all within a pixel of the origin, and between its whole numbers, among others.

    People who have no other scanpaths are told of where nothing else tells their frame.
    """
    xy = table[["x_px", "y_px"]]
    within = (xy.abs() <= 1).all(axis=1)
    if within.sum() < FEWEST_FRACTIONS or within.all():
        return None
    by = [table[key] for key in keys]
    whole = within.groupby(by, dropna=False).transform("all")
    between = (xy % 1 != 0).any(axis=1).groupby(by, dropna=False).transform("any")
    parts = whole & between & (within.groupby(by, dropna=False).transform("size") >= FEWEST_FRACTIONS)
    if not alone:
        parts &= ~within.groupby(table["subject"], dropna=False).transform("all")
    if not parts.any():
        return None
    return (
        f"all fixations of the scanpath in row {parts.idxmax()} lie within a pixel of the origin, and those of others "
        f"do not ({int(parts.sum())} such rows): were parts of the screen and px put together?"
    )


def _nobody(table: pd.DataFrame) -> str | None:
    """Rows of nobody among those of people."""
    nobody = table["subject"].isna() & (table["agent"].isna() if "agent" in table else True)
    if not nobody.any() or nobody.all():
        return None
    return f"subject is missing in {int(nobody.sum())} rows, first in row {nobody.idxmax()}, and not in the others"


def _no_duration(duration_ms: pd.Series) -> str | None:
    """Rows without extent in time among those that have some."""
    none = duration_ms == 0
    if not none.any() or not (duration_ms > 0).any():
        return None
    return (
        f"duration_ms is 0 in {int(none.sum())} row{'s' if none.sum() != 1 else ''}, first in row {none.idxmax()}, and "
        "not in the others: such rows are no fixations; drop them"
    )


def _untimed(table: pd.DataFrame, keys: list[str]) -> str | None:
    """People's scanpaths that have no duration at all, where others have some."""
    people = table[table["agent"].isna()] if "agent" in table else table
    timed = people["duration_ms"].notna().groupby([people[key] for key in keys], dropna=False).transform("any")
    if timed.all() or not timed.any():
        return None
    return (
        f"scanpaths without durations are among those that have them, first that of row {(~timed).idxmax()} "
        f"({int((~timed).sum())} rows): metrics of durations leave them out"
    )


def _both_eyes(table: pd.DataFrame, keys: list[str]) -> str | None:
    """Scanpaths that hold the fixations of both eyes."""
    name = eye_column(table.columns)
    if name is None:
        return None
    eyes = table[name].map(eye_of)
    several = eyes[eyes != ""].groupby([table[key] for key in keys], dropna=False).transform("nunique") > 1
    if not several.any():
        return None
    row = several.idxmax()
    return (
        f"column {name!r} tells of more than one eye within a scanpath, first in that of row {row}, so that two "
        "recordings are one scanpath: keep the rows of one eye, of a text with read_fixations(path, "
        "format='table', eye='left')"
    )


def _upward(table: pd.DataFrame) -> str | None:
    """Places above the picture nearly all of them, as where y counts upward from the top or the center."""
    if len(table) < 2 or (table["y_px"] < -0.5).mean() < 0.8:
        return None
    return (
        "nearly all y_px are negative, above the picture: if y points up, read the table with read_fixations(path, "
        "y_up=True, screen_px=(width, height)), with frame='centered' if they count from the center"
    )


def _half_coded(table: pd.DataFrame) -> str | None:
    """One coordinate that is a code for missing gaze, more often than gaze beside the screen is that number.

    A negative number that comes again and is the only one is such a code whatever it is.
    """
    for name in ("x_px", "y_px"):
        values = table[name].to_numpy(dtype=np.float64)
        coded = np.isin(values, CODES[CODES < -1])
        if coded.sum() > SHARE_CODED * len(table):
            row = int(coded.argmax())
            return (
                f"{name} is {values[row]:g} in row {row} ({int(coded.sum())} such rows), which often stands for "
                f"missing gaze: if it does, read a text with read_fixations(path, missing=[{values[row]:g}])"
            )
        before = values < -0.5
        if before.sum() >= max(FEWEST_AGAIN, SHARE_CODED * len(table)) and len(np.unique(values[before])) == 1:
            row = int(before.argmax())
            return (
                f"{name} is {values[row]:g} in row {row} and wherever it is negative ({int(before.sum())} such rows), "
                "as a code for missing gaze is and gaze beside the screen hardly ever: if it is a code, read a text "
                f"with read_fixations(path, missing=[{values[row]:g}])"
            )
    return None


def _far(table: pd.DataFrame) -> str | None:
    """Single places so far from all others that no screen holds both."""
    for name in ("x_px", "y_px"):
        place = table[name].abs()
        far = (place > 5_000) & (place > 4 * place.quantile(0.9))
        far |= place >= _beyond_others(place.to_numpy())
        if far.any():
            row = table.index[far][0]
            value = table[name][row]
            return (
                f"{name} is {value:g} in row {row}, far from all others "
                f"({int(far.sum())} such rows): if it stands for missing gaze, read a text with "
                f"read_fixations(path, missing=[{value:g}])"
            )
    return None


def _beyond_others(place: np.ndarray) -> float:
    """Least number beyond all screens that is more than three times as large as the one before it; else infinity."""
    known = np.sort(place)
    before = np.concatenate([[LARGEST_SCREEN_PX / 2], known[:-1]])
    apart = known[(known > LARGEST_SCREEN_PX) & (known > 3 * before)]
    return float(apart[0]) if len(apart) else np.inf


def lost_in_corner(table: pd.DataFrame) -> str | None:
    """Say that people's fixations lie at exactly (0, 0): several, or one among numbers that are not whole."""
    people = table["agent"].isna() if "agent" in table else pd.Series(True, index=table.index)
    corner = (table["x_px"] == 0) & (table["y_px"] == 0) & people
    whole = bool((table[["x_px", "y_px"]] % 1 == 0).all(axis=None))
    if corner.sum() < (2 if whole else 1):
        return None
    n = f"{int(corner.sum())} fixations lie" if corner.sum() > 1 else "1 fixation lies"
    return (
        f"{n} at exactly (0, 0), first in row {corner.idxmax()}: gaze that was lost is often written so; if it was, "
        "drop them, or read a text with read_fixations(path, missing=[0])"
    )


def _samples(table: pd.DataFrame, keys: list[str]) -> str | None:
    """Rows that follow one another as fast as an eye tracker's samples."""
    rows = table.sort_values([*keys, "onset_ms"], kind="stable", na_position="last")
    same = rows.groupby(keys, dropna=False, sort=False).ngroup().diff() == 0
    step_ms = rows["onset_ms"].diff()[same]
    if len(step_ms) < FEWEST_SAMPLES or not 0 < step_ms.median() < SAMPLE_MS:
        return None
    return (
        f"rows follow one another every {step_ms.median():.3g} ms, as samples do and not fixations: find the fixations "
        "with read_fixations(path, detect=...), or say with rows='samples' that they are numbered in the samples"
    )


def _two_units(table: pd.DataFrame, keys: list[str]) -> str | None:
    """Onsets that advance some thousand times as fast or as slowly as durations fill, so that their units differ."""
    rows = table.sort_values([*keys, "onset_ms"], kind="stable", na_position="last")
    path = rows.groupby(keys, dropna=False, sort=False).ngroup()
    last_ms = rows["duration_ms"].shift().where(path.diff() == 0)
    pace = (rows["onset_ms"].diff() / last_ms.where(last_ms > 0)).dropna()
    pace = pace[pace > 0]
    of_path = pace.groupby(path.reindex(pace.index))
    # one step may be a long gap; a scanpath of one step is judged by those of all
    several = of_path.transform("size") > 1
    # of the fixations of both eyes in turn, most may begin at once, but not nearly all
    typical, longer = (of_path.transform("quantile", q).where(several, pace.quantile(q)) for q in (0.5, 0.75))
    wrong = pace.index[(typical > FAST) | (longer < SLOW)]
    if wrong.empty:
        return None
    times = typical[wrong[0]]
    how = f"{times:.3g} times as fast as" if times > 1 else f"{1 / times:.3g} times more slowly than"
    unit = "us" if times > 1 else "s"
    return (
        f"onsets of the scanpath in row {wrong[0]} advance {how} its durations fill ({path[wrong].nunique()} such "
        "scanpaths), so that their units differ: read a text with read_fixations(path, format='table', "
        f"time_unit={{'onset_ms': '{unit}', 'duration_ms': 'ms'}})"
    )


def _long_after(table: pd.DataFrame, keys: list[str]) -> str | None:
    """An onset that is long after the first of its scanpath."""
    onset = table["onset_ms"]
    after = onset - onset.groupby([table[name] for name in keys], dropna=False).transform("min")
    if not (after > DAY_MS).any():
        return None
    row = int(table.index[int((after > DAY_MS).to_numpy().argmax())])
    return f"onset_ms is {onset[row]:g} in row {row}, more than a day after its scanpath's first: check the column"


def _events(table: pd.DataFrame, keys: list[str]) -> list[str | None]:
    """Events that are there twice, and fixations of one scanpath that overlap in time."""
    repeated = table.duplicated([*keys, "onset_ms", "x_px", "y_px"]) & table["onset_ms"].notna()
    twice = (
        f"row {repeated.idxmax()} repeats a fixation of its scanpath with its onset and place "
        f"({int(repeated.sum())} such rows): was an event exported twice?"
        if repeated.any()
        else None
    )
    rows = table[~repeated].sort_values([*keys, "onset_ms"], kind="stable", na_position="last")
    same = rows.groupby(keys, dropna=False, sort=False).ngroup().diff() == 0
    end = (rows["onset_ms"] + rows["duration_ms"]).shift()
    overlap = same & (rows["onset_ms"] < end - OVERLAP_MS)
    if not overlap.any():
        return [twice, None]
    row = int(rows.index[int(overlap.to_numpy().argmax())])
    early_ms = end.loc[row] - rows["onset_ms"].loc[row]
    return [
        twice,
        f"the fixation in row {row} begins {early_ms:g} ms before the one before it ends "
        f"({int(overlap.sum())} such rows): are two eyes or two trials in one scanpath, or is a unit of time wrong?",
    ]


def _again(table: pd.DataFrame, keys: list[str]) -> str | None:
    """Fixations without onsets that are there twice, as in a file that was put behind itself."""
    timed = bool(table["duration_ms"].notna().any())
    measures = [*keys, "x_px", "y_px", "duration_ms"]
    again = table.duplicated(measures)
    if not again.any():
        return None
    counted = again.groupby([table[key] for key in keys], dropna=False)
    n, whole = counted.transform("sum"), counted.transform("size")
    # places alone come again in sequences of grid cells or objects: there all must be there twice
    many = (n >= FEWEST_AGAIN) & ((n >= SHARE_AGAIN * whole) if timed else (2 * n == whole))
    if "agent" in table:  # agents may well walk in circles
        many &= table["agent"].isna()
    enough = timed or (counted.ngroups > 1 and (n >= FEWEST_AGAIN).any())
    if enough and (table.groupby(measures, dropna=False).size() == 2).all():
        many[:] = True
    if not many.any():
        return None
    what = "place and duration" if timed else "place"
    return (
        f"row {(many & again).idxmax()} repeats the {what} of a fixation of its scanpath ({int(again.sum())} such "
        "rows), and no onset tells them apart: is a file or a trial in it twice? Remove one, or number people's looks "
        "in the column 'trial'"
    )


def _same_look(table: pd.DataFrame, keys: list[str]) -> str | None:
    """Scanpaths of one person on one picture that are the same to the last digit, and so one look twice."""
    known = table[table["duration_ms"].notna()]
    known = known[known["agent"].isna()] if "agent" in known else known
    if known.empty:
        return None
    prints = pd.util.hash_pandas_object(known[["fixation", "x_px", "y_px", "duration_ms"]], index=False)
    looks = prints.groupby([known[key] for key in keys], dropna=False).agg(["sum", "size"])
    looks = looks[looks["size"] >= FEWEST_AGAIN].reset_index()
    again = looks.duplicated(["stimulus", "subject", "sum", "size"])
    if not again.any():
        return None
    first = looks[again].iloc[0]
    return (
        f"a look of {first['subject']!r} at {first['stimulus']!r} is there twice, the same in each place and duration "
        f"({int(again.sum())} such looks): was a trial exported twice? Remove one"
    )


def _unread(table: pd.DataFrame) -> str | None:
    """Columns whose names are ours but for capitals or a unit, and which therefore nobody reads."""
    plain = {name: name.strip().lower().replace(" ", "_") for name in table.columns if isinstance(name, str)}
    for name, same in plain.items():
        ours = next((each for each in _OURS if same in (each, each.rpartition("_")[0] or each)), None)
        ours = ours or time_meant(name)
        if ours is None or name == ours or (ours in table and table[ours].notna().any()):
            continue
        return (
            f"the column {name!r} is not read, and {ours!r} is missing: read a text with "
            f"read_fixations(path, format='table', columns={{{name!r}: {ours!r}}}), or rename it"
        )
    return None


_OURS = ("dataset", "stimulus", "subject", "trial", "agent", "seed", "task", "condition", "target_found", "on_target")
