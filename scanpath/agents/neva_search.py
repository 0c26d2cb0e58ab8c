"""How NeVA finds the point from which the picture serves its objective best."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from scanpath._core.errors import InputError

RESTARTS = ("none", "jitter", "uniform")


@dataclass
class Search:
    """One search for a fixation: what was tried, and what was kept.

    Attributes
    ----------
    points, losses
        All points that were tried, (row, column), and the losses measured there, in order.
    point
        The point that was kept.
    """

    points: list[Tensor] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    point: Tensor | None = None

    def add(self, points: Tensor, losses: Tensor) -> None:
        """Note points and their losses."""
        self.points += list(points.detach())
        self.losses += losses.tolist()

    def kept(self) -> Tensor:
        """Return the point that was kept, (2,), or say that no loss was a number."""
        if self.point is None:
            raise InputError("NeVA's loss was NaN or infinite wherever it was measured; check the model and its input.")
        return self.point


@dataclass(frozen=True)
class Look:
    """One fixation's view: measures what the model makes of the picture seen from a point.

    Attributes
    ----------
    see
        Points (K, 2) -> pictures (K, C, H, W), differentiable.
    loss
        Pictures -> (K,) losses, differentiable.
    """

    see: Callable[[Tensor], Tensor]
    loss: Callable[[Tensor], Tensor]

    def losses(self, points: Tensor) -> Tensor:
        """Return the losses (K,) at points (K, 2): one forward pass a point."""
        with torch.no_grad():
            return self.loss(self.see(points))

    def measure(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return the losses (K,) at points (K, 2) and their gradients (K, 2): one forward and backward pass a point."""
        at = points.detach().clone().requires_grad_()
        losses = self.loss(self.see(at))
        (gradients,) = torch.autograd.grad(losses.sum(), at)
        return losses.detach(), gradients


@dataclass(frozen=True)
class Walk:
    """How a search goes from point to point.

    Attributes
    ----------
    steps
        Rounds of measuring.
    step_size
        Length of a step in NeVA's frame.
    restart
        What follows a point that did not improve: "none", "jitter" or "uniform".
    draw
        Returns two uniform numbers in [0, 1), for row and column.
    """

    steps: int
    step_size: float
    restart: str
    draw: Callable[[], Tensor]


def published_search(look: Look, how: Walk, *, device: torch.device) -> Search:
    """Search as the published code does: signed gradient steps from the center.

    As there, the point after a step is kept for the loss measured before it, and points may leave the picture. A step
    that does not improve is followed by a jitter of half a step, or by a new start anywhere, if `how.restart` says so.
    """
    search, best = Search(), float("inf")
    point = torch.zeros(1, 2, device=device)
    for _ in range(how.steps):
        losses, gradients = look.measure(point)
        search.add(point, losses)
        point = point - how.step_size * gradients.sign()
        if float(losses[0]) < best:
            best, search.point = float(losses[0]), point[0]
        elif how.restart == "jitter":
            point = point + (how.draw().to(device) * how.step_size - how.step_size / 2)
        elif how.restart == "uniform":
            point = (2 * how.draw() - 1).to(device)[None]
    return search


def best_search(look: Look, starts: Tensor, how: Walk) -> Search:
    """Measure all starts in one batch, then walk downhill from the best; keep the best point where it was measured.

    Slopes, which cost twice what a loss does, are taken only where a step may go on from.

    Parameters
    ----------
    starts
        (K, 2) points.
    how
        The starts are one of its rounds. A step that does not improve halves the length of the next; what is tried
        then is a shorter step from the best point ("none"), a random point near it, or a random point anywhere. Points
        stay inside the picture.
    """
    search = Search()
    losses = look.losses(starts)
    search.add(starts, losses)
    index = int(torch.where(losses.isfinite(), losses, torch.inf).argmin())
    if losses[index].isfinite():
        search.point = starts[index]
        if how.steps > 1:
            _walk(look, search, float(losses[index]), how)
    return search


def _walk(look: Look, search: Search, best: float, how: Walk) -> None:
    """Go on from the point that is kept, whose loss is `best`."""
    kept, step_size = search.kept(), how.step_size
    slope = look.measure(kept[None])[1][0]
    proposal = _downhill(kept, slope, step_size)
    for left in reversed(range(how.steps - 1)):
        losses, slopes = look.measure(proposal[None]) if left else (look.losses(proposal[None]), slope[None])
        search.add(proposal[None], losses)
        if float(losses[0]) < best:
            best, kept, slope = float(losses[0]), proposal, slopes[0]
            proposal = _downhill(kept, slope, step_size)
            continue
        step_size /= 2
        if how.restart == "none":
            proposal = _downhill(kept, slope, step_size)
        else:
            offset = (2 * how.draw() - 1).to(kept.device)
            proposal = offset if how.restart == "uniform" else (kept + step_size * offset).clamp(-1, 1)
    search.point = kept


def _downhill(point: Tensor, slope: Tensor, step_size: float) -> Tensor:
    return (point - step_size * slope / slope.norm().clamp_min(1e-12)).clamp(-1, 1)


def first_points(gain: Tensor, n: int, apart: float) -> Tensor:
    """Return the `n` lowest places (n, 2) of a map (H, W) in [-1, 1], at least `apart` from each other."""
    height, width = gain.shape
    rows, columns = (torch.linspace(-1, 1, side, device=gain.device) for side in (height, width))
    rest, found = gain.detach().clone(), []
    for _ in range(n):
        index = int(rest.cpu().numpy().argmin())  # NumPy's argmin promises the first minimum
        point = torch.stack([rows[index // width], columns[index % width]])
        found.append(point)
        near = (rows[:, None] - point[0]) ** 2 + (columns[None] - point[1]) ** 2 < apart**2
        rest[near] = torch.inf
    return torch.stack(found)
