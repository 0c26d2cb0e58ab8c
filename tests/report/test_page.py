import base64
import html.parser
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

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


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))


def test_scores_are_grouped_by_metric_with_the_ceiling_once_and_what_is_undefined_in_words():
    people = fixations("subject", ["a", "b"], duration_ms=200.0)
    page = report_page(fixations("agent", ["a", "b"]), human=people, screen_px=(80, 60), metrics=["multimatch"])
    scores = page[page.index('id="score-table"') : page.index('id="difference-table"')]
    text = " ".join(Reader(scores).text)
    assert "Pairing:" in text
    assert scores.count('class="group"') == 5
    assert len(re.findall(r"people [01]\.\d", scores)) == 5
    assert scores.count('scope="row"') == 3 * 5
    assert "Pairs without a value: a fixation duration is missing (agent0, agent1, agent2)" in text


def test_agents_on_different_pictures_have_their_own_ceilings():
    names = ["a", "b", "c"]
    agents = fixations("agent", names)
    agents = agents[(agents["agent"] != "agent2") | (agents["stimulus"] != "c")]
    page = report_page(agents, human=fixations("subject", names, n=6), metrics=["dtw"])
    text = " ".join(Reader(page).text)
    around = r"people \d+ \(\d+ to \d+\)"
    assert re.search(f"agent0, agent1: {around}; agent2: {around}", text)
    assert "agent0, agent1: 3 pictures; agent2: 2 pictures" in text
    assert "agent0 \u2212 agent2, n = 2" in text


def test_differences_between_agents_have_interval_p_value_and_a_sentence():
    names = [f"{k}" for k in range(6)]
    people = fixations("subject", names, n=6)
    near = people[people["subject"] == "subject0"].drop(columns="subject").assign(agent="near")
    near["x_px"] += 1.0
    page = report_page(pd.concat([near, fixations("agent", names)]), human=people, metrics=["dtw"])
    table = page[page.index('id="difference-table"') : page.index('id="plots"')]
    cells = re.findall(r'<td role="cell" data-label="([^"]*)">([^<]*)</td>', table)
    assert [name for name, _ in cells[:4]] == ["difference", "95 %", "p", "d_z"]
    assert re.fullmatch(r"\u2212?\d+ to \u2212?\d+", cells[1][1])
    assert "<li>In dtw (px, lower is better; 6 pictures), " in table
    csv = data_of(page)["tables"]["differences"]
    assert csv.splitlines()[0].startswith("metric,part,agent,other,difference,low,high")
    alone = report_page(near, human=people, metrics=["dtw"])
    assert "There are no two agents to compare." in alone


def test_densities_are_those_of_all_who_looked_and_peak_where_they_did():
    stimulus = sp.Stimulus(torch.rand(1, 60, 80), name="a", px_per_deg=4)
    look = pd.DataFrame({"stimulus": "a", "fixation": [0, 1], "x_px": [20.0, 21], "y_px": [40.0, 40]})
    people = pd.concat(look.assign(subject=f"s{k}") for k in range(5))
    page = report_page(look.assign(agent="mine"), human=people, pictures=[stimulus], metrics=["dtw"], max_observers=2)
    both = data_of(page)["scenes"][0]["densities"]
    assert [(one["who"], one["n"]) for one in both] == [("people", 10), ("mine", 2)]
    cells = np.frombuffer(base64.b64decode(both[0]["cells"]), np.uint8).reshape(both[0]["rows"], both[0]["columns"])
    row, column = np.unravel_index(cells.argmax(), cells.shape)
    assert (column + 0.5) * 80 / cells.shape[1] - 0.5 == pytest.approx(20.5, abs=0.8)
    assert (row + 0.5) * 60 / cells.shape[0] - 0.5 == pytest.approx(40, abs=0.8)
    assert [one["share"] for one in both[0]["contours"]] == [0.25, 0.5, 0.75, 0.9]
    outer = np.array(both[0]["contours"][-1]["lines"][0]).reshape(-1, 2)
    assert np.hypot(*(outer - [20.5, 40]).T) == pytest.approx(4 * np.sqrt(-2 * np.log(0.1)), rel=0.1)


def test_the_target_and_the_caption_are_on_the_page():
    stimulus = sp.Stimulus(torch.rand(1, 60, 80), name="a", target=torch.rand(1, 300, 200), caption="a red ring")
    scene = data_of(report_page(fixations("agent", ["a"]), pictures=[stimulus]))["scenes"][0]
    assert scene["caption"] == "a red ring"
    with Image.open(io.BytesIO(base64.b64decode(scene["target"].split(",")[1]))) as target:
        assert target.size == (80, 120)


def test_every_plot_has_labels_on_its_axes():
    people = fixations("subject", ["a", "b"])
    agents = fixations("agent", ["a", "b"], target_found=False)
    page = report_page(agents, human=people, metrics=["dtw"])
    labels = [re.findall(r'class="label"[^>]*>([^<]*)<', plot) for plot in page.split('class="plot"')[1:]]
    assert labels == [
        ["px, lower is better"],
        ["% of saccades", "saccade length, px"],
        ["% found", "fixations, the first included"],
    ]


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
