"""One picture, many fixations: blur once, then mix each view in a single cheap pass."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from scanpath._core.arrays import to_array, to_tensor
from scanpath._core.checks import check_image
from scanpath.foveation.blur import AnyLaw, Setup, View, shared_tensor, size_of
from scanpath.foveation.laws import distance_grid
from scanpath.kernels.blur import KeptLevels
from scanpath.kernels.blur_plan import BlurPlan


class BlurPyramid:
    """A picture kept at every level of blur that a law asks for.

    The views equal those of `foveated_blur`. Memory: at 1080 x 1920 px, "standard" keeps up to about nine times the
    picture. Levels are made when a fixation first needs them, all those for fixations inside the picture at once.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W). It is not copied: do not change it while the pyramid is in use, or `reload` it.
    px_per_deg, law, quality, strength, kernel
        As in `foveated_blur`.

    Examples
    --------
    >>> image = torch.rand(3, 60, 80)
    >>> pyramid = BlurPyramid(image, px_per_deg=8, law="linear")
    >>> views = torch.empty(2, 3, 60, 80)
    >>> for view, fixation in zip(views, [(10, 20), (70, 30)]):
    ...     pyramid.at(fixation, out=view)  # doctest: +ELLIPSIS
    tensor(...
    tensor(...
    """

    def __init__(
        self,
        image: Any,
        *,
        px_per_deg: float,
        law: AnyLaw = "geisler_perry",
        quality: str = "standard",
        strength: float = 1.0,
        kernel: str = "auto",
    ) -> None:
        self._setup = Setup(px_per_deg, law, quality, strength)
        self._kernel, self._gives_arrays = kernel, isinstance(image, np.ndarray)
        self._image = check_image(shared_tensor(image))
        self._kept: dict[str, KeptLevels] = {}
        corners = torch.tensor([[[0.0, 0.0]]], dtype=torch.float64)
        self._levels(self._plan(corners), kernel)

    def at(
        self,
        fixation: Any,
        *,
        several: bool = False,
        combine: str = "min",
        softness_deg: float = 1.0,
        decay_deg: float = 1.0,
        out: Any = None,
    ) -> Any:
        """Return the view from a fixation, or one view for each of a batch; arguments as in `foveated_blur`.

        Give `out` to write into memory you have: for large pictures, making the memory costs more than the view.
        """
        setup = self._setup.combining(combine, softness_deg, decay_deg)
        view = View.of(self._image, to_tensor(fixation), several=several)
        plan = self._plan(view.fixations, setup)
        field = setup.field(plan, view.fixations, size_of(self._image))
        needs_grad = torch.is_grad_enabled() and any(part.requires_grad for part in field.tensors)
        levels = self._levels(plan, "reference" if needs_grad and self._kernel == "auto" else self._kernel)
        if out is None:
            result = view.unbatched(levels.blend(field))
            return to_array(result) if self._gives_arrays else result
        levels.blend(field, out=view.batched(torch.from_numpy(out) if isinstance(out, np.ndarray) else out))
        return out

    def reload(self, image: Any) -> None:
        """Replace the picture by another of the same shape and dtype, such as a video's next frame, in place."""
        self._image = check_image(shared_tensor(image))
        for levels in self._kept.values():
            levels.reload(self._images)

    @property
    def _images(self) -> Tensor:
        return self._image if self._image.ndim == 4 else self._image[None]
