"""The built book as a reader meets it: warnings fail the build, and no page asks for the network."""

import functools
import http.server
import importlib
import importlib.resources
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import print_book
import pytest
import yaml
from bs4 import BeautifulSoup
from sphinx.search.en import SearchEnglish
from test_architecture import MAY_IMPORT
from test_chapters import CANARY
from test_glossary import NAMES as TERMS

ROOT = Path(__file__).resolve().parent.parent
FRAME = ("_config.yml", "_ext", "_static", "_templates", "references.bib")
PAGE_LIMIT = 1_500_000  # bytes: a page's HTML with its pictures
SHARED_LIMIT = 3_000_000  # bytes: every style, script and font that some page loads


def build(source, target):
    """Build a book as `make book` does; return the exit status and what was printed."""
    command = (
        f"{Path(sys.executable).parent / 'jupyter-book'} build {source} --path-output {target} "
        "--all -W -n --keep-going --quiet"
    )
    run = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The folder of the book's HTML, built from this tree."""
    target = tmp_path_factory.mktemp("book")
    status, printed = build(ROOT, target)
    assert status == 0, printed
    return target / "_build" / "html"


def html_files(pages):
    """Every page but index.html, which only leads to the first one, and the theme's templates."""
    names = {path.relative_to(pages).as_posix() for path in pages.rglob("*.html")}
    return sorted(name for name in names - {"index.html"} if not name.startswith("_static/"))


@pytest.fixture(scope="module")
def server(pages):
    """The address of a web server on this machine that serves the book."""
    handler = functools.partial(QuietHandler, directory=pages)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


# Building


@pytest.fixture
def small_book(tmp_path):
    """The book's frame around one short page, to break things in."""
    source = tmp_path / "small"
    source.mkdir()
    for name in FRAME:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    (source / "_toc.yml").write_text("format: jb-book\nroot: intro\n", encoding="utf-8")
    (source / "intro.md").write_text("# A page\n\nwith $x^2$.\n", encoding="utf-8")
    return source


def test_the_small_book_builds(small_book):
    status, printed = build(small_book, small_book)
    assert status == 0, printed


def test_a_broken_cross_reference_fails_the_build_and_is_named(small_book):
    (small_book / "intro.md").write_text("# A page\n\n{ref}`nowhere`\n", encoding="utf-8")
    status, printed = build(small_book, small_book)
    assert status != 0
    assert "intro.md" in printed
    assert "nowhere" in printed


def small_notebook(small_book, cells):
    """Add a notebook named canary to the small book."""
    toc = "format: jb-book\nroot: intro\nchapters:\n- file: canary\n"
    (small_book / "_toc.yml").write_text(toc, encoding="utf-8")
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# A canary"}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {**CANARY, "metadata": kernel, "cells": [title, *cells]}
    (small_book / "canary.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def test_a_notebook_that_was_never_run_fails_the_build_and_is_named(small_book):
    small_notebook(small_book, [{**cell, "execution_count": None, "outputs": []} for cell in CANARY["cells"]])
    status, printed = build(small_book, small_book)
    assert status != 0
    assert "canary" in printed
    assert "code cell 1: execution count None" in printed


@pytest.mark.parametrize("address", ["", "https://github.com/someone/course"])
def test_chapters_have_launch_buttons_if_the_repository_is_named(small_book, address):
    """One setting in one place: `repository` of _config.yml."""
    settings = (small_book / "_config.yml").read_text(encoding="utf-8")
    assert 'repository: ""\n' in settings
    named = settings.replace('repository: ""\n', f"repository: {address!r}\n")
    (small_book / "_config.yml").write_text(named, encoding="utf-8")
    small_notebook(small_book, [])
    status, printed = build(small_book, small_book)
    assert status == 0, printed
    page = BeautifulSoup((small_book / "_build/html/canary.html").read_text(encoding="utf-8"), "html.parser")
    links = {tag["href"] for tag in page.select(".dropdown-launch-buttons a")}
    binder = "https://mybinder.org/v2/gh/someone/course/main?urlpath=lab/tree/canary.ipynb"
    colab = "https://colab.research.google.com/github/someone/course/blob/main/canary.ipynb"
    assert links == ({binder, colab} if address else set())


# Reading


def test_every_chapter_has_a_page(pages):
    chapters = {f"chapters/{path.stem}.html" for path in (ROOT / "chapters").glob("*.ipynb")}
    assert chapters <= set(html_files(pages))


def test_search_finds_every_term_of_the_glossary(pages):
    """Each word of a term, cut to its stem as the search box cuts it, leads to the glossary."""
    text = (pages / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    glossary = index["docnames"].index("chapters/glossary")
    language = SearchEnglish({})
    for name in TERMS:
        words = [word for word in language.split(name.lower()) if language.word_filter(word)]
        assert words, name
        for word in words:
            stem = language.stem(word)
            found = index["terms"].get(stem if language.word_filter(stem) else word, [])
            assert glossary in (found if isinstance(found, list) else [found]), (name, word)


def test_the_index_lists_every_term_of_the_glossary(pages):
    text = unescape((pages / "genindex.html").read_text(encoding="utf-8"))
    entries = dict(
        re.findall(r'<a href="chapters/glossary\.html#(term-[^"]+)"><strong>([^<]+)</strong>', text)
    )
    assert set(entries.values()) == set(TERMS)


def test_the_page_of_cnnlib_has_every_public_name_with_its_signature(pages):
    text = (pages / "api.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'<dt class="sig sig-object py" id="([^"]+)"', text))
    for row in set(MAY_IMPORT) - {"__init__"}:
        module = importlib.import_module(f"cnnlib.{row}")
        own = [
            name
            for name, thing in vars(module).items()
            if getattr(thing, "__module__", "") == module.__name__
        ]
        for name in getattr(module, "__all__", own):
            if not name.startswith("_") and getattr(module, name).__doc__:
                assert f"cnnlib.{row}.{name}" in shown
    assert 'conv2d</span></span><span class="sig-paren">(</span><em class="sig-param">' in text
    assert "Alias for field number" not in text


def test_no_page_loads_anything_from_elsewhere(pages):
    """Scripts, styles, fonts, pictures and frames; links that a reader may follow are no loads."""
    loads = re.compile(
        r"""(?:<(?:script|img|iframe|source|link)\b[^>]*?(?:src|href)=|url\(|import\s*\(?)"""
        r"""\s*["']?(?:https?:)?//"""
    )
    found = {
        f"{name}: {match.group(0)}"
        for name in html_files(pages)
        for match in loads.finditer((pages / name).read_text(encoding="utf-8"))
    }
    assert found == set()


def test_every_page_opens_from_disk_without_a_request_or_an_error(pages, browser_page):
    """`new_page` fails on any request that leaves the machine and on anything that is logged."""
    for name in html_files(pages):
        browser_page.goto((pages / name).as_uri())
        browser_page.wait_for_load_state("networkidle")
    assert len(html_files(pages)) >= 6


def test_every_page_opens_over_http_without_a_request_or_an_error(pages, server, browser_page):
    for name in html_files(pages):
        browser_page.goto(f"{server}/{name}")
        browser_page.wait_for_load_state("networkidle")


def test_a_request_and_an_error_are_seen(new_page, tmp_path):
    """The canary of the two tests above: a page that does what none may do."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<!doctype html><title>bad</title><img alt="" src="https://example.org/picture.png">'
        '<script>console.error("logged"); throw new Error("thrown")</script>',
        encoding="utf-8",
    )
    page = new_page()
    page.goto(bad.as_uri())
    page.wait_for_load_state("networkidle")
    complaints = "\n".join(new_page.complaints)
    new_page.complaints.clear()
    assert "asked for https://example.org/picture.png" in complaints
    assert "logged error: logged" in complaints
    assert "raised thrown" in complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(pages, new_page, scheme):
    page = new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    for name in html_files(pages):
        page.goto((pages / name).as_uri())
        width = page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 360, f"{name} is {width} pixels wide"


def test_mathematics_is_typeset_offline(small_book, browser_page):
    status, printed = build(small_book, small_book)
    assert status == 0, printed
    browser_page.goto((small_book / "_build" / "html" / "intro.html").as_uri())
    browser_page.wait_for_selector("mjx-container mjx-msup", timeout=20_000)


def test_the_page_that_make_book_names_leads_to_the_first_one(pages, browser_page):
    browser_page.goto((pages / "index.html").as_uri())
    browser_page.wait_for_url("**/intro.html")
    browser_page.wait_for_load_state("networkidle")


def test_every_picture_has_an_alternative_text(pages, browser_page):
    for name in html_files(pages):
        browser_page.goto((pages / name).as_uri())
        # a picture that an explorer draws upon is described by the label of the whole drawing
        alts = browser_page.eval_on_selector_all(
            "article img",
            "all => all.map(img => img.alt || img.closest('[role=img]')?.getAttribute('aria-label') || '')",
        )
        assert all(len(alt) >= 20 for alt in alts), f"{name}: {alts}"


def test_explorers_move_without_a_kernel(pages, browser_page):
    """One step in the book, where there is no Python, changes what the explorer shows."""
    browser_page.goto((pages / "chapters" / "03_matching_pieces.html").as_uri())
    slider = browser_page.locator(".explorer input[type=range]").first
    explorer = browser_page.locator(".explorer").first
    before = explorer.inner_text()
    slider.focus()
    browser_page.keyboard.press("ArrowRight")
    assert explorer.inner_text() != before


# Reading without seeing, and in the dark

LOOKS = [(1280, "light"), (360, "dark"), (1280, "dark"), (360, "light")]
# Cards; a chapter with explorers, folded solutions, mathematics and tables; and each other kind.
CHAPTER = "chapters/05_convolution_layers"
SAMPLE = (
    "intro",
    CHAPTER,
    "chapters/concordance",
    "chapters/glossary",
    "api",
    "bibliography",
    "genindex",
    "search",
)
RULES = """async within => (await axe.run(within, {preload: false})).violations.flatMap(rule =>
    rule.nodes.map(node => `${rule.id} (${rule.impact}): ${node.html} ${node.failureSummary}`))"""
UNFOLD = "document.querySelectorAll('.toggle-hidden > .admonition-title').forEach(title => title.click())"


@pytest.fixture
def violations():
    """What axe-core holds against the page that is open, of any impact, folded boxes unfolded."""
    axe = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")

    def violations(page, within="html"):
        page.wait_for_load_state("networkidle")
        page.evaluate(UNFOLD)
        page.wait_for_timeout(600)  # the theme looks again which boxes scroll
        page.evaluate(axe)
        return page.evaluate(RULES, within)

    return violations


@pytest.mark.timeout(3000)  # with AXE=all: every page in four looks
@pytest.mark.parametrize(("width", "scheme"), LOOKS if os.environ.get("AXE") == "all" else LOOKS[:2])
def test_axe_finds_nothing_wrong_with_the_pages(pages, server, new_page, violations, width, scheme):
    """On a page of each kind; on all of them, in all looks, if the variable AXE is `all`."""
    page = new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    names = html_files(pages) if os.environ.get("AXE") == "all" else [f"{name}.html" for name in SAMPLE]
    found = []
    for name in names:
        page.goto(f"{server}/{name}")
        found += [f"{name}: {wrong}" for wrong in violations(page)]
    assert found == []


def test_axe_finds_what_is_wrong(server, pages, new_page, violations):
    """The canary of the test above: a picture without a text, in a folded solution."""
    page = new_page()
    page.goto(f"{server}/{CHAPTER}.html")
    picture = '<img src="../_static/favicon.svg" width="9" height="9">'
    page.locator(".toggle-hidden").first.evaluate(
        "(box, html) => box.insertAdjacentHTML('beforeend', html)", picture
    )
    assert [wrong.split()[0] for wrong in violations(page, ".solution")] == ["image-alt"]


def test_a_folded_box_says_to_a_screen_reader_which_one_it_is(pages, browser_page):
    browser_page.goto((pages / f"{CHAPTER}.html").as_uri())
    buttons = browser_page.locator(".toggle-button")
    names = buttons.evaluate_all("all => all.map(button => button.getAttribute('aria-label'))")
    assert len(set(names)) == len(names) >= 4
    assert "Solution: Exercise (Ten filters)" in names


def test_a_picture_takes_its_place_before_it_is_there(pages, browser_page):
    """Its attributes give the ratio of its sides; a narrow page keeps it."""
    browser_page.set_viewport_size({"width": 360, "height": 740})
    for name in html_files(pages):
        browser_page.goto((pages / name).as_uri())
        sizes = browser_page.eval_on_selector_all(
            "article img:not(.explorer img)",
            """all => all.map(img => [img.getAttribute('width'), img.naturalWidth, img.getAttribute('height'),
                img.naturalHeight, img.width / img.height])""",
        )
        for width, natural_width, height, natural_height, ratio in sizes:
            assert (int(width), int(height)) == (natural_width, natural_height), name
            assert ratio == pytest.approx(natural_width / natural_height, rel=0.05), name


# Weight


@pytest.fixture(scope="module")
def loaded(pages, browser):
    """For each page, the files that a browser loads for it, with their sizes in bytes."""
    loaded = {}
    for name in html_files(pages):
        page = browser.new_page()
        files = loaded[name] = {}

        def note(request, files=files):
            path = Path(unquote(urlsplit(request.url).path))
            if request.url.startswith("file:") and path.is_relative_to(pages):
                files[path.relative_to(pages).as_posix()] = path.stat().st_size

        page.on("request", note)
        page.goto((pages / name).as_uri())
        page.wait_for_load_state("networkidle")
        page.close()
    return loaded


def is_shared(name):
    return name.startswith(("_static/", "vendor/"))


def test_no_page_is_too_heavy(loaded):
    weights = {
        page: sum(size for name, size in files.items() if not is_shared(name))
        for page, files in loaded.items()
    }
    assert min(weights.values()) > 0
    assert {page: weight for page, weight in weights.items() if weight > PAGE_LIMIT} == {}


def test_what_the_pages_share_is_not_too_heavy(loaded):
    shared = {name: size for files in loaded.values() for name, size in files.items() if is_shared(name)}
    assert any("mathjax" in name for name in shared)
    assert sum(shared.values()) <= SHARED_LIMIT, shared


def test_pages_load_only_what_they_use(loaded):
    """No kernel scripts, no icons as a script, and MathJax where there is mathematics only."""
    names = {name for files in loaded.values() for name in files}
    assert not {name for name in names if re.search("thebe|fontawesome.*[.]js|require|widgets", name)}
    with_mathjax = {page for page, files in loaded.items() if any("mathjax" in name for name in files)}
    assert f"{CHAPTER}.html" in with_mathjax
    assert "intro.html" not in with_mathjax


def test_the_first_page_moves_from_a_disk(pages, browser_page):
    """Its explorer answers a key, and the menu and the icons are there, without a server."""
    browser_page.goto((pages / "intro.html").as_uri())
    explorer = browser_page.locator(".explorer").first
    before = explorer.inner_text()
    explorer.locator("button").nth(1).focus()
    browser_page.keyboard.press("Enter")
    assert explorer.inner_text() != before
    icon = "getComputedStyle(document.querySelector('.fa-magnifying-glass'), '::before').content"
    assert browser_page.evaluate(icon) not in ("none", "normal")
    font = """document.fonts.load('900 16px "Font Awesome 6 Free"').then(faces => faces.length)"""
    assert browser_page.evaluate(font) == 1


# On paper


def test_every_link_and_picture_of_the_printed_book_is_there(pages):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    names = print_book.documents(toc)
    page = BeautifulSoup(print_book.assemble(pages, names, config, pages.as_posix()), "html.parser")
    there = {tag["id"] for tag in page.select("[id]")}
    links = {tag["href"][1:] for tag in page.select("a[href^='#']")}
    assert links - there == set()
    pictures = [tag["src"] for tag in page.select("article img") if not tag["src"].startswith("data:")]
    assert [src for src in pictures if not Path(src).is_file()] == []
    assert len(page.select("article[id]")) == len(names)
    assert len(page.select("[data-explorer] + .moves")) == len(page.select("[data-explorer]")) >= 16
