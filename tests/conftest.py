"""Fixtures that more than one test file needs: a browser cut off from the network, explorers in it."""

import os
import shutil

import numpy as np
import pytest
from explorer_page import BACKGROUNDS, CALL, LIVE, PAGE

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LOCAL = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:")


def without_browser(reason):
    """Skip, but fail where the tests were promised a browser (continuous integration)."""
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(f"REQUIRE_BROWSER is set, but {reason}")
    pytest.skip(f"{reason}; the browser tests need Chromium, for example: apt install chromium")


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        without_browser("no Chromium was found on the PATH or in the variable CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=list(SWITCHES))
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser):
    """Open pages that reach nothing but this machine; afterwards fail on what they tried or logged.

    Call it with Playwright's context options, such as ``color_scheme="dark"``.
    """
    contexts, complaints = [], []

    def route(route):
        url = route.request.url
        if url.startswith(LOCAL):
            route.continue_()
        else:
            complaints.append(f"asked for {url}")
            route.abort()

    def log(message):
        if message.type in ("error", "warning"):
            complaints.append(f"logged {message.type}: {message.text}")

    def fail(request):
        if request.failure != "net::ERR_ABORTED":  # what a page still loads when the next one opens
            complaints.append(f"could not load {request.url}")

    def new_page(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.route("**/*", route)
        page = context.new_page()
        page.on("console", log)
        page.on("pageerror", lambda error: complaints.append(f"raised {error}"))
        page.on("requestfailed", fail)
        return page

    new_page.complaints = complaints
    yield new_page
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def browser_page(new_page):
    """One such page, at the width of a desktop."""
    return new_page(viewport={"width": 1200, "height": 900})


@pytest.fixture
def show(tmp_path):
    """Write explorers to a file and open it, as a reader does who has no server."""

    def show(page, *widgets, theme="light"):
        body = "\n".join(widget.twin() for widget in widgets)
        path = tmp_path / "page.html"
        path.write_text(PAGE.format(theme=theme, background=BACKGROUNDS[theme], body=body), "utf-8")
        page.goto(path.as_uri())
        return page

    return show


@pytest.fixture
def call(browser_page):
    """Import a bundled module in the browser and call one of its functions on each list of arguments."""
    from cnnlib.explorers.explorer import bundle

    def call(module, name, calls):
        calls = [[value.tolist() if isinstance(value, np.ndarray) else value for value in c] for c in calls]
        return browser_page.evaluate(CALL, [bundle(module), name, calls])

    return call


@pytest.fixture
def live(browser_page):
    """Render an explorer as anywidget does, with a model of which the page has the kernel's side.

    `model.set` is then what the kernel does, `sent` the states that went to it, `leave` the end.
    """

    def live(widget):
        browser_page.evaluate(LIVE, [widget._esm, widget._css, widget.state()])
        return browser_page

    return live
