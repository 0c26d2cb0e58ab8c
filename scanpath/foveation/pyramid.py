"""One picture, many fixations: blur once, then mix each view in a single cheap pass."""

import math
from typing import Generic

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_image
from scanpath._core.errors import InputError
from scanpath.foveation.fixated_images import FixatedImages, size_of
from scanpath.foveation.laws import AnyLaw, find_law
from scanpath.kernels.blur import KeptLevels
from scanpath.kernels.blur_plan import BlurPlan
from scanpath.kernels.dispatch import choose_kernel


class BlurPyramid(Generic[Array]):
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
        image: Array,
        *,
        px_per_deg: float,
        law: AnyLaw = "geisler_perry",
        quality: str = "standard",
        strength: float = 1.0,
        kernel: str = "auto",
    ) -> None:
        self._law = find_law(law, px_per_deg, strength, quality)
        self._given: Array = image  # says of what kind the views are
        self._image, self._kernel = check_image(image, bytes_too=True), kernel
        self._kept: dict[str, KeptLevels] = {}
        corner = torch.zeros(1, 1, 2, device=self._image.device)
        self._levels(self._law.prepare(corner, size_of(self._image))[0])

    def at(
        self,
        fixation: ArrayLike,
        *,
        several: bool = False,
        combine: str = "min",
        softness_deg: float = 1.0,
        decay_deg: float = 1.0,
        out: Array | None = None,
    ) -> Array:
        """Return the view from a fixation, or a batch of views; the arguments are those of `foveated_blur`.

        Give `out` to write into memory you have: for large pictures, making memory costs more than the view.
        """
        seen = FixatedImages.of(self._image, fixation, several=several)
        # from a corner of the picture the whole of it is seen: fixations inside it share one table
        least_extent_px = math.dist((1, 1), seen.size)
        memory = {"softness_deg": softness_deg, "decay_deg": decay_deg, "least_extent_px": least_extent_px}
        plan, field = self._law.prepare(seen.fixations, seen.size, combine=combine, **memory)
        result = self._levels(plan).blend(field, out=seen.out(out))
        return as_given(self._given, seen.unbatched(result)) if out is None else out

    def reload(self, image: Array) -> None:
        """Replace the picture by another of the same shape and dtype, such as a video's next frame."""
        new, old = check_image(image, bytes_too=True), self._image
        if (new.shape, new.dtype, new.device) != (old.shape, old.dtype, old.device):
            raise InputError(
                f"The new image must have shape {tuple(old.shape)}, {old.dtype} on {old.device}, got "
                f"{tuple(new.shape)}, {new.dtype} on {new.device}; build a new pyramid for it."
            )
        self._image = new
        for levels in self._kept.values():
            levels.reload(self._images)

    @property
    def _images(self) -> Tensor:
        return self._image if self._image.ndim == 4 else self._image[None]

    def _levels(self, plan: BlurPlan) -> KeptLevels:
        """Return the levels for the kernel that runs now, made where none are kept or too few."""
        kernel = choose_kernel(self._kernel, self._image, double=True)
        kept = self._kept.get(kernel)
        if kept is None or len(kept.plan.levels) < len(plan.levels):
            kept = self._kept[kernel] = KeptLevels(self._images, plan, kernel=kernel)
        return kept
