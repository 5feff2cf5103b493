import {
  LAB, announcer, button, clamp, grid, h, number, part, player, short, slider, still, sum, table,
} from "./parts.js";

const TRAITS = ["image", "kernel_size", "stride", "window", "pixel"];

/** 1 in the first column, −1 in the last: it answers where it gets darker from left to right. */
export const kernelOf = (k) => table(k, k, (r, c) => (c === 0 ? 1 : c === k - 1 ? -1 : 0));
export const count = (size, k, stride) => Math.floor((size - k) / stride) + 1;

/** The pixel that stands in row i, column j of the matrix. */
export function origin(i, j, size, k, stride) {
  const out = count(size, k, stride);
  return [Math.floor(j / out) * stride + Math.floor(i / k), (j % out) * stride + (i % k)];
}
/** One column for each window, one row for each place in the kernel. */
export function im2col(image, k, stride) {
  const size = image.length;
  return table(k * k, count(size, k, stride) ** 2, (i, j) => {
    const [r, c] = origin(i, j, size, k, stride);
    return image[r][c];
  });
}

function build(model, root, start) {
  const size = model.get("image").length, k = model.get("kernel_size"), stride = model.get("stride");
  const out = count(size, k, stride), windows = out * out;
  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  const from = (i, j) => origin(i, j, size, k, stride);
  const choose = (window, pixel) => { set("pixel", pixel); set("window", window); };

  const image = grid({ label: "picture", rows: size, cols: size, follow: true, toggles: true,
    press: (r, c) => { film.stop(); set("pixel", [r, c]); } });
  const matrix = grid({ label: "matrix of columns", rows: k * k, cols: windows, follow: true, toggles: true,
    press: (i, j) => { film.stop(); choose(j, from(i, j)); } });
  const kernel = still(k, k), upright = still(k * k, 1), map = still(1, windows), square = still(out, out);
  const frame = image.frame(), column = matrix.frame();
  const equation = h("p", { class: "equation" });
  const telling = h("p", { class: "telling" });
  const voice = announcer();

  const film = player({
    ready() { if (model.get("window") === windows - 1) set("window", 0); },
    advance() {
      set("window", Math.min(model.get("window") + 1, windows - 1));
      return model.get("window") < windows - 1;
    },
    changed: () => draw(),
  });
  const sliders = {
    kernel_size: slider("kernel size", 2, 3, (v) => set("kernel_size", v)),
    stride: slider("stride", 1, 3, (v) => set("stride", v)),
    window: slider("window", 1, windows, (v) => { film.stop(); set("window", v - 1); }),
  };
  root.replaceChildren(h("div", { class: "panel columns", style: `--k:${k};--w:${windows};--o:${out}` },
    h("div", { class: "heading" }, model.get("title")),
    h("div", { class: "stage" },
      part("picture", "picture", image.el),
      part("kernel", "kernel", kernel.el),
      part("square", "filtered map", square.el),
      h("div", { class: "product" },
        part("upright", "kernel", upright.el),
        part("matrix", `${k * k} × ${windows} matrix: a window in each column`, matrix.el),
        h("span", { class: "sign", "aria-hidden": "true" }, "="),
        part("map", "the map, laid out as a row", map.el))),
    equation, telling,
    h("div", { class: "controls" }, film.button,
      button("Reset", () => {
        film.stop();
        for (const name of ["window", ...TRAITS]) set(name, name in start ? start[name] : 0);
      }),
      ...Object.values(sliders).map((s) => s.el)), voice.el));

  function draw() {
    const pixels = model.get("image"), weights = kernelOf(k), flat = weights.flat();
    const j = clamp(model.get("window"), 0, windows - 1), [pr, pc] = model.get("pixel");
    const columns = im2col(pixels, k, stride);
    const results = columns[0].map((_, w) => sum(flat.map((v, i) => v * columns[i][w])));
    const copies = columns.flatMap((line, i) => line.map((_, w) => from(i, w)))
      .filter(([r, c]) => r === pr && c === pc).length;
    const scale = Math.max(1, ...results.map(Math.abs));
    const grey = { text: short, scale: 18 };

    image.show(pixels, { ...grey, say: (r, c, v) => `value ${v}` });
    matrix.show(columns, { ...grey, say: (i, w, v) => `value ${v}, window ${w + 1}` });
    kernel.show(weights, `kernel: ${weights.map((l) => l.map(short).join(" ")).join("; ")}`, { text: short });
    upright.show(flat.map((v) => [v]), `kernel, one number for each row: ${flat.map(short).join(" ")}`, { text: short });
    map.show([results], `filtered map as a row: ${results.map(short).join(" ")}`, { text: short, scale });
    square.show(table(out, out, (r, c) => results[r * out + c]),
      `filtered map: ${results.map(short).join(" ")}`, { text: short, scale });
    const mark = (cell, on) => cell.classList.toggle("now", on);
    image.cells.forEach((line, r) => line.forEach((cell, c) => mark(cell, r === pr && c === pc)));
    matrix.cells.forEach((line, i) => line.forEach((cell, w) => {
      const [r, c] = from(i, w);
      mark(cell, r === pr && c === pc);
    }));
    map.cells[0].forEach((cell, w) => mark(cell, w === j));
    square.cells.flat().forEach((cell, w) => mark(cell, w === j));
    const [top, left] = from(0, j);
    frame([[top, top + k - 1], [left, left + k - 1]]);
    column([[0, k * k - 1], [j, j]]);

    const terms = flat.map((v, i) => `${v < 0 ? "(−1)" : v} · ${columns[i][j]}`).join(" + ");
    equation.replaceChildren(h("span", {}, `${terms} = `, h("b", {}, short(results[j]))));
    telling.textContent = `The marked ${pixels[pr][pc]} stands in ${copies} of ${windows} columns. `
      + `${size * size} pixels became ${k * k * windows} numbers, ${number(k * k * windows / size ** 2, 1)} times as many.`;
    sliders.kernel_size.show(k, `${k} × ${k}`);
    sliders.stride.show(stride);
    sliders.window.show(j + 1, `${j + 1} of ${windows}`);
    if (!film.playing()) voice.say(`window ${j + 1} of ${windows}: ${short(results[j])}. ${telling.textContent}`);
  }
  return { draw, close() { film.close(); } };
}

export function render({ model, el }) {
  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"), [LAB]: "" });
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  let settings, view;
  const draw = () => {
    const last = count(model.get("image").length, model.get("kernel_size"), model.get("stride")) ** 2 - 1;
    if (settings !== (settings = [model.get("kernel_size"), model.get("stride")].join())) {
      const held = root.contains(document.activeElement) && document.activeElement.matches("input")
        ? [...root.querySelectorAll("input")].indexOf(document.activeElement) : -1;
      view?.close();
      view = build(model, root, start);
      root.querySelectorAll("input")[held]?.focus();
    }
    if (model.get("window") > last) model.set("window", last); // draws again
    else view.draw();
  };
  el.replaceChildren(root);
  draw();
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  return () => {
    view.close();
    for (const name of TRAITS) model.off(`change:${name}`, draw);
  };
}

export default { render };
