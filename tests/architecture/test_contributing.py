"""The examples of CONTRIBUTING.md, pasted where it says, work wherever agents and metrics do."""

import re
import subprocess
import sys
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"

USE = """
import ast
import doctest
import sys
from pathlib import Path

import torch

import scanpath as sp
import scanpath.agents
import scanpath.metrics

pasted, line = Path(sys.argv[1]), sys.argv[2]
for room in (scanpath.agents, scanpath.metrics):
    room.__path__.append(str(pasted / room.__name__.replace(".", "/")))
for name, place in ast.literal_eval("{" + line + "}").items():
    scanpath.agents.AGENTS.register(name, place)

agent = sp.create_agent("reader", step_px=30)
table = sp.simulate(agent, sp.Stimulus(torch.zeros(1, 70, 50), name="page"), n_fixations=9)
assert table[["x_px", "y_px"]].values.tolist() == [[0, 0], [30, 0], [0, 60], [30, 60]], table
assert set(table["ended_by"]) == {"agent"}
assert scanpath.agents.catalog.agent_card("reader").paper == "Author & Author (2020)"

people = [sp.Scanpath([(0, y), (40, 60)], info={"stimulus": "page", "subject": str(y)}) for y in (3, 4)]
scores = sp.evaluate(table, people, ["start_distance"])
assert scores["value"].tolist() == [3.5] and scores["ceiling"].tolist() == [1.0], scores
assert "start_distance" in sp.metrics.list_metrics()
assert doctest.testmod(sys.modules["scanpath.metrics.starts"]) == (0, 1)
test = {}
exec((pasted / "tests/metrics/test_starts.py").read_text(), test)
test["test_the_first_fixations_alone_count"]()
"""


def test_a_pasted_agent_and_a_pasted_metric_work(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    line = next(block for block in blocks if "scanpath.agents.reader:Reader" in block)
    for block in blocks:
        if place := re.match(r"# (\S+\.py)\n", block):
            file = tmp_path / place[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-c", USE, str(tmp_path), line]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
