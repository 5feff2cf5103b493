"""What the tests of the explorers share: reading a page that shows one, and using it."""

import numpy as np

PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><title>Explorers</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<body style="margin: 16px; background: {background}">{body}</body></html>"""
BACKGROUNDS = {"light": "#ffffff", "dark": "#14181e"}
CALL = """async ([source, name, calls]) => {
    const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
    const module = await import(url);
    return calls.map(call => module[name](...call));
}"""
LIVE = """async ([source, css, state]) => {
    const heard = {};
    window.sent = [];
    window.listeners = () => Object.values(heard).reduce((n, set) => n + set.size, 0);
    window.model = {
        get: name => state[name],
        set(name, value) { state[name] = value; heard[`change:${name}`]?.forEach(f => f()); },
        save_changes() { sent.push(structuredClone(state)); },
        on(event, f) { (heard[event] ??= new Set()).add(f); },
        off(event, f) { heard[event].delete(f); },
    };
    const module = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
    const [style, el] = ['style', 'div'].map(tag => document.createElement(tag));
    style.textContent = css;
    document.body.replaceChildren(style, el);
    window.leave = module.default.render({model, el});
}"""
CONTRASTS = """cells => {
    const light = c => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4 };
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const luminance = (colour, below) => {
        canvas.fillStyle = below; canvas.fillRect(0, 0, 1, 1);
        canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(light);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const page = getComputedStyle(document.body).backgroundColor;
    return cells.filter(c => c.textContent.trim()).map(cell => {
        let el = cell, back = 'rgba(0, 0, 0, 0)';
        for (; el && back === 'rgba(0, 0, 0, 0)'; el = el.parentElement)
            back = getComputedStyle(el).backgroundColor;
        const [a, b] = [luminance(getComputedStyle(cell).color, page), luminance(back, page)];
        return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    });
}"""


def shown(value, digits=2):
    """A number as the explorers print it."""
    text = f"{abs(value):.{digits}f}"
    return ("−" if value < 0 and float(text) else "") + text


def read(text):
    """The number that stands in a cell."""
    return float(text.replace("−", "-"))


def numbers_in(grid):
    """The numbers of a grid in rows, None where a cell is blank; from the text, not the labels."""
    texts = grid.evaluate(
        "g => [...g.querySelectorAll('[role=row]')].map(row => [...row.children].map(c => c.textContent))"
    )
    return [[read(text) if text else None for text in row] for row in texts]


def labels_of(grid):
    return grid.get_by_role("gridcell").evaluate_all("cells => cells.map(c => c.ariaLabel)")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def stop_the_clock(page):
    """From now on time passes only when the test says so, however busy the machine."""
    page.clock.pause_at("2026-01-01T01:00:00")


def centre(page, grid, row, col):
    box = grid.get_by_role("gridcell", name=f"row {row + 1}, column {col + 1},").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def framed(page, grid):
    """Rows and columns [first, last] inside the visible frame of a grid."""
    frame = grid.locator("xpath=..").locator(".frame:not([hidden])")
    if not frame.count():
        return None
    box, cell = frame.bounding_box(), grid.bounding_box()
    pitch = cell["width"] / grid.get_by_role("row").first.get_by_role("gridcell").count()
    top, left = (box["y"] - cell["y"]) / pitch, (box["x"] - cell["x"]) / pitch
    edges = [top, top + box["height"] / pitch - 1, left, left + box["width"] / pitch - 1]
    assert np.allclose(edges, np.rint(edges), atol=0.05)
    return [round(edge) for edge in edges]
