"""What networks are asked: pictures of their own condition, changed in ways that tell what a network lives on.

Every change comes after the condition: the foveated or blurred copy is occluded, filtered or mixed.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path
from scanpath.foveation.conditions import CONDITIONS
from scanpath.metrics.representations import dissimilarities
from scanpath.stimuli.cue_conflict import decoys, window_conflict
from scanpath.stimuli.frequency_filters import high_pass, low_pass, mean_color
from scanpath.stimuli.occlusion import OCCLUSIONS, occlude
from scanpath.studies.foveated_pictures import Copies
from scanpath.training.scene_classifier import ask

VIEWS, HIGH, LOW, WINDOW = "views", "high pass", "low pass", "window conflict"
#: Standard deviations of the high pass's blur in px, and of the low pass's in px of a picture of 256 px [1].
HIGH_PASS_PX, LOW_PASS_PX_OF_256 = (3.0, 1.5, 1.0, 0.7, 0.55, 0.45, 0.4), (1.0, 3.0, 5.0, 7.0, 9.0, 15.0, 40.0)
_COVERED, _WINDOWS = (0.125, 0.25, 0.5, 0.75), (0.03, 0.08, 0.15, 0.25, 0.4, 0.55, 0.7, 0.85)
#: Name of a probe -> its levels. "views" are the pictures as every condition shows them.
PROBES: Mapping[str, tuple[float, ...]] = {
    VIEWS: tuple(float(number) for number in range(len(CONDITIONS))),
    HIGH: HIGH_PASS_PX,
    LOW: LOW_PASS_PX_OF_256,
    **dict.fromkeys(OCCLUSIONS, _COVERED),
    WINDOW: _WINDOWS,
}
N_LEVELS = sum(map(len, PROBES.values()))
#: Pictures whose dissimilarities are compared, and that are asked about at a time.
N_COMPARED, _AT_ONCE = 160, 250
DISSIMILARITY = "dissimilarity"
#: Name of a probe -> classes that were named, (runs, levels, pictures); "dissimilarity" is (runs, pairs).
Answers = dict[str, np.ndarray]


def run_battery(
    networks: Sequence[nn.Module],
    condition: str,
    copies: Mapping[str, Copies],
    labels: np.ndarray,
    *,
    device: str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> Answers:
    """Ask networks that were trained on one condition about all probes.

    Parameters
    ----------
    networks
        One a run.
    condition
        What they were trained on; all probes but "views" are made of its pictures.
    copies
        Test pictures under every condition.
    labels
        (n,) their classes.
    device
        Where the networks are.
    progress
        Called with 1 after each level of each probe.
    """
    own = copies[condition]
    color = mean_color([one for _, one in _chunks(own)])
    partner = decoys(labels)
    answers: Answers = {name: np.empty((len(networks), len(some), len(own)), np.int16) for name, some in PROBES.items()}
    for name, levels in PROBES.items():
        for place, level in enumerate(levels):
            shown = copies[CONDITIONS[place]] if name == VIEWS else own
            for numbers, pictures in _chunks(shown):
                if name == WINDOW:
                    pictures = window_conflict(own.batch(partner[numbers].tolist()).numpy(), pictures, level)
                asked = torch.from_numpy(probe(name, pictures, level, color))
                for run, network in enumerate(networks):
                    answers[name][run, place, numbers] = ask(network, asked, device=device)[0]
            if progress is not None:
                progress(1)
    compared = own.batch(range(min(N_COMPARED, len(own))))
    matrices = [dissimilarities(ask(network, compared, device=device)[1]) for network in networks]
    return {**answers, DISSIMILARITY: np.stack(matrices).astype(np.float32)}


def probe(name: str, pictures: np.ndarray, level: float, color: np.ndarray) -> np.ndarray:
    """Change pictures (n, 3, H, W) uint8 as a probe does at a level; views and mixtures are ready as they are."""
    if name == HIGH:
        return high_pass(pictures, level, color)
    if name == LOW:
        return low_pass(pictures, level * pictures.shape[-1] / 256)
    if name in OCCLUSIONS:
        return occlude(pictures, name, level)
    return pictures


def save_answers(path: Path, answers: Answers, facts: Mapping[str, object]) -> None:
    """Write answers, and what they depend on, as safetensors."""
    from safetensors.numpy import save_file

    with atomic_path(path) as temporary:
        save_file(answers, temporary, metadata={"scanpath": json.dumps(dict(facts), sort_keys=True)})


def load_answers(path: Path, facts: Mapping[str, object]) -> Answers | None:
    """Read answers that an earlier run has kept, or None where there are none of these networks.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    try:
        with safe_open(path, "np") as kept:
            if (kept.metadata() or {}).get("scanpath") != json.dumps(dict(facts), sort_keys=True):
                return None
            return {name: kept.get_tensor(name) for name in kept.keys()}  # noqa: SIM118 (it is no mapping)
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"The answers in {path} are damaged; delete the file, and they are asked for again."
        ) from error


def _chunks(copies: Copies) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give a few pictures at a time, with their numbers."""
    for start in range(0, len(copies), _AT_ONCE):
        numbers = np.arange(start, min(start + _AT_ONCE, len(copies)))
        yield numbers, copies.batch(numbers.tolist()).numpy()
