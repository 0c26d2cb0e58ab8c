import { duration } from "./parts.js";

// One task at a time. Maps, renderings and code that became old while they waited are not made.
const NAMES = { open: "reading the picture", example: "drawing the example", people: "reading the table", simulate: "looking", map: "drawing the map", seen: "rendering", scores: "scoring", figure: "drawing the figure", table: "writing the table", recipe: "writing the code", picture: "saving" };
const FOLLOWING = ["map", "seen", "recipe"];

/** Return what asks for tasks; `show` takes the results of those that follow what is shown. */
export function makeQueue({ find, transport, scene, show, complain, idle }) {
  const wanted = new Set(), queue = { ready: false };
  let jobs = [], busy = false, timer = 0;

  /** Ask for a task and wait for its result; seconds that it is expected to take are told while it is done. */
  queue.ask = (task, more = {}, bytes = null, expected_s = 0) => new Promise((resolve, reject) => {
    jobs.push({ task, more, bytes, resolve, reject, expected_s });
    queue.pump();
  });

  /** Ask for a task once all others are done, however often it is asked for. */
  queue.want = (task) => wanted.add(task);
  queue.unwant = (task) => wanted.delete(task);

  queue.cancel = () => {
    jobs.forEach((one) => one.reject(new Error("Canceled.")));
    jobs = [];
    wanted.clear();
    transport.call("cancel").catch((error) => complain(error.message));
  };

  queue.pump = () => {
    if (busy || !queue.ready) return;
    const task = FOLLOWING.find((one) => wanted.has(one));
    if (!jobs.length && task) {
      wanted.delete(task);
      jobs.push({ task, more: {}, bytes: null, resolve: show[task], reject: (error) => complain(error.message) });
    }
    if (!jobs.length) return;
    busy = true;
    work(jobs.shift()).finally(() => {
      busy = false;
      window.clearTimeout(timer);
      find("busy").hidden = true;
      idle();
      queue.pump();
    });
  };

  async function work({ task, more, bytes, resolve, reject, expected_s = 0 }) {
    const name = NAMES[task] || task, began = performance.now();
    let far = "";
    find("progress").removeAttribute("value");
    const tick = () => {
      const spent_s = Math.round((performance.now() - began) / 1000);
      find("busy").hidden = false;
      find("doing").textContent = `${name}${far}, ${spent_s} s${expected_s ? ` of about ${duration(expected_s)}` : ""}`;
      if (expected_s) Object.assign(find("progress"), { max: expected_s, value: Math.min(spent_s, 0.97 * expected_s) });
      timer = window.setTimeout(tick, 1000);
    };
    timer = window.setTimeout(tick, 400);
    try {
      const answer = await transport.call(task, { scene: scene(), ...more }, bytes, ([done, total, what]) => {
        find("progress").max = total;
        find("progress").value = done;
        far = ` ${done} of ${total} ${what}`;
      });
      complain((answer.remarks || []).join(" "));
      await resolve(answer.result);
    } catch (error) {
      reject(error);
    }
  }
  return queue;
}
