"""What can be handed to `evaluate`: tables or scanpaths, and the sizes of the pictures."""

import hashlib
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError, InputWarning
from scanpath.evaluation.coordinates import check_frames
from scanpath.evaluation.pairing import Pairing
from scanpath.gaze.doubts import sentence_about, table_doubts
from scanpath.gaze.frames import TableLike, is_frame
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.table import check_table, cut_table, fixation_rows, scanpath_keys, scanpaths_from_table

if TYPE_CHECKING:
    from scanpath.gaze.stimulus import Stimulus

#: (width, height) in px of each picture, by stimulus.
Sizes: TypeAlias = Mapping[str, tuple[float, float]]
#: (width, height) in px of all pictures, or of each.
ScreenSize: TypeAlias = Sequence[float] | np.ndarray | Mapping[str, Sequence[float]]
#: Who looked where: a tidy fixation table, or scanpaths that say what was looked at.
Fixations: TypeAlias = TableLike | Iterable[Scanpath]

Step = TypeVar("Step")


class Progress(Protocol):
    """What passes the steps of a long work on one by one and reports on them, as ``tqdm`` does."""

    def __call__(self, steps: Iterable[Step], /) -> Iterable[Step]: ...  # noqa: D102


class Counted:
    """A `Progress` that calls a function with 1 after each step, as a progress bar wants to be told."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance

    def __call__(self, steps: Iterable[Step], /) -> Iterator[Step]:
        """Pass the steps on."""
        for step in steps:
            yield step
            self._advance(1)


def as_paths(source: object, what: str) -> list[Scanpath]:
    """Return scanpaths given as a tidy fixation table or as a list of `Scanpath` that say what was looked at."""
    if is_frame(source):
        paths = scanpaths_from_table(source)
    elif isinstance(source, Iterable) and not isinstance(source, str | bytes | np.ndarray | Mapping):
        paths = list(source)
    else:
        raise InputError(f"{what} must be a fixation table or a list of Scanpath, got {type(source).__name__}.")
    wrong = next((path for path in paths if not isinstance(path, Scanpath)), None)
    if wrong is not None:
        raise InputError(
            f"{what} must hold Scanpath objects whose info names 'stimulus' and 'subject' or 'agent', "
            f"got {type(wrong).__name__}."
        )
    if not paths:
        raise InputError(f"{what} holds no scanpath.")
    return paths


def paths_and_doubts(source: object, what: str) -> tuple[list[Scanpath], list[str]]:
    """Return scanpaths as `as_paths` does, and sentences about what in them is probably not meant."""
    if is_frame(source):
        table = check_table(source)
        paths = as_paths(cut_table(table), what)
    else:
        paths = as_paths(source, what)
        table = check_table(_as_table(paths), source=what)
    return paths, [sentence_about(what, doubt) for doubt in table_doubts(table, scanpath_keys(table), alone=False)]


def _as_table(paths: Sequence[Scanpath]) -> pd.DataFrame:
    """One table of scanpaths that may say as much or as little of themselves as they like."""
    keys = ("stimulus", "subject", "agent")
    about = [{name: path.info.get(name) for name in keys} | {"trial": str(k)} for k, path in enumerate(paths)]
    rows = fixation_rows(paths, about, (*keys, "trial"))
    rows["stimulus"] = rows["stimulus"].fillna("unknown")
    return rows


def paths_by_picture(
    paths: Sequence[Scanpath], stimuli: Iterable["Stimulus"], what: str
) -> list[tuple["Stimulus", list[Scanpath]]]:
    """Return each picture that was looked at with its scanpaths, in the order of their names.

    Parameters
    ----------
    paths
        Scanpaths that say what was looked at.
    stimuli
        The pictures, found by their names.
    what
        What messages call the scanpaths.

    Raises
    ------
    InputError
        If a picture is missing, or no fixation can be one of picture pixels; who probably are none are warned of.
    """
    known = {stimulus.name: stimulus for stimulus in stimuli}
    looked: dict[str, list[Scanpath]] = {}
    for path in paths:
        looked.setdefault(str(path.info.get("stimulus")), []).append(path)
    missing = sorted(set(looked) - set(known))
    if missing:
        raise InputError(f"stimuli has no picture named {missing[0]!r} ({len(missing)} missing); give them all.")
    found = [(known[name], looked[name]) for name in sorted(looked)]
    xy = np.concatenate([path.xy for _, some in found for path in some])
    sizes = [np.tile(stimulus.size[::-1], (sum(map(len, some)), 1)) for stimulus, some in found]
    check_frames({what: xy}, {what: np.concatenate(sizes)})
    return found


def by_picture(paths: Sequence[Scanpath], pairing: Pairing) -> dict[str, list[Scanpath]]:
    """Group scanpaths by the picture that the pairing names, in the order of first appearance."""
    groups: dict[str, list[Scanpath]] = {}
    for path in paths:
        groups.setdefault(pairing.picture_of(path), []).append(path)
    return groups


def check_left_out(simulated: Iterable[str], human: Iterable[str]) -> list[str]:
    """Warn of simulated pictures that nobody looked at, and of names that differ by case or folder alone.

    Returns
    -------
    list of str
        The sentences that were warned of.
    """
    pictures, known = list(simulated), list(human)
    alone = _alone(pictures, known, "human")
    if not alone:
        return []
    n = len(set(pictures) - set(known))
    sentence = f"{n} of {len(pictures)} simulated pictures are left out, as human has none of that name: {alone}."
    warnings.warn(sentence, InputWarning, stacklevel=4)
    return [sentence]


def not_simulated(simulated: Iterable[str], human: Iterable[str]) -> list[str]:
    """Say which pictures that people looked at were not simulated; it is usual that some were not."""
    pictures, known = list(simulated), list(human)
    alone = _alone(known, pictures, "simulated")
    n = len(set(known) - set(pictures))
    return [f"{n} of {len(known)} pictures that people looked at were not simulated: {alone}."] if alone else []


def _alone(names: Sequence[str], others: Sequence[str], whose: str) -> str:
    """Name the first of the names that the others do not have, those first that are alike but for case or folder."""
    alone = sorted(set(names) - set(others))
    like = {_plain_name(name): name for name in set(others) - set(names)}
    shown = [
        f"{name!r}" + (f" ({whose} has {like[_plain_name(name)]!r})" if _plain_name(name) in like else "")
        for name in sorted(alone, key=lambda name: _plain_name(name) not in like)[:3]
    ]
    return ", ".join(shown) + (f" and {len(alone) - 3} more" if len(alone) > 3 else "")


def _plain_name(name: str) -> str:
    """A picture's name without folder, ending, case and the ways to write an accent."""
    return unicodedata.normalize("NFKC", PurePosixPath(name.strip().replace("\\", "/")).stem).casefold()


def picture_sizes(
    screen_px: ScreenSize | None, sources: Sequence[Fixations], groups: Mapping[str, Sequence[Scanpath]]
) -> Sizes | None:
    """(width, height) in px of every picture: one size for all, a mapping by stimulus, or what the tables know.

    Returns None if nothing was given and no table knows; metrics that need no size still work then.
    """
    if screen_px is None:
        known = [getattr(source, "attrs", {}).get("scanpath", {}).get("size_px") for source in sources]
        screen_px = {name: size for table in known if table for name, size in table.items()} or None
    if screen_px is None:
        return None
    if not isinstance(screen_px, Mapping):
        size = _size("screen_px", screen_px)
        return dict.fromkeys(groups, size)
    sizes = {}
    for picture, paths in groups.items():
        stimulus = str(paths[0].info.get("stimulus", picture))
        if stimulus not in screen_px:
            raise InputError(
                f"screen_px has no size for {stimulus!r}; give (width, height) in px for every stimulus, "
                "or one size for all."
            )
        sizes[picture] = _size(f"screen_px[{stimulus!r}]", screen_px[stimulus])
    return sizes


def sizes_in_short(sizes: Sizes | None, pictures: Sequence[str]) -> list[float] | dict[str, list[float]] | None:
    """One [width, height] for all pictures, a mapping where they differ, or None where no size was needed."""
    if sizes is None:
        return None
    found = {picture: list(sizes[picture]) for picture in pictures}
    first = next(iter(found.values()))
    return first if all(size == first for size in found.values()) else found


def _size(name: str, size: Sequence[float] | np.ndarray) -> tuple[float, float]:
    try:
        width, height = (float(side) for side in size)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be (width, height) in px, got {size!r}.") from None
    if not (np.isfinite([width, height]).all() and width > 0 and height > 0):
        raise InputError(f"{name} must be two positive numbers, got {(width, height)}.")
    return width, height


def data_hash(paths: Sequence[Scanpath]) -> str:
    """SHA-256 of what was scored: keys, coordinates and durations, whatever the order of the scanpaths."""
    digests = []
    for path in paths:
        digest = hashlib.sha256(repr(sorted((key, str(value)) for key, value in path.info.items())).encode())
        for values in (path.xy, path.duration_ms):
            digest.update(b"-" if values is None else np.ascontiguousarray(values, dtype="<f8").tobytes())
        digests.append(digest.digest())
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()
