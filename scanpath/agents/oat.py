"""OAT as an agent: it looks at objects, one after another, and ends its search itself."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from torch import Tensor

from scanpath._core.checks import check_choice, check_positive, check_xy
from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent, start_of
from scanpath.agents.history import History
from scanpath.agents.target_found import FoundRule, InBox
from scanpath.gaze.boxes import Box
from scanpath.gaze.objects import best_match, fixated_objects, object_places
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.guidance.oat_model import DEMO, OatModel, load_oat
from scanpath.guidance.object_oat import ObjectOat, Seen, scaled_match
from scanpath.guidance.object_positions import spacing_of
from scanpath.guidance.object_scenes import object_scene
from scanpath.guidance.published_oat import PublishedOat, SeenGrid
from scanpath.recognition.language import TOY, LanguageModel, check_caption, load_language_model
from scanpath.recognition.object_embedding import framed_objects, object_patches
from scanpath.recognition.weights import Weights

#: How much of a picture an object takes for the package's own image-text model, as in the scenes it learned from.
_TOY_SHARE = 0.2


class _Prepared(NamedTuple):
    """What depends on the picture alone: its objects, where the eye lands on them, and what the network made of it."""

    objects: tuple[Box, ...]
    places: np.ndarray
    target: int | None
    seen: Seen | SeenGrid


class Oat(Agent):
    """Looks at objects instead of pixels, one after another, until it ends the search: an object attention transformer.

    Objects are the stimulus's (`Stimulus.require_objects`), fixations are on them by `scanpath.fixated_objects`, and
    the first fixation, where the eye is when the picture appears, is on none. The end is a choice like any other, and
    no finding: tables say in ``ended_by`` that the agent ended it, in ``target_found`` whether its last fixation was
    on the target, in ``object_index`` on what each fixation was.

    The network that comes with the package learned from drawn shelves that a rule searched; it is no model of people.
    ``scanpath fit oat`` fits it to yours. Unlike the original it is not told where the target is, and finds it by one
    number for each object: how much it looks like the target, or how well it fits a caption to an image-text model.

    Parameters
    ----------
    weights
        "demo", the file of a model, or a model, such as `scanpath.guidance.oat_from_original` gives of parameters of
        the original program.
    target_location
        "hidden", or "given" to tell the network which object the target is before it has looked, as the original is.
    decoding
        "sample" draws the next object; "greedy" takes the most probable one, which scores higher in alignments than
        people among each other, and is no more like them for that.
    temperature
        Of the draws; below 1 they are sharper.
    cue
        "picture" of the target, or "caption"; by default the caption where there is one and no picture of the target.
    model, pretrained
        Image-text model that reads captions, as for the agent "nevaclip".
    found_rule
        Ends the scanpath when the target is found; default never, as OAT ends it itself.

    References
    ----------
    Fang, Yu, Zhang, van der Lans, Shi (2024), OAT: Object-level attention transformer for gaze scanpath prediction,
    ECCV, doi:10.1007/978-3-031-73001-6_21.

    Examples
    --------
    >>> import scanpath as sp
    >>> display = sp.stimuli.shelf(2, 4)
    >>> agent = sp.create_agent("oat")
    >>> agent.object_log_probabilities(display, [display.center_xy]).shape
    torch.Size([9])
    >>> sp.simulate(agent, display, n_fixations=30)["ended_by"][0]
    'agent'
    """

    name = "oat"
    ends_itself = True

    def __init__(
        self,
        *,
        weights: str | os.PathLike[str] | OatModel = DEMO,
        target_location: str = "hidden",
        decoding: str = "sample",
        temperature: float = 1.0,
        cue: str | None = None,
        model: str = TOY,
        pretrained: Weights | None = None,
        name: str | None = None,
        found_rule: FoundRule | None = None,
    ) -> None:
        super().__init__(name=name, found_rule=found_rule)
        self.target_location = check_choice("target_location", target_location, ("hidden", "given"))
        self.decoding = check_choice("decoding", decoding, ("sample", "greedy"))
        self.temperature = check_positive("temperature", temperature)
        self.cue = None if cue is None else check_choice("cue", cue, ("picture", "caption"))
        self.model = weights if isinstance(weights, OatModel) else load_oat(weights)
        self.learned_from = "drawn shelves that a rule searched, not from people" if weights == DEMO else ""
        if isinstance(self.model.network, PublishedOat) and target_location == "hidden":
            raise InputError(
                "The published OAT is told where the target is, and these weights know no other way; give "
                "target_location='given', or weights of scanpath fit oat."
            )
        self._language_settings = (model, pretrained)
        self._language: LanguageModel | None = None

    def facts(self) -> dict[str, object]:
        """Return what fixations depend on beside the settings: the content of the model's file."""
        return {**super().facts(), "oat": self.model.checksum()}

    @torch.inference_mode()
    def prepare(self, stimulus: Stimulus) -> _Prepared:
        """Look at the picture before anything is fixated."""
        objects = stimulus.require_objects("OAT")
        if len(objects) < 2:
            raise InputError(f"OAT chooses among objects, and {stimulus.name!r} has one; give at least two.")
        places = object_places(objects)
        network = self.model.network
        target = self._target(stimulus, objects) if self.target_location == "given" else None
        if isinstance(network, PublishedOat):
            assert target is not None  # as the target's location is given
            recipe = network.recipe
            patches = object_patches(stimulus.rgb, objects, recipe.patch_size, stretch=recipe.stretch)
            return _Prepared(objects, places, target, network.look(patches, target))
        return _Prepared(objects, places, target, self._look(network, stimulus, objects, target))

    def object_log_probabilities(self, stimulus: Stimulus, history_xy: Tensor | ArrayLike) -> Tensor:
        """Return how probable each object is to be looked at next, and the end of the search.

        Parameters
        ----------
        stimulus
            The picture and its task.
        history_xy
            (n, 2) fixations so far in px, the agent's own or a person's, oldest first. The first is where the eye was
            when the picture appeared, and is on no object; without any, that is where the stimulus says.

        Returns
        -------
        Tensor
            (N + 1,) natural logarithms, the end last. Nobody ends before having looked at an object.
        """
        return self.search_log_probabilities(stimulus, history_xy)[-1]

    def search_log_probabilities(self, stimulus: Stimulus, path_xy: Tensor | ArrayLike) -> Tensor:
        """Return how probable each choice was along a scanpath, before each fixation and after the last.

        Parameters
        ----------
        stimulus
            The picture and its task.
        path_xy
            (n, 2) fixations in px, as for `object_log_probabilities`, which gives the last row.

        Returns
        -------
        Tensor
            (n, N + 1) natural logarithms: row k of each object, and last of the end, after the first k + 1 fixations.

        Examples
        --------
        >>> import scanpath as sp
        >>> display, agent = sp.stimuli.shelf(2, 4), sp.create_agent("oat")
        >>> agent.search_log_probabilities(display, [display.center_xy, (20, 30), (60, 30)]).shape
        torch.Size([3, 9])
        """
        given = path_xy.detach().cpu().numpy() if isinstance(path_xy, Tensor) else np.asarray(path_xy)
        xy = np.array([start_of(stimulus)]) if given.size == 0 else check_xy("history_xy", path_xy)
        prepared = self.prepared(stimulus)
        sequence = fixated_objects(xy[1:], prepared.objects) if len(xy) > 1 else []
        with torch.inference_mode():
            return self._log_probabilities(stimulus, prepared, xy[0], sequence).clone()

    def next_fixation(
        self, stimulus: Stimulus, history: History, generator: torch.Generator
    ) -> tuple[float, float] | None:
        """Choose the next object and look at its center, or end the search."""
        log_probability = self.object_log_probabilities(stimulus, history)
        n_choices = len(log_probability) - (len(history) == 1)  # at first the end is no choice
        if self.decoding == "greedy":
            choice = int(log_probability[:n_choices].argmax())
        else:
            probability = (log_probability[:n_choices] / self.temperature).softmax(0)
            choice = int(torch.multinomial(probability, 1, replacement=True, generator=generator))
        places = self.prepared(stimulus).places
        return None if choice == len(places) else (float(places[choice, 0]), float(places[choice, 1]))

    def run(
        self, stimuli: Sequence[Stimulus], *, n_fixations: int, generators: Sequence[torch.Generator]
    ) -> list[Scanpath]:
        """Look at several pictures, and say of each fixation on which object it is and whether that is the target."""
        paths = super().run(stimuli, n_fixations=n_fixations, generators=generators)
        return [_told(path, stimulus) for path, stimulus in zip(paths, stimuli, strict=True)]

    def _log_probabilities(
        self, stimulus: Stimulus, prepared: _Prepared, start: np.ndarray, sequence: list[int]
    ) -> Tensor:
        network = self.model.network
        if isinstance(network, PublishedOat):
            seen, target = prepared.seen, prepared.target
            assert isinstance(seen, SeenGrid)
            assert target is not None
            scores = network.score(seen.memory, network.gaze(seen.visual, sequence, target))[0, :, :-1].clone()
            scores[0, -1] = -torch.inf
            return scores.log_softmax(-1)
        assert isinstance(prepared.seen, Seen)
        centers = torch.from_numpy(prepared.places).float()
        begin = (torch.from_numpy(start) - torch.tensor(stimulus.center_xy)) / spacing_of(centers)
        looked = prepared.seen._replace(begin=network.begin(begin.float()[None]))
        return network.choose(looked, torch.tensor([sequence], dtype=torch.int64))[0]

    def _look(self, network: ObjectOat, stimulus: Stimulus, objects: tuple[Box, ...], target: int | None) -> Seen:
        by_caption = self.cue == "caption" or (
            self.cue is None and stimulus.caption is not None and stimulus.target is None
        )
        scene = object_scene(
            stimulus,
            objects,
            network.recipe,
            start_xy=start_of(stimulus),
            target=None if by_caption else stimulus.require_target("OAT"),
            match=self._caption_match(stimulus, objects) if by_caption else None,
            known=target,
        )
        return network.look(scene)

    def _caption_match(self, stimulus: Stimulus, objects: tuple[Box, ...]) -> Tensor:
        """How well each object fits the caption, on the scale of the network's own match, (N,)."""
        if stimulus.caption is None:
            raise InputError(f"OAT is to look for a caption, and {stimulus.name!r} has none; give caption=<text>.")
        if self._language is None:
            self._language = load_language_model(*self._language_settings)
        said = self._language.encode_text(check_caption(stimulus.caption))
        share = _TOY_SHARE if self._language_settings[0] == TOY else 1.0
        shown = self._language(framed_objects(stimulus.rgb, objects, self._language.size, share=share))
        return scaled_match(F.cosine_similarity(shown, said))

    def _target(self, stimulus: Stimulus, objects: tuple[Box, ...]) -> int:
        found = None if stimulus.target_box is None else best_match(stimulus.target_box, objects)
        if found is None:
            raise InputError(
                f"OAT is to be told where the target is, and no object of {stimulus.name!r} is in its target_box; give "
                "target_box, or target_location='hidden'."
            )
        return found


def _told(path: Scanpath, stimulus: Stimulus) -> Scanpath:
    """Return a scanpath that says of each fixation on which object it is, and whether on the target."""
    index = fixated_objects(path.xy[1:], stimulus.require_objects("OAT")) if len(path) > 1 else []
    facts: dict[str, object] = {"object_index": [None, *index]}
    if stimulus.object_labels is not None:
        facts["object_label"] = [None, *(stimulus.object_labels[one] for one in index)]
    if stimulus.target_box is not None:
        rule = InBox(test_first=False)
        on_target = [bool(rule.found(stimulus, (x, y), n)) for n, (x, y) in enumerate(path.xy.tolist())]
        facts |= {"on_target": on_target, "target_found": on_target[-1]}
    return Scanpath(path.xy, path.duration_ms, path.onset_ms, {**path.info, **facts})
