"""Foveated texture: sharp at the fixation, texture of the same statistics in the periphery."""

from collections.abc import Callable

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.arrays import Array, as_given
from scanpath._core.checks import check_choice, check_count, check_image
from scanpath._core.errors import InputError
from scanpath._core.memory import keep_freed_memory
from scanpath.foveation.fixated_images import check_unit_range, fixation_of_each, size_of
from scanpath.foveation.neurofovea import Weights, load_decoder, load_encoder, transfer_features
from scanpath.foveation.texture_steerable import transfer_bands
from scanpath.foveation.window_tables import WindowGeometry
from scanpath.foveation.windows import PoolingWindows, windows_beyond_fovea
from scanpath.kernels.dispatch import run_pictures

ENCODERS = ("steerable", "vgg19")
SOURCES = ("cascade", "noise")


#: Makes the texture of a picture (C, H, W) in windows.
Transfer = Callable[[Tensor, WindowGeometry], Tensor]


def foveated_texture(
    image: Array,
    fixation: ArrayLike,
    *,
    px_per_deg: float,
    scaling: float = 0.4,
    encoder: str = "steerable",
    seed: int = 0,
    source: str | None = None,
    iterations: int | None = None,
    window: str = "cosine",
    fovea_deg: float = 1.82,
    keep_fovea: bool = True,
    weights: Weights | None = None,
    decoder: Weights | None = None,
) -> Array:
    """Replace the periphery by texture with the picture's own statistics in windows that grow with eccentricity.

    The share of texture is tanh(0.6405 r) in a window whose area is that of a disk of r degrees [1]_. With the
    encoder "steerable" the picture is split into oriented octaves by filters that need no training. Each band's
    contrast in each window stays; bands longer than a window stay as they are. Where the new structure comes from:

    - "cascade": from the picture itself, each octave moved by smooth random fields of its own and of the coarser
      octaves, by up to 0.7 window radii. Edges stay edges but lose their places, as in [1]_.
    - "noise": from white noise with the covariance that the colors of each window have. Edges dissolve.

    With the encoder "vgg19" the means and standard deviations of deep features are transferred to noise and decoded
    to pixels, which is the published transform [1]_ with soft windows and any fixation.

    Parameters
    ----------
    image
        (C, H, W) or (B, C, H, W) in [0, 1]; any number of channels for "steerable", RGB for "vgg19".
    fixation
        x and y in px, shape (2,), or (B, 2) for one per picture; also outside the picture.
    px_per_deg
        Pixels per degree of visual angle.
    scaling
        Width of the windows over their eccentricity; [1]_ uses 0.25 to 0.7, and 0.4 for machine vision.
    encoder
        "steerable" or "vgg19".
    seed
        Of the random fields or the noise. It is the same for all pictures of a batch, so that results do not depend
        on the batch.
    source
        "cascade" (default) or "noise", for "steerable".
    iterations
        How often the bands' contrast is matched, once by default, for "steerable". Bands overlap, so that matching
        one disturbs the others: once leaves a median error of 5 to 17 percent, twice 4 to 14.
    window
        "cosine" or "gaussian", see `PoolingWindows`.
    fovea_deg
        Radius of the fovea, where windows begin.
    keep_fovea
        Put the picture's own pixels into the fovea. Without it the fovea passes through encoder and decoder too, as
        in [1]_, which matters when conditions are compared that shall share the decoder's faults.
    weights, decoder
        For "vgg19": torchvision's VGG-19 weights, and a decoder that ``python -m scanpath.training.texture_decoder``
        wrote; files, or ``{"seed": n}`` for random ones.

    Returns
    -------
    Tensor
        The shape and type of `image`, clipped to [0, 1]; differentiable with respect to it.

    Raises
    ------
    InputError
        If a name is unknown, a number is not positive, a setting belongs to the other encoder, weights are missing,
        the picture lies wholly in the fovea, or its values are not those of a picture in [0, 1].

    References
    ----------
    .. [1] Deza, A., Jonnalagadda, A. & Eckstein, M. (2019). Towards metamerism via foveated style transfer. ICLR.
       https://doi.org/10.48550/arXiv.1705.10041

    Examples
    --------
    >>> picture = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    >>> texture = foveated_texture(picture, (31.5, 31.5), px_per_deg=4.0)
    >>> bool((texture == foveated_texture(picture, (31.5, 31.5), px_per_deg=4.0)).all())
    True
    """
    given = check_unit_range(check_image(image))
    check_choice("encoder", encoder, ENCODERS)
    pictures = given if given.ndim == 4 else given[None]
    geometries = [
        windows_beyond_fovea(
            size_of(given), point, px_per_deg=px_per_deg, scaling=scaling, window=window, fovea_deg=fovea_deg
        )
        for point in fixation_of_each(pictures, fixation)
    ]
    keep_freed_memory()
    transfer = _make_transfer(encoder, seed, source, iterations, weights, decoder)

    def work(parts: tuple[Tensor, WindowGeometry]) -> Tensor:
        return _foveate(*parts, transfer, keep_fovea)

    side_by_side = encoder == "steerable" and given.device.type == "cpu" and not given.requires_grad
    run = run_pictures if side_by_side else map
    results = list(run(work, list(zip(pictures, geometries))))
    return as_given(image, torch.stack(results) if given.ndim == 4 else results[0])


def _make_transfer(
    encoder: str,
    seed: int,
    source: str | None,
    iterations: int | None,
    weights: Weights | None,
    decoder: Weights | None,
) -> Transfer:
    """Return what makes an encoder's texture."""
    if encoder == "steerable":
        if weights is not None or decoder is not None:
            raise InputError('The encoder "steerable" has no weights; leave out weights and decoder, or use "vgg19".')
        name = check_choice("source", source or "cascade", SOURCES)
        count = check_count("iterations", 1 if iterations is None else iterations)
        return lambda picture, geometry: transfer_bands(picture, geometry, name, seed, count)
    if source is not None or iterations is not None:
        raise InputError('source and iterations belong to the encoder "steerable"; leave them out with "vgg19".')
    if weights is None or decoder is None:
        raise InputError(
            'The encoder "vgg19" needs weights=FILE (torchvision\'s vgg19) and decoder=FILE; train a decoder with '
            "python -m scanpath.training.texture_decoder FOLDER --weights FILE --out decoder.safetensors."
        )
    networks = load_encoder(weights), load_decoder(decoder)

    def transfer(picture: Tensor, geometry: WindowGeometry) -> Tensor:
        encode, decode = (network.to(picture.device) for network in networks)
        return transfer_features(picture, geometry, encode, decode, seed)

    return transfer


def _foveate(picture: Tensor, geometry: WindowGeometry, transfer: Transfer, keep_fovea: bool) -> Tensor:
    working = picture if picture.dtype == torch.float64 else picture.to(torch.float32)
    texture = transfer(working, geometry)
    if keep_fovea:
        fovea = PoolingWindows.of(geometry).fovea.to(working)
        texture = fovea * working + (1 - fovea) * texture
    return texture.clamp(0, 1).to(picture.dtype)
