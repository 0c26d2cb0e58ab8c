"""`scanpath simulate`: agents look at pictures."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanpath.cli.options import Jobs, Root

if TYPE_CHECKING:
    import pandas as pd

    from scanpath.agents.agent import Agent
    from scanpath.gaze.stimulus import Stimulus


def simulate(
    pictures: Annotated[list[Path] | None, typer.Argument(help="Picture files or folders of pictures.")] = None,
    agent: Annotated[
        list[str], typer.Option(help="Name of an agent, or module:name of one's own; may be repeated.")
    ] = ["eccnet"],  # noqa: B006
    backbone: Annotated[str | None, typer.Option(help="Features the agent sees with, such as steerable.")] = None,
    weights: Annotated[Path | None, typer.Option(help="File with the backbone's weights.")] = None,
    target: Annotated[Path | None, typer.Option(help="Picture of what is looked for.")] = None,
    target_box: Annotated[str | None, typer.Option(help="Where it is: x,y,width,height in px.")] = None,
    caption: Annotated[str | None, typer.Option(help="Words for what is looked for.")] = None,
    control_caption: Annotated[
        str | None,
        typer.Option(help="Words for something that is not there, which nevaclip follows beside, as a control."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Image-text model that reads captions, such as ViT-B-32.")] = None,
    pretrained: Annotated[str | None, typer.Option(help="Its weights: a file, or a tag of open_clip.")] = None,
    objects: Annotated[
        Path | None,
        typer.Option(help="CSV file of boxes to look at: x, y, width, height in px."),
    ] = None,
    px_per_deg: Annotated[float | None, typer.Option(help="Pixels per degree of visual angle.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Any agent setting, as in name=value.")] = None,
    fixations: Annotated[
        int, typer.Option(help="Most fixations; the first is the center, unless the agent or the data set chooses it.")
    ] = 10,
    seed: Annotated[int, typer.Option(min=-(2**63), max=2**63 - 1, help="Names the run's random numbers.")] = 0,
    jobs: Jobs = 1,
    dataset: Annotated[str | None, typer.Option(help="A data set instead of pictures.")] = None,
    root: Root = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write: .parquet, .csv, or a folder that a stopped run is continued in."),
    ] = None,
    shard_size: Annotated[int, typer.Option(help="Pictures in one file of a run's folder.")] = 16,
    figures: Annotated[Path | None, typer.Option(help="Folder for a figure of every scanpath.")] = None,
    figure_format: Annotated[str, typer.Option(help="Of the figures: png, pdf, svg or jpg.")] = "png",
) -> None:
    """Let agents look at pictures; the fixations go into a table with one row a fixation."""
    from scanpath._core.errors import InputError
    from scanpath.cli.progress import progress_bar, say
    from scanpath.gaze.table import is_table_file, write_table
    from scanpath.simulation import simulate as run

    _check(out, jobs, shard_size, figure_format)
    if control_caption is not None and caption is None:
        raise InputError("--control-caption is followed beside --caption; give that, too.")
    words = {"caption": caption, "control_caption": control_caption}
    stimuli, skipped = _stimuli(pictures, dataset, root, target, _box(target_box), words, objects, px_per_deg)
    shared = {"backbone": backbone, "weights": weights, "model": model, "pretrained": pretrained}
    agents = _agents(agent, shared, settings or [], controlled=control_caption is not None)
    # a picture that was named must work; one that was found in a folder or data set is skipped and named
    on_error = "skip" if dataset or any(path.is_dir() for path in pictures or []) else "raise"
    folder = None if out is None or is_table_file(out) else out
    lost = "" if folder else "nothing was written; a run with --out FOLDER, a name without an ending, can go on."
    n_looks = len(agents) * len(stimuli)
    with progress_bar("simulating", n_looks, goes_on=folder is not None, stopped=lost) as advance:
        table = run(
            agents, stimuli, fixations, seed, jobs, folder, shard_size=shard_size, on_error=on_error, progress=advance
        )
    _say_what_is_short(table, skipped | table.attrs["scanpath"]["failures"], fixations)
    for one in agents:
        if one.learned_from:
            say(f"{one.name} learned from {one.learned_from}")
    if figures is not None:
        _draw(table, agents, stimuli, figures, figure_format)
    if out is None:
        typer.echo(table.to_csv(index=False, lineterminator="\n"), nl=False)
        return
    if folder is None:
        write_table(table, out)
    say(f"wrote {len(table)} fixations to {out}")


def _say_what_is_short(table: "pd.DataFrame", skipped: dict[str, str], fixations: int) -> None:
    """Name the pictures that were skipped and the scanpaths that ended early; no picture at all is an error."""
    from scanpath._core.errors import InputError
    from scanpath.cli.progress import say

    for name, reason in skipped.items():
        say(f"skipped {name}: {reason}")
    if table.empty:
        raise InputError("None of the pictures could be looked at; the reasons are above.")
    for remark in _ended_early(table, fixations):
        say(remark)


def _ended_early(table: "pd.DataFrame", fixations: int) -> Iterator[str]:
    """Name the agents whose scanpaths are shorter than asked for, though no target was found."""
    from scanpath.gaze.table import scanpath_keys

    found = table["target_found"].fillna(False).astype(bool)
    looks = found.groupby([table[key] for key in scanpath_keys(table)], sort=False, dropna=False)
    scanpaths = looks.agg(n="size", found="any").reset_index()
    for agent, mine in scanpaths.groupby("agent", sort=False):
        n = mine.loc[~mine["found"] & (mine["n"] < fixations), "n"]
        if len(n):
            ended = f"{agent} ended {len(n)} of {len(mine)} scanpaths"
            yield f"{ended} before {fixations} fixations, the shortest after {n.min()}"


def _check(out: Path | None, jobs: int, shard_size: int, figure_format: str) -> None:
    """Refuse before any picture is read what would be refused after it, and an ending that is a mistake."""
    from scanpath._core.checks import check_choice, check_count
    from scanpath._core.errors import InputError
    from scanpath.gaze.table import is_table_file
    from scanpath.simulation.plan import check_jobs

    check_choice("figure_format", figure_format, ("png", "pdf", "svg", "jpg"))
    check_jobs(jobs)
    check_count("shard_size", shard_size)
    if out is None or not out.suffix:
        return
    if not is_table_file(out):
        raise InputError(f"--out {out} must end in .parquet or .csv, or have no ending to be a run's folder.")
    if out.is_dir():
        raise InputError(f"--out {out} is a folder; give the name of a file, or of a folder without an ending.")


def _stimuli(
    pictures: list[Path] | None,
    dataset: str | None,
    root: Path | None,
    target: Path | None,
    box: tuple[float, ...] | None,
    words: dict[str, str | None],
    objects: Path | None,
    px_per_deg: float | None,
) -> tuple[list["Stimulus"], dict[str, str]]:
    from scanpath._core.errors import InputError

    if (dataset is None) == (not pictures):
        raise InputError("Give pictures (files or a folder) or --dataset NAME, one of the two.")
    if dataset is None:
        control = words["control_caption"]
        facts: dict[str, Any] = {
            "target": target,
            "target_box": box,
            "caption": words["caption"],
            "px_per_deg": px_per_deg,
        }
        facts["info"] = None if control is None else {"control_caption": control}
        return _from_files(pictures or [], objects, **facts)
    if any(value is not None for value in (target, box, *words.values(), objects, px_per_deg)):
        raise InputError(
            "--target, --target-box, --caption, --control-caption, --objects and --px-per-deg come from the data set; "
            "leave them out."
        )
    from scanpath.datasets import load_dataset

    return list(load_dataset(dataset, root=root).stimuli), {}


def _from_files(paths: list[Path], objects: Path | None, **facts: Any) -> tuple[list["Stimulus"], dict[str, str]]:
    """Make the stimuli; a bad picture in a folder is skipped with its reason, one that was named is an error."""
    from scanpath._core.errors import InputError
    from scanpath._core.files import require_file
    from scanpath.gaze.object_files import read_objects
    from scanpath.gaze.pictures import find_pictures, read_image
    from scanpath.gaze.stimulus import Stimulus

    known = None if objects is None else read_objects(objects)
    if facts["target"] is not None:
        facts["target"] = read_image(require_file(facts["target"], "target picture"))
    stimuli: list[Stimulus] = []
    skipped: dict[str, str] = {}
    for path in paths:
        members = find_pictures(path) if path.is_dir() else [path]
        for member in members:
            try:
                read_image(member)
                told = {} if known is None else known.of(member)._asdict()
                given = {name: value for name, value in facts.items() if value is not None}
                stimuli.append(Stimulus(member, **(told | given)))
            except InputError as error:
                if not path.is_dir():
                    raise
                skipped[member.name] = str(error)
    if not stimuli:
        raise InputError(f"None of the {len(skipped)} pictures can be used: {next(iter(skipped.values()))}")
    return stimuli, skipped


def _agents(names: list[str], shared: dict[str, Any], pairs: list[str], *, controlled: bool) -> list["Agent"]:
    """Build the agents; networks go to those that have one, so that a floor can run beside them."""
    from scanpath._core.checks import first_repeated
    from scanpath._core.errors import InputError
    from scanpath.agents.catalog import agent_settings

    twice = first_repeated(names)
    if twice is not None:
        raise InputError(
            f"--agent {twice} is given twice, and both would leave the same scanpaths under one name; name it once, "
            "and run it again with another --seed, --set or --out."
        )
    settings = _settings(pairs)
    known = {name: agent_settings(name) for name in names}
    given = {key: str(value) for key, value in shared.items() if value is not None}
    for key, value in given.items():
        if not any(key in parameters for parameters in known.values()):
            raise InputError(f"--{key} {value} is for agents that have one, and {', '.join(names)} has none.")
    mine = {name: settings | {key: given[key] for key in given if key in known[name]} for name in names}
    agents = [_agent(name, settings) for name, settings in mine.items()]
    if controlled:
        led = [name for name in names if "condition" in known[name]]
        if not led:
            raise InputError(f"--control-caption is for agents that follow a caption, and {', '.join(names)} has none.")
        agents += [
            _agent(name, mine[name] | {"label": f"{name} control", "condition": "control_caption"}) for name in led
        ]
    return agents


def _settings(pairs: list[str]) -> dict[str, Any]:
    from scanpath._core.errors import InputError

    settings: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"--set {pair} must have the form name=value.")
        settings[key] = _value(value)
    return settings


def _agent(name: str, settings: dict[str, Any]) -> "Agent":
    from scanpath._core.errors import InputError, ScanpathError
    from scanpath.agents.catalog import create_agent

    try:
        return create_agent(name, **settings)
    except ScanpathError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:  # a setting of a kind that the agent does not expect
        given = ", ".join(f"{key}={value}" for key, value in settings.items())
        raise InputError(f"Agent {name!r} cannot be built with {given or 'its defaults'}: {error}") from error


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _box(text: str | None) -> tuple[float, ...] | None:
    from scanpath._core.errors import InputError

    if text is None:
        return None
    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--target-box must be x,y,width,height in px, got {text!r}.") from None
    return x, y, width, height


def _draw(table: "pd.DataFrame", agents: list["Agent"], stimuli: list["Stimulus"], folder: Path, ending: str) -> None:
    """Draw every scanpath of the table; and what nevaclip saw and oat attended to on it, too."""
    from scanpath.agents.neva import Reviewing
    from scanpath.agents.oat import Oat
    from scanpath.gaze.table import scanpaths_from_table
    from scanpath.plotting import plot_neva, plot_object_attention, plot_scanpath, save_figure

    known = {stimulus.name: stimulus for stimulus in stimuli}
    by_name = {agent.name: agent for agent in agents}
    for path in scanpaths_from_table(table):
        name, agent = path.info["stimulus"], by_name[path.info["agent"]]
        file = f"{_stem(name, known)}_{agent.name}"
        save_figure(plot_scanpath(path, known[name], title=f"{agent.name}: {name}"), folder / f"{file}.{ending}")
        if isinstance(agent, Reviewing):
            record = agent.review(known[name], path)
            save_figure(plot_neva(record, known[name])[0], folder / f"{file}_search.{ending}")
        elif isinstance(agent, Oat):
            save_figure(plot_object_attention(agent, known[name], path)[0], folder / f"{file}_objects.{ending}")


def _stem(name: str, names: Iterable[str]) -> str:
    """File name of a picture's figure: a.png and a.jpg keep their endings, so that each has its own.

    Names of pictures come from files, and may hold a path that leads out of the folder; its separators are escaped.
    """
    from urllib.parse import quote

    stem = Path(name).stem
    single = sum(Path(other).stem == stem for other in names) == 1 and stem not in ("", ".", "..")
    return stem if single else quote(name, safe=" ()[],;=+@~")
