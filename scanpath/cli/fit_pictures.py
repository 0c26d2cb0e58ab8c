"""What fits read: people's table, the pictures that it names, and agents that draw maps of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from scanpath.agents.agent import Agent
    from scanpath.gaze.stimulus import Stimulus


def people_and_pictures(
    people: Path,
    pictures: Path,
    px_per_deg: float | None,
    targets: Path | None = None,
    objects: Path | None = None,
) -> tuple["pd.DataFrame", list["Stimulus"]]:
    """Read a table and the pictures that it names, with what is looked for on them and their objects if they are told.

    Parameters
    ----------
    people
        The table.
    pictures, targets
        Folders of pictures, as `named_pictures` and `target_pictures` read them.
    px_per_deg
        Scale of all pictures.
    objects
        File of boxes.
    """
    from scanpath.gaze.object_files import read_objects
    from scanpath.gaze.stimulus import Stimulus
    from scanpath.gaze.table import read_table

    table = read_table(people)
    found = named_pictures(pictures, table["stimulus"])
    shown = {} if targets is None else target_pictures(targets, found)
    boxes = None if objects is None else read_objects(objects)
    return table, [
        Stimulus(
            path,
            name=name,
            px_per_deg=px_per_deg,
            target=shown.get(name),
            **({} if boxes is None else boxes.of(path)._asdict()),
        )
        for name, path in found.items()
    ]


def named_pictures(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the pictures in a folder that a table names, with or without the ending of the file, by these names.

    Raises
    ------
    InputError
        If a picture is not there, or two have a name.
    """
    from scanpath._core.errors import InputError
    from scanpath.gaze.pictures import find_pictures

    wanted, files = {str(name) for name in names}, find_pictures(folder)
    found: dict[str, Path] = {}
    for path in files:
        name = path.name if path.name in wanted else path.stem
        if name in found:
            raise InputError(
                f"{folder} has two pictures named {name!r}, {found[name].name} and {path.name}; name them in the table "
                "with their endings, or take one of them away."
            )
        if name in wanted:
            found[name] = path
    missing = sorted(wanted - set(found))
    if missing:
        like = {path.stem.casefold(): path.name for path in files}.get(PurePosixPath(missing[0]).stem.casefold())
        raise InputError(
            f"{folder} lacks {len(missing)} of the {len(wanted)} pictures in the table, the first is {missing[0]!r}"
            f"{f' (it has {like!r})' if like else ''}; put them there under the table's names, or drop their rows."
        )
    return found


def target_pictures(folder: Path, pictures: Mapping[str, Path]) -> dict[str, Path]:
    """Return the pictures of what is looked for, each under the name of the picture that it is looked for in.

    Raises
    ------
    InputError
        If one is not there.
    """
    from scanpath._core.errors import InputError
    from scanpath.gaze.pictures import find_pictures

    shown = {path.stem: path for path in find_pictures(folder)}
    missing = next((path for path in pictures.values() if path.stem not in shown), None)
    if missing is not None:
        raise InputError(f"There is no picture of what was looked for in {missing.name}; put it into {folder}.")
    return {name: shown[path.stem] for name, path in pictures.items()}


def agent_that_sees(name: str, backbone: str | None, weights: Path | None) -> "Agent":
    """Build an agent by its name, with the features that it is to see with.

    Raises
    ------
    InputError
        If it sees with none, or what it needs is missing.
    """
    from scanpath._core.errors import InputError
    from scanpath.agents.catalog import agent_settings, create_agent

    known, given = agent_settings(name), {"backbone": backbone, "weights": None if weights is None else str(weights)}
    chosen = {key: value for key, value in given.items() if value is not None}
    for key, value in chosen.items():
        if key not in known:
            raise InputError(f"--{key} {value} is for agents that have one, and {name} has none.")
    return create_agent(name, **chosen)
