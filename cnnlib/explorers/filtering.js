import {
  LAB, announcer, button, clamp, correlate2d, grid, h, moved, number, part, player, products, replaced,
  short, still, sum, thumbnail,
} from "./parts.js";

const TRAITS = ["image", "features", "feature", "position"];
const SVG = "http://www.w3.org/2000/svg";

/** "1 + 1 − 1": the terms with the signs a person would write. */
export const terms = (values) =>
  values.map((v, i) => (i ? (v < 0 ? " − " : " + ") + short(Math.abs(v)) : short(v))).join("");

/** The window's place in the order in which it visits the map, and back. */
export const step = ([row, col], cols) => row * cols + col;
export const place = (k, cols) => [Math.floor(k / cols), k % cols];

/** Thin lines from the edge of one group of elements to that of another, under a stage. */
function links(stage) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "links");
  svg.setAttribute("aria-hidden", "true");
  stage.append(svg);
  const box = (elements) => {
    const [o, a, b] = [stage, elements[0], elements.at(-1)].map((el) => el.getBoundingClientRect());
    return { left: a.left - o.left, top: a.top - o.top, right: b.right - o.left, bottom: b.bottom - o.top };
  };
  return (pairs) => svg.replaceChildren(...pairs.map(([from, to]) => {
    const [a, b] = [box(from), box(to)];
    const ends = b.left >= a.right
      ? [a.right, a.top, b.left, b.top, b.left, b.bottom, a.right, a.bottom]
      : [a.left, a.bottom, b.left, b.top, b.right, b.top, a.right, a.bottom];
    const path = document.createElementNS(SVG, "path");
    const [x1, y1, x2, y2, x3, y3, x4, y4] = ends.map((v) => v.toFixed(1));
    path.setAttribute("d", `M${x1} ${y1}L${x2} ${y2}L${x3} ${y3}L${x4} ${y4}`);
    return path;
  }));
}

/** Build the page for an image of one size; return how to redraw it. */
function build(model, root, start) {
  const [rows, cols] = [model.get("image").length - 2, model.get("image")[0].length - 2];
  const total = rows * cols;
  const visited = new Set();

  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  const now = () => step(model.get("position"), cols);
  const go = (row, col) => set("position", [row, col]);
  const goByHand = (row, col) => { film.stop(); go(row, col); };
  const chosen = () => model.get("features")[model.get("feature")];
  const edit = (r, c) => set("features", model.get("features").map((f, i) =>
    (i === model.get("feature") ? replaced(f, r, c) : f)));

  const image = grid({ label: "image", rows: rows + 2, cols: cols + 2, toggles: true,
    press: (r, c) => set("image", replaced(model.get("image"), r, c)) });
  const feature = grid({ label: "feature", rows: 3, cols: 3, toggles: true, press: edit });
  const product = still(3, 3);
  const map = grid({ label: "filtered map", rows, cols, press: goByHand });
  const frame = image.frame({ tabindex: 0, role: "application", "aria-roledescription": "movable window",
    "aria-label": "window, moved with the arrow keys",
    onkeydown(event) {
      const to = moved(event, ...model.get("position"), rows, cols);
      if (to) goByHand(...to);
    } });
  const here = map.frame();

  const picker = h("div", { class: "picker", role: "group", "aria-label": "feature in use" });
  const picks = model.get("features").map((_, i) => button("", () => set("feature", i)));
  picker.append(...picks);
  const equation = h("p", { class: "equation" });
  const voice = announcer();

  const film = player({
    ready() { if (now() === total - 1) { visited.clear(); go(0, 0); } },
    advance() {
      go(...place(Math.min(now() + 1, total - 1), cols));
      return now() < total - 1;
    },
    changed: () => draw(),
  });
  const slider = h("input", { type: "range", [LAB]: "", min: 1, max: total,
    oninput: () => goByHand(...place(slider.value - 1, cols)) });
  const count = h("span", { class: "count" });
  const controls = h("div", { class: "controls" },
    film.button, button("Step", () => { film.stop(); go(...place((now() + 1) % total, cols)); }),
    h("label", {}, h("span", {}, "window position ", count), slider),
    button("Fill map", () => { for (let k = 0; k < total; k++) visited.add(k); draw(); }),
    button("Clear", () => { film.stop(); visited.clear(); go(0, 0); draw(); }),
    button("Reset", () => { for (const name of ["features", "image"]) set(name, start[name]); }));
  const stage = h("div", { class: "stage" },
    part("image", "image", image.el), part("feature", "feature", feature.el, picker),
    part("product", "image × feature", product.el), part("map", "filtered map", map.el));
  const link = links(stage);
  root.replaceChildren(h("div", { class: "panel filtering" },
    h("div", { class: "heading" }, model.get("title")), stage, equation, controls, voice.el));
  const observer = new ResizeObserver(() => drawLinks());
  observer.observe(stage);

  function drawLinks() {
    const [row, col] = model.get("position");
    const window = [image.cells[row][col], image.cells[row + 2][col + 2]];
    link([[window, [product.cells[0][0], product.cells[2][2]]],
      [[product.cells[0][0], product.cells[2][2]], [map.cells[row][col]]]]);
  }
  function draw() {
    const pixels = model.get("image"), weights = chosen(), [row, col] = model.get("position");
    const nine = products(pixels, weights, row, col);
    const added = sum(nine.flat());
    visited.add(now());

    image.show(pixels, { text: short, picture: true });
    const signs = weights.flat().every((w) => Math.abs(w) === 1);
    feature.show(weights, { text: short, picture: signs });
    product.show(nine, `nine products: ${terms(nine.flat())}`, { text: short });
    nine.forEach((line, r) => line.forEach((v, c) => product.cells[r][c].prepend(
      h("small", {}, `${short(pixels[row + r][col + c])} × ${short(weights[r][c])}`))));
    const filtered = correlate2d(pixels, weights).map((line) => line.map((v) => v / 9));
    map.show(filtered.map((line, r) => line.map((v, c) => (visited.has(step([r, c], cols)) ? v : null))), {
      scale: Math.max(1, ...filtered.flat().map(Math.abs)),
      say: (r, c, v) => (v === null ? "not visited yet" : `value ${number(v)}`) });
    frame([[row, row + 2], [col, col + 2]]);
    here([[row, row], [col, col]]);

    equation.replaceChildren(h("span", {}, `${terms(nine.flat())} = ${short(added)}`),
      h("span", {}, `${short(added)} ÷ 9 = `, h("b", {}, number(added / 9))));
    picks.forEach((pick, i) => {
      pick.setAttribute("aria-label", `feature ${i + 1}`);
      pick.setAttribute("aria-pressed", i === model.get("feature"));
      pick.replaceChildren(thumbnail(model.get("features")[i]));
    });
    slider.value = now() + 1;
    slider.setAttribute("aria-valuetext", `${now() + 1}: row ${row + 1}, column ${col + 1}`);
    count.textContent = `${now() + 1} of ${total}`;
    if (!film.playing()) voice.say(`window ${now() + 1} of ${total}: sum ${short(added)}, ${number(added / 9)}`);
    drawLinks();
  }
  return { draw, close() { film.close(); observer.disconnect(); } };
}

export function render({ model, el }) {
  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"),
    [LAB]: "" });
  const start = { image: model.get("image"), features: model.get("features") };
  let size, view;
  const draw = () => {
    const [image, features] = [model.get("image"), model.get("features")];
    if (size !== (size = [image.length, image[0].length, features.length].join())) {
      view?.close();
      view = build(model, root, start);
    }
    const last = [image.length - 3, image[0].length - 3], now = model.get("position");
    const inside = now.map((v, i) => clamp(v, 0, last[i]));
    if (inside.join() !== now.join()) model.set("position", inside); // draws again
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

export { correlate2d, number, products };
export default { render };
