"""What a release promises about itself."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import scanpath

ROOT = Path(scanpath.__file__).parents[1]


@pytest.mark.skipif(not (ROOT / "CITATION.cff").is_file(), reason="installed without the repository")
def test_citation_and_changelog_know_the_version():
    cited = (ROOT / "CITATION.cff").read_text()
    version, date = (re.search(rf"^{key}: (\S+)", cited, re.M)[1] for key in ("version", "date-released"))
    assert version == scanpath.__version__
    assert f"## [{version}] - {date}" in (ROOT / "CHANGELOG.md").read_text()


def test_tests_that_lack_reference_data_are_counted_in_one_line(tmp_path):
    test = Path(__file__).parents[1] / "guidance" / "test_sharpening.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    surroundings = os.environ | {"SCANPATH_SHARED": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=surroundings, timeout=300, check=True)
    assert re.search(rf"\d+ tests were skipped for want of reference data at {tmp_path}", done.stdout)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="installed without the repository")
def test_no_built_package_or_slip_of_the_command_line_is_kept_in_the_repository():
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    assert [name for name in kept if name.startswith("-") or name.endswith((".whl", ".egg"))] == []
