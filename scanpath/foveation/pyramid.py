"""One picture, many fixations: blur once, then mix each view in a single cheap pass."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scanpath._core.arrays import to_array, to_tensor
from scanpath._core.checks import check_image
from scanpath._core.errors import InputError
from scanpath.foveation.view import AnyLaw, Setup, View, check_out, shared_tensor, size_of, writable_tensor
from scanpath.kernels.blur import KeptLevels
from scanpath.kernels.blur_plan import BlurPlan
from scanpath.kernels.dispatch import choose_kernel


class BlurPyramid:
    """A picture kept at every level of blur that a law asks for.

    The views equal those of `foveated_blur`. "standard" keeps up to about ten times the picture's memory, "fast" four
    times. Fixations far outside the picture may ask for more blur, and then the levels are made anew.

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
    ...     view = pyramid.at(fixation, out=view)
    >>> bool((views[0, :, 20, 10] == image[:, 20, 10]).all()), bool((views[0] == views[1]).all())
    (True, False)
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
        corner = torch.zeros(1, 1, 2, device=self._image.device)
        plan, _ = self._setup.prepare(corner, size_of(self._image))
        self._levels(plan, choose_kernel(kernel, self._image, double=True))

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
        """Return the view from a fixation, or a batch of views; the arguments are those of `foveated_blur`.

        Give `out` to write into memory you have: for large pictures, making memory costs more than the view.
        """
        setup = self._setup.combining(combine, softness_deg, decay_deg)
        view = View.of(self._image, to_tensor(fixation), several=several)
        size = size_of(self._image)
        # from a corner of the picture the whole of it is seen: fixations inside it share one table
        plan, field = setup.prepare(view.fixations, size, least_extent_px=math.dist((1, 1), size))
        levels = self._levels(plan, choose_kernel(self._kernel, self._image, double=True))
        if out is None:
            result = view.unbatched(levels.blend(field))
            return to_array(result) if self._gives_arrays else result
        target = check_out(writable_tensor(out), view.result_shape, self._image)  # type: ignore[arg-type]
        levels.blend(field, out=view.batched(target))
        return out

    def reload(self, image: Any) -> None:
        """Replace the picture by another of the same shape and dtype, such as a video's next frame."""
        image, old = check_image(shared_tensor(image)), self._image
        if (image.shape, image.dtype, image.device) != (old.shape, old.dtype, old.device):
            raise InputError(
                f"The new image must have shape {tuple(old.shape)}, {old.dtype} on {old.device}, got "
                f"{tuple(image.shape)}, {image.dtype} on {image.device}; build a new pyramid for it."
            )
        self._image = image
        if self._setup.ready_levels(self._images[..., :1, :1]) is not None:
            self._kept.clear()
        for levels in self._kept.values():
            levels.reload(self._images)

    @property
    def _images(self) -> Tensor:
        return self._image if self._image.ndim == 4 else self._image[None]

    def _levels(self, plan: BlurPlan, kernel: str) -> KeptLevels:
        """Return the levels for a kernel, made where none are kept or too few."""
        kept = self._kept.get(kernel)
        if kept is None or len(kept.plan.levels) < len(plan.levels):
            ready = self._setup.ready_levels(self._images)
            if ready is None:
                kept = KeptLevels(self._images, plan, kernel=kernel)
            else:
                kept = KeptLevels.from_levels(ready, kernel=kernel)
            self._kept[kernel] = kept
        return kept
