import base64
import io
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import scanpath as sp
from scanpath.explore.desk import Desk
from scanpath.explore.offers import not_offered, offers
from scanpath.explore.pictures import open_picture

SCENE = {
    "px_per_deg": 12.5,
    "target_box": [100, 40, 30, 40],
    "caption": "a plain red circle",
    "agents": ["viewer", "itti_koch", "eccnet", "nevaclip"],
    "n_fixations": 4,
    "seed": 3,
    "history": [[20, 30.5], [200, 100]],
    "map_agent": "viewer",
    "view": {"kind": "blur", "law": "linear", "strength": 2.5},
}


def content(result):
    return base64.b64decode(result["content"])


def pixels(file):
    return np.asarray(Image.open(io.BytesIO(file) if isinstance(file, bytes) else file))


def desk_with(file, name="photo.png", **more):
    desk = Desk()
    return desk, desk.run("open", {"name": name, **more}, file)


def run_in(folder, *words):
    """Run a program where `scanpath` is that of the interpreter that runs the tests, activated or not."""
    commands = os.pathsep.join((os.path.dirname(sys.executable), os.environ["PATH"]))
    environment = os.environ | {"PATH": commands}
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_agent_is_offered_or_told_what_it_needs():
    offered = set(offers())
    assert offered | set(not_offered()) == set(sp.list_agents())
    assert not offered & set(not_offered())


@pytest.mark.parametrize("name", offers())
def test_agents_that_are_offered_run_without_download(name, photo, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    desk, picture = desk_with(photo)
    scene = SCENE | {"picture": picture["id"], "agents": [name], "n_fixations": 2}
    (path,) = desk.run("simulate", {"scene": scene})["paths"]
    assert path["who"] == name
    assert 1 <= len(path["xy"]) <= 2


@pytest.mark.parametrize("max_side_px", [pytest.param(0, marks=pytest.mark.slow), 160])
def test_commands_and_code_repeat_what_is_shown(photo, tmp_path, max_side_px):
    """The program and the commands are run in a folder with the files; nothing is compared but files."""
    desk, picture = desk_with(photo, max_side_px=max_side_px)
    agents = ["viewer", "itti_koch", "nevaclip"]  # which share their settings, so that one command runs them
    scene = SCENE | {"picture": picture["id"], "agents": agents}
    scene |= {"target_box": [60, 30, 30, 40], "history": [[20, 30.5], [120, 100]]}
    shown = desk.run("simulate", {"scene": scene})["paths"]
    recipe = desk.run("recipe", {"scene": scene})
    (tmp_path / "photo.png").write_bytes(photo)
    (tmp_path / picture["name"]).write_bytes(content(desk.run("picture", {"scene": scene})))
    (tmp_path / "program.py").write_text(recipe["python"])
    run_in(tmp_path, sys.executable, "program.py")
    by_code = (tmp_path / "looks.csv").read_bytes()
    figure, seen = pixels(tmp_path / "looks.png"), pixels(tmp_path / "seen.png")
    for file in ("looks.csv", "seen.png"):
        (tmp_path / file).unlink()
    run_in(tmp_path, "bash", "-euc", recipe["commands"])
    assert (
        by_code
        == (tmp_path / "looks.csv").read_bytes()
        == content(desk.run("table", {"scene": scene, "format": "csv"}))
    )
    for path in shown:
        rows = pd.read_csv(tmp_path / "looks.csv").query("agent == @path['who']")
        np.testing.assert_allclose(rows[["x_px", "y_px"]].to_numpy(), path["xy"], atol=0.005)
    np.testing.assert_array_equal(figure, pixels(content(desk.run("figure", {"scene": scene, "format": "png"}))))
    exact = pixels(content(desk.run("seen", {"scene": scene, "file": True})))
    np.testing.assert_array_equal(pixels(tmp_path / "seen.png"), exact)
    np.testing.assert_allclose(seen, exact, atol=1)  # torchvision rounds halves up


OWN = """
import scanpath as sp
import torch

class Corner(sp.Agent):
    name = "corner"
    chooses_first = True

    def next_fixation(self, stimulus, history, generator):
        return 2 + len(history), 3

    def priority(self, stimulus, history):
        height, width = stimulus.size
        return torch.linspace(1, 0, width).expand(height, width)

def unfinished():
    raise RuntimeError("no weights yet")

def loaded(weights):
    return Corner()
"""


def test_agents_of_ones_own_are_chosen_drawn_and_repeated(photo, tmp_path, monkeypatch):
    (tmp_path / "looks_own.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    desk = Desk(["looks_own:Corner"])
    assert desk.run("start")["agents"][0]["name"] == "looks_own:Corner"
    picture = desk.run("open", {"name": "photo.png"}, photo)
    scene = {"picture": picture["id"], "px_per_deg": 12.5, "agents": ["looks_own:Corner", "levy"], "n_fixations": 3}
    scene |= {"map_agent": "looks_own:Corner"}
    assert desk.run("simulate", {"scene": scene})["paths"][0]["xy"] == [[2, 3], [3, 3], [4, 3]]
    assert desk.run("map", {"scene": scene})["history"] == ()  # it chooses its first fixation
    recipe = desk.run("recipe", {"scene": scene})
    (tmp_path / "photo.png").write_bytes(photo)
    for words in (("bash", "-euc", recipe["commands"]), (sys.executable, "-c", recipe["python"])):
        run_in(tmp_path, *words)
        by_hand = (tmp_path / "looks.csv").read_bytes()
        assert by_hand == content(desk.run("table", {"scene": scene, "format": "csv"}))


def test_agents_that_cannot_be_built_or_are_there_already_are_refused(tmp_path, monkeypatch):
    (tmp_path / "unfinished_own.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(sp.InputError, match="no module 'nowhere'"):
        Desk(["nowhere:Agent"])
    with pytest.raises(sp.InputError, match="cannot be built: RuntimeError: no weights yet"):
        Desk(["unfinished_own:unfinished"])
    with pytest.raises(sp.InputError, match="needs weights, which the page cannot give; add a function"):
        Desk(["unfinished_own:loaded"])
    with pytest.raises(sp.InputError, match="viewer is on the page already"):
        Desk(["viewer"])


def test_agents_with_other_settings_get_a_command_of_their_own(photo, tmp_path):
    desk, picture = desk_with(photo)
    scene = SCENE | {"picture": picture["id"], "agents": ["viewer", "eccnet"], "history": []}
    lines = desk.run("recipe", {"scene": scene})["commands"].splitlines()
    assert [line.count("--backbone steerable") for line in lines] == [0, 1]
    (tmp_path / "photo.png").write_bytes(photo)
    for line in lines:
        run_in(tmp_path, "bash", "-euc", line)
    together = pd.concat([pd.read_csv(tmp_path / f"looks-{n}.csv") for n in (1, 2)])
    whole = pd.read_csv(io.BytesIO(content(desk.run("table", {"scene": scene, "format": "csv"}))))
    assert together[["agent", "x_px", "y_px"]].values.tolist() == whole[["agent", "x_px", "y_px"]].values.tolist()


def test_names_of_files_are_no_code(photo, tmp_path):
    desk, picture = desk_with(photo, name="-x $(touch broken) 'y'\n.png")
    recipe = desk.run(
        "recipe", {"scene": SCENE | {"picture": picture["id"], "agents": ["center"], "caption": "a'; $(touch broken)"}}
    )
    subprocess.run(["bash", "-c", recipe["commands"].replace("scanpath ", "true ")], cwd=tmp_path, check=True)
    assert list(tmp_path.iterdir()) == []
    compile(recipe["python"], "program", "exec")


def test_the_map_is_the_agents_own(photo, tmp_path):
    desk, picture = desk_with(photo)
    scene = SCENE | {"picture": picture["id"]}
    result = desk.run("map", {"scene": scene})
    (tmp_path / "photo.png").write_bytes(photo)
    stimulus = sp.Stimulus(
        tmp_path / "photo.png", px_per_deg=12.5, target_box=(100, 40, 30, 40), caption=SCENE["caption"]
    )
    density = sp.create_agent("viewer").priority(stimulus, [(20, 30.5), (200, 100)])
    y, x = divmod(int(density.argmax()), 240)
    assert result["peak"] == [x, y]
    first = sp.create_agent("viewer").priority(stimulus, [(20, 30.5)])
    empty = sp.create_agent("viewer").priority(stimulus, [])
    expected = [torch.log2(empty[30, 20] * empty.numel()).item(), torch.log2(first[100, 200] * first.numel()).item()]
    np.testing.assert_allclose(result["bits"], expected, rtol=1e-6)


def test_people_are_shown_scored_and_written_down(photo, people, tmp_path):
    desk, picture = desk_with(photo)
    table = desk.run("people", {"name": "people.csv"}, people)
    assert [one["name"] for one in table["stimuli"]] == ["photo.png", "other.png"]
    scene = SCENE | {"picture": picture["id"], "people": table["id"], "people_stimulus": "photo.png"}
    scene |= {"agents": ["center", "random"], "n_fixations": 5, "history": []}
    assert len(desk.run("people_paths", {"scene": scene})["paths"]) == 3
    rows = desk.run("scores", {"scene": scene})["rows"]
    (tmp_path / "photo.png").write_bytes(photo)
    (tmp_path / "people.csv").write_bytes(people)
    recipe = desk.run("recipe", {"scene": scene})
    program = recipe["python"] + "scores.to_csv('scores.csv')\n"
    (tmp_path / "program.py").write_text(program)
    assert "..." not in run_in(tmp_path, sys.executable, "program.py"), "columns are left out of what is printed"
    values = pd.read_csv(tmp_path / "scores.csv")["value"].tolist()
    np.testing.assert_allclose([np.nan if row["value"] is None else row["value"] for row in rows], values)
    run_in(tmp_path, "bash", "-euc", recipe["commands"])


def test_files_of_copies_are_named_with_what_they_are_made_of(photo):
    desk, picture = desk_with(photo, max_side_px=120)
    recipe = desk.run("recipe", {"scene": {"picture": picture["id"], "px_per_deg": 6}})
    assert recipe["files"] == ["photo-120x90.png", "photo.png"]


def test_the_texture_of_a_large_picture_is_first_that_of_a_copy():
    sink = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (64, 1700), dtype=np.uint8)
    Image.fromarray(noise).save(sink, "PNG")
    desk, picture = desk_with(sink.getvalue(), max_side_px=0)
    scene = {"picture": picture["id"], "px_per_deg": 35, "history": [[850, 32]], "view": {"kind": "texture"}}
    preview = desk.run("seen", {"scene": scene})
    assert list(preview["preview"]) == [1280, 48]
    assert preview["exact_s"] > 0
    own = desk.run("seen", {"scene": scene, "exact": True})
    assert "preview" not in own
    image = torch.from_numpy(noise[None] / np.float32(255))
    texture = sp.foveated_texture(image, (850, 32), px_per_deg=35)[0]
    saved = pixels(content(desk.run("seen", {"scene": scene, "file": True})))
    np.testing.assert_allclose(saved, 255 * texture, atol=0.51)


def test_people_move_with_a_copy(photo, people, tmp_path):
    desk, picture = desk_with(photo, max_side_px=120)
    table = desk.run("people", {"name": "people.csv"}, people)
    scene = {"picture": picture["id"], "px_per_deg": 6, "people": table["id"], "people_stimulus": "photo.png"}
    (first, *_) = desk.run("people_paths", {"scene": scene})["paths"]
    given = pd.read_csv(io.BytesIO(people)).iloc[:5][["x_px", "y_px"]].to_numpy()
    np.testing.assert_allclose(first["xy"], (given + 0.5) / 2 - 0.5, atol=0.006)
    (tmp_path / "photo.png").write_bytes(photo)
    (tmp_path / "people.csv").write_bytes(people)
    program = desk.run("recipe", {"scene": scene})["python"] + "print(people[['x_px', 'y_px']].to_numpy()[0].round(2))"
    (tmp_path / "program.py").write_text(program)
    assert run_in(tmp_path, sys.executable, "program.py").strip() == str(np.array(first["xy"][0]))


def test_a_large_picture_becomes_a_copy_that_is_told(large_photo):
    picture = open_picture("IMG_1.JPG", large_photo)
    assert picture.name == "IMG_1-1280x960.png"
    assert picture.changes == ["shrunk from 4000 x 3000 to 1280 x 960 px"]
    whole = open_picture("IMG_1.JPG", large_photo, max_side_px=0)
    assert (whole.name, whole.size_px, whole.changes, whole.content) == ("IMG_1.JPG", (4000, 3000), [], large_photo)


def test_transparent_and_moving_pictures_are_told():
    sink = io.BytesIO()
    Image.new("RGBA", (40, 30), (255, 0, 0, 0)).save(sink, "PNG")
    logo = open_picture("logo.png", sink.getvalue())
    assert (logo.name, logo.changes) == ("logo-on-white.png", ["transparent pixels put on white"])
    assert float(logo.image.min()) == 1
    sink = io.BytesIO()
    frames = [Image.new("L", (40, 30), value) for value in (0, 255)]
    frames[0].save(sink, "GIF", save_all=True, append_images=frames[1:])
    moving = open_picture("moving.gif", sink.getvalue())
    assert (moving.name, moving.changes) == ("moving-frame-0.png", ["the first frame of an animation"])


@pytest.mark.parametrize(
    ("name", "file", "words"),
    [
        ("a.png", b"", "empty"),
        ("a.heic", b"\0\0\0\x18ftypheic", "export it as JPEG"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "export it as PNG"),
        ("a.txt", b"hello", "not a picture"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "a.png"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(name, file, words):
    with pytest.raises(sp.InputError, match=words) as caught:
        Desk().run("open", {"name": name}, file)
    assert "\n" not in str(caught.value)
    assert "/" not in str(caught.value)


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded():
    sink = io.BytesIO()
    Image.new("1", (20_000, 6_000)).save(sink, "PNG")
    with pytest.raises(sp.InputError, match=r"huge\.png is .* above the limit of 100 megapixels: give a"):
        Desk().run("open", {"name": "huge.png"}, sink.getvalue())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"agents": []}, "Nobody is chosen"),
        ({"agents": ["eccnet"], "target_box": None}, "draw a box"),
        ({"agents": ["nevaclip"], "caption": " "}, "type one"),
        ({"agents": ["oat"]}, "agent"),
        ({"px_per_deg": 0}, "Pixels per degree"),
        ({"px_per_deg": None}, "must be a number"),
        ({"n_fixations": 1000}, "from 1 to 200"),
        ({"seed": -1}, "seed"),
        ({"history": [[999, 3]]}, "outside the picture"),
        ({"history": [[1, 1]] * 65}, "At most 64"),
        ({"target_box": [230, 0, 20, 20]}, "target_box"),
        ({"picture": "gone"}, "give it again"),
    ],
)
def test_mistakes_end_in_a_sentence(photo, changes, words):
    desk, picture = desk_with(photo)
    with pytest.raises(sp.InputError, match=words):
        desk.run("simulate", {"scene": SCENE | {"picture": picture["id"], "agents": ["center"]} | changes})


def test_few_pictures_are_kept_and_not_the_one_in_use_let_go(photo):
    desk, picture = desk_with(photo)
    scene = {"picture": picture["id"], "px_per_deg": 10, "agents": ["center"]}
    second = desk.run("open", {"name": "b.png"}, photo)
    for n in range(4):
        desk.run("simulate", {"scene": scene})
        desk.run("open", {"name": f"{n}.png"}, photo)
    assert desk.run("simulate", {"scene": scene})["paths"]
    with pytest.raises(sp.InputError, match="no longer kept"):
        desk.run("simulate", {"scene": scene | {"picture": second["id"]}})


def test_a_cut_out_of_a_large_picture_shrinks_with_it(photo):
    desk, picture = desk_with(photo, max_side_px=120)
    target = desk.run("open", {"name": "face.png", "share": picture["width"] / picture["given"]["width"]}, photo)
    assert (target["width"], target["height"]) == (120, 90)
