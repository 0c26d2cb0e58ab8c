// Foveated blur in the browser: a stack of Gaussian-blurred copies, mixed at each pixel so that the variance of the blur
// is the law's. Copies above LEVELS[3] are kept at a smaller size, as they hold nothing finer.
const LEVELS = [0, 0.6, 1.2, 2.4, 4.8, 9.6, 19.2, 38.4, 76.8];
const SHRUNK = [1, 1, 1, 1, 2, 4, 8, 16, 32];
const MOST_POINTS = 64;

const CORNERS = `#version 300 es
out vec2 uv;
void main() { vec2 p = vec2(gl_VertexID & 1, gl_VertexID >> 1); uv = p; gl_Position = vec4(4.0 * p - 1.0, 0.0, 1.0); uv = 2.0 * p; }`;

const BLUR = `#version 300 es
precision highp float; precision highp sampler2D;
uniform sampler2D source; uniform vec2 step_uv; uniform float sigma; in vec2 uv; out vec4 color;
void main() {
  int reach = int(ceil(3.0 * sigma));
  vec3 sum = vec3(0.0); float total = 0.0;
  for (int i = -reach; i <= reach; i++) {
    float weight = exp(-0.5 * float(i * i) / (sigma * sigma));
    sum += weight * textureLod(source, uv + float(i) * step_uv, 0.0).rgb;
    total += weight;
  }
  color = vec4(sum / total, 1.0);
}`;

const MIX = `#version 300 es
precision highp float; precision highp sampler2D;
${LEVELS.map((_, k) => `uniform sampler2D level${k};`).join(" ")}
uniform sampler2D law; uniform vec2 size_px; uniform vec2 points[${MOST_POINTS}]; uniform int count;
uniform float entries_per_px; uniform float sigma_scale; in vec2 uv; out vec4 color;
const float levels[${LEVELS.length}] = float[${LEVELS.length}](${LEVELS.map((one) => one.toFixed(1)).join(", ")});
vec3 at(int k, vec2 uv) {
${LEVELS.map((_, k) => `  if (k == ${k}) return textureLod(level${k}, uv, 0.0).rgb;`).join("\n")}
  return vec3(0.0);
}
void main() {
  vec2 place = vec2(uv.x, 1.0 - uv.y), px = place * size_px - 0.5;
  float far = 1e9;
  for (int i = 0; i < count; i++) far = min(far, distance(px, points[i]));
  float entry = min(far * entries_per_px, 254.999);
  int below = int(entry);
  float sigma = mix(texelFetch(law, ivec2(below, 0), 0).r, texelFetch(law, ivec2(below + 1, 0), 0).r, fract(entry)) * sigma_scale;
  if (count == 0) sigma = 0.0;
  int k = 0;
  while (k < ${LEVELS.length - 2} && levels[k + 1] < sigma) k++;
  float a = levels[k] * levels[k], b = levels[k + 1] * levels[k + 1];
  float share = clamp((sigma * sigma - a) / (b - a), 0.0, 1.0);
  color = vec4(mix(at(k, place), at(k + 1, place), share), 1.0);
}`;

function program(gl, fragment) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, CORNERS], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) || "WebGL");
  return made;
}

function texture(gl, width, height, source) {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const key of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, key, gl.LINEAR);
  for (const key of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, key, gl.MIRRORED_REPEAT);
  if (source) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, source);
  else gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
  return made;
}

/** Return what draws on a canvas, or null where there is no WebGL 2. */
export function makeLens(canvas) {
  const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
  if (!gl) return null;
  const blur = program(gl, BLUR), mix = program(gl, MIX), frame = gl.createFramebuffer();
  const lens = { textures: [], law: null, width: 0, height: 0 };

  function filter(source, sizes, target, along, texels, sigma) {
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target, 0);
    gl.viewport(0, 0, sizes[0], sizes[1]);
    gl.useProgram(blur);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, source);
    gl.uniform1i(gl.getUniformLocation(blur, "source"), 0);
    gl.uniform2f(gl.getUniformLocation(blur, "step_uv"), along === 0 ? 1 / texels : 0, along === 1 ? 1 / texels : 0);
    gl.uniform1f(gl.getUniformLocation(blur, "sigma"), sigma);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Take a picture and make its blurred copies. */
  lens.setPicture = (image, width, height) => {
    lens.textures.forEach((one) => gl.deleteTexture(one));
    Object.assign(lens, { width, height, textures: [texture(gl, width, height, image)] });
    const size = (k) => [width, height].map((side) => Math.max(1, Math.round(side / SHRUNK[k])));
    for (let k = 1; k < LEVELS.length; k += 1) {
      const sigma = Math.sqrt(LEVELS[k] ** 2 - LEVELS[k - 1] ** 2) / SHRUNK[k - 1];
      const [w, h] = size(k), [before_w, before_h] = size(k - 1);
      const half = texture(gl, w, before_h), whole = texture(gl, w, h);
      filter(lens.textures[k - 1], [w, before_h], half, 0, before_w, sigma);
      filter(half, [w, h], whole, 1, before_h, sigma);
      gl.deleteTexture(half);
      lens.textures.push(whole);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  };

  /** Take a law: 256 standard deviations in degrees, at even steps up to some eccentricity. */
  lens.setLaw = (sigma_deg) => {
    if (lens.law) gl.deleteTexture(lens.law);
    lens.law = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, lens.law);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, sigma_deg.length, 1, 0, gl.RED, gl.FLOAT, new Float32Array(sigma_deg));
    for (const key of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, key, gl.NEAREST);
  };

  /** Draw as seen from points (x, y) in px of the copy that was given; from none, the picture as it is. */
  lens.draw = (points, px_per_deg, strength, reach_deg) => {
    if (!lens.textures.length || !lens.law) return;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.useProgram(mix);
    [...lens.textures, lens.law].forEach((one, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, one);
      const name = unit < LEVELS.length ? `level${unit}` : "law";
      gl.uniform1i(gl.getUniformLocation(mix, name), unit);
    });
    const places = points.slice(-MOST_POINTS);
    gl.uniform2f(gl.getUniformLocation(mix, "size_px"), lens.width, lens.height);
    if (places.length) gl.uniform2fv(gl.getUniformLocation(mix, "points"), new Float32Array(places.flat()));
    gl.uniform1i(gl.getUniformLocation(mix, "count"), places.length);
    gl.uniform1f(gl.getUniformLocation(mix, "entries_per_px"), 255 / (reach_deg * px_per_deg));
    gl.uniform1f(gl.getUniformLocation(mix, "sigma_scale"), px_per_deg * strength);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  };
  return lens;
}
