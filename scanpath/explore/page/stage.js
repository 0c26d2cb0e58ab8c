import { makeLens } from "./lens.js";
import { drawOverlay } from "./overlay.js";

const MOST_SHOWN_PX = 2048;

/** The picture with all that is drawn on it, and the hand and the keys on it. */
export function makeStage(find, told) {
  const sheet = find("sheet"), canvas = find("lens"), layer = find("overlay");
  const lens = makeLens(canvas);
  const stage = { lens, cursor: null, pointer: null, drawing: false };
  let dragged = null, ended = false, frame = 0, law = null;

  const size = () => told.picture;
  // pixel centers lie at integers in the picture and in its copies
  const toCopy = ([x, y]) => {
    const share = size().preview_width / size().width;
    return [(x + 0.5) * share - 0.5, (y + 0.5) * share - 0.5];
  };

  stage.fit = () => {
    if (!size()) return;
    const room = find("stage").clientWidth, tall = Math.max(240, window.innerHeight - 210);
    const share = Math.min(room / size().width, tall / size().height, Math.max(1, 1000 / Math.max(size().width, size().height)));
    sheet.style.width = `${Math.floor(size().width * share)}px`;
    sheet.style.height = `${Math.floor(size().height * share)}px`;
    const dense = Math.min(share * (window.devicePixelRatio || 1), MOST_SHOWN_PX / Math.max(size().width, size().height));
    canvas.width = Math.max(1, Math.round(size().width * dense));
    canvas.height = Math.max(1, Math.round(size().height * dense));
    stage.draw();
  };

  stage.setPicture = (image) => {
    if (lens) lens.setPicture(image, size().preview_width, size().preview_height);
    stage.image = image;
    stage.cursor = [Math.floor(size().width / 2), Math.floor(size().height / 2)];
    sheet.hidden = false;
    stage.fit();
  };

  function paint() {
    frame = 0;
    if (!size()) return;
    const { kind, law: name, strength, follow, remembers } = told.view;
    let points = [];
    if (kind !== "plain") {
      points = told.history;
      if (kind === "blur" && follow && stage.pointer) points = remembers ? [...points, stage.pointer] : [stage.pointer];
      else if (kind === "texture" || !remembers) points = points.slice(-1);
    }
    if (lens) {
      if (law !== name) lens.setLaw(told.laws[(law = name)]);
      const share = size().preview_width / size().width;
      lens.draw(points.map(toCopy), told.px_per_deg * share, kind === "texture" ? 1 : strength, told.law_reach_deg);
    } else {
      canvas.getContext("2d").drawImage(stage.image, 0, 0, canvas.width, canvas.height);
    }
    drawOverlay(layer, {
      ...size(),
      unit: size().width / Math.max(sheet.clientWidth, 1),
      paths: told.paths.filter((one) => one.shown),
      people: told.people_shown ? told.people_paths : [],
      history: told.history,
      box: dragged ? boxOf(dragged) : told.target_box,
      cursor: document.activeElement === sheet && stage.keyed ? stage.cursor : null,
    });
  }

  /** Draw at the next frame, however often it is asked for. */
  stage.draw = () => {
    if (!frame) frame = window.requestAnimationFrame(paint);
  };

  function place(event) {
    const area = sheet.getBoundingClientRect();
    const x = ((event.clientX - area.left) / area.width) * size().width - 0.5;
    const y = ((event.clientY - area.top) / area.height) * size().height - 0.5;
    return [x, y].map((one, axis) => Math.round(Math.min(Math.max(one, 0), [size().width, size().height][axis] - 1) * 10) / 10);
  }

  const boxOf = ([from, to]) => {
    const [left, top] = [0, 1].map((axis) => Math.round(Math.min(from[axis], to[axis])));
    const [right, bottom] = [0, 1].map((axis) => Math.round(Math.max(from[axis], to[axis])));
    return [left, top, right - left + 1, bottom - top + 1];
  };

  sheet.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !size()) return;
    stage.keyed = false;
    ended = false;
    if (stage.drawing) {
      dragged = [place(event), place(event)];
      sheet.setPointerCapture(event.pointerId);
      event.preventDefault();
    }
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!size()) return;
    if (dragged) dragged[1] = place(event);
    stage.pointer = place(event);
    if (dragged || (told.view.kind === "blur" && told.view.follow)) stage.draw();
    told.onPoint(stage.pointer);
  });
  sheet.addEventListener("pointerleave", () => {
    stage.pointer = null;
    stage.draw();
  });
  sheet.addEventListener("pointerup", (event) => {
    if (dragged) {
      const box = boxOf([dragged[0], place(event)]);
      dragged = null;
      ended = true;
      told.onBox(box[2] > 2 && box[3] > 2 ? box : null);
      stage.draw();
    }
  });
  sheet.addEventListener("click", (event) => {
    // a click is a press and its release at one place; one that ended a box is none
    if (size() && !stage.drawing && !ended && event.detail !== 0) {
      stage.cursor = place(event);
      told.onFixate(stage.cursor);
    }
  });
  sheet.addEventListener("keydown", (event) => {
    if (!size() || event.ctrlKey || event.metaKey) return;
    const far = event.altKey ? 100 : event.shiftKey ? 10 : 1;
    const ways = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] };
    if (Object.hasOwn(ways, event.key)) {
      stage.keyed = true;
      const [dx, dy] = ways[event.key], [x, y] = stage.cursor;
      stage.cursor = [Math.min(Math.max(x + dx, 0), size().width - 1), Math.min(Math.max(y + dy, 0), size().height - 1)];
      stage.pointer = stage.cursor;
      told.onCursor(stage.cursor);
      stage.draw();
    } else if (event.key === "Enter" || event.key === " ") {
      stage.keyed = true;
      told.onFixate([...stage.cursor]);
    } else if (event.key === "Backspace" || event.key === "Delete") {
      told.onUndo();
    } else {
      return;
    }
    event.preventDefault();
  });
  sheet.addEventListener("focus", () => {
    stage.keyed = sheet.matches(":focus-visible");
    stage.draw();
  });
  sheet.addEventListener("blur", () => stage.draw());
  new ResizeObserver(() => window.requestAnimationFrame(stage.fit)).observe(find("stage"));
  window.addEventListener("resize", stage.fit);
  return stage;
}
