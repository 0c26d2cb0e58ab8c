"""People's scanpaths as moments: where they had looked, and where they looked next, picture by picture."""

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from scanpath._core.errors import InputError, InputWarning
from scanpath.evaluation.inputs import Fixations, as_paths, paths_by_picture
from scanpath.gaze.pixels import on_picture
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.fixation_readout import Moments


class PictureGaze(NamedTuple):
    """All that people did on one picture.

    Attributes
    ----------
    moments
        The N moments before a fixation, the first one too.
    next_deg
        (N, 2) where it was.
    weight
        (N,) of each moment, one over those of its scanpath: scanpaths count alike, whatever their length.
    size_deg
        Width and height of the picture.
    """

    moments: Moments
    next_deg: Tensor
    weight: Tensor
    size_deg: tuple[float, float]

    def mirrored(self) -> "PictureGaze":
        """Return the same on the picture's mirror image."""
        flip, shift = self.next_deg.new_tensor([-1.0, 1.0]), self.next_deg.new_tensor([self.size_deg[0], 0.0])
        moments = self.moments._replace(xy_deg=self.moments.xy_deg * flip + shift)
        return self._replace(moments=moments, next_deg=self.next_deg * flip + shift)

    def part(self, chosen: Tensor) -> "PictureGaze":
        """Return some of the moments, by index."""
        moments = Moments(*(values[chosen] for values in self.moments))
        return self._replace(moments=moments, next_deg=self.next_deg[chosen], weight=self.weight[chosen])

    def after_first(self) -> "PictureGaze":
        """Return the moments with a history, which are those that models are scored at."""
        return self.part(self.moments.n_fixations > 0)

    def without_durations(self) -> "PictureGaze":
        """Return the same, with nothing known of how long fixations lasted."""
        unknown = torch.full_like(self.moments.duration_ms, torch.nan)
        return self._replace(moments=self.moments._replace(duration_ms=unknown))


class RecordedGaze(NamedTuple):
    """What can be learned from.

    Attributes
    ----------
    gaze
        What people did on each picture.
    stimuli
        The pictures.
    people
        Who they were.
    """

    gaze: dict[str, PictureGaze]
    stimuli: list[Stimulus]
    people: set[str]


def recorded_gaze(people: Fixations, stimuli: Sequence[Stimulus], *, least: int) -> RecordedGaze:
    """Return what people did on the pictures that they looked at.

    Parameters
    ----------
    people
        Who looked where, with subjects.
    stimuli
        The pictures, found by their names, each with a scale.
    least
        How many pictures are needed.

    Raises
    ------
    InputError
        If people or pictures cannot be used, or there are too few.
    """
    paths = people_by_picture(people, stimuli)
    seen = [one for one in stimuli if one.name in paths]
    found = {one.name: picture_gaze(one, paths[one.name]) for one in seen}
    gaze = {name: one for name, one in found.items() if one is not None}
    if len(gaze) < least:
        raise InputError(
            f"A fit needs at least {least} pictures, as each is compared with where people look on "
            f"others{' and one is left out in each fold' if least > 2 else ''}; people looked at {len(gaze)}."
        )
    subjects = {str(path.info["subject"]) for some in paths.values() for path in some}
    if len(subjects) == 1:
        warnings.warn("All scanpaths are of one person, whose habits the model will have.", InputWarning, stacklevel=3)
    return RecordedGaze(gaze, [one for one in seen if one.name in gaze], subjects)


def people_by_picture(people: Fixations, stimuli: Sequence[Stimulus]) -> dict[str, list[Scanpath]]:
    """Return people's scanpaths by the picture they looked at.

    Raises
    ------
    InputError
        If a scanpath does not say who looked at what, a picture is missing, or nobody made two fixations.
    """
    paths = as_paths(people, "people")
    if any(path.info.get("subject") is None for path in paths):
        raise InputError(
            "people must say who looked: give each scanpath a 'subject' (a column of the table, or info), so that it "
            "is known how many people there were."
        )
    found = {
        stimulus.name: sorted((path for path in some if len(path) > 1), key=_whose)
        for stimulus, some in paths_by_picture(paths, stimuli, "people")
    }
    kept = {name: some for name, some in found.items() if some}
    if not kept:
        raise InputError("No scanpath has a second fixation, so there is nothing to learn from.")
    return kept


def picture_gaze(stimulus: Stimulus, paths: Sequence[Scanpath]) -> PictureGaze | None:
    """Return the moments of some scanpaths on one picture, None if no fixation but first ones lies on it.

    Fixations off the picture are not predicted, as no pixel stands for them; they stay in the history.
    """
    px_per_deg = stimulus.require_px_per_deg("A fit")
    inside = [on_picture(path.xy, stimulus.size[::-1]) for path in paths]
    if not any(one.any() for one in inside):
        return None
    longest = max(len(path) for path in paths)
    xy, lasted, after, weight = [], [], [], []
    for path, here in zip(paths, inside):
        ends = [n for n in range(len(path)) if here[n]]
        for n in ends:
            xy.append(_filled(path.xy[:n][::-1], longest))
            known = np.full(n, np.nan) if path.duration_ms is None else path.duration_ms[:n][::-1]
            lasted.append(_filled(known[:, None], longest)[:, 0])
            after.append(path.xy[n])
            weight.append(1 / len(ends))
    height, width = stimulus.size
    moments = Moments(_degrees(np.stack(xy), px_per_deg), torch.from_numpy(np.stack(lasted)).float())
    moments = moments._replace(duration_ms=moments.duration_ms.where(moments.duration_ms > 0, torch.nan))
    size_deg = (width / px_per_deg, height / px_per_deg)
    gaze = PictureGaze(moments, _degrees(np.stack(after), px_per_deg), torch.tensor(weight), size_deg)
    return gaze if bool((moments.n_fixations > 0).any()) else None


def gaze_checksum(gaze: Mapping[str, PictureGaze]) -> str:
    """Return what tells what people did from what others did, or from a table that was put right."""
    digest = hashlib.sha256()
    for name, one in sorted(gaze.items()):
        digest.update(name.encode())
        for values in (*one.moments, one.next_deg, one.weight):
            digest.update(values.contiguous().numpy().data)
    return digest.hexdigest()[:16]


def _whose(path: Scanpath) -> tuple[str, str]:
    """Tell scanpaths on one picture apart, so that what is drawn does not depend on their order."""
    return str(path.info["subject"]), str(path.info.get("trial"))


def _filled(values: np.ndarray, length: int) -> np.ndarray:
    return np.concatenate([values, np.full((length - len(values), values.shape[1]), np.nan)])


def _degrees(xy: np.ndarray, px_per_deg: float) -> Tensor:
    """From px, pixel centers at integers, to degrees from the picture's corner."""
    return torch.from_numpy((xy + 0.5) / px_per_deg).float()
