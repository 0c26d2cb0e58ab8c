"""`scanpath study objects`."""

import pytest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sets", "4x4"], "4x4"),
        (["--sets", ","], "at least one"),
        (["--sets", "objarr"], "give --objarr"),
        (["--sets", "3x9", "--sti", "."], "leaves sti out"),
        (["--objarr", "nowhere"], "objarr_objects.csv"),
        (["--seeds", "0"], "seeds"),
        (["--shelves", "1"], "n_shelves"),
        (["--weights", "nothing.safetensors"], "nothing.safetensors"),
        (["--weights", "a.safetensors", "--seeds", "2"], "leave it out"),
    ],
)
def test_wrong_use_ends_in_one_sentence(scanpath, options, message, tmp_path):
    code, out, err = scanpath("study", "objects", "--out", tmp_path / "study", *options)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_a_quick_study_prints_what_it_writes(scanpath, tmp_path):
    code, out, _ = scanpath("study", "objects", "--shelves", 2, "--sets", "3x9", "--out", tmp_path)
    assert code == 0
    assert "center out" in out
    for name in ("scores.csv", "paired.csv", "trainings.csv", "objects_3x9.png"):
        assert (tmp_path / name).stat().st_size > 0
