"""Searches over objects on the page."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import scanpath as sp
from scanpath import InputError
from scanpath.gaze.object_files import PictureObjects, write_objects
from scanpath.report import report_page
from scanpath.stimuli import shelf

EVIL = "</svg><script>window.broken = 1</script>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A search of a shelf: the table, the shelf, and the same as a folder of pictures and a file of boxes."""
    folder = tmp_path_factory.mktemp("run")
    drawn = shelf(2, 4, seed=6)
    pixels = (drawn.image.numpy() * 255).round().astype(np.uint8).transpose(1, 2, 0)
    (folder / "pictures").mkdir()
    Image.fromarray(pixels).save(folder / "pictures" / "shelf.png")
    labels = [EVIL, *drawn.object_labels[1:]]
    write_objects(folder / "boxes.csv", {"shelf.png": PictureObjects(drawn.objects, labels, drawn.target_box)})
    display = sp.Stimulus(
        folder / "pictures" / "shelf.png", objects=drawn.objects, object_labels=labels, target_box=drawn.target_box
    )
    return sp.simulate(sp.create_agent("oat"), [display], n_fixations=12, seed=1), display, folder


def _headings(page):
    return re.findall(r"after fixation (\d+): end (\d+)%</figcaption>", page)


def test_attention_is_shown_after_each_fixation(run):
    table, display, folder = run
    page = report_page(table, pictures=folder / "pictures", objects=folder / "boxes.csv")
    agent = sp.create_agent("oat")
    ends = agent.search_log_probabilities(display, table[["x_px", "y_px"]].to_numpy())[:, -1].exp()
    assert _headings(page) == [(str(n + 1), f"{100 * float(end):.0f}") for n, end in enumerate(ends[:11])]
    assert "<script>window" not in page
    from_stimuli = report_page(table, pictures=[display])
    assert _headings(from_stimuli) == _headings(page)


def test_without_pictures_or_their_network_the_page_says_what_is_missing(run):
    table, display, _ = run
    assert "Give the pictures and their objects" in report_page(table)
    other = table.copy()
    other.attrs = {"scanpath": {**table.attrs["scanpath"], "rules_and_networks": {"oat": {"oat": "another"}}}}
    page = report_page(other, pictures=[display])
    assert "is not at hand" in page
    assert not _headings(page)
    plain = pd.DataFrame({"stimulus": ["a"], "agent": ["mine"], "fixation": [0], "x_px": [3.0], "y_px": [4.0]})
    assert "step by step" not in report_page(plain)


def test_attention_that_needs_a_target_says_so(run):
    table, display, _ = run
    untold = sp.Stimulus(display.image, name=display.name, objects=display.objects)
    page = report_page(table, pictures=[untold])
    assert "cannot be shown: OAT looks for a target" in page


def test_boxes_go_with_pictures_of_a_folder(run):
    table, display, folder = run
    with pytest.raises(InputError, match="folder or a file"):
        report_page(table, pictures=[display], objects=folder / "boxes.csv")
    boxes = (folder / "boxes.csv").read_text()
    (folder / "other.csv").write_text(boxes.replace("shelf", "counter"))
    with pytest.raises(sp.InputError, match=r"has no objects for 'shelf\.png'"):
        report_page(table, pictures=folder / "pictures", objects=folder / "other.csv")
