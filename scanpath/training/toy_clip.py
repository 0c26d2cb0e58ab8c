"""Train the package's small CLIP from scratch: ``python -m scanpath.training.toy_clip --out FILE``.

Pictures are drawn scenes, foveated at the captioned object as NeVA foveates them; captions that are also true of
another picture in the batch are not counted against it. Batch t depends on the seed and on t alone, so that a run that
was stopped and resumed ends where an uninterrupted one does.

The loss has two terms: the contrastive one over the whole batch, as in CLIP [1]_, and the same among pictures and
captions of one combination of color, texture and shape, which only their place tells apart. In the whole batch those
are two of eighty candidates, and hardly count until all else is learned; hard negatives of their own [2]_ make place
worth as much as looks from the first step on.

References
----------
.. [1] Radford et al. (2021), Learning transferable visual models from natural language supervision,
   arXiv:2103.00020.
.. [2] Yuksekgonul, Bianchi, Kalluri, Jurafsky, Zou (2023), When and why vision-language models behave like
   bags-of-words, and what to do about it, arXiv:2210.01936.
"""

import argparse
import math
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor

from scanpath._core.checks import check_count
from scanpath._core.random import derive_seed, numpy_generator
from scanpath.foveation.progress import progress_bar
from scanpath.recognition.toy_clip import (
    DEVIATION,
    IMAGE_SIZE_PX,
    MEAN,
    build_toy_clip,
    make_tokenizer,
    save_toy_clip,
    train_merges,
)
from scanpath.stimuli.caption_grammar import POSITIONS, all_words, describe, position_holds
from scanpath.stimuli.captioned_scenes import COLORS, SHAPES, TEXTURES, Scene, SceneObject, draw_scene
from scanpath.training.checkpoints import Stateful, load_checkpoint, save_checkpoint

BLUR_SIGMA_PX, BLUR_KERNEL_PX = 5.7, 23
MASK_SIGMAS = (0.1, 0.15, 0.2)
#: What a checkpoint was trained for; one of another loss is not taken up.
_LOSS = "captions, and places among candidates that look alike"

#: The model and the merges of its token list.
TrainedToyClip = tuple[CLIP, list[tuple[str, str]]]
#: Yields step and loss, and returns the model.
Training = Generator[tuple[int, float], None, TrainedToyClip]


@dataclass(frozen=True)
class ToyClipRecipe:
    """How the model is trained.

    Attributes
    ----------
    seed
        Names all random numbers: scenes, first weights, batches.
    steps
        Batches.
    n_scenes
        Scenes to draw from.
    scenes_per_batch, objects_per_scene, empty_per_batch
        A batch has three captioned objects of each of its scenes, and some pictures foveated between objects, which
        no caption fits.
    learning_rate, weight_decay, warmup_steps
        Of AdamW; the rate rises linearly and then falls along a cosine to zero.
    """

    seed: int = 0
    steps: int = 1000
    n_scenes: int = 4000
    scenes_per_batch: int = 28
    objects_per_scene: int = 3
    empty_per_batch: int = 12
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warmup_steps: int = 60

    def rate(self, step: int) -> float:
        """Learning rate at a step."""
        warm = min(1.0, (step + 1) / self.warmup_steps)
        return self.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / self.steps))


def train_toy_clip(
    recipe: ToyClipRecipe, *, checkpoint: str | os.PathLike[str] | None = None, checkpoint_every: int = 100
) -> Training:
    """Train step by step, yielding each step's number and loss; the generator's return value is the model.

    Parameters
    ----------
    recipe
        Seed and settings.
    checkpoint
        File that keeps the state every `checkpoint_every` steps; if it exists, training goes on from there.

    Returns
    -------
    tuple
        The trained `CLIP` and its token list.
    """
    merges = train_merges([*COLORS, *SHAPES, *TEXTURES, *all_words()])
    tokenizer = make_tokenizer(merges)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(recipe.seed, "toy clip weights"))
        model = build_toy_clip(tokenizer.vocab_size).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=recipe.weight_decay, betas=(0.9, 0.98))
    parts: dict[str, Stateful] = {"model": model, "optimizer": optimizer}
    settings = {**vars(recipe), "loss": _LOSS}
    resumed = None if checkpoint is None else load_checkpoint(checkpoint, settings, parts)
    scenes = [
        draw_scene(recipe.seed, index, combinations="trained", twin_share=0.7) for index in range(recipe.n_scenes)
    ]
    model.train()
    for step in range(resumed["step"] if resumed else 0, recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate(step)
        loss = _batch_loss(model, tokenizer, scenes, recipe, step)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        if checkpoint is not None and (step + 1) % checkpoint_every == 0:
            save_checkpoint(checkpoint, settings, {"step": step + 1}, parts)
        yield step, loss.item()
    return model.eval().requires_grad_(False), merges


def _batch_loss(
    model: CLIP, tokenizer: SimpleTokenizer, scenes: list[Scene], recipe: ToyClipRecipe, step: int
) -> Tensor:
    """Contrastive loss of one batch; rows are pictures, columns captions."""
    rng = numpy_generator(recipe.seed, "toy clip batch", step)
    chosen = [scenes[index] for index in rng.integers(len(scenes), size=recipe.scenes_per_batch)]
    rows, captions = [], []
    for number, scene in enumerate(chosen):
        for one, phrase in _described(rng, scene, recipe.objects_per_scene):
            rows.append((number, one))
            captions.append((one.combination, phrase, describe(rng, one.combination, phrase)))
    alike = torch.tensor([[one.combination == what for what, _, _ in captions] for _, one in rows])
    there = torch.tensor([[_lies(one, phrase) for _, phrase, _ in captions] for _, one in rows])
    fits = (alike & there).float()
    empty = [int(number) for number in rng.integers(len(chosen), size=recipe.empty_per_batch)]
    places = [_near(rng, one) for _, one in rows] + [_between(rng, chosen[number]) for number in empty]
    pictures = _foveated(rng, chosen, [number for number, _ in rows] + empty, places)
    seen = model.encode_image(pictures, normalize=True)
    said = model.encode_text(tokenizer([sentence for _, _, sentence in captions]), normalize=True)
    logits = model.logit_scale.exp() * seen @ said.T
    of_objects = logits[: len(rows)]
    by_picture = _cross_entropy(of_objects, fits)
    by_caption = _cross_entropy(logits.T, F.pad(fits.T, (0, len(empty))))
    # of candidates that look as the caption says, place alone says which are meant
    told = of_objects.masked_fill(~alike, -math.inf)
    by_place = _cross_entropy(told, fits) + _cross_entropy(told.T, fits.T)
    return (by_picture + by_caption + by_place) / 2


def _cross_entropy(logits: Tensor, fits: Tensor) -> Tensor:
    """Cross-entropy over each row's candidates; those that fit equally share what is right, -inf is no candidate."""
    shares = fits / fits.sum(1, keepdim=True)
    log_chances = F.log_softmax(logits, dim=1).masked_fill(shares == 0, 0)
    return -(shares * log_chances).sum(1).mean()


def _lies(one: SceneObject, phrase: str | None) -> bool:
    return phrase is None or position_holds(phrase, one.center_px, IMAGE_SIZE_PX)


def _described(rng: np.random.Generator, scene: Scene, n: int) -> list[tuple[SceneObject, str | None]]:
    """Draw n objects of a scene, and for half of them a true position phrase.

    Twins nearly always get one, which does not hold for the other.
    """
    described = []
    order = [0, 1, *range(2, len(scene.objects))] if scene.twin else list(rng.permutation(len(scene.objects)))
    for index in order[:n]:
        one = scene.objects[index]
        twin = scene.objects[1 - index] if scene.twin and index < 2 else None
        names = [name for name in POSITIONS if _lies(one, name) and not (twin and _lies(twin, name))]
        phrase = names[rng.integers(len(names))]
        described.append((one, phrase if rng.random() < (0.9 if twin else 0.5) else None))
    return described


def _near(rng: np.random.Generator, one: SceneObject) -> np.ndarray:
    return np.array(one.center_px) + rng.normal(0, 0.05 * IMAGE_SIZE_PX / 2, 2)


def _between(rng: np.random.Generator, scene: Scene) -> np.ndarray:
    """Draw a place away from all objects, as far as twenty tries find one."""
    tries = rng.uniform(0, IMAGE_SIZE_PX - 1, (20, 2))
    gaps = [min(math.dist(place, one.center_px) / one.radius_px for one in scene.objects) for place in tries]
    clear = [place for place, gap in zip(tries, gaps) if gap > 1.8]
    return clear[0] if clear else tries[int(np.argmax(gaps))]


def _foveated(rng: np.random.Generator, scenes: list[Scene], numbers: list[int], places: list[np.ndarray]) -> Tensor:
    """Foveate one picture a place; four in ten also remember up to two earlier fixations."""
    sharp = torch.from_numpy(np.stack([scene.image for scene in scenes])) - MEAN
    sharp = (sharp / DEVIATION).contiguous(memory_format=torch.channels_last)
    blurred = _blur(sharp)
    masks = []
    for place in places:
        sigma = MASK_SIGMAS[rng.integers(len(MASK_SIGMAS))]
        mask = _bump(place, sigma)
        for weight in rng.uniform(0.2, 1.0, rng.integers(1, 3)) if rng.random() < 0.4 else ():
            mask = mask + weight * _bump(rng.uniform(0, IMAGE_SIZE_PX - 1, 2), sigma)
        masks.append(np.clip(mask, 0, 1).astype(np.float32))
    clear = torch.from_numpy(np.stack(masks))[:, None]
    index = torch.tensor(numbers)
    return torch.lerp(blurred[index], sharp[index], clear).contiguous(memory_format=torch.channels_last)


def _bump(place: np.ndarray, sigma: float) -> np.ndarray:
    line = np.linspace(-1, 1, IMAGE_SIZE_PX)
    x, y = 2 * np.asarray(place) / (IMAGE_SIZE_PX - 1) - 1
    return (np.exp(-((line - y) ** 2) / sigma)[:, None] * np.exp(-((line - x) ** 2) / sigma)).astype(np.float32)


def _blur(images: Tensor) -> Tensor:
    """Blur by a Gaussian, reflected at the borders, as one matrix product along each side."""
    half = BLUR_KERNEL_PX // 2
    weights = torch.exp(-((torch.arange(BLUR_KERNEL_PX) - half) ** 2) / (2 * BLUR_SIGMA_PX**2))
    padded = F.pad(torch.eye(IMAGE_SIZE_PX)[None], (half, half), mode="reflect")[0]
    matrix = padded.unfold(1, BLUR_KERNEL_PX, 1) @ (weights / weights.sum())  # column i: response of output i
    return matrix.T @ images @ matrix


def main(arguments: list[str] | None = None) -> None:
    """Train with a progress bar and write the model; the checkpoint beside it is removed at the end."""
    parser = argparse.ArgumentParser(description="Train the small CLIP of captioned scenes from scratch.")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    parser.add_argument("--seed", type=int, default=ToyClipRecipe.seed)
    parser.add_argument("--steps", type=int, default=ToyClipRecipe.steps)
    parser.add_argument("--scenes", type=int, default=ToyClipRecipe.n_scenes)
    parser.add_argument("--threads", type=int, default=2, help="of the processor")
    options = parser.parse_args(arguments)
    torch.set_num_threads(check_count("--threads", options.threads))
    recipe = ToyClipRecipe(seed=options.seed, steps=options.steps, n_scenes=options.scenes)
    checkpoint = options.out.with_suffix(".checkpoint.pt")
    with progress_bar("toy CLIP", recipe.steps, "loss") as show:
        model, merges = _run(train_toy_clip(recipe, checkpoint=checkpoint), show)
    save_toy_clip(options.out, model, merges)
    checkpoint.unlink(missing_ok=True)


def _run(training: Training, show: Callable[[int, float], None]) -> TrainedToyClip:
    """Train to the end, showing the loss as a running mean."""
    smooth = None
    while True:
        try:
            step, loss = next(training)
        except StopIteration as end:
            return end.value
        smooth = loss if smooth is None else 0.95 * smooth + 0.05 * loss
        show(step + 1, smooth)


if __name__ == "__main__":
    main()
