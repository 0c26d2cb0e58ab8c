"""Making one stimulus: the settings that all of a folder share, and the file that comes of a picture and a fixation."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import PIL
import torch
from torch import Tensor

from scanpath import __version__
from scanpath._core.errors import InputError
from scanpath.foveation.views import View
from scanpath.gaze.picture_writing import PictureKind, to_levels, write_film, write_picture
from scanpath.gaze.pictures import read_image
from scanpath.geometry.eccentricity import eccentricity_map
from scanpath.geometry.screen import Screen
from scanpath.plotting.figures import save_figure
from scanpath.plotting.foveation import plot_foveation
from scanpath.simulation.look import one_thread
from scanpath.studies.stimulus_folder import CONTROL_FOLDER, put_file
from scanpath.studies.stimulus_list import PlannedStimulus

_FORM_WORDS = {
    "each": "one picture for each fixation",
    "together": "one picture for all fixations of a scanpath, each pixel as sharp as the nearest of them makes it",
    "gif": "a film of the fixations of each scanpath (.gif, 256 colors)",
    "mp4": "a film of the fixations of each scanpath (.mp4, 30 pictures a second)",
}


@dataclass(frozen=True)
class StimulusSettings:
    """What all stimuli of a folder have in common.

    Attributes
    ----------
    view
        The transform.
    screen
        The display, if the scale was computed from one.
    form
        "each", "together", "gif" or "mp4".
    seed
        From which each stimulus derives its own.
    background
        Gray level that shows through transparent pixels, or None.
    control
        Whether a control sheet is drawn of each.
    """

    view: View
    screen: Screen | None
    form: str
    seed: int
    background: float | None
    control: bool

    @property
    def is_film(self) -> bool:
        """Whether a stimulus is a film."""
        return self.form in ("gif", "mp4")

    def facts(self) -> dict[str, object]:
        """Every setting, as the manifest has them; the control sheets, which can be added, are none."""
        screen = self.screen
        scale = "given"
        if screen is not None:
            scale = (
                f"screen of {screen.width_px} x {screen.height_px} px, {screen.width_cm:g} cm wide, "
                f"seen from {screen.distance_cm:g} cm"
            )
        return {
            "program": f"scanpath {__version__}",
            "libraries": f"torch {torch.__version__}, numpy {np.__version__}, pillow {PIL.__version__}",
            **self.view.facts(),
            "px_per_deg_from": scale,
            "form": self.form,
            "run_seed": self.seed if self.view.is_random else None,
            "background": self.background,
            "methods": self._methods(scale),
        }

    def _methods(self, scale: str) -> str:
        """Say what was done, for a paper."""
        at = "" if self.screen is None else " at the screen's center, pictures shown at one pixel a pixel"
        seeds = f" Random numbers: run seed {self.seed}, one derived seed a stimulus." if self.view.is_random else ""
        return (
            f"Stimuli were made with scanpath {__version__}: {self.view.words()}. Scale: {self.view.px_per_deg:.4g} px "
            f"per degree ({scale}){at}; eccentricity is the distance in px from the fixation divided by it. "
            f"Form: {_FORM_WORDS[self.form]}.{seeds}"
        )


@dataclass(frozen=True)
class MadeStimulus:
    """What came of one stimulus: its checksum and what was measured, or why there is none."""

    planned: PlannedStimulus
    sha256: str = ""
    measured: dict[str, object] = field(default_factory=dict)
    failure: str = ""


def sheet_path(folder: Path, planned: PlannedStimulus) -> Path:
    """Where the control sheet of a stimulus is."""
    return folder / CONTROL_FOLDER / planned.file


def make_stimulus(planned: PlannedStimulus, settings: StimulusSettings, folder: Path) -> MadeStimulus:
    """Make one stimulus, in whichever process; what is wrong with its picture is an answer, not an error."""
    with one_thread():
        try:
            image = read_image(planned.picture.path, background=settings.background)
            write = _make_film if settings.is_film else _make_picture
            sha256, measured = write(planned, image, settings, folder)
        except InputError as error:
            return MadeStimulus(planned, failure=str(error))
    if settings.screen is not None:
        measured["largest_angle_error_deg"] = _angle_error(planned, settings.view.px_per_deg, settings.screen)
    return MadeStimulus(planned, sha256, measured)


def _make_picture(
    planned: PlannedStimulus, image: Tensor, settings: StimulusSettings, folder: Path
) -> tuple[str, dict[str, object]]:
    seen, told = settings.view.see(image, planned.xy, planned.seed)
    kind = PictureKind.of(planned.picture.path)
    deep = kind.bits == 16 and len(seen) == 1
    sha256 = put_file(lambda path: write_picture(seen, path, like=kind), folder / planned.file)
    if settings.control:
        put_file(lambda path: _draw_sheet(planned, image, seen, settings, path), sheet_path(folder, planned))
    written = f"{16 if deep else 8}-bit {'gray' if len(seen) == 1 else 'RGB'}"
    return sha256, {"written": written, "profile_kept": kind.profile_for(len(seen)) is not None, **told}


def _make_film(
    planned: PlannedStimulus, image: Tensor, settings: StimulusSettings, folder: Path
) -> tuple[str, dict[str, object]]:
    def write(path: Path) -> None:
        frames = (settings.view.see(image, [xy], planned.seed)[0] for xy in planned.xy)
        write_film(frames, planned.duration_ms, path)

    assumed = sum(one.get("duration_ms") is None for one in planned.fixations)
    told: dict[str, object] = {"written": f"film of {sum(planned.duration_ms):g} ms", "durations_assumed": assumed}
    return put_file(write, folder / planned.file), told


def _draw_sheet(planned: PlannedStimulus, image: Tensor, seen: Tensor, settings: StimulusSettings, path: Path) -> None:
    """Draw the control sheet of what was written, in its 8-bit levels."""
    levels = torch.from_numpy(to_levels(seen).astype(np.float32) / 255)
    shown = levels[None] if levels.ndim == 2 else levels.permute(2, 0, 1)
    title = f"{planned.file}   {_sheet_words(settings.view)}"
    axes = plot_foveation(image, shown, planned.xy, px_per_deg=settings.view.px_per_deg, title=title)
    save_figure(axes[0], path, dpi=100)


def _sheet_words(view: View) -> str:
    named = {name: value for name, value in view.settings.items() if name not in ("weights", "decoder")}
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in named.items()
    )


def _angle_error(planned: PlannedStimulus, px_per_deg: float, screen: Screen) -> float:
    """Largest difference on the picture between the eccentricity that was used and that on the flat screen."""
    size, points = (planned.picture.height, planned.picture.width), np.array(planned.xy)
    flat = eccentricity_map(size, points, px_per_deg=px_per_deg).min(axis=0)
    exact = eccentricity_map(size, points, screen=screen).min(axis=0)
    return round(float(np.abs(flat - exact).max()), 3)
