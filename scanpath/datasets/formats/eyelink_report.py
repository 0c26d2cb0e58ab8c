"""EyeLink Data Viewer's fixation report: tab-separated text, a dot for missing, in some countries a decimal comma."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from scanpath._core.errors import InputError
from scanpath.datasets.formats.changes import Changes
from scanpath.datasets.formats.delimited import read_text, split_cells
from scanpath.datasets.formats.format import Format
from scanpath.datasets.formats.limits import MAX_BYTES, check_bytes
from scanpath.datasets.formats.placement import PictureAt, PictureSizes, SizePx, to_picture_px
from scanpath.datasets.formats.plain_table import TableSettings
from scanpath.datasets.formats.table_columns import settle_decimal
from scanpath.gaze.csv_text import all_matches

_POSITION = ("CURRENT_FIX_X", "CURRENT_FIX_Y")
_SUBJECT = "RECORDING_SESSION_LABEL"
_TRIAL = "TRIAL_INDEX"
_EYE = "EYE_USED"
_INDEX = "CURRENT_FIX_INDEX"
_NUMBERS = {
    "CURRENT_FIX_X": "x_px",
    "CURRENT_FIX_Y": "y_px",
    "CURRENT_FIX_START": "onset_ms",
    "CURRENT_FIX_DURATION": "duration_ms",
}
#: Names under which experiments commonly store the picture; only used to suggest one.
_PICTURE_WORDS = ("image", "picture", "stim", "file", "scene", "searcharray")


def read(
    path: Path,
    changes: Changes,
    *,
    stimulus_column: str | None = None,
    subject_column: str = _SUBJECT,
    trial_column: str = _TRIAL,
    eye: str | None = None,
    decimal: str | None = None,
    missing: Sequence[float | str] | float | str = (),
    encoding: str | None = None,
    picture_at: PictureAt | None = None,
    picture_px: PictureSizes | None = None,
    screen_px: SizePx | None = None,
    max_bytes: int = MAX_BYTES,
) -> pd.DataFrame:
    """Read a fixation report.

    Times are ms from the start of the trial (of the report's interest period, if one was set). Other columns of the
    report are left out. Where CURRENT_FIX_INDEX was not exported, fixations are numbered in the order of their start.

    Parameters
    ----------
    stimulus_column
        Column with the picture's name; reports have no fixed one, so it must be given.
    subject_column, trial_column
        Columns that name the person and number the trial.
    eye
        "left" or "right", where the report holds both.
    decimal
        "." or ","; by default a comma if numbers in the report have one and none has a point.
    missing
        Numbers and words that stand for a missing place, beside the dot. 0 counts only where x and y are 0.
    encoding
        Of the text; by default told by the first bytes, else UTF-8, else Latin-1.
    picture_at, picture_px, screen_px
        Where the picture was on the screen; see `to_picture_px`.
    max_bytes
        Larger files are refused.
    """
    check_bytes(path, "the report", path.stat().st_size, max_bytes)
    report = _read_text(path, encoding, changes)
    report = _without(report, missing)
    report = _one_eye(report, eye, changes, path)
    kind = _other_report(report)
    if kind and _POSITION[0] not in report.columns:
        raise InputError(f"{path} is a report of {kind}; export a fixation report in Data Viewer.")
    stimulus = _stimulus_column(report, stimulus_column, path)
    _check_columns(report, subject_column, trial_column, path)
    mark = settle_decimal(report, _POSITION, TableSettings(decimal=decimal), changes)
    table = report[[stimulus, subject_column, trial_column]].set_axis(["stimulus", "subject", "trial"], axis=1)
    for own, name in _NUMBERS.items():
        if own in report.columns:
            table[name] = _numbers(report[own], mark, path)
    table["fixation"] = _index(report, table, mark, path, changes)
    if _EYE in report.columns:
        table["eye"] = report[_EYE].str.lower()
    bad = table["x_px"].isna() | table["y_px"].isna()
    changes.add("dropped", "fixations without a position ('.' in CURRENT_FIX_X or _Y)", n=int(bad.sum()))
    gone = table["stimulus"].isna() & ~bad
    changes.add("dropped", f"fixations of trials without a picture ('.' in {stimulus})", n=int(gone.sum()))
    return to_picture_px(
        table[~bad & ~gone].reset_index(drop=True),
        changes,
        what=f"{path.name}: CURRENT_FIX_X and _Y",
        picture_at=picture_at,
        picture_px=picture_px,
        screen_px=screen_px,
    )


def _check_columns(report: pd.DataFrame, subject: str, trial: str, path: Path) -> None:
    settings = {subject: "subject_column", trial: "trial_column"}
    for name in (*_POSITION, subject, trial):
        if name not in report.columns:
            other = f", or name another one with {settings[name]}" if name in settings else ""
            shown = ", ".join(report.columns[:40])
            raise InputError(
                f"{path} has no column {name}; add it to the report in Data Viewer{other}. Its columns are {shown}."
            )
        if list(report.columns).count(name) > 1:
            raise InputError(f"{path} has the column {name} more than once; keep one of them.")


def _other_report(report: pd.DataFrame) -> str | None:
    """What a report of Data Viewer is about that is not about fixations."""
    told = {"IA_": "interest areas", "TIMESTAMP": "samples", "SAMPLE_": "samples", "CURRENT_SAC_": "saccades"}
    return next((kind for start, kind in told.items() if any(name.startswith(start) for name in report.columns)), None)


def _index(report: pd.DataFrame, table: pd.DataFrame, mark: str, path: Path, changes: Changes) -> pd.Series:
    """Place of each fixation in its trial, from 0, counting those without a position."""
    if _INDEX in report.columns:
        changes.add("offset", f"{_INDEX} counts from 1, fixation from 0")
        return _numbers(report[_INDEX], mark, path) - 1
    order = table
    if "onset_ms" in table:
        order = table.sort_values("onset_ms", kind="stable")
    by = "CURRENT_FIX_START" if "onset_ms" in table else "their rows"
    changes.add("assumed", f"fixations of a trial are in the order of {by}, as {_INDEX} is not there")
    return order.groupby(["stimulus", "subject", "trial"], dropna=False, sort=False).cumcount().sort_index()


def _read_text(path: Path, encoding: str | None, changes: Changes) -> pd.DataFrame:
    text = read_text(path, encoding, changes)
    head = text.split("\n", 1)[0]
    separator = next((sign for sign in "\t;" if sign in head), ",")
    cells, _ = split_cells(list(enumerate(text.split("\n"), start=1)), separator, path, changes)
    report = cells.where(~cells.isin([".", ""]))
    report.attrs["separator"] = separator
    names = list(report.columns)
    # names that experiments choose themselves may differ from Data Viewer's own by their case only
    report.columns = [name.upper() if name.upper() in _KNOWN and name.upper() not in names else name for name in names]
    return report


_KNOWN = {_SUBJECT, _TRIAL, _EYE, _INDEX, *_NUMBERS}


def _stimulus_column(report: pd.DataFrame, given: str | None, path: Path) -> str:
    if given is not None:
        if given not in report.columns:
            raise InputError(f"{path} has no column {given!r}; its columns are {', '.join(report.columns[:40])}.")
        return given
    near = [name for name in report.columns if any(word in name.lower() for word in _PICTURE_WORDS)]
    hint = f" It may be {' or '.join(near[:4])}." if near else f" Its columns are {', '.join(report.columns[:40])}."
    raise InputError(f"{path} does not say which column names the picture: give stimulus_column.{hint}")


def _one_eye(report: pd.DataFrame, eye: str | None, changes: Changes, path: Path) -> pd.DataFrame:
    if _EYE not in report.columns:
        keys = [name for name in (_SUBJECT, _TRIAL, _INDEX) if name in report.columns]
        if len(keys) == 3 and report.duplicated(keys).any() and not report.duplicated().any():
            raise InputError(
                f"{path} has two fixations of one number in a trial, as reports of both eyes have; add {_EYE} to the "
                "report in Data Viewer and choose one with eye='left' or eye='right'."
            )
        return report
    eyes = report[_EYE].str.lower()
    if eye is None:
        if eyes.nunique() > 1 and _both_in_one_trial(report, eyes):
            raise InputError(f"{path} holds fixations of both eyes; choose one with eye='left' or eye='right'.")
        return report
    keep = eyes == eye.lower()
    if not keep.any():
        raise InputError(
            f"{path} holds no fixation of the eye {eye!r}; EYE_USED is {', '.join(eyes.dropna().unique())}."
        )
    changes.add("dropped", f"fixations of the other eye (eye={eye!r})", n=int((~keep).sum()))
    return report[keep].reset_index(drop=True)


def _without(report: pd.DataFrame, missing: Sequence[float | str] | float | str) -> pd.DataFrame:
    """Return the report with missing places where their cells hold one of the codes."""
    codes = TableSettings(missing=missing).codes
    alone = [code for code in codes if code not in (0, "0")]
    words = {str(code) for code in alone}
    values = [float(code) for code in alone if not isinstance(code, str)]
    places = sorted(set(_POSITION) & set(report.columns))
    numbers = report[places].apply(lambda cells: pd.to_numeric(cells.str.strip(), errors="coerce"))
    for name in places:
        coded = report[name].str.strip().isin(words) | numbers[name].isin(values)
        report = report.assign(**{name: report[name].mask(coded)})
    if len(alone) < len(codes):
        zeros = (numbers == 0).all(axis=1)
        report = report.assign(**{name: report[name].mask(zeros) for name in places})
    return report


def _both_in_one_trial(report: pd.DataFrame, eyes: pd.Series) -> bool:
    keys = [name for name in (_SUBJECT, _TRIAL) if name in report.columns]
    return bool(not keys or (eyes.groupby([report[name] for name in keys]).nunique() > 1).any())


def _numbers(values: pd.Series, decimal: str, path: Path) -> pd.Series:
    text = values.str.strip()
    pattern = r"[-+]?\d*" + re.escape(decimal) + r"?\d*([eE][-+]?\d+)?"
    wrong = text.notna() & ~all_matches(text.fillna("0"), pattern)
    if wrong.any():
        index = int(wrong.to_numpy().argmax())
        row, value = values.index[index], values.iloc[index]
        raise InputError(
            f"{path}: {values.name} is {value!r} in row {row}, not a number with the decimal mark {decimal!r}; "
            f"give {_remedy(str(value))}."
        )
    return pd.to_numeric(text.str.replace(decimal, ".", regex=False))


def _remedy(value: str) -> str:
    if "," in value and "." in value:
        return "a report without marks between thousands"
    if "," in value:
        return "decimal=',' if it is a decimal mark, or a report without marks between thousands"
    return "decimal=',' or '.'" if re.search(r"\d", value) else f"missing=[{value!r}] if it stands for a missing value"


EYELINK_REPORT = Format("eyelink_report", "SR Research Data Viewer, fixation report", read)
