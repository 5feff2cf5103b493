import { LAB, announcer, button, clamp, h, moved, number, sum, table } from "./parts.js";

const TRAITS = ["image", "weights", "scales", "biases", "pixels", "fit"];
const SIDE = 32, PAPER = -0.1, INK = 1.175, TRACE = 0.1, PEN = 1.6, CLASSES = 10;
const FRAMES = { 8: [24, 8], 16: [24, 16], 28: [28, 20] };
// How many maps a layer has, their size, and which window of the input a value sees: its side and
// the step to the next. The last two are no maps: they see everything, and lie here in rows.
const STAGES = [
  { name: "C1", what: "convolution", maps: 6, rows: 28, cols: 28, size: 5, jump: 1 },
  { name: "S2", what: "pooling", maps: 6, rows: 14, cols: 14, size: 6, jump: 2 },
  { name: "C3", what: "convolution", maps: 16, rows: 10, cols: 10, size: 14, jump: 2 },
  { name: "S4", what: "pooling", maps: 16, rows: 5, cols: 5, size: 16, jump: 4 },
  { name: "C5", what: "units", maps: 1, rows: 15, cols: 8, size: 32, jump: 0 },
  { name: "F6", what: "units", maps: 1, rows: 12, cols: 7, size: 32, jump: 0 },
];
// Units, inputs of each, for every layer with weights.
const SHAPES = [[6, 25], [16, 150], [120, 400], [84, 120], [10, 84]];

/** The layers with weights: each weight is an 8-bit integer times its unit's scale. */
export function unpack(weights, scales, biases) {
  const codes = new Int8Array(Uint8Array.from(atob(weights), (c) => c.charCodeAt(0)).buffer);
  let start = 0, unit = 0;
  return SHAPES.map(([units, inputs]) => {
    const first = start, from = unit;
    start += units * inputs;
    unit += units;
    const weight = new Float64Array(units * inputs);
    for (let k = 0; k < weight.length; k++) weight[k] = codes[first + k] * scales[from + Math.floor(k / inputs)];
    return { units, inputs, weight, bias: biases.slice(from, unit) };
  });
}

/** Maps of side x side pixels, filtered with 5 x 5 filters; negative values become zero. */
function convolve(x, maps, side, { units, weight, bias }) {
  const out = side - 4, y = new Float64Array(units * out * out);
  for (let f = 0; f < units; f++) {
    const to = f * out * out;
    for (let m = 0; m < maps; m++) for (let i = 0; i < 5; i++) for (let j = 0; j < 5; j++) {
      const w = weight[((f * maps + m) * 5 + i) * 5 + j];
      for (let r = 0; r < out; r++) {
        const from = (m * side + r + i) * side + j;
        for (let c = 0; c < out; c++) y[to + r * out + c] += w * x[from + c];
      }
    }
    for (let k = to; k < to + out * out; k++) y[k] = Math.max(0, y[k] + bias[f]);
  }
  return y;
}

function pool(x, maps, side) {
  const out = side / 2;
  return Float64Array.from({ length: maps * out * out }, (_, k) => {
    const c = k % out, r = Math.floor(k / out); // r counts through all maps
    const at = 2 * r * side + 2 * c;
    return Math.max(x[at], x[at + 1], x[at + side], x[at + side + 1]);
  });
}

const full = (x, { units, inputs, weight, bias }) => Float64Array.from({ length: units }, (_, u) => {
  let votes = bias[u];
  for (let k = 0; k < inputs; k++) votes += weight[u * inputs + k] * x[k];
  return votes;
});
const relu = (x) => x.map((v) => Math.max(0, v));

export function softmax(votes) {
  const most = Math.max(...votes), shares = votes.map((v) => Math.exp(v - most));
  const total = sum(shares);
  return shares.map((v) => v / total);
}

/** What each stage makes of 32 x 32 values, and what comes out: lists of numbers, map after map. */
export function forward(input, [first, second, third, fourth, last]) {
  const c1 = convolve(input.flat(), 1, 32, first), s2 = pool(c1, 6, 28);
  const c3 = convolve(s2, 6, 14, second), s4 = pool(c3, 16, 10);
  const c5 = relu(full(s4, third)), f6 = relu(full(c5, fourth));
  const votes = [...full(f6, last)];
  return { stages: [c1, s2, c3, s4, c5, f6], votes, probabilities: softmax(votes) };
}

/** A drawing, brought to what the network was trained on; `as_trained` in lenet.py says how. */
export function asTrained(drawing, pixels, fit) {
  const [large, filled] = FRAMES[pixels];
  const inked = (line) => line.some((v) => v > TRACE);
  const spans = [drawing, table(SIDE, SIDE, (r, c) => drawing[c][r])].map((lines) =>
    [lines.findIndex(inked), lines.findLastIndex(inked) + 1]);
  const found = fit && spans[0][1] > 0;
  const block = found ? Math.max(...spans.map(([a, b]) => b - a)) / filled : SIDE / pixels;
  const middle = spans.map(([a, b]) => (found ? (a + b) / 2 : SIDE / 2));
  // how much of block k, of a row of blocks, pixel p covers
  const share = (axis, k, p) => {
    const from = middle[axis] + (k - pixels / 2) * block;
    return Math.max(0, Math.min(from + block, p + 1) - Math.max(from, p)) / block;
  };
  const mix = (k, p) => Math.max(0, 1 - Math.abs(clamp(((p + 0.5) * pixels) / large - 0.5, 0, pixels - 1) - k));
  const around = (SIDE - large) / 2;
  const half = table(pixels, SIDE, (k, c) => sum(drawing.map((line, r) => share(0, k, r) * line[c])));
  const ink = table(pixels, pixels, (k, n) => sum(half[k].map((v, c) => v * share(1, n, c))));
  const wide = table(pixels, large, (k, c) => sum(ink[k].map((v, n) => v * mix(n, c))));
  const enlarged = table(large, large, (r, c) => sum(wide.map((line, k) => mix(k, r) * line[c])));
  return table(SIDE, SIDE, (r, c) => PAPER + (INK - PAPER) * (enlarged[r - around]?.[c - around] ?? 0));
}

/** The drawing after a straight stroke between two points (row, column); 0 erases. */
export function stroke(drawing, [r0, c0], [r1, c1], ink = 1, pen = PEN) {
  const [dr, dc] = [r1 - r0, c1 - c0], length = dr * dr + dc * dc;
  return drawing.map((line, r) => line.map((v, c) => {
    const [y, x] = [r + 0.5 - r0, c + 0.5 - c0];
    const along = length ? clamp((y * dr + x * dc) / length, 0, 1) : 0;
    const cover = clamp(pen + 0.5 - Math.hypot(y - along * dr, x - along * dc), 0, 1);
    return Math.round(100 * (ink ? Math.max(v, cover) : Math.min(v, 1 - cover))) / 100;
  }));
}

/** Rows and columns [first, last] of the input that a value of a stage sees. */
export function sees(name, row, col) {
  const { size, jump } = STAGES.find((stage) => stage.name === name);
  return [row, col].map((k) => [k * jump, k * jump + size - 1]);
}

const blank = () => table(SIDE, SIDE, () => 0);
const inBlocks = (digit) => table(SIDE, SIDE, (r, c) => digit[r >> 2][c >> 2] / 16);
const same = (a, b) => a.every((line, r) => line.every((v, c) => v === b[r][c]));
const percent = (share) => `${number(100 * share, 1)} %`;
const range = ([from, to]) => `${from + 1} to ${to + 1}`;
const HINT = "Point at a value of any map, or reach it with the arrow keys, to see which part of the input it looks at.";
const KEYS = "Arrow keys move the pen, with Shift four pixels at a time; space puts it down or lifts it.";

/** A frame that can be put round rows and columns [first, last] of a picture, or hidden. */
function spot(rows, cols) {
  const el = h("div", { class: "spot", "aria-hidden": "true", hidden: "" });
  return { el, show(place) {
    el.hidden = !place;
    if (!place) return;
    const [[top, bottom], [left, right]] = place;
    Object.assign(el.style, { top: `${(100 * top) / rows}%`, height: `${(100 * (bottom - top + 1)) / rows}%`,
      left: `${(100 * left) / cols}%`, width: `${(100 * (right - left + 1)) / cols}%` });
  } };
}

/** A canvas with a pixel for each value. */
function picture(rows, cols, attributes = {}) {
  const canvas = h("canvas", { width: cols, height: rows, ...attributes });
  const frame = spot(rows, cols);
  const el = h("div", { class: "picture" }, canvas, frame.el);
  const context = canvas.getContext("2d");
  return { el, canvas, frame, show(values, [from, to]) {
    const pixels = context.createImageData(cols, rows);
    values.forEach((v, k) => {
      const share = clamp(v, 0, 1);
      for (let i = 0; i < 3; i++) pixels.data[4 * k + i] = Math.round(from[i] + share * (to[i] - from[i]));
      pixels.data[4 * k + 3] = 255;
    });
    context.putImageData(pixels, 0, 0);
  } };
}

/** The cell of a canvas under a pointer. */
function under(event, canvas, rows, cols) {
  const box = canvas.getBoundingClientRect();
  return [clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1),
    clamp(Math.floor(((event.clientX - box.left) / box.width) * cols), 0, cols - 1)];
}

export function render({ model, el }) {
  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  let erasing = false, last = null, pen = [16, 16], down = false, layers, from, result;

  // the drawing board: pointer, finger, or a pen that the arrow keys move
  const board = picture(SIDE, SIDE, { class: "board", tabindex: 0, role: "application", [LAB]: "",
    "aria-roledescription": "drawing board", "aria-label": `drawing, 32 by 32 pixels. ${KEYS}` });
  const voice = announcer();
  const place = (event) => {
    const box = board.canvas.getBoundingClientRect();
    return [((event.clientY - box.top) / box.height) * SIDE, ((event.clientX - box.left) / box.width) * SIDE];
  };
  const ink = (to) => {
    model.set("image", stroke(model.get("image"), last ?? to, to, erasing ? 0 : 1));
    last = to;
  };
  const on = (type, f) => board.canvas.addEventListener(type, f);
  on("pointerdown", (event) => {
    if (event.button) return;
    board.canvas.setPointerCapture(event.pointerId);
    last = null;
    ink(place(event));
  });
  on("pointermove", (event) => {
    if (!last || !(event.buttons & 1)) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    (passed.length ? passed : [event]).forEach((one) => ink(place(one)));
  });
  const lift = () => { if (last) { last = null; model.save_changes(); } };
  on("pointerup", lift);
  on("pointercancel", lift);
  const dot = (to) => { ink(to.map((v) => v + 0.5)); lift(); };
  on("keydown", (event) => {
    const steps = event.shiftKey ? 4 : 1;
    let to = moved(event, ...pen, SIDE, SIDE);
    if (to) {
      for (let k = 1; k < steps; k++) to = moved(event, ...to, SIDE, SIDE);
      if (down) { last = pen.map((v) => v + 0.5); dot(to); }
      pen = to;
      board.frame.show(pen.map((v) => [v, v]));
      voice.say(`row ${pen[0] + 1}, column ${pen[1] + 1}`);
    } else if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      down = !down;
      if (down) dot(pen);
      voice.say(down ? "pen down" : `pen up, ${verdict()}`);
    }
  });
  on("focus", () => { if (board.canvas.matches(":focus-visible")) board.frame.show(pen.map((v) => [v, v])); });
  on("blur", () => { down = false; board.frame.show(null); });

  const clear = button("Clear", () => set("image", blank()));
  const eraser = button("Erase", () => { erasing = !erasing; eraser.setAttribute("aria-pressed", erasing); });
  eraser.setAttribute("aria-pressed", false);
  const fit = h("input", { type: "checkbox", [LAB]: "", onchange: () => set("fit", fit.checked) });
  const input = picture(SIDE, SIDE, { role: "img" });
  const inputName = h("span");

  const picks = Object.entries(model.get("presets")).map(([name, digit]) => {
    const thumb = picture(8, 8, { "aria-hidden": "true" }), drawing = inBlocks(digit);
    const pick = button(thumb.el, () => set("image", drawing));
    pick.setAttribute("aria-label", `digit ${name}`);
    return { pick, thumb, digit, drawing };
  });
  const bars = Array.from({ length: CLASSES }, (_, k) => {
    const bar = h("i"), text = h("b");
    return { bar, text, el: h("div", { class: "bar" }, h("span", {}, `${k}`), h("div", {}, bar), text) };
  });
  const letter = h("div", { class: "letter" }), ruling = h("div", { class: "ruling" });
  const trace = h("p", { class: "trace" }, HINT);

  // the layers: one stop for the keyboard each, arrow keys go from value to value
  const views = STAGES.map((stage, s) => {
    const { name, what, maps, rows, cols } = stage;
    const size = maps > 1 ? `${maps} × ${rows} × ${cols}` : `${rows * cols}`;
    const pictures = Array.from({ length: maps }, () => picture(rows, cols, { "aria-hidden": "true" }));
    const scale = h("div");
    const strip = h("div", { class: "maps", tabindex: 0, role: "application", [LAB]: "",
      "aria-roledescription": "maps", "aria-label": `${name}, ${what}, ${size} values; arrow keys go from value to value` },
    ...pictures.map((one) => one.el));
    let at = [0, 0, 0];
    const go = (m, r, c) => { at = [m, r, c]; point(s, m, r, c); };
    pictures.forEach(({ canvas }, m) => canvas.addEventListener("pointermove", (event) =>
      go(m, ...under(event, canvas, rows, cols))));
    strip.addEventListener("pointerleave", () => point(null));
    strip.addEventListener("focus", () => { if (strip.matches(":focus-visible")) go(...at); });
    strip.addEventListener("blur", () => point(null));
    strip.addEventListener("keydown", (event) => {
      // the maps lie side by side: one row of a layer is as long as all of them
      const to = moved(event, at[1], at[0] * cols + at[2], rows, maps * cols);
      if (!to) return;
      go(Math.floor(to[1] / cols), to[0], to[1] % cols);
      voice.say(trace.textContent);
    });
    const lines = [h("div", {}, h("b", {}, name), ` ${what}`), h("div", {}, size), scale];
    return { stage, pictures, scale, el: h("div", { class: `layer ${name}` }, h("div", { class: "name" }, ...lines), strip) };
  });

  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"), [LAB]: "" },
    h("div", { class: "panel lenet" },
      h("div", { class: "heading" }, model.get("title")),
      h("div", { class: "upper" },
        h("div", { class: "part drawing" }, h("div", { class: "name" }, "draw a digit"), board.el,
          h("div", { class: "tools" }, clear, eraser, h("label", {}, fit, "fit to size and middle"))),
        h("div", { class: "part input" }, h("div", { class: "name" }, inputName), input.el),
        h("div", { class: "part answer" }, h("div", { class: "name" }, "the ten probabilities"),
          h("div", { class: "verdict" }, letter, h("div", { class: "bars" }, ...bars.map((bar) => bar.el))), ruling)),
      h("div", { class: "part" }, h("div", { class: "name" }, "or start from a written digit"),
        h("div", { class: "presets", role: "group", "aria-label": "start from" }, ...picks.map(({ pick }) => pick))),
      h("div", { class: "layers" }, ...views.map((view) => view.el)),
      trace, voice.el));

  function point(s, m, r, c) {
    views.forEach(({ pictures }, k) => pictures.forEach(({ frame }, n) =>
      frame.show(k === s && n === m ? [[r, r], [c, c]] : null)));
    if (s === null) {
      input.frame.show(null);
      trace.textContent = HINT;
      return;
    }
    const { name, maps, rows, cols } = STAGES[s];
    const seen = sees(STAGES[s].name, r, c);
    input.frame.show(seen);
    const value = number(result.stages[s][(m * rows + r) * cols + c]);
    trace.textContent = maps > 1
      ? `${name}, map ${m + 1}, row ${r + 1}, column ${c + 1}: ${value}. It looks at rows ${range(seen[0])} and columns ${range(seen[1])} of the input.`
      : `${name}, unit ${r * cols + c + 1}: ${value}. It looks at everything.`;
  }
  function best() {
    const shares = result.probabilities, most = Math.max(...shares);
    return [shares.indexOf(most), most];
  }
  const verdict = () => `${best()[0]}, ${percent(best()[1])}`;

  function draw() {
    const image = model.get("image"), pixels = model.get("pixels");
    const packed = ["weights", "scales", "biases"].map((name) => model.get(name));
    if (!from || packed.some((value, k) => value !== from[k])) {
      layers = unpack(...packed);
      from = packed;
    }
    const seen = asTrained(image, pixels, model.get("fit"));
    result = forward(seen, layers);

    const colour = (name) => {
      const hex = getComputedStyle(root).getPropertyValue(name).trim().replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
      return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16) || 0);
    };
    const print = [colour("--paper"), colour("--ink")], heat = [colour("--zero"), colour("--positive")];
    board.show(image.flat(), print);
    input.show(seen.flat().map((v) => (v - PAPER) / (INK - PAPER)), print);
    picks.forEach(({ pick, thumb, digit, drawing }) => {
      thumb.show(digit.flat().map((v) => v / 16), print);
      pick.setAttribute("aria-pressed", same(drawing, image));
    });
    views.forEach(({ stage: { rows, cols }, pictures, scale }, s) => {
      const values = result.stages[s], most = Math.max(...values);
      scale.textContent = `up to ${number(most)}`;
      pictures.forEach((one, m) => one.show(
        values.slice(m * rows * cols, (m + 1) * rows * cols).map((v) => v / (most || 1)), heat));
    });

    const [winner, share] = best();
    bars.forEach(({ bar, text, el: line }, k) => {
      bar.style.width = `${100 * result.probabilities[k]}%`;
      text.textContent = percent(result.probabilities[k]);
      line.classList.toggle("wins", k === winner);
    });
    letter.textContent = winner;
    letter.classList.toggle("doubtful", share < 0.5);
    const empty = image.every((line) => line.every((v) => v <= TRACE));
    ruling.textContent = empty ? `The board is empty. It says ${winner} all the same: it has no other choice.`
      : share < 0.5 ? `Leans to ${winner}, but gives it less than half.` : `Says ${winner}.`;
    inputName.textContent = `what it sees: ${pixels} × ${pixels}, enlarged`;
    input.canvas.setAttribute("aria-label", `the drawing as ${pixels} by ${pixels} pixels, enlarged again, in the middle of 32 by 32`);
    fit.checked = model.get("fit");
    voice.say(verdict());
  }
  el.replaceChildren(root);
  draw();
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  // the pictures take their colours from the style sheet: draw them when it is there (the observer
  // calls when the panel gets its size) and again when the page turns dark
  const placed = new ResizeObserver(draw), theme = new MutationObserver(draw);
  placed.observe(root);
  for (const [node, name] of [[document.documentElement, "data-theme"], [document.body, "data-jp-theme-light"]])
    theme.observe(node, { attributes: true, attributeFilter: [name] });
  return () => {
    placed.disconnect();
    theme.disconnect();
    for (const name of TRAITS) model.off(`change:${name}`, draw);
  };
}

export default { render };
