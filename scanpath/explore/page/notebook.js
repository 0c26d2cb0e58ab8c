// The same page in a notebook: tasks are messages of the widget's model.
function modelTransport(model) {
  const waiting = new Map();
  let last = 0;
  model.on("msg:custom", (message) => {
    const asked = waiting.get(message.id);
    if (!asked) return;
    if (message.progress) return asked.progress(message.progress);
    waiting.delete(message.id);
    if (message.error) asked.reject(new Error(message.error));
    else asked.resolve(message);
  });
  return {
    call(task, told = {}, bytes = null, progress = () => {}) {
      const id = (last += 1);
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, progress });
        model.send({ id, task, told }, undefined, bytes ? [new Uint8Array(bytes)] : []);
      });
    },
  };
}

function render({ model, el }) {
  el.innerHTML = BODY;
  mount(el.querySelector(".scanpath-explore"), modelTransport(model));
}

export default { render };
