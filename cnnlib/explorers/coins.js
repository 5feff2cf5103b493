import { LAB, announcer, button, grid, h, number, player, short, slider, sum } from "./parts.js";

const TRAITS = ["method", "p", "weight", "mask"];
const METHODS = { dropout: "dropout: a coin for each input", dropconnect: "DropConnect: a coin for each weight" };
const UNITS = 2, INPUTS = 3, SIZE = 300, EDGE = 34;

/** How many coins are thrown, and which one decides about the weight at (row, col). */
export const coinsOf = (method) => (method === "dropout" ? INPUTS : INPUTS * UNITS);
export const coinAt = (method, row, col) => (method === "dropout" ? col : row * INPUTS + col);
export const kept = (method, mask, row, col) => (mask >> coinAt(method, row, col)) & 1;

/** What the units' sums are under one mask; all inputs are 1. */
export const sums = (method, weight, mask) =>
  weight.map((line, r) => sum(line.map((w, c) => w * kept(method, mask, r, c))));

/** All masks, with what the ReLUs say and how probable each is. */
export function everyone(method, weight, p) {
  const coins = coinsOf(method);
  return Array.from({ length: 2 ** coins }, (_, mask) => {
    const on = sum(Array.from({ length: coins }, (_, k) => (mask >> k) & 1));
    return { outputs: sums(method, weight, mask).map((a) => Math.max(a, 0)), chance: (1 - p) ** on * p ** (coins - on) };
  });
}

/** Means of the two outputs over all masks, and their correlation (0 if one of them never changes). */
export function moments(all) {
  const mean = (f) => sum(all.map((one) => one.chance * f(one.outputs)));
  const m = [mean((y) => y[0]), mean((y) => y[1])];
  const [va, vb] = m.map((v, i) => mean((y) => (y[i] - v) ** 2));
  const both = mean((y) => (y[0] - m[0]) * (y[1] - m[1]));
  return { mean: m, correlation: va * vb > 1e-12 ? both / Math.sqrt(va * vb) : 0 };
}

/** The error function, to 2e-7 (Abramowitz and Stegun, 7.1.26). */
export function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - poly * Math.exp(-x * x));
}
/** The mean of a ReLU whose sum is normal, with the mean and the variance that the coins give it. */
export const matched = (weight, p) => weight.map((line) => {
  const mu = (1 - p) * sum(line), sigma = Math.sqrt((1 - p) * p * sum(line.map((w) => w * w)));
  if (sigma < 1e-12) return Math.max(mu, 0);
  const z = mu / sigma;
  return mu * 0.5 * (1 + erf(z / Math.SQRT2)) + (sigma * Math.exp(-z * z / 2)) / Math.sqrt(2 * Math.PI);
});

const line = (x1, y1, x2, y2, kind) => `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" class="${kind}"/>`;
const text = (x, y, words, anchor = "middle") => `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;

/** A dot for each pair of outputs, as large as it is probable; who is now, the mean and the scaled network. */
function plane(all, now, average, scaled) {
  const pairs = new Map();
  for (const { outputs, chance } of all) pairs.set(outputs.join(), (pairs.get(outputs.join()) ?? 0) + chance);
  const most = Math.max(1, ...all.flatMap((one) => one.outputs), ...scaled);
  const X = (v) => EDGE + (v / most) * (SIZE - 2 * EDGE), Y = (v) => SIZE - X(v);
  const dots = [...pairs].map(([key, chance]) => {
    const [a, b] = key.split(",").map(Number);
    return chance > 0 ? `<circle cx="${X(a)}" cy="${Y(b)}" r="${3 + 26 * Math.sqrt(chance / Math.PI)}" class="pair"/>` : "";
  });
  const [mx, my] = [X(average[0]), Y(average[1])], [sx, sy] = [X(scaled[0]), Y(scaled[1])];
  return line(EDGE, Y(0), SIZE - 8, Y(0), "axis") + line(EDGE, Y(0), EDGE, 8, "axis")
    + text(SIZE / 2, SIZE - 4, "what unit 1 says") + `<g transform="rotate(-90 12 ${SIZE / 2})">${text(12, SIZE / 2, "what unit 2 says")}</g>`
    + text(EDGE, Y(0) + 16, "0") + text(X(most), Y(0) + 16, short(most)) + text(EDGE - 8, Y(most) + 4, short(most), "end")
    + dots.join("") + `<circle cx="${X(now[0])}" cy="${Y(now[1])}" r="12" class="now"/>`
    + line(mx - 9, my, mx + 9, my, "mean") + line(mx, my - 9, mx, my + 9, "mean")
    + `<rect x="${sx - 6}" y="${sy - 6}" width="12" height="12" class="scaled"/>`;
}

export function render({ model, el }) {
  const set = (name, v) => { model.set(name, v); model.save_changes(); };
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const count = () => 2 ** coinsOf(model.get("method"));
  const use = (method) => {
    film.stop();
    set("mask", 7); // both methods have this one
    set("method", method);
    set("mask", count() - 1);
  };
  const weights = grid({ label: "weights", rows: UNITS, cols: INPUTS, toggles: true, press: (r, c) => {
    film.stop();
    set("mask", model.get("mask") ^ (1 << coinAt(model.get("method"), r, c)));
  } });
  const said = h("div", { class: "said" });
  const picture = h("div", { class: "drawing", role: "img" });
  const facts = h("table", {});
  const telling = h("p", { class: "telling" });
  const voice = announcer();
  const picks = Object.entries(METHODS).map(([name, label]) => button(label, () => use(name)));
  const film = player({
    ready() { if (model.get("mask") === count() - 1) set("mask", 0); },
    advance() {
      set("mask", Math.min(model.get("mask") + 1, count() - 1));
      return model.get("mask") < count() - 1;
    },
    changed: () => draw(),
  });
  const rate = slider("p", 0, 95, (v) => set("p", v / 100));
  const which = slider("mask", 1, 64, (v) => { film.stop(); set("mask", v - 1); });
  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"), [LAB]: "" },
    h("div", { class: "panel coins" },
      h("div", { class: "heading" }, model.get("title")),
      h("div", { class: "controls picks" }, ...picks),
      h("div", { class: "stage" },
        h("div", { class: "left" },
          h("div", { class: "name" }, "weights; press one to drop it"),
          h("div", { class: "layer" }, weights.el, said),
          facts),
        h("div", {}, h("div", { class: "name" }, "all masks: a dot is what the two units say"), picture,
          h("div", { class: "name key" }, "ring: this mask · cross: mean of all · square: scaled network"))),
      telling,
      h("div", { class: "controls" }, film.button,
        button("Reset", () => {
          film.stop();
          set("mask", 7);
          for (const name of TRAITS) set(name, start[name]);
        }), which.el, rate.el), voice.el));

  function draw() {
    const [method, p, weight, mask] = TRAITS.map((name) => model.get(name));
    if (mask >= count()) return; // the rest is on its way
    const all = everyone(method, weight, p), { mean, correlation } = moments(all);
    const now = sums(method, weight, mask), scaled = weight.map((row) => Math.max((1 - p) * sum(row), 0));
    const bell = matched(weight, p);
    weights.show(weight, { text: short, scale: 4,
      say: (r, c, v) => `weight ${short(v)}, ${kept(method, mask, r, c) ? "kept" : "dropped"}` });
    weights.cells.forEach((cells, r) => cells.forEach((cell, c) =>
      cell.classList.toggle("gone", !kept(method, mask, r, c))));
    said.replaceChildren(...now.map((a) =>
      h("div", {}, `sum ${short(a)} → `, h("b", {}, short(Math.max(a, 0))))));
    const cells = (label, values) => h("tr", {}, h("th", { scope: "row" }, label),
      ...values.map((v) => h("td", {}, number(v, 3))));
    facts.replaceChildren(
      h("tr", {}, h("td"), h("th", { scope: "col" }, "unit 1"), h("th", { scope: "col" }, "unit 2")),
      cells("mean of all masks", mean), cells("moment matching", bell), cells("scaled network", scaled));
    picture.innerHTML = `<svg viewBox="0 0 ${SIZE} ${SIZE}" aria-hidden="true">${
      plane(all, now.map((a) => Math.max(a, 0)), mean, scaled)}</svg>`;
    const pairs = new Set(all.filter((one) => one.chance > 0).map((one) => one.outputs.join())).size;
    telling.textContent = `${count()} masks, ${pairs} different answers. Correlation between the two units: ${number(correlation)}.`;
    picture.setAttribute("aria-label", `${telling.textContent} This mask: ${
      now.map((a) => short(Math.max(a, 0))).join(" and ")}.`);
    picks.forEach((pick, i) => pick.setAttribute("aria-pressed", Object.keys(METHODS)[i] === method));
    which.el.querySelector("input").max = count();
    which.show(mask + 1, `${mask + 1} of ${count()}`);
    rate.show(Math.round(100 * p), number(p));
    if (!film.playing()) voice.say(picture.getAttribute("aria-label"));
  }
  el.replaceChildren(root);
  draw();
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  return () => {
    film.close();
    for (const name of TRAITS) model.off(`change:${name}`, draw);
  };
}

export default { render };
