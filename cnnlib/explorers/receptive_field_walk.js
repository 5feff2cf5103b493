import { LAB, announcer, button, clamp, h, moved, number, player, slider, table } from "./parts.js";

const TRAITS = ["network", "layer", "point"];

/** What the units of each layer see along one side, the image first: cnnlib.receptive_field, and how many they are. */
export function fields(side, layers) {
  const all = [{ name: "image", side, size: 1, jump: 1, start: 0 }];
  for (const [name, kernel, stride, padding] of layers) {
    const before = all.at(-1), { size, jump, start } = before;
    all.push({ name, before, kernel, stride, padding, side: Math.floor((before.side + 2 * padding - kernel) / stride) + 1,
      size: size + (kernel - 1) * jump, jump: jump * stride, start: start + ((kernel - 1) / 2 - padding) * jump });
  }
  return all;
}

/** The unit (row and column, from 0) whose window has its centre nearest to a point of the image. */
export const nearest = ({ side, jump, start }, point) =>
  point.map((v) => clamp(Math.floor((v - start) / jump + 0.5), 0, side - 1));
const centre = ({ jump, start }, unit) => unit.map((k) => start + k * jump);
/** Rows and columns [first, last] of the image that a unit sees. */
export const sees = (field, unit) =>
  centre(field, unit).map((v) => [v - (field.size - 1) / 2, v + (field.size - 1) / 2]);
/** How far the windows of a network reach beyond the image, in pixels. */
export const margin = (all) => Math.max(...all.map((field) => -sees(field, [0])[0][0]),
  ...all.map((field) => sees(field, [field.side - 1])[0][1] - all[0].side + 1));

const say = (v) => number(v, Number.isInteger(v) ? 0 : 1);
const rowsOf = ([first, last]) => (first === last ? say(first) : `${say(first)} to ${say(last)}`);

/** How the three numbers come about. */
export function working({ before, kernel, stride, padding, size, jump, start }) {
  if (!before) return ["size r = 1", "jump j = 1", "start s = 0"];
  const { size: r, jump: j, start: s } = before;
  return [`size r = ${r} + (${kernel} − 1) × ${j} = ${size}`, `jump j = ${j} × ${stride} = ${jump}`,
    `start s = ${say(s)} + ((${kernel} − 1) / 2 − ${padding}) × ${j} = ${say(start)}`];
}

/** What of a window lies outside the image, in words. */
export function outside([rows, cols], side) {
  const parts = [[-rows[0], "above"], [rows[1] - side + 1, "below"], [-cols[0], "left"], [cols[1] - side + 1, "right"]]
    .filter(([v]) => v > 0).map(([v, where]) => `${v} ${where}`);
  if (!parts.length) return "All of it lies on the image.";
  const on = ([first, last]) => (Math.min(last, side - 1) - Math.max(first, 0) + 1) / (last - first + 1);
  return `It sticks out by ${parts.join(", ")}: ${Math.round(100 * (1 - on(rows) * on(cols)))} % of it is padding.`;
}

export function render({ model, el }) {
  const get = (name) => model.get(name), set = (name, value) => { model.set(name, value); model.save_changes(); };
  const networks = get("networks"), known = Object.fromEntries(Object.entries(networks)
    .map(([name, { side, layers }]) => [name, fields(side, layers)]));
  let all, layer, field, unit, pictured, painted;

  const picks = Object.keys(networks).map((name) => [name, button(name, () => {
    const before = all[0].side, now = networks[name].side;
    film.close();
    model.set("layer", Math.min(layer, networks[name].layers.length));
    model.set("point", get("point").map((v) => clamp(((v + 0.5) * now) / before - 0.5, 0, now - 1)));
    set("network", name);
  })]);
  const go = (to) => set("layer", clamp(to, 0, all.length - 1));
  const to = (point) => set("point", point.map((v) => clamp(v, 0, all[0].side - 1)));

  // the picture, and around it what the padding adds
  const image = h("img", { alt: "", onload: () => paint() }), lit = h("div", { class: "lit" });
  const photo = h("div", { class: "photo" }, image, lit), hatch = h("div", { class: "hatch" });
  const over = h("div", { class: "over" });
  over.innerHTML = "<svg><path/><path/><path/><path/><path/></svg>";
  const [svg, paths] = [over.firstChild, [...over.querySelectorAll("path")]];
  const view = h("div", { class: "view", role: "img" }, hatch, photo, over);
  const under = (event, el, side) => {
    const box = el.getBoundingClientRect();
    return [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width]
      .map((v) => Math.floor(v * side));
  };
  const press = (event) => to(under(event, photo, all[0].side));
  view.addEventListener("click", press);
  view.addEventListener("pointermove", (event) => { if (event.buttons & 1 && event.pointerType === "mouse") press(event); });

  // the map: one stop for the keyboard, arrow keys go from unit to unit
  const canvas = h("canvas"), mark = h("div", { class: "at" });
  const map = h("div", { class: "map", tabindex: 0, role: "application", "aria-roledescription": "map", [LAB]: "" }, canvas, mark);
  const choose = (place) => to(centre(field, place.map((k) => clamp(k, 0, field.side - 1))));
  map.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    map.setPointerCapture(event.pointerId);
    choose(under(event, canvas, field.side));
  });
  map.addEventListener("pointermove", (event) => { if (event.buttons & 1) choose(under(event, canvas, field.side)); });
  map.addEventListener("keydown", (event) => {
    const { side } = field, next = moved(event, ...unit, side, side);
    if (!next) return;
    const far = event.key === "Home" || event.key === "End" ? side : event.shiftKey ? Math.ceil(side / 7) : 1;
    choose(unit.map((k, i) => k + far * Math.sign(next[i] - k)));
  });

  const bars = h("div", { class: "growth", "aria-hidden": "true" });
  const depth = slider("layer", 0, 1, (v) => { film.close(); go(v); });
  const film = player({
    ready() { if (layer === all.length - 1) go(0); },
    advance() {
      go(layer + 1);
      return layer < all.length - 1;
    },
    changed: () => draw(),
  });
  const steps = [["Back", -1], ["Deeper", 1]].map(([label, step]) => button(label, () => { film.close(); go(layer + step); }));
  const mapName = h("div", { class: "name" }), which = h("b"), lines = h("ul"), voice = announcer();

  const root = h("div", { class: "explorer", role: "group", "aria-label": get("title"), [LAB]: "" },
    h("div", { class: "panel walk" },
      h("div", { class: "heading" }, get("title")),
      h("div", { class: "nets", role: "group", "aria-label": "network" }, ...picks.map(([, pick]) => pick)),
      bars,
      h("div", { class: "controls" }, depth.el, film.button, ...steps),
      h("div", { class: "both" },
        h("div", { class: "seen" }, h("div", { class: "name" }, "the image (hatched: padding)"), view),
        h("div", { class: "where" }, mapName, map),
        h("div", { class: "worked" }, which, lines)),
      voice.el));

  /** The map of a layer: each unit has the colour of the picture round its centre. */
  function paint() {
    const { side, jump, start } = field, from = start + (1 - jump) / 2;
    Object.assign(canvas, { width: side, height: side });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    if (image.naturalWidth) context.drawImage(image, from, from, side * jump, side * jump, 0, 0, side, side);
  }
  const put = (box, [top, bottom], [left, right], from, whole) => Object.entries({ top: top - from, left: left - from,
    height: bottom - top + 1, width: right - left + 1 }).forEach(([key, v]) => { box.style[key] = `${(100 * v) / whole}%`; });

  function draw() {
    const name = get("network"), { side, picture } = networks[name];
    all = known[name];
    layer = clamp(get("layer"), 0, all.length - 1);
    field = all[layer];
    const point = get("point").map((v) => clamp(v, 0, side - 1)), window = sees(field, unit = nearest(field, point));
    const edge = Math.max(margin(all), side / 16) + side / 50, whole = side + 2 * edge;

    if (pictured !== picture) image.setAttribute("src", pictured = picture);
    if (painted !== (painted = name + layer)) paint();
    view.classList.toggle("coarse", side < 100);
    put(photo, [0, side - 1], [0, side - 1], -edge, whole);
    put(hatch, ...window, -edge, whole);
    put(lit, ...window, 0, side);
    // windows of this place in the layers before; the window; the centres of all units
    const square = ([[top, bottom], [left, right]]) => `M${left} ${top}H${right + 1}V${bottom + 1}H${left}z`;
    const before = all.slice(1, layer).map((one) => square(sees(one, nearest(one, point)))).join("");
    const dense = field.jump / whole < 0.015, n = dense ? 1 : field.side;
    const dots = table(n, n, (r, c) => centre(field, dense ? unit : [r, c])).flat()
      .map(([r, c]) => `M${c + 0.5} ${r + 0.5}h0`).join("");
    paths[4].style.strokeWidth = Math.min(dense ? whole : field.jump / 5, whole / 100);
    svg.setAttribute("viewBox", `${-edge} ${-edge} ${whole} ${whole}`);
    [before, before, square(window), square(window), dots].forEach((d, k) => paths[k].setAttribute("d", d));

    const units = `${field.name}: ${field.side} × ${field.side} ${layer ? "units" : "pixels"}`;
    put(mark, ...unit.map((k) => [k + 0.5, k + 0.5]), 0, field.side); // its middle
    mapName.textContent = `${units}, coloured as the picture`;
    map.setAttribute("aria-label", `${units}; row ${unit[0]}, column ${unit[1]} chosen; arrow keys go from unit to unit`);

    picks.forEach(([one, pick]) => pick.setAttribute("aria-pressed", one === name));
    if (bars.dataset.of !== name) {
      bars.dataset.of = name;
      bars.replaceChildren(...all.map((one, k) => h("i", { style: `--k:${(100 * one.size) / all.at(-1).size}%`,
        onclick() { film.close(); go(k); } })));
      depth.el.querySelector("input").max = all.length - 1;
    }
    [...bars.children].forEach((bar, k) => { bar.className = k === layer ? "now" : k < layer ? "passed" : ""; });
    depth.show(layer, field.name);

    const [rows, cols] = window, middle = centre(field, unit);
    const sentence = `${field.name}, unit in row ${unit[0]}, column ${unit[1]}: sees ${field.size} × ${field.size} pixels`;
    which.textContent = `${sentence}.`;
    lines.replaceChildren(...[...working(field),
      `centre: ${["row", "column"].map((word, i) => `${word} ${say(field.start)} + ${unit[i]} × ${field.jump} = ${say(middle[i])}`).join(", ")}`,
      `rows ${rowsOf(rows)}, columns ${rowsOf(cols)}. ${outside(window, side)}`].map((line) => h("li", {}, line)));
    view.setAttribute("aria-label", `${name === "VGG16" ? "photograph of a cat" : "a written seven"}; ${sentence}`);
    voice.say(`${sentence}, rows ${rowsOf(rows)}, columns ${rowsOf(cols)}`);
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
