import { LAB, announcer, button, clamp, h, number, player, slider, sum } from "./parts.js";

const TRAITS = ["p", "layers", "weights", "seed"];
const INPUT = [1, -0.5, 0.8], UNITS = 6, WIDE = 420, HIGH = 250, BINS = 25;

/** One of two hidden layers, or the output: weights and a bias in each row. */
const layer = (rows, x) => rows.map((row) => sum(x.map((v, i) => row[i] * v)) + row[UNITS]);
const relu = (x) => x.map((v) => Math.max(v, 0));

/** What the network says if unit i of all hidden ones, first layer first, counts factors[i] times. */
export function says(weights, layers, factors) {
  const thin = (x, from) => relu(x).map((v, i) => v * factors[from + i]);
  const first = thin(layer(weights.slice(0, UNITS), INPUT), 0);
  const hidden = layers === 1 ? first : [first, thin(layer(weights.slice(UNITS, 2 * UNITS), first), UNITS)];
  const last = layers === 1 ? first : hidden[1];
  return { hidden: layers === 1 ? [first] : hidden, output: layer(weights.slice(2 * UNITS), last)[0] };
}

/** All masks of the hidden units, what each network says and how probable it is. */
export function everyone(weights, layers, p) {
  const count = layers * UNITS, q = 1 - p;
  return Array.from({ length: 2 ** count }, (_, code) => {
    const kept = Array.from({ length: count }, (_, i) => (code >> i) & 1), on = sum(kept);
    const { output } = says(weights, layers, kept.map((k) => k / q));
    return { output, chance: q ** on * p ** (count - on) };
  });
}
export const mean = (all) => sum(all.map(({ output, chance }) => output * chance));

/** A generator of numbers from 0 to 1, of 32 bits, after mulberry32. */
export function coins(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const text = (x, y, words, more = "") => `<text x="${x}" y="${y}" ${more}>${words}</text>`;
const line = (x1, y1, x2, y2, kind) => `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" class="${kind}"/>`;

/** A drawing that is read out as one sentence. */
function drawing(kind) {
  const el = h("div", { class: `drawing ${kind}`, role: "img" });
  return { el, show(inside, label) {
    el.innerHTML = `<svg viewBox="0 0 ${WIDE} ${HIGH}" aria-hidden="true">${inside}</svg>`;
    el.setAttribute("aria-label", label);
  } };
}

/** The network: a column for each layer; who is dropped is an empty circle with a cross. */
function net(layers, kept, values, output) {
  const sizes = [INPUT.length, ...Array(layers).fill(UNITS), 1];
  const X = (column) => 34 + (column * (WIDE - 76)) / (sizes.length - 1);
  const Y = (column, row) => HIGH / 2 + (row - (sizes[column] - 1) / 2) * 39;
  const here = (column, row) => (column && column <= layers ? kept[(column - 1) * UNITS + row] : 1);
  const shown = [INPUT, ...values, [output]];
  let edges = "", dots = "";
  sizes.forEach((size, column) => {
    for (let row = 0; row < size; row += 1) {
      const [x, y] = [X(column), Y(column, row)];
      if (column) {
        for (let before = 0; before < sizes[column - 1]; before += 1)
          if (here(column, row) && here(column - 1, before)) edges += line(X(column - 1), Y(column - 1, before), x, y, "edge");
      }
      dots += here(column, row) ? `<circle cx="${x}" cy="${y}" r="17" class="dot"/>`
        + text(x, y + 4, number(shown[column][row]), 'text-anchor="middle" class="inside"')
        : `<circle cx="${x}" cy="${y}" r="17" class="gone"/>`
        + line(x - 7, y - 7, x + 7, y + 7, "cross") + line(x - 7, y + 7, x + 7, y - 7, "cross");
    }
  });
  return edges + dots;
}

/** How often the thinned networks said what, over what all of them would say; their mean and the scaled network. */
function histogram(said, all, scaled, average) {
  const outputs = all.filter(({ chance }) => chance > 0).map(({ output }) => output);
  const low = Math.min(...outputs, scaled), high = Math.max(...outputs, scaled), span = high - low || 1;
  const [left, right, top, bottom] = [14, WIDE - 14, 46, HIGH - 24];
  const bin = (v) => clamp(Math.floor(((v - low) / span) * BINS), 0, BINS - 1);
  const count = (pairs) => pairs.reduce((bins, [v, share]) => { bins[bin(v)] += share; return bins; }, Array(BINS).fill(0));
  const expected = count(all.map(({ output, chance }) => [output, chance]));
  const found = count(said.map((v) => [v, 1 / said.length]));
  const most = Math.max(...expected, ...found), step = (right - left) / BINS;
  const X = (v) => left + ((v - low) / span) * (right - left), H = (share) => (share / most) * (bottom - top);
  const bar = (share, k, kind) => `<rect x="${left + k * step + 1}" y="${bottom - H(share)}" width="${step - 2}" height="${H(share)}" class="${kind}"/>`;
  const mark = (v, y, words, kind) => line(X(v), top - 8, X(v), bottom, kind)
    + text(clamp(X(v), 90, WIDE - 90), y, words, 'text-anchor="middle"');
  return found.map((share, k) => bar(share, k, "said")).join("") + expected.map((share, k) => bar(share, k, "expected")).join("")
    + line(left, bottom, right, bottom, "axis") + mark(scaled, 14, `scaled (solid) ${number(scaled, 3)}`, "scaled")
    + mark(average, 32, `mean of all (dashed) ${number(average, 3)}`, "average")
    + [low, high].map((v, k) => text(k ? right : left, HIGH - 7, number(v), `text-anchor="${k ? "end" : "start"}"`)).join("");
}

export function render({ model, el }) {
  const set = (name, v) => { model.set(name, v); model.save_changes(); };
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  let said, kept, throwing, all;
  const restart = () => {
    const [p, layers, weights, seed] = TRAITS.map((name) => model.get(name));
    said = [];
    kept = Array(layers * UNITS).fill(1);
    throwing = coins(seed);
    all = everyone(weights, layers, p);
    draw();
  };
  const toss = (times) => {
    const [p, layers, weights] = TRAITS.map((name) => model.get(name));
    for (let k = 0; k < times; k += 1) {
      kept = Array.from({ length: layers * UNITS }, () => Number(throwing() >= p));
      said.push(says(weights, layers, kept.map((one) => one / (1 - p))).output);
    }
    draw();
  };
  const rate = slider("p", 0, 95, (v) => { film.stop(); set("p", v / 100); });
  const depths = [1, 2].map((n) => button(`${n} hidden layer${n > 1 ? "s" : ""}`, () => { film.stop(); set("layers", n); }));
  const network = drawing("network"), spread = drawing("spread");
  const telling = h("p", { class: "telling" });
  const voice = announcer();
  const film = player({
    ready() {},
    advance() { toss(1); return said.length < 10000; },
    changed: () => draw(),
  });
  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"), [LAB]: "" },
    h("div", { class: "panel thinned" },
      h("div", { class: "heading" }, model.get("title")),
      h("div", { class: "controls" }, rate.el, ...depths),
      h("div", { class: "stage" },
        h("div", {}, h("div", { class: "name" }, "this throw"), network.el),
        h("div", {}, h("div", { class: "name" }, "filled: what was said; outline: all networks"), spread.el)),
      telling,
      h("div", { class: "controls" }, button("Throw", () => { film.stop(); toss(1); }),
        button("100 throws", () => { film.stop(); toss(100); }), film.button,
        button("Reset", () => {
          film.stop();
          for (const name of TRAITS) set(name, start[name]);
          restart();
        })), voice.el));

  function draw() {
    const [p, layers, weights] = TRAITS.map((name) => model.get(name));
    const now = says(weights, layers, said.length ? kept.map((one) => one / (1 - p)) : kept);
    const scaled = says(weights, layers, kept.map(() => 1)).output, average = mean(all);
    rate.show(Math.round(100 * p), number(p));
    depths.forEach((one, k) => one.setAttribute("aria-pressed", layers === k + 1));
    const dropped = kept.length - sum(kept);
    network.show(net(layers, kept, now.hidden, now.output),
      `${said.length ? `${dropped} of ${kept.length} hidden units dropped` : "nobody dropped"}; it says ${number(now.output)}`);
    const so = said.length ? `${said.length} thrown, mean ${number(sum(said) / said.length, 3)}` : "nothing thrown yet";
    spread.show(histogram(said, all, scaled, average),
      `${so}; mean of all ${number(average, 3)}; scaled network ${number(scaled, 3)}`);
    telling.textContent = `${said.length ? `This network says ${number(now.output, 3)}. ` : ""}So far: ${so}. `
      + `All ${(2 ** kept.length).toLocaleString("en")} networks have the mean ${number(average, 3)}; the scaled network says ${number(scaled, 3)}.`;
    if (!film.playing()) voice.say(telling.textContent);
  }
  el.replaceChildren(root);
  restart();
  for (const name of TRAITS) model.on(`change:${name}`, restart);
  return () => {
    film.close();
    for (const name of TRAITS) model.off(`change:${name}`, restart);
  };
}

export default { render };
