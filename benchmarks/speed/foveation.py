"""How fast the foveated blur is beside what people write with common libraries: ratios of one run, one thread.

    python benchmarks/speed/foveation.py [--rounds 7] [--sizes 512x512 1024x1024 1080x1920 2160x3840] [--json FILE]

One RGB photograph (float32, resized), one fixation near its middle, and a blur that grows linearly to 16 px at the
corner. Peers are written here in their favor: the picture in the layout they like, weights for the blend computed
once per size and not counted, six levels an octave apart (0, 1, 2, 4, 8, 16 px), buffers reused where they allow it.
A peer that is not installed is left out. Yardstick: a copy of the result into existing memory. Ours write into
existing memory too. Rounds are interleaved; times are medians of process time, pinned to one thread. Targets are
those the project set itself; a ratio that misses its target is printed as such. Beyond 4 megapixels ours run without
the peers. Then one thread beside two by wall time, which only an idle machine can tell; a photograph of 12 megapixels
beside one of 2, by the pixel; and the former in float16, in uint8, and in uint8 that the caller scales to float32 and
back, beside float32, with the most memory that each takes on top of picture and result. Figures in dB say how close
each comes to the exact blur, every pixel with its own Gaussian.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

import importlib.util
import mmap
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.transform import pyramid_gaussian, resize

import scanpath as sp
from scanpath.foveation.laws import AnyLaw
from scanpath.kernels.compiled import compiled

PX_PER_DEG = 30.0
OCTAVES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
WIDEST_PX = 16.0
Values = TypeVar("Values", np.ndarray, torch.Tensor)
STATM = Path("/proc/self/statm")
SIZES = ["512x512", "1024x1024", "1080x1920", "2160x3840"]


def photograph(height: int, width: int) -> np.ndarray:
    """Return a photograph (H, W, 3), float32 in [0, 1], with detail at the scale of pixels."""
    picture = resize(data.astronaut() / 255.0, (height, width), order=3)
    grain = np.random.default_rng(0).normal(0, 0.01, picture.shape)
    return np.clip(picture + grain, 0, 1).astype(np.float32)


class Case:
    """One picture and fixation, and everything that may be prepared before the clock starts."""

    def __init__(self, height: int, width: int) -> None:
        self.picture = photograph(height, width)
        self.image = torch.from_numpy(np.ascontiguousarray(self.picture.transpose(2, 0, 1)))
        self.fixation = (width / 2 - 3.3, height / 2 + 2.2)
        self.law = partial(_linear, slope=WIDEST_PX / np.hypot(width / 2 + 3.3, height / 2 + 2.2))
        y, x = np.mgrid[:height, :width]
        self.sigma = self.law(np.hypot(x - self.fixation[0], y - self.fixation[1])).astype(np.float32)
        octave = np.interp(self.sigma, OCTAVES, np.arange(len(OCTAVES)))
        levels = np.arange(len(OCTAVES))[:, None, None]
        self.weights = np.maximum(0, 1 - np.abs(octave - levels)).astype(np.float32)
        self.torch_weights = torch.from_numpy(self.weights)[:, None]
        self.out = torch.zeros_like(self.image)

    def mix(self, levels: list[np.ndarray]) -> np.ndarray:
        """Blend full-size levels (H, W, 3)."""
        result = levels[0] * self.weights[0][..., None]
        for level, weight in zip(levels[1:], self.weights[1:]):
            result += level * weight[..., None]
        return result

    def with_skimage(self) -> np.ndarray:
        """scikit-image: a Gaussian pyramid, resized and blended."""
        levels = pyramid_gaussian(self.picture, max_layer=len(OCTAVES) - 1, channel_axis=-1)
        return self.mix([resize(level, self.picture.shape, order=1).astype(np.float32) for level in levels])

    def with_scipy(self) -> np.ndarray:
        """SciPy: one Gaussian filter a level at full size."""
        blurred = [gaussian_filter(self.picture, (sigma, sigma, 0)) for sigma in OCTAVES[1:]]
        return self.mix([self.picture, *blurred])

    def with_cv2(self) -> np.ndarray:
        """OpenCV: one Gaussian blur a level at full size."""
        import cv2

        cv2.setNumThreads(1)
        blurred = [cv2.GaussianBlur(self.picture, (0, 0), sigma) for sigma in OCTAVES[1:]]
        return self.mix([self.picture, *blurred])

    def with_torch(self) -> torch.Tensor:
        """PyTorch: a binomial pyramid by convolution, interpolated and blended."""
        kernel = torch.tensor([1.0, 4, 6, 4, 1]) / 16
        level, result = self.image[:, None], self.torch_weights[0] * self.image
        for weight in self.torch_weights[1:]:
            level = F.conv2d(F.pad(level, (2, 2, 2, 2), mode="reflect"), kernel[None, None, None], stride=(1, 2))
            level = F.conv2d(level, kernel[None, None, :, None], stride=(2, 1))
            whole = F.interpolate(level, size=self.image.shape[-2:], mode="bilinear", align_corners=False)
            result += weight * whole[:, 0]
        return result

    def ours(self, law: AnyLaw | None = None, quality: str = "standard", strength: float = 1.0) -> torch.Tensor:
        """Our blur in one call."""
        return sp.foveated_blur(
            self.image, self.fixation, px_per_deg=PX_PER_DEG, law=law or self.law_deg, quality=quality,
            strength=strength, out=self.out,
        )  # fmt: skip

    def pyramid(self, law: AnyLaw | None = None, quality: str = "standard", strength: float = 1.0) -> sp.BlurPyramid:
        """Build our pyramid for many fixations."""
        law = law or self.law_deg
        return sp.BlurPyramid(self.image, px_per_deg=PX_PER_DEG, law=law, quality=quality, strength=strength)

    def law_deg(self, eccentricity_deg: torch.Tensor) -> torch.Tensor:
        """The blur in degrees."""
        return self.law(eccentricity_deg * PX_PER_DEG) / PX_PER_DEG


def _linear(distance_px: Values, slope: float) -> Values:
    return slope * distance_px


PEERS: dict[str, Callable[[Case], np.ndarray | torch.Tensor]] = {
    "scikit-image pyramid": Case.with_skimage,
    "scipy stack": Case.with_scipy,
    "cv2 stack": Case.with_cv2,
    "torch pyramid": Case.with_torch,
}
TARGETS = {"scikit-image pyramid": 60, "cv2 stack": 15}


def race(case: Case, rounds: int) -> measure.Times:
    """Time peers and ours on one picture."""
    views = [(case.fixation[0] + 40 * k, case.fixation[1] - 25 * k) for k in range(8)]
    kept = {quality: case.pyramid(quality=quality) for quality in ("fast", "standard", "precise")}
    visible, strong = case.pyramid(law="geisler_perry"), case.pyramid(strength=4)

    def eight() -> None:
        pyramid = case.pyramid()
        for view in views:
            pyramid.at(view, out=case.out)

    work: dict[str, Callable] = {"copy": lambda: case.out.copy_(case.image)}
    if case.sigma.size < 4_000_000:
        work |= {name: partial(peer, case) for name, peer in PEERS.items() if name != "cv2 stack" or has_cv2()}
    for quality in kept:
        work[f"once, {quality}"] = partial(case.ours, quality=quality)
        work[f"one view, {quality}"] = partial(kept[quality].at, case.fixation, out=case.out)
    work["once, geisler_perry"] = partial(case.ours, law="geisler_perry")
    work["one view, geisler_perry"] = partial(visible.at, case.fixation, out=case.out)
    work["one view, blur x 4"] = partial(strong.at, case.fixation, out=case.out)
    work["one view of 8 fixations"] = partial(kept["standard"].at, views, several=True, out=case.out)
    work["build"] = case.pyramid
    work["build again in place"] = partial(kept["standard"].reload, case.image)
    work["build and 8 views"] = eight
    return measure.interleaved(work, rounds)


def judged(times: measure.Times, height: int, width: int) -> list[measure.Figure]:
    """Turn times into the ratios that matter, each beside its target."""
    about, pixels = f"{height} x {width}: ", height * width

    def over(name: str, above: str, below: str, **target: float | None) -> measure.Figure:
        return measure.ratio(about + name, times[above], times[below], **target)

    rows = []
    for name in PEERS:
        if name in times:
            goal = TARGETS.get(name) if pixels >= 1_500_000 else None
            rows.append(over(f"{name} / once, standard", name, "once, standard", at_least=goal))
            rows.append(over(f"{name} / once, fast", name, "once, fast"))
    for name in times:
        if name.startswith("one view"):
            limit = 6 if pixels >= 1_000_000 and "of 8" not in name else None
            rows.append(over(f"{name} / copy", name, "copy", at_most=limit, lower_is_better=True))
    total = [build + 8.5 * view for build, view in zip(times["build"], times["one view, standard"])]
    parts = "build and 8 views / (build + 8.5 views)"
    rows.append(measure.ratio(about + parts, times["build and 8 views"], total, at_most=1.0))
    view = "one view, standard"
    rows.append(over("one view, blur x 4 / one view", "one view, blur x 4", view, at_most=1.1))
    rows.append(over("one view, precise / fast", "one view, precise", "one view, fast", lower_is_better=True))
    rows.append(over("one view of 8 fixations / of 1", "one view of 8 fixations", view, lower_is_better=True))
    rows.append(over("build / copy", "build", "copy", lower_is_better=True))
    acuity, benchmark = "once, geisler_perry", "once, standard"
    rows.append(over("once, law of acuity / this law", acuity, benchmark, at_most=1.0 if pixels >= 1_500_000 else None))
    return rows


def two_threads(case: Case, rounds: int) -> list[measure.Figure]:
    """Compare the wall time of one thread with that of two; changing their number is not counted."""
    kept = case.pyramid()
    work: dict[str, Callable] = {
        "once, standard": case.ours,
        "once, geisler_perry": partial(case.ours, law="geisler_perry"),
        "one view, standard": partial(kept.at, case.fixation, out=case.out),
        "build again in place": partial(kept.reload, case.image),
    }
    times: measure.Times = {}
    for _ in range(rounds):
        for n in (1, 2):
            torch.set_num_threads(n)
            for name, seconds in measure.interleaved(work, 1, clock=time.perf_counter).items():
                times.setdefault(f"{name}, {n}", []).extend(seconds)
    torch.set_num_threads(1)
    return [measure.ratio(f"one thread / two: {n}", times[f"{n}, 1"], times[f"{n}, 2"], at_least=1.7) for n in work]


def other_types(case: Case, rounds: int) -> list[measure.Figure]:
    """Compare pictures of fewer bits with those of float32: time, and memory on top of picture and result."""
    half, whole = case.image.half(), (255 * case.image).round().to(torch.uint8)
    seen = partial(sp.foveated_blur, fixation=case.fixation, px_per_deg=PX_PER_DEG, law=case.law_deg)
    half_out, whole_out = torch.zeros_like(half), torch.zeros_like(whole)

    def scaled() -> None:
        whole_out.copy_(seen(whole / 255).mul_(255).round_())

    work = {
        "float32": case.ours,
        "float16": lambda: seen(half, out=half_out),
        "uint8": lambda: seen(whole, out=whole_out),
        "uint8 by way of float32": scaled,
    }
    times, mib = measure.interleaved(work, rounds), case.image.numel() * 4 / 2**20
    rows = []
    for name, function in work.items():
        rows.append(measure.ratio(f"once, {name} / float32", times[name], times["float32"], lower_is_better=True))
        taken = most_memory_mib(function) / mib
        rows.append(measure.Figure(f"memory, {name} / picture in float32", taken, lower_is_better=True))
    return rows


def most_memory_mib(function: Callable, times: int = 5) -> float:
    """Watch the memory that a function takes, and return the most; NaN where the system does not tell."""
    if not STATM.exists():
        return float("nan")
    seen, done = [_resident_mib()], threading.Event()

    def watch() -> None:
        while not done.wait(5e-4):
            seen.append(_resident_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(times):
        function()
    done.set()
    watcher.join()
    return max(seen) - seen[0]


def _resident_mib() -> float:
    return int(STATM.read_text().split()[1]) * mmap.PAGESIZE / 2**20


def large(case: Case, other: Case, rounds: int) -> list[measure.Figure]:
    """Compare the time a pixel of a large photograph with that of this picture."""
    times: dict[str, Callable] = {}
    for name in ("standard", "geisler_perry"):
        law = "geisler_perry" if name == "geisler_perry" else None
        times[name], times[f"large, {name}"] = partial(case.ours, law), partial(other.ours, law)
    seconds = measure.interleaved(times, rounds)
    share = case.sigma.size / other.sigma.size
    rows = []
    for name in ("standard", "geisler_perry"):
        by_pixel = [share * value for value in seconds[f"large, {name}"]]
        what = f"once, {name}, a pixel: 12 megapixels / 2"
        rows.append(measure.ratio(what, by_pixel, seconds[name], at_most=1.5))
    return rows


@compiled
def exact_blur(padded, sigma, margin, out):
    """Convolve each pixel with its own sampled Gaussian."""
    for y in range(sigma.shape[0]):
        for x in range(sigma.shape[1]):
            s = max(sigma[y, x], 1e-3)
            reach = min(margin, int(4.5 * s) + 2)
            total, weight = 0.0, 0.0
            for i in range(-reach, reach + 1):
                for j in range(-reach, reach + 1):
                    w = np.exp(-(i * i + j * j) / (2 * s * s))
                    total += w * padded[y + margin + i, x + margin + j]
                    weight += w
            out[y, x] = total / weight


def accuracy(side: int = 256) -> dict[str, float]:
    """Decibels against the exact blur, mirrored at the edges, on the green channel of a small photograph."""
    case = Case(side, side)
    case.law = partial(_linear, slope=0.06)
    margin = int(4.5 * WIDEST_PX) + 2
    distance = case.sigma / (WIDEST_PX / np.hypot(side / 2 + 3.3, side / 2 + 2.2))
    case.sigma = (0.06 * distance).astype(np.float32)
    octave = np.interp(case.sigma, OCTAVES, np.arange(len(OCTAVES)))
    levels = np.arange(len(OCTAVES))[:, None, None]
    case.weights = np.maximum(0, 1 - np.abs(octave - levels)).astype(np.float32)
    case.torch_weights = torch.from_numpy(case.weights)[:, None]
    wanted = np.empty((side, side))
    green = np.pad(case.picture[..., 1].astype(np.float64), margin, mode="symmetric")
    exact_blur(green, case.sigma.astype(np.float64), margin, wanted)

    def decibels(image: np.ndarray) -> float:
        return float(-10 * np.log10(np.mean((image - wanted) ** 2)))

    rows: dict[str, np.ndarray | torch.Tensor] = {
        name: peer(case) for name, peer in PEERS.items() if name != "cv2 stack" or has_cv2()
    }
    scores = {n: decibels(r[1].numpy() if isinstance(r, torch.Tensor) else r[..., 1]) for n, r in rows.items()}
    for quality in ("fast", "standard", "precise"):
        scores[f"ours, {quality}"] = decibels(case.ours(quality=quality)[1].numpy())
    return scores


def has_cv2() -> bool:
    """Whether OpenCV is installed."""
    return importlib.util.find_spec("cv2") is not None


def main() -> None:
    parser = measure.parser(__doc__, rounds=7)
    parser.add_argument("--sizes", nargs="+", default=SIZES, help="HEIGHTxWIDTH")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    decibels = accuracy()
    figures = [measure.Figure(f"dB against the exact blur: {name}", value, "dB") for name, value in decibels.items()]
    ms = {}
    for text in arguments.sizes:
        height, width = (int(side) for side in text.split("x"))
        times = race(Case(height, width), arguments.rounds)
        figures += judged(times, height, width)
        ms[text] = measure.median_ms(times)
        print(f"\n{height} x {width} RGB: ms of process time")
        for name, value in ms[text].items():
            print(f"  {name:28s}{value:9.2f}")
    case, photo = Case(1080, 1920), Case(3000, 4000)
    figures += two_threads(case, arguments.rounds)
    figures += large(case, photo, arguments.rounds) + other_types(photo, arguments.rounds)
    measure.report(__file__, figures, arguments.json, ms=ms)


if __name__ == "__main__":
    main()
