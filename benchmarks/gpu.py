"""Check every kernel on a GPU against the CPU's numbers, and measure bandwidth, batches and searches, in one command.

    python benchmarks/gpu.py [--json FILE] [--minutes 7.5] [--only checks bandwidth ...] [--dry-run-on-cpu]

"checks" compares the blur and its slope, eccentricity pooling, window pooling and texture with the CPU at several
shapes and floating types. "bandwidth" compares kernels with a copy of as many bytes: 100 % is a kernel that moves what
it must as quickly as a copy does. "search" and "language" time whole agents with random weights, which cost what
trained ones do. Synchronizations are counted through torch's own debug mode: the calls in which the host waits for the
device. Times are medians between device events. A part that the minutes do not leave time for is skipped and says so.

The last line is the whole result as JSON. Without a CUDA device it is ``{"skipped": reason}`` and the exit status is 0.
Status 1 says that a check failed or that a part ended with an error, not that a target was missed.
``--dry-run-on-cpu`` goes through all of it with small tensors and Triton's interpreter: its times mean nothing.
"""

import argparse
import json
import os
import statistics
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent / "speed"))

from measure import Figure, machine, median_and_noise

if TYPE_CHECKING:
    from torch import Tensor

#: Least share of a copy's speed, and most milliseconds.
BLUR_SHARE, POOLING_SHARE, TEXTURE_MS, SEARCH_MS = 0.6, 0.5, 30.0, 25.0


@dataclass
class Device:
    """Where tensors are put, how work there is timed, and what was found."""

    name: str
    dry: bool
    checks: list[dict] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    def size(self, real: Any, dry: Any) -> Any:
        """Choose between a case's real size and that of a dry run."""
        return dry if self.dry else real

    def random(self, *shape: int, seed: int = 0) -> "Tensor":
        """The same numbers in [0, 1) on every device."""
        import torch

        return torch.rand(shape, generator=torch.Generator().manual_seed(seed)).to(self.name)

    def compare(self, what: str, got: "Tensor", wanted: "Tensor", tolerance: float) -> None:
        """Keep the largest difference from the CPU's numbers beside what is allowed."""
        difference = float((got.detach().cpu().double() - wanted.detach().cpu().double()).abs().max())
        self.checks.append({"what": what, "difference": difference, "most": tolerance, "ok": difference <= tolerance})

    def seconds(self, work: Callable[[], object], repeats: int = 20) -> list[float]:
        """Seconds of each repeat after three that do not count."""
        import torch

        if self.dry:
            start = time.perf_counter()
            work()
            return [time.perf_counter() - start]
        for _ in range(3):
            work()
        times = []
        for _ in range(repeats):
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            work()
            end.record()
            end.synchronize()
            times.append(begin.elapsed_time(end) / 1e3)
        return times

    def time(self, name: str, work: Callable[[], object], *, per: int = 1, most: float | None = None) -> float:
        """Keep the milliseconds of a piece of work, each of `per` results."""
        value, noise = median_and_noise(1e3 * second / per for second in self.seconds(work))
        self.figures.append(Figure(name, value, "ms", noise, at_most=most, lower_is_better=True))
        return value

    def share_of_copy(self, name: str, work: Callable[[], object], moved_bytes: int, least: float | None) -> None:
        """Keep how close work that reads and writes `moved_bytes` in all comes to a copy of as many bytes."""
        source = self.random(moved_bytes // 8)
        target = source.clone()
        copied = statistics.median(self.seconds(lambda: target.copy_(source)))
        value, noise = median_and_noise(copied / second for second in self.seconds(work))
        self.figures.append(Figure(f"{name}, share of a copy's speed", value, "", noise, at_least=least))
        self.figures.append(Figure(f"{name}, moved", moved_bytes / 1e9 / (copied / value), "GB/s"))

    @contextmanager
    def waits(self, name: str, per: int = 1, most: float | None = None) -> Iterator[None]:
        """Count in how many calls inside the block the host waits for the device."""
        import torch

        if self.dry:
            yield
            return
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
            try:
                yield
            finally:
                torch.cuda.set_sync_debug_mode("default")
        count = sum("synchronizing CUDA operation" in str(one.message) for one in caught)
        self.figures.append(Figure(f"{name}: host waits", count / per, "", at_most=most, lower_is_better=True))


def check_blur(device: Device) -> None:
    """Views of one or several fixations and the gradient of a blur map, by quality, size and type."""
    import torch

    import scanpath as sp

    sizes = device.size([(19, 23), (256, 320), (481, 641), (1080, 1920)], [(9, 12)])
    for height, width in sizes:
        image = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1))
        points = torch.tensor([[0.3 * width, 0.4 * height], [width + 5.0, -3.0]])
        for quality in ("fast", "standard", "precise") if not device.dry else ("fast",):
            for dtype, most in ((torch.float32, 2e-5), (torch.float16, 2e-3)):
                given = image.to(dtype)
                settings = {"px_per_deg": width / 20, "quality": quality, "strength": 8}
                wanted = sp.foveated_blur(given, points, **settings)
                got = sp.foveated_blur(given.to(device.name), points, kernel="gpu", **settings)
                device.compare(f"blur {height} x {width} {quality} {dtype}", got, wanted, most)
        several = {"px_per_deg": width / 20, "several": True, "combine": "decay", "strength": 8}
        wanted = sp.foveated_blur(image, points, **several)
        got = sp.foveated_blur(image.to(device.name), points, kernel="gpu", **several)
        device.compare(f"blur {height} x {width}, several fixations", got, wanted, 2e-5)
        slopes = []
        for place, kernel in (("cpu", "cpu"), (device.name, "gpu")):
            sigma = (3 + torch.rand(height, width, generator=torch.Generator().manual_seed(2))).to(place)
            view = sp.variable_blur(image.to(place), sigma.requires_grad_(), kernel=kernel)
            slopes.append(torch.autograd.grad(view.square().sum(), sigma)[0])
        device.compare(f"blur {height} x {width}, slope", slopes[1], slopes[0], 1e-3)


def layer_bounds(n: int) -> Any:
    """Windows of VGG16's fourth block with the published law, on a map of n x n."""
    from scanpath.recognition import RingLaw
    from scanpath.recognition.eccentricity_pooling import ring_bounds

    n_out = -(-n // 2)
    return ring_bounds(RingLaw(slope=8 * 0.02, px_per_deg=4), (n, n), (n_out // 2, n_out // 2), n_out)


def check_pooling(device: Device) -> None:
    """Eccentricity pooling, and sums over windows and back, by size and type."""
    import torch

    import scanpath as sp
    from scanpath.kernels.eccentricity_pooling import pool_windows

    for n, channels in device.size([(28, 5), (56, 130), (128, 512)], [(12, 5)]):
        for dtype, most in ((torch.float32, 1e-5), (torch.float16, 2e-3)):
            maps = device.random(2, channels, n, n).to(dtype)
            for kind in ("avg", "max"):
                got = pool_windows(maps, layer_bounds(n), kind, kernel="gpu")
                wanted = pool_windows(maps.cpu(), layer_bounds(n), kind)
                device.compare(f"eccentricity pooling {n} px, {channels} channels, {kind} {dtype}", got, wanted, most)
    for side in device.size((64, 257, 512), (32,)):
        for shape in ("cosine", "gaussian"):
            windows = sp.PoolingWindows((side, side), (0.4 * side, 0.5 * side), px_per_deg=side / 26, window=shape)
            for dtype, most in ((torch.float32, 1e-4), (torch.float64, 1e-6)):
                maps, values = device.random(3, side, side).to(dtype), device.random(3, windows.n_windows).to(dtype)
                about = f"windows {side} px, {shape} {dtype}"
                device.compare(f"{about}, pool", windows.pool(maps), windows.pool(maps.cpu()), most)
                device.compare(f"{about}, spread", windows.spread(values), windows.spread(values.cpu()), most)


def check_texture(device: Device) -> None:
    """Textures of the same seed."""
    import scanpath as sp

    for side in device.size((128, 300), (64,)):
        picture = device.random(3, side, side)
        for source in ("cascade", "noise"):
            settings = {"px_per_deg": side / 26, "source": source}
            got = sp.foveated_texture(picture, (0.4 * side, 0.5 * side), **settings)
            wanted = sp.foveated_texture(picture.cpu(), (0.4 * side, 0.5 * side), **settings)
            device.compare(f"texture {side} px, {source}", got, wanted, 2e-3)


def checks(device: Device) -> None:
    """Compare all kernels with the CPU."""
    check_blur(device)
    check_pooling(device)
    check_texture(device)


def bandwidth(device: Device) -> None:
    """Blur and eccentricity pooling beside a copy, with the waits of the host."""
    import torch

    import scanpath as sp
    from scanpath.kernels.blur import KeptLevels
    from scanpath.kernels.eccentricity_pooling import pool_windows

    height, width, batch = device.size((1080, 1920, 16), (12, 16, 2))
    images = device.random(batch, 3, height, width)
    points = torch.rand(batch, 2) * torch.tensor([width, height])
    pyramid = sp.BlurPyramid(images, px_per_deg=width / 32, kernel="gpu")
    out, points = torch.empty_like(images), points.to(device.name)
    about = f"blur {batch} x 3 x {height} x {width}"
    moved = 2 * images.numel() * images.element_size()
    device.share_of_copy(f"{about}, a view", lambda: pyramid.at(points, out=out), moved, BLUR_SHARE)
    with device.waits(f"{about}, a view", most=0):
        pyramid.at(points, out=out)
    blur = {"px_per_deg": width / 32, "kernel": "gpu", "out": out}
    device.time(f"{about}, at once, a picture", lambda: sp.foveated_blur(images, points, **blur), per=batch)
    single = device.size(images[0, :, :224, :224], images[0]).contiguous()
    one = {"px_per_deg": 10, "kernel": "gpu"}
    device.time("blur 224 px, one picture at once", lambda: sp.foveated_blur(single, (99, 80), **one))
    plan, _ = pyramid._law.prepare(points[:1, None], (height, width))
    device.time(f"{about}, levels, a picture", lambda: KeptLevels(images, plan, kernel="gpu"), per=batch)

    for n, channels, count in device.size([(256, 256, 4), (128, 512, 8), (64, 512, 16)], [(16, 4, 2)]):
        maps = device.random(count, channels, n, n).contiguous(memory_format=torch.channels_last)
        bounds = layer_bounds(n)
        moved = (maps.numel() + maps.numel() // 4) * maps.element_size()
        for kind in ("avg", "max"):
            about = f"eccentricity pooling {count} x {channels} x {n} x {n}, {kind}"
            pool = partial(pool_windows, maps, bounds, kind, kernel="gpu")
            device.share_of_copy(about, pool, moved, POOLING_SHARE)


def textures(device: Device) -> None:
    """Window pooling and textures."""
    import scanpath as sp

    side = device.size(1024, 64)
    windows = sp.PoolingWindows((side, side), (0.4 * side, 0.5 * side), px_per_deg=side / 26)
    for count in (1, 16):
        maps = device.random(count, side, side)
        moved = maps.numel() * maps.element_size()
        about = f"pooling windows {side} px, maps {count}"
        device.share_of_copy(about, partial(windows.pool, maps), moved, POOLING_SHARE)
    picture = device.random(3, side, side)

    def texture() -> None:
        sp.foveated_texture(picture, (0.4 * side, 0.5 * side), px_per_deg=side / 26)

    device.time(f"texture {side} px", texture, most=TEXTURE_MS)


def search(device: Device) -> None:
    """A search of eccNET with VGG16: the same maps as on the CPU, milliseconds and waits a fixation."""
    import torch

    import scanpath as sp

    backbone = device.size("vgg16", "steerable")
    weights = {"weights": {"seed": 1}} if backbone == "vgg16" else {}
    reference, agent = (
        sp.create_agent("eccnet", backbone=backbone, features="whole", device=place, **weights)
        for place in ("cpu", device.name)
    )
    stimulus = sp.stimuli.asymmetry_display("left_right", 12, seed=1)
    height, width = stimulus.size
    history = [(float(width // 2), float(height // 2)), (0.3 * width, 0.6 * height)]
    wanted = reference.attention(stimulus, history)
    most = 1e-3 * float(wanted.abs().max())
    device.compare("eccNET's map of a second fixation", agent.attention(stimulus, history), wanted, most)
    n = device.size(10, 2)
    seconds = []
    for number in range(device.size(4, 1)):
        start = time.perf_counter()  # the whole of it counts, also what the host does
        made = len(sp.simulate(agent, [stimulus], n, seed=number))
        if not device.dry:
            torch.cuda.synchronize()
        seconds.append((time.perf_counter() - start) / made)
    value, noise = median_and_noise(1e3 * second for second in seconds[device.size(1, 0) :])
    device.figures.append(Figure("eccNET, a fixation", value, "ms", noise, at_most=SEARCH_MS))
    with device.waits("eccNET, a fixation", per=n, most=0):
        sp.simulate(agent, [stimulus], n)


def language(device: Device) -> None:
    """A scanpath of NevaClip, one picture and a batch of them."""
    import torch

    import scanpath as sp
    from scanpath.recognition.language import load_language_model

    model = load_language_model("toy") if device.dry else load_language_model("ViT-B-32", {"seed": 1})
    agent = sp.create_agent("nevaclip", model=model.to(device.name))
    scenes, n = sp.stimuli.captioned_scenes(device.size(8, 2), seed=1), device.size(5, 1)
    name = device.size("NevaClip with ViT-B/32", "NevaClip with a small CLIP")
    for count in (1, len(scenes)):
        seconds = []
        for _ in range(device.size(3, 1)):
            start = time.perf_counter()
            sp.simulate(agent, scenes[:count], n, batch_size=count)
            if not device.dry:
                torch.cuda.synchronize()
            seconds.append((time.perf_counter() - start) / count / n)
        value, noise = median_and_noise(1e3 * second for second in seconds)
        about = f"{name}, a fixation, {count} picture(s) together"
        device.figures.append(Figure(about, value, "ms", noise, lower_is_better=True))
    with device.waits(f"{name}, a fixation", per=n):
        sp.simulate(agent, scenes[:1], n)


PARTS: dict[str, Callable[[Device], None]] = {
    "checks": checks,
    "bandwidth": bandwidth,
    "textures": textures,
    "search": search,
    "language": language,
}


def run(device: Device, parts: list[str], minutes: float) -> dict:
    """Run the parts that time is left for."""
    start, said = time.monotonic(), {}
    for part in parts:
        spent = time.monotonic() - start
        if spent > 60 * minutes:
            said[part] = f"skipped: {spent:.0f} s are spent"
            continue
        try:
            PARTS[part](device)
            said[part] = f"done in {time.monotonic() - start - spent:.0f} s"
        except Exception as error:  # the other parts are still worth the machine's time
            traceback.print_exc()
            said[part] = f"failed: {type(error).__name__}: {error}"
    return said


def missing_device() -> str | None:
    """Say why there is nothing to run on, or None."""
    import torch

    if not torch.cuda.is_available():
        return "no CUDA device"
    try:
        import triton  # noqa: F401
    except ImportError:
        return "triton is not installed"
    return None


def main(arguments: list[str] | None = None) -> int:
    """Run, print a table and the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--minutes", type=float, default=7.5, help="begin no part after these")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--dry-run-on-cpu", action="store_true", help="small tensors, Triton's interpreter")
    options = parser.parse_args(arguments)
    if options.dry_run_on_cpu:
        os.environ["TRITON_INTERPRET"] = "1"  # which Triton reads when it is imported
    import torch

    reason = None if options.dry_run_on_cpu else missing_device()
    if reason:
        return _finish({"skipped": reason}, options.json)
    torch.set_num_threads(1 if options.dry_run_on_cpu else os.cpu_count() or 1)  # for the CPU's side of the checks
    device = Device("cpu" if options.dry_run_on_cpu else "cuda", options.dry_run_on_cpu)
    said = run(device, options.only, options.minutes)
    for check in device.checks:
        verdict = "same" if check["ok"] else "DIFFERS"
        print(f"  {verdict:8s}{check['difference']:.1e} <= {check['most']:.1e}  {check['what']}")
    for figure in device.figures:
        print(figure.line(72))
    for part, words in said.items():
        print(f"  {part}: {words}")
    result = {
        "device": "cpu, dry run" if device.dry else torch.cuda.get_device_name(),
        "machine": machine(),
        "parts": said,
        "checks": device.checks,
        "figures": [asdict(figure) for figure in device.figures],
    }
    return _finish(result, options.json)


def _finish(result: dict, path: Path | None) -> int:
    text = json.dumps(result)
    if path is not None:
        part = path.with_name(path.name + ".part")
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(path)
    print(text)
    failed = any(words.startswith("failed") for words in result.get("parts", {}).values())
    return int(failed or not all(check["ok"] for check in result.get("checks", [])))


if __name__ == "__main__":
    raise SystemExit(main())
