import {
  LAB, announcer, button, clamp, correlate2d, fill, grid, h, number, part, replaced, short, still, sum,
  table, thumbnail,
} from "./parts.js";

const TRAITS = ["image", "weight", "bias", "votes", "vote_bias"];
const STAGES = ["filtered", "ReLU", "pooled", "pooled again"];
// How each stage's windows lie on the one before it (the first on the image), and its size.
const WINDOWS = [{ size: 3, stride: 1, side: 7 }, { size: 1, stride: 1, side: 7 },
  { size: 2, stride: 2, side: 4 }, { size: 2, stride: 2, side: 2 }];

export const relu = (map) => map.map((line) => line.map((v) => Math.max(v, 0)));

/** The maximum of each window; the last one may stick out, and takes what there is. */
export function maxPool(map, size = 2, stride = 2) {
  const count = (n) => Math.max(1, Math.min(Math.ceil((n - size) / stride) + 1, Math.ceil(n / stride)));
  return table(count(map.length), count(map[0].length), (r, c) => Math.max(...map
    .slice(r * stride, r * stride + size).flatMap((line) => line.slice(c * stride, c * stride + size))));
}

/** Each candidate's weighted sum of all values, plus its bias. */
export const vote = (values, votes, bias) => votes.map((row, k) => bias[k] + sum(row.map((w, i) => w * values[i])));

export const verdict = ([x, o]) => (Math.abs(x - o) < 1e-9 ? "tie" : x > o ? "X" : "O");

/** Every stage's stack of maps, the twelve values and the two votes. */
export function network(image, weight, bias, votes, voteBias) {
  const filtered = weight.map((w, k) => correlate2d(image, w).map((line) => line.map((v) => v + bias[k])));
  const rectified = filtered.map(relu);
  const pooled = rectified.map((map) => maxPool(map));
  const again = pooled.map((map) => maxPool(map));
  const values = again.flat(2);
  return { stages: [filtered, rectified, pooled, again], values, votes: vote(values, votes, voteBias) };
}

/**
 * What fed the cell (row, col) of a stage: rows and columns [first, last] of the image, then of
 * each stage before it, and the cell itself.
 */
export function fedBy(stage, row, col) {
  let span = [[row, row], [col, col]];
  const spans = [span];
  for (let k = stage; k >= 0; k--) {
    const { size, stride } = WINDOWS[k], last = (k ? WINDOWS[k - 1].side : 9) - 1;
    span = span.map(([from, to]) => [from * stride, clamp(to * stride + size - 1, 0, last)]);
    spans.unshift(span);
  }
  return spans;
}

const brief = (v) => (v ? number(v) : "0");
const range = ([from, to]) => (from === to ? `${from + 1}` : `${from + 1} to ${to + 1}`);
const pixelsOf = (stage, r, c) => {
  const [rows, cols] = fedBy(stage, r, c)[0].map(range);
  return `image rows ${rows}, columns ${cols}`;
};
const HINT = "Point at a cell of any map, or reach it with the arrow keys, to see the pixels it comes from.";

export function render({ model, el }) {
  const set = (image) => { model.set("image", image); model.save_changes(); };

  const image = grid({ label: "drawing", rows: 9, cols: 9, toggles: true, drag: true,
    press(r, c, stroke = -model.get("image")[r][c]) {
      set(replaced(model.get("image"), r, c, stroke));
      return stroke;
    } });
  const seen = image.frame();
  const trace = h("p", { class: "trace" }, HINT);

  const lines = [0, 1, 2].map((f) => {
    const filter = still(3, 3);
    const maps = STAGES.map((name, stage) => grid({ label: `${name}, feature ${f + 1}`,
      rows: WINDOWS[stage].side, cols: WINDOWS[stage].side,
      point: (r, c) => point(stage, f, r, c) }));
    return { filter, maps, frames: maps.map((map) => map.frame()), caption: h("span") };
  });
  const ballot = grid({ label: "values and votes", rows: 3, cols: 12,
    point: (r, i) => (r === 0 ? point(3, Math.floor(i / 4), (i >> 1) & 1, i & 1) : point(0, 0, null)) });
  const results = [h("span"), h("b"), h("b")];
  const candidates = ["X", "O"].map((name) => ({ name, bar: h("i"), text: h("b") }));
  const letter = h("div", { class: "letter" });
  const ruling = h("div", { class: "ruling" });
  const voice = announcer();
  const picks = Object.entries(model.get("presets")).map(([name, drawing]) => {
    const pick = button(thumbnail(drawing), () => set(drawing));
    pick.append(name);
    return [pick, drawing];
  });
  const presets = h("div", { class: "presets", role: "group", "aria-label": "start from" },
    ...picks.map(([pick]) => pick));

  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"),
    [LAB]: "" },
  h("div", { class: "panel network" },
    h("div", { class: "heading" }, model.get("title")),
    h("div", { class: "upper" },
      part("image", "image: draw on it", image.el),
      h("div", { class: "side" },
        presets,
        h("div", { class: "verdict" }, letter,
          h("div", { class: "bars" }, ruling, ...candidates.map(({ name, bar, text }) =>
            h("div", { class: "bar" }, h("span", {}, name), h("div", {}, bar), text)))),
        trace)),
    ...lines.map(({ filter, maps, caption }) => h("div", { class: "line" },
      part("filter", caption, filter.el),
      ...maps.map((map, s) => part(`s${s}`, STAGES[s], map.el)))),
    h("div", { class: "ballot" },
      h("div", { class: "name" }, "the twelve values, and how much each counts for X and for O"),
      h("div", { class: "heads" }, h("span", {}, "values"), h("b", {}, "X"), h("b", {}, "O")), ballot.el,
      h("div", { class: "heads" }, ...results)),
    voice.el));

  function point(stage, f, r, c) {
    const spans = r === null ? [] : fedBy(stage, r, c);
    seen(spans[0]);
    lines.forEach(({ frames }, k) => frames.forEach((frame, s) => frame(k === f ? spans[s + 1] : null)));
    trace.textContent = r === null ? HINT
      : `${STAGES[stage]}, feature ${f + 1}, row ${r + 1}, column ${c + 1}: from ${pixelsOf(stage, r, c)}.`;
  }
  function draw() {
    const { stages, values, votes } = network(
      ...["image", "weight", "bias", "votes", "vote_bias"].map((name) => model.get(name)));
    const scale = Math.max(1, ...stages[0].flat(2).map(Math.abs));
    image.show(model.get("image"), { text: short, picture: true });
    lines.forEach(({ filter, maps, caption }, f) => {
      const weight = model.get("weight")[f], bias = model.get("bias")[f];
      // the deck's features divided by 9 are shown as the deck prints them
      const ninths = weight.flat().every((w) => Math.abs(Math.abs(w) - 1 / 9) < 1e-9);
      const shown = ninths ? weight.map((line) => line.map(Math.sign)) : weight;
      const most = Math.max(...weight.flat().map(Math.abs), 1e-9);
      filter.show(shown, `filter ${f + 1}, rows ${shown.map((line) => line.map(short).join(" ")).join("; ")}`,
        ninths ? { text: short, picture: true } : { scale: most });
      caption.textContent = (ninths ? "feature ÷ 9" : "filter")
        + (bias ? `, ${bias < 0 ? "−" : "+"} ${number(Math.abs(bias))}` : "");
      maps.forEach((map, s) => map.show(stages[s][f], { scale, text: brief,
        say: (r, c, v) => `value ${number(v)}, from ${pixelsOf(s, r, c)}` }));
    });
    const weights = model.get("votes"), most = Math.max(...weights.flat().map(Math.abs), 1e-9);
    ballot.show([values], { scale, text: brief, say: (r, i, v) => `value ${number(v)}` });
    weights.forEach((row, k) => row.forEach((w, i) => {
      const cell = ballot.cells[k + 1][i];
      fill(cell, w, { scale: 1.6 * most, text: (v) => (v ? number(v) : "·") });
      cell.setAttribute("aria-label", `value ${i} counts ${number(w)} for ${"XO"[k]}`);
    }));

    const winner = verdict(votes), [x, o] = votes.map((v) => number(v));
    const longest = Math.max(1, ...votes.map(Math.abs));
    candidates.forEach(({ bar, text }, k) => {
      bar.style.width = `${(Math.abs(votes[k]) / longest) * 100}%`;
      bar.className = votes[k] < 0 ? "negative" : "";
      text.textContent = number(votes[k]);
      results[k + 1].replaceChildren(h("i", {}, "= "), number(votes[k]));
      bar.parentNode.parentNode.classList.toggle("wins", winner === "XO"[k]);
      results[k + 1].classList.toggle("wins", winner === "XO"[k]);
    });
    letter.textContent = winner === "tie" ? "?" : winner;
    ruling.textContent = winner === "tie" ? "A tie." : `Says ${winner}.`;
    voice.say(`${winner}: X ${x}, O ${o}`);
    picks.forEach(([pick, drawing]) =>
      pick.setAttribute("aria-pressed", drawing.join() === model.get("image").join()));
  }
  el.replaceChildren(root);
  draw();
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  return () => { for (const name of TRAITS) model.off(`change:${name}`, draw); };
}

export { correlate2d };
export default { render };
