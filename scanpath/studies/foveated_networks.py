"""Networks that learn from foveated pictures: does texture in the periphery help, and what do networks then live on?

After Deza and Konkle (2021, https://arxiv.org/abs/2006.07991): networks of one architecture, from the same random
weights, learn the same pictures under four conditions, and each is asked about changed pictures of its own condition.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from scanpath import __version__
from scanpath._core.checks import check_choice, check_count, check_positive
from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, write_text
from scanpath._core.random import derive_seed
from scanpath.foveation.conditions import CONDITIONS, FoveationConditions, fit_conditions
from scanpath.foveation.matching import ssim_map
from scanpath.recognition.backbones import usable_device
from scanpath.recognition.small_networks import SCENE_NETWORKS, scene_network
from scanpath.studies.foveated_battery import N_LEVELS, Answers, load_answers, run_battery, save_answers
from scanpath.studies.foveated_pictures import Copies, CopyFolder, PictureSource, first_pictures
from scanpath.training.scene_classifier import RECIPES, SceneRecipe, train_classifier

Progress = Callable[[int], None]
#: Pictures that the blurs are matched on.
N_FIT = 96
#: Test pictures that are compared with their references at a time.
_AT_ONCE = 96


@dataclass(frozen=True)
class FoveatedDesign:
    """What the study consists of.

    Attributes
    ----------
    networks
        Names of `SCENE_NETWORKS`.
    n_runs
        Trainings of each network under each condition.
    epochs
        Network -> epochs, where they differ from the recipe's.
    width_deg
        Angle that a picture's side takes.
    scaling
        Width of the texture's windows over their eccentricity.
    seed
        Names weights, orders and textures.
    """

    networks: tuple[str, ...] = ("small-alexnet", "small-resnet")
    n_runs: int = 5
    epochs: Mapping[str, int] | None = None
    width_deg: float = 26.0
    scaling: float = 0.4
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.networks:
            raise InputError(f"At least one network is needed, of {', '.join(SCENE_NETWORKS)}.")
        for name in self.networks:
            check_choice("network", name, SCENE_NETWORKS)
        check_count("runs", self.n_runs, least=2)
        check_positive("width_deg", self.width_deg)
        check_positive("scaling", self.scaling)
        for name in self.epochs or {}:
            check_choice("network with its own epochs", name, self.networks)

    def recipe(self, network: str) -> SceneRecipe:
        """How a network is trained."""
        epochs = (self.epochs or {}).get(network)
        return RECIPES[network] if epochs is None else replace(RECIPES[network], epochs=epochs)


class FoveatedNetworks:
    """The study in a folder, in four steps, each of which goes on where it was stopped and ends with the same bytes.

    Parameters
    ----------
    source
        The pictures.
    design
        What is trained and how.
    out
        Folder for copies, networks, answers and tables.
    device
        Where networks run.

    Raises
    ------
    InputError
        If the folder holds a study of other pictures or settings.
    """

    def __init__(self, source: PictureSource, design: FoveatedDesign, out: Path, *, device: str = "cpu") -> None:
        self.source, self.design, self.out = source, design, Path(out)
        self.device = str(usable_device(device))
        claim = {"program": f"scanpath {__version__}", "torch": torch.__version__, **source.facts()}
        claim |= {"classes": list(source.classes), "size_px": source.size_px, "width_deg": float(design.width_deg)}
        self.facts: dict[str, object] = {**claim, "scaling": float(design.scaling), "seed": design.seed}
        self._claim()

    def fit(self) -> FoveationConditions:
        """Match both blurs to the texture, on the first pictures to learn from; they are kept in conditions.json."""
        file = self.out / "conditions.json"
        if not file.exists():
            pictures = first_pictures(self.source, N_FIT)
            seeds = [derive_seed(self.design.seed, "texture to fit", number) for number in range(len(pictures))]
            px_per_deg = self.source.size_px / self.design.width_deg
            fit_conditions(pictures, px_per_deg=px_per_deg, scaling=self.design.scaling, seeds=seeds).save(file)
        return FoveationConditions.load(file)

    def copies(self) -> CopyFolder:
        """Return the folder of copies under the fitted conditions."""
        return CopyFolder(self.out / "pictures", self.source, self.fit(), self.design.seed)

    @property
    def n_epochs(self) -> int:
        """Epochs of all trainings."""
        runs = self.design.n_runs * len(CONDITIONS)
        return sum(self.design.recipe(name).epochs * runs for name in self.design.networks)

    def train(self, progress: Progress | None = None) -> None:
        """Train what is not trained yet; progress is called with the number of epochs done."""
        folder = self.copies()
        for run in range(self.design.n_runs):
            for name in self.design.networks:
                for condition in CONDITIONS:
                    self._train(name, condition, run, folder, progress or (lambda done: None))

    @property
    def n_questions(self) -> int:
        """Levels of all probes, for all networks and conditions."""
        return N_LEVELS * len(self.design.networks) * len(CONDITIONS)

    def ask(self, progress: Progress | None = None) -> dict[tuple[str, str], Answers]:
        """Ask all networks what was not asked yet; answers by network and condition."""
        tell, found = progress or (lambda done: None), {}
        folder = self.copies()
        copies = {name: folder.copies("test", name) for name in CONDITIONS}
        labels = folder.labels("test")
        for name in self.design.networks:
            for condition in CONDITIONS:
                file = self.out / "answers" / f"{_stem(name, condition)}.safetensors"
                facts = {"recipe": asdict(self.design.recipe(name)), "runs": self.design.n_runs}
                answers = load_answers(file, facts)
                if answers is None:
                    networks = [self._load(name, condition, run) for run in range(self.design.n_runs)]
                    answers = run_battery(networks, condition, copies, labels, device=self.device, progress=tell)
                    save_answers(file, answers, facts)
                else:
                    tell(N_LEVELS)
                found[name, condition] = answers
        return found

    def similarities(self) -> pd.DataFrame:
        """Structural similarity of every test picture to its reference: ``picture`` and a column a condition."""
        folder = self.copies()
        reference = folder.copies("test", CONDITIONS[0])
        table = {"picture": np.arange(len(reference))}
        for name in CONDITIONS[1:]:
            table[name] = _similarities(reference, folder.copies("test", name))
        return pd.DataFrame(table)

    def examples(self, count: int = 4) -> dict[str, np.ndarray]:
        """Return the first test pictures under every condition, (count, 3, H, W) uint8."""
        folder = self.copies()
        shown = {name: folder.copies("test", name) for name in CONDITIONS}
        return {name: one.batch(range(min(count, len(one)))).numpy() for name, one in shown.items()}

    def _train(self, name: str, condition: str, run: int, folder: CopyFolder, tell: Progress) -> None:
        from safetensors.torch import save_file

        recipe = self.design.recipe(name)
        file = self._file(name, condition, run)
        checkpoint = file.with_suffix(".pt")
        if file.exists():
            tell(recipe.epochs)
            return
        network = train_classifier(
            name,
            folder.copies("train", condition),
            folder.labels("train"),
            recipe,
            n_classes=len(self.source.classes),
            seed=derive_seed(self.design.seed, "run", run),
            checkpoint=checkpoint,
            facts={"condition": condition},
            device=self.device,
            progress=tell,
        )
        state = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
        with atomic_path(file) as temporary:
            # one entry alone: the order of several is left to chance
            save_file(state, temporary, metadata={"scanpath": f"{name}, {condition}, run {run}"})
        checkpoint.unlink(missing_ok=True)

    def _load(self, name: str, condition: str, run: int) -> nn.Module:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = self._file(name, condition, run)
        network = scene_network(name, len(self.source.classes), seed=0)
        try:
            network.load_state_dict(load_file(file))
        except SafetensorError as error:
            raise InputError(f"The network in {file} is damaged; delete the file, and it is trained again.") from error
        return network.to(self.device).eval()

    def _file(self, name: str, condition: str, run: int) -> Path:
        epochs = self.design.recipe(name).epochs
        return self.out / "networks" / f"{_stem(name, condition)}-{epochs}-epochs-run-{run:02d}.safetensors"

    def _claim(self) -> None:
        file, text = self.out / "settings.json", json.dumps(self.facts, indent=1) + "\n"
        if self.out.exists() and not self.out.is_dir():
            raise InputError(f"{self.out} is a file; the study is written to a folder.")
        if file.exists() and file.read_text(encoding="utf-8") != text:
            raise InputError(
                f"{self.out} holds a study of other pictures or settings (see {file.name} there); give a new folder."
            )
        if not file.exists() and self.out.is_dir() and any(self.out.iterdir()):
            raise InputError(f"{self.out} holds files that are no study of foveated networks; give a new folder.")
        write_text(file, text)


def _similarities(reference: Copies, other: Copies) -> np.ndarray:
    values = []
    for start in range(0, len(reference), _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, len(reference)))
        pair = [copies.batch(numbers).float() / 255 for copies in (reference, other)]
        values.append(ssim_map(*pair).mean(dim=(1, 2, 3)).numpy())
    return np.concatenate(values)


def _stem(name: str, condition: str) -> str:
    return f"{name}-{condition.replace(' ', '-')}"
