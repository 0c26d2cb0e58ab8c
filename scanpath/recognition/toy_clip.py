"""A small CLIP that comes with the package: it links captions of drawn scenes to pictures foveated at an object.

It is open_clip's `CLIP` class with a two-layer text transformer and a plain convolutional image tower. It knows the
scenes of `scanpath.stimuli.captioned_scenes` and nothing else; it makes caption-guided search work, and testable,
without any download. ``python -m scanpath.training.toy_clip`` trains it from scratch.
"""

import gzip
import io
import json
import os
from importlib import resources
from itertools import pairwise
from pathlib import Path

import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor, nn

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, require_file
from scanpath.stimuli.caption_grammar import all_words
from scanpath.stimuli.captioned_scenes import COLORS, SHAPES, TEXTURES

IMAGE_SIZE_PX = 128
EMBEDDING = 64
CONTEXT = 24
FORMAT = "scanpath toy CLIP 1"
LEARNED_FROM = "drawn scenes of colored shapes alone, so that photographs mean nothing to it"
#: All words that it was trained with.
WORDS = frozenset({*all_words(), *COLORS, *SHAPES, *TEXTURES})
#: Pixels enter the image tower as (value - MEAN) / DEVIATION.
MEAN, DEVIATION = 0.5, 0.25


class ConvTower(nn.Module):
    """Image tower: six convolutions with batch norm, then attention pooling over an 8 x 8 grid with positions.

    Positions begin as row and column in some channels and at random in the others, and the query begins as long as the
    tokens, so that attention differs among places, and the vector tells where the picture is clear, before anything is
    learned. A short query attends to all places alike; whether training then ever leaves that is a matter of the seed.

    Parameters
    ----------
    embedding
        Length of the image's vector.
    """

    def __init__(self, embedding: int = EMBEDDING) -> None:
        super().__init__()
        channels, strides = [3, 24, 48, 48, 64, 96, 96, 96], [4, 1, 2, 1, 2, 1, 1]
        layers: list[nn.Module] = []
        for index, (into, out, stride) in enumerate(zip(channels, channels[1:], strides)):
            kernel, padding = (6, 1) if index == 0 else (3, 1)
            layers += [nn.Conv2d(into, out, kernel, stride, padding, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        side, last = IMAGE_SIZE_PX // 16, channels[-1]
        position = torch.randn(side, side, last) / 2
        # where something lies can be read off from the start; left to chance, position phrases are not learned in time
        line = torch.linspace(-2, 2, side)
        position[..., :8], position[..., 8:16] = line[:, None, None], line[None, :, None]
        self.position = nn.Parameter(position.reshape(side * side, last))
        self.query = nn.Parameter(torch.randn(1, 1, last))
        self.pool = nn.MultiheadAttention(last, num_heads=4, batch_first=True)
        self.project = nn.Linear(last, embedding, bias=False)

    def forward(self, image: Tensor) -> Tensor:
        """Turn pictures (B, 3, 128, 128), normalized, into vectors (B, embedding)."""
        tokens = self.features(image).flatten(2).transpose(1, 2) + self.position
        pooled, _ = self.pool(self.query.expand(len(tokens), -1, -1), tokens, tokens, need_weights=False)
        return self.project(pooled[:, 0])


def build_toy_clip(vocabulary: int) -> CLIP:
    """Build the untrained model for a token list of this length; seed torch before for reproducible weights."""
    # the vision config is a stand-in that is replaced at once: open_clip has no plain convolutional tower
    vision = CLIPVisionCfg(layers=1, width=16, head_width=16, patch_size=64, image_size=IMAGE_SIZE_PX)
    text = CLIPTextCfg(context_length=CONTEXT, vocab_size=vocabulary, width=64, heads=4, layers=2)
    model = CLIP(EMBEDDING, vision, text)
    model.register_module("visual", ConvTower())
    return model


def train_merges(words: list[str], n_merges: int = 400) -> list[tuple[str, str]]:
    """Learn byte-pair merges until every word is one token.

    Words count once each; among equally frequent pairs the alphabetically first is merged, so that the token list
    depends on nothing but the words.

    Examples
    --------
    >>> train_merges(["aab", "aa"])
    [('a', 'a'), ('a', 'a</w>'), ('aa', 'b</w>')]
    """
    spelled = [[*word[:-1], f"{word[-1]}</w>"] for word in sorted(set(words))]
    merges: list[tuple[str, str]] = []
    while len(merges) < n_merges:
        counts: dict[tuple[str, str], int] = {}
        for parts in spelled:
            for pair in pairwise(parts):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair[0], pair[1]))
        merges.append(best)
        spelled = [_merge(parts, best) for parts in spelled]
    return merges


def make_tokenizer(merges: list[tuple[str, str]]) -> SimpleTokenizer:
    """Build open_clip's byte-level tokenizer on a token list of our own; any text can be encoded."""
    text = "\n".join(["#version: 0.2", *(f"{first} {second}" for first, second in merges)])
    packed = io.BytesIO(gzip.compress(text.encode("utf-8"), mtime=0))
    return SimpleTokenizer(bpe_path=packed, context_length=CONTEXT)  # pyright: ignore[reportArgumentType]


def save_toy_clip(path: str | os.PathLike[str], model: CLIP, merges: list[tuple[str, str]]) -> None:
    """Write weights and token list as one safetensors file."""
    from safetensors.torch import save_file

    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(weights, temporary, metadata={"format": FORMAT, "merges": json.dumps(merges)})


def load_toy_clip(path: str | os.PathLike[str] | None = None) -> tuple[CLIP, SimpleTokenizer]:
    """Read the model and its tokenizer; frozen and in evaluation mode.

    Parameters
    ----------
    path
        File that the training program wrote; default the one that comes with the package.

    Raises
    ------
    InputError
        If the file is missing or is not a toy CLIP.
    """
    from safetensors import SafetensorError, safe_open

    file = require_file(shipped_weights() if path is None else path, "toy CLIP file")
    try:
        with safe_open(file, framework="pt") as stored:
            facts = stored.metadata() or {}
            weights = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a dict)
    except SafetensorError as error:
        raise InputError(f"{file} is not a safetensors file ({error}); train one or use the package's own.") from None
    if facts.get("format") != FORMAT:
        raise InputError(f"{file} is not a {FORMAT!r} file; write one with python -m scanpath.training.toy_clip.")
    tokenizer = make_tokenizer([(first, second) for first, second in json.loads(facts["merges"])])
    model = build_toy_clip(tokenizer.vocab_size)
    model.load_state_dict(weights)
    return model.eval().requires_grad_(False), tokenizer


def shipped_weights() -> Path:
    """Where the package keeps the trained model."""
    return Path(str(resources.files("scanpath.recognition") / "data" / "toy_clip.safetensors"))


def _merge(parts: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    for part in parts:
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return merged
