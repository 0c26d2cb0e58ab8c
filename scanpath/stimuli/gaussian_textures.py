"""Gaussian textures with a given spectrum, and what their parameters tell: Fisher information in closed form."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ive

from scanpath._core.checks import check_choice, check_count, check_number, check_positive, check_share, check_size
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator

#: What varies along a path -> the field of a texture.
PATHS = {
    "frequency": "mode_cpd",
    "frequency-bandwidth": "bandwidth_octaves",
    "orientation-bandwidth": "orientation_sd_deg",
}
#: First and last value of each path in the published experiment.
RANGES = {"frequency": (0.5, 3.5), "frequency-bandwidth": (0.25, 3.25), "orientation-bandwidth": (1.5, 13.5)}
#: Above this concentration the difference of Bessel functions is replaced by its series.
_CONCENTRATED = 1e4


@dataclass(frozen=True)
class GaussianTexture:
    """A stationary Gaussian texture: where its power lies in frequency and orientation.

    The power is a density over the frequency plane in polar coordinates: log-normal in frequency, and an exponential of
    cos 2(theta - orientation) in orientation [1]_.

    Parameters
    ----------
    mode_cpd
        Most frequent spatial frequency, in cycles per degree.
    bandwidth_octaves
        Full width at half height of the density's bell in log frequency.
    orientation_deg
        Direction of the wave vector; 0 is along x.
    orientation_sd_deg
        Standard deviation of orientation, for narrow ones.

    References
    ----------
    .. [1] Vacher, J. & Mamassian, P. (2024). Perceptual scales predicted by Fisher information metrics. ICLR.
       https://doi.org/10.48550/arXiv.2310.11759

    Examples
    --------
    >>> texture = GaussianTexture(mode_cpd=2.0)
    >>> texture.draw((64, 64), px_per_deg=20, seed=1).shape
    (64, 64)
    """

    mode_cpd: float = 2.0
    bandwidth_octaves: float = 1.0
    orientation_deg: float = 0.0
    orientation_sd_deg: float = 15.0

    def __post_init__(self) -> None:
        for name in ("mode_cpd", "bandwidth_octaves", "orientation_sd_deg"):
            check_positive(name, getattr(self, name))
        check_number("orientation_deg", self.orientation_deg)

    def density(self, fx_cpd: ArrayLike, fy_cpd: ArrayLike) -> np.ndarray:
        """Density of power at frequencies in cycles per degree, up to a factor; y points down."""
        fx, fy = np.asarray(fx_cpd, dtype=np.float64), np.asarray(fy_cpd, dtype=np.float64)
        radius, angle = np.hypot(fx, fy), np.arctan2(fy, fx) - math.radians(self.orientation_deg)
        variance = self.bandwidth_octaves**2 * math.log(2) / 8
        away = np.log(np.maximum(radius, 1e-12) / self.mode_cpd) - variance
        concentration = 1 / (4 * math.radians(self.orientation_sd_deg) ** 2)
        log_density = concentration * (np.cos(2 * angle) - 1) - away**2 / (2 * variance)
        # a density over frequency and angle is 1 / radius of one over the plane; the other 1 / radius is log-normal's
        return np.where(radius > 0, np.exp(log_density) / np.maximum(radius, 1e-12) ** 2, 0.0)

    def power(self, size: tuple[int, int], px_per_deg: float) -> np.ndarray:
        """Share of the power at each frequency of a picture (H, W), in the order of ``numpy.fft.fft2``."""
        height, width = check_size("size", size)
        scale = check_positive("px_per_deg", px_per_deg)
        density = self.density(np.fft.fftfreq(width) * scale, np.fft.fftfreq(height)[:, None] * scale)
        if not density.sum() > 0:
            raise InputError(
                f"A picture of {width} x {height} px at {scale:g} px per degree has no frequency that this texture of "
                f"{self.mode_cpd:g} cycles per degree uses; give a larger picture or another px_per_deg."
            )
        return density / density.sum()

    def draw(self, size: tuple[int, int], *, px_per_deg: float, contrast: float = 0.2, seed: int = 0) -> np.ndarray:
        """Draw a picture (H, W) around 0.5, float64, not clipped.

        Parameters
        ----------
        size
            (height, width).
        px_per_deg
            Pixels per degree.
        contrast
            Standard deviation of the gray values over their mean.
        seed
            The same seed gives the same phases, whatever the texture.
        """
        return draw_from_power(self.power(size, px_per_deg), contrast=contrast, seed=seed)


def draw_from_power(power: np.ndarray, *, contrast: float, seed: int) -> np.ndarray:
    """Filter white noise of a seed to a power spectrum (H, W); mean 0.5, standard deviation 0.5 * contrast exactly."""
    noise = np.fft.fft2(numpy_generator(seed, "texture").normal(size=power.shape))
    noise = noise / np.maximum(np.abs(noise), 1e-300)
    spectrum = noise * np.sqrt(power)
    spectrum[0, 0] = 0.0
    field = np.fft.ifft2(spectrum).real
    return 0.5 + 0.5 * check_positive("contrast", contrast) * field / field.std()


def path_levels(path: str, n_levels: int = 13, *, first: float | None = None, last: float | None = None) -> np.ndarray:
    """Evenly spaced values of a path's parameter, as published where no ends are given.

    Examples
    --------
    >>> path_levels("frequency", 4)
    array([0.5, 1.5, 2.5, 3.5])
    """
    ends = RANGES[check_choice("path", path, tuple(PATHS))]
    low, high = (
        check_positive(name, usual if given is None else given)
        for name, given, usual in zip(("first", "last"), (first, last), ends)
    )
    if low == high:
        raise InputError(f"A path needs two ends that differ, got {low:g} for both.")
    return np.linspace(low, high, check_count("n_levels", n_levels, least=3))


def path_textures(path: str, levels: ArrayLike, base: GaussianTexture | None = None) -> list[GaussianTexture]:
    """Textures that differ in the parameter of the path alone; the rest is `base`'s."""
    field = PATHS[check_choice("path", path, tuple(PATHS))]
    return [replace(base or GaussianTexture(), **{field: float(value)}) for value in np.asarray(levels)]


def information(path: str, levels: ArrayLike) -> np.ndarray:
    """Fisher information that the frequencies of a Gaussian texture have of a parameter of its spectrum.

    The spectrum is read as a density of frequency [1]_. With bandwidth b in octaves, information of the mode z is
    8 / (b^2 ln 2 z^2), of which the factor is left out, as it does not change the shape of a scale; that of b is
    (ln 2 / 2) (1 + 4 / (b^2 ln 2)); that of the orientation's standard deviation s in radians, with
    A = I1 / I0 at 1 / (4 s^2), is (1 - A (A + 4 s^2)) / (4 s^6).

    Parameters
    ----------
    path
        "frequency", "frequency-bandwidth" or "orientation-bandwidth".
    levels
        Values in cycles per degree, octaves or degrees.

    Returns
    -------
    ndarray
        Per squared unit of the parameter; for "frequency" in units of the information at 1 cycle per degree.

    References
    ----------
    .. [1] Vacher, J. & Mamassian, P. (2024). Perceptual scales predicted by Fisher information metrics. ICLR.
       https://doi.org/10.48550/arXiv.2310.11759

    Examples
    --------
    >>> information("frequency", [1.0, 2.0])
    array([1.  , 0.25])
    """
    check_choice("path", path, tuple(PATHS))
    values = np.asarray(levels, dtype=np.float64)
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise InputError("levels must be finite and above 0.")
    if path == "frequency":
        return 1 / values**2
    if path == "frequency-bandwidth":
        return math.log(2) / 2 + 2 / values**2
    s = np.radians(values)
    kappa = 1 / (4 * s**2)
    ratio = ive(1, kappa) / ive(0, kappa)
    spread = np.where(kappa < _CONCENTRATED, 1 - ratio * (ratio + 1 / kappa), (1 + 1 / (2 * kappa)) / (2 * kappa**2))
    return spread / (4 * s**6) * math.radians(1) ** 2


def transport_power(first: np.ndarray, last: np.ndarray, share: float) -> np.ndarray:
    """Power spectrum between two, along the optimal transport of Gaussian textures: amplitudes are mixed.

    Parameters
    ----------
    first, last
        (H, W) power, at least 0.
    share
        0 for the first, 1 for the last.

    References
    ----------
    Xia, G.-S., Ferradans, S., Peyré, G. & Aujol, J.-F. (2014). Synthesizing and mixing stationary Gaussian texture
    models. SIAM Journal on Imaging Sciences 7. https://doi.org/10.1137/130918010

    Examples
    --------
    >>> transport_power(np.array([[1.0, 4.0]]), np.array([[9.0, 4.0]]), 0.5)
    array([[4., 4.]])
    """
    t = check_share("share", share)
    return ((1 - t) * np.sqrt(first) + t * np.sqrt(last)) ** 2


def picture_power(picture: np.ndarray) -> np.ndarray:
    """Power spectrum (H, W) of the picture's gray values without their mean."""
    gray = np.asarray(picture, dtype=np.float64)
    if gray.ndim != 2 or not np.isfinite(gray).all() or not gray.std() > 0:
        raise InputError(f"A texture must be gray, (H, W), finite and not constant, got shape {gray.shape}.")
    return np.abs(np.fft.fft2(gray - gray.mean())) ** 2 / gray.size
