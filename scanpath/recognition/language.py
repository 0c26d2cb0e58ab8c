"""Image-text models: pictures and sentences as vectors of one space; open_clip's, or the package's own small CLIP."""

import logging
import os
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from scanpath._core.errors import InputError, InputWarning, unknown_name
from scanpath._core.files import file_sha256, require_file
from scanpath._core.random import derive_seed
from scanpath.recognition.weights import Weights, read_weights

Tokenizer = Callable[[list[str]], Tensor]
TOY = "toy"


class ImageTextNetwork(Protocol):
    """What open_clip's models have in common."""

    visual: Any  # the image tower, of one of many classes

    def encode_image(self, image: Tensor, /) -> Tensor:
        """Turn normalized pictures (B, 3, H, W) into vectors (B, D)."""
        ...

    def encode_text(self, text: Tensor, /) -> Tensor:
        """Turn token numbers (n, context) into vectors (n, D)."""
        ...


class LanguageModel(nn.Module):
    """A frozen CLIP: pictures and captions become vectors whose cosine says how well they fit.

    Parameters
    ----------
    model
        Has ``encode_image`` and ``encode_text``, as open_clip's models do.
    tokenizer
        Sentences to token numbers (n, context).
    name
        What to call it in messages.
    size
        (height, width) of the pictures it takes.
    mean, std
        Its normalization, three numbers each.
    learned_from
        What it learned from, in a few words.
    words
        The words that it knows; default any.
    """

    model: ImageTextNetwork
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Tokenizer,
        *,
        name: str,
        size: tuple[int, int],
        mean: Sequence[float],
        std: Sequence[float],
        learned_from: str = "",
        words: Collection[str] | None = None,
    ) -> None:
        super().__init__()
        self.model = cast(ImageTextNetwork, model.eval().requires_grad_(False))
        self.tokenizer, self.name, self.size = tokenizer, name, size
        self.learned_from, self.words = learned_from, words
        self.register_buffer("mean", torch.tensor(list(mean), dtype=torch.float32)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(list(std), dtype=torch.float32)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the vectors (B, D) of pictures (B, 3, H, W) in [0, 1] of the model's size; differentiable."""
        return self.model.encode_image((images - self.mean) / self.std)

    def encode_text(self, captions: str | Sequence[str]) -> Tensor:
        """Return the vectors (n, D) of captions.

        A caption that is longer than the model can read is cut, with a warning; words that it does not know are named.

        Raises
        ------
        InputError
            If a caption is empty or is not text.
        """
        sentences = [check_caption(one) for one in (captions if isinstance(captions, list | tuple) else [captions])]
        tokens = self.tokenizer(sentences)
        for sentence, row in zip(sentences, tokens):
            self._warn_if_cut(sentence, len(row))
            self._warn_if_unknown(sentence)
        with torch.no_grad():
            return self.model.encode_text(tokens.to(self.mean.device))

    def _warn_if_cut(self, sentence: str, context: int) -> None:
        encode = getattr(self.tokenizer, "encode", None)
        length = 0 if encode is None else len(encode(sentence)) + 2  # start and end
        if length > context:
            warnings.warn(
                f"{self.name} reads {context} tokens; caption {sentence[:30]!r}... has {length}; its end is cut.",
                stacklevel=4,
            )

    def _warn_if_unknown(self, sentence: str) -> None:
        if self.words is None:
            return
        unknown = list(dict.fromkeys(word for word in re.findall(r"\w+", sentence.lower()) if word not in self.words))
        if unknown:
            named = ", ".join(map(repr, unknown[:3])) + (f" and {len(unknown) - 3} more" if len(unknown) > 3 else "")
            warnings.warn(
                f"{self.name} learned from {self.learned_from}; it does not know {named} of the caption "
                f"{sentence[:30]!r}, so what it answers means nothing; give a CLIP that does: model ViT-B-32, for "
                "example, and a file of its weights as pretrained.",
                InputWarning,
                stacklevel=4,
            )


def check_caption(caption: object) -> str:
    """Return a caption if it can be encoded, else say in one sentence what is wrong with it."""
    if not isinstance(caption, str):
        hint = "; decode it first, as in caption.decode('utf-8')" if isinstance(caption, bytes) else ""
        raise InputError(f"A caption must be text, got {type(caption).__name__}{hint}.")
    if not caption.strip():
        raise InputError("The caption is empty; write what is looked for.")
    try:
        caption.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(
            f"The caption {caption.encode('ascii', 'backslashreplace').decode()!r} holds characters that are no valid "
            "Unicode, as after reading a file in the wrong encoding; read the file with its true encoding."
        ) from None
    return caption


def load_language_model(
    model: str = TOY, pretrained: Weights | None = None, sha256: str | None = None
) -> LanguageModel:
    """Load an image-text model, frozen.

    Parameters
    ----------
    model
        "toy", the package's own small CLIP, which knows drawn scenes only, or any model name of open_clip.
    pretrained
        A tag of open_clip, which downloads the weights once; or a local file; or ``{"seed": n}`` for random weights.
        For "toy" a file of the training program; default the one that comes with the package.
    sha256
        Checksum that a local file must have.

    Raises
    ------
    InputError
        If a name or tag is unknown, a file is missing, has another checksum or does not fit, or the weights cannot be
        downloaded.

    Examples
    --------
    >>> clip = load_language_model("toy")
    >>> vectors = clip.encode_text(["a red ring", "a blue star"])
    >>> vectors.shape
    torch.Size([2, 64])
    """
    checksum = _file_checksum(pretrained, sha256)
    if model == TOY:
        return _toy(pretrained)
    import open_clip

    if model not in open_clip.list_models():
        raise unknown_name("image-text model", model, [TOY, *open_clip.list_models()])
    network = _open_clip(model, pretrained)
    visual = cast(ImageTextNetwork, network).visual
    size = visual.image_size if isinstance(visual.image_size, tuple) else (visual.image_size,) * 2
    mean = getattr(visual, "image_mean", None) or open_clip.OPENAI_DATASET_MEAN
    std = getattr(visual, "image_std", None) or open_clip.OPENAI_DATASET_STD
    if checksum is not None:
        learned_from = f"what the file {Path(str(pretrained)).name} holds (SHA-256 {checksum[:16]}...)"
    else:
        learned_from = "nothing, as its weights are random" if isinstance(pretrained, Mapping) else str(pretrained)
    return LanguageModel(
        network,
        open_clip.get_tokenizer(model),
        name=model,
        size=size,
        mean=mean,
        std=std,
        learned_from=learned_from,
    )


def _file_checksum(pretrained: Weights | None, sha256: str | None) -> str | None:
    """Return the SHA-256 of a local file, checked; None for what is no file."""
    file = None if pretrained is None or isinstance(pretrained, Mapping) else Path(pretrained)
    if file is None or not file.is_file():
        if sha256 is not None:
            raise InputError(f"sha256 is the checksum of a local file, and pretrained is {pretrained!r}.")
        return None
    found = file_sha256(file)
    if sha256 is not None and found != sha256.lower():
        raise InputError(f"{file} has the SHA-256 {found}, not {sha256}; it is damaged, or another file.")
    return found


def _toy(pretrained: Weights | None) -> LanguageModel:
    from scanpath.recognition.toy_clip import DEVIATION, IMAGE_SIZE_PX, LEARNED_FROM, MEAN, WORDS, load_toy_clip

    if isinstance(pretrained, Mapping):
        raise InputError("The model 'toy' takes pretrained=<file> or nothing, not a seed.")
    network, tokenizer = load_toy_clip(pretrained)
    size = (IMAGE_SIZE_PX, IMAGE_SIZE_PX)
    return LanguageModel(
        network,
        tokenizer,
        name=TOY,
        size=size,
        mean=[MEAN] * 3,
        std=[DEVIATION] * 3,
        learned_from=LEARNED_FROM,
        words=WORDS,
    )


def _open_clip(model: str, pretrained: Weights | None) -> nn.Module:
    import open_clip

    tags = open_clip.list_pretrained_tags_by_model(model)
    if pretrained is None:
        raise InputError(f"Model {model!r} needs pretrained=<tag or file>; its tags are {', '.join(tags) or 'none'}.")
    if isinstance(pretrained, Mapping):
        if set(pretrained) != {"seed"}:
            raise InputError(f'pretrained must be a tag, a file or {{"seed": number}}, got {dict(pretrained)!r}.')
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(pretrained["seed"], "image-text model", model))
            with _silent():  # of weights that were not asked for
                return open_clip.create_model(model, load_weights=False)
    if str(pretrained) in tags:
        failure = (
            f"The weights {pretrained!r} of {model} could not be downloaded ({{reason}}); give a local file instead."
        )
        return _created(model, str(pretrained), failure)
    if os.sep not in str(pretrained) and not Path(pretrained).suffix:
        raise unknown_name(f"pretrained tag of {model}", pretrained, tags)
    file = require_file(pretrained, "weights file")
    return _created(model, str(file), f"{file} holds no weights of {model} ({{reason}}); check the model's name.", file)


@contextmanager
def _silent() -> Iterator[None]:
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)


def _created(model: str, pretrained: str, failure: str, file: Path | None = None) -> nn.Module:
    import open_clip

    try:
        with _silent(), warnings.catch_warnings():  # the error below says once what is logged at every attempt
            warnings.simplefilter("ignore")
            return open_clip.create_model(model, pretrained=pretrained, weights_only=True)
    except Exception as error:  # hub clients and state dicts fail in many ways
        if file is not None:
            read_weights(file)  # says what is wrong with a file that holds no weights at all
        raise InputError(failure.format(reason=_reason(error))) from error


def _reason(error: Exception) -> str:
    """Return the first fact in an error's message; torch puts a heading before and a list behind."""
    text = str(error) or type(error).__name__
    named = re.search(r'Missing key\(s\) in state_dict: "([^"]+)"|size mismatch for ([^:]+):', text)
    if named is None:
        return text.splitlines()[0][:120]
    return f"it lacks {named[1]}" if named[1] else f"it has another shape for {named[2]}"
