"""How a picture is to be seen: one of the transforms of this room by name, with every setting and seed stated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from scanpath._core.checks import check_choice, check_count, check_positive
from scanpath._core.errors import InputError
from scanpath._core.files import file_sha256, require_file
from scanpath.foveation.blur import foveated_blur
from scanpath.foveation.laws import SigmaLaw, find_law
from scanpath.foveation.metamer import synthesize_metamer
from scanpath.foveation.sampling import log_polar
from scanpath.foveation.texture import foveated_texture

#: What one setting may be.
Value = str | float | int | None
_TEXTURE: dict[str, Value] = {"scaling": 0.4, "fovea_deg": 1.82, "iterations": 1}
#: Settings of each kind of view, with their defaults.
VIEWS: dict[str, dict[str, Value]] = {
    "blur": {"law": "geisler_perry", "strength": 1.0, "quality": "standard", "light": "encoded"},
    "texture": _TEXTURE,
    "noise_texture": _TEXTURE,
    "neurofovea": {"scaling": 0.4, "fovea_deg": 1.82, "weights": None, "decoder": None},
    "metamer": {"statistics": "energy", "scaling": 0.5, "fovea_deg": 1.82, "steps": 300},
    "logpolar": {},
}
#: Kinds that draw random numbers, and so have a seed.
RANDOM_VIEWS = ("texture", "noise_texture", "neurofovea", "metamer")
#: What is averaged by a blur: the file's own numbers, or the light that they stand for on an sRGB display.
LIGHTS = ("encoded", "linear")
#: Eccentricities in degrees at which the blur of a law is told.
TOLD_DEG = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
#: The transforms in words, for a paper; braces are settings.
_WORDS = {
    "blur": "Gaussian blur whose standard deviation grows with the eccentricity e in degrees ({law_words}), multiplied "
    "by {strength:g}, computed with quality {quality} on {light_words}",
    "texture": "foveated texture (scanpath.foveated_texture, steerable bands displaced at random, windows "
    "of {scaling:g} times their eccentricity, fovea of {fovea_deg:g} deg radius kept, contrast matched "
    "{iterations} times)",
    "noise_texture": "foveated texture (scanpath.foveated_texture, steerable bands of noise, windows of {scaling:g} "
    "times their eccentricity, fovea of {fovea_deg:g} deg radius kept, contrast matched {iterations} times)",
    "neurofovea": "NeuroFovea texture (Deza et al. 2019, VGG-19 features in soft windows of {scaling:g} times their "
    "eccentricity, fovea of {fovea_deg:g} deg radius kept)",
    "metamer": "metamers (scanpath.synthesize_metamer, {statistics} statistics pooled in windows of {scaling:g} times "
    "their eccentricity, fovea of {fovea_deg:g} deg radius kept, at most {steps} evaluations)",
    "logpolar": "log-polar maps (scanpath.log_polar)",
}
_LAWS = {
    "geisler_perry": "0.18739 / fc deg with fc = 2.3 ln(64) / (0.106 (e + 2.3)) cycles per degree, the cutoff of "
    "Geisler & Perry 1998, doi:10.1117/12.320120: at strength 1 half the amplitude passes at the limit of acuity",
    "linear": "0.04 max(0, e - 1) deg",
    "watson": "0.18739 / fN deg with fN the Nyquist frequency of the midget ganglion cells, Watson 2014, "
    "doi:10.1167/14.7.15",
    "svis": "pyramid of Perry & Geisler 2002, doi:10.1117/12.469554, half resolution at 2.3 deg; the strength divides "
    "the resolution",
    "image_foveation": "six levels of the program Image_Foveation_Python, alpha = 2.5 deg, k = 3; the strength divides "
    "the resolution",
}
_LIGHT_WORDS = {"encoded": "the values as stored in the file", "linear": "linear light decoded by the sRGB curve"}


@dataclass(frozen=True)
class View:
    """A transform with all its settings; the same view, picture, fixation and seed give the same result.

    Parameters
    ----------
    kind
        A name of `VIEWS`.
    px_per_deg
        Pixels per degree of visual angle.
    settings
        All settings of the kind.

    Examples
    --------
    >>> view = View.of("blur", px_per_deg=30, strength=3)
    >>> view.settings
    {'law': 'geisler_perry', 'strength': 3.0, 'quality': 'standard', 'light': 'encoded'}
    >>> seen, facts = view.see(torch.rand(3, 40, 60), [(20, 10)])
    >>> seen.shape
    torch.Size([3, 40, 60])
    """

    kind: str
    px_per_deg: float
    settings: Mapping[str, Value]

    @classmethod
    def of(cls, kind: str, *, px_per_deg: float, **settings: Value) -> "View":
        """Check the settings, fill in defaults for those that are absent or None, and say what does not belong.

        Raises
        ------
        InputError
            If a name is unknown, a setting belongs to other kinds, or a value cannot be.
        """
        defaults = VIEWS[check_choice("kind", kind, tuple(VIEWS))]
        given: dict[str, Value] = {name: value for name, value in settings.items() if value is not None}
        for name in given:
            if name not in defaults:
                owners = [other for other, theirs in VIEWS.items() if name in theirs]
                raise InputError(
                    f"{name} is a setting of {', '.join(owners) or 'no kind'}, not of kind {kind!r}; leave it out, or "
                    f"give another kind."
                )
        return cls(kind, check_positive("px_per_deg", px_per_deg), _checked(kind, defaults | given))

    @property
    def is_random(self) -> bool:
        """Whether the result depends on a seed."""
        return self.kind in RANDOM_VIEWS

    def see(self, image: Tensor, xy: Sequence[tuple[float, float]], seed: int = 0) -> tuple[Tensor, dict[str, float]]:
        """Return the picture (C, H, W) as seen from (x, y) in px, and what was measured on the way.

        Only "blur" takes several fixations: every pixel is as sharp as the nearest of them makes it.
        """
        if len(xy) != 1 and self.kind != "blur":
            raise InputError(f"kind {self.kind!r} takes one fixation, got {len(xy)}; only blur combines several.")
        return _SEE[self.kind](image, xy, seed, self.px_per_deg, self.settings)

    def facts(self) -> dict[str, object]:
        """Every setting; files are named by their SHA-256, and a law's blur is told in degrees and px."""
        told: dict[str, object] = {"kind": self.kind, "px_per_deg": self.px_per_deg, **self.settings}
        for name in ("weights", "decoder"):
            if isinstance(value := told.get(name), str):
                told[name] = f"sha256:{file_sha256(value)}"
        law = self._sigma_law()
        if law is not None:
            sigma = law.sigma_px(torch.tensor(TOLD_DEG, dtype=torch.float64) * self.px_per_deg)
            told["sigma_px_by_eccentricity_deg"] = {f"{e:g}": round(float(s), 4) for e, s in zip(TOLD_DEG, sigma)}
        return told

    def words(self) -> str:
        """Say in a clause what is done, as for the methods of a paper."""
        law, light = self.settings.get("law"), self.settings.get("light")
        return _WORDS[self.kind].format(
            **self.settings, law_words=_LAWS.get(str(law)), light_words=_LIGHT_WORDS.get(str(light))
        )

    def _sigma_law(self) -> SigmaLaw | None:
        if self.kind != "blur":
            return None
        law = find_law(str(self.settings["law"]), self.px_per_deg, _number(self.settings["strength"]), "standard")
        return law if isinstance(law, SigmaLaw) else None


def _checked(kind: str, settings: dict[str, Value]) -> dict[str, Value]:
    """Return the settings in their types, or say which cannot be."""
    checks: dict[str, Callable[[Value], Value]] = {
        "strength": lambda value: check_positive("strength", _number(value)),
        "scaling": lambda value: check_positive("scaling", _number(value)),
        "fovea_deg": lambda value: check_positive("fovea_deg", _number(value)),
        "iterations": lambda value: check_count("iterations", value),  # type: ignore[arg-type]
        "steps": lambda value: check_count("steps", value),  # type: ignore[arg-type]
        "light": lambda value: check_choice("light", str(value), LIGHTS),
        "weights": lambda value: str(_required("weights", value)),
        "decoder": lambda value: str(_required("decoder", value)),
    }
    checked = {name: checks[name](value) if name in checks else value for name, value in settings.items()}
    if kind == "blur":  # a name that does not exist should not wait for the first picture
        find_law(str(checked["law"]), 1.0, _number(checked["strength"]), str(checked["quality"]))
    if kind == "metamer":
        check_choice("statistics", str(checked["statistics"]), ("luminance", "energy", "portilla_simoncelli"))
    return checked


def _required(name: str, value: Value) -> Path:
    if value is None:
        raise InputError(
            "kind 'neurofovea' needs weights=FILE (torchvision's vgg19) and decoder=FILE, which "
            "python -m scanpath.training.texture_decoder writes; kind 'texture' needs none."
        )
    return require_file(str(value), f"{name} file")


def _number(value: Value) -> float:
    return value if isinstance(value, int | float) else check_positive("a setting", value)  # type: ignore[arg-type]


Points = Sequence[tuple[float, float]]
Seen = tuple[Tensor, dict[str, float]]


def _blur(image: Tensor, xy: Points, seed: int, px_per_deg: float, settings: Mapping[str, Value]) -> Seen:
    linear = settings["light"] == "linear"
    seen = foveated_blur(
        srgb_to_light(image) if linear else image,
        torch.tensor(xy, dtype=torch.float32),
        px_per_deg=px_per_deg,
        law=str(settings["law"]),
        quality=str(settings["quality"]),
        strength=_number(settings["strength"]),
        several=True,
    )
    return (light_to_srgb(seen.clamp(0, 1)) if linear else seen), {}


def _texture(source: str) -> Callable[[Tensor, Points, int, float, Mapping[str, Value]], Seen]:
    def see(image: Tensor, xy: Points, seed: int, px_per_deg: float, settings: Mapping[str, Value]) -> Seen:
        seen = foveated_texture(image, xy[0], px_per_deg=px_per_deg, seed=seed, source=source, **settings)  # type: ignore[arg-type]
        return seen, {}

    return see


def _neurofovea(image: Tensor, xy: Points, seed: int, px_per_deg: float, settings: Mapping[str, Value]) -> Seen:
    seen = foveated_texture(image, xy[0], px_per_deg=px_per_deg, seed=seed, encoder="vgg19", **settings)  # type: ignore[arg-type]
    return seen, {}


def _metamer(image: Tensor, xy: Points, seed: int, px_per_deg: float, settings: Mapping[str, Value]) -> Seen:
    result = synthesize_metamer(image, xy[0], px_per_deg=px_per_deg, seed=seed, report=True, **settings)  # type: ignore[call-overload]
    report = result.report
    return result.image, {
        "statistics_error": report.error,
        "statistics_start_error": report.start_error,
        "evaluations": report.evaluations,
    }


def _logpolar(image: Tensor, xy: Points, seed: int, px_per_deg: float, settings: Mapping[str, Value]) -> Seen:
    # as many places as the picture has along its longer side, and a full turn three times that
    side = max(2, *image.shape[-2:])
    return log_polar(image, xy[0], shape=(side // 2, side), px_per_deg=px_per_deg, outside="zero"), {}


_SEE = {
    "blur": _blur,
    "texture": _texture("cascade"),
    "noise_texture": _texture("noise"),
    "neurofovea": _neurofovea,
    "metamer": _metamer,
    "logpolar": _logpolar,
}


def srgb_to_light(values: Tensor) -> Tensor:
    """Decode sRGB values in [0, 1] to linear light (IEC 61966-2-1).

    Examples
    --------
    >>> srgb_to_light(torch.tensor([0.0, 0.5, 1.0]))
    tensor([0.0000, 0.2140, 1.0000])
    """
    return torch.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055).clamp_min(0) ** 2.4)


def light_to_srgb(light: Tensor) -> Tensor:
    """Encode linear light in [0, 1] as sRGB values.

    Examples
    --------
    >>> light_to_srgb(srgb_to_light(torch.tensor([0.25, 0.75])))
    tensor([0.2500, 0.7500])
    """
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp_min(0) ** (1 / 2.4) - 0.055)
