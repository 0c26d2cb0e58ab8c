"""Foveated stimuli for an experiment: a file for every picture and fixation, and a manifest of what was done."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from scanpath._core.checks import check_choice, check_share
from scanpath._core.errors import InputError
from scanpath._core.files import file_sha256
from scanpath.foveation.views import Value, View
from scanpath.gaze.frames import TableLike
from scanpath.gaze.picture_writing import PictureKind, require_film_writer
from scanpath.geometry.screen import Screen, resolve_px_per_deg
from scanpath.simulation.plan import check_jobs
from scanpath.studies.stimulus_folder import StimulusFolder
from scanpath.studies.stimulus_list import (
    FORMS,
    Picture,
    PlannedStimulus,
    list_pictures,
    plan_at,
    plan_table,
    read_places,
)
from scanpath.studies.stimulus_making import MadeStimulus, StimulusSettings, make_stimulus, sheet_path


@dataclass
class StimulusRun:
    """A run that was checked, and is ready to be made.

    Attributes
    ----------
    stimuli
        All files that are to be there in the end.
    waiting
        Those of them that are not there yet.
    failures
        Names of pictures or stimuli that could not be used or made, with the reason.
    unused
        Pictures of the folder on which there is no fixation.
    """

    folder: StimulusFolder
    settings: StimulusSettings
    stimuli: list[PlannedStimulus]
    facts: dict[str, dict[str, Any]]
    waiting: list[PlannedStimulus]
    failures: dict[str, str]
    unused: list[str]

    def make(
        self, *, jobs: int = 1, on_error: str = "raise", progress: Callable[[int], None] | None = None
    ) -> pd.DataFrame:
        """Make what is waiting and return the manifest; what was made is kept and noted whatever stops it."""
        check_choice("on_error", on_error, ("raise", "skip"))
        order = [one.file for one in self.stimuli]
        with self.folder.locked(check_jobs(jobs)):
            try:
                for made in self._results(jobs):
                    if made.failure and on_error == "raise":
                        raise InputError(f"{made.planned.picture.path.name}: {made.failure}")
                    if made.failure:
                        self.failures[made.planned.file] = made.failure
                    else:
                        file = made.planned.file
                        self.folder.note(file, self.facts[file], made.sha256, made.measured)
                    if progress is not None:
                        progress(1)
            finally:
                table = self.folder.write_manifest(order)
        table.attrs["scanpath"] = {**self.settings.facts(), "failures": self.failures, "unused": self.unused}
        return table

    def _results(self, jobs: int) -> Iterator[MadeStimulus]:
        """Make stimuli, each on one thread, so that its bytes depend neither on the jobs nor on the machine's cores."""
        if jobs == 1 or len(self.waiting) < 2:
            yield from (make_stimulus(one, self.settings, self.folder.path) for one in self.waiting)
            return
        parallel: Any = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch="2*n_jobs")
        yield from parallel(joblib.delayed(make_stimulus)(one, self.settings, self.folder.path) for one in self.waiting)


def plan_stimuli(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    fixations: str | os.PathLike[str] | TableLike | None = None,
    *,
    at: object = None,
    kind: str = "blur",
    px_per_deg: float | None = None,
    screen: Screen | None = None,
    form: str = "each",
    who: str | None = None,
    trial: str | None = None,
    seed: int = 0,
    background: float | None = None,
    control: bool = False,
    **settings: Value,
) -> StimulusRun:
    """Check all that `foveate_to_folder` is given, before anything is made."""
    view = View.of(kind, px_per_deg=resolve_px_per_deg(px_per_deg, screen), **settings)
    if (fixations is None) == (at is None):
        raise InputError("Give a table of fixations or at=(x, y) for all pictures, one of the two.")
    common = StimulusSettings(view, screen, form, seed, background, control)
    _check_form(common)
    pictures, failures = list_pictures(source)
    if fixations is None:
        planned = plan_at(pictures, at, kind, seed)
    else:
        name = str(fixations) if isinstance(fixations, str | os.PathLike) else "The table"
        table = read_places(fixations)
        table = table[~table["stimulus"].isin(list(failures)).to_numpy(dtype=bool)] if failures else table
        planned = plan_table(pictures, table, form, kind, seed, who=who, trial=trial, source=name)
    if kind != "blur" and not common.is_film and any(len(one.fixations) > 1 for one in planned):
        raise InputError(f"kind {kind!r} takes one fixation for a picture; only blur combines several.")
    used = {one.picture.path.name: one.picture for one in planned}
    if screen is not None:
        _check_screen(used.values(), screen)
    if Path(source).resolve() == Path(out).resolve():
        raise InputError(f"OUT {out} must be a folder other than IN, whose pictures stay as they are.")
    folder = StimulusFolder(Path(out), common.facts())
    about = {name: _picture_facts(picture) for name, picture in used.items()}
    facts = {one.file: _stimulus_facts(one, about[one.picture.path.name], view) for one in planned}
    waiting = [one for one in planned if not _is_there(folder, one, facts[one.file], control)]
    unused = [picture.path.name for picture in pictures if picture.path.name not in used]
    return StimulusRun(folder, common, planned, facts, waiting, failures, unused)


def foveate_to_folder(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    fixations: str | os.PathLike[str] | TableLike | None = None,
    *,
    at: object = None,
    kind: str = "blur",
    px_per_deg: float | None = None,
    screen: Screen | None = None,
    form: str = "each",
    who: str | None = None,
    trial: str | None = None,
    seed: int = 0,
    background: float | None = None,
    control: bool = False,
    jobs: int = 1,
    on_error: str = "raise",
    progress: Callable[[int], None] | None = None,
    **settings: Value,
) -> pd.DataFrame:
    """Make foveated stimuli of pictures and fixations, with a manifest that says how each file came about.

    The folder gets the stimuli, ``manifest.csv`` (a row a fixation: every setting, x_px and y_px, the seed, and the
    SHA-256 of the picture and of the stimulus) and ``manifest.json`` (the settings, the law in numbers and a sentence
    for the methods). Called again, it makes what is missing; other settings, another picture of the same name or a
    stimulus that was changed are refused, and nothing is overwritten. The bytes do not depend on `jobs`.

    Pictures keep their size, 8-bit levels (16-bit gray stays 16 bit), gray stays gray, and an ICC profile goes along.
    All kinds work on the values as stored in the file, which for most files are sRGB; a blur can be computed in
    linear light (``light="linear"``).

    Parameters
    ----------
    source
        Folder of pictures, or one picture.
    out
        Folder to write to: a new one, or one of the same settings.
    fixations
        Fixation table or its file. Of chosen places, the columns stimulus, x_px and y_px are enough.
    at
        Instead: x and y in px on every picture, shape (2,), or (K, 2) for K fixations that make one blurred picture.
    kind
        "blur", "texture" (structure of the picture displaced), "noise_texture" (structure of noise), "neurofovea"
        (features of VGG-19; needs `weights` and `decoder`), "metamer" or "logpolar".
    px_per_deg, screen
        The scale in px per degree, or the display that pictures are shown on at one pixel a pixel, in its middle: then
        the scale is that of the screen's center, and ``largest_angle_error_deg`` in the manifest says by how much
        the eccentricity of a flat screen differs from the one that is used.
    form
        "each": a picture for every fixation. "together": one for all fixations of a scanpath, blur only. "gif", "mp4":
        a film of each scanpath in which fixations last as long as they did, or 300 ms where that is not known.
    who, trial
        Subject or agent, and trial of the table; all by default.
    seed
        From which the seed of each stimulus is derived, by the picture's name and the fixation, whatever the order.
    background
        Gray level in [0, 1] that shows through transparent pixels; such pictures are refused without it.
    control
        Draw a control sheet of each picture into the folder ``control``, see `scanpath.plotting.plot_foveation`.
    jobs
        Worker processes; -1 for one a core.
    on_error
        "raise" stops at the first picture that cannot be used; "skip" goes on and lists it in
        ``table.attrs["scanpath"]["failures"]``.
    progress
        Called with the number of stimuli that were made since the last call.
    settings
        Of the kind. blur: `law`, `strength` (multiplies the standard deviation of the blur; 1 is the law's own, which
        for the default law lies at the limit of acuity and is hardly seen by who looks at the fixation), `quality`,
        `light`. Textures: `scaling`, `fovea_deg`, `iterations`. metamer: `statistics`, `scaling`, `fovea_deg`,
        `steps`. neurofovea: `weights`, `decoder`, `scaling`, `fovea_deg`.

    Returns
    -------
    pandas.DataFrame
        The manifest.

    Raises
    ------
    InputError
        If a fixation lies outside its picture, a picture is missing or larger than the screen, the folder holds other
        stimuli, or a setting cannot be.

    Examples
    --------
    >>> import tempfile, numpy as np, pandas as pd
    >>> from PIL import Image
    >>> folder = tempfile.TemporaryDirectory()
    >>> Image.fromarray(np.full((60, 80, 3), 99, np.uint8)).save(f"{folder.name}/desk.png")
    >>> places = pd.DataFrame({"stimulus": "desk.png", "x_px": [10, 70], "y_px": [30, 30]})
    >>> made = foveate_to_folder(f"{folder.name}/desk.png", f"{folder.name}/seen", places, px_per_deg=20, strength=3)
    >>> made[["file", "x_px", "strength"]].values.tolist()
    [['desk_f00_x10_y30_blur.png', 10.0, 3.0], ['desk_f01_x70_y30_blur.png', 70.0, 3.0]]
    >>> folder.cleanup()
    """
    run = plan_stimuli(
        source,
        out,
        fixations,
        at=at,
        kind=kind,
        px_per_deg=px_per_deg,
        screen=screen,
        form=form,
        who=who,
        trial=trial,
        seed=seed,
        background=background,
        control=control,
        **settings,
    )
    if run.failures and on_error == "raise":
        raise InputError(next(iter(run.failures.values())))
    return run.make(jobs=jobs, on_error=on_error, progress=progress)


def _check_form(common: StimulusSettings) -> None:
    check_choice("form", common.form, FORMS)
    if common.background is not None:
        check_share("background", common.background)
    if common.form == "mp4":
        require_film_writer()
    if common.control and (common.is_film or common.view.kind == "logpolar"):
        what = f"form {common.form!r}" if common.is_film else "kind 'logpolar'"
        raise InputError(f"A control sheet compares a picture with its original, and {what} gives none; leave it out.")


def _check_screen(pictures: Iterable[Picture], screen: Screen) -> None:
    for picture in pictures:
        if picture.width > screen.width_px or picture.height > screen.height_px:
            raise InputError(
                f"The picture {picture.path.name} of {picture.width} x {picture.height} px is larger than the screen "
                f"of {screen.width_px} x {screen.height_px} px; make it as large as it is shown, or give px_per_deg."
            )


def _picture_facts(picture: Picture) -> dict[str, Any]:
    kind = PictureKind.of(picture.path)
    return {
        "picture": picture.path.name,
        "picture_sha256": file_sha256(picture.path),
        "width_px": picture.width,
        "height_px": picture.height,
        "picture_mode": kind.mode,
        "picture_bits": kind.bits,
        "picture_alpha": kind.has_alpha,
        "picture_orientation": kind.orientation,
        "picture_profile": kind.profile is not None,
    }


def _stimulus_facts(planned: PlannedStimulus, picture: dict[str, Any], view: View) -> dict[str, Any]:
    return {**picture, "seed": planned.seed if view.is_random else None, "fixations": list(planned.fixations)}


def _is_there(folder: StimulusFolder, planned: PlannedStimulus, facts: dict[str, Any], control: bool) -> bool:
    sheet = sheet_path(folder.path, planned)
    return folder.has(planned.file, facts) and (not control or sheet.exists())
