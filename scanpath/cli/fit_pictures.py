"""What several fits read: people's table, and the pictures that it names."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from scanpath.agents.agent import Agent
    from scanpath.gaze.stimulus import Stimulus


def people_and_pictures(
    people: Path, pictures: Path, px_per_deg: float | None, targets: Path | None = None
) -> tuple["pd.DataFrame", list["Stimulus"]]:
    """Read a table and the pictures that it names; what is looked for on one has its name in the folder of targets."""
    from scanpath._core.files import require_file
    from scanpath.gaze.pictures import find_pictures
    from scanpath.gaze.stimulus import Stimulus
    from scanpath.gaze.table import read_table

    table = read_table(people)
    named = set(table["stimulus"])
    stimuli = []
    for path in find_pictures(pictures):
        if path.name in named:
            facts: dict[str, Any] = {}
            if targets is not None:
                facts["target"] = require_file(targets / path.name, "target picture")
            stimuli.append(Stimulus(path, px_per_deg=px_per_deg, **facts))
    return table, stimuli


def drawing_agent(name: str, backbone: str | None, weights: Path | None) -> "Agent":
    """Build an agent by its name; features go to those agents that see with some."""
    from scanpath.agents.catalog import agent_settings, create_agent

    given = {"backbone": backbone, "weights": None if weights is None else str(weights)}
    known = agent_settings(name)
    return create_agent(name, **{key: value for key, value in given.items() if value is not None and key in known})
