import sys

import pytest

from scanpath.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.png"], "There is no picture at nowhere.png"),
        (["--people", "nowhere.csv"], "There is no table at nowhere.csv"),
        (["--port", "70000"], "65535"),
        (["--agent", "nowhere:Agent"], "There is no module 'nowhere' to import 'nowhere:Agent' from"),
        (["--agent", "mine.json"], "There is no"),
    ],
)
def test_mistakes_end_in_a_sentence_and_exit_code_2(words, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["scanpath", "explore", "--no-browser", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
