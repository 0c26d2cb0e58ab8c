"""People's scanpaths as SceneWalk is fitted to them: cells, durations and densities, picture by picture."""

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from scanpath._core.errors import InputError, InputWarning
from scanpath.agents.scene_density import CELLS, SceneDensity
from scanpath.evaluation.inputs import paths_by_picture
from scanpath.gaze.pixels import on_picture
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.scenewalk_layout import blend_of, lay_out, model_on
from scanpath.guidance.scenewalk_parameters import Parameter
from scanpath.guidance.scenewalk_paths import Paths, paths_on
from scanpath.kernels.activation import walk_bits


class Looks(NamedTuple):
    """Scanpaths on one picture: densities (1, H, W) or one each, their cells, and whose they are."""

    density: Tensor
    paths: Paths
    people: tuple[str, ...]


class Evidence:
    """What a fit knows: scanpaths of two fixations or more, on their pictures.

    Parameters
    ----------
    looks
        The scanpaths of each picture.

    Attributes
    ----------
    person
        (n,) for every scored fixation, in the order of `bits`, the number of the person who made it.
    """

    def __init__(self, looks: Sequence[Looks]) -> None:
        self.looks = tuple(looks)
        people = sorted({who for one in looks for who in one.people})
        numbers = {who: number for number, who in enumerate(people)}
        self.person = np.concatenate(
            [np.repeat([numbers[who] for who in one.people], _scored(one).sum(1).numpy()) for one in self.looks]
        )

    @property
    def counts(self) -> dict[str, int]:
        """How much there is."""
        return {
            "people": len(set(self.person.tolist())),
            "pictures": len(self.looks),
            "scanpaths": sum(len(one.people) for one in self.looks),
            "fixations": len(self.person),
        }

    def checksum(self) -> str:
        """Return what tells these scanpaths and densities from others."""
        digest = hashlib.sha256()
        for one in self.looks:
            digest.update(repr(one.people).encode())
            for values in (one.density, *one.paths):
                digest.update(values.detach().cpu().contiguous().numpy().data)
        return digest.hexdigest()[:16]

    def bits(self, configuration: str, parameters: Mapping[str, Parameter]) -> np.ndarray:
        """Log2 of how likely each fixation but the first of its scanpath was, (n,).

        Attention's place after a saccade is taken as it is, not floored to a cell, so that all parameters act smoothly.
        """
        found = []
        for one in self.looks:
            model = model_on(one.density, configuration, parameters)
            walk = lay_out(model, one.paths, n_steps=one.paths.n - 1, whole_cells=False)
            found.append(walk_bits(model.density, walk, blend_of(model))[_scored(one)])
        return torch.cat(found).numpy()

    def density_bits(self) -> np.ndarray:
        """Log2 of how likely each fixation was under its picture's density alone, (n,)."""
        found = []
        for one in self.looks:
            cells = one.paths.cells[:, 1:]
            maps = torch.arange(len(cells))[:, None] if len(one.density) > 1 else 0
            found.append(torch.log2(one.density[maps, cells[..., 1], cells[..., 0]])[_scored(one)])
        return torch.cat(found).numpy()


def evidence_of(
    paths: Iterable[Scanpath],
    stimuli: Iterable[Stimulus],
    density: SceneDensity,
) -> Evidence:
    """Put people's scanpaths on their pictures.

    A scanpath is cut before its first fixation beside the picture, which is told of; each person's own fixations are
    left out of people's density.

    Parameters
    ----------
    paths
        Scanpaths with durations, and "stimulus" and "subject" in ``info``.
    stimuli
        Their pictures with `px_per_deg`.
    density
        Where there is something to look at.

    Raises
    ------
    InputError
        If a picture, its scale, a person or a duration is missing, or nothing is left to fit.
    """
    seen: list[tuple[Stimulus, list[Scanpath]]] = []
    lost = Counter[str]()
    for stimulus, some in paths_by_picture(list(paths), stimuli, "people"):
        kept = [path for path in (_on_picture(one, stimulus, lost) for one in some) if len(path) > 1]
        if kept:
            seen.append((stimulus, kept))
    if lost["fixations"]:
        warnings.warn(
            f"{lost['scanpaths']} scanpath(s) are cut before a fixation beside the picture, which drops "
            f"{lost['fixations']} fixation(s).",
            InputWarning,
            stacklevel=3,
        )
    if not seen:
        raise InputError("No scanpath has two fixations on its picture, so there is nothing to fit.")
    return Evidence([_looks(stimulus, some, density) for stimulus, some in seen])


def _on_picture(path: Scanpath, stimulus: Stimulus, lost: Counter[str]) -> Scanpath:
    """Cut a scanpath before its first fixation beside the picture, and count what that drops."""
    outside = ~on_picture(path.xy, stimulus.size[::-1])
    if not outside.any():
        return path
    n = int(outside.argmax())
    lost.update(scanpaths=1, fixations=len(path) - n)
    return path[:n]


def _looks(stimulus: Stimulus, seen: Sequence[Scanpath], density: SceneDensity) -> Looks:
    px_per_deg = stimulus.require_px_per_deg("SceneWalk")
    height, width = stimulus.size
    longest = max(map(len, seen))
    x, y, duration = np.full((3, len(seen), longest), np.nan)
    for number, path in enumerate(seen):
        where = f"of {path.info.get('subject')!r} on {stimulus.name!r}"
        if path.info.get("subject") is None:
            raise InputError(f"A scanpath on {stimulus.name!r} has no 'subject'; say whose each is.")
        if path.duration_ms is None or np.isnan(path.duration_ms[:-1]).any():
            raise InputError(f"A fixation {where} has no duration; SceneWalk needs how long each fixation lasted.")
        x[number, : len(path)], y[number, : len(path)] = (path.xy.T + 0.5) / px_per_deg
        duration[number, : len(path)] = path.duration_ms / 1000
    whole = ((0.0, width / px_per_deg), (0.0, height / px_per_deg))
    people = tuple(str(path.info["subject"]) for path in seen)
    own = [path.info["subject"] for path in seen] if density.source == "people" else [None]
    maps = torch.stack([density.on(stimulus, without=who) for who in own])
    return Looks(maps, paths_on(CELLS, x, y, duration, whole, device=maps.device), people)


def _scored(looks: Looks) -> Tensor:
    return looks.paths.known[:, 1:]
