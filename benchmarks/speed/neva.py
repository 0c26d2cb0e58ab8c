"""NeVA's search: ours beside the published procedure, on the same networks in one run and on one thread.

    python benchmarks/speed/neva.py [--rounds 3] [--fixations 5] [--pictures 8] [--json FILE]
                                    [--weights FOLDER --images FOLDER [--losses ...]]

The published procedure is written here from its description, in its favor: one batch of all pictures, frozen weights,
no bookkeeping. Ours looks at each picture by itself, so that results do not depend on batches. Counted are pictures
that pass forward and backward through the network (a forward pass alone counts as a third). Losses are measured at
the points that were kept: along each procedure's own path ("own path"), and, to compare searches alone, from the
memory of the published path ("same memory"). Rounds are interleaved; times are medians of process time. One picture
alone is also looked at for ten fixations, beside the network's own share of it: one pass forward and back, and the
starts forward, a fixation.

Networks: the package's small CLIP on drawn scenes, always; with --weights (squeezenet1_1*.safetensors) and --images,
SqueezeNet on photographs, which classifies and which matches features.
"""

import measure  # first, as it pins the threads before NumPy and its friends look

# isort: split

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.transforms.functional import gaussian_blur

import scanpath as sp
from scanpath.agents.neva import NevaAgent

STEPS, STEP_SIZE, RETENTION = 20, 0.1, 0.7
#: Targets: seconds of the published procedure over ours, and ours over its passes through the network.
FASTER, PASSES = 4, 0.33
#: One picture alone: fixations, and the most milliseconds that they may take.
ALONE, ALONE_MS = 10, 1000


@dataclass
class Contest:
    """One network and objective on some pictures of its input size."""

    name: str
    images: torch.Tensor
    agent: NevaAgent
    stimuli: list
    mask_sigma: float
    blur_sigma_px: float
    kernel_px: int

    def __post_init__(self) -> None:
        self.counter = Counter(self.agent.model)

    def target(self, index: int):
        """Return what a picture's outputs are compared with."""
        return self.agent.prepared(self.stimuli[index]).target

    def losses(self, seen: torch.Tensor, targets: list) -> torch.Tensor:
        """Return the losses of one seen picture for each target."""
        output = self.agent.model(seen)
        return torch.cat([self.agent.objective.loss(one[None], target, 0) for one, target in zip(output, targets)])


class Counter:
    """Counts the pictures that go forward through a network, and how many of them come back."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.passes = 0.0
        network.register_forward_pre_hook(self.count)

    def count(self, network: torch.nn.Module, inputs: tuple[torch.Tensor]) -> None:
        """Count one call."""
        (seen,) = inputs
        self.passes += len(seen) if torch.is_grad_enabled() and seen.requires_grad else len(seen) / 3


def masks(points: torch.Tensor, side: int, sigma: float) -> torch.Tensor:
    axis = torch.linspace(-1, 1, side)
    down, across = axis[None, :, None] - points[:, 0, None, None], axis[None, None, :] - points[:, 1, None, None]
    return torch.exp(-(down**2 + across**2) / sigma)[:, None]


def published(contest: Contest, n_fixations: int) -> torch.Tensor:
    """The published procedure, batched over pictures; points (B, T, 2)."""
    sharp, side = contest.images, contest.images.shape[-1]
    blurred = gaussian_blur(sharp, [contest.kernel_px] * 2, [contest.blur_sigma_px] * 2)
    targets = [contest.target(index) for index in range(len(sharp))]
    memory, path = torch.zeros(len(sharp), 1, side, side), []
    for _ in range(n_fixations):
        point = torch.zeros(len(sharp), 2)
        best, kept = torch.full((len(sharp),), torch.inf), point.clone()
        for _ in range(STEPS):
            point = point.detach().requires_grad_()
            veil = (1 - (memory + masks(point, side, contest.mask_sigma))).clamp(0, 1)
            losses = contest.losses(sharp + veil * (blurred - sharp), targets)
            (gradient,) = torch.autograd.grad(losses.mean(), point)
            point = (point - STEP_SIZE * gradient.sign()).detach()
            better = losses.detach() < best
            best, kept = torch.where(better, losses.detach(), best), torch.where(better[:, None], point, kept)
        memory = RETENTION * memory + masks(kept, side, contest.mask_sigma)
        path.append(kept)
    return torch.stack(path, dim=1)


def ours(contest: Contest, n_fixations: int) -> torch.Tensor:
    """Our search through `simulate`, in one group of all pictures; points (B, T, 2)."""
    contest.agent._last = None  # pictures are prepared anew, as the published procedure does
    table = sp.simulate(contest.agent, contest.stimuli, n_fixations, batch_size=len(contest.stimuli))
    xy = torch.tensor(np.ascontiguousarray(table[["y_px", "x_px"]]), dtype=torch.float32)
    return (2 * xy / (contest.images.shape[-1] - 1) - 1).reshape(len(contest.stimuli), n_fixations, 2)


def losses_along(contest: Contest, path: torch.Tensor) -> float:
    """Mean loss at the points of a path, each with the memory of those before it."""
    total = 0.0
    with torch.no_grad():
        for index, stimulus in enumerate(contest.stimuli):
            prepared = contest.agent.prepared(stimulus)
            for step, point in enumerate(path[index]):
                seen = prepared.eye.see(point[None], prepared.eye.memory(path[index][:step]))
                total += float(contest.agent.objective.loss(contest.agent.model(seen), prepared.target, step)[0])
    return total / path.shape[0] / path.shape[1]


def losses_from(contest: Contest, path: torch.Tensor) -> float:
    """Mean loss at the points that our search finds, each with the memory of the published path before it."""
    total = 0.0
    for index, stimulus in enumerate(contest.stimuli):
        prepared = contest.agent.prepared(stimulus)
        history = prepared.frame.to_px(path[index])
        for step in range(path.shape[1]):
            kept = contest.agent.search(stimulus, history[:step], torch.Generator()).kept()
            with torch.no_grad():
                seen = prepared.eye.see(kept[None], prepared.eye.memory(path[index][:step]))
                total += float(contest.agent.objective.loss(contest.agent.model(seen), prepared.target, step)[0])
    return total / path.shape[0] / path.shape[1]


def run(contest: Contest, n_fixations: int, rounds: int) -> tuple[dict, measure.Figure]:
    """Interleave both searches; a row of numbers, and how much faster ours is."""
    times, passes, paths = {"published": [], "ours": []}, {}, {}
    for _ in range(rounds + 1):  # the first round warms up
        for name, search in (("published", published), ("ours", ours)):
            contest.counter.passes = 0.0
            start = time.process_time()
            paths[name] = search(contest, n_fixations)
            times[name].append(time.process_time() - start)
            passes[name] = contest.counter.passes / paths[name].shape[0] / n_fixations
    times = {name: values[1:] for name, values in times.items()}
    seconds = {name: value / 1e3 / len(contest.stimuli) for name, value in measure.median_ms(times).items()}
    row = {"network": contest.name, "pictures": len(contest.stimuli), "fixations": n_fixations}
    for name in times:
        row |= {f"{name}_passes_per_fixation": passes[name], f"{name}_seconds_per_scanpath": seconds[name]}
        row[f"{name}_loss_own_path"] = losses_along(contest, paths[name])
    row["ours_loss_same_memory"] = losses_from(contest, paths["published"])
    row["share_of_passes"] = passes["ours"] / passes["published"]
    name = f"{contest.name}: published / ours"
    return row, measure.ratio(name, times["published"], times["ours"], at_least=FASTER)


def alone(contest: Contest, rounds: int) -> list[measure.Figure]:
    """Time ten fixations on one picture, and the passes through the network that they cannot do without."""
    agent, stimulus = contest.agent, contest.stimuli[0]
    image = contest.images[:1]

    def look() -> None:
        agent._last = None
        sp.simulate(agent, stimulus, ALONE)

    def network() -> None:
        for _ in range(ALONE):
            seen = image.clone().requires_grad_()
            torch.autograd.grad(contest.losses(seen, [contest.target(0)]).sum(), seen)
            with torch.no_grad():
                agent.model(image.expand(agent.starts, -1, -1, -1).contiguous())

    times = measure.interleaved({"look": look, "network": network}, rounds)
    name = f"{contest.name}: {ALONE} fixations, one picture alone"
    return [
        measure.milliseconds(name, times["look"], at_most=ALONE_MS),
        measure.milliseconds(f"{contest.name}: of which the network", times["network"]),
    ]


def toy(n: int) -> Contest:
    from scanpath.recognition.language import load_language_model

    scenes = sp.stimuli.captioned_scenes(n, seed=11)
    settings = {"mask_sigma": 0.15, "blur_sigma_px": 5.7, "kernel_px": 23}
    agent = sp.create_agent("nevaclip", model=load_language_model("toy"), found_rule=never(), **settings)
    return Contest("small CLIP, 128 px, caption", torch.stack([one.image for one in scenes]), agent, scenes, **settings)


def squeezenet(n: int, weights: Path, folder: Path, loss: str) -> Contest:
    from scanpath.studies.free_viewing import squeezenet_classifier

    files = sorted(folder.glob("*.jpg"))[:n]
    resize = {"size": (224, 224), "mode": "bicubic", "antialias": True, "align_corners": False}
    images = torch.cat([F.interpolate(sp.read_image(file)[None], **resize).clamp(0, 1) for file in files])
    stimuli = [sp.Stimulus(image, name=file.name) for image, file in zip(images, files)]
    settings = {"mask_sigma": 0.2, "blur_sigma_px": 10.0, "kernel_px": 41}
    network = squeezenet_classifier(weights)
    agent = sp.create_agent("neva", model=network, loss=loss, found_rule=never(), **settings)
    return Contest(f"SqueezeNet, 224 px, {loss}", images, agent, stimuli, **settings)


def never():
    from scanpath.agents.target_found import Never

    return Never()


def main() -> None:
    parser = measure.parser(__doc__, rounds=3, fixations=5, pictures=8)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--losses", nargs="+", default=["classification", "feature_match"], help="with --weights")
    options = parser.parse_args()
    torch.set_num_threads(1)
    contests = [toy(options.pictures)]
    if options.weights and options.images:
        for loss in options.losses:
            contests.append(squeezenet(options.pictures, options.weights, options.images, loss))
    rows, figures = [], []
    for contest in contests:
        row, faster = run(contest, options.fixations, options.rounds)
        rows.append(row)
        share = measure.Figure(f"{contest.name}: share of passes", row["share_of_passes"], at_most=PASSES)
        figures += [faster, share, *alone(contest, options.rounds)]
        print(f"{row['network']} ({row['pictures']} pictures, {row['fixations']} fixations)")
        for name in ("published", "ours"):
            print(
                f"  {name:9s} {row[f'{name}_passes_per_fixation']:5.2f} passes a fixation, "
                f"{row[f'{name}_seconds_per_scanpath']:.3f} s a scanpath, loss {row[f'{name}_loss_own_path']:.4f}"
            )
        print(
            f"  ours from the published memory: loss {row['ours_loss_same_memory']:.4f}; "
            f"{faster.value:.1f} times faster, {row['share_of_passes']:.2f} of the passes"
        )
    measure.report(__file__, figures, options.json, rows=rows)


if __name__ == "__main__":
    main()
