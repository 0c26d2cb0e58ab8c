"""Train the decoder of the deep foveated texture on a folder of pictures.

python -m scanpath.training.texture_decoder FOLDER --weights vgg19.pth --out decoder.safetensors
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError, ScanpathError
from scanpath._core.files import atomic_path
from scanpath._core.random import torch_generator
from scanpath.foveation.neurofovea import STRIDE_PX, Decoder, Weights, load_encoder, seed_parameters
from scanpath.foveation.progress import progress_bar
from scanpath.gaze.pictures import find_pictures, read_image
from scanpath.recognition.backbones import usable_device
from scanpath.training.checkpoints import Stateful, load_checkpoint, save_checkpoint


@dataclass(frozen=True)
class DecoderRecipe:
    """Settings that decide what is learned; a checkpoint continues only under the same ones.

    Parameters
    ----------
    batch_size
        Crops per step.
    crop_px
        Side of the square crops, a multiple of 8; smaller pictures are enlarged.
    learning_rate
        Of Adam.
    feature_weight
        Weight of the error of re-encoded features against that of pixels.
    seed
        Of the first weights and of which crops are seen at which step.
    """

    batch_size: int = 8
    crop_px: int = 256
    learning_rate: float = 1e-4
    feature_weight: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_count("batch_size", self.batch_size)
        check_positive("learning_rate", self.learning_rate)
        if check_count("crop_px", self.crop_px, least=2 * STRIDE_PX) % STRIDE_PX:
            raise InputError(f"crop_px must be a multiple of {STRIDE_PX}, got {self.crop_px}.")
        if not self.feature_weight >= 0:
            raise InputError(f"feature_weight must not be negative, got {self.feature_weight}.")


def train_decoder(
    folder: str | os.PathLike[str],
    *,
    weights: Weights,
    out: str | os.PathLike[str],
    steps: int = 20_000,
    recipe: DecoderRecipe | None = None,
    checkpoint_every: int = 500,
    device: str = "cpu",
    report: Callable[[int, float], None] | None = None,
) -> Path:
    """Learn to turn relu4_1 features of VGG-19 back into the pictures they came from.

    The loss is the mean squared error of pixels plus that of features of the decoded picture. Which crops a step
    sees depends on the seed and the step alone, so that a run that was interrupted and continued equals one that
    was not. While it runs, the state is kept in ``<out>.checkpoint.pt``; calling again continues from there, also
    with more steps than before.

    Parameters
    ----------
    folder
        Pictures to learn from; those that cannot be read are named on standard error and left out.
    weights
        torchvision's VGG-19 weights, a file; or ``{"seed": n}`` for random ones.
    out
        Where the decoder is written, as safetensors.
    steps
        Total number of steps.
    recipe
        Everything else that decides what is learned.
    checkpoint_every
        Steps between two savings of the state.
    device
        Where to compute, for example "cuda".
    report
        Called with the step and the loss after each step.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    InputError
        If there is nothing to learn from, the weights or the device cannot be used, or a checkpoint belongs to other
        settings.
    """
    recipe = recipe or DecoderRecipe()
    target = Path(out)
    checkpoint = target.with_name(target.name + ".checkpoint.pt")
    check_count("steps", steps)
    check_count("checkpoint_every", checkpoint_every)
    place = usable_device(device)
    if not Path(folder).is_dir():
        raise InputError(f"There is no folder at {folder}; give one with pictures to learn from.")
    pictures = _readable(find_pictures(folder))
    encoder = load_encoder(weights).to(place)
    decoder = Decoder()
    seed_parameters(decoder, recipe.seed)
    decoder.to(place)
    optimizer = torch.optim.Adam(decoder.parameters(), lr=recipe.learning_rate)
    parts: dict[str, Stateful] = {"decoder": decoder, "optimizer": optimizer}
    resumed = load_checkpoint(checkpoint, asdict(recipe), parts)
    start = resumed["step"] if resumed else 0
    for step in range(start, steps):
        batch = make_batch(pictures, recipe, step).to(place)
        loss = reconstruction_loss(batch, encoder, decoder, recipe.feature_weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if report is not None:
            report(step + 1, float(loss.detach()))
        if (step + 1) % checkpoint_every == 0 or step + 1 == steps:
            save_checkpoint(checkpoint, asdict(recipe), {"step": step + 1}, parts)
    _save_decoder(target, decoder, recipe, max(start, steps))
    return target


def reconstruction_loss(batch: Tensor, encoder: torch.nn.Module, decoder: Decoder, feature_weight: float) -> Tensor:
    """Mean squared error of decoded pixels and, weighted, of their features."""
    with torch.no_grad():
        features = encoder(batch)
    decoded = decoder(features)
    pixels = torch.nn.functional.mse_loss(decoded, batch)
    return pixels + feature_weight * torch.nn.functional.mse_loss(encoder(decoded), features)


def make_batch(pictures: Sequence[Path], recipe: DecoderRecipe, step: int) -> Tensor:
    """Random crops (B, 3, crop, crop) of a step."""
    crops = []
    for item in range(recipe.batch_size):
        generator = torch_generator(recipe.seed, "train_decoder", step, item)
        index = int(torch.randint(len(pictures), (), generator=generator))
        crops.append(_random_crop(read_image(pictures[index]), recipe.crop_px, generator))
    return torch.stack(crops)


def _random_crop(image: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Shrink to a random size that still holds the crop (or enlarge to just hold it), cut, mirror half of the time."""
    shortest = min(image.shape[-2:])
    share = float(torch.rand((), generator=generator))
    scale = side / shortest if shortest <= side else side / (side + share * (min(shortest, 2 * side) - side))
    size = [max(side, round(length * scale)) for length in image.shape[-2:]]
    resized = torch.nn.functional.interpolate(
        image.expand(3, -1, -1)[None], size=size, mode="bilinear", antialias=True, align_corners=False
    )[0]
    top, left = (int(torch.randint(length - side + 1, (), generator=generator)) for length in size)
    crop = resized[:, top : top + side, left : left + side]
    return crop.flip(-1) if float(torch.rand((), generator=generator)) < 0.5 else crop


def _readable(paths: Sequence[Path]) -> list[Path]:
    kept = []
    for path in paths:
        try:
            read_image(path)
        except InputError as error:
            print(f"left out: {error}", file=sys.stderr)
        else:
            kept.append(path)
    if not kept:
        raise InputError(f"None of the {len(paths)} pictures can be read.")
    return kept


def _save_decoder(target: Path, decoder: Decoder, recipe: DecoderRecipe, step: int) -> None:
    from safetensors.torch import save_file

    facts = {"model": "scanpath foveation decoder, VGG-19 relu4_1", "steps": str(step), "recipe": str(asdict(recipe))}
    tensors = {name: value.detach().cpu().contiguous() for name, value in decoder.state_dict().items()}
    with atomic_path(target) as temporary:
        save_file(tensors, temporary, metadata=facts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m scanpath.training.texture_decoder", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of pictures")
    parser.add_argument("--weights", required=True, help="torchvision's VGG-19 weights (.pth or .safetensors)")
    parser.add_argument("--out", required=True, type=Path, help="where to write the decoder (.safetensors)")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--batch-size", type=int, default=DecoderRecipe.batch_size)
    parser.add_argument("--crop-px", type=int, default=DecoderRecipe.crop_px)
    parser.add_argument("--learning-rate", type=float, default=DecoderRecipe.learning_rate)
    parser.add_argument("--feature-weight", type=float, default=DecoderRecipe.feature_weight)
    parser.add_argument("--seed", type=int, default=DecoderRecipe.seed)
    parser.add_argument("--checkpoint-every", type=int, default=500)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    try:
        recipe = DecoderRecipe(
            options.batch_size, options.crop_px, options.learning_rate, options.feature_weight, options.seed
        )
        _train_with_progress(options, recipe)
    except ScanpathError as error:
        print(error, file=sys.stderr)
        return 2
    print(options.out)
    return 0


def _train_with_progress(options: argparse.Namespace, recipe: DecoderRecipe) -> None:
    with progress_bar("decoder", options.steps, "loss") as show:
        train_decoder(
            options.folder,
            weights=options.weights,
            out=options.out,
            steps=options.steps,
            recipe=recipe,
            checkpoint_every=options.checkpoint_every,
            device=options.device,
            report=show,
        )


if __name__ == "__main__":
    sys.exit(main())
