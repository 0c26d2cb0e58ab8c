"""G-Eymol: the eye as a body that falls through the gravity of visual details (Zanca, Melacci, Gori 2020)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter, map_coordinates
from torch import Tensor

from scanpath._core.checks import check_positive
from scanpath.agents.agent import PlannedAgent
from scanpath.agents.episode import Episode, Fixation
from scanpath.agents.framing import Frame
from scanpath.agents.history import History, as_history
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.gravity import GravityField, gravity_field

FRAME_MS = 40.0
#: Steps of the motion in a frame; inhibition comes every eighth frame, as the published program has it.
STEPS, INHIBITION_FRAMES = 10, 8
DISC_RADIUS_PX, DISC_BLUR_PX, DISC_KEEP = 35.0, 8.0, 0.9
STILL_PX, STILL_MS = 25.0, 50.0
#: A walk ends here even if it has not made its fixations: an eye may be caught.
LONGEST_MS = 30_000.0


@dataclass
class Body:
    """The eye in the field: where it is, how fast it moves, and what it is tired of.

    Attributes
    ----------
    position, velocity
        (row, column) in px of the field, and px a frame.
    inhibition
        (h, w) in [0, 1].
    """

    field: GravityField
    position: np.ndarray
    velocity: np.ndarray
    inhibition: np.ndarray
    frames: int = 0
    pull: np.ndarray | None = None

    def inhibit(self, place: np.ndarray) -> None:
        """Add a soft disc at a place to the fading inhibition, and weigh the masses anew."""
        rows, columns = np.indices(self.field.size)
        disc = ((rows - place[0]) ** 2 + (columns - place[1]) ** 2 <= DISC_RADIUS_PX**2).astype(np.float64)
        soft = gaussian_filter(disc, DISC_BLUR_PX, mode="nearest", truncate=25 / DISC_BLUR_PX)
        self.inhibition = np.minimum(1, DISC_KEEP * self.inhibition + soft / max(soft.max(), 1e-12))
        self.pull = None

    def move(self, drag: float) -> None:
        """Move for one frame: x'' + drag x' = E(x), semi-implicit Euler; the border stops the eye."""
        if self.frames and self.frames % INHIBITION_FRAMES == 0:
            self.inhibit(self.position)
        self.pull = self.field.pull(self.inhibition) if self.pull is None else self.pull
        last = np.array(self.field.size) - 1.0
        step = 1 / STEPS
        for _ in range(STEPS):
            force = [map_coordinates(part, self.position[:, None], order=1, mode="nearest")[0] for part in self.pull]
            self.velocity = (self.velocity + step * np.array(force)) / (1 + step * drag)
            moved = self.position + step * self.velocity
            outside = (moved < 0) | (moved > last)
            mirrored = np.where(moved < 0, -moved, np.where(moved > last, 2 * last - moved, moved))
            self.position = np.clip(mirrored, 0, last)
            self.velocity = np.where(outside, 0, self.velocity)
        self.frames += 1


class GEymolAgent(PlannedAgent):
    """Falls through the gravity of a picture's details; fixations are where the eye lingers.

    The field is that of the published program; the motion is integrated in steps of a tenth of a frame on real
    numbers, where the program lost a tenth of each frame and cut positions to whole pixels.

    Parameters
    ----------
    drag
        How fast the eye loses speed, per frame of 40 ms.
    found_rule
        When a search ends; default a fixation inside the target's box.

    References
    ----------
    Zanca, Melacci, Gori (2020), Gravitational laws of focus of attention, IEEE PAMI 42(12),
    doi:10.1109/TPAMI.2019.2920636.
    """

    name = "g_eymol"

    def __init__(self, *, drag: float = 1.5, found_rule: FoundRule | None = None) -> None:
        super().__init__(found_rule=found_rule or InBox())
        self.drag = check_positive("drag", drag)

    def prepare(self, stimulus: Stimulus) -> tuple[GravityField, Frame]:
        """Compute the masses."""
        field = gravity_field(stimulus.rgb)
        height, width = stimulus.size
        return field, Frame(0, 0, width, height, field.size)

    def priority(self, stimulus: Stimulus, history_xy: Tensor | ArrayLike) -> Tensor:
        """Return the mass (H, W) that earlier fixations have left: what pulls, not where the eye is next."""
        field, _ = self.prepared(stimulus)
        body = self._body(stimulus, as_history(history_xy))
        mass = torch.from_numpy(field.mass(body.inhibition)).to(torch.float32)
        return F.interpolate(mass[None, None], stimulus.size, mode="bilinear", align_corners=False)[0, 0]

    def next_fixation(self, stimulus: Stimulus, history: History, generator: torch.Generator) -> tuple[float, float]:
        """Return where the eye lingers next: after a start near the center, or at rest on the last fixation.

        A random push sets it off.
        """
        return self._fixations(stimulus, history, 1, generator)[0].xy

    def plan(self, episode: Episode) -> Sequence[Fixation]:
        """Let the eye fall without interruption, from the first fixation to the last; they have times."""
        return self._fixations(episode.stimulus, [], episode.n_fixations, episode.generator)

    def _fixations(self, stimulus: Stimulus, history: History, n: int, generator: torch.Generator) -> list[Fixation]:
        _, frame = self.prepared(stimulus)
        body = self._body(stimulus, history, generator)
        trace, times = [], []
        while True:
            points = torch.from_numpy(2 * body.position / (np.array(body.field.size) - 1) - 1)
            trace.append(frame.to_px(points[None])[0])
            times.append(body.frames * FRAME_MS)
            if body.frames % INHIBITION_FRAMES == 0 or times[-1] >= LONGEST_MS:
                found = find_fixations(np.array(trace), np.array(times))
                # the last one may still go on
                if len(found) > n + bool(history) or times[-1] >= LONGEST_MS:
                    return found[bool(history) :][:n] or found[-1:]
            body.move(self.drag)

    def _body(self, stimulus: Stimulus, history: History, generator: torch.Generator | None = None) -> Body:
        field, frame = self.prepared(stimulus)
        height, width = field.size
        push, place = np.zeros(2), np.array([height // 2, width // 2], dtype=np.float64)
        if generator is not None:
            sign, size = torch.randint(0, 2, (2,), generator=generator), torch.rand(2, generator=generator)
            push = ((2 * sign - 1) * 2 * (0.3 + 0.4 * size)).double().numpy()
        if not history and generator is not None:
            reach = int(0.17 * min(height, width))
            place = place + torch.randint(-reach, reach + 1, (2,), generator=generator).double().numpy()
        body = Body(field, place, push, np.zeros(field.size))
        for xy in history:
            points = (frame.from_px([xy])[0].double().numpy() + 1) / 2 * (np.array(field.size) - 1)
            body.position = np.clip(points, 0, np.array(field.size) - 1.0)
            body.inhibit(body.position)
        return body


def find_fixations(
    trace_xy: np.ndarray, times_ms: np.ndarray, *, still_px: float = STILL_PX, still_ms: float = STILL_MS
) -> list[Fixation]:
    """Cut a trace into fixations: stretches within `still_px` of their first sample that last `still_ms`.

    Returns
    -------
    list of Fixation
        In order; each is at the mean of its stretch.

    Examples
    --------
    >>> find_fixations(np.array([[0, 0], [1, 0], [2, 0], [90, 0], [90, 0]]), np.arange(5) * 40.0)
    [Fixation(xy=(1.0, 0.0), onset_ms=0.0, duration_ms=80.0)]
    """
    found: list[Fixation] = []
    start = 0
    for index in range(1, len(trace_xy) + 1):
        if index < len(trace_xy) and math.dist(trace_xy[index], trace_xy[start]) <= still_px:
            continue
        duration_ms = float(times_ms[index - 1] - times_ms[start])
        if duration_ms >= still_ms:
            x, y = trace_xy[start:index].mean(0)
            found.append(Fixation((float(x), float(y)), float(times_ms[start]), duration_ms))
        start = index
    return found
