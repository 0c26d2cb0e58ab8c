import html.parser
import json
import re

import numpy as np
import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath.report import report_page, write_report

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


def fixations(who, names, n=5, **columns):
    rng = np.random.default_rng(len(who))
    rows = [
        {"stimulus": name, who: f"{who}{k}", "fixation": i, "x_px": x, "y_px": y, **columns}
        for name in names
        for k in range(3)
        for i, (x, y) in enumerate(rng.uniform(0, 60, (n, 2)).round(1))
    ]
    return pd.DataFrame(rows)


class Reader(html.parser.HTMLParser):
    """Collects elements, attributes and text as a browser would see them."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.text.append(data)


def test_nothing_that_comes_from_data_becomes_markup_or_code():
    stimuli = [sp.Stimulus(torch.rand(3, 60, 80), name=EVIL, caption=EVIL, px_per_deg=10, target_box=(1, 1, 9, 9))]
    agents = fixations("agent", [EVIL], condition=EVIL, target_found=False)
    agents["agent"] += EVIL
    people = fixations("subject", [EVIL], duration_ms=200.0)
    people["subject"] += EVIL
    agents.attrs["scanpath"] = {"failures": {EVIL: EVIL}, "agents": {EVIL: {"note": EVIL}}, "size_px": {EVIL: [80, 60]}}
    page = report_page(agents, human=people, pictures=stimuli, title=EVIL, metrics=["levenshtein", "dtw"])
    seen = Reader(page)
    assert seen.tags.count("script") == 2
    assert "img" not in seen.tags
    assert not any(name.startswith("on") for name, _ in seen.attributes)
    assert seen.text[seen.text.index(EVIL)] == EVIL
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))
    assert data["scenes"][0]["caption"] == EVIL


def test_the_page_asks_for_nothing_from_outside():
    page = report_page(fixations("agent", ["a"]))
    outside = [address for address in re.findall(r"https?://[^\s\"'<>]+", page) if "www.w3.org/2000/svg" not in address]
    assert outside == []
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    assert policy.startswith("default-src &#x27;none&#x27;")
    assert "unsafe" not in policy


def test_scores_stand_with_interval_ceiling_and_what_is_undefined():
    people = fixations("subject", ["a", "b"], duration_ms=200.0)
    page = report_page(fixations("agent", ["a", "b"]), human=people, screen_px=(80, 60), metrics=["multimatch"])
    text = " ".join(Reader(page).text)
    assert "Pairing:" in text
    assert "missing_duration" in text
    assert len(re.findall(r'<th scope="row">agent', page)) == 3 * 5


def test_without_people_pictures_and_scale_the_page_still_shows_the_paths():
    page = report_page(fixations("agent", ["a"]))
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))["scenes"][0]
    assert data["source"] is None
    assert data["sigma"] is None
    assert (data["width"], data["height"]) >= (50, 50)
    assert "no people" in page


def test_pictures_are_chosen_evenly_and_all_count_in_the_plots():
    table = fixations("agent", [f"{i:02d}" for i in range(20)])
    page = report_page(table, max_pictures=4)
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))
    assert [scene["name"] for scene in data["scenes"]] == ["02", "07", "12", "17"]
    assert "300 fixations on 20 pictures" in page


def test_a_run_folder_is_reported_with_its_failures_and_sessions(tmp_path):
    stimuli = [sp.Stimulus(torch.rand(1, 30, 40), name=f"{i}", px_per_deg=5) for i in range(3)]
    sp.simulate(sp.create_agent("random"), stimuli, n_fixations=3, out=tmp_path / "run")
    path = write_report(tmp_path / "run", tmp_path / "report.html", pictures=stimuli)
    page = path.read_text()
    assert "&quot;sessions&quot;" in page
    assert "&quot;n_fixations&quot;: 3" in page
    assert write_report(tmp_path / "run", tmp_path / "again.html", pictures=stimuli).read_text() == page


def test_an_empty_table_and_another_ending_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no fixation"):
        report_page(fixations("agent", ["a"]).iloc[:0])
    with pytest.raises(ValueError, match=r"ends in \.html"):
        write_report(fixations("agent", ["a"]), tmp_path / "report.pdf")


def test_people_who_looked_at_more_pictures_than_the_run_has_are_taken_on_the_runs_pictures():
    run = pd.DataFrame({"stimulus": "a", "agent": "mine", "fixation": range(4), "x_px": [1.0, 9, 5, 7], "y_px": 2.0})
    run.attrs["scanpath"] = {"size_px": {"a": [20, 10]}}
    people = pd.concat(
        run.drop(columns="agent").assign(stimulus=name, subject=who) for name in "ab" for who in ("s1", "s2")
    )
    page = report_page(run, human=people, metrics=["levenshtein"])
    assert "beside 2 people" in page
    with pytest.raises(ValueError, match="none of the run's pictures: theirs are 'c' and so on, the run's 'a'"):
        report_page(run, human=people.assign(stimulus="c").drop_duplicates(["subject", "fixation"]))


def test_a_log_line_that_was_cut_by_a_kill_and_sizes_that_are_none_do_not_stop_the_page(tmp_path):
    run = sp.simulate(sp.create_agent("random"), sp.Stimulus(torch.zeros(1, 9, 9), name="a"), out=tmp_path / "run")
    with (tmp_path / "run" / "_log.jsonl").open("a") as log:
        log.write('{"started": "20')
    assert "sessions" in report_page(tmp_path / "run")
    run.attrs["scanpath"] |= {"size_px": [1, 2], "failures": 3}
    assert "Provenance" in report_page(run)
    run.attrs["scanpath"]["size_px"] = {"a": ["x", 1e99]}
    with pytest.raises(ValueError, match="size_px of 'a' must be two whole numbers"):
        report_page(run)


def test_what_makes_scores_doubtful_stands_beside_them():
    run, people = fixations("agent", ["a.png", "b.png"]), fixations("subject", ["a.png", "B.png", "c.png"])
    people["duration_ms"] = 0.2
    with pytest.warns(sp.InputWarning) as said:
        page = Reader(report_page(run, human=people, metrics=["levenshtein"], screen_px=(60, 60)))
    assert len(said) == 2
    sentences = ["'b.png' (human has 'B.png')", "if they are seconds", "not simulated: 'B.png' (simulated has 'b.png')"]
    for sentence in sentences:
        assert sentence in "".join(page.text)
