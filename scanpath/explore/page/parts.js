// Small parts of the page, and how it asks for things.

/** Find parts of the page by name. */
export const finder = (root) => (name) => root.querySelector(`[data-part="${name}"]`);

/** Make an element with properties and children. */
export function make(name, properties = {}, ...children) {
  const one = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("aria-") || key.startsWith("data-")) one.setAttribute(key, value);
    else one[key] = value;
  }
  one.append(...children);
  return one;
}

/** Write a number with few digits. */
export const short = (value, digits = 1) => String(Number(Number(value).toFixed(digits)));

/** Write seconds as people say them. */
export const duration = (seconds) => (seconds < 90 ? `${Math.max(5, 5 * Math.round(seconds / 5))} s` : `${short(seconds / 60, 0)} min`);

/** Wait for work; what went wrong is told. */
export const orTell = (work, complain) => Promise.resolve(work).catch((error) => complain(error.message));

/** Wait until a picture is there. */
export async function loadImage(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

/** Give a file to the person. */
export function save({ file, type, content }) {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const link = make("a", { href: URL.createObjectURL(new Blob([bytes], { type })), download: file });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** Ask the server that the page came from; messages come as lines of JSON. */
export function httpTransport() {
  let session = "";
  async function call(task, told = {}, bytes = null, progress = () => {}) {
    const headers = { "X-Told": encodeURIComponent(JSON.stringify(told)), "X-Session": session };
    let answer;
    try {
      answer = await fetch(`/do/${task}`, { method: "POST", headers, body: bytes, keepalive: task === "close" });
    } catch {
      throw new Error("The server does not answer: start scanpath explore again.");
    }
    if (!answer.ok) throw new Error(await answer.text());
    const lines = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "", last = null;
    for (;;) {
      const { value, done } = await lines.read();
      rest += value || "";
      const whole = rest.split("\n");
      rest = whole.pop();
      for (const one of whole.filter(Boolean)) {
        last = JSON.parse(one);
        if (last.progress) progress(last.progress);
      }
      if (done) break;
    }
    if (!last || last.progress) throw new Error("The server stopped in between: start scanpath explore again.");
    if (last.error) throw new Error(last.error);
    if (task === "start") session = last.result.session;
    return last;
  }
  window.addEventListener("pagehide", () => session && call("close").catch(() => {}));
  return { call };
}
