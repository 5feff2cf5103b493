import { LAB, announcer, button, h, number, slider, sum } from "./parts.js";

const TRAITS = ["activation", "depth", "digit", "p"];
const WIDE = 420, HIGH = 250, BINS = 20, CLASSES = 10;
const UNITS = { 1: [8], 2: [4, 4] };

const bends = { // what a hidden layer makes of its sums
  none: (z) => z,
  sigmoid: (z) => z.map((v) => { // exp only of what is negative, so that nothing overflows
    const small = Math.exp(-Math.abs(v));
    return (v < 0 ? small : 1) / (1 + small);
  }),
  tanh: (z) => z.map(Math.tanh),
  ReLU: (z) => z.map((v) => Math.max(v, 0)),
  "Maxout(2)": (z) => z.flatMap((v, k) => (k % 2 ? [] : [Math.max(v, z[k + 1])])),
};
const NAMES = Object.keys(bends);

/** The layers [weight rows, bias] of one network, out of the hundredths of all ten. */
export function layersOf(codes, activation, depth) {
  let start = 0;
  const take = (count) => codes.slice(start, start += count).map((v) => v / 100);
  for (const name of NAMES) {
    for (const [key, units] of Object.entries(UNITS)) {
      const sizes = [64, ...units, CLASSES], layers = [];
      for (let k = 1; k < sizes.length; k++) {
        const rows = sizes[k] * (name === "Maxout(2)" && k < sizes.length - 1 ? 2 : 1);
        const weight = Array.from({ length: rows }, () => take(sizes[k - 1]));
        layers.push([weight, take(rows)]);
      }
      if (name === activation && Number(key) === depth) return layers;
    }
  }
  return null;
}

const linear = ([weight, bias], x) => weight.map((row, k) => bias[k] + sum(row.map((w, i) => w * x[i])));
const logSoftmax = (votes) => {
  const top = Math.max(...votes), rest = Math.log(sum(votes.map((v) => Math.exp(v - top))));
  return votes.map((v) => v - top - rest);
};
const softmax = (votes) => logSoftmax(votes).map(Math.exp);
const bits = (count) => Array.from({ length: 2 ** count }, (_, mask) =>
  Array.from({ length: count }, (_, k) => (mask >> (count - 1 - k)) & 1));

/** All networks for one digit: how likely its mask is, and the logarithm of what it says. */
export function members(layers, activation, pixels, p) {
  const bend = bends[activation], q = 1 - p;
  const walk = (k, x, share) => {
    if (k === layers.length - 1) return [{ share, logs: logSoftmax(linear(layers[k], x)) }];
    const hidden = bend(linear(layers[k], x));
    return bits(hidden.length).flatMap((mask) => {
      const kept = sum(mask);
      return walk(k + 1, hidden.map((v, i) => v * mask[i]), share * q ** kept * p ** (mask.length - kept));
    });
  };
  return walk(0, pixels.map((v) => (v - 5) / 6), 1);
}

/** Arithmetic mean, normalised geometric mean, and the network whose hidden numbers count 1 - p times. */
export function means(layers, activation, pixels, p, all = members(layers, activation, pixels, p)) {
  const over = (f) => Array.from({ length: CLASSES }, (_, c) => sum(all.map((m) => m.share * f(m.logs[c]))));
  let x = pixels.map((v) => (v - 5) / 6);
  for (const layer of layers.slice(0, -1)) x = bends[activation](linear(layer, x)).map((v) => (1 - p) * v);
  return {
    arithmetic: over(Math.exp),
    geometric: softmax(over((v) => v)),
    scaled: softmax(linear(layers.at(-1), x)),
  };
}

const farthest = (one, other) => Math.max(...one.map((v, c) => Math.abs(v - other[c])));
const apart = (gap) => (gap < 1e-12 ? "equal to 12 digits" : `up to ${gap < 0.001 ? "0.001" : number(gap, 3)} apart`);
const choice = (says) => says.indexOf(Math.max(...says));

const text = (x, y, words, more = "") => `<text x="${x}" y="${y}" ${more}>${words}</text>`;
const line = (x1, y1, x2, y2, kind) => `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" class="${kind}"/>`;
const rect = (x, y, wide, high, kind) => `<rect x="${x}" y="${y}" width="${wide}" height="${high}" class="${kind}"/>`;
const MIDDLE = 'text-anchor="middle"', END = 'text-anchor="end"';

function drawing(kind) {
  const el = h("div", { class: `drawing ${kind}`, role: "img" });
  return { el, show(inside, label) {
    el.innerHTML = `<svg viewBox="0 0 ${WIDE} ${HIGH}" aria-hidden="true">${inside}</svg>`;
    el.setAttribute("aria-label", label);
  } };
}

/** For each class two bars, and across both a line where the scaled network stands. */
function votes({ arithmetic, geometric, scaled }, label) {
  const left = 34, top = 10, bottom = HIGH - 36, step = (WIDE - left - 4) / CLASSES;
  const Y = (v) => bottom - v * (bottom - top);
  return [0, 0.5, 1].map((v) => line(left, Y(v), WIDE - 4, Y(v), v ? "rule" : "axis")
      + text(left - 6, Y(v) + 4, number(v, v % 1 ? 1 : 0), END)).join("")
    + scaled.map((v, c) => {
      const x = left + (c + 0.14) * step, wide = 0.36 * step;
      return rect(x, Y(arithmetic[c]), wide, bottom - Y(arithmetic[c]), "arithmetic")
        + rect(x + wide, Y(geometric[c]), wide, bottom - Y(geometric[c]), "geometric")
        + line(x - 3, Y(v), x + 2 * wide + 3, Y(v), "scaled")
        + text(x + wide, bottom + 16, c, `${MIDDLE}${c === label ? ' class="right"' : ""}`);
    }).join("")
    + text(WIDE / 2 + 15, HIGH - 4, "class", MIDDLE);
}

/** How the networks are spread by the probability that they give to the right class. */
function spread(all, { arithmetic, geometric, scaled }, label) {
  const left = 34, top = 10, bottom = HIGH - 36;
  const bars = Array(BINS).fill(0);
  for (const { share, logs } of all) bars[Math.min(Math.floor(BINS * Math.exp(logs[label])), BINS - 1)] += share;
  const most = Math.max(...bars), step = (WIDE - left - 10) / BINS;
  const X = (v) => left + v * BINS * step, Y = (v) => bottom - (v / most) * (bottom - top - 6);
  return line(left, bottom, X(1), bottom, "axis")
    + text(left - 6, Y(most) + 4, `${Math.round(100 * most)}%`, END) + text(left - 6, bottom + 4, "0", END)
    + bars.map((v, k) => rect(X(k / BINS) + 1, Y(v), step - 2, bottom - Y(v), "members")).join("")
    + [[arithmetic, "arithmetic"], [geometric, "geometric"], [scaled, "scaled"]].map(([says, kind]) =>
      line(X(says[label]), top - 6, X(says[label]), bottom, kind)).join("")
    + [0, 0.5, 1].map((v) => text(X(v), bottom + 16, number(v, v % 1 ? 1 : 0), MIDDLE)).join("")
    + text(X(0.5), HIGH - 4, `probability of the right class, ${label}`, MIDDLE);
}

export function render({ model, el }) {
  const set = (name, v) => { model.set(name, v); model.save_changes(); };
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const bendPicks = NAMES.map((name) => [name, button(name, () => set("activation", name))]);
  const depthPicks = [[1, "depth 1: 8 units"], [2, "depth 2: 4 and 4 units"]].map(([depth, words]) =>
    [depth, button(words, () => set("depth", depth))]);
  const digit = slider("digit", 0, 9, (v) => set("digit", v));
  const drop = slider("p", 0, 19, (v) => set("p", v / 20));
  const image = h("div", { class: "seen", role: "img" });
  const bars = drawing("votes"), crowd = drawing("crowd");
  const telling = h("p", { class: "telling" }), gaps = h("p", { class: "equation" });
  const key = (kind, words) => h("span", {}, h("i", { class: `key ${kind}` }), words);
  const voice = announcer();
  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"), [LAB]: "" },
    h("div", { class: "panel microscope" },
      h("div", { class: "heading" }, model.get("title")),
      h("div", { class: "picks", role: "group", "aria-label": "activation" }, ...bendPicks.map(([, pick]) => pick)),
      h("div", { class: "picks", role: "group", "aria-label": "depth" }, ...depthPicks.map(([, pick]) => pick)),
      h("div", { class: "controls" }, image, digit.el, drop.el, button("Reset", () => {
        for (const name of TRAITS) set(name, start[name]);
      })),
      h("div", { class: "keys" }, key("arithmetic", "arithmetic mean"), key("geometric", "geometric mean"),
        key("scaled", "scaled network")),
      h("div", { class: "stage" },
        h("div", {}, h("div", { class: "name" }, "what they say: probability of each class"), bars.el),
        h("div", {}, h("div", { class: "name" }, "the 256 networks, by how likely their masks are"), crowd.el)),
      gaps, telling, voice.el));

  function draw() {
    const [activation, depth, label, p] = TRAITS.map((name) => model.get(name));
    const pixels = model.get("presets")[label], layers = layersOf(model.get("weights"), activation, depth);
    const all = members(layers, activation, pixels.flat(), p), found = means(layers, activation, pixels.flat(), p, all);
    for (const [value, pick] of bendPicks) pick.setAttribute("aria-pressed", value === activation);
    for (const [value, pick] of depthPicks) pick.setAttribute("aria-pressed", value === depth);
    digit.show(label);
    drop.show(Math.round(20 * p), number(p));
    image.innerHTML = `<svg viewBox="0 0 8 8" aria-hidden="true">${pixels.flatMap((row, r) => row.map((v, c) =>
      `<rect x="${c}" y="${r}" width="1.02" height="1.02" style="opacity:${v / 16}"/>`)).join("")}</svg>`;
    image.setAttribute("aria-label", `the digit, a ${label}`);
    const says = Object.entries(found).map(([name, v]) => `${name} ${choice(v)} (${number(Math.max(...v))})`).join(", ");
    const [near, far] = ["geometric", "arithmetic"].map((name) => apart(farthest(found[name], found.scaled)));
    gaps.replaceChildren(h("span", {}, "geometric mean and scaled network: ", h("b", {}, near)),
      h("span", {}, "arithmetic mean and scaled network: ", h("b", {}, far)));
    const right = sum(all.map((m) => (choice(m.logs) === label ? m.share : 0)));
    telling.textContent = `They choose: ${says}. Weighted by their masks, ${Math.round(100 * right)} % of the `
      + `networks choose ${label}.`;
    bars.show(votes(found, label), `probability of the right class, ${label}: ${Object.entries(found).map(([name, v]) =>
      `${name} ${number(v[label])}`).join(", ")}`);
    crowd.show(spread(all, found, label), `${all.length} networks, of which ${Math.round(100 * right)} % are right`);
    voice.say(`${activation}, depth ${depth}, p ${number(p)}: geometric mean and scaled network ${near}, `
      + `arithmetic mean and scaled network ${far}.`);
  }
  el.replaceChildren(root);
  draw();
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  return () => { for (const name of TRAITS) model.off(`change:${name}`, draw); };
}

export default { render };
