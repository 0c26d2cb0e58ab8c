"""How far apart textures look along a path, as Fisher information predicts it, beside people and a straight line.

Three paths of Gaussian textures: spatial frequency, its bandwidth, and the bandwidth of orientation. A prediction is
the integral of the root of Fisher information along the path, from 0 to 1: in closed form; of the power spectra of
pictures drawn at the levels; and of the means and variances of filter responses, band by band or channel by channel,
as if these were independent Gaussians. The straight line knows nothing, and is always shown.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError, MissingFileError, UndefinedError
from scanpath._core.files import write_text
from scanpath._core.random import derive_seed
from scanpath.foveation.steerable_frame import SteerableFrame
from scanpath.metrics.difference_scaling import difference_scale, given_scale
from scanpath.metrics.perceptual_scale import (
    area_score,
    density_distances,
    gaussian_distances,
    scale_from_information,
    scale_from_steps,
)
from scanpath.recognition.backbone import Backbone
from scanpath.stimuli.comparisons import triads
from scanpath.stimuli.gaussian_textures import PATHS, information, path_levels, path_textures, picture_power

LINE, CLOSED = "straight line", "closed form"
#: Folder of the published answers -> path of ours.
CONDITIONS = {"exp_sf": "frequency", "exp_sf_bdw": "frequency-bandwidth", "exp_ori_bdw": "orientation-bandwidth"}
#: Levels, and the widest gap, of the published experiment.
N_LEVELS, _GAP = 13, 3
#: Rings an octave, and wedges, in which a picture's power is added up.
_RINGS, _WEDGES = 8, 12


@dataclass(frozen=True)
class PerceptualScales:
    """Predictions, and how well they explain people's answers.

    Attributes
    ----------
    predictions
        One row a path, prediction and level: its value of the parameter and its scale.
    people
        One row a condition and scale: minus the log-likelihood of all answers, and against the fitted scale the root of
        the mean squared difference, the published area score, and how many inner levels lie in the fitted intervals.
    fitted
        One row a condition and level: people's scale with its interval.
    """

    predictions: pd.DataFrame = field(repr=False)
    people: pd.DataFrame = field(repr=False)
    fitted: pd.DataFrame = field(repr=False)

    def save(self, out: Path) -> None:
        """Write the tables as CSV; those of people only where there are some."""
        for name in ("predictions", "people", "fitted"):
            table = getattr(self, name)
            if len(table):
                write_text(out / f"{name}.csv", table.to_csv(index=False, lineterminator="\n"))


def predict_scales(
    *,
    n_levels: int = N_LEVELS,
    size_px: int = 256,
    px_per_deg: float = 30.0,
    n_pictures: int = 4,
    backbones: Sequence[Backbone] = (),
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Predict the scales of the three paths by every measure.

    Parameters
    ----------
    n_levels
        Levels on each path.
    size_px, px_per_deg
        Of the square pictures that the measured predictions see; `size_px` is a multiple of 16.
    n_pictures
        How many are drawn at each level, with the same phases at all levels.
    backbones
        Networks whose features give one prediction each.
    seed
        Names the phases.
    progress
        Called with 1 after each path.

    Returns
    -------
    pandas.DataFrame
        ``path, prediction, level, value, scale``.
    """
    rows = []
    for path in PATHS:
        levels = path_levels(path, n_levels)
        scales = {
            LINE: np.linspace(0, 1, n_levels),
            CLOSED: scale_from_information(partial(information, path), levels),
        }
        pictures = _draw(path, levels, size_px, px_per_deg, n_pictures, seed)
        scales |= measured_scales(pictures, backbones)
        for name, scale in scales.items():
            numbered = enumerate(zip(levels, scale))
            rows += [
                {"path": path, "prediction": name, "level": level, "value": value, "scale": at}
                for level, (value, at) in numbered
            ]
        if progress is not None:
            progress(1)
    return pd.DataFrame(rows)


def measured_scales(pictures: Tensor, backbones: Sequence[Backbone] = ()) -> dict[str, np.ndarray]:
    """Predict the scale of levels (n_levels, n_pictures, H, W) from pictures of them alone."""
    spectra = np.stack([sum(_polar_power(one) for one in level.numpy()) for level in pictures])
    scales = {"power spectrum": scale_from_steps(density_distances(spectra))}
    frame = SteerableFrame((pictures.shape[-2], pictures.shape[-1]))
    scales["steerable statistics"] = _scale_of_features([_band_magnitudes(frame, level) for level in pictures])
    for backbone in backbones:
        found = [[one.flatten(2) for one in backbone(level[:, None].to(torch.float32))] for level in pictures]
        scales[f"{backbone.name} features"] = _scale_of_features(found)
    return scales


def read_people(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Read the answers of Vacher and Mamassian's experiment: condition -> triads (n, 3) and answers (n,).

    Parameters
    ----------
    folder
        With one folder a condition (``exp_sf``, ``exp_sf_bdw``, ``exp_ori_bdw``, ``pair_01``, ...) and in it one CSV an
        observer with columns ``triplet_idx`` and ``mlds_resp``; or a folder in which that is ``data`` or
        ``preds_analysis/data``. ``mlds_resp`` is True where the first pair looked more different, and is turned round.
    """
    places = [Path(folder) / part for part in ("preds_analysis/data", "data", ".")]
    found = next((place for place in places if any((place / name).is_dir() for name in CONDITIONS)), None)
    if found is None:
        raise MissingFileError(
            f"There is no folder {', '.join(CONDITIONS)} in {folder}; give the folder preds_analysis/data of "
            "JonathanVacher/perceptual_metric."
        )
    names = sorted(one.name for one in found.iterdir() if one.name in CONDITIONS or re.fullmatch(r"pair_\d+", one.name))
    return {name: _read_condition(found / name) for name in names}


def score_people(
    people: dict[str, tuple[np.ndarray, np.ndarray]], predictions: pd.DataFrame, *, draws: int = 1000, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit people's scales and say how well each prediction explains their answers, beside the straight line.

    Returns
    -------
    people, fitted : pandas.DataFrame
        As in `PerceptualScales`. All observers' answers of a condition are pooled, with one scale and one noise.
    """
    rows, curves = [], []
    for condition, (stimuli, answers) in people.items():
        path = CONDITIONS.get(condition)
        try:
            fit = difference_scale(stimuli, answers, n_levels=N_LEVELS, monotone=True, draws=draws, seed=seed)
        except UndefinedError as error:
            raise InputError(f"The answers of {condition} give no scale: {error}") from error
        chosen = predictions[predictions["path"] == path]
        scales = {str(name): part["scale"].to_numpy() for name, part in chosen.groupby("prediction", sort=False)}
        facts = {"condition": condition, "path": path or "texture pair", "answers": fit.n_answers}
        rows.append({**facts, "scale": "fitted", "minus_log_likelihood": -fit.log_likelihood})
        for name, scale in {LINE: np.linspace(0, 1, N_LEVELS), **scales}.items():
            inside = (fit.interval[:, 0] <= scale) & (scale <= fit.interval[:, 1])
            row = {"minus_log_likelihood": -given_scale(scale, stimuli, answers).log_likelihood}
            row |= {
                "rms": float(np.sqrt(np.mean((scale - fit.scale) ** 2))),
                "area_score": area_score(scale, fit.scale),
            }
            rows.append({**facts, "scale": name, **row, "inside": int(inside[1:-1].sum())})
        values = path_levels(path, N_LEVELS) if path else np.arange(N_LEVELS)
        for level, (value, at, (low, high)) in enumerate(zip(values, fit.scale, fit.interval)):
            curves.append({**facts, "level": level, "value": value, "scale": at, "low": low, "high": high})
    return pd.DataFrame(rows), pd.DataFrame(curves)


def _draw(path: str, levels: np.ndarray, size_px: int, px_per_deg: float, n_pictures: int, seed: int) -> Tensor:
    side, count = check_count("size_px", size_px, least=32), check_count("n_pictures", n_pictures)
    seeds = [derive_seed(seed, path, picture) for picture in range(count)]
    textures = path_textures(path, levels)
    drawn = [[one.draw((side, side), px_per_deg=px_per_deg, seed=each) for each in seeds] for one in textures]
    return torch.from_numpy(np.array(drawn))


def _polar_power(picture: np.ndarray) -> np.ndarray:
    """Power in rings of an eighth of an octave and wedges of 15 degrees."""
    power = picture_power(picture)
    fy, fx = np.fft.fftfreq(power.shape[0])[:, None], np.fft.fftfreq(power.shape[1])
    octave = np.log2(np.maximum(np.hypot(fx, fy), 1e-12) * min(power.shape))
    ring = np.clip(np.floor(octave * _RINGS), 0, None).astype(int)
    wedge = np.floor((np.arctan2(fy, fx) / np.pi % 1) * _WEDGES + 0.5).astype(int) % _WEDGES
    return np.bincount((ring * _WEDGES + wedge).ravel(), weights=power.ravel(), minlength=16 * _RINGS * _WEDGES)


def _band_magnitudes(frame: SteerableFrame, level: Tensor) -> list[Tensor]:
    bands = frame.analyze(level - 0.5, quadrature=True)
    return [torch.hypot(real, imaginary).flatten(2) for real, imaginary in zip(bands.oriented, bands.quadrature or [])]


def _scale_of_features(levels: Sequence[list[Tensor]]) -> np.ndarray:
    """Scale from means and deviations over places of maps (n_pictures, channels, places), all maps together."""
    means = np.stack([torch.cat([one.mean((0, 2)) for one in maps]).double().numpy() for maps in levels])
    spreads = np.stack([torch.cat([_spread(one) for one in maps]).double().numpy() for maps in levels])
    alive = (spreads > 1e-6 * spreads.max()).all(axis=0)
    if not alive.any():
        raise InputError("No feature varies at every level of the path; draw larger pictures.")
    return scale_from_steps(gaussian_distances(means[:, alive], spreads[:, alive]))


def _spread(maps: Tensor) -> Tensor:
    return (maps - maps.mean((0, 2), keepdim=True)).square().mean((0, 2)).sqrt()


def _read_condition(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise MissingFileError(f"There is no CSV of an observer in {folder}.")
    questions, asked, answers = triads(N_LEVELS, widest_gap=_GAP), [], []
    for file in files:
        table = pd.read_csv(file)
        absent = [name for name in ("triplet_idx", "mlds_resp") if name not in table.columns]
        if absent:
            raise InputError(f"{file} lacks {', '.join(absent)}; it has {', '.join(map(str, table.columns))}.")
        numbers, first = table["triplet_idx"], table["mlds_resp"].astype(str).str.strip().str.lower()
        if not numbers.isin(range(len(questions))).all() or not first.isin(["true", "false"]).all():
            raise InputError(f"{file} needs triplet_idx from 0 to {len(questions) - 1} and mlds_resp True or False.")
        asked.append(questions[numbers.to_numpy(dtype=np.int64)])
        answers.append((first == "false").to_numpy(dtype=np.int64))
    return np.concatenate(asked), np.concatenate(answers)
