import { LAB, announcer, button, clamp, h, moved, part, slider, sum } from "./parts.js";

const TRAITS = ["width", "image_size", "row"];
const BYTES = 4; // of a number in float32
const EIGHTHS = ["1/8", "1/4", "3/8", "1/2", "5/8", "3/4", "7/8", "1"];

/** The table for the paper's layers; `rows` in vgg_table.py says how. Rows that do not fit are null. */
export function rows(layers, width, side) {
  const table = [];
  let now = { name: "input", label: "input", channels: 3, side, weights: 0, biases: 0, size: 1, jump: 1, start: 0 };
  let block = 1, place = 0, error = "", left = "";
  const add = (row) => {
    now = { ...now, ...row };
    now.activations = now.channels * now.side ** 2;
    now.macs = now.weights * now.side ** 2;
    table.push(now);
  };
  add({});
  for (const label of layers) {
    const [kind, units] = label.split("-"), { side: n, size, jump, start } = now;
    const channels = units * (label === layers.at(-1) ? 1 : width);
    place += 1;
    if (kind === "maxpool" && n < 2)
      error ||= `pool${block}: kernel_size must fit in the padded input: got kernel_size=2, but size=1 with padding=0 gives 1`;
    if (error) table.push(null);
    else if (kind === "maxpool") {
      if (n % 2)
        left = `pool${block} takes ${n} rows and columns by twos: the last of each is left over, and no later unit sees it.`;
      add({ name: `pool${block}`, label, side: Math.floor(n / 2), weights: 0, biases: 0,
        size: size + jump, jump: 2 * jump, start: start + jump / 2 });
      [block, place] = [block + 1, 0];
    } else if (kind === "FC") {
      add({ name: `fc${block + place - 1}`, label: `FC-${channels}`, side: 1, channels,
        weights: now.activations * channels, biases: channels, size: null, jump: null, start: null });
    } else {
      add({ name: `conv${block}_${place}`, label: `conv3-${channels}`, weights: 9 * now.channels * channels, biases: channels, channels,
        size: size + 2 * jump });
    }
  }
  return { table, error, left };
}

const parameters = (row) => row.weights + row.biases;
const NUMBERS = { activations: (row) => row.activations, parameters, "multiply-adds": (row) => row.macs };
const NAMES = Object.keys(NUMBERS);
/** Activations, parameters and multiply-adds of all rows that there are. */
export const totals = (table) => NAMES.map((name) => sum(table.filter(Boolean).map(NUMBERS[name])));

const exact = (v) => v.toLocaleString("en-US");
/** Three digits: "1.85 G"; small numbers as they are. */
export function brief(v) {
  const [one, unit] = v < 10000 ? [] : [[1e9, " G"], [1e6, " M"], [1e3, " k"]].find(([least]) => v >= 0.9995 * least);
  return unit ? (v / one).toPrecision(3) + unit : exact(v);
}
export function bytes(count) {
  const mega = (BYTES * count) / 1e6;
  return mega < 0.01 ? `${exact(BYTES * count)} bytes` : `${mega.toFixed(mega < 100 ? 2 : 1)} MB`;
}
const shape = ({ channels, side, size }) => (size ? `${channels} × ${side} × ${side}` : exact(channels));

/** Rows (or columns) [first, last] that the unit in the middle of a layer sees; the image's first is 0. */
export function sees({ size, jump, start, side }, whole) {
  const centre = size ? start + Math.floor(side / 2) * jump : (whole - 1) / 2, half = ((size ?? whole) - 1) / 2;
  return [centre - half, centre + half];
}

/** How each number of a row comes about. */
export function working(row, before) {
  const { channels, side, size, weights } = row, each = size ? `3 × 3 × ${before?.channels}` : exact(before.activations);
  const product = `${each} × ${exact(channels)}`;
  return [shape(row), weights ? `${product} + ${exact(channels)}` : "nothing to learn",
    weights ? `${size ? `${side} × ${side} × ` : ""}${product}` : before ? "compares only" : "nothing to do"];
}

export function render({ model, el }) {
  const get = (name) => model.get(name), set = (name, value) => { model.set(name, value); model.save_changes(); };
  const layers = get("layers"), last = layers.length, full = totals(rows(layers, 1, 224).table);
  let said;

  const width = slider("width", 1, 8, (v) => set("width", v / 8));
  const size = slider("image size", 16, 448, (v) => set("image_size", v));
  size.el.querySelector("input").step = 16;
  const reset = button("Reset", () => { model.set("width", 1); set("image_size", 224); });
  const boxes = NAMES.map((name) => {
    const value = h("b"), more = h("span");
    return { value, more, el: h("div", { class: "total" }, h("span", {}, name), value, more) };
  });
  const note = h("p", { class: "note" });

  // the table: one stop for the keyboard, arrow keys go from row to row
  const choose = (k) => set("row", clamp(k, 0, last));
  const lines = ["maxpool", ...layers].map((label, k) => {
    const name = h("div", { role: "rowheader" });
    const cells = ["output", ...NAMES].map((name, c) => h("div", { role: "gridcell", class: c ? "share" : "" }));
    const el = h("div", { role: "row", class: `line pick${label === "maxpool" ? " ends" : ""}`, [LAB]: "",
      onclick() { el.focus(); choose(k); },
      onkeydown(event) {
        const [up, across] = moved(event, k, k, last + 1, last + 1) ?? []; // all arrows, home and end
        if (up !== undefined) lines[up === k ? across : up].el.click();
      } }, name, ...cells);
    return { name, cells, el };
  });
  const head = h("div", { role: "row", class: "line top" },
    ...["layer", "output", ...NAMES].map((name) => h("div", { role: "columnheader" }, name)));

  const photograph = h("img", { src: get("photograph"), alt: "" }), frame = h("div", { class: "window" });
  const view = h("div", { class: "view", role: "img" }, photograph, frame);
  const which = h("p", { class: "which" }), facts = h("ul"), voice = announcer();
  const steps = [["Previous", -1], ["Next", 1]].map(([label, step]) => button(label, () => choose(get("row") + step)));

  const root = h("div", { class: "explorer", role: "group", "aria-label": get("title"), [LAB]: "" },
    h("div", { class: "panel vgg" },
      h("div", { class: "heading" }, get("title")),
      h("div", { class: "controls" }, width.el, size.el, reset),
      h("div", { class: "totals" }, ...boxes.map((box) => box.el)), note,
      h("div", { class: "both" },
        h("div", { class: "chosen" }, which, part("seen", "what a unit in the middle sees", view),
          h("div", { class: "steps" }, ...steps), facts),
        h("div", { role: "grid", class: "layers", "aria-label": "layers of VGG16" }, head, ...lines.map((line) => line.el))),
      voice.el));

  function draw() {
    const side = get("image_size"), share = get("width"), chosen = get("row");
    const { table, error, left } = rows(layers, share, side), all = totals(table), row = table[chosen];
    width.show(8 * share, EIGHTHS[8 * share - 1]);
    size.show(side, `${side} × ${side}`);
    boxes.forEach(({ value, more }, k) => {
      value.textContent = exact(all[k]);
      more.textContent = [k < 2 ? bytes(all[k]) : all[k] < 1e9 ? brief(all[k]) : `${(all[k] / 1e9).toFixed(3)} G`,
        k === 1 ? "" : " an image", all[k] === full[k] ? "" : `, ${(all[k] / full[k]).toPrecision(3)} × full`].join("");
    });
    note.textContent = error ? `${side} × ${side} pixels are too few. ${error}.` : left;

    const most = NAMES.map((name) => Math.max(...table.map((one) => (one ? NUMBERS[name](one) : 0))));
    lines.forEach(({ name, cells: [output, ...cells], el: line }, k) => {
      const one = table[k];
      name.textContent = one?.label ?? layers[k - 1];
      line.setAttribute("aria-selected", k === chosen);
      line.tabIndex = k === chosen ? 0 : -1;
      output.textContent = one ? shape(one) : "does not fit";
      output.setAttribute("aria-label", `output ${output.textContent}`);
      cells.forEach((cell, c) => {
        const v = one ? NUMBERS[NAMES[c]](one) : 0;
        const text = cell.textContent = one ? brief(v) : "–";
        cell.style.setProperty("--k", `${(100 * v) / most[c]}%`);
        cell.setAttribute("aria-label", `${NAMES[c]} ${text}${one && text !== exact(v) ? `, exactly ${exact(v)}` : ""}`);
      });
    });

    const [first, end] = row ? sees(row, side) : [0, side - 1], across = end - first + 1;
    // the image, and around it what the window needs
    const edge = Math.max(0.04 * side, -1.04 * first, 1.04 * (end - side + 1));
    [[photograph, 0, side], [frame, first, across]].forEach(([box, at, long]) => {
      const percent = (v) => `${(100 * v) / (side + 2 * edge)}%`;
      box.style.top = box.style.left = percent(at + edge);
      box.style.width = box.style.height = percent(long);
    });
    frame.hidden = !row;
    which.textContent = row ? row.name : "does not fit";
    const seen = !row ? "nothing" : !row.size ? "all of the image" : across === 1 ? "one pixel"
      : `${across} × ${across} pixels${across > side ? ", more than there are" : end >= side
        ? ", padding included" : ""}; the next unit's window lies ${row.jump} pixels on`;
    const how = row ? working(row, table[chosen - 1]) : [];
    facts.replaceChildren(...how.map((text, k) => {
      const v = NUMBERS[NAMES[k]](row);
      return h("li", {}, `${exact(v)} ${NAMES[k]}`, h("span", {}, text), k < 2 && v ? h("span", {}, `${bytes(v)} in float32`) : "");
    }), h("li", {}, "a unit sees", h("span", {}, seen)));
    view.setAttribute("aria-label", `photograph of a cat; a unit of ${which.textContent} sees ${seen}`);
    const key = [share, side].join();
    voice.say(said === undefined || key === said ? `${which.textContent}: a unit sees ${seen}`
      : `All layers: ${NAMES.map((name, k) => `${exact(all[k])} ${name}`).join(", ")}. ${note.textContent}`);
    said = key;
  }
  el.replaceChildren(root);
  draw();
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  return () => { for (const name of TRAITS) model.off(`change:${name}`, draw); };
}

export default { render };
