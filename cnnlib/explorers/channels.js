import {
  LAB, announcer, button, clamp, correlate2d, grid, h, number, part, player, products, replaced, short, slider, still,
  sum,
} from "./parts.js";

const TRAITS = ["image", "weight", "bias", "names", "filter", "position", "product"];
const COLOURS = ["red", "green", "blue"];
const TINTS = [[1, 0.25, 0.2], [0.15, 0.8, 0.3], [0.3, 0.5, 1]]; // in which the planes are shown
const BRIGHTEST = 9, TOTAL = 27;

/** The 3x3x3 products of one filter with the window at (row, col). */
export const cube = (image, filter, row, col) => filter.map((plane, c) => products(image[c], plane, row, col));

/** A map for each filter: the three channels' maps and the bias added up, as conv2d does. */
export const convolve = (image, weight, bias) => weight.map((filter, k) => {
  const maps = filter.map((plane, c) => correlate2d(image[c], plane));
  return maps[0].map((line, r) => line.map((_, col) => sum(maps.map((map) => map[r][col])) + bias[k]));
});

/** Channel, row and column of product number n of 27, counted from 0: plane by plane, in reading order. */
export const part27 = (n) => [Math.floor(n / 9), Math.floor(n / 3) % 3, n % 3];

const signed = (v) => (v < 0 ? `(${short(v)})` : short(v));

const brief = (v) => number(v, Number.isInteger(v) || Math.abs(v) >= 10 ? 0 : 1);

/** A weight that a press turns into the next: up to 2, then from −2 again. */
export const turned = (w) => (w >= 2 ? -2 : Math.floor(w) + 1);

/** Colour a cell as light of that much red, green and blue; the text is black or white, as reads best. */
function paint(cell, light, text = "") {
  const shares = light.map((v) => v / BRIGHTEST);
  const linear = shares.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  cell.className = "unit light";
  cell.style.background = `rgb(${shares.map((v) => Math.round(255 * v)).join(" ")})`;
  cell.style.color = luminance > 0.179 ? "#000" : "#fff";
  if (cell.textContent !== text) cell.textContent = text;
}
const tinted = (v, channel) => TINTS[channel].map((share) => share * v);

/** Build the page for an image of one size and a number of filters; return how to redraw it. */
function build(model, root, start) {
  const [rows, cols] = [model.get("image")[0].length, model.get("image")[0][0].length];
  const last = [rows - 3, cols - 3], visited = new Set();
  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  const here = (k, r, c) => [k, r, c].join();
  const pixel = (r, c) => model.get("image").map((plane) => plane[r][c]);
  const go = (r, c) => { film.stop(); set("position", [clamp(r, 0, last[0]), clamp(c, 0, last[1])]); };

  const picture = grid({ label: "picture", rows, cols, follow: true, toggles: true,
    press: (r, c) => go(r - 1, c - 1) });
  const picked = picture.frame();
  const channels = COLOURS.map((colour, channel) => {
    const plane = still(rows, cols), frame = h("div", { class: "frame", "aria-hidden": "true" });
    plane.el.append(frame);
    return { plane, frame, patch: still(3, 3), product: still(3, 3), total: h("b"),
      filter: grid({ label: `filter, ${colour}`, rows: 3, cols: 3, toggles: true, press(r, c) {
        const k = model.get("filter"), weight = model.get("weight");
        const planes = weight[k].map((lines, i) =>
          (i === channel ? replaced(lines, r, c, turned(lines[r][c])) : lines));
        set("weight", weight.map((filter, i) => (i === k ? planes : filter)));
      } }) };
  });
  const maps = model.get("weight").map((_, k) => {
    const map = grid({ label: "", rows: rows - 2, cols: cols - 2, follow: true, toggles: true, press(r, c) {
      model.set("filter", k);
      model.set("product", TOTAL);
      go(r, c);
    } });
    return { map, frame: map.frame(), name: h("span"), el: null };
  });
  maps.forEach((entry) => { entry.el = part("map", entry.name, entry.map.el); });

  const picks = maps.map((_, k) => button("", () => set("filter", k)));
  const shapes = h("p", { class: "shapes" }), telling = h("p", { class: "telling" });
  const equation = h("p", { class: "equation" });
  const voice = announcer();
  const film = player({
    ready() { if (model.get("product") === TOTAL) set("product", 1); },
    advance() {
      set("product", Math.min(model.get("product") + 1, TOTAL));
      return model.get("product") < TOTAL;
    },
    changed: () => draw(),
  });
  const to = (n) => { film.stop(); set("product", clamp(n, 1, TOTAL)); };
  const back = button("Previous", () => to(model.get("product") - 1));
  const next = button("Next", () => {
    if (model.get("product") < TOTAL) { to(model.get("product") + 1); return; }
    const [r, c] = model.get("position"), k = (r * (last[1] + 1) + c + 1) % ((last[0] + 1) * (last[1] + 1));
    model.set("product", 1);
    go(Math.floor(k / (last[1] + 1)), k % (last[1] + 1));
  });
  const steps = slider("product", 1, TOTAL, to);
  const adds = slider("bias", -30, 30, (v) =>
    set("bias", model.get("bias").map((b, k) => (k === model.get("filter") ? v : b))));
  const everything = (f) => maps.forEach((_, k) => {
    for (let r = 0; r <= last[0]; r++) for (let c = 0; c <= last[1]; c++) f(here(k, r, c));
  });

  root.replaceChildren(h("div", { class: "panel channels", style: `--n:${cols}` },
    h("div", { class: "heading" }, model.get("title")), shapes,
    h("div", { class: "strip" }, part("picture", "picture: choose where to look", picture.el),
      ...channels.map(({ plane }, c) => part("plane", `${COLOURS[c]} channel`, plane.el))),
    h("div", { class: "picks", role: "group", "aria-label": "filter in use" }, ...picks),
    h("div", { class: "controls" }, film.button, back, next, button("All 27", () => to(TOTAL)), steps.el),
    h("div", { class: "work" },
      h("div", { class: "rows" },
        ...channels.map(({ patch, filter, product, total }, c) => h("div", { class: "channel" },
          part("patch", COLOURS[c], patch.el), h("span", { class: "sign" }, "×"),
          part("weights", c ? "" : "filter (edit)", filter.el), h("span", { class: "sign" }, "="),
          part("product", c ? "" : "products", product.el), part("total", c ? "" : "sum", total))),
        telling, equation, h("div", { class: "controls" }, adds.el)),
      h("div", { class: "maps" }, ...maps.map(({ el }) => el),
        h("div", { class: "controls" },
          button("Fill maps", () => { everything((place) => visited.add(place)); draw(); }),
          button("Reset", () => {
            film.stop();
            for (const name of ["weight", "bias", "product", "position"]) set(name, start[name]);
            visited.clear();
            draw();
          })))),
    voice.el));

  function draw() {
    const image = model.get("image"), weight = model.get("weight"), bias = model.get("bias");
    const k = model.get("filter"), [row, col] = model.get("position"), n = model.get("product");
    const all = cube(image, weight[k], row, col), flat = all.flat(2), [channel, i, j] = part27(n - 1);
    if (n === TOTAL) visited.add(here(k, row, col));

    picture.cells.forEach((line, r) => line.forEach((cell, c) => {
      paint(cell, pixel(r, c));
      cell.setAttribute("aria-label", `row ${r + 1}, column ${c + 1}, `
        + pixel(r, c).map((v, ch) => `${COLOURS[ch]} ${v}`).join(", "));
    }));
    picked([[row, row + 2], [col, col + 2]]);
    const widest = Math.max(1, ...weight[k].flat(2).map(Math.abs));
    const largest = Math.max(1, ...flat.map(Math.abs));
    const sums = all.map((lines, c) => sum(lines.flat().slice(0, clamp(n - 9 * c, 0, 9))));
    channels.forEach(({ plane, frame, patch, filter, product, total }, c) => {
      plane.cells.forEach((line, r) => line.forEach((cell, q) =>
        paint(cell, tinted(image[c][r][q], c), String(image[c][r][q]))));
      plane.cells[0][0].closest("[role=img]").setAttribute("aria-label",
        `${COLOURS[c]} channel of the picture`);
      Object.entries({ top: row, left: col, rows: 3, columns: 3 })
        .forEach(([name, value]) => frame.style.setProperty(`--${name}`, value));
      const seen = image[c].slice(row, row + 3).map((line) => line.slice(col, col + 3));
      patch.show(seen, `${COLOURS[c]} in the window: ${seen.map((line) => line.join(" ")).join("; ")}`, { text: short });
      patch.cells.forEach((line, r) => line.forEach((cell, q) =>
        paint(cell, tinted(seen[r][q], c), String(seen[r][q]))));
      filter.show(weight[k][c], { text: short, scale: widest, say: (r, q, v) => `weight ${short(v)}` });
      const done = all[c].map((line, r) => line.map((v, q) => (9 * c + 3 * r + q < n ? v : null)));
      const shown = done.flat().filter((v) => v !== null);
      product.show(done, `products, ${COLOURS[c]}: ${shown.map(signed).join(" + ") || "none yet"}`,
        { text: short, scale: largest });
      total.textContent = shown.length ? short(sums[c]) : "";
      [patch, filter, product].forEach(({ cells }) => cells.flat().forEach((cell, q) =>
        cell.classList.toggle("now", c === channel && q === 3 * i + j)));
    });

    const values = convolve(image, weight, bias);
    const scale = Math.max(1, ...values.flat(2).map(Math.abs));
    maps.forEach(({ map, frame, name, el }, m) => {
      const title = `map ${m + 1}: ${model.get("names")[m]}`;
      name.textContent = title;
      map.cells[0][0].closest("[role=grid]").setAttribute("aria-label", title);
      map.show(values[m].map((line, r) => line.map((v, c) => (visited.has(here(m, r, c)) ? v : null))),
        { text: brief, scale, say: (r, c, v) => (v === null ? "not computed yet" : `value ${short(v)}`) });
      frame(m === k ? [[row, row], [col, col]] : null);
      el.classList.toggle("chosen", m === k);
      picks[m].textContent = `${m + 1}: ${model.get("names")[m]}`;
      picks[m].setAttribute("aria-pressed", m === k);
    });

    const [value, factor] = [image[channel][row + i][col + j], weight[k][channel][i][j]];
    const begun = sums.slice(0, channel + 1), added = sum(begun);
    const count = weight.length;
    shapes.textContent = `image (3, ${rows}, ${cols}) → ${count} filter${count > 1 ? "s" : ""}, each (3, 3, 3) → `
      + `stack of maps (${count}, ${last[0] + 1}, ${last[1] + 1})`;
    telling.textContent = `Product ${n} of 27: ${COLOURS[channel]}, `
      + `${short(value)} × ${signed(factor)} = ${short(value * factor)}.`;
    const terms = begun.map((v, c) => `${COLOURS[c]} ${signed(v)}`).join(" + ");
    equation.replaceChildren(n < TOTAL ? `${terms} + …`
      : `${terms} + bias ${signed(bias[k])} = `, ...(n < TOTAL ? [] : [h("b", {}, short(values[k][row][col]))]));
    steps.show(n, `${n} of 27`);
    adds.show(bias[k], short(bias[k]));
    back.disabled = n === 1;
    if (!film.playing()) voice.say(n < TOTAL ? `${telling.textContent} So far ${short(added)}`
      : `map ${k + 1}, row ${row + 1}, column ${col + 1}: ${equation.textContent}`);
  }
  return { draw, close() { film.close(); } };
}

export function render({ model, el }) {
  const root = h("div", { class: "explorer", role: "group", "aria-label": model.get("title"), [LAB]: "" });
  const start = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  let size, view;
  const draw = () => {
    const [{ length: count }, [plane]] = [model.get("weight"), model.get("image")];
    if (["bias", "names"].some((name) => model.get(name).length !== count)) return; // the rest is on its way
    const last = [plane.length - 3, plane[0].length - 3], now = model.get("position");
    const inside = now.map((v, i) => clamp(v, 0, last[i])), filter = clamp(model.get("filter"), 0, count - 1);
    if (size !== (size = [...last, count].join())) {
      view?.close();
      view = build(model, root, start);
    }
    if (inside.join() !== now.join()) model.set("position", inside); // draws again
    else if (filter !== model.get("filter")) model.set("filter", filter);
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
