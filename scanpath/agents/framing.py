"""How a picture of any size is put in front of a network, and how the network's points come back to pixels."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from scanpath._core.checks import check_choice

FRAMINGS = ("whole", "center_crop")


@dataclass(frozen=True)
class Frame:
    """The part of a picture that a network sees, and the size it sees it at.

    Points are (row, column) in [-1, 1] with the outermost pixels' centers at -1 and 1.

    Attributes
    ----------
    left, top, width, height
        The part, in px of the picture.
    size
        (height, width) of the network's input.
    """

    left: int
    top: int
    width: int
    height: int
    size: tuple[int, int]

    def picture(self, image: Tensor) -> Tensor:
        """Cut (C, H, W) to the part and resize it, smoothed against aliasing; unchanged if nothing is to do."""
        part = image[:, self.top : self.top + self.height, self.left : self.left + self.width]
        if tuple(part.shape[-2:]) == self.size:
            return part
        resized = F.interpolate(part[None], self.size, mode="bicubic", antialias=True, align_corners=False)
        return resized[0].clamp(0, 1)

    def to_px(self, points: Tensor) -> list[tuple[float, float]]:
        """Turn (K, 2) points into (x, y) px of the picture."""
        rows, columns = points.detach().to("cpu", torch.float64).unbind(-1)
        y = self._to_picture((rows + 1) / 2 * (self.size[0] - 1), self.height, self.size[0]) + self.top
        x = self._to_picture((columns + 1) / 2 * (self.size[1] - 1), self.width, self.size[1]) + self.left
        return list(zip(x.tolist(), y.tolist()))

    def from_px(self, xy: list[tuple[float, float]]) -> Tensor:
        """Turn n fixations in px of the picture into (n, 2) points."""
        x, y = torch.tensor(xy, dtype=torch.float64).reshape(-1, 2).unbind(-1)
        rows = self._to_network(y - self.top, self.height, self.size[0]) / max(self.size[0] - 1, 1)
        columns = self._to_network(x - self.left, self.width, self.size[1]) / max(self.size[1] - 1, 1)
        return torch.stack([2 * rows - 1, 2 * columns - 1], dim=-1).to(torch.float32)

    def map_to_picture(self, values: Tensor, size: tuple[int, int]) -> Tensor:
        """Spread a map (h, w) of the network's pixels over the picture (H, W), at its least value outside the part."""
        part = F.interpolate(values[None, None], (self.height, self.width), mode="bilinear", align_corners=False)
        spread = torch.full(size, float(values.min()), dtype=values.dtype, device=values.device)
        spread[self.top : self.top + self.height, self.left : self.left + self.width] = part[0, 0]
        return spread

    # pixel centers are at integers in both pictures, so that their borders, at -1/2 and n - 1/2, coincide
    @staticmethod
    def _to_picture(position: Tensor, part: int, network: int) -> Tensor:
        if part == network:
            return position
        # the network's outermost pixels may reach beyond the centers of the picture's: of one that was enlarged
        inside = (position >= 0) & (position <= network - 1)
        moved = (position + 0.5) * part / network - 0.5
        return torch.where(inside, moved.clamp(0, part - 1), moved)

    @staticmethod
    def _to_network(position: Tensor, part: int, network: int) -> Tensor:
        return position if part == network else (position + 0.5) * network / part - 0.5


def frame_picture(size: tuple[int, int], network: tuple[int, int] | None, framing: str = "whole") -> Frame:
    """Choose the part of a picture of (height, width) `size` that a network of input size `network` sees.

    Parameters
    ----------
    size
        (height, width) of the picture.
    network
        (height, width) of the network's input; None takes pictures as they are.
    framing
        "whole" resizes the picture without regard to its proportions, so that all of it can be looked at;
        "center_crop" keeps proportions and cuts what sticks out of the central part.

    Examples
    --------
    >>> frame_picture((600, 800), (224, 224), "center_crop").left
    100
    >>> frame_picture((600, 800), (224, 224)).to_px(torch.tensor([[0.0, 0.0]]))
    [(399.5, 299.5)]
    """
    check_framing(framing)
    height, width = size
    if network is None:
        return Frame(0, 0, width, height, size)
    if framing == "whole":
        return Frame(0, 0, width, height, network)
    scale = min(height / network[0], width / network[1])
    part_height, part_width = min(height, round(scale * network[0])), min(width, round(scale * network[1]))
    return Frame((width - part_width) // 2, (height - part_height) // 2, part_width, part_height, network)


def check_framing(framing: str) -> str:
    """Return the framing if there is such a one."""
    return check_choice("framing", framing, FRAMINGS)
