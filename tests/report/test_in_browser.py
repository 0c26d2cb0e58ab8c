"""The page in a real browser: headless Chromium, driven through its debugging protocol."""

import base64
import io
import json
import os
import shutil
import socket
import struct
import subprocess
import time
import urllib.request
import xml.etree.ElementTree

import numpy as np
import pandas as pd
import pytest
import torch

import scanpath as sp
from scanpath.report import write_report

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]
EVIL = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 2'>"


class Page:
    """One tab, spoken to over a web socket (RFC 6455, text frames only)."""

    def __init__(self, port, address):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/json/new?{address}", method="PUT")
        target = json.load(urllib.request.urlopen(request, timeout=30))
        path = target["webSocketDebuggerUrl"].split(str(port), 1)[1]
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=180)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self.stream = self.socket.makefile("rb")
        while self.stream.readline().strip():
            pass
        self.number, self.events = 0, []
        self.call("Runtime.enable")
        self.call("Log.enable")

    def call(self, method, **parameters):
        self.number += 1
        message = json.dumps({"id": self.number, "method": method, "params": parameters}).encode()
        mask = os.urandom(4)
        length = bytes([0x80 | len(message)]) if len(message) < 126 else b"\xfe" + struct.pack(">H", len(message))
        self.socket.sendall(b"\x81" + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(message)))
        while True:
            answer = json.loads(self._frame())
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _frame(self):
        content = b""
        while True:
            first, second = self.stream.read(2)
            size = second & 0x7F
            size = struct.unpack(">H", self.stream.read(2))[0] if size == 126 else size
            size = struct.unpack(">Q", self.stream.read(8))[0] if size == 127 else size
            content += self.stream.read(size)
            if first & 0x80:
                return content

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, condition, seconds=180):
        end = time.monotonic() + seconds
        while not self.run(condition):
            assert time.monotonic() < end, f"{condition} did not become true"
            time.sleep(0.05)

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" and len(key) == 1 else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text)

    def click(self, element):
        self.run(f"document.getElementById('{element}').click()")

    def choose(self, element, value):
        self.run(
            f"(e => {{ e.value = '{value}'; e.dispatchEvent(new Event('change')); "
            f"e.dispatchEvent(new Event('input')); }})(document.getElementById('{element}'))"
        )

    def text(self, element):
        return self.run(f"document.getElementById('{element}').textContent")

    def pixels(self):
        return self.run(
            "(c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data))"
            "(document.getElementById('picture'))"
        )


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    profile = tmp_path_factory.mktemp("profile")
    process = subprocess.Popen(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run",
         "--disable-dev-shm-usage", f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    port = profile / "DevToolsActivePort"
    for _ in range(600):
        if port.is_file() and port.read_text().count("\n"):
            break
        time.sleep(0.1)
    yield int(port.read_text().split("\n")[0])
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    rng = np.random.default_rng(0)
    names = ["one.png", EVIL]
    stimuli = [
        sp.Stimulus(
            torch.rand(3, 90, 120), name=name, caption=f"a caption {EVIL}", px_per_deg=4, target_box=(5, 5, 20, 20)
        )
        for name in names
    ]
    table = sp.simulate([sp.create_agent("random"), sp.create_agent("center")], stimuli, n_fixations=4, seed=[0, 1])
    rows = [
        {"stimulus": name, "subject": f"s{k}", "fixation": i, "x_px": x, "y_px": y, "duration_ms": 80.0}
        for name in names
        for k in range(3)
        for i, (x, y) in enumerate(rng.uniform(0, 90, (5, 2)).round(1))
    ]
    out = tmp_path_factory.mktemp("report") / "report.html"
    return write_report(table, out, human=pd.DataFrame(rows), pictures=stimuli, metrics=["levenshtein"], title=EVIL)


@pytest.fixture
def page(chromium, report):
    page = Page(chromium, report.as_uri())
    page.wait("document.documentElement.dataset.ready === '0'")
    yield page
    page.stream.close()
    page.socket.close()


def test_stepping_moves_the_slider_the_path_and_what_is_said(page):
    assert "Fixation 1 of" in page.text("status")
    page.click("forward")
    assert "Fixation 2 of" in page.text("status")
    assert page.run("document.getElementById('fixation').value") == "2"
    assert page.run("document.querySelectorAll('#overlay circle').length") == 2
    page.click("back")
    page.click("back")
    assert "Fixation 1 of" in page.text("status")


def test_play_runs_to_the_end_and_pause_stops_it(page):
    page.run("document.getElementById('observer').selectedIndex = 4")
    page.run("document.getElementById('observer').dispatchEvent(new Event('change'))")
    page.click("play")
    assert page.text("play") == "Pause"
    page.wait("document.getElementById('status').textContent.includes('Fixation 2')")
    page.click("play")
    assert page.text("play") == "Play"
    held = page.text("status")
    time.sleep(0.4)
    assert page.text("status") == held
    page.click("play")
    page.wait("document.getElementById('play').textContent === 'Play'")
    assert "Fixation 5 of 5" in page.text("status")
    assert "80 ms" in page.text("status")


def test_agents_and_people_can_be_chosen(page):
    groups = page.run(
        "Array.from(document.querySelectorAll('#observer optgroup')).map(g => [g.label, g.children.length])"
    )
    assert groups == [["Agents", 4], ["People", 3]]
    labels = page.run("Array.from(document.getElementById('observer').options).map(o => o.textContent)")
    center = next(label for label in labels if label.startswith("center"))
    page.choose("observer", labels.index(center))
    assert "center" in page.run("document.getElementById('picture').getAttribute('aria-label')")
    assert page.run("document.querySelectorAll('#fixations tbody tr').length") >= 1
    page.click("people")
    assert page.run("document.querySelectorAll('#overlay .faint').length") == 3


def test_the_foveated_view_keeps_the_fovea_and_blurs_the_periphery(page):
    page.choose("observer", "0")
    plain = np.array(page.pixels()).reshape(90, 120, 4)[..., :3].astype(float)
    page.choose("view", "strong")
    seen = np.array(page.pixels()).reshape(90, 120, 4)[..., :3].astype(float)
    x, y = 60, 45  # random agents start in the middle
    at_fovea = np.abs(plain - seen)[y - 1 : y + 2, x - 1 : x + 2].mean()
    corner = np.abs(np.diff(seen[:12, :12], axis=1)).mean() / np.abs(np.diff(plain[:12, :12], axis=1)).mean()
    center = np.abs(np.diff(seen[40:50, 55:65], axis=1)).mean() / np.abs(np.diff(plain[40:50, 55:65], axis=1)).mean()
    assert corner < 0.5 * center
    assert at_fovea < 40
    page.choose("fixation", "2")
    assert (np.array(page.pixels()).reshape(90, 120, 4)[..., :3] != seen).any()
    page.choose("view", "plain")
    assert (np.array(page.pixels()).reshape(90, 120, 4)[..., :3] == plain).all()


def test_the_keyboard_is_enough(page):
    page.run("document.getElementById('play').focus()")
    page.press(" ", 32)
    assert page.text("play") == "Pause"
    page.press(" ", 32)
    assert page.text("play") == "Play"
    page.choose("fixation", "1")
    page.run("document.getElementById('fixation').focus()")
    page.press("ArrowRight", 39)
    page.wait("document.getElementById('status').textContent.includes('Fixation 2')")
    page.run("document.activeElement.blur()")
    reached = []
    for _ in range(45):
        page.press("Tab", 9)
        reached.append(page.run("document.activeElement.id || document.activeElement.className"))
    assert {"skip", "scene", "observer", "play", "fixation", "view", "people"} <= set(reached)


def test_the_player_itself_takes_keys(page):
    page.run("document.getElementById('stage').focus()")
    before = page.run("window.scrollY")
    assert page.run("document.querySelectorAll('#overlay .rest').length") == 1  # the whole path is shown at first
    for key, code, says in (("ArrowRight", 39, "Fixation 2"), ("End", 35, "Fixation 4"), ("Home", 36, "Fixation 1")):
        page.press(key, code)
        assert says in page.text("status")
    page.press(" ", 32)
    assert page.text("play") == "Pause"
    assert page.run("document.querySelectorAll('#overlay .rest').length") == 0
    page.press("ArrowRight", 39)  # a step stops the playback
    assert page.text("play") == "Play"
    assert page.run("window.scrollY") == before  # space and End did not scroll


def test_hostile_names_and_captions_stay_text(page):
    page.choose("scene", "1")
    page.wait("document.documentElement.dataset.ready === '1'")
    assert EVIL in page.text("caption")
    assert page.run("typeof window.broken") == "undefined"
    assert page.run("document.querySelectorAll('img').length") == 0
    problems = [event for event in page.events if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown")]
    assert problems == []


def test_names_that_turn_the_writing_direction_or_are_long_leave_the_page_in_order(chromium, tmp_path):
    name = "\u202e" + "long" * 100
    table = pd.DataFrame({"stimulus": "a", "agent": name, "fixation": range(3), "x_px": [1.0, 9, 5], "y_px": 2.0})
    page = Page(chromium, write_report(table, tmp_path / "r.html").as_uri())
    page.wait("document.getElementById('status').textContent.includes('Fixation 1')")
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.run("document.querySelector('header bdi').textContent") == name
    isolated = "getComputedStyle(document.querySelector('header bdi')).unicodeBidi"
    assert page.run(isolated) == "isolate"
    page.stream.close()
    page.socket.close()


def test_the_content_policy_stops_scripts_that_are_not_the_pages_own(page):
    page.run(
        "(s => { s.textContent = 'window.broken = 3'; document.body.append(s); })(document.createElement('script'))"
    )
    assert page.run("typeof window.broken") == "undefined"


def test_every_control_has_a_name_for_screen_readers(page):
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "combobox", "slider", "checkbox", "table", "img", "image"}
    nameless = [
        node["role"]["value"]
        for node in tree
        if not node.get("ignored") and node["role"]["value"] in roles and not node.get("name", {}).get("value")
    ]
    assert nameless == []


def test_dark_and_light_have_readable_contrast(page):
    def luminance(color):
        values = [float(value) / 255 for value in color[color.index("(") + 1 : -1].split(",")[:3]]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    grounds = set()
    for scheme in ("light", "dark"):
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        ground = luminance(page.run("getComputedStyle(document.body).backgroundColor"))
        grounds.add(round(ground, 2))
        for selector in ("body", "header p", ".note", "button", "pre"):
            ink = luminance(page.run(f"getComputedStyle(document.querySelector('{selector}')).color"))
            light, dark = max(ink, ground), min(ink, ground)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (scheme, selector)
    assert len(grounds) == 2


SAVED = """(async (act) => {
  let blob = null;
  const [make, click] = [URL.createObjectURL, HTMLAnchorElement.prototype.click];
  URL.createObjectURL = (one) => { blob = one; return make.call(URL, one); };
  HTMLAnchorElement.prototype.click = function () {};
  act();
  [URL.createObjectURL, HTMLAnchorElement.prototype.click] = [make, click];
  return blob.text();
})"""


def test_tables_are_saved_with_all_digits(page):
    for name in ("scores", "differences"):
        text = page.run(f"{SAVED}(() => document.querySelector('[data-table={name}]').click())")
        table = pd.read_csv(io.StringIO(text))
        assert len(table) == (2 if name == "scores" else 1)
        assert table.iloc[0]["metric"] == "levenshtein"


def test_figures_are_saved_alone_and_in_the_colors_of_paper(page):
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    text = page.run(f"{SAVED}(() => document.querySelector('.plot button').click())")
    root = xml.etree.ElementTree.fromstring(text)
    words = list(root.iter("{http://www.w3.org/2000/svg}text"))
    assert {"random", "center", "people"} <= {one.text for one in words}
    assert {one.get("fill") for one in words} <= {"rgb(27, 31, 36)", "rgb(90, 99, 112)"}
    assert not any("class" in one.attrib for one in root.iter())
    picture = xml.etree.ElementTree.fromstring(
        page.run(f"{SAVED}(() => document.getElementById('save-picture').click())")
    )
    (image,) = picture.findall("{http://www.w3.org/2000/svg}image")
    assert image.get("href").startswith("data:image/png;base64,")
    assert picture.findall("{http://www.w3.org/2000/svg}circle")


def test_a_density_colors_the_picture_and_draws_contours_that_are_labeled(page):
    page.choose("density", "people")
    assert page.run("document.querySelectorAll('#overlay .contour').length") >= 8
    labels = page.run("Array.from(document.querySelectorAll('#overlay .number')).map(one => one.textContent)")
    assert {"25 %", "50 %", "75 %", "90 %"} <= set(labels)
    assert "A Gaussian of 1 deg (4 px)" in page.text("density-note")
    colored = np.array(page.pixels())
    page.choose("density", "")
    assert (np.array(page.pixels()) != colored).any()
    assert page.run("document.querySelectorAll('#overlay .contour').length") == 0


def test_the_scanpath_can_be_taken_off_the_picture(page):
    page.click("path")
    assert page.run("document.querySelectorAll('#overlay circle').length") == 0
    page.click("path")
    assert page.run("document.querySelectorAll('#overlay circle').length") == 1


def test_numbers_of_close_fixations_do_not_cover_each_other(page):
    dots = [{"x": 50 + k % 3, "y": 50 + k // 3, "r": 1.5, "text": str(k + 1)} for k in range(9)]
    places = page.run(f"placeNumbers({json.dumps(dots)}, 3, 100, 100)")
    for i, a in enumerate(places):
        assert not any(
            abs(a["x"] - b["x"]) < a["w"] + b["w"] and abs(a["y"] - b["y"]) < a["h"] + b["h"] for b in places[:i]
        )


@pytest.mark.parametrize("width", [390, 1280])
def test_no_cell_is_wrapped_and_nothing_is_cut_at_any_width(page, width):
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500)
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")
    cells = page.run(
        "Array.from(document.querySelectorAll('.grouped tr:not(.group):not(.remark) > *')).map(cell => {"
        " const box = cell.getBoundingClientRect(), words = document.createRange(); words.selectNodeContents(cell);"
        " const lines = new Set(Array.from(words.getClientRects()).map(one => Math.round(one.top)));"
        " return [lines.size, box.right <= window.innerWidth]; })"
    )
    assert cells
    assert {tuple(cell) for cell in cells} == {(1, True)}
