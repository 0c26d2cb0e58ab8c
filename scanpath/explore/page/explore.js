import { COLORS, drawMap } from "./overlay.js";
import { duration, finder, loadImage, make, orTell, save, short } from "./parts.js";
import { makePeople } from "./people.js";
import { makeQueue } from "./queue.js";
import { makeStage } from "./stage.js";

const PICTURES = /\.(png|jpe?g|tiff?|bmp|webp|gif|pgm|ppm|avif|heic|heif|svg|pdf|psd|ai|fig|dng)$/i;
const STEPS_PX = [640, 960, 1280, 1600, 2048];
/** Bring a page, or a notebook's widget, to life. */
export function mount(root, transport, options = {}) {
  const find = finder(root);
  const told = {
    picture: null, file: null, history: [], paths: [], people_paths: [], people_shown: true, people: null, people_stimulus: null,
    target: null, target_name: "", target_box: null, caption: "", px_per_deg: 35, assumed: true, looked: null, map: null, laws: {}, law_reach_deg: 128,
    view: { kind: "plain", law: "geisler_perry", strength: 4, scaling: 0.4, seed: 0, follow: false, remembers: true },
  };
  let exact = false, facts = null, preview = null;

  const say = (text) => { find("status").textContent = text; };
  const complain = (text) => {
    find("error").textContent = text;
    find("error").hidden = !text;
  };

  const attempt = (work) => orTell(work, complain);

  /** What the server is told: the settings, and the agents of the scanpaths that are shown. */
  function scene(agents = told.looked ? told.looked.agents : []) {
    if (!told.picture) return null;
    return {
      picture: told.picture.id, px_per_deg: told.px_per_deg, caption: told.caption, target_box: told.target_box, target: told.target,
      agents, n_fixations: Number(find("n").value), seed: Number(find("seed").value), history: told.history,
      map_agent: find("map-agent").value || null, view: told.view, people: told.people, people_stimulus: told.people_stimulus,
    };
  }

  // ---- pictures --------------------------------------------------------------------------------------------------
  async function open(task, more, bytes) {
    const before = told.picture;
    const picture = await queue.ask(task, more, bytes);
    const again = before && more.max_side_px !== undefined;
    const scale = picture.width / picture.given.width;
    if (again) {
      const share = picture.width / before.width;
      told.px_per_deg *= share;
      told.history = told.history.map((xy) => xy.map((one) => Math.round(((one + 0.5) * share - 0.5) * 10) / 10).map((one, axis) => Math.min(Math.max(one, 0), [picture.width, picture.height][axis] - 1)));
      if (told.target_box) told.target_box = told.target_box.map((one) => Math.max(0, Math.round(one * share)));
    } else {
      told.history = [];
      told.target = null;
      told.target_box = picture.target_box || null;
      told.caption = find("caption").value = picture.caption || (task === "example" ? "" : told.caption);
      if (picture.px_per_deg || told.assumed) {
        told.px_per_deg = picture.px_per_deg || 35 * scale;
        told.assumed = !picture.px_per_deg;
      }
      find("history-box").open = false;
    }
    told.px_per_deg = Number(told.px_per_deg.toPrecision(6));
    find("scale").value = short(told.px_per_deg, 4);
    told.picture = picture;
    forget();
    const image = await loadImage(picture.preview);
    delete picture.preview;
    find("empty").hidden = true;
    stage.setPicture(image);
    describePicture();
    attempt(people.match());
    renew();
    say(`${picture.name}, ${picture.width} by ${picture.height} px.`);
    if (!again) find("sheet").focus({ preventScroll: true });
    root.dataset.picture = picture.name;
  }

  function openFile(file) {
    if (file.size > facts.max_bytes) return complain(`${file.name} has ${Math.round(file.size / 2 ** 20)} MB, and at most ${facts.max_bytes >> 20} MB are taken.`);
    return attempt(file.arrayBuffer().then((bytes) => {
      told.source = { task: "open", more: { name: file.name }, bytes };
      return open("open", { name: file.name }, bytes);
    }));
  }

  function take(file) {
    if (!file) return;
    if (!facts) {
      told.early = file; // taken when the server is ready
      say(`Starting; then ${file.name} is read …`);
    } else if (file.type.startsWith("image/") || PICTURES.test(file.name)) openFile(file);
    else people.open(file);
  }

  function describePicture() {
    const { name, width, height, given, changes } = told.picture;
    find("facts").replaceChildren(make("strong", { textContent: name }), ` ${width} × ${height} px`);
    if (changes.length) find("facts").append(make("br"), make("span", { className: "changed", textContent: `A copy of ${given.name}: ${changes.join("; ")}.` }));
    const select = find("size"), largest = Math.max(given.width, given.height), now = Math.max(width, height);
    const sides = [...new Set([...STEPS_PX.filter((side) => side < largest), largest])];
    select.replaceChildren(...sides.map((side) => {
      const share = side / largest;
      const text = `${Math.round(given.width * share)} × ${Math.round(given.height * share)} px${side === largest ? ", its own size" : ""}`;
      return make("option", { value: side === largest ? 0 : side, textContent: text, selected: side === now });
    }));
    find("size-row").hidden = sides.length < 2 || !told.source;
    find("keys").hidden = false;
    find("sheet").setAttribute("aria-label", `Picture ${name}, ${width} by ${height} px. Arrow keys move the cursor, Enter fixates, Backspace takes back.`);
  }

  // ---- what is shown -----------------------------------------------------------------------------------------------
  /** Drop scanpaths and scores that other settings gave. */
  function forget() {
    told.paths = [];
    told.looked = null;
    find("score-box").hidden = true;
    find("legend").replaceChildren();
  }

  function changed() {
    if (told.looked) say("The settings changed: look again.");
    forget();
    renew();
  }

  /** The history, the task or the view changed: what depends on it is made again. */
  function renew() {
    exact = false;
    find("seen").hidden = true;
    notePreview(null);
    if (told.picture && told.history.length && told.view.kind === "texture") queue.want("seen");
    if (told.picture && find("map-agent").value) queue.want("map");
    else clearMap();
    if (find("recipe-box").open && told.picture) queue.want("recipe");
    listHistory();
    update();
    stage.draw();
    queue.pump();
  }

  /** Say that a texture is that of a copy, and what the picture's own would take. */
  function notePreview(result) {
    preview = result && result.preview ? result : null;
    for (const name of ["texture-note", "texture-exact"]) find(name).hidden = !preview;
    if (preview) find("texture-note").textContent = `A preview: the texture of a copy of ${preview.preview.join(" × ")} px, with other random fields. In its own size it takes about ${duration(preview.exact_s)} and ${Math.ceil(preview.exact_gb)} GB of memory on this computer, and can be canceled.`;
  }

  function clearMap() {
    told.map = null;
    find("map").width = 1;
    find("map-note").textContent = "";
  }

  const SHOW = {
    async map(result) {
      drawMap(find("map"), await loadImage(result.image));
      const { width, height } = told.picture;
      find("map").style.width = `${(100 * result.covers[0]) / width}%`;
      find("map").style.height = `${(100 * result.covers[1]) / height}%`;
      told.map = result;
      const after = `${result.agent} after ${result.history.length} fixation${result.history.length === 1 ? "" : "s"}`;
      const range = result.density
        ? ` Its densest pixel has ${short(result.high)} bits beyond a uniform density; what has 2 bits less than uniform is clear. Entropy ${short(result.entropy_bits)} bits.`
        : ` From ${Number(result.low).toPrecision(3)} (clear) to ${Number(result.high).toPrecision(3)}.`;
      const start = result.history.length && !told.history.length ? " It begins at the center." : "";
      find("map-note").textContent = `Map of ${after}: highest at x ${result.peak[0]}, y ${result.peak[1]} px.${range}${start}`;
      listHistory();
      root.dataset.map = `${result.agent} ${result.history.length}`;
    },
    async seen(result) {
      find("seen").src = result.image;
      await find("seen").decode();
      find("seen").hidden = false;
      notePreview(result);
      root.dataset.seen = told.view.kind;
    },
    recipe(result) {
      find("commands").textContent = result.commands.trim() || "# nobody has looked yet";
      find("python").textContent = result.python;
      find("recipe-note").textContent = `They repeat what is shown, in a folder that holds ${result.files.join(", ")}.`;
      root.dataset.recipe = String(Number(root.dataset.recipe || 0) + 1);
    },
  };

  function listHistory() {
    const list = find("history"), n = told.history.length;
    find("history-count").textContent = n ? String(n) : "none";
    const kept = list.contains(document.activeElement) ? [document.activeElement.closest("li").dataset.n, document.activeElement.dataset.axis] : null;
    list.replaceChildren(...told.history.map((xy, index) => {
      const inputs = [0, 1].map((axis) => {
        const input = make("input", { type: "number", step: "any", value: xy[axis], "aria-label": `${"xy"[axis]} of fixation ${index + 1}, px`, "data-axis": axis });
        input.addEventListener("change", () => {
          const most = [told.picture.width, told.picture.height][axis] - 1, value = Number(input.value);
          told.history[index][axis] = Number.isFinite(value) && input.value !== "" ? Math.min(Math.max(value, 0), most) : xy[axis];
          renew();
        });
        return input;
      });
      const remove = make("button", { type: "button", textContent: "×", "aria-label": `Remove fixation ${index + 1}`, "data-axis": "x" });
      remove.addEventListener("click", () => {
        told.history.splice(index, 1);
        renew();
      });
      const bits = told.map && told.map.bits && told.map.history.length === n ? told.map.bits[index] : undefined;
      const text = bits === undefined || bits === null ? "" : `${bits < 0 ? "−" : "+"}${short(Math.abs(bits))} bits`;
      return make("li", { "data-n": index }, `${index + 1}`, ...inputs, make("span", { className: "bits", textContent: text, title: "what the map's agent knew of it, beyond a uniform density" }), remove);
    }));
    if (kept) list.querySelector(`[data-n="${kept[0]}"] [data-axis="${kept[1]}"]`)?.focus();
  }

  function listPaths() {
    find("legend").replaceChildren(...told.paths.map((one) => {
      const box = make("input", { type: "checkbox", checked: one.shown });
      box.addEventListener("change", () => {
        one.shown = box.checked;
        stage.draw();
      });
      const swatch = make("span", { className: "swatch" });
      swatch.style.background = one.color;
      const end = one.found === true ? ", target found" : one.found === false ? ", target not found" : "";
      const use = make("button", { type: "button", className: "link", textContent: "take as fixations", "aria-label": `Take the fixations of ${one.who} as history` });
      use.addEventListener("click", () => {
        told.history = one.xy.slice(0, 64).map((xy) => [...xy]);
        renew();
      });
      return make("li", {}, make("label", { className: "check" }, box, swatch, `${one.who}: ${one.xy.length} fixation${one.xy.length === 1 ? "" : "s"}${end}`), use);
    }));
  }

  function update() {
    const there = Boolean(told.picture), { kind } = told.view, n = told.history.length;
    for (const name of ["another", "draw-box", "choose-target"]) find(name).disabled = !there;
    find("look").disabled = !there || !chosen().length;
    find("undo").disabled = find("clear").disabled = !n;
    find("blur-settings").hidden = kind !== "blur";
    find("texture-settings").hidden = kind !== "texture";
    find("scale-note").textContent = told.assumed ? "Assumed, as a picture does not tell: set it for your screen." : "";
    find("target-note").textContent = told.target ? `Looked for: ${told.target_name}.` : told.target_box ? "" : "For agents that search.";
    find("clear-target").hidden = !told.target && !told.target_box;
    find("box-fields").hidden = !told.target_box;
    if (told.target_box) ["x", "y", "w", "h"].forEach((side, place) => { if (document.activeElement !== find(`box-${side}`)) find(`box-${side}`).value = told.target_box[place]; });
    for (const one of root.querySelectorAll("[data-take]")) {
      const what = one.dataset.take.split(":")[0];
      one.disabled = !there || (what === "table" && !told.looked) || (what === "seen" && (kind === "plain" || !n));
    }
    find("results").hidden = !there;
    find("people-check").hidden = !told.people_paths.length;
    find("score").hidden = !told.people_paths.length;
    find("score").disabled = !told.looked;
    find("exact").textContent = exact ? "Back to the preview" : "Draw it exactly";
    find("exact").disabled = !n;
    find("lens-note").firstChild.textContent = exact ? "Drawn by foveated_blur. " : stage.lens ? (n || told.view.follow ? "A preview, drawn by this browser from blurred copies. " : "Click on the picture to fixate. ") : "This browser has no WebGL 2: there is no preview. ";
    for (const one of root.querySelectorAll(".agent")) {
      const need = one.dataset.needs, met = !need || (need === "caption" ? told.caption : told.target || told.target_box);
      one.querySelector(".needs").hidden = Boolean(met);
    }
  }

  const chosen = () => [...root.querySelectorAll(".agent input:checked")].map((one) => one.value);

  // ---- fixations ---------------------------------------------------------------------------------------------------
  function fixate(xy) {
    const last = told.history.at(-1);
    told.history.push(xy);
    const far = last ? `, ${short(Math.hypot(xy[0] - last[0], xy[1] - last[1]) / told.px_per_deg)} degrees from the last` : "";
    say(`Fixation ${told.history.length} at x ${short(xy[0])}, y ${short(xy[1])} px${far}.`);
    if (told.view.kind === "plain" && told.history.length === 1 && !told.chose_view) setView("blur");
    else renew();
  }

  function undo() {
    if (!told.history.length) return;
    told.history.pop();
    say(told.history.length ? `Taken back; ${told.history.length} left.` : "Taken back; none left.");
    renew();
  }

  function setView(kind) {
    told.view.kind = kind;
    find(`view-${kind}`).checked = true;
    renew();
  }

  // ---- agents ------------------------------------------------------------------------------------------------------
  function listAgents() {
    find("agents").replaceChildren(...facts.agents.map(({ name, claim, paper, needs }) => {
      const box = make("input", { type: "checkbox", value: name, checked: name === "viewer" });
      box.addEventListener("change", changed);
      const need = make("small", { className: "needs", textContent: needs ? `needs a ${needs}` : "", hidden: true });
      return make("label", { className: "agent", "data-needs": needs }, box, make("span", {}, name, make("small", { textContent: claim.replace(/`/g, "") + (paper ? ` ${paper}` : "") }), need));
    }));
    find("map-agent").append(...facts.agents.filter((one) => one.name !== "random").map(({ name }) => make("option", { value: name, textContent: name })));
    find("others").replaceChildren(...Object.entries(facts.others).map(([name, needs]) => make("li", {}, make("strong", { textContent: name }), ` ${needs}`)));
    find("examples").replaceChildren(...facts.examples.map(({ name, title }) => {
      const one = make("button", { type: "button", textContent: title, "data-example": name });
      one.addEventListener("click", () => {
        told.source = null;
        attempt(open("example", { name }));
      });
      return one;
    }));
  }

  function look() {
    const agents = chosen();
    forget();
    complain("");
    return attempt(queue.ask("simulate", { scene: scene(agents) }).then(({ paths, n_fixations }) => {
      told.looked = { agents };
      told.paths = paths.map((one, number) => ({ ...one, shown: true, color: COLORS[number % COLORS.length] }));
      const ended = paths.filter((one) => one.xy.length < n_fixations && one.found !== true).map((one) => one.who);
      say(`${paths.length} scanpath${paths.length === 1 ? "" : "s"}.${ended.length ? ` ${ended.join(", ")} ended before ${n_fixations} fixations.` : ""}`);
      listPaths();
      if (find("recipe-box").open) queue.want("recipe");
      update();
      stage.draw();
      root.dataset.looked = agents.join(",");
    }));
  }

  // ---- wiring ------------------------------------------------------------------------------------------------------
  Object.assign(told, {
    onPoint: () => {},
    onCursor: ([x, y]) => say(`Cursor at x ${short(x)}, y ${short(y)} px.`),
    onFixate: fixate,
    onUndo: undo,
    onBox: (box) => {
      if (box) told.target_box = box;
      if (box) told.target = null;
      setDrawing(false);
      changed();
      if (box) say(`Target of ${box[2]} by ${box[3]} px at x ${box[0]}, y ${box[1]}.`);
    },
  });
  const stage = makeStage(find, told);
  const queue = makeQueue({ find, transport, scene, show: SHOW, complain, idle: update });
  const people = makePeople({ root, find, told, ask: queue.ask, say, complain, renew, update });
  const on = (name, event, action) => find(name).addEventListener(event, action);

  function setDrawing(whether) {
    stage.drawing = whether;
    find("draw-box").setAttribute("aria-pressed", String(whether));
    find("sheet").classList.toggle("drawing", whether);
  }

  function choose(name, action) {
    on(name, "change", () => {
      const [file] = find(name).files;
      if (file) action(file);
      find(name).value = "";
    });
  }

  choose("file", take);
  choose("people-file", people.open);
  choose("target-file", (file) => attempt(file.arrayBuffer().then((bytes) => queue.ask("open", { name: file.name, share: told.picture.width / told.picture.given.width }, bytes)).then((picture) => {
    Object.assign(told, { target: picture.id, target_name: picture.name, target_box: null });
    changed();
  })));
  for (const [button, input] of [["choose", "file"], ["another", "file"], ["choose-people", "people-file"], ["choose-target", "target-file"]]) on(button, "click", () => find(input).click());
  const group = `view-${Math.random()}`; // of its own, as a notebook may hold several
  for (const kind of ["plain", "blur", "texture"]) {
    find(`view-${kind}`).name = group;
    on(`view-${kind}`, "change", () => { told.chose_view = true; setView(kind); });
  }
  on("size", "change", () => attempt(open(told.source.task, { ...told.source.more, max_side_px: Number(find("size").value) }, told.source.bytes)));
  on("scale", "change", () => {
    const value = Number(find("scale").value);
    if (!(value > 0)) return complain("The scale must be a positive number of pixels per degree.");
    Object.assign(told, { px_per_deg: value, assumed: false });
    return changed();
  });
  on("screen-set", "click", () => {
    const [px, cm, far] = ["px", "cm", "distance"].map((one) => Number(find(`screen-${one}`).value));
    if (!(px > 0 && cm > 0 && far > 0)) return complain("The screen's width in px and in cm and the distance must be positive.");
    const scale = told.picture ? told.picture.width / told.picture.given.width : 1;
    told.px_per_deg = Number((((2 * far * Math.tan(Math.PI / 360) * px) / cm) * scale).toPrecision(6));
    told.assumed = false;
    find("scale").value = short(told.px_per_deg, 4);
    return changed();
  });
  find("screen-px").value = Math.round((window.screen.width || 1920) * (window.devicePixelRatio || 1));
  on("law", "change", () => { told.view.law = find("law").value; renew(); });
  for (const [name, digits] of [["strength", 1], ["scaling", 2]]) {
    on(name, "input", () => { told.view[name] = Number(find(name).value); find(`${name}-said`).textContent = short(told.view[name], digits); stage.draw(); });
    on(name, "change", renew);
  }
  for (const name of ["follow", "remembers"]) on(name, "change", () => { told.view[name] = find(name).checked; renew(); });
  on("exact", "click", () => {
    exact = !exact;
    if (exact) return attempt(queue.ask("seen").then(SHOW.seen));
    find("seen").hidden = true;
    return update();
  });
  on("texture-exact", "click", () => attempt(queue.ask("seen", { exact: true }, null, preview.exact_s).then(SHOW.seen)));
  on("add", "click", () => told.picture && fixate([...stage.cursor]));
  on("undo", "click", undo);
  on("clear", "click", () => { told.history = []; renew(); });
  on("caption", "change", () => { told.caption = find("caption").value.trim(); changed(); });
  on("draw-box", "click", () => {
    setDrawing(!stage.drawing);
    if (!stage.drawing) return;
    if (!told.target_box) {
      const { width, height } = told.picture, [x, y] = stage.cursor, side = Math.max(8, Math.round(Math.min(width, height) / 10));
      const at = [x, y].map((one, axis) => Math.round(Math.min(Math.max(one - side / 2, 0), [width, height][axis] - side)));
      told.target_box = [...at, side, side];
      told.target = null;
      changed();
    }
    say("Draw a box over the target, or type its place below.");
  });
  ["x", "y", "w", "h"].forEach((side, index) => on(`box-${side}`, "change", () => { told.target_box[index] = Math.round(Number(find(`box-${side}`).value)); changed(); }));
  on("clear-target", "click", () => { Object.assign(told, { target: null, target_box: null }); changed(); });
  for (const name of ["n", "seed"]) on(name, "change", changed);
  on("look", "click", look);
  on("map-agent", "change", () => { complain(""); renew(); });
  on("opacity", "input", () => { find("map").style.opacity = find("opacity").value; });
  find("map").style.opacity = find("opacity").value;
  on("people-shown", "change", () => { told.people_shown = find("people-shown").checked; stage.draw(); });
  on("cancel", "click", queue.cancel);
  on("recipe-box", "toggle", () => { if (find("recipe-box").open && told.picture) { queue.want("recipe"); queue.pump(); } });
  for (const name of ["commands", "python"]) on(`copy-${name}`, "click", () => navigator.clipboard.writeText(find(name).textContent).then(() => say("Copied."), () => complain("The browser does not let this page copy: select the text.")));
  for (const one of root.querySelectorAll("[data-take]")) one.addEventListener("click", () => {
    const [task, format] = one.dataset.take.split(":");
    attempt(queue.ask(task, { format, file: true }, null, task === "seen" && preview ? preview.exact_s : 0).then(save));
  });
  root.addEventListener("dragover", (event) => { event.preventDefault(); find("stage").classList.add("over"); });
  root.addEventListener("dragleave", (event) => { if (!root.contains(event.relatedTarget)) find("stage").classList.remove("over"); });
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    find("stage").classList.remove("over");
    [...event.dataTransfer.files].forEach(take);
  });
  root.addEventListener("paste", (event) => { if (event.clipboardData.files.length) take(event.clipboardData.files[0]); });

  async function start() {
    say("Starting …");
    const { result } = await transport.call("start");
    facts = result;
    Object.assign(told, { laws: facts.laws, law_reach_deg: facts.law_reach_deg });
    listAgents();
    update();
    say("");
    queue.ready = true;
    root.dataset.ready = "yes";
    if (told.early) return take(told.early);
    if (facts.preset.picture) {
      told.source = { task: "open", more: { preset: true }, bytes: null };
      await open("open", { preset: true });
    }
    if (facts.preset.people) await people.take({ preset: true });
  }
  attempt(start());
  return { told, scene };
}
