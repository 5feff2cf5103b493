// Curves and statistics of recorded training runs: look, choose what you suspect, reveal.
import { LAB, announcer, button, clamp, h, number } from "./parts.js";

const WIDTH = 100, HEIGHT = 56;
const PARTS = ["training", "test"], LAYERS = ["layer 1", "layer 2", "layer 3"], RELUS = ["ReLU 1", "ReLU 2"];
// key, title, names of the lines, ends of the axis, logarithmic or not: the same axes for all cases
const PANELS = [
  ["loss", "loss", PARTS, 0.001, 1000, true],
  ["accuracy", "right answers", PARTS, 0, 1, false],
  ["gradient", "size of the gradient", LAYERS, 1e-6, 100, true],
  ["step", "step over weight", LAYERS, 1e-6, 1, true],
  ["zeros", "share of zeros", RELUS, 0, 1, false],
  ["dead", "share of dead units", RELUS, 0, 1, false],
];
const TRAITS = ["case", "guess", "revealed", "cases"];

/** Where the values of a line lie in a picture of WIDTH x HEIGHT; what is beyond an end of the axis stays there. */
export function points(values, low, high, log) {
  const scale = log ? (v) => Math.log10(Math.max(v, 1e-300)) : (v) => v, last = Math.max(values.length - 1, 1);
  return values.map((v, k) => (v === null ? null : [WIDTH * k / last,
    HEIGHT * (1 - clamp((scale(v) - scale(low)) / (scale(high) - scale(low)), 0, 1))]));
}

const percent = (v) => `${number(100 * v, 0)} %`;
const tick = (v, log) => (log ? (v >= 0.001 && v <= 1000 ? `${v}` : `10${v < 1 ? "⁻⁶" : "²"}`.replace("10²", "100")) : percent(v));
/** Three digits, as many as were recorded; a dash where nothing could be measured. */
export function brief(v) {
  if (v === null || v === undefined) return "–";
  const size = Math.abs(v);
  if (size && (size < 0.001 || size >= 10000)) return v.toExponential(1).replace(/-/g, "−").replace("e+", "e");
  return number(v, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 || !size ? 2 : 3);
}

/** The table beside the panels: what is measured, and how it should be. */
const FACTS = [
  ["first loss", "ln 10 = 2.30", (f) => brief(f.first)],
  ["typical size of the input", "about 1", (f) => brief(f.size)],
  ["classes in a batch of 32", "about 9.7", (f) => brief(f.classes)],
  ["test examples learned from", "0 %", (f) => percent(f.overlap)],
  ["same answer when asked twice", "100 %", (f) => (f.steady === null ? "–" : percent(f.steady))],
  ["mean of the votes at the end", "any", (f) => brief(f.votes)],
  ["differences at the start: ReLU 1, 2, votes", "0.1 to 5", (f) => f.spread.map(brief).join(", ")],
  ["slope along the gradient, layers 1 to 3", "1, 1, 1", (f) => f.slope.map(brief).join(", ")],
];

function chart([key, title, names, low, high, log]) {
  const svg = h("div", { class: "plot", role: "img" });
  const el = h("div", { class: "chart" }, h("div", { class: "name" }, title), h("div", { class: "axes" },
    h("div", { class: "ticks", "aria-hidden": "true" }, h("span", {}, tick(high, log)), h("span", {}, tick(low, log))), svg));
  return { el, show(one) {
    const lines = one.panels[key], end = one.epochs[one.epochs.length - 1];
    svg.innerHTML = `<svg viewBox="-2 -2 ${WIDTH + 4} ${HEIGHT + 4}" preserveAspectRatio="none">` + lines.map((values, k) => {
      const places = points(values, low, high, log).filter(Boolean);
      return `<polyline class="line-${k}" vector-effect="non-scaling-stroke" points="${places.map((p) => p.map((v) => v.toFixed(2)).join()).join(" ")}"/>`;
    }).join("") + "</svg>";
    const told = lines.map((values, k) => (values.length
      ? `${names[k]} from ${brief(values[0])} to ${brief(values[values.length - 1])}` : `${names[k]} not recorded`));
    svg.setAttribute("aria-label", `${title} over ${end} epochs: ${told.join("; ")}`);
  } };
}

export function render({ model, el }) {
  const get = (name) => model.get(name);
  const set = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const solved = new Map(); // case -> whether the last answer was right
  const go = (by) => {
    const count = get("cases").length;
    set({ revealed: false, guess: "", case: (get("case") - 1 + by + count) % count + 1 });
  };

  const charts = PANELS.map(chart), which = h("b", { class: "which" });
  const cells = FACTS.map(([what, due]) => {
    const value = h("td", { class: "value" });
    return { value, row: h("tr", {}, h("th", { scope: "row" }, what), value, h("td", {}, due)) };
  });
  const suspects = Object.keys(get("families")).map((family) => {
    const pick = button(family, () => set({ revealed: false, guess: family }));
    return { family, pick };
  });
  const reveal = button("Reveal", () => {
    const right = get("cases")[get("case") - 1].family === get("guess");
    if (!solved.has(get("case"))) solved.set(get("case"), right);
    set({ revealed: true });
  });
  const telling = h("div", { class: "telling" }), score = h("span", { class: "score" }), voice = announcer();

  const key = (names) => h("span", {}, ...names.flatMap((name, k) => [h("i", { class: `key line-${k}` }), `${name} `]));
  const root = h("div", { class: "explorer", role: "group", "aria-label": get("title"), [LAB]: "" },
    h("div", { class: "panel faults" },
      h("div", { class: "heading" }, get("title")),
      h("div", { class: "controls" }, button("Previous", () => go(-1)), which, button("Next", () => go(1)), score),
      h("div", { class: "charts" }, ...charts.map((one) => one.el)),
      h("p", { class: "keys", "aria-hidden": "true" }, key(["first line: training, layer 1, ReLU 1", "second: test, layer 2, ReLU 2", "third: layer 3"])),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "measured"), h("th", { scope: "col" }, "here"),
        h("th", { scope: "col" }, "healthy"))), h("tbody", {}, ...cells.map(({ row }) => row))),
      h("div", { class: "name" }, "What do you suspect?"),
      h("div", { class: "suspects", role: "group", "aria-label": "suspects" }, ...suspects.map(({ pick }) => pick)),
      h("div", { class: "controls answer" }, reveal), telling), voice.el);

  function draw() {
    const now = get("case"), one = get("cases")[now - 1], guess = get("guess"), open = get("revealed");
    which.textContent = `Case ${now} of ${get("cases").length}`;
    charts.forEach((each) => each.show(one));
    cells.forEach(({ value }, k) => { value.textContent = FACTS[k][2](one.facts); });
    suspects.forEach(({ family, pick }) => pick.setAttribute("aria-pressed", family === guess));
    reveal.disabled = !guess || open;
    const right = one.family === guess;
    telling.replaceChildren(...(open ? [
      h("p", {}, h("b", {}, right ? "✓ Right. " : "✗ Not this time. "), `The fault: ${one.fault}. ${one.what} Family: ${one.family}.`),
      h("p", {}, `diagnose says ${one.said}: ${one.evidence}`),
      h("p", {}, `What to do: ${get("families")[one.family]}`),
    ] : [h("p", {}, guess ? `You suspect: ${guess}. Now reveal.` : "Look at the curves and the table, then choose.")]));
    const count = [...solved.values()].filter(Boolean).length;
    score.textContent = solved.size ? `${count} of ${solved.size} right at the first answer` : "";
    voice.say(`Case ${now}. ${telling.textContent}`);
  }
  el.replaceChildren(root);
  draw();
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  return () => { for (const name of TRAITS) model.off(`change:${name}`, draw); };
}

export default { render };
