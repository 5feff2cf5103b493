import {
  LAB, announcer, button, clamp, grid, h, moved, part, short, slider, sum, table,
} from "./parts.js";

const TRAITS = ["image", "descriptor", "position", "threshold"];
const NAMES = ["E", "NE", "N", "NW", "W", "SW", "S", "SE"];
const AT = [[1, 2], [0, 2], [0, 1], [0, 0], [1, 0], [2, 0], [2, 1], [2, 2]]; // in 3x3 pixels
const direction = (r, c) => AT.findIndex(([row, col]) => row === r && col === c); // -1 for the centre

/** The eight neighbours of a patch's centre, from the east against the clock. */
export const neighbours = (patch) => AT.map(([r, c]) => patch[r][c]);

/** The weights of mask i, for the eight neighbours; the centre counts 0. */
export const weights = (mask, i) => NAMES.map((_, k) => mask[(k - i + 8) % 8]);
const KIRSCH = [5, 5, -3, -3, -3, -3, -3, 5];
const ROBINSON = [2, 1, 0, -1, -2, -1, 0, 1];
export const responses = (mask, count, n) =>
  NAMES.slice(0, count).map((_, i) => sum(weights(mask, i).map((w, k) => w * n[k])));
export const kirsch = (n) => responses(KIRSCH, 8, n);
export const robinson = (n) => responses(ROBINSON, 4, n);

/** Places by falling value; of equals the first comes first. */
const ranked = (values) => values.map((_, i) => i).sort((a, b) => values[b] - values[a]);
const strongest = (values) => ranked(values.map(Math.abs));
const ternary = (d, threshold) => (d > threshold ? 2 : d < -threshold ? 1 : 0);

const list = (items) => items.join(", ").replace(/, ([^,]*)$/, " and $1") || "none";
const place = (i) => `${NAMES[i]} (${i})`;
const ONES = "They give a 1, the others a 0.";
const strong = (symbol, values, chosen) => `The ${chosen.length > 2 ? "three" : "two"} strongest |${symbol}|: `
  + `${list(chosen.map((i) => `${place(i)} ${short(values[i])}`))}.`;
const compared = (d, limit) => `${short(d)} is ${["within ±", "below −", "above "][ternary(d, limit)]}${limit}: ${ternary(d, limit)}.`;

// What each descriptor makes of the neighbours n and the centre c. `values` is what the eight
// directions say (null: nothing), `chosen` are those that decide. A code is the sum of its digits
// times what each counts; digits are [digit, count, name]. `most` is the largest code.
const bits = (directions) => (n, c) => {
  const bit = (i) => Number(n[i] >= c), chosen = directions.filter(bit);
  return { values: NAMES.map((_, i) => (directions.includes(i) ? bit(i) : null)), chosen,
    digits: directions.map((i, k) => [bit(i), 2 ** k, NAMES[i]]).reverse(),
    steps: [`At least as bright as the centre, ${c}: ${list(chosen.map((i) => `${NAMES[i]} ${n[i]}`))}.`, ONES] };
};
const METHODS = {
  lbp: { title: "LBP", full: "local binary pattern", codes: 256, most: 255, work: bits([0, 1, 2, 3, 4, 5, 6, 7]) },
  ldp: { title: "LDP", full: "local directional pattern", codes: 56, most: 224, mask: KIRSCH, work(n) {
    const values = kirsch(n), chosen = strongest(values).slice(0, 3);
    return { values, chosen, digits: NAMES.map((name, i) => [Number(chosen.includes(i)), 2 ** i, name]).reverse(),
      steps: [strong("K", values, chosen), ONES] };
  } },
  ldn: { title: "LDN", full: "local directional number", codes: 56, most: 62, mask: KIRSCH, work(n) {
    const values = kirsch(n), order = ranked(values), chosen = [order[0], order[7]];
    return { values, chosen, digits: [[chosen[0], 8, "brightest"], [chosen[1], 1, "darkest"]],
      steps: chosen.map((i, k) => `K is ${["largest", "smallest"][k]} in direction ${place(i)}: ${short(values[i])}.`) };
  } },
  ldtexp: { title: "LDTexP", full: "local directional texture pattern", codes: 72, most: 122, mask: KIRSCH, limited: true,
    work(n, c, limit) {
      const values = kirsch(n), chosen = strongest(values).slice(0, 2), across = (i) => n[i] - n[(i + 4) % 8];
      return { values, chosen, digits: [[chosen[0], 16, "direction"],
        ...chosen.map((i, k) => [ternary(across(i), limit), k ? 1 : 4, `contrast ${NAMES[i]}`])],
      steps: [strong("K", values, chosen), ...chosen.map((i) => `${NAMES[i]} − ${NAMES[(i + 4) % 8]} = `
        + `${n[i]} − ${n[(i + 4) % 8]}; ${compared(across(i), limit)}`)] };
    } },
  ldterp: { title: "LDTerP", full: "local directional ternary pattern", ours: true, codes: 84, most: 234, mask: ROBINSON,
    limited: true, work(n, c, limit) {
      const values = robinson(n), chosen = strongest(values).slice(0, 2);
      return { values: NAMES.map((_, i) => values[i] ?? null), chosen, digits: chosen.flatMap((i, k) =>
        [[i, k ? 4 : 64, "direction"], [ternary(values[i], limit), k ? 1 : 16, `sign ${NAMES[i]}`]]),
      steps: [strong("R", values, chosen), ...chosen.map((i) => `${NAMES[i]}: ${compared(values[i], limit)}`)] };
    } },
  quest: { title: "QUEST", full: "quadrilateral senary bit pattern", ours: true, codes: 64, most: 63,
    work: bits([0, 1, 2, 4, 5, 6]) },
  two_phase: { title: "Two-Phase", full: "direction, then what crosses it", ours: true, codes: 32, most: 31, mask: KIRSCH,
    work(n, c) {
      const values = kirsch(n), [i] = ranked(values), ends = [i, (i + 4) % 8], bit = (k) => Number(n[k] >= c);
      return { values, chosen: [i], digits: [[i, 4, "direction"], ...ends.map((k, j) => [bit(k), 2 - j, NAMES[k]])],
        steps: [`K is largest in direction ${place(i)}: ${short(values[i])}.`,
          `At least as bright as the centre, ${c}? ${ends.map((k) => `${NAMES[k]} ${n[k]}: ${bit(k)}.`).join(" ")}`] };
    } },
};

export const worked = (descriptor, patch, threshold) =>
  METHODS[descriptor].work(neighbours(patch), patch[1][1], threshold);
const added = ({ digits }) => sum(digits.map(([digit, count]) => digit * count));
export const code = (descriptor, patch, threshold) => added(worked(descriptor, patch, threshold));
const patchAt = (image, row, col) => table(3, 3, (r, c) => image[row + r][col + c]);
export const codeMap = (image, descriptor, threshold) =>
  table(image.length - 2, image[0].length - 2, (r, c) => code(descriptor, patchAt(image, r, c), threshold));

/** Rows of grey levels; a twin has them packed, one byte for each pixel. */
export const unpacked = (image) => image.map((row) =>
  (typeof row === "string" ? [...atob(row)].map((character) => character.charCodeAt(0)) : row));

/** How a mask weighs the neighbours: "5 × (85 + 53 + 60) − 3 × (...) = 537". */
export function weighed(mask, i, n) {
  const w = weights(mask, i), text = [5, 2, 1, -1, -2, -3].filter((v) => w.includes(v)).map((v, k) => {
    const some = n.filter((_, j) => w[j] === v), times = Math.abs(v);
    return (k ? (v < 0 ? " − " : " + ") : "") + (times > 1 ? `${times} × ` : "")
      + (some[1] === undefined ? some[0] : `(${some.join(" + ")})`);
  });
  return `${text.join("")} = ${short(sum(w.map((v, k) => v * n[k])))}`;
}

function plot(canvas, rows, most) {
  const data = new ImageData(rows[0].length, rows.length);
  rows.flat().forEach((v, k) => data.data.set([...Array(3).fill((255 * v) / most), 255], 4 * k));
  Object.assign(canvas, { width: data.width, height: data.height });
  canvas.getContext("2d").putImageData(data, 0, 0);
}

/** A canvas of one pixel for each value, with a frame; go(row, col) is a click or a drag of the mouse. */
function shot(attributes, go) {
  const canvas = h("canvas"), frame = h("div", { class: "frame", "aria-hidden": "true" });
  const el = h("div", { class: "board shot", ...attributes }, canvas, frame);
  const press = (event) => {
    const box = canvas.getBoundingClientRect();
    go(Math.floor(((event.clientY - box.top) / box.height) * canvas.height),
      Math.floor(((event.clientX - box.left) / box.width) * canvas.width));
  };
  el.addEventListener("click", press);
  el.addEventListener("pointermove", (event) => {
    if (event.buttons & 1 && event.pointerType === "mouse") press(event);
  });
  return { el, show(rows, most, place, size) {
    plot(canvas, rows, most);
    el.style.setProperty("--cols", rows[0].length);
    Object.entries({ top: place[0], left: place[1], rows: size, columns: size })
      .forEach(([key, value]) => frame.style.setProperty(`--${key}`, value));
  } };
}

export function render({ model, el }) {
  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  let packed, image, map, key, pointed = null;
  const last = () => [image.length - 3, image[0].length - 3];
  const now = () => model.get("position").map((v, i) => clamp(v, 0, last()[i]));
  const go = (row, col) => set("position", [row, col].map((v, i) => clamp(v, 0, last()[i])));

  const picture = shot({ role: "application", tabindex: 0, "aria-roledescription": "picture",
    "aria-label": "picture, the pixel is moved with the arrow keys", [LAB]: "",
    onkeydown(event) {
      const to = moved(event, ...now(), ...last().map((v) => v + 1));
      if (to) go(...to);
    } }, (r, c) => go(r - 1, c - 1));
  const codes = shot({ role: "img" }, go);
  const near = grid({ label: "3 by 3 pixels", rows: 3, cols: 3, toggles: true,
    press: (r, c) => go(now()[0] + r - 1, now()[1] + c - 1) });
  const said = grid({ label: "what each direction says", rows: 3, cols: 3, point(r, c) {
    pointed = direction(r, c);
    draw();
  } });
  const picks = Object.entries(METHODS).map(([name, { title }]) => [name, button(title, () => set("descriptor", name))]);
  const limit = slider("threshold", 0, 60, (value) => set("threshold", value));
  const [full, trace, equation] = ["full", "trace", "equation"].map((name) => h("p", { class: name }));
  const steps = h("ol"), digits = h("div", { class: "digits", role: "img" });
  const what = h("span"), voice = announcer();
  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"), [LAB]: "" },
    h("div", { class: "panel descriptors" },
      h("div", { class: "heading" }, model.get("title")),
      h("div", { class: "picks", role: "group", "aria-label": "descriptor" }, ...picks.map(([, pick]) => pick)),
      full,
      h("div", { class: "stage" }, part("picture", "picture: choose a pixel", picture.el), part("near", "3 × 3 pixels", near.el),
        part("said", what, said.el), part("codes", "code map", codes.el)),
      trace, h("div", { class: "worked" }, steps, h("div", {}, digits, equation)),
      h("div", { class: "controls" }, limit.el), voice.el));

  function draw() {
    const name = model.get("descriptor"), threshold = model.get("threshold"), method = METHODS[name];
    const { title, mask } = method;
    if (packed !== (packed = model.get("image"))) [image, key] = [unpacked(packed)];
    if (key !== (key = [name, threshold].join())) map = codeMap(image, name, threshold);
    const [row, col] = now(), patch = patchAt(image, row, col), n = neighbours(patch), c = patch[1][1];
    const work = worked(name, patch, threshold), { values, chosen } = work;
    const symbol = mask === ROBINSON ? "R" : "K", spot = `row ${row + 2}, column ${col + 2}`;
    const shown = values[pointed] == null ? chosen[0] ?? 0 : pointed; // the direction that is explained

    picks.forEach(([other, pick]) => pick.setAttribute("aria-pressed", other === name));
    full.textContent = `${title}, ${method.full}: one of ${method.codes} codes.`
      + (method.ours ? " Our reconstruction; the original may differ." : "");
    picture.show(image, 255, [row, col], 3);
    codes.show(map, method.most, [row, col], 1);
    codes.el.setAttribute("aria-label", `code map; ${map[row][col]} in ${spot}`);
    const times = (r, q) => (mask ? `× ${short(weights(mask, shown)[direction(r, q)] ?? 0)}` : "");
    near.show(patch, { text: short, say: (r, q, v) => `grey level ${v} ${times(r, q)}` });
    near.cells.forEach((line, r) => line.forEach((cell, q) => {
      const v = patch[r][q];
      Object.assign(cell.style, { background: `rgb(${v},${v},${v})`, color: v < 118 ? "#fff" : "#000" });
      cell.append(h("small", {}, times(r, q)));
    }));
    what.textContent = mask ? `responses ${symbol}` : "at least as bright?";
    said.show(table(3, 3, (r, q) => values[direction(r, q)] ?? null), {
      text: short, scale: Math.max(1, ...values.map(Math.abs)),
      say: (r, q, v) => `${NAMES[direction(r, q)] ?? "centre"} ${v === null ? "not used" : short(v)}` });
    chosen.forEach((i) => {
      const cell = said.cells[AT[i][0]][AT[i][1]];
      cell.classList.add("chosen");
      cell.ariaLabel += ", chosen";
    });
    trace.textContent = mask ? `${symbol} of ${NAMES[shown]} = ${weighed(mask, shown, n)}`
      : `${NAMES[shown]}: ${n[shown]} ${values[shown] ? "≥" : "<"} ${c}, so ${values[shown]}`;
    steps.replaceChildren(...work.steps.map((step) => h("li", {}, step)));
    digits.replaceChildren(...work.digits.map(([digit, count, label]) =>
      h("div", {}, h("span", {}, label), h("b", {}, `${digit}`), h("span", {}, `× ${count}`))));
    digits.setAttribute("aria-label", work.digits.map(([digit, count, label]) => `${label}: ${digit} times ${count}`).join(", "));
    const result = `${added(work)}`, terms = work.digits.filter(([digit]) => digit)
      .map(([digit, count]) => (digit > 1 ? `${digit} × ${count}` : count)).join(" + ") || "0";
    equation.replaceChildren(`code = ${terms === result ? "" : `${terms} = `}`, h("b", {}, result));
    limit.el.hidden = !method.limited;
    limit.show(threshold);
    voice.say(`${title}, ${spot}: grey level ${c}, code ${result}`);
  }
  el.replaceChildren(root);
  draw();
  for (const name of TRAITS) model.on(`change:${name}`, draw);
  return () => { for (const name of TRAITS) model.off(`change:${name}`, draw); };
}

export default { render };
