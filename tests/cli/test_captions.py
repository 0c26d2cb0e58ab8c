"""`scanpath simulate` led by captions of all kinds, and the agents that need a file or a network."""

import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    return tmp_path / "noise.png"


@pytest.fixture
def command(scanpath):
    """The command line with warnings on, as outside tests."""

    def run(*arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            return scanpath(*arguments)

    return run


@pytest.mark.parametrize("caption", ["a red\nring\t", "a 😀 ring", "é 漢字", "x"])
def test_any_text_leads_the_eye(command, picture, caption):
    code, table, _ = command("simulate", "--agent", "nevaclip", "--caption", caption, "--fixations", 2, picture)
    assert code == 0
    assert len(table.splitlines()) == 3


def test_a_caption_that_is_cut_is_one_sentence(command, picture):
    code, table, said = command(
        "simulate", "--agent", "nevaclip", "--caption", "ring " * 300, "--fixations", 1, picture
    )
    assert code == 0
    assert len(table.splitlines()) == 2
    assert said.splitlines() == [
        "scanpath: toy reads 24 tokens; caption 'ring ring ring ring ring ring '... has 302; its end is cut.",
        "nevaclip learned from drawn scenes of colored shapes alone, so that photographs mean nothing to it",
    ]


def test_words_that_the_model_does_not_know_are_named(command, picture):
    caption = ["--caption", "my red car keys"]
    code, _, said = command("simulate", "--agent", "nevaclip", *caption, "--fixations", 1, picture)
    assert code == 0
    assert "it does not know 'my', 'car', 'keys' of the caption 'my red car keys'" in said
    assert "give a CLIP that does: model ViT-B-32" in said


def test_an_absent_caption_is_followed_beside_as_a_control(command, picture, tmp_path):
    caption = ["--caption", "a red ring", "--control-caption", "a blue star"]
    code, table, _ = command(
        "simulate", "--agent", "nevaclip", *caption, "--fixations", 2, "--figures", tmp_path / "figures", picture
    )
    assert code == 0
    rows = [line.split(",") for line in table.splitlines()[1:]]
    assert [row[9] for row in rows] == ["nevaclip", "nevaclip", "nevaclip control", "nevaclip control"]
    other = command("simulate", "--agent", "nevaclip", "--caption", "a blue star", "--fixations", 2, picture)[1]
    assert [row[5:7] for row in rows[2:]] == [line.split(",")[5:7] for line in other.splitlines()[1:]]
    code, _, said = command("simulate", "--agent", "center", *caption, picture)
    assert (code, "--control-caption is for agents that follow a caption" in said) == (2, True)
    code, _, said = command("simulate", "--agent", "nevaclip", "--control-caption", "a star", picture)
    assert (code, "--control-caption is followed beside --caption" in said) == (2, True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["nevaclip", "--caption", ""], "empty"),
        (["nevaclip", "--caption", "a \udcff ring"], "true encoding"),
        (["nevaclip"], "no caption"),
        (["nevaclip", "--caption", "a", "--set", "model=toi"], "toi"),
        (["nevaclip", "--caption", "a", "--set", "pretrained=none.pt"], "none.pt"),
        (["nevaclip", "--caption", "a", "--fixations", "0"], "0"),
        (["human"], "fixations"),
        (["human", "--set", "fixations=none.csv"], "none.csv"),
        (["clip_attention", "--caption", "a"], "pretrained"),
        (["salient_relevance", "--set", "model=resnet1"], "resnet1"),
        (["neva", "--set", "loss=classification"], "model="),
        (["neva", "--set", "steps=many"], "steps"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(command, picture, settings, message):
    code, table, said = command("simulate", "--agent", *settings, picture)
    assert (code, table) == (2, "")
    assert len(said.splitlines()) == 1
    assert said.startswith("scanpath: ")
    assert message in said


def test_people_are_replayed_from_a_file(command, picture, tmp_path):
    rows = {"stimulus": "noise.png", "subject": "s", "fixation": [0, 1], "x_px": [3.0, 4.0], "y_px": [5.0, 6.0]}
    pd.DataFrame(rows).to_csv(tmp_path / "people.csv", index=False)
    code, table, remarks = command(
        "simulate", "--agent", "human", "--set", f"fixations={tmp_path / 'people.csv'}", picture
    )
    assert code == 0
    assert [line.split(",")[5:7] for line in table.splitlines()[1:]] == [["3.0", "5.0"], ["4.0", "6.0"]]
    assert "human ended 1 of 1 scanpaths before 10 fixations, the shortest after 2" in remarks


def test_figures_show_the_fixations_of_the_table_without_a_second_search(command, picture, tmp_path, monkeypatch):
    from scanpath.agents.neva import NevaAgent

    searched, reviewed = [], []
    search, review = NevaAgent.search, NevaAgent.review
    monkeypatch.setattr(NevaAgent, "search", lambda *given: searched.append(given) or search(*given))
    monkeypatch.setattr(NevaAgent, "review", lambda *given: reviewed.append(given[2]) or review(*given))
    settings = ["--agent", "nevaclip", "--caption", "a ring", "--target-box", "0,0,79,59", "--fixations", 3]
    code, _, _ = command(
        "simulate", *settings, "--figures", tmp_path / "figures", "--out", tmp_path / "a.parquet", picture
    )
    assert code == 0
    table = pd.read_parquet(tmp_path / "a.parquet")
    assert len(table) == len(searched) < 3
    np.testing.assert_array_equal(reviewed[0].xy, table[["x_px", "y_px"]])
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "noise_nevaclip.png",
        "noise_nevaclip_search.png",
    ]
