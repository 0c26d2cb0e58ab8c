"""The commands and the Python code that repeat what a page shows."""

import shlex
from collections.abc import Iterator

from scanpath.agents.catalog import agent_settings
from scanpath.explore.pictures import Picture
from scanpath.explore.scene import Scene

_CODED = "looks.csv"
#: Of a table of scores, what a page or a terminal is wide enough for.
_SCORED = ("agent", "metric", "part", "value", "ceiling", "better", "n_pairs")


def commands(scene: Scene) -> str:
    """Return the lines of a shell that write the scanpaths, their scores, and the picture as seen.

    The picture, and the other files that they name, lie in the folder where they run.
    """
    return "\n".join([*_simulate_lines(scene), *_score_lines(scene), *_foveate_lines(scene)]) + "\n"


def python_code(scene: Scene) -> str:
    """Return a program that writes the table, the figure, and the picture as seen, and scores them."""
    parts = ["import scanpath as sp\n", _stimulus_code(scene)]
    if scene.agents:
        parts.append(_simulate_code(scene))
    if scene.people is not None and scene.people_stimulus is not None:
        parts.append(_people_code(scene))
    if scene.map_agent is not None:
        parts.append(_map_code(scene))
    parts.append(_figure_code(scene))
    if scene.view.kind != "plain" and scene.history:
        parts.append(_view_code(scene))
    return "\n".join(parts)


def table_names(scene: Scene) -> list[str]:
    """Names of the tables that the commands write, one for agents that share their settings."""
    count = len(_groups(scene))
    return [_CODED] if count == 1 else [f"looks-{number}.csv" for number in range(1, count + 1)]


def _groups(scene: Scene) -> list[list[str]]:
    """Agents that one command can run: `--backbone` reaches all in it that have one."""
    groups: dict[tuple[tuple[str, object], ...], list[str]] = {}
    for name in scene.agents:
        groups.setdefault(tuple(sorted(scene.offers[name].settings.items())), []).append(name)
    return list(groups.values())


def _simulate_lines(scene: Scene) -> Iterator[str]:
    yield from _about_picture(scene)
    for group, out in zip(_groups(scene), table_names(scene)):
        words = ["scanpath", "simulate"]
        for name in group:
            words += ["--agent", name]
        for key, value in scene.offers[group[0]].settings.items():
            words += [f"--{key}", str(value)]
        if scene.target is not None:
            words += ["--target", _file(scene.target.name)]
        if scene.target_box is not None:
            words += ["--target-box", ",".join(map(_plain, scene.target_box))]
        if scene.caption is not None:
            words += ["--caption", scene.caption]
        words += ["--px-per-deg", _plain(scene.px_per_deg), "--fixations", str(scene.n_fixations)]
        words += ["--seed", str(scene.seed), "--out", out, _file(scene.picture.name)]
        yield shlex.join(words)


def _about_picture(scene: Scene) -> Iterator[str]:
    for picture in (scene.picture, scene.target):
        if picture is not None and picture.changes:
            yield f"# {_one_line(picture.name)} is {_one_line(picture.given[0])}, {', '.join(picture.changes)}; save it"


def _score_lines(scene: Scene) -> Iterator[str]:
    people = scene.people
    if people is None or not scene.agents or scene.people_stimulus is None:
        return
    if scene.people_stimulus != scene.picture.name or scene.picture.scale != 1:
        yield "# people's table has another name or size for the picture; the Python code translates it"
        return
    table = people.file
    if not people.tidy:
        table = "people.csv" if people.file != "people.csv" else "people-converted.csv"
        yield shlex.join(["scanpath", "convert", _file(people.file), table])
    width, height = scene.picture.size_px
    for name in table_names(scene):
        words = ["scanpath", "score", name, _file(table), "--metrics", "multimatch,scanmatch"]
        yield shlex.join([*words, "--screen-px", f"{width}x{height}"])


def _foveate_lines(scene: Scene) -> Iterator[str]:
    view = scene.view
    if view.kind == "plain" or not scene.history:
        return
    words = ["scanpath", "foveate", _file(scene.picture.name), "seen.png", "--kind", view.kind]
    for x, y in scene.view_points:
        words += ["--at", f"{_plain(x)},{_plain(y)}"]
    words += ["--px-per-deg", _plain(scene.px_per_deg)]
    if view.kind == "blur":
        words += ["--law", view.law, "--strength", _plain(view.strength)]
    else:
        words += ["--scaling", _plain(view.scaling), "--seed", str(view.seed)]
    yield shlex.join(words)


def _stimulus_code(scene: Scene) -> str:
    lines = []
    settings = [_picture_code(scene.picture)]
    if scene.picture.changes:
        lines.append(f"# {_one_line(scene.picture.given[0])}, {', '.join(scene.picture.changes)}")
        settings.append(f"name={scene.picture.name!r}")
    if scene.target is not None:
        target = scene.target
        settings.append(f"target={_picture_code(target)}")
    if scene.target_box is not None:
        settings.append(f"target_box=({', '.join(map(_plain, scene.target_box))})")
    if scene.caption is not None:
        settings.append(f"caption={scene.caption!r}")
    settings.append(f"px_per_deg={_plain(scene.px_per_deg)}")
    lines.append("stimulus = sp.Stimulus(\n    " + ",\n    ".join(settings) + ",\n)\n")
    return "\n".join(lines)


def _picture_code(picture: Picture) -> str:
    name = picture.given[0]
    if not picture.changes:
        return repr(name)
    settings = "".join(
        part
        for word, part in (("animation", ", frame=0"), ("transparent", ", background=1.0"))
        if any(word in change for change in picture.changes)
    )
    return f"sp.explore.working_copy(sp.read_image({name!r}{settings}), {max(picture.size_px)})"


def _simulate_code(scene: Scene) -> str:
    lines = ["agents = ["]
    lines += [f"    {_agent_code(scene, name)}," for name in scene.agents]
    lines += ["]", f"table = sp.simulate(agents, stimulus, n_fixations={scene.n_fixations}, seed={scene.seed})"]
    return "\n".join([*lines, f'sp.write_table(table, "{_CODED}")\n'])


def _agent_code(scene: Scene, name: str) -> str:
    settings = scene.offers[name].settings
    given = {key: value for key, value in settings.items() if agent_settings(name)[key].default != value}
    return f"sp.create_agent({', '.join([repr(name), *(f'{key}={value!r}' for key, value in given.items())])})"


def _people_code(scene: Scene) -> str:
    assert scene.people is not None
    file = scene.people.file
    lines = [f"people = sp.read_table({file!r})" if scene.people.tidy else f"people, _ = sp.read_fixations({file!r})"]
    lines.append(f'people = people[people["stimulus"] == {scene.people_stimulus!r}].reset_index(drop=True)')
    if scene.picture.scale != 1:
        given, now = scene.picture.given[1:], scene.picture.size_px
        lines.append("from scanpath.gaze.pixels import resized\n")
        lines.append(f'xy = resized(people[["x_px", "y_px"]].to_numpy(float), {given}, {now})')
        lines.append("people = people.assign(x_px=xy[:, 0], y_px=xy[:, 1])")
    if scene.people_stimulus != scene.picture.name:
        lines.append(f"people = people.assign(stimulus={scene.picture.name!r})")
    if scene.agents:
        call = f'sp.evaluate(table, people, ("multimatch", "scanmatch"), screen_px={scene.picture.size_px})'
        lines += [f"scores = {call}", f"print(scores[{list(_SCORED)}].to_string(index=False))"]
    return "\n".join(lines) + "\n"


def _map_code(scene: Scene) -> str:
    assert scene.map_agent is not None
    agent = (
        f"agents[{scene.agents.index(scene.map_agent)}]"
        if scene.map_agent in scene.agents
        else _agent_code(scene, scene.map_agent)
    )
    history = "[" + ", ".join(f"({_plain(x)}, {_plain(y)})" for x, y in scene.map_history) + "]"
    return f"history = {history}\npriority = {agent}.priority(stimulus, history)\n"


def _figure_code(scene: Scene) -> str:
    settings = ["table" if scene.agents else "None", "stimulus"]
    if scene.map_agent is not None:
        settings += ["priority=priority", "history=history", f"priority_title={map_title(scene)!r}"]
    if scene.people is not None and scene.people_stimulus is not None:
        settings.append("people=people")
    return f'sp.plotting.save_figure(sp.explore.draw_looks({", ".join(settings)}), "looks.png")\n'


def map_title(scene: Scene) -> str:
    """Heading of the map in the figure."""
    count = len(scene.map_history)
    return f"map of {scene.map_agent} after {count} fixation{'' if count == 1 else 's'}"


def _view_code(scene: Scene) -> str:
    view, points = scene.view, [f"({_plain(x)}, {_plain(y)})" for x, y in scene.view_points]
    scale = f"px_per_deg={_plain(scene.px_per_deg)}"
    if view.kind == "blur":
        call = (
            f"sp.foveated_blur(\n    stimulus.image, [{', '.join(points)}], several=True, {scale},\n"
            f"    law={view.law!r}, strength={_plain(view.strength)},\n)"
        )
    else:
        call = (
            f"sp.foveated_texture(\n    stimulus.image, {points[0]}, {scale}, scaling={_plain(view.scaling)}, "
            f"seed={view.seed},\n)"
        )
    return f'from torchvision.utils import save_image\n\nseen = {call}\nsave_image(seen, "seen.png")\n'


def _plain(number: float) -> str:
    """Write a number so that it is read back as the same one, whole numbers without a point."""
    return str(int(number)) if number == int(number) else repr(float(number))


def _file(name: str) -> str:
    """Write a file's name so that no command takes it for an option."""
    return f"./{name}" if name.startswith("-") else name


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
