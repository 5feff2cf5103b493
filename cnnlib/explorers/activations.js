import { LAB, announcer, button, clamp, h, number, player, slider } from "./parts.js";

const TRAITS = ["activation", "x", "w", "b", "units", "unit", "negative_slope"];
const LONGEST = 20, WIDE = 420, HIGH = 250, LEFT = 58; // LEFT: room for what stands beside the strips

/** exp only of what is negative, so that nothing overflows. */
const sigmoid = (z) => {
  const small = Math.exp(-Math.abs(z));
  return (z < 0 ? small : 1) / (1 + small);
};
const FUNCTIONS = { // value and slope at z; a is the slope of the leaky ReLU below zero
  sigmoid: [sigmoid, (z) => sigmoid(z) * (1 - sigmoid(z))],
  tanh: [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
  ReLU: [(z) => Math.max(z, 0), (z) => Number(z > 0)],
  "leaky ReLU": [(z, a) => (z > 0 ? z : a * z), (z, a) => (z > 0 ? 1 : a)],
};
export const value = (name, z, a) => FUNCTIONS[name][0](z, a);
export const slope = (name, z, a) => FUNCTIONS[name][1](z, a);

/** For each unit: z = w h + b, its value, its slope, and d out / d h, the gradient that leaves it backwards. */
export function chain(name, x, w, b, units, a) {
  let now = x, gradient = 1;
  const rows = Array.from({ length: units }, () => {
    const z = w * now + b;
    now = value(name, z, a);
    return { z, value: now, slope: slope(name, z, a) };
  });
  for (const row of [...rows].reverse()) row.gradient = gradient *= w * row.slope;
  return rows;
}

/** Three digits that count, with a power of ten where there would be many zeros; a true minus sign. */
export function brief(v) {
  const size = Math.abs(v);
  if (!size || (size >= 1e-3 && size < 1e5)) return String(Number(v.toPrecision(3)) || 0).replace("-", "−");
  const [digits, power] = v.toExponential(2).split("e");
  return `${digits.replace("-", "−")} × 10${raised(Number(power))}`;
}
const raised = (power) => (power < 0 ? "⁻" : "") + [...String(Math.abs(power))].map((d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]).join("");

const tick = (v) => (Math.abs(v) < 1000 ? brief(v)
  : v.toExponential(0).replace("-", "−").replace(/e\+(\d+)/, (_, power) => `·10${raised(Number(power))}`));

const text = (x, y, words, more = "") => `<text x="${x}" y="${y}" ${more}>${words}</text>`;
const line = (x1, y1, x2, y2, kind) => `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" class="${kind}"/>`;
const path = (points, kind) =>
  `<path d="M${points.map((p) => p.map((v) => v.toFixed(1)).join(" ")).join("L")}" class="${kind}"/>`;

/** A drawing that is read out as one sentence. */
function drawing(kind) {
  const el = h("div", { class: `drawing ${kind}`, role: "img" });
  return { el, show(inside, label) {
    el.innerHTML = `<svg viewBox="0 0 ${WIDE} ${HIGH}" aria-hidden="true">${inside}</svg>`;
    el.setAttribute("aria-label", label);
  } };
}

/** The function and its slope from -6 to 6, and where the unit stands. */
function curves(name, a, at) {
  const [left, right, top, bottom] = [30, WIDE - 8, 14, HIGH - 22], low = -1.25, high = 2;
  const X = (z) => left + ((clamp(z, -6, 6) + 6) / 12) * (right - left);
  const Y = (v) => bottom - ((clamp(v, low, high) - low) / (high - low)) * (bottom - top);
  const zs = Array.from({ length: 241 }, (_, k) => -6 + k / 20);
  const shown = zs.filter((z) => value(name, z, a) <= high && value(name, z, a) >= low);
  return [-1, 0, 1, 2].map((v) => line(left, Y(v), right, Y(v), v ? "rule" : "axis")
      + text(left - 5, Y(v) + 4, number(v, 0), 'text-anchor="end"')).join("")
    + [-6, -3, 0, 3, 6].map((z) => text(X(z), HIGH - 4, number(z, 0), 'text-anchor="middle"')).join("")
    + line(X(0), top, X(0), bottom, "axis")
    + path(shown.map((z) => [X(z), Y(value(name, z, a))]), "curve")
    + path(zs.map((z) => [X(z), Y(slope(name, z, a))]), "steep")
    + line(X(at.z), top, X(at.z), bottom, "here")
    + [at.value, at.slope].map((v, k) => `<circle cx="${X(at.z)}" cy="${Y(v)}" r="5" class="${k ? "hollow" : "dot"}"/>`).join("");
}

/** Above the value of each unit, below the gradient that leaves it, on a scale of powers of ten. */
function strips(rows, chosen) {
  const step = (WIDE - LEFT - 6) / rows.length, X = (k) => LEFT + (k + 0.5) * step;
  const most = Math.max(1, ...rows.map((row) => Math.abs(row.value)));
  const Y = (v) => 58 - (v / most) * 44;
  const sizes = rows.map(({ gradient }) => (gradient ? Math.log10(Math.abs(gradient)) : null));
  const some = sizes.filter((v) => v !== null);
  const low = Math.floor(Math.min(-1, ...some)), high = Math.ceil(Math.max(1, ...some));
  const [top, bottom] = [134, HIGH - 22];
  const G = (v) => (v === null ? bottom : bottom - ((v - low) / (high - low)) * (bottom - top));
  const points = sizes.map((v, k) => [X(k), G(v)]);
  const ticks = [...new Set([low, 0, high])].filter((v) => !v || Math.abs(G(v) - G(0)) > 13);
  const wide = Math.max(2, 0.6 * step);
  return `<rect x="${X(chosen) - step / 2}" y="2" width="${step}" height="${HIGH - 18}" class="here"/>`
    + text(LEFT, 11, "value") + text(LEFT, 124, "gradient that comes back")
    + line(LEFT, Y(0), WIDE - 6, Y(0), "axis")
    + [most, 0, -most].map((v) => text(LEFT - 6, Y(v) + 4, tick(v), 'text-anchor="end"')).join("")
    + rows.map(({ value: v }, k) => `<rect x="${X(k) - wide / 2}" y="${Math.min(Y(v), Y(0))}" width="${wide}"`
      + ` height="${Math.abs(Y(v) - Y(0))}" class="${v < 0 ? "minus" : "plus"}"/>`).join("")
    + ticks.map((v) => line(LEFT, G(v), WIDE - 6, G(v), v ? "rule" : "axis")
      + text(LEFT - 6, G(v) + 4, v ? `10${raised(v)}` : "1", 'text-anchor="end"')).join("")
    + path(points, "curve")
    + points.map(([x, y], k) => (sizes[k] === null ? text(x, y - 3, "0", 'text-anchor="middle" class="none"')
      : `<circle cx="${x}" cy="${y}" r="4" class="${rows[k].gradient < 0 ? "hollow" : "dot"}"/>`)).join("")
    + [0, rows.length - 1].filter((k, i) => !i || k).map((k) =>
      text(X(k), HIGH - 4, `${k + 1}`, 'text-anchor="middle"')).join("");
}

export function render({ model, el }) {
  const set = (name, v) => { model.set(name, v); model.save_changes(); };
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const picks = Object.keys(FUNCTIONS).map((name) => {
    const gradient = h("small"), pick = button("", () => set("activation", name));
    pick.append(h("span", {}, name), gradient);
    return { name, pick, gradient };
  });
  const tenth = (name, label) => slider(label, -40, 40, (v) => { film.stop(); set(name, v / 10); });
  const sliders = { x: tenth("x", "x"), w: tenth("w", "weight"), b: tenth("b", "bias") };
  const length = slider("units", 1, LONGEST, (v) => { film.stop(); set("units", v); });
  const look = slider("look at unit", 1, LONGEST, (v) => set("unit", Math.min(v, model.get("units"))));
  const leak = slider("slope below 0", 0, 100, (v) => set("negative_slope", v / 100));
  const plot = drawing("plot"), chained = drawing("chained");
  chained.el.addEventListener("click", (event) => {
    const box = chained.el.getBoundingClientRect(), left = (LEFT / WIDE) * box.width;
    const share = (event.clientX - box.left - left) / (box.width - left - (6 / WIDE) * box.width);
    set("unit", clamp(Math.floor(share * model.get("units")) + 1, 1, model.get("units")));
  });
  const telling = h("p", { class: "telling" }), equation = h("p", { class: "equation" });
  const voice = announcer();
  const film = player({
    ready() { if (model.get("units") === LONGEST) set("units", 1); },
    advance() {
      set("units", Math.min(model.get("units") + 1, LONGEST));
      return model.get("units") < LONGEST;
    },
    changed: () => draw(),
  });
  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"), [LAB]: "" },
    h("div", { class: "panel activations" },
      h("div", { class: "heading" }, model.get("title")),
      h("div", { class: "picks", role: "group", "aria-label": "activation, and d out / dx with it" },
        ...picks.map(({ pick }) => pick)),
      h("div", { class: "controls" }, ...Object.values(sliders).map((one) => one.el), length.el, look.el, leak.el),
      h("div", { class: "stage" },
        h("div", {}, h("div", { class: "name" }, "function (solid) and slope (dashed) at z"), plot.el),
        h("div", {}, h("div", { class: "name" }, "the chain: choose a unit"), chained.el)),
      telling, equation,
      h("div", { class: "controls" }, film.button, button("Reset", () => {
        film.stop();
        for (const name of TRAITS) set(name, start[name]);
      })), voice.el));

  function draw() {
    const [name, x, w, b, units, unit, a] = TRAITS.map((trait) => model.get(trait));
    const rows = chain(name, x, w, b, units, a), k = Math.min(unit, units) - 1, at = rows[k];
    picks.forEach(({ name: other, pick, gradient }) => {
      pick.setAttribute("aria-pressed", other === name);
      gradient.textContent = brief(chain(other, x, w, b, units, a)[0].gradient);
    });
    Object.entries(sliders).forEach(([trait, one]) => one.show(10 * model.get(trait), brief(model.get(trait))));
    length.show(units);
    look.show(k + 1, `${k + 1} of ${units}`);
    leak.show(100 * a, brief(a));
    leak.el.hidden = name !== "leaky ReLU";
    const before = k ? rows[k - 1].value : x, signed = (v) => (v < 0 ? `(${brief(v)})` : brief(v));
    telling.textContent = `Unit ${k + 1} of ${units}: z = ${brief(w)} × ${signed(before)} + ${signed(b)} = ${brief(at.z)}, `
      + `value ${brief(at.value)}, slope ${brief(at.slope)}. The gradient that leaves it backwards: ${brief(at.gradient)}.`;
    equation.replaceChildren("d out / dx = weight × slope, of all units multiplied = ", h("b", {}, brief(rows[0].gradient)));
    plot.show(curves(name, a, at), `${name}: value ${brief(at.value)} and slope ${brief(at.slope)} at z = ${brief(at.z)}`);
    chained.show(strips(rows, k), `chain of ${units}: values from ${brief(rows[0].value)} to ${brief(rows[units - 1].value)}, `
      + `gradients from ${brief(rows[units - 1].gradient)} at the last unit to ${brief(rows[0].gradient)} at the first`);
    if (!film.playing()) voice.say(`${name}, ${units} units: d out / dx ${brief(rows[0].gradient)}. ${telling.textContent}`);
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
