// Scanpaths, fixations, people, the target's box and the cursor, drawn over the picture in its own pixels.
export const COLORS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#B07800", "#5B4FC9", "#4D4D4D", "#A01C1C"];
const STOPS = [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]];

function svg(name, attributes, text) {
  const one = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, String(value));
  if (text !== undefined) one.textContent = text;
  return one;
}

const line = (xy) => xy.map(([x, y]) => `${x},${y}`).join(" ");

function numbered(layer, kind, x, y, radius, text, unit, fill) {
  const dot = svg("circle", { class: kind, cx: x, cy: y, r: radius });
  if (fill) dot.style.fill = fill;
  const label = svg("text", { class: "number", x, y });
  label.textContent = text;
  label.style.fontSize = `${(text.length > 2 ? 8 : 10) * unit}px`;
  layer.append(dot, label);
}

/** Draw all over a picture of (width, height) px; a unit is the px of the picture below one px of the screen. */
export function drawOverlay(layer, { width, height, unit, paths, people, history, box, cursor }) {
  layer.replaceChildren();
  // pixel centers lie at integers, so the picture reaches from -0.5
  layer.setAttribute("viewBox", `-0.5 -0.5 ${width} ${height}`);
  layer.setAttribute("preserveAspectRatio", "none");
  for (const one of people) layer.append(svg("polyline", { class: "person-path", points: line(one.xy) }));
  for (const one of people) for (const [x, y] of one.xy) layer.append(svg("circle", { class: "person", cx: x, cy: y, r: 3.5 * unit }));
  if (box) {
    const at = { x: box[0] - 0.5, y: box[1] - 0.5, width: box[2], height: box[3] };
    layer.append(svg("rect", { class: "box under", ...at }), svg("rect", { class: "box", ...at }));
  }
  for (const one of paths) {
    const path = svg("polyline", { class: "path", points: line(one.xy) });
    path.style.stroke = one.color;
    layer.append(svg("polyline", { class: "halo", points: line(one.xy) }), path);
    one.xy.forEach(([x, y], n) => {
      const ms = one.ms && one.ms[n] ? one.ms[n] : 250;
      numbered(layer, "dot", x, y, unit * Math.min(Math.max(8.5 * Math.sqrt(ms / 250), 7), 16), String(n + 1), unit, one.color);
    });
  }
  history.forEach(([x, y], n) => numbered(layer, n === history.length - 1 ? "mark last" : "mark", x, y, 9 * unit, String(n + 1), unit));
  if (cursor) {
    const [x, y] = cursor, far = 18 * unit, near = 5 * unit;
    for (const kind of ["cursor under", "cursor"]) {
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        layer.append(svg("line", { class: kind, x1: x + near * dx, y1: y + near * dy, x2: x + far * dx, y2: y + far * dy }));
      }
    }
  }
}

/** Color a gray picture of shares: what is low is transparent. */
export function drawMap(canvas, image) {
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height), data = pixels.data;
  for (let i = 0; i < data.length; i += 4) {
    const share = data[i] / 255, place = Math.min(share * (STOPS.length - 1), STOPS.length - 1.001), low = Math.floor(place);
    for (let c = 0; c < 3; c += 1) data[i + c] = STOPS[low][c] + (STOPS[low + 1][c] - STOPS[low][c]) * (place - low);
    data[i + 3] = 255 * Math.pow(share, 0.7);
  }
  context.putImageData(pixels, 0, 0);
}
