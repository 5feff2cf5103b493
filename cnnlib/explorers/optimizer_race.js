import { LAB, announcer, button, clamp, h, moved, number, part, player, slider } from "./parts.js";

const TRAITS = ["surface", "start", "rates", "shown", "step"];
const STEPS = 300, NEAR = 0.05, FAR = 1000, LEAST = -32, MOST = 12; // rates: ten to the power of so many eighths
const LATTICE = 40; // steps of the arrow keys across the map
const SURFACES = {
  "valley": { height: (a, b) => (20 * a * a + b * b) / 2, slope: (a, b) => [20 * a, b] },
  "valley, turned": {
    height: (a, b) => (21 * (a * a + b * b) + 38 * a * b) / 4,
    slope: (a, b) => [(21 * a + 19 * b) / 2, (19 * a + 21 * b) / 2],
  },
  "ravine": {
    height: (a, b) => (1 - a) ** 2 + 100 * (b - a * a) ** 2,
    slope: (a, b) => [-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)],
  },
  "saddle": {
    height: (a, b) => a * a / 2 + 0.02 * (1 - b * b) ** 2 / 4,
    slope: (a, b) => [a, 0.02 * (b * b * b - b)],
  },
};

// Each rule: gradient g of one weight, memory m, rate in; the step to subtract out.
const rolled = (g, m) => (m.buffer = 0.9 * (m.buffer ?? 0) + g);
const RULES = {
  "SGD": (g, m, rate) => rate * g,
  "momentum": (g, m, rate) => rate * rolled(g, m),
  "Adagrad": (g, m, rate) => {
    m.sum = (m.sum ?? 0) + g * g;
    return rate * (g / (Math.sqrt(m.sum) + 1e-10));
  },
  "RMSprop": (g, m, rate) => {
    m.mean = 0.9 * (m.mean ?? 0) + (1 - 0.9) * (g * g);
    return rate * (g / (Math.sqrt(m.mean) + 1e-8));
  },
  "Adam": (g, m, rate) => {
    m.t = (m.t ?? 0) + 1;
    m.mean = 0.9 * (m.mean ?? 0) + (1 - 0.9) * g;
    m.square = 0.999 * (m.square ?? 0) + (1 - 0.999) * (g * g);
    const size = Math.sqrt(m.square) / Math.sqrt(1 - 0.999 ** m.t) + 1e-8;
    return rate * (m.mean / (1 - 0.9 ** m.t) / size);
  },
  "Nesterov": (g, m, rate) => rate * (g + 0.9 * rolled(g, m)),
};
const NAMES = Object.keys(RULES);

/** The height of a surface at a place, and its slope. */
export const height = (surface, place) => SURFACES[surface].height(...place);
export const slope = (surface, place) => SURFACES[surface].slope(...place);

/** All places of a walk, the start first; beyond FAR it stays where it is. */
export function walk(surface, name, start, rate, steps = STEPS) {
  const memory = [{}, {}], places = [[...start]];
  for (let k = 0; k < steps; k++) {
    const last = places[k];
    if (Math.max(...last.map(Math.abs)) > FAR) { places.push(last); continue; }
    const g = slope(surface, last);
    places.push(last.map((w, i) => w - RULES[name](g[i], memory[i], rate)));
  }
  return places;
}

const distance = (place, lowest) => Math.min(...lowest.map(([a, b]) => Math.hypot(place[0] - a, place[1] - b)));

/** After how many steps a walk is near a lowest place for good; null if it is not at its end. */
export function arrival(places, lowest) {
  let k = places.length;
  while (k > 0 && distance(places[k - 1], lowest) <= NEAR) k--;
  return k === places.length ? null : k;
}

const rated = (eighths) => 10 ** (eighths / 8);

/** For each optimiser the rate that arrives first, else the one that ends nearest. */
export const bestRates = (surface, start, lowest) => NAMES.map((name) => {
  let best = null, least = Infinity;
  for (let k = LEAST; k <= MOST; k++) {
    const places = walk(surface, name, start, rated(k));
    const score = arrival(places, lowest) ?? STEPS + distance(places[STEPS], lowest);
    if (score < least) [best, least] = [rated(k), score];
  }
  return best;
});

/** Level lines as the data of an SVG path, where f is known at the corners of n x n squares of side 1. */
export function contours(f, n, levels) {
  const lines = [];
  for (let r = 0; r < n; r++) for (let c = 0; c < n; c++) {
    const corners = [[r, c], [r, c + 1], [r + 1, c + 1], [r + 1, c]];
    for (const level of levels) {
      const cuts = corners.flatMap(([y, x], k) => {
        const [v, u] = corners[(k + 1) % 4], from = f[y][x] - level, to = f[v][u] - level;
        if (from < 0 === to < 0) return [];
        const share = from / (from - to);
        return [`${(x + share * (u - x)).toFixed(2)} ${(y + share * (v - y)).toFixed(2)}`];
      });
      for (let k = 0; k + 1 < cuts.length; k += 2) lines.push(`M${cuts[k]}L${cuts[k + 1]}`);
    }
  }
  return lines.join("");
}

const printed = (v) => (v === 0 || (v >= 1e-3 && v < 1000) ? Number(v.toPrecision(2)).toString() : v.toExponential(1).replace("-", "−"));

export function render({ model, el }) {
  const get = (name) => model.get(name);
  const set = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  };
  const preset = () => get("presets")[get("surface")];
  const GRID = 60, SIDE = 100; // squares of the level lines along a side; units of the drawing
  let drawn = null, walks = [], key = "";

  // places on the map: (0, 0) is its top left corner, (SIDE, SIDE) the bottom right one
  const onMap = ([a, b]) => {
    const [[left, right], [bottom, top]] = preset().limits;
    return [(a - left) / (right - left) * SIDE, (top - b) / (top - bottom) * SIDE].map((v) => clamp(v, -SIDE, 2 * SIDE));
  };
  const fromMap = (x, y) => {
    const [[left, right], [bottom, top]] = preset().limits;
    return [left + x * (right - left), top - y * (top - bottom)].map((v) => Number(v.toFixed(2)));
  };

  const drawing = h("div", { class: "drawing", "aria-hidden": "true" });
  drawing.innerHTML = `<svg viewBox="0 0 ${SIDE} ${SIDE}"><path class="levels" transform="scale(${SIDE / GRID})"/>
<g class="lowest"></g>${NAMES.map((_, k) => `<path class="way m${k + 1}"/>`).join("")}
<circle class="from" r="1.8"/>${NAMES.map((_, k) => `<g class="head m${k + 1}"><circle r="2.6"/><text y="1.25">${k + 1}</text></g>`).join("")}</svg>`;
  const [levels, ...ways] = drawing.querySelectorAll("path"), from = drawing.querySelector(".from");
  const heads = [...drawing.querySelectorAll(".head")], lowest = drawing.querySelector(".lowest");
  const map = h("div", { class: "map", tabindex: 0, role: "application", "aria-roledescription": "map", [LAB]: "" }, drawing);
  const startAt = (event) => {
    const box = map.getBoundingClientRect();
    const share = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const to = fromMap(...share.map((v) => clamp(v, 0, 1)));
    if (to.join() !== get("start").join()) set({ start: to });
  };
  map.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    map.setPointerCapture(event.pointerId);
    startAt(event);
  });
  map.addEventListener("pointermove", (event) => { if (map.hasPointerCapture(event.pointerId)) startAt(event); });
  map.addEventListener("keydown", (event) => {
    const [x, y] = onMap(get("start")).map((v) => Math.round(v / SIDE * LATTICE));
    const to = moved(event, y, x, LATTICE + 1, LATTICE + 1);
    if (to) set({ start: fromMap(to[1] / LATTICE, to[0] / LATTICE) });
  });

  const surfaces = Object.keys(SURFACES).map((name) => {
    const pick = button(name, () => {
      const { start, rates } = get("presets")[name];
      film.close();
      set({ surface: name, start, rates, step: 0 });
    });
    return { name, pick };
  });
  const rows = NAMES.map((name, k) => {
    const toggle = button(h("span", { class: "which", "aria-hidden": "true" }, `${k + 1}`), () => {
      const shown = get("shown").includes(name) ? get("shown").filter((other) => other !== name) : [...get("shown"), name];
      set({ shown });
    });
    toggle.append(name);
    const rate = slider(`${name}: rate`, LEAST, MOST, (v) => set({ rates: get("rates").map((old, j) => (j === k ? rated(v) : old)) }));
    const state = h("div", { class: "state" });
    return { name, toggle, rate, state, el: h("li", { class: `racer m${k + 1}` }, toggle, rate.el, state) };
  });

  const film = player({
    ready: () => { if (get("step") >= STEPS) set({ step: 0 }); },
    advance: () => {
      const step = get("step");
      if (step < STEPS) set({ step: Math.min(STEPS, step + Math.max(1, Math.round(step / 10))) });
      return get("step") < STEPS;
    },
    changed: () => draw(),
  });
  const to = (step) => { film.close(); set({ step: clamp(step, 0, STEPS) }); };
  const back = button("Back", () => to(get("step") - 1)), next = button("Step", () => to(get("step") + 1));
  const reset = button("Start over", () => to(0));
  const search = button("Best rates", () => set({ rates: bestRates(get("surface"), get("start"), preset().lowest) }));
  const scrub = slider("step", 0, STEPS, (v) => to(v));
  const telling = h("p", { class: "telling" }), voice = announcer();

  const root = h("div", { class: "explorer", role: "group", "aria-label": get("title"), [LAB]: "" },
    h("div", { class: "panel race" },
      h("div", { class: "heading" }, get("title")),
      h("div", { class: "surfaces", role: "group", "aria-label": "surface" }, ...surfaces.map(({ pick }) => pick)),
      h("div", { class: "stage" },
        part("view", "click to choose the start, or press arrow keys", map),
        h("ul", { class: "racers" }, ...rows.map((row) => row.el))),
      h("div", { class: "controls" }, film.button, back, next, reset, search, scrub.el),
      telling), voice.el);

  function survey() {
    const corners = Array.from({ length: GRID + 1 }, (_, r) => Array.from({ length: GRID + 1 }, (_, c) =>
      height(drawn, fromGrid(c / GRID, r / GRID))));
    const most = Math.max(...corners.flat());
    levels.setAttribute("d", contours(corners, GRID, Array.from({ length: 13 }, (_, k) => most * 10 ** (-4 + k / 3))));
    lowest.innerHTML = preset().lowest.map((place) => {
      const [x, y] = onMap(place);
      return `<path d="M${x - 2} ${y - 2}l4 4m0 -4l-4 4"/>`;
    }).join("");
  }
  const fromGrid = (x, y) => {
    const [[left, right], [bottom, top]] = preset().limits;
    return [left + x * (right - left), top - y * (top - bottom)];
  };

  function draw() {
    const surface = get("surface"), start = get("start"), rates = get("rates"), step = get("step");
    if (surface !== drawn) { drawn = surface; survey(); }
    const now = JSON.stringify([surface, start, rates]);
    if (now !== key) { key = now; walks = NAMES.map((name, k) => walk(surface, name, start, rates[k])); }
    surfaces.forEach(({ name, pick }) => pick.setAttribute("aria-pressed", name === surface));
    const [x, y] = onMap(start);
    from.setAttribute("cx", x);
    from.setAttribute("cy", y);
    const where = `start ${number(start[0])}, ${number(start[1])}`;
    map.setAttribute("aria-label", `map of the ${surface}, ${where}; arrow keys move the start`);
    const words = [];
    rows.forEach(({ name, toggle, rate, state, el: line }, k) => {
      const shown = get("shown").includes(name), places = walks[k].slice(0, step + 1), place = places[step];
      const arrived = arrival(walks[k], preset().lowest), gone = Math.max(...place.map(Math.abs)) > FAR;
      const text = gone ? "gone" : arrived !== null && arrived <= step ? `there after ${arrived}` : `height ${printed(height(surface, place))}`;
      toggle.setAttribute("aria-pressed", shown);
      line.classList.toggle("off", !shown);
      rate.show(Math.round(8 * Math.log10(rates[k])), printed(rates[k]));
      state.textContent = text;
      ways[k].style.display = heads[k].style.display = shown ? "" : "none";
      ways[k].setAttribute("d", `M${places.map((p) => onMap(p).map((v) => v.toFixed(2)).join(" ")).join("L")}`);
      heads[k].setAttribute("transform", `translate(${onMap(place).map((v) => v.toFixed(2)).join(" ")})`);
      if (shown) words.push(`${name} ${text}`);
    });
    scrub.show(step, `${step} of ${STEPS}`);
    back.disabled = step === 0;
    next.disabled = step === STEPS;
    telling.textContent = `Step ${step}, ${where}. ${words.join("; ")}.`;
    if (!film.playing()) voice.say(telling.textContent);
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
