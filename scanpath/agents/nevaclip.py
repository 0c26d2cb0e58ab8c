"""NevaClip: NeVA led by a sentence, through a CLIP (Zanca et al. 2023)."""

from dataclasses import dataclass, replace
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath.agents.neva import NevaAgent, NevaRecord
from scanpath.agents.neva_objectives import Model
from scanpath.gaze.scanpath import ScanpathLike
from scanpath.gaze.stimulus import Stimulus
from scanpath.recognition.language import LanguageModel, check_caption, load_language_model
from scanpath.recognition.weights import Weights

#: What leads the eye, besides other captions by their key in `Stimulus.info`.
CONDITIONS = ("caption", "picture", "mixture")


@dataclass(frozen=True)
class CaptionMatch:
    """See so much that a CLIP finds that the picture fits the caption: one minus the cosine of their vectors.

    Attributes
    ----------
    condition
        "caption"; "picture" for the sharp picture's own vector, without words; "mixture" that goes from the picture's
        to the caption's; or the key of another caption in the stimulus's info.
    n_mixed
        Fixations over which a mixture goes; later ones follow the caption alone.
    published_mixture
        Mix vectors as they come, in shares that never quite reach the caption, as the published code does.
    """

    condition: str
    n_mixed: int
    published_mixture: bool

    def target(self, model: Model, image: Tensor, stimulus: Stimulus) -> tuple[Tensor | None, Tensor | None]:
        """Return the caption's and the picture's vectors, (1, D), where the condition needs them."""
        assert isinstance(model, LanguageModel)
        said = None if self.condition == "picture" else model.encode_text(self.caption(stimulus))
        shown = model(image[None]) if self.condition in ("picture", "mixture") else None
        return said, shown

    def loss(self, output: Tensor, target: tuple[Tensor | None, Tensor | None], fixation: int) -> Tensor:
        """Return one minus the cosine."""
        return 1 - F.cosine_similarity(output, self.goal(*target, fixation))

    def goal(self, said: Tensor | None, shown: Tensor | None, fixation: int) -> Tensor:
        """Return the vector that fixation number `fixation` goes for."""
        if said is None or shown is None:
            alone = shown if said is None else said
            assert alone is not None  # `target` makes one of them at least
            return alone
        if self.published_mixture:
            share = (fixation / self.n_mixed) ** 2
            return share * said + (1 - share) * shown
        share = min(1.0, fixation / max(self.n_mixed - 1, 1))
        return share * F.normalize(said, dim=-1) + (1 - share) * F.normalize(shown, dim=-1)

    def caption(self, stimulus: Stimulus) -> str:
        """Return the words that lead the eye."""
        key = "caption" if self.condition in CONDITIONS else self.condition
        caption = stimulus.caption if key == "caption" else stimulus.info.get(key)
        if caption is None:
            where = "caption=<text>" if key == "caption" else f"info={{{key!r}: <text>}}"
            raise InputError(f"NevaClip follows a caption, and stimulus {stimulus.name!r} has no {key}; give {where}.")
        return check_caption(caption)


class NevaClip(NevaAgent):
    """Looks for what a caption says, led by a CLIP.

    Fixations come in px of the original picture.

    Parameters
    ----------
    model
        "toy" (the package's own CLIP, which knows the drawn scenes of `scanpath.stimuli.captioned_scenes` only), a
        name of open_clip such as "RN50", or a loaded `LanguageModel`.
    pretrained
        Tag of open_clip, local file, or ``{"seed": n}`` for random weights.
    sha256
        Checksum that a local file must have.
    condition
        "caption"; "picture", led by the sharp picture and no words; "mixture", from the picture to the caption; or
        the key of another caption in ``stimulus.info``, such as another person's or another picture's.
    n_mixed
        Fixations over which a mixture goes from the picture to the caption.
    mask_sigma, blur_sigma_px, kernel_px
        Fovea and blur; default those of the published program, scaled to the model's input.
    **search
        As for `NevaAgent`. By default the picture is squeezed into the model's square, so that all of it can be looked
        at; ``framing="center_crop"`` cuts what sticks out of the central square, as the published program does.

    References
    ----------
    Zanca, Zugarini, Dietz, Altstidl, Turban Ndjeuha, Schwinn, Eskofier (2023), Contrastive language-image pretrained
    models are zero-shot human scanpath predictors, arXiv:2305.12380.

    Examples
    --------
    >>> import scanpath as sp
    >>> scene = sp.stimuli.captioned_scenes(1, seed=1)[0]
    >>> table = sp.simulate(sp.create_agent("nevaclip"), [scene], n_fixations=3)
    >>> set(table["stimulus"]) == {scene.name}
    True
    """

    name = "nevaclip"

    def __init__(
        self,
        *,
        model: str | LanguageModel = "toy",
        pretrained: Weights | None = None,
        sha256: str | None = None,
        condition: str = "caption",
        n_mixed: int = 10,
        mask_sigma: float | None = None,
        blur_sigma_px: float | None = None,
        kernel_px: int | None = None,
        **search: Any,
    ) -> None:
        clip = model if isinstance(model, LanguageModel) else load_language_model(model, pretrained, sha256)
        scale = clip.size[0] / 224
        super().__init__(
            clip,
            clip.size,
            (0.15 if clip.name == "toy" else 0.2) if mask_sigma is None else mask_sigma,
            10 * scale if blur_sigma_px is None else blur_sigma_px,
            2 * round(20 * scale) + 1 if kernel_px is None else kernel_px,
            **search,
        )
        self.learned_from = clip.learned_from
        self.objective: CaptionMatch = CaptionMatch(
            condition, check_count("n_mixed", n_mixed), self.mode == "published"
        )

    def review(self, stimulus: Stimulus, scanpath: ScanpathLike) -> NevaRecord:
        """Return what the model sees on a scanpath, and its loss, and what leads the eye."""
        assert isinstance(self.model, LanguageModel)
        led_by = "the picture itself" if self.objective.condition == "picture" else self.objective.caption(stimulus)
        taught = f", which learned from {self.learned_from}" if self.learned_from else ""
        return replace(super().review(stimulus, scanpath), led_by=f"{led_by} (read by {self.model.name}{taught})")
