"""The page in a real Chromium, with a real server: as a person with a mouse uses it, and one with a keyboard alone."""

import base64
import io
import json
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import scanpath as sp
from scanpath.explore.desk import Desk

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright, which drives Chromium, is not installed")
pytest.importorskip("starlette", reason="the page needs starlette: pip install scanpath[explore]")
pytest.importorskip("uvicorn", reason="the page needs uvicorn: pip install scanpath[explore]")

PART = "[data-part={}]".format
DROP = """([name, type, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name, { type }));
  const stage = document.querySelector('[data-part=stage]');
  for (const kind of ['dragover', 'drop']) {
    stage.dispatchEvent(new DragEvent(kind, { dataTransfer: given, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        options = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server():
    words = [sys.executable, "-c", "from scanpath.cli import main; main()", "explore", "--no-browser"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert "Traceback" not in process.stderr.read()


@pytest.fixture
def open_page(browser, server):
    """Opens the page in a window of some size; afterwards nothing was wrong, and nothing was asked for elsewhere."""
    contexts, wrong, asked = [], [], []

    def opened(width=1280, height=900, **settings):
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **settings)
        context.set_default_timeout(120_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda one: wrong.append(one.text) if one.type in ("error", "warning") else None)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server)
        page.wait_for_selector("[data-ready=yes]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in wrong if "GPU stall" not in text] == []
    assert [url for url in asked if not re.match(r"http://127\.0\.0\.1:\d+/|data:|blob:", url)] == []


def until(page, condition, seconds=120):
    """Wait until JavaScript is true; the page's own policy keeps the driver's way of waiting out."""
    end = time.monotonic() + seconds
    while not page.evaluate(f"() => {condition}"):
        assert time.monotonic() < end, f"{condition} did not become true"
        page.wait_for_timeout(50)


def said(page, part, text):
    """Wait until a part of the page says something."""
    until(page, f"document.querySelector('[data-part={part}]').textContent.includes({json.dumps(text)})")


def drop(page, name, file, kind="image/png"):
    page.evaluate(DROP, [name, kind, base64.b64encode(file).decode()])


def opened_photo(page, photo):
    drop(page, "photo.png", photo)
    page.wait_for_selector("[data-picture='photo.png']")


def click_at(page, x, y):
    """Click on a place of the picture, in its px."""
    area = page.locator(PART("sheet")).bounding_box()
    facts = page.locator(PART("facts")).text_content()
    width, height = (int(side) for side in re.search(r"(\d+) . (\d+)", facts).groups())
    place = {"x": (x + 0.5) / width * area["width"], "y": (y + 0.5) / height * area["height"]}
    page.locator(PART("sheet")).click(position=place)


def lens(page):
    """What WebGL drew, (H, W, 3) uint8."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    url = page.evaluate("() => document.querySelector('[data-part=lens]').toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def look(page, *agents):
    for box in page.locator(".agent input:checked").all():
        box.uncheck()
    for name in agents:
        page.locator(f".agent input[value='{name}']").check()
    page.locator(PART("look")).click()
    page.wait_for_selector(f"[data-looked='{','.join(agents)}']")


def saved(page, what):
    with page.expect_download() as download:
        page.locator(f"[data-take='{what}']").click()
    return download.value.path()


def test_the_blur_appears_where_one_clicks_and_is_nearly_the_exact_one(open_page, photo, tmp_path):
    page = open_page()
    opened_photo(page, photo)
    sharp = lens(page)
    click_at(page, 60, 50)
    blurred = lens(page)
    (tmp_path / "photo.png").write_bytes(photo)
    image = sp.read_image(tmp_path / "photo.png")
    history = page.locator(".history input")
    xy = [float(history.nth(axis).input_value()) for axis in (0, 1)]
    np.testing.assert_allclose(xy, (60, 50), atol=0.6)
    exact = sp.foveated_blur(image, xy, px_per_deg=35, strength=4)

    def at_size(values):
        picture = Image.fromarray((255 * values.clamp(0, 1)).round().byte().permute(1, 2, 0).numpy())
        return np.asarray(picture.resize((sharp.shape[1], sharp.shape[0]), Image.Resampling.BILINEAR), dtype=float)

    assert np.abs(sharp - at_size(image)).mean() < 1
    assert np.abs(blurred - at_size(exact)).mean() < 1
    assert np.abs(at_size(image) - at_size(exact)).mean() > 2


def test_the_blur_follows_the_pointer(open_page, photo):
    page = open_page()
    opened_photo(page, photo)
    page.locator(PART("view-blur")).check()
    page.locator(PART("follow")).check()
    area = page.locator(PART("sheet")).bounding_box()
    seen = []
    for share in (0.2, 0.8):
        page.mouse.move(area["x"] + share * area["width"], area["y"] + share * area["height"])
        seen.append(lens(page))
    assert np.abs(seen[0].astype(int) - seen[1]).max() > 20


def test_agents_look_and_what_is_shown_is_taken_away(open_page, photo):
    page = open_page()
    opened_photo(page, photo)
    look(page, "viewer", "itti_koch")
    assert page.locator(f"{PART('overlay')} polyline.path").count() == 2
    table = pd.read_csv(saved(page, "table:csv"))
    desk = Desk()
    picture = desk.run("open", {"name": "photo.png"}, photo)
    scene = {"picture": picture["id"], "px_per_deg": 35, "agents": ["viewer", "itti_koch"], "n_fixations": 10}
    shown = desk.run("simulate", {"scene": scene})["paths"]
    assert [len(path["xy"]) for path in shown] == table.groupby("agent", sort=False).size().tolist()
    np.testing.assert_allclose(table[["x_px", "y_px"]], np.concatenate([path["xy"] for path in shown]), atol=0.006)
    assert saved(page, "figure:png").read_bytes().startswith(b"\x89PNG")
    assert saved(page, "figure:svg").read_bytes().lstrip().startswith(b"<?xml")
    assert saved(page, "picture:").read_bytes() == photo
    page.locator("summary", has_text="Command and Python").click()
    said(page, "commands", "photo.png")
    assert "--agent viewer --agent itti_koch" in page.locator(PART("commands")).text_content()
    page.locator(PART("seed")).fill("5")
    page.locator(PART("seed")).press("Tab")
    # what is shown would not be repeated, so it goes with the next frame
    playwright.expect(page.locator(f"{PART('overlay')} polyline.path")).to_have_count(0)
    assert page.locator("[data-take='table:csv']").is_disabled()


def test_the_map_follows_the_fixations(open_page, photo):
    page = open_page()
    opened_photo(page, photo)
    page.locator(PART("map-agent")).select_option("viewer")
    page.wait_for_selector("[data-map='viewer 0']")
    before = page.evaluate("() => document.querySelector('[data-part=map]').toDataURL()")
    click_at(page, 200, 150)
    page.wait_for_selector("[data-map='viewer 1']")
    assert page.evaluate("() => document.querySelector('[data-part=map]').toDataURL()") != before
    assert "bits" in page.locator(PART("map-note")).text_content()
    page.locator(PART("history-box")).locator("summary").click()
    assert re.search(r"[+\u2212][\d.]+ bits", page.locator(".history li").text_content())


def test_everything_can_be_done_with_the_keyboard(open_page):
    page = open_page()
    page.locator("[data-example='photograph']").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-picture='coffee.png']")
    status = page.locator(PART("status"))
    until(page, "document.activeElement.dataset.part === 'sheet'")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowDown")
    assert status.text_content() == "Cursor at x 290, y 201 px."
    assert page.locator("line.cursor").count() == 8
    page.keyboard.press("Enter")
    assert status.text_content() == "Fixation 1 at x 290, y 201 px."
    page.keyboard.press("Alt+ArrowRight")
    page.keyboard.press("Enter")
    assert "degrees from the last" in status.text_content()
    page.keyboard.press("Backspace")
    assert status.text_content() == "Taken back; 1 left."

    def tab_to(part):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement.dataset.part") == part:
                return
        raise AssertionError(f"{part} is not reached with Tab")

    outline = "() => getComputedStyle(document.activeElement).outline"
    tab_to("look")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-looked='viewer']")
    tab_to("draw-box")
    assert "solid 3px" in page.evaluate(outline)
    page.keyboard.press("Enter")
    tab_to("box-x")
    page.keyboard.press("Control+a")
    page.keyboard.type("5")
    tab_to("map-agent")
    page.keyboard.type("cen")
    page.wait_for_selector("[data-map='center 1']")
    assert page.locator("rect.box:not(.under)").get_attribute("x") == "4.5"


def test_everything_has_a_name(open_page, photo):
    page = open_page()
    opened_photo(page, photo)
    for summary in page.locator("summary").all():
        summary.click()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input:not(.hidden), select, summary, [tabindex="0"]')].filter(
          (one) => !(one.getAttribute('aria-label') || one.labels?.length || one.textContent.trim())
        ).map((one) => one.outerHTML)"""
    )
    assert nameless == []


def test_a_photograph_of_12_megapixels_keeps_the_page_quick(open_page, large_photo):
    page = open_page()
    drop(page, "IMG_0001.JPG", large_photo, "image/jpeg")
    page.wait_for_selector("[data-picture='IMG_0001-1280x960.png']")
    facts = page.locator(PART("facts")).text_content()
    assert "A copy of IMG_0001.JPG: shrunk from 4000 x 3000 to 1280 x 960 px." in facts
    scale = float(page.locator(PART("scale")).input_value())
    page.locator(PART("size")).select_option("0")
    page.wait_for_selector("[data-picture='IMG_0001.JPG']")
    assert float(page.locator(PART("scale")).input_value()) == pytest.approx(scale / 0.32, rel=1e-3)
    before = lens(page)
    assert max(before.shape) <= 2048
    page.locator(PART("look")).click()  # 12 megapixels take a while
    click_at(page, 1000, 900)
    assert np.abs(lens(page).astype(int) - before).max() > 20, "the blur waits for the agents"
    assert page.locator(PART("busy")).is_visible()
    page.locator(PART("cancel")).click()
    said(page, "error", "Canceled.")
    page.locator(PART("size")).select_option("640")
    page.wait_for_selector("[data-picture='IMG_0001-640x480.png']")
    assert page.locator("circle.mark").count() == 1
    look(page, "center")


def test_a_box_is_drawn_and_searched_for(open_page, photo):
    page = open_page()
    opened_photo(page, photo)
    look_button = page.locator(PART("look"))
    page.locator(".agent input[value='viewer']").uncheck()
    page.locator(".agent input[value='eccnet.fixed_grid']").check()
    look_button.click()
    said(page, "error", "draw a box")
    page.locator(PART("draw-box")).click()
    area = page.locator(PART("sheet")).bounding_box()
    page.mouse.move(area["x"] + 0.4 * area["width"], area["y"] + 0.2 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.6 * area["width"], area["y"] + 0.5 * area["height"], steps=4)
    page.mouse.up()
    box = [int(page.locator(PART(f"box-{side}")).input_value()) for side in "xywh"]
    np.testing.assert_allclose(box, (96, 36, 48, 54), atol=2)
    assert page.locator(".history li").count() == 0, "a click that ends a box fixates nothing"
    look_button.click()
    page.wait_for_selector("[data-looked='eccnet.fixed_grid']")
    assert "target" in page.locator(PART("legend")).text_content()


def test_people_come_beside_the_agents(open_page, photo, people):
    page = open_page()
    drop(page, "people.csv", people, "text/csv")
    said(page, "people-note", "give its picture")
    opened_photo(page, photo)
    page.wait_for_selector("[data-people='3']")
    until(page, "document.querySelectorAll('circle.person').length === 15")
    look(page, "center")
    page.locator(PART("score")).click()
    page.wait_for_selector("[data-scored]")
    assert "multimatch" in page.locator(PART("scores")).text_content()


def test_the_texture_comes_from_the_server(open_page, photo):
    page = open_page()
    opened_photo(page, photo)
    page.locator(PART("view-texture")).check()
    click_at(page, 20, 20)
    page.wait_for_selector("[data-seen='texture']")
    assert page.locator(PART("seen")).is_visible()
    assert page.locator(PART("texture-exact")).is_hidden()


def test_the_texture_of_a_large_picture_tells_what_it_takes_before_it_is_made(open_page):
    sink = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 1800), dtype=np.uint8)).save(sink, "PNG")
    page = open_page()
    drop(page, "wide.png", sink.getvalue())
    page.wait_for_selector("[data-picture='wide-1280x64.png']")
    page.locator(PART("size")).select_option("0")
    page.wait_for_selector("[data-picture='wide.png']")
    page.locator(PART("view-texture")).check()
    click_at(page, 900, 40)
    said(page, "texture-note", "of a copy of 1280")
    page.locator(PART("texture-exact")).click()
    page.locator(PART("texture-exact")).wait_for(state="hidden")
    assert page.locator(PART("seen")).is_visible()


@pytest.mark.parametrize(
    ("name", "file", "kind"), [("a.heic", b"\0\0\0\x18ftypheic", ""), ("a.png", b"no", "image/png")]
)
def test_what_is_no_picture_is_said_on_the_page(open_page, name, file, kind):
    page = open_page()
    drop(page, name, file, kind)
    said(page, "error", name)
    assert page.locator(PART("empty")).is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_leaves_the_window_and_text_is_readable(open_page, width, scheme):
    page = open_page(width=width, color_scheme=scheme, reduced_motion="reduce")
    page.locator("[data-example='scene']").click()
    page.wait_for_selector("[data-picture='scene.png']")
    for summary in page.locator("summary").all():
        summary.click()
    look(page, "center")
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= width
    assert page.evaluate(DIM) == []


DIM = """() => {
  const light = (color) => {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255);
    const [r, g, b] = parts.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (!color.endsWith(', 0)')) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const ratio = (one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
    return Math.max(a, b) / Math.min(a, b);
  };
  const texts = [...document.querySelectorAll('p, label, h1, h2, button:not(:disabled), summary, pre, small')];
  const shown = texts.filter((one) => one.offsetParent && one.textContent.trim());
  return shown.filter((one) => ratio(one) < 4.5).map((one) => one.textContent.trim().slice(0, 40));
}"""


def test_the_widget_is_the_same_page(browser, photo):
    """The notebook's script in an empty page; its model is a desk in this process."""
    from scanpath.explore.notebook import script
    from scanpath.explore.server import part

    desk = Desk()

    def asked(message, content):
        told = message.get("told") or {}
        if told.get("preset"):
            told["name"], content = "photo.png", base64.b64encode(photo).decode()
        result = desk.run(message["task"], told, base64.b64decode(content))
        if message["task"] == "start":
            result["preset"] = {"picture": True, "people": False}
        return {"id": message["id"], "result": result}

    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.expose_function("asked", asked)
    page.set_content("<div id='cell'></div>")
    page.add_style_tag(content=part("page.css"))
    source = "data:text/javascript;base64," + base64.b64encode(script().encode()).decode()
    page.evaluate(
        """async (source) => {
          let heard;
          const model = {
            on: (name, action) => { heard = action; },
            send: async (message, _, buffers) => {
              const text = buffers.length ? btoa(String.fromCharCode(...buffers[0])) : '';
              heard(JSON.parse(JSON.stringify(await window.asked(message, text))));
            },
          };
          const { default: widget } = await import(source);
          widget.render({ model, el: document.getElementById('cell') });
        }""",
        source,
    )
    page.wait_for_selector("[data-picture='photo.png']")
    look(page, "center")
    click_at(page, 30, 30)
    page.wait_for_selector("circle.mark")  # drawn at the next frame
    assert page.locator("circle.mark").count() == 1
    page.close()
