import {
  LAB, announcer, button, clamp, fill, grid, h, number, part, player, short, slider, sum, table,
} from "./parts.js";

const SIZES = ["size", "kernel_size", "stride", "padding", "dilation"];
const TRAITS = [...SIZES, "direction", "x", "weight", "dy"];

/** How the windows fit along one side: cnnlib.windows.output_size, and what is left over. */
export function fit({ size, kernel_size, stride, padding, dilation }) {
  const span = dilation * (kernel_size - 1) + 1, whole = size + 2 * padding, room = whole - span;
  const out = Math.floor(room / stride) + 1;
  const spread = dilation > 1 ? ` with dilation=${dilation} spans ${span}` : "";
  const error = room >= 0 ? "" : `kernel_size must fit in the padded input: got kernel_size=${kernel_size}`
    + `${spread}, but size=${size} with padding=${padding} gives ${whole}`;
  const seen = table(Math.max(out, 0), kernel_size, (o, i) => o * stride + i * dilation).flat();
  // rows (or columns) that no window sees; the input's first is 0, padding comes before and after
  const missed = Array.from({ length: whole }, (_, k) => k).filter((k) => !seen.includes(k))
    .map((k) => k - padding);
  return { span, whole, room, out: error ? 0 : out, left: error ? 0 : room % stride, missed, error };
}

const places = (n) => table(n, n, (r, c) => [r, c]).flat();

/** Every meeting of a pixel x and a weight w in the window of an output y: three places each. */
export const meetings = (sizes) => places(fit(sizes).out).flatMap((y) => places(sizes.kernel_size).map((w) => ({
  y, w, x: [0, 1].map((axis) => y[axis] * sizes.stride + w[axis] * sizes.dilation - sizes.padding) })));

/**
 * One list of meetings, sorted in three ways: `by` what they are added up, and which two numbers
 * are multiplied. `corner` is the grid whose cells show the other factor in their corner.
 */
const SUMS = {
  y: { by: "y", factors: ["x", "w"], corner: "x" },
  dx: { by: "x", factors: ["dy", "w"], corner: "dy" },
  dweight: { by: "w", factors: ["x", "dy"], corner: "x" },
};
const KEY = { x: "x", w: "w", y: "y", dy: "y", dx: "x", dweight: "w" }; // whose place a grid shows
const at = (rows, [r, c]) => rows[r]?.[c] ?? 0; // padding is 0
const same = (a, b) => a[0] === b[0] && a[1] === b[1];

/** The arrays in use, and all three sums: like conv2d and conv2d_backward of one image. */
export function compute(sizes, x, weight, dy, met = meetings(sizes)) {
  const { out } = fit(sizes);
  const cut = (rows, n) => rows.slice(0, n).map((line) => line.slice(0, n));
  const values = { x: cut(x, sizes.size), w: cut(weight, sizes.kernel_size), dy: cut(dy, out) };
  const sides = { y: out, dx: sizes.size, dweight: sizes.kernel_size };
  for (const [kind, n] of Object.entries(sides)) {
    const { by, factors: [a, b] } = SUMS[kind];
    values[kind] = table(n, n, () => 0);
    for (const m of met) {
      const [r, c] = m[by], product = at(values[a], m[KEY[a]]) * at(values[b], m[KEY[b]]);
      if (values[kind][r]?.[c] !== undefined) values[kind][r][c] += product; // the padding takes none
    }
  }
  return values;
}

const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
const list = (items) => items.join(", ").replace(/, ([^,]*)$/, " and $1");
const spot = ([r, c]) => `row ${r + 1}, column ${c + 1}`;
const signed = (v) => (v < 0 ? `(${short(v)})` : short(v));

/** The rule for the output size with the numbers put in. */
export function rule(sizes) {
  const { size, kernel_size, stride, padding, dilation } = sizes, { room } = fit(sizes);
  const steps = Math.floor(room / stride), cut = room % stride ? `⌊${number(room / stride)}⌋ + 1 = ` : "";
  return `⌊(${size} + 2 × ${padding} − ${dilation} × (${kernel_size} − 1) − 1) / ${stride}⌋ + 1 `
    + `= ⌊${short(room)} / ${stride}⌋ + 1 = ${cut}${short(steps)} + 1 = ${short(steps + 1)}`;
}

/** What the rule means, and what no window sees. */
export function account(sizes) {
  const { size, stride, padding } = sizes, { span, whole, room, left, missed, error } = fit(sizes);
  if (error) return "";
  const steps = Math.floor(room / stride);
  const moves = room ? `can move by the other ${room}, in steps of ${stride}: ${plural(steps, "step")}`
    : "cannot move: 0 steps";
  const inside = missed.filter((k) => k >= 0 && k < size).map((k) => k + 1);
  const s = inside.length > 1 ? "s" : "";
  return `The window covers ${span} of the ${whole} rows${padding ? " (padding included)" : ""} and ${moves}`
    + `${left ? `, and ${left} left over` : ""}. `
    + (inside.length ? `No window sees row${s} and column${s} ${list(inside)} (hatched).`
      : `Every pixel is seen${missed.length ? ", but not all of the padding (hatched)" : ""}.`);
}

export function render({ model, el }) {
  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  const chosen = { y: [0, 0], dx: [1, 1], dweight: [0, 0] };
  let kind = "y", key, grids, frames, values, terms = [];

  const ranges = model.get("ranges");
  const sliders = SIZES.map((name) => slider({ size: "input size", kernel_size: "kernel size" }[name] ?? name,
    ...ranges[name], (value) => set(name, value)));
  const ways = ["forward", "backward"].map((way) => button(way, () => set("direction", way)));
  const side = () => values[kind].length;
  const go = (k) => { chosen[kind] = [Math.floor(k / side()), k % side()]; draw(); };
  const now = () => chosen[kind][0] * side() + chosen[kind][1];
  const last = () => side() ** 2 - 1;
  const film = player({
    ready() { if (now() === last()) go(0); },
    advance() {
      go(Math.min(now() + 1, last()));
      return now() < last();
    },
    changed: () => draw(),
  });
  const step = button("Step", () => { film.stop(); go((now() + 1) % (last() + 1)); });
  const [numbers, meaning, error, hint, telling, equation] = ["numbers", "meaning", "error", "hint", "telling",
    "equation"].map((name) => h("p", { class: name }));
  const stage = h("div", { class: "stage" });
  const voice = announcer();
  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"), [LAB]: "" },
    h("div", { class: "panel arithmetic" },
      h("div", { class: "heading" }, model.get("title")),
      h("div", { class: "sizes" }, ...sliders.map((s) => s.el)),
      h("div", { class: "rule" },
        h("p", {}, "output size = ⌊(input + 2 × padding − dilation × (kernel − 1) − 1) / stride⌋ + 1"),
        numbers, meaning, error),
      h("div", { class: "controls" },
        h("div", { class: "ways", role: "group", "aria-label": "direction" }, ...ways), film.button, step), hint,
      stage, telling, equation, voice.el));

  function choose(to, place) {
    if (!place.every((k) => k in values[to])) return; // padding
    kind = to;
    chosen[to] = place;
    film.stop();
  }
  const meeting = (name, place) => terms.filter((term) => same(term[KEY[name]], place));
  function light(some) {
    stage.querySelectorAll(".lit").forEach((cell) => cell.classList.remove("lit"));
    terms.forEach((term) => term.span.classList.toggle("lit", some.includes(term)));
    for (const term of some)
      for (const name of ["x", "w", "y", "dy"]) cellAt(name, term[KEY[name]])?.classList.add("lit");
  }
  const cellAt = (name, [r, c]) => {
    const edge = name === "x" ? model.get("padding") : 0;
    return grids[name]?.cells[r + edge]?.[c + edge];
  };

  /** New grids, because a size or the direction has changed. */
  function build(sizes, { whole, out }, backward) {
    const { padding, kernel_size, size } = sizes;
    const make = (name, label, n, to, follow = false) => {
      const edge = name === "x" ? padding : 0;
      grids[name] = grid({ label, rows: n, cols: n, toggles: Boolean(to), follow,
        press: (r, c) => { if (to) choose(to, [r - edge, c - edge]); },
        point: (r, c) => light(follow ? [] : meeting(name, [r - edge, c - edge])) });
      return part(name, label, grids[name].el);
    };
    grids = {};
    stage.replaceChildren(
      make("x", padding ? "input x, padded" : "input x", whole, backward && "dx"),
      make("w", "kernel weight", kernel_size, backward && "dweight"),
      ...(!out ? [] : !backward ? [make("y", "output y", out, "y", true)] : [
        make("dy", "gradient dy, comes in", out), make("dx", "gradient dx", size, "dx", true),
        make("dweight", "gradient dweight", kernel_size, "dweight", true)]));
    frames = Object.fromEntries(Object.entries(grids).map(([name, board]) => [name, board.frame()]));
    Object.entries({ "--in": whole, "--k": Math.max(kernel_size, 3), "--out": Math.max(out, 3) })
      .forEach(([name, n]) => stage.style.setProperty(name, n));
  }

  /** Fill a grid; the terms' cells are outlined, and show in their corner what they are multiplied by. */
  function show(name, sizes, missed) {
    const { cells } = grids[name], edge = name === "x" ? sizes.padding : 0;
    const scale = Math.max(1, ...values[name].flat().map(Math.abs));
    const { corner, factors } = SUMS[kind], other = factors.find((factor) => factor !== name);
    cells.forEach((line, row) => line.forEach((cell, col) => {
      const place = [row - edge, col - edge], v = at(values[name], place);
      const inside = place.every((k) => k in values[name]);
      const unseen = name === "x" && place.some((k) => missed.includes(k));
      const [here] = factors.includes(name) ? meeting(name, place) : [];
      const times = here && name === corner ? short(at(values[other], here[KEY[other]])) : "";
      fill(cell, v, { text: short, scale });
      const marks = { pad: !inside, missed: unseen, used: here, cornered: times };
      cell.classList.add(...Object.keys(marks).filter((mark) => marks[mark]));
      cell.dataset.times = times;
      cell.setAttribute("aria-label", (inside ? `${spot(place)}, value ${short(v)}` : "padding, value 0")
        + (times ? `, times ${times}` : here ? ", used" : "") + (unseen ? ", seen by no window" : ""));
      if (name in SUMS) cell.setAttribute("aria-selected", name === kind && same(place, chosen[kind]));
    }));
  }

  function tell(sizes) {
    const place = chosen[kind], n = terms.length;
    const padded = terms.filter((term) => term.x.some((k) => !(k in values.x))).length;
    if (kind === "y") return `Output ${spot(place)} adds up ${plural(n, "product")}, pixel × weight`
      + (padded ? `; ${padded === 1 ? "1 of the pixels is" : `${padded} of the pixels are`} padding.` : ".");
    if (kind === "dweight") return `Weight ${spot(place)} was used in ${plural(n, "window")}`
      + ", each time on another pixel. It adds up pixel × gradient of that output.";
    if (!n) return `No window saw input ${spot(place)}: nothing depends on it, so its gradient is 0.`;
    return `Input ${spot(place)} was seen by ${plural(n, "window")}. The gradient of each of these outputs comes back`
      + ` × the weight that the pixel met there.${n > 1 ? " In reading order, these weights run backwards." : ""}`;
  }

  function draw() {
    const sizes = Object.fromEntries(SIZES.map((name) => [name, model.get(name)]));
    const fitted = fit(sizes), backward = model.get("direction") === "backward";
    const met = meetings(sizes), was = key;
    values = compute(sizes, model.get("x"), model.get("weight"), model.get("dy"), met);
    if (!fitted.out) film.close();
    if (backward === (kind === "y")) kind = backward ? "dx" : "y";
    for (const [name, place] of Object.entries(chosen))
      chosen[name] = place.map((k) => clamp(k, 0, Math.max(values[name].length - 1, 0)));
    key = [...Object.values(sizes), backward].join();
    if (key !== was) build(sizes, fitted, backward);

    const { by, factors } = SUMS[kind];
    terms = met.filter((m) => same(m[by], chosen[kind]));
    for (const term of terms) {
      const pair = factors.map((name) => signed(at(values[name], term[KEY[name]])));
      term.span = h("span", { class: "term", onpointerenter: () => light([term]),
        onpointerleave: () => light([]) }, pair.join(" × "));
    }
    for (const name of Object.keys(grids)) show(name, sizes, fitted.missed);
    // the frames: the window or the cell that was chosen, and the sum that belongs to it
    const around = (from, length = 1) => chosen[kind].map((k) => [from(k), from(k) + length - 1]);
    const framed = !fitted.out ? {} : {
      y: { y: around((k) => k), x: around((k) => k * sizes.stride, fitted.span) },
      dx: { dx: around((k) => k), x: around((k) => k + sizes.padding) },
      dweight: { dweight: around((k) => k), w: around((k) => k) },
    }[kind];
    Object.entries(frames).forEach(([name, frame]) => frame(framed[name]));

    sliders.forEach((s, i) => s.show(sizes[SIZES[i]]));
    ways.forEach((way, i) => way.setAttribute("aria-pressed", Boolean(i) === backward));
    film.button.disabled = step.disabled = !fitted.out;
    numbers.textContent = `= ${rule(sizes)}`;
    meaning.textContent = account(sizes);
    error.textContent = fitted.error;
    hint.textContent = !fitted.out ? "" : backward
      ? "dy says how the loss changes with each output. Choose a cell of dx or of dweight to see what it adds up."
      : "Choose a cell of the output to see what it adds up.";
    telling.textContent = fitted.out ? tell(sizes) : "";
    equation.replaceChildren();
    if (fitted.out) {
      const result = short(at(values[kind], chosen[kind]));
      equation.append(`${kind} = `, ...terms.flatMap(({ span }, i) => (i ? [" + ", span] : [span])),
        terms.length ? " = " : "", h("b", {}, result));
      if (!film.playing()) voice.say(`${kind} at ${spot(chosen[kind])} is ${result}, output size ${fitted.out}`);
    } else voice.say(fitted.error);
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
