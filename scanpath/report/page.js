"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const canvas = find("picture"), overlay = find("overlay"), context = canvas.getContext("2d", { willReadFrequently: true });
  const state = { scene: 0, observer: 0, fixation: 0, playing: false, timer: 0, levels: null, image: null };
  const LEVELS = [0, 0.6, 1.2, 2.4, 4.8, 9.6, 19.2];
  const DEFAULT_MS = 300;

  function option(text, value) {
    const one = document.createElement("option");
    one.textContent = text;
    one.value = String(value);
    return one;
  }

  function svg(name, attributes, text) {
    const one = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key of Object.keys(attributes)) one.setAttribute(key, String(attributes[key]));
    if (text !== undefined) one.textContent = text;
    return one;
  }

  const scene = () => data.scenes[state.scene];
  const path = () => scene().paths[state.observer];

  // three box blurs are nearly a Gaussian; radii after Kovesi (2010), fast almost-Gaussian filtering
  function blurred(image, sigma) {
    if (sigma < 0.3) return image.data;
    const ideal = Math.sqrt((12 * sigma * sigma) / 3 + 1);
    let low = Math.floor(ideal);
    if (low % 2 === 0) low -= 1;
    const many = Math.round((12 * sigma * sigma - 3 * low * low - 12 * low - 9) / (-4 * low - 4));
    let source = Float32Array.from(image.data);
    for (let pass = 0; pass < 3; pass += 1) {
      const radius = ((pass < many ? low : low + 2) - 1) / 2;
      source = box(source, image.width, image.height, radius, 4, image.width * 4);
      source = box(source, image.height, image.width, radius, image.width * 4, 4);
    }
    return source;
  }

  function box(source, length, lines, radius, step, stride) {
    if (radius < 1) return source;
    const out = new Float32Array(source.length), size = 2 * radius + 1;
    for (let line = 0; line < lines; line += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        const base = line * stride + channel;
        const at = (i) => source[base + step * (i < 0 ? Math.min(-i, length - 1) : i >= length ? Math.max(2 * length - 2 - i, 0) : i)];
        let sum = 0;
        for (let i = -radius; i <= radius; i += 1) sum += at(i);
        for (let i = 0; i < length; i += 1) {
          out[base + step * i] = sum / size;
          sum += at(i + radius + 1) - at(i - radius);
        }
      }
    }
    return out;
  }

  function foveate(image, x, y, strength) {
    const { sigma, step } = scene();
    if (!state.levels) state.levels = LEVELS.map((one) => blurred(image, one));
    const out = context.createImageData(image.width, image.height), target = out.data;
    for (let row = 0, i = 0; row < image.height; row += 1) {
      for (let column = 0; column < image.width; column += 1, i += 4) {
        const far = Math.hypot(column - x, row - y) / step, below = Math.min(Math.floor(far), sigma.length - 2);
        const wanted = strength * (sigma[below] + (sigma[below + 1] - sigma[below]) * Math.min(far - below, 1));
        let level = 0;
        while (level < LEVELS.length - 2 && LEVELS[level + 1] < wanted) level += 1;
        // in between, the two neighbors are mixed so that the variance of the blur is the wanted one
        const a = LEVELS[level] ** 2, b = LEVELS[level + 1] ** 2;
        const share = Math.min(Math.max((wanted * wanted - a) / (b - a), 0), 1);
        const near = state.levels[level], next = state.levels[level + 1];
        for (let c = 0; c < 3; c += 1) target[i + c] = near[i + c] * (1 - share) + next[i + c] * share;
        target[i + 3] = 255;
      }
    }
    context.putImageData(out, 0, 0);
  }

  function drawPicture() {
    const one = scene(), view = find("view").value;
    if (state.image) context.putImageData(state.image, 0, 0);
    else context.clearRect(0, 0, canvas.width, canvas.height);
    const at = path() && path().xy[state.fixation];
    if (state.image && view !== "plain" && one.sigma && at) foveate(state.image, at[0] * one.scale, at[1] * one.scale, view === "strong" ? 4 : 1);
    if (density()) drawHeat(density());
  }

  const density = () => scene().densities[find("density").selectedIndex - 1];

  // matplotlib's inferno at six places, straight in between
  const COLORS = [[20, 11, 54], [87, 16, 110], [143, 37, 105], [207, 68, 70], [251, 155, 6], [252, 255, 164]];

  function drawHeat({ columns, rows, cells }) {
    const small = document.createElement("canvas");
    small.width = columns;
    small.height = rows;
    const brush = small.getContext("2d"), out = brush.createImageData(columns, rows), values = atob(cells);
    for (let cell = 0; cell < values.length; cell += 1) {
      const share = values.charCodeAt(cell) / 255, place = share * (COLORS.length - 1);
      const below = Math.min(Math.floor(place), COLORS.length - 2);
      for (let c = 0; c < 3; c += 1) out.data[4 * cell + c] = COLORS[below][c] + (place - below) * (COLORS[below + 1][c] - COLORS[below][c]);
      out.data[4 * cell + 3] = 215 * Math.min(share / 0.5, 1) ** 0.7; // where nobody looks, the picture stays
    }
    brush.putImageData(out, 0, 0);
    context.imageSmoothingQuality = "high";
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }

  // at least 11 px on the screen, also where the page is narrow
  const readable = (size) => Math.max(size, (11 * scene().width) / (overlay.clientWidth || scene().width));

  function drawContours({ contours }, unit) {
    const labels = [];
    for (const { share, lines } of contours) {
      const drawn = lines.map((flat) => flat.map((value, index) => `${value}${index % 2 ? " " : ","}`).join("").trim());
      for (const style of ["contour under", "contour"]) for (const points of drawn) overlay.append(svg("polyline", { class: style, points }));
      const longest = lines.reduce((best, line) => (line.length > best.length ? line : best), []);
      // each label stands where its line is farthest from the others' labels
      let best = null;
      for (let i = 0; i < longest.length; i += 2) {
        const free = labels.length ? Math.min(...labels.map(([x, y]) => Math.hypot(longest[i] - x, longest[i + 1] - y))) : -longest[i + 1];
        if (!best || free > best[2]) best = [longest[i], longest[i + 1], free];
      }
      if (best) labels.push([best[0], best[1], `${100 * share} %`]);
    }
    for (const [x, y, text] of labels) number(text, x, y, readable(1.8 * unit));
  }

  function number(text, x, y, size) {
    const label = svg("text", { class: "number", x, y, "stroke-width": size / 5 }, text);
    label.style.fontSize = `${size}px`;
    overlay.append(label);
  }

  function drawOverlay() {
    const one = scene(), unit = Math.max(one.width, one.height) / 100;
    overlay.replaceChildren();
    // pixel centers lie at integers, so the picture reaches from -0.5
    overlay.setAttribute("viewBox", `-0.5 -0.5 ${one.width} ${one.height}`);
    if (one.box) overlay.append(svg("rect", { class: "box", x: one.box[0] - 0.5, y: one.box[1] - 0.5, width: one.box[2], height: one.box[3] }));
    if (find("people").checked) {
      for (const other of one.paths.filter((each) => each.kind === "person")) {
        overlay.append(svg("polyline", { class: "path person faint", points: points(other.xy) }));
      }
    }
    if (density()) drawContours(density(), unit);
    const chosen = path();
    if (!chosen || !find("path").checked) return;
    const seen = chosen.xy.slice(0, state.fixation + 1), rest = chosen.xy.slice(state.fixation);
    // what is still to come is shown while nothing moves, so that a page that was just opened shows whole paths
    if (!state.playing && rest.length > 1) {
      overlay.append(svg("polyline", { class: `path ${chosen.kind} rest`, points: points(rest) }));
    }
    overlay.append(svg("polyline", { class: "halo", points: points(seen) }));
    overlay.append(svg("polyline", { class: `path ${chosen.kind}`, points: points(seen) }));
    const places = new Map();
    seen.forEach((xy, index) => {
      const ms = chosen.ms && chosen.ms[index] ? chosen.ms[index] : 250;
      const radius = unit * Math.min(Math.max(Math.sqrt(ms / 250), 0.6), 2.5) * 1.1;
      const kind = (index === 0 ? " first" : "") + (index === state.fixation ? " now" : "");
      overlay.append(svg("circle", { class: `dot ${chosen.kind}${kind}`, cx: xy[0], cy: xy[1], r: radius }));
      const place = `${xy[0]},${xy[1]}`, before = places.get(place);
      // those at one place share a label
      places.set(place, { x: xy[0], y: xy[1], r: Math.max(radius, before ? before.r : 0), text: (before ? `${before.text},` : "") + (index + 1) });
    });
    const size = readable(unit * 2), dots = [...places.values()];
    placeNumbers(dots, size, one.width, one.height).forEach((free, index) => {
      if (free.far) overlay.append(svg("line", { class: "tie", x1: dots[index].x, y1: dots[index].y, x2: free.x, y2: free.y }));
      number(dots[index].text, free.x, free.y, size);
    });
  }

  const points = (xy) => xy.map((one) => `${one[0]},${one[1]}`).join(" ");

  function say() {
    const one = scene(), chosen = path();
    if (!chosen || chosen.xy.length === 0) {
      find("status").textContent = "No fixation.";
      return;
    }
    const xy = chosen.xy[state.fixation], n = chosen.xy.length;
    const ms = chosen.ms && chosen.ms[state.fixation] !== null ? `, ${chosen.ms[state.fixation]} ms` : "";
    const end = state.fixation === n - 1 && typeof chosen.found === "boolean" ? (chosen.found ? " Target found." : " Target not found.") : "";
    find("status").textContent = `Fixation ${state.fixation + 1} of ${n} at x ${xy[0]}, y ${xy[1]} px${ms}.${end}`;
    canvas.setAttribute("aria-label", `Picture ${one.name}, ${one.width} by ${one.height} px, with the scanpath of ${chosen.label}`);
  }

  function show() {
    const slider = find("fixation");
    slider.value = String(state.fixation + 1);
    slider.setAttribute("aria-valuetext", `fixation ${state.fixation + 1} of ${slider.max}`);
    const shown = density();
    find("density-note").textContent = shown ? `A Gaussian of ${shown.kernel} on each fixation; a contour holds the stated share of them.` : "";
    drawPicture();
    drawOverlay();
    say();
  }

  function stop() {
    state.playing = false;
    window.clearTimeout(state.timer);
    find("play").textContent = "Play";
    drawOverlay();
  }

  function tick() {
    const chosen = path();
    const ms = chosen.ms && chosen.ms[state.fixation] ? chosen.ms[state.fixation] : DEFAULT_MS;
    state.timer = window.setTimeout(() => {
      if (!state.playing) return;
      if (state.fixation >= chosen.xy.length - 1) {
        stop();
        return;
      }
      state.fixation += 1;
      show();
      tick();
    }, Math.min(Math.max(ms, 60), 3000));
  }

  function play() {
    if (state.playing) {
      stop();
      return;
    }
    if (!path() || path().xy.length === 0) return;
    if (state.fixation >= path().xy.length - 1) state.fixation = 0;
    state.playing = true;
    find("play").textContent = "Pause";
    show();
    tick();
  }

  function go(fixation) {
    stop();
    const last = path() ? Math.max(path().xy.length - 1, 0) : 0;
    state.fixation = Math.min(Math.max(fixation, 0), last);
    show();
  }

  function press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const last = path() ? path().xy.length - 1 : 0;
    const keys = { ArrowLeft: () => go(state.fixation - 1), ArrowRight: () => go(state.fixation + 1), Home: () => go(0), End: () => go(last), " ": play };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  }

  function chooseObserver(index) {
    stop();
    state.observer = index;
    state.fixation = 0;
    const chosen = path(), body = find("fixations").tBodies[0];
    find("fixation").max = String(Math.max(chosen ? chosen.xy.length : 1, 1));
    body.replaceChildren();
    (chosen ? chosen.xy : []).forEach((xy, number) => {
      const row = body.insertRow();
      const ms = chosen.ms && chosen.ms[number] !== null ? chosen.ms[number] : "";
      for (const value of [number + 1, xy[0], xy[1], ms]) row.insertCell().textContent = String(value);
    });
    show();
  }

  function showTarget(source, index) {
    const small = find("target");
    small.hidden = true;
    if (!source) return;
    const picture = new Image();
    picture.onload = () => {
      if (state.scene !== index) return;
      small.width = picture.width;
      small.height = picture.height;
      small.getContext("2d").drawImage(picture, 0, 0);
      small.hidden = false;
    };
    picture.src = source;
  }

  function chooseScene(index) {
    stop();
    const before = path() ? path().who : null;
    state.scene = index;
    state.levels = null;
    state.image = null;
    const one = scene(), observers = find("observer");
    observers.replaceChildren();
    for (const [kind, title] of [["agent", "Agents"], ["person", "People"]]) {
      const group = document.createElement("optgroup");
      group.label = title;
      one.paths.forEach((each, number) => {
        if (each.kind === kind) group.append(option(each.label, number));
      });
      if (group.children.length) observers.append(group);
    }
    const again = one.paths.findIndex((each) => each.who === before);
    const more = one.left_out ? ` ${one.left_out} more scanpaths are not shown.` : "";
    const box = one.box ? (one.target ? "Looked for: this, in the dashed box." : "The target is in the dashed box.") : one.target ? "Looked for: this." : "";
    find("caption").textContent = [one.caption ? `“${one.caption}”${box || more ? "." : ""}` : "", box, more.trim()].filter(Boolean).join(" ");
    showTarget(one.target, index);
    const densities = find("density"), earlier = densities.value;
    densities.replaceChildren(option("none", ""), ...one.densities.map((each) => option(`${each.who} (${each.n} fixations)`, each.who)));
    densities.value = one.densities.some((each) => each.who === earlier) ? earlier : "";
    find("view-note").textContent = one.sigma
      ? "Blur follows Geisler and Perry (1998) at the picture's scale, drawn by mixing blurred copies; it shows, it does not measure."
      : "No foveated view: the picture's scale (px per degree) is not known.";
    find("view").disabled = !one.sigma;
    canvas.width = Math.max(1, Math.round(one.width * one.scale));
    canvas.height = Math.max(1, Math.round(one.height * one.scale));
    state.observer = Math.max(again, 0);
    if (observers.options.length) observers.value = String(state.observer);
    chooseObserver(state.observer);
    if (!one.source) return;
    const picture = new Image();
    picture.onload = () => {
      if (state.scene !== index) return;
      context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      state.image = context.getImageData(0, 0, canvas.width, canvas.height);
      document.documentElement.dataset.ready = String(index);
      show();
    };
    picture.src = one.source;
  }

  data.scenes.forEach((one, index) => find("scene").append(option(one.name, index)));
  find("scene").addEventListener("change", (event) => chooseScene(Number(event.target.value)));
  find("observer").addEventListener("change", (event) => chooseObserver(Number(event.target.value)));
  find("fixation").addEventListener("input", (event) => go(Number(event.target.value) - 1));
  find("view").addEventListener("change", show);
  for (const id of ["people", "path", "density"]) find(id).addEventListener("change", show);
  find("play").addEventListener("click", play);
  find("stage").addEventListener("keydown", press);
  find("back").addEventListener("click", () => go(state.fixation - 1));
  find("forward").addEventListener("click", () => go(state.fixation + 1));
  window.addEventListener("resize", drawOverlay);
  if (data.scenes.length) chooseScene(0);
})();
