"""What a page can ask for: each task takes and returns what JSON holds."""

import base64
import tempfile
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch

import scanpath
from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError
from scanpath.agents.density import Density, probabilities
from scanpath.datasets.formats.convert import read_fixations
from scanpath.explore.examples import EXAMPLES, example
from scanpath.explore.figure import draw_looks
from scanpath.explore.offers import not_offered, offers
from scanpath.explore.pictures import LARGE_SIDE_PX, MAX_BYTES, Picture, data_url, map_url, open_picture, png
from scanpath.explore.recipe import commands, map_title, python_code
from scanpath.explore.scene import People, Scene, scene_from_json
from scanpath.explore.seen import foveated, texture_preview
from scanpath.explore.worker import KEPT
from scanpath.gaze.table import load_table, scanpaths_from_table, write_table
from scanpath.geometry.magnification import SIGMA_LAWS
from scanpath.plotting import save_figure
from scanpath.simulation import simulate

#: Called with how much is done, out of how much, and what it is.
Report = Callable[[int, int, str], None]

Kept = TypeVar("Kept")

#: The page draws straight lines between these eccentricities.
LAW_STEPS, LAW_REACH_DEG = 256, 128.0
MAP_SIDE_PX = 800
#: Scanpaths of people that the page draws.
MOST_PEOPLE = 60
_FIGURES = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
_TABLES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


class Desk:
    """The pictures and tables of one page, and the tasks on them.

    Parameters
    ----------
    agents
        Somebody's own, beside those that the package offers.

    Raises
    ------
    InputError
        If one of them cannot be built.

    Examples
    --------
    >>> desk = Desk()
    >>> picture = desk.run("example", {"name": "display"})
    >>> scene = {"picture": picture["id"], "px_per_deg": 30, "agents": ["center"], "n_fixations": 3}
    >>> [len(path["xy"]) for path in desk.run("simulate", {"scene": scene})["paths"]]
    [3]
    """

    def __init__(self, agents: Sequence[str] = ()) -> None:
        self._offers = offers(agents)
        self._pictures: OrderedDict[str, Picture] = OrderedDict()
        self._people: OrderedDict[str, People] = OrderedDict()
        self._last: tuple[object, pd.DataFrame] | None = None
        self._tasks: dict[str, Callable[[Mapping[str, Any], bytes, Report], dict[str, Any]]] = {
            "start": self._start,
            "forget": self._forget,
            "open": self._open,
            "example": self._example,
            "people": self._read_people,
            "people_paths": self._people_paths,
            "simulate": self._simulate,
            "map": self._map,
            "scores": self._scores,
            "seen": self._seen,
            "recipe": self._recipe,
            "table": self._table,
            "figure": self._figure,
            "picture": self._picture_file,
        }

    def run(
        self, task: str, told: Mapping[str, Any] | None = None, content: bytes = b"", report: Report | None = None
    ) -> dict[str, Any]:
        """Do a task and return its result.

        Parameters
        ----------
        task
            Its name.
        told
            Its settings.
        content
            Of the file that it is about.
        report
            Told how far it is.

        Raises
        ------
        InputError
            If the task cannot be done, and why, for the page to show.
        """
        check_choice("task", task, tuple(self._tasks))
        if len(content) > MAX_BYTES:
            raise InputError(f"At most {MAX_BYTES >> 20} MB are taken, got {len(content) / 2**20:.0f} MB.")
        return self._tasks[task](told or {}, content, report or (lambda done, total, what: None))

    def _scene(self, told: Mapping[str, Any]) -> Scene:
        scene = told.get("scene") or {}
        for kept, key in (
            (self._pictures, scene.get("picture")),
            (self._pictures, scene.get("target")),
            (self._people, scene.get("people")),
        ):
            if isinstance(key, str) and key in kept:
                kept.move_to_end(key)  # what is used is not let go
        return scene_from_json(scene, self._pictures, self._people, self._offers)

    def _forget(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        self._pictures.clear()
        self._people.clear()
        self._last = None
        return {}

    def _start(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        steps = torch.linspace(0, LAW_REACH_DEG, LAW_STEPS, dtype=torch.float64)
        laws = {name: [round(float(sigma), 6) for sigma in law(steps)] for name, law in SIGMA_LAWS.items()}
        return {
            "version": scanpath.__version__,
            "agents": [asdict(offer) for offer in self._offers.values()],
            "others": not_offered(),
            "laws": laws,
            "law_reach_deg": LAW_REACH_DEG,
            "examples": [{"name": name, "title": one.title} for name, one in EXAMPLES.items()],
            "max_bytes": MAX_BYTES,
        }

    def _open(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        name = str(told.get("name") or "picture")
        picture = open_picture(name, content, max_side_px=told.get("max_side_px"), share=told.get("share"))
        return self._kept(told, picture)

    def _example(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        name = check_choice("example", str(told.get("name")), tuple(EXAMPLES))
        file, drawn, task = example(name)
        return {**self._kept(told, open_picture(file, drawn, max_side_px=0)), **task}

    def _kept(self, told: Mapping[str, Any], picture: Picture) -> dict[str, Any]:
        key = _keep(self._pictures, told, picture)
        return {"id": key, **picture.facts()}

    def _read_people(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        name = PurePath(str(told.get("name") or "people.csv").replace("\\", "/")).name
        table, tidy = _fixations(name, content)
        key = _keep(self._people, told, People(name, table, tidy))
        counts = table.groupby("stimulus", sort=False)["subject"].nunique()
        stimuli = [{"name": str(stimulus), "people": int(count)} for stimulus, count in counts.items()]
        return {"id": key, "name": name, "rows": len(table), "stimuli": stimuli}

    def _people_paths(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        scene = self._scene(told)
        paths = scanpaths_from_table(scene.people_here())
        shown = [_path_facts(path, str(path.info.get("subject", ""))) for path in paths[:MOST_PEOPLE]]
        return {"paths": shown, "left_out": len(paths) - len(shown), "scale": scene.picture.scale}

    def _looked(self, scene: Scene, report: Report | None = None) -> pd.DataFrame:
        """Scanpaths of the scene's agents; those of the last scene are not computed again."""
        task = (scene.picture.name, id(scene.picture), scene.px_per_deg, scene.caption, scene.target_box)
        key = (*task, id(scene.target), scene.agents, scene.n_fixations, scene.seed)
        if self._last is None or self._last[0] != key:
            agents, done = scene.built(), 0

            def advance(count: int) -> None:
                nonlocal done
                done += count
                if report is not None:
                    report(done, len(agents), "scanpaths")

            table = simulate(agents, scene.stimulus, scene.n_fixations, scene.seed, progress=advance)
            self._last = (key, table)
        return self._last[1]

    def _simulate(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        scene = self._scene(told)
        table = self._looked(scene, report)
        paths = [_path_facts(path, str(path.info["agent"])) for path in scanpaths_from_table(table)]
        return {"paths": paths, "n_fixations": scene.n_fixations}

    def _map(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        scene = self._scene(told)
        priority, agent = _priority(scene)
        values = priority.detach().double().numpy()
        y, x = np.unravel_index(int(values.argmax()), values.shape)
        result: dict[str, Any] = {"agent": scene.map_agent, "peak": [int(x), int(y)], "history": scene.map_history}
        result["density"] = isinstance(agent, Density)
        if isinstance(agent, Density):
            result["bits"] = _bits(agent, scene)
            result["entropy_bits"] = float(-(values * np.log2(np.maximum(values, 1e-300))).sum())
            # bits beyond a map that knows nothing, where 2 bits below count as nothing
            values = np.log2(np.maximum(values * values.size, 0.25))
        low, high = float(values.min()), float(values.max())
        shares = (values - low) / (high - low) if high > low else np.zeros_like(values)
        small, block = _coarser(shares)
        covers = [small.shape[1] * block, small.shape[0] * block]
        return {**result, "low": low, "high": high, "image": map_url(small), "covers": covers}

    def _scores(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        from scanpath.evaluation import evaluate

        scene = self._scene(told)
        people = scene.people_here()
        scores = evaluate(self._looked(scene), people, ("multimatch", "scanmatch"), screen_px=scene.picture.size_px)
        columns = ["agent", "metric", "part", "value", "ceiling", "better", "n_pairs", "undefined"]
        rows = scores[columns].astype(object).where(scores[columns].notna(), None)
        return {"rows": rows.to_dict("records")}

    def _seen(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        """Compute what the page previews: the blur, or the texture, by the package's own functions."""
        scene = self._scene(told)
        large = scene.view.kind == "texture" and max(scene.picture.size_px) > LARGE_SIDE_PX
        if large and not (told.get("exact") or told.get("file")):
            seen, facts = texture_preview(scene)
        else:
            seen, facts = foveated(scene), {}
        if told.get("file"):
            return _file(f"{PurePath(scene.picture.name).stem}-{scene.view.kind}.png", "image/png", png(seen))
        url, _ = data_url(seen, MAP_SIDE_PX * 2)
        return {"image": url, **facts}

    def _recipe(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        scene = self._scene(told)
        return {"commands": commands(scene), "python": python_code(scene), "files": _files(scene)}

    def _table(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        kind = check_choice("format", str(told.get("format")), tuple(_TABLES))
        table = self._looked(self._scene(told), report)
        return _written(f"looks.{kind}", _TABLES[kind], lambda path: write_table(table, path))

    def _figure(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        kind = check_choice("format", str(told.get("format")), tuple(_FIGURES))
        scene = self._scene(told)
        axes = draw_looks(
            self._looked(scene, report) if scene.agents else None,
            scene.stimulus,
            priority=None if scene.map_agent is None else _priority(scene)[0],
            history=scene.map_history if scene.map_agent is not None else (),
            priority_title=map_title(scene),
            people=None if scene.people_stimulus is None else scene.people_here(),
        )
        return _written(f"looks.{kind}", _FIGURES[kind], lambda path: save_figure(axes, path))

    def _picture_file(self, told: Mapping[str, Any], content: bytes, report: Report) -> dict[str, Any]:
        picture = self._scene(told).picture
        return _file(picture.name, "application/octet-stream", picture.content)


def _keep(kept: OrderedDict[str, Kept], told: Mapping[str, Any], value: Kept) -> str:
    """Keep a value under the key that was told, or a new one, and let the oldest go."""
    key = str(told.get("key") or uuid.uuid4().hex)
    kept[key] = value
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return key


def _fixations(name: str, content: bytes) -> tuple[pd.DataFrame, bool]:
    """Read a table of fixations, and say whether it was tidy; the file that it is read from is removed."""
    if not content:
        raise InputError(f"The table {name} is empty (0 bytes).")
    suffix = PurePath(name).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="scanpath-") as folder:
        path = Path(folder, f"people{suffix}")
        path.write_bytes(content)
        try:
            if suffix in (".csv", ".parquet"):
                try:
                    return _of_people(load_table(path), name), True
                except InputError:
                    if suffix == ".parquet":
                        raise
            return _of_people(read_fixations(path)[0], name), False
        except InputError as error:
            raise InputError(str(error).replace(str(path), name)) from None


def _of_people(table: pd.DataFrame, name: str) -> pd.DataFrame:
    if "subject" not in table or not table["subject"].notna().any():
        raise InputError(f"{name} has no column 'subject', so it does not say which person looked.")
    return table[table["subject"].notna()].reset_index(drop=True)


def _path_facts(path: scanpath.Scanpath, who: str) -> dict[str, Any]:
    times = path.duration_ms
    return {
        "who": who,
        "xy": np.round(path.xy, 2).tolist(),
        "ms": None if times is None else [None if np.isnan(time) else round(float(time), 1) for time in times],
        "found": path.info.get("target_found"),
    }


def _priority(scene: Scene) -> tuple[torch.Tensor, Any]:
    """Return the map of the scene's agent after its history, and the agent."""
    if scene.map_agent is None:
        raise InputError("No agent is chosen to draw a map.")
    scene.check_task([scene.map_agent])
    agent: Any = scene.agent(scene.map_agent)
    if not hasattr(agent, "priority"):
        raise InputError(f"{scene.map_agent} draws no map: choose another agent.")
    return agent.priority(scene.stimulus, list(scene.map_history)), agent


def _bits(agent: Density, scene: Scene) -> list[float | None]:
    """Bits that an agent knows of each fixation of the history, from those before, beyond a uniform density."""
    width, height = scene.picture.size_px
    first = 0 if getattr(agent, "chooses_first", False) else 1
    bits: list[float | None] = [None] * min(first, len(scene.history))
    for number in range(first, len(scene.history)):
        x, y = scene.history[number]
        density = probabilities(agent, scene.stimulus, list(scene.history[:number]))
        share = float(density[min(max(round(y), 0), height - 1), min(max(round(x), 0), width - 1)])
        bits.append(float(np.log2(share * width * height)) if share > 0 else None)
    return bits


def _coarser(shares: np.ndarray) -> tuple[np.ndarray, int]:
    """Shrink a map to blocks of pixels, each with the largest share in it, so that peaks stay; and their side in px."""
    block = max(1, -(-max(shares.shape) // MAP_SIDE_PX))
    height, width = (-(-side // block) * block for side in shares.shape)
    padded = np.pad(shares, ((0, height - shares.shape[0]), (0, width - shares.shape[1])), mode="edge")
    return padded.reshape(height // block, block, width // block, block).max(axis=(1, 3)), block


def _files(scene: Scene) -> list[str]:
    """Name the files that the commands read, and those that the code makes the copies among them of."""
    pictures = [scene.picture] + ([] if scene.target is None else [scene.target])
    files = [name for picture in pictures for name in (picture.name, picture.given[0])]
    return list(dict.fromkeys(files + ([] if scene.people is None else [scene.people.file])))


def _written(name: str, kind: str, write: Callable[[Path], object]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="scanpath-") as folder:
        path = Path(folder, name)
        write(path)
        return _file(name, kind, path.read_bytes())


def _file(name: str, kind: str, content: bytes) -> dict[str, Any]:
    return {"file": name, "type": kind, "content": base64.b64encode(content).decode("ascii")}
