// What the explorers share: arithmetic on lists of rows, the way numbers are printed, grids of
// cells, and the stand-in for a kernel. Rows and columns count from 0 here, from 1 for readers.

export const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
export const clamp = (v, low, high) => Math.min(Math.max(v, low), high);
export const table = (rows, cols, f) =>
  Array.from({ length: rows }, (_, r) => Array.from({ length: cols }, (_, c) => f(r, c)));

/** Line the kernel up with the patch at (row, col): pixel times weight, for each pair. */
export const products = (image, kernel, row, col) =>
  kernel.map((line, i) => line.map((weight, j) => weight * image[row + i][col + j]));

/** The sum of the products at every position where the kernel fits. */
export const correlate2d = (image, kernel) =>
  table(image.length - kernel.length + 1, image[0].length - kernel[0].length + 1, (r, c) =>
    sum(products(image, kernel, r, c).flat()));

/** The same rows with one value replaced, by its opposite unless told. */
export const replaced = (rows, row, col, value = -rows[row][col] || 1) =>
  rows.map((line, r) => line.map((v, c) => (r === row && c === col ? value : v)));

/** Print with a true minus sign; never "−0.00". */
export function number(v, digits = 2) {
  const text = Math.abs(v).toFixed(digits);
  return (v < 0 && Number(text) ? "−" : "") + text;
}
export const short = (v) => number(v, Number.isInteger(v) ? 0 : 2);

/** Make an element; attributes that begin with "on" are listeners, null leaves one out. */
export function h(tag, attributes = {}, ...children) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) el.addEventListener(key.slice(2), value);
    else if (value !== null) el.setAttribute(key, value);
  }
  el.append(...children);
  return el;
}
// JupyterLab leaves the keys to elements with this attribute. It must stand on the controls
// themselves: its rule for focused controls matches them before it looks at what is around them.
export const LAB = "data-lm-suppress-shortcuts";
export const button = (label, onclick) => h("button", { type: "button", [LAB]: "", onclick }, label);

/** A small drawing of the positive values. */
export function thumbnail(rows) {
  const path = rows.flatMap((line, r) => line.map((v, c) => (v > 0 ? `M${c} ${r}h1v1h-1z` : "")));
  const el = h("span", { class: "thumb", "aria-hidden": "true" });
  el.innerHTML = `<svg viewBox="0 0 ${rows[0].length} ${rows.length}"><path d="${path.join("")}"/></svg>`;
  return el;
}

/** A slider with its name and value before it; show(value, text) sets both. */
export function slider(label, min, max, oninput) {
  const value = h("b", { "aria-hidden": "true" });
  const input = h("input", { type: "range", [LAB]: "", min, max, oninput: () => oninput(Number(input.value)) });
  return {
    el: h("label", {}, h("span", {}, label, " ", value), input),
    show(v, text = v) {
      input.value = v;
      input.setAttribute("aria-valuetext", text);
      value.textContent = text;
    },
  };
}

/**
 * A button that plays: advance() again and again until it returns false, slowly for readers who want
 * less motion. ready() is called before, changed() when it has started or stopped.
 */
export function player({ ready, advance, changed }) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = null;
  const to = (next) => {
    clearInterval(timer);
    timer = next;
    self.button.textContent = timer === null ? "Play" : "Pause";
  };
  const self = {
    button: button("Play", () => {
      if (self.playing()) { self.stop(); return; }
      ready();
      to(setInterval(() => advance() || self.stop(), calm.matches ? 1500 : 600));
      changed();
    }),
    playing: () => timer !== null,
    stop() { to(null); changed(); },
    close() { to(null); },
  };
  return self;
}

export const part = (kind, name, ...children) =>
  h("div", { class: `part ${kind}` }, h("div", { class: "name" }, name), ...children);

/** A line for screen readers only: says what changed, once when much changes in a row. */
export function announcer() {
  const el = h("p", { class: "unseen", "aria-live": "polite" });
  let timer, last;
  return { el, say(text) {
    clearTimeout(timer);
    if (last && text !== last) timer = setTimeout(() => { el.textContent = text; }, 300);
    last = text;
  } };
}

/** Colour a cell by its value and print it there; `picture` for pixels: ink and paper. */
export function fill(cell, value, { text = number, scale = 1, picture = false } = {}) {
  const kind = value === null ? "blank" : value > 0 ? "positive" : value < 0 ? "negative" : "zero";
  cell.className = `unit ${kind}${picture && value !== null ? " pixel" : ""}`;
  cell.style.setProperty("--k", `${Math.min(Math.abs(value) / scale, 1) * 100}%`);
  const shown = value === null ? "" : text(value);
  cell.style.setProperty("--fit", Math.min(1, 3 / shown.length)); // for sheets that print long numbers small
  // the zero before the point can go where there is little room
  const html = shown && `<span>${shown.replace(/^(−?)0\./, "$1<i>0</i>.")}</span>`;
  if (cell.innerHTML !== html) cell.innerHTML = html;
}

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  Home: [0, -99], End: [0, 99] };

/** Where an arrow key leads from (row, col) in a grid, or null for other keys. */
export function moved(event, row, col, rows, cols) {
  const move = event.ctrlKey || event.metaKey || event.altKey ? null : MOVES[event.key];
  if (!move) return null;
  event.preventDefault();
  return [clamp(row + move[0], 0, rows - 1), clamp(col + move[1], 0, cols - 1)];
}

/**
 * A grid of cells with one tab stop; arrow keys move inside.
 *
 * press(row, col, stroke) is a click, space or enter; with `drag`, also each cell the pointer
 * passes, and `stroke` is then what the first press returned. With `follow`, a cell that the keys
 * reach is pressed, too. point(row, col) is hover or focus, point(null) the end of it.
 */
export function grid({ label, rows, cols, press = () => {}, point = () => {}, drag = false,
  follow = false, toggles = false }) {
  const cells = table(rows, cols, (r, c) => h("div", { role: "gridcell", tabindex: r + c ? -1 : 0 }));
  const lines = cells.map((line) => h("div", { role: "row" }, ...line));
  const body = h("div", { role: "grid", "aria-label": label, class: "units" }, ...lines);
  const el = h("div", { class: `board${toggles ? " toggles" : ""}${drag ? " drag" : ""}`,
    style: `--cols:${cols}` }, body);
  let active = cells[0][0], stroke, last;

  const at = (target) => {
    const cell = target?.closest?.(".unit");
    const r = lines.indexOf(cell?.parentNode);
    return r < 0 ? null : [r, cells[r].indexOf(cell)];
  };
  const listen = (type, f) => body.addEventListener(type, (event) => {
    const place = at(event.target);
    if (place) f(event, ...place);
  });
  listen("focusin", (event, r, c) => {
    active.tabIndex = -1;
    active = cells[r][c];
    active.tabIndex = 0;
    if (active.matches(":focus-visible")) point(r, c);
  });
  listen("keydown", (event, r, c) => {
    const to = moved(event, r, c, rows, cols);
    if (to) {
      cells[to[0]][to[1]].focus();
      if (follow) press(...to);
    } else if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      press(r, c);
    }
  });
  listen("pointerover", (event, r, c) => point(r, c));
  body.addEventListener("pointerleave", () => point(null));
  body.addEventListener("focusout", () => point(null));
  if (drag) {
    listen("pointerdown", (event, r, c) => {
      if (event.button) return;
      last = [r, c];
      stroke = press(r, c);
    });
    body.addEventListener("pointermove", (event) => {
      if (!(event.buttons & 1)) last = null;
      const to = last && at(document.elementFromPoint(event.clientX, event.clientY));
      if (!to) return;
      const steps = Math.max(Math.abs(to[0] - last[0]), Math.abs(to[1] - last[1]));
      for (let k = 1; k <= steps; k++) // a fast pointer skips cells: fill in the line between
        press(...[0, 1].map((i) => Math.round(last[i] + ((to[i] - last[i]) * k) / steps)), stroke);
      last = to;
    });
  }
  // assistive technology clicks without a pointer (detail is 0)
  listen("click", (event, r, c) => { if (!drag || !event.detail) press(r, c); });

  return {
    el, cells,
    /** Print values; options as for fill, and say(row, col, value) for the accessible names. */
    show(values, options = {}) {
      const { say = (r, c, v) => `value ${short(v)}` } = options;
      values.forEach((line, r) => line.forEach((v, c) => {
        fill(cells[r][c], v, options);
        cells[r][c].setAttribute("aria-label", `row ${r + 1}, column ${c + 1}, ${say(r, c, v)}`);
      }));
    },
    /** Add a frame; the function returned puts it round rows and columns [first, last] or hides it. */
    frame(attributes = { "aria-hidden": "true" }) {
      const frame = h("div", { class: "frame", hidden: "", ...attributes });
      el.append(frame);
      return (place) => {
        frame.hidden = !place;
        if (!place) return;
        const [[top, bottom], [left, right]] = place;
        Object.entries({ top, left, rows: bottom - top + 1, columns: right - left + 1 })
          .forEach(([key, value]) => frame.style.setProperty(`--${key}`, value));
      };
    },
  };
}

/** Cells to look at only, read out as one sentence. */
export function still(rows, cols) {
  const cells = table(rows, cols, () => h("div"));
  const body = h("div", { class: "units", role: "img" }, ...cells.map((line) => h("div", {}, ...line)));
  return {
    el: h("div", { class: "board", style: `--cols:${cols}` }, body), cells,
    show(values, label, options) {
      values.forEach((line, r) => line.forEach((v, c) => fill(cells[r][c], v, options)));
      body.setAttribute("aria-label", label);
    },
  };
}

/** What the module needs of anywidget's model, with no kernel behind it. */
export function standIn(state) {
  const heard = {};
  return {
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value) return;
      state[name] = value;
      heard[`change:${name}`]?.forEach((f) => f());
    },
    save_changes() {},
    on(event, f) { (heard[event] ??= []).push(f); },
    off(event, f) { heard[event] = heard[event]?.filter((g) => g !== f); },
  };
}

/** Render into the first container of that name on the page that is still waiting. */
export function mount(name, render) {
  const el = document.querySelector(`[data-explorer="${name}"]:not([data-mounted])`);
  if (!el) return;
  el.dataset.mounted = "";
  const style = el.querySelector("style");
  const state = JSON.parse(el.querySelector("script").textContent);
  render({ model: standIn(state), el });
  el.prepend(style);
}
