import { make, orTell, short } from "./parts.js";

const stem = (name) => name.replace(/^.*[\\/]/, "").replace(/\.[^.]+$/, "").toLowerCase();

/** People's fixations beside the agents', and how near the agents come to them. */
export function makePeople({ root, find, told, ask, say, complain, renew, update }) {
  let table = null;
  const people = {};
  const count = (n, one, more) => `${n} ${n === 1 ? one : more}`;

  people.take = async (more, bytes = null) => {
    table = await ask("people", more, bytes);
    told.people = table.id;
    say(`${table.name}: ${count(table.rows, "fixation", "fixations")} on ${count(table.stimuli.length, "picture", "pictures")}.`);
    await people.match();
  };

  people.open = (file) => orTell(file.arrayBuffer().then((bytes) => people.take({ name: file.name }, bytes)), complain);

  /** Find which of the table's pictures the shown one is: by its name, or by its name without ending. */
  people.match = () => {
    told.people_paths = [];
    told.people_stimulus = null;
    if (!table) return null;
    const none = make("option", { value: "", textContent: "none of them" });
    find("people-stimulus").replaceChildren(none, ...table.stimuli.map((one) => make("option", { value: one.name, textContent: `${one.name} (${count(one.people, "person", "people")})` })));
    find("people-row").hidden = false;
    const given = told.picture && told.picture.given.name;
    const same = given && (table.stimuli.find((one) => one.name === given) || table.stimuli.find((one) => stem(one.name) === stem(given)));
    if (same) return people.choose(same.name);
    find("people-note").textContent = given ? `${table.name} names no picture ${given}: choose which it is.` : `${table.name} is here: give its picture.`;
    return renew();
  };

  people.choose = (name) => {
    told.people_stimulus = name || null;
    find("people-stimulus").value = name;
    told.people_paths = [];
    find("score-box").hidden = true;
    if (!name) {
      find("people-note").textContent = "Nobody's fixations are shown.";
      return renew();
    }
    return orTell(ask("people_paths").then(({ paths, left_out, scale }) => {
      told.people_paths = paths;
      const n = paths.reduce((sum, one) => sum + one.xy.length, 0);
      const more = left_out ? ` ${left_out} more scanpaths are not shown.` : "";
      const moved = scale !== 1 ? ` Moved to the copy's pixels (times ${short(scale, 4)}).` : "";
      find("people-note").textContent = `${count(paths.length, "scanpath", "scanpaths")} with ${count(n, "fixation", "fixations")}.${more}${moved}`;
      root.dataset.people = String(paths.length);
      renew();
    }), complain);
  };

  people.score = () => orTell(ask("scores").then(({ rows }) => {
    const number = (value) => (value === null ? "" : Number(value).toFixed(3));
    const name = (row) => (row.part && row.part !== "value" && row.part !== row.metric ? `${row.metric}: ${row.part}` : row.metric);
    find("scores").replaceChildren(...rows.filter((row) => row.value !== null).map((row) => make("tr", {}, ...[row.agent, name(row), number(row.value), number(row.ceiling), row.better].map((text) => make("td", { textContent: text })))));
    const undefined_rows = rows.filter((row) => row.value === null).map((row) => `${name(row)} of ${row.agent} (${row.undefined})`);
    const without = undefined_rows.length ? ` Undefined: ${undefined_rows.join(", ")}.` : "";
    find("score-note").textContent = `Mean over ${rows.length ? rows[0].n_pairs : 0} pairs with people, on this picture alone. One picture says little about an agent.${without}`;
    find("score-box").hidden = false;
    find("score-box").scrollIntoView({ block: "nearest" });
    root.dataset.scored = String(rows.length);
    update();
  }), complain);

  find("people-stimulus").addEventListener("change", () => people.choose(find("people-stimulus").value));
  find("score").addEventListener("click", people.score);
  return people;
}
