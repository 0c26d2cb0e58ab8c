import time

import pytest
import torch

import scanpath as sp
from scanpath.explore.notebook import script


def test_the_script_is_one_module():
    text = script()
    assert "\nimport " not in text
    assert text.count("export ") == 1
    for name in ("makeLens", "makeStage", "makeQueue", "makePeople", "mount", "render"):
        assert text.count(f"function {name}(") == 1


def test_what_is_no_picture_is_refused():
    with pytest.raises(sp.InputError, match="path or a Stimulus"):
        sp.explore.widget(3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_stimulus_is_opened_by_messages_with_its_task():
    """The widget without a notebook: its messages are caught where they would leave for the browser."""
    pytest.importorskip("anywidget", reason="the widget needs anywidget: pip install scanpath[explore]")
    stimulus = sp.Stimulus(torch.rand(3, 40, 60), name="noise", caption="a dot", target_box=(5, 5, 9, 9), px_per_deg=7)
    widget = sp.explore.widget(stimulus)
    said = []
    widget.send = said.append

    def ask(number, task, told, buffers=()):
        widget._handle_custom_msg({"id": number, "task": task, "told": told}, list(buffers))
        end = time.monotonic() + 120
        while not any(one["id"] == number and "progress" not in one for one in said):
            assert time.monotonic() < end
            time.sleep(0.05)
        return next(one for one in said if one["id"] == number and "progress" not in one)

    try:
        assert ask(1, "start", {})["result"]["preset"] == {"picture": True, "people": False}
        picture = ask(2, "open", {"preset": True})["result"]
        assert (picture["name"], picture["width"], picture["height"]) == ("noise.png", 60, 40)
        assert (picture["caption"], picture["px_per_deg"]) == ("a dot", 7)
        scene = {"picture": picture["id"], "px_per_deg": 7, "agents": ["center"], "n_fixations": 3}
        assert len(ask(3, "simulate", {"scene": scene})["result"]["paths"][0]["xy"]) == 3
        assert "not a picture" in ask(4, "open", {"name": "a.png"}, [memoryview(b"no")])["error"]
    finally:
        widget.close()
