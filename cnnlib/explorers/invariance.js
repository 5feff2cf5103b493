import { LAB, announcer, button, clamp, h, moved, part, slider, sum, table } from "./parts.js";

const TRAITS = ["digit", "shift", "scale", "rotation", "noise", "presets", "pattern", "weights", "scales", "biases"];
const START = { shift: [0, 0], scale: 1, rotation: 0, noise: 0 };
const SIDE = 24, DIGIT = 16, FAR = 8, STEP = 32;
// Each layer: what it does, channels or values in, filters or neurons out. A pool of 6 looks at a whole map.
const NETWORKS = [
  { name: "MLP", what: "sees all pixels at once", layers: [["full", 576, 15], ["full", 15, 10]] },
  { name: "CNN", what: "votes on all places",
    layers: [["conv", 1, 8], ["pool", 2], ["conv", 8, 20], ["pool", 2], ["full", 720, 10]] },
  { name: "CNN, anywhere", what: "votes on the best match",
    layers: [["conv", 1, 8], ["pool", 2], ["conv", 8, 16], ["pool", 2], ["conv", 16, 48], ["pool", 6], ["full", 48, 10]] },
];

const bytes = (text) => new Int8Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

/** The layers of each network with weights: each is an 8-bit integer times the scale of its unit. */
function unpack(weights, scales, biases) {
  const codes = bytes(weights);
  let start = 0, unit = 0;
  return NETWORKS.map(({ layers }) => layers.map(([kind, inputs, units]) => {
    if (kind === "pool") return { kind, size: inputs };
    const each = kind === "conv" ? 9 * inputs : inputs, first = start, from = unit;
    start += units * each;
    unit += units;
    return { kind, units, each, bias: biases.slice(from, unit), weight: Float64Array.from({ length: units * each },
      (_, k) => codes[first + k] * scales[from + Math.floor(k / each)]) };
  }));
}

/** Maps of side x side values through 3x3 filters, with a border of zeros; negative values become zero. */
function convolve(x, side, { units, each, weight, bias }) {
  const area = side * side, y = new Float64Array(units * area);
  for (let u = 0; u < units; u++) {
    y.fill(bias[u], u * area, (u + 1) * area);
    for (let k = 0; k < each; k++) {
      const w = weight[u * each + k], down = Math.floor(k / 3) % 3 - 1, across = k % 3 - 1;
      const from = Math.floor(k / 9) * area + down * side + across;
      for (let r = Math.max(0, -down); r < Math.min(side, side - down); r++)
        for (let c = Math.max(0, -across); c < Math.min(side, side - across); c++)
          y[u * area + r * side + c] += w * x[from + r * side + c];
    }
  }
  return y.map((v) => Math.max(0, v));
}

/** The largest of each window of size x size; windows do not overlap. */
function pool(x, side, size) {
  const out = side / size;
  return Float64Array.from({ length: x.length / size / size }, (_, k) => {
    const first = Math.floor(k / out) * size * side + (k % out) * size; // rows count through all maps
    let most = -Infinity;
    for (let r = 0; r < size; r++) for (let c = 0; c < size; c++) most = Math.max(most, x[first + r * side + c]);
    return most;
  });
}

const full = (x, { units, each, weight, bias }) => Float64Array.from({ length: units }, (_, u) => {
  let votes = bias[u];
  for (let k = 0; k < each; k++) votes += weight[u * each + k] * x[k];
  return votes;
});

function softmax(votes) {
  const most = Math.max(...votes), shares = [...votes].map((v) => Math.exp(v - most));
  return shares.map((v) => v / sum(shares));
}

const ask = (networks, rows) => networks.map((layers) => {
  let x = Float64Array.from(rows.flat()), side = SIDE;
  layers.forEach((layer, k) => {
    if (layer.kind === "conv") x = convolve(x, side, layer);
    else if (layer.kind === "pool") { x = pool(x, side, layer.size); side /= layer.size; }
    else { x = full(x, layer); if (k < layers.length - 1) x = x.map((v) => Math.max(0, v)); }
  });
  return softmax(x);
});

/** Ten probabilities of each of the three networks for a picture. */
export const probabilities = (rows, weights, scales, biases) => ask(unpack(weights, scales, biases), rows);

/** Mix what lies between the pixels from the four around; beyond them is paper. */
function mixed(rows, y, x) {
  const [top, left] = [Math.floor(y), Math.floor(x)], [down, right] = [y - top, x - left];
  const at = (r, c) => rows[r]?.[c] ?? 0;
  return (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1))
    + down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1));
}

/** The digit on its sheet; `picture` in invariance.py says how. Ink of `digit` from 0 to 16. */
export function picture(digit, shift, scale, rotation, noise, pattern) {
  const last = digit.length - 1, place = (k) => clamp((k + 0.5) * digit.length / DIGIT - 0.5, 0, last);
  const large = table(DIGIT, DIGIT, (r, c) => mixed(digit, place(r), place(c)) / 16);
  const angle = rotation * Math.PI / 180, [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const codes = bytes(pattern), middle = (DIGIT - 1) / 2;
  return table(SIDE, SIDE, (r, c) => {
    const [y, x] = [r, c].map((v, axis) => (v - (SIDE - 1) / 2 - shift[axis]) / scale);
    return mixed(large, middle + cos * y + sin * x, middle - sin * y + cos * x)
      + noise * codes[r * SIDE + c] / STEP;
  });
}

const percent = (v) => `${Math.round(100 * v)} %`;
const towards = (v, plus, minus, unit = "") => (v ? `${Math.abs(v)}${unit} ${v > 0 ? plus : minus}` : "0");
const best = (shares) => shares.indexOf(Math.max(...shares));

/** A drawing of side x side pixels; show(values) sets how much ink each has. */
function drawing(side, over = "") {
  const el = h("div", { class: "ink", "aria-hidden": "true" });
  const rects = table(side, side, (r, c) => `<rect x="${c}" y="${r}" width="1" height="1"/>`).flat();
  el.innerHTML = `<svg viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">${rects.join("")}${over}</svg>`;
  const cells = [...el.querySelectorAll("rect")];
  return { el, show: (values) => cells.forEach((cell, k) => { cell.style.opacity = clamp(values[k], 0, 1).toFixed(3); }) };
}

export function render({ model, el }) {
  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  const get = (name) => model.get(name);
  const move = (row, col) => {
    const to = [row, col].map((v) => clamp(Math.round(v), -FAR, FAR));
    if (to.join() !== get("shift").join()) set("shift", to);
  };
  let networks, packed = [], held = null;

  // the lines: two poolings by two make a grid of four pixels
  const ink = drawing(SIDE, `<path d="${[4, 8, 12, 16, 20].map((k) => `M${k} 0v24M0 ${k}h24`).join("")}"/>`);
  const sheet = h("div", { class: "sheet", tabindex: 0, role: "application", "aria-roledescription": "sheet", [LAB]: "" }, ink.el);
  sheet.addEventListener("keydown", (event) => {
    const [row, col] = get("shift"), to = moved(event, row + FAR, col + FAR, 2 * FAR + 1, 2 * FAR + 1);
    if (to) move(to[0] - FAR, to[1] - FAR);
  });
  sheet.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    sheet.setPointerCapture(event.pointerId);
    held = { from: get("shift"), y: event.clientY, x: event.clientX };
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!(event.buttons & 1)) held = null;
    if (!held) return;
    const pixel = sheet.clientWidth / SIDE;
    move(held.from[0] + (event.clientY - held.y) / pixel, held.from[1] + (event.clientX - held.x) / pixel);
  });
  for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => { held = null; });

  const picks = Object.entries(get("presets")).map(([label, rows]) => {
    const thumb = drawing(8), pick = button(thumb.el, () => set("digit", Number(label)));
    thumb.show(rows.flat().map((v) => v / 16));
    pick.setAttribute("aria-label", `digit ${label}`);
    return { pick, label };
  });
  const scaled = (label, low, high, oninput) => {
    const one = slider(label, low, high, oninput);
    one.el.querySelector("input").step = 5;
    return one;
  };
  const rows = slider("rows", -FAR, FAR, (v) => move(v, get("shift")[1]));
  const cols = slider("columns", -FAR, FAR, (v) => move(get("shift")[0], v));
  const size = scaled("size", 50, 150, (v) => set("scale", v / 100));
  const turn = scaled("turn", -60, 60, (v) => set("rotation", v));
  const noise = scaled("noise", 0, 60, (v) => set("noise", v / 100));
  const reset = button("Reset", () => {
    for (const [name, value] of Object.entries(START)) model.set(name, value);
    model.save_changes();
  });

  const cards = NETWORKS.map(({ name, what }) => {
    const verdict = h("div", { class: "verdict" });
    const bars = Array.from({ length: 10 }, (_, k) => {
      const bar = h("i"), text = h("b");
      return { bar, text, el: h("li", { class: "bar" }, h("span", { class: "which" }, `${k}`), " ", h("div", {}, bar), text) };
    });
    return { verdict, bars, el: h("div", { class: "network", role: "group", "aria-label": name },
      h("div", { class: "who" }, name), h("div", { class: "what" }, what), verdict, h("ul", {}, ...bars.map((b) => b.el))) };
  });
  const telling = h("p", { class: "telling" }), voice = announcer();

  const root = h("div", { class: "explorer", role: "group", "aria-label": get("title"), [LAB]: "" },
    h("div", { class: "panel invariance" },
      h("div", { class: "heading" }, get("title")),
      h("div", { class: "stage" },
        h("div", { class: "left" },
          part("paper", "drag it, or press arrow keys", sheet),
          h("div", { class: "picks", role: "group", "aria-label": "digit" }, ...picks.map(({ pick }) => pick), reset)),
        h("div", { class: "networks" }, ...cards.map((card) => card.el))),
      h("p", { class: "legend" }, "Boxed: the right digit. Lines on the sheet: the grid that two poolings by two make."),
      h("div", { class: "controls" }, ...[rows, cols, size, turn, noise].map((one) => one.el)),
      telling), voice.el);

  function draw() {
    const digit = get("digit"), [row, col] = get("shift");
    const now = ["weights", "scales", "biases"].map(get);
    if (now.some((value, k) => value !== packed[k])) networks = unpack(...(packed = now));
    const seen = picture(get("presets")[digit], get("shift"), get("scale"), get("rotation"), get("noise"), get("pattern"));
    const says = ask(networks, seen);
    ink.show(seen.flat());

    picks.forEach(({ pick, label }) => pick.setAttribute("aria-pressed", Number(label) === digit));
    const place = [towards(row, "down", "up"), towards(col, "right", "left")];
    rows.show(row, place[0]);
    cols.show(col, place[1]);
    size.show(100 * get("scale"), `× ${Number(get("scale").toFixed(2))}`);
    turn.show(get("rotation"), towards(get("rotation"), "left", "right", "°"));
    noise.show(100 * get("noise"), `${Number(get("noise").toFixed(2))}`);
    sheet.setAttribute("aria-label", `digit ${digit} on a sheet of 24 by 24 pixels, rows ${place[0]}, columns ${place[1]}; arrow keys move it`);

    const words = cards.map(({ verdict, bars, el: card }, n) => {
      const winner = best(says[n]), right = winner === digit;
      card.classList.toggle("wrong", !right);
      verdict.textContent = `says ${winner}: ${right ? "✓ right" : "✗ wrong"}`;
      bars.forEach(({ bar, text, el: line }, k) => {
        bar.style.width = `${100 * says[n][k]}%`;
        text.textContent = percent(says[n][k]);
        line.classList.toggle("wins", k === winner);
        line.classList.toggle("true", k === digit);
      });
      return `${NETWORKS[n].name} says ${winner} (${percent(says[n][winner])}, ${right ? "right" : "wrong"})`;
    });
    const changes = [row && `${place[0]}`, col && `${place[1]}`, get("scale") !== 1 && `size × ${Number(get("scale").toFixed(2))}`,
      get("rotation") && `turned ${towards(get("rotation"), "left", "right", "°")}`, get("noise") && `noise ${Number(get("noise").toFixed(2))}`];
    telling.textContent = `Digit ${digit}, ${changes.filter(Boolean).join(", ") || "as trained"}. ${words.join("; ")}.`;
    voice.say(telling.textContent);
  }
  el.replaceChildren(root);
  draw();
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  return () => { for (const name of TRAITS) model.off(`change:${name}`, draw); };
}

export default { render };
