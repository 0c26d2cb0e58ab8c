"""SceneWalk: attention and inhibition build up and fade over a scanpath, and together say where the eye goes next.

Two maps follow the eye. Attention approaches the picture's density under a Gaussian round the fixation, inhibition a
wider or narrower Gaussian without the picture; both do so exponentially in time, so that longer fixations count for
more. Their difference or quotient is the density of the next fixation.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.arrays import Array, as_given
from scanpath.guidance.scenewalk_layout import blend_of, lay_out, model_on
from scanpath.guidance.scenewalk_parameters import Parameter
from scanpath.guidance.scenewalk_paths import Range, paths_on
from scanpath.kernels.activation import walk_bits
from scanpath.kernels.activation_reference import Maps, walk_maps


def scenewalk_log_likelihood(
    density: Array,
    x_deg: Tensor | ArrayLike,
    y_deg: Tensor | ArrayLike,
    duration_s: Tensor | ArrayLike,
    *,
    range_deg: Range = ((0.0, 25.6), (0.0, 19.2)),
    configuration: str = "subtractive",
    parameters: Mapping[str, Parameter] | None = None,
    kernel: str = "auto",
) -> Array:
    """Say how likely each fixation of a scanpath was under SceneWalk, given those before it.

    The value of fixation k + 1 is log2 of the density's share in its cell. With H x W cells, a model that knows
    nothing gets -log2(H W), -14 bits on the usual 128 x 128.

    Parameters
    ----------
    density
        (H, W), where people look in this picture, such as the density of other people's fixations or a saliency map;
        128 x 128 in the papers. Its sum does not matter. (B, H, W) is one for each of B scanpaths.
    x_deg, y_deg
        (n,) fixations in degrees, x right and y down; or (B, n), B scanpaths on the picture, where shorter ones end
        with NaN.
    duration_s
        How long each lasted, in s, in the same shape; the last of a scanpath is not read.
    range_deg
        ((x of the left border, right border), (y of the upper border, lower border)) in degrees.
    configuration
        Which parts the model has; see `scanpath.guidance.scenewalk_parameters.read_configuration`.
    parameters
        Numbers or tensors () by name, such as ``{"attention_rate": 12.0}``, the published program's names too; default
        those of its demonstration, see `scanpath.guidance.scenewalk_parameters.DEFAULTS`.
    kernel
        See `scanpath.kernels.dispatch.choose_kernel`.

    Returns
    -------
    Tensor or array
        (n - 1,) or (B, n - 1) bits, NaN where a scanpath has ended. Differentiable with respect to density,
        durations and parameters. Fixations enter through their cells, the shifted place of attention too, so that
        positions and ``shift_deg`` have zero gradient, and ``return_size_deg`` has none. A fixation on a place that
        inhibition closes has the uniform share alone, and no other gradient.

    Raises
    ------
    InputError
        If a fixation lies outside the range, a duration is missing, or the density or a parameter cannot be used.

    References
    ----------
    Engbert, Trukenbrod, Barthelmé and Wichmann (2015). Spatial statistics and attentional dynamics in scene viewing.
    Journal of Vision 15(1):14. doi:10.1167/15.1.14
    Schütt, Rothkegel, Trukenbrod, Reich, Wichmann and Engbert (2017). Likelihood-based parameter estimation and
    comparison of dynamical cognitive models. Psychological Review 124, 505-524. doi:10.1037/rev0000068
    Schwetlick, Rothkegel, Trukenbrod and Engbert (2020). Modeling the effects of perisaccadic attention on gaze
    statistics during scene viewing. Communications Biology 3, 727. doi:10.1038/s42003-020-01429-8

    Examples
    --------
    >>> flat = np.ones((128, 128))
    >>> bits = scenewalk_log_likelihood(flat, [12.8, 19.0, 1.0], [9.6, 9.0, 5.0], [0.25, 0.25, 0.25])
    >>> bits.shape, bool(bits[0] > bits[1])  # 6 deg is a usual saccade, 18 deg is not
    ((2,), True)
    """
    model = model_on(density, configuration, parameters)
    paths = paths_on(model.density.shape[-2:], x_deg, y_deg, duration_s, range_deg, device=model.density.device)
    bits = walk_bits(model.density, lay_out(model, paths, n_steps=paths.n - 1), blend_of(model), kernel=kernel)
    bits = bits if np.ndim(x_deg) > 1 else bits[0]
    return bits if bits.requires_grad and isinstance(density, np.ndarray) else as_given(density, bits)  # type: ignore[return-value]  # gradients need a tensor


def scenewalk_maps(
    density: Array,
    x_deg: Tensor | ArrayLike,
    y_deg: Tensor | ArrayLike,
    duration_s: Tensor | ArrayLike,
    *,
    range_deg: Range = ((0.0, 25.6), (0.0, 19.2)),
    configuration: str = "subtractive",
    parameters: Mapping[str, Parameter] | None = None,
) -> Maps:
    """Draw SceneWalk's maps at the end of the last fixation: attention, inhibition, and the next one's density.

    Parameters
    ----------
    density, x_deg, y_deg, range_deg, configuration, parameters
        As for `scenewalk_log_likelihood`; one scanpath of at least one fixation.
    duration_s
        As there, with the last fixation's own.

    Returns
    -------
    Maps
        ``attention``, ``inhibition`` and ``density``, tensors (H, W) on the density's grid; the density has sum 1.

    Examples
    --------
    >>> scenewalk_maps(np.ones((128, 128)), [12.8], [9.6], [0.25]).density.argmax().item() == 64 * 128 + 64
    False
    """
    model = model_on(density, configuration, parameters)
    paths = paths_on(
        model.density.shape[-2:], x_deg, y_deg, duration_s, range_deg, device=model.density.device, least=1
    )
    maps = walk_maps(model.density, lay_out(model, paths, n_steps=paths.n), blend_of(model))
    return Maps(*(part[0] for part in maps))
