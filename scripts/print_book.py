"""Print the built book into one PDF with Chromium: `make pdf`.

The articles of all pages become one page, in the order of `_toc.yml`, with a title, contents and
links that stay inside; Chromium prints it twice, because only then is known on which page of
paper a chapter begins. Explorers are printed as they stand when a page opens.
"""

import argparse
import os
import posixpath
import re
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build" / "html"
PDF = ROOT / "_build" / "pdf" / "book.pdf"
SKIPPED = ".headerlink, .sd-container-fluid, .toctree-wrapper, .explorer-fallback"  # no use on paper
NAMES = ("id", "for", "aria-labelledby", "aria-describedby")  # attributes that hold the name of an element
PAGE = """\
<!doctype html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
{styles}
<script>window.MathJax = {{options: {{processHtmlClass: "math|output_area"}}}}</script>
<script defer src="{html}/vendor/mathjax/tex-chtml.js"></script>
</head>
<body>
<header><p class="title">{title}</p><p>{author}</p></header>
<nav aria-labelledby="contents"><h1 id="contents">Contents</h1>{contents}</nav>
{articles}
</body>
</html>
"""


def documents(toc):
    """The names of the book's pages, without suffix, in reading order."""
    parts = toc.get("parts", [toc])
    return [toc["root"], *(entry["file"] for part in parts for entry in part.get("chapters", []))]


def target(href, here, names):
    """Where a link of the page `here` leads in the one page of all `names`; None if out of it.

    Links within the book become names of elements; links to the web stay; None stands for a file
    that lies beside the book and not in it.
    """
    if re.match(r"[a-z]+:", href):
        return href
    path, _, name = href.partition("#")
    page = posixpath.normpath(posixpath.join(posixpath.dirname(here), path)) if path else f"{here}.html"
    page = page.removesuffix(".html")
    if page not in names:
        return None
    return f"#{key(page)}--{name}" if name else f"#{key(page)}"


def key(name):
    return name.replace("/", "-")


def article(html, name, names, folder):
    """The article of one page as it stands in the one page of all `names`.

    Parameters
    ----------
    html : str
        The page as the book has it.
    name : str
        The page's name, such as ``chapters/03_matching_pieces``.
    names : list of str
        All pages that will be printed.
    folder : str
        The address of the book's folder, as seen from the one page.
    """
    page = BeautifulSoup(html, "html.parser").select_one("article")
    page.attrs = {"id": key(name)}
    for tag in page.select(SKIPPED):
        tag.decompose()
    for tag in page.select("[id], [for], [aria-labelledby], [aria-describedby]"):
        if tag is not page:
            for attribute in set(NAMES) & set(tag.attrs):
                tag[attribute] = " ".join(f"{key(name)}--{word}" for word in tag[attribute].split())
    for tag in page.select("a[href]"):
        href = target(tag["href"], name, names)
        if href is None:
            tag.unwrap()
        else:
            tag["href"] = href
    for tag in page.select("img[src]"):
        if not tag["src"].startswith("data:"):
            tag["src"] = posixpath.normpath(posixpath.join(folder, posixpath.dirname(name), tag["src"]))
    for tag in page.select("[data-explorer]"):
        note = BeautifulSoup("", "html.parser").new_tag("p", attrs={"class": "moves"})
        note.string = f"On a screen this can be moved: open {name}.html of the book."
        tag.insert_after(note)
    return page


def contents(articles):
    """A list of links to the chapters and their sections; a number will be filled into each span."""
    lines = []
    for page in articles:
        sections = [(page["id"], page.h1, "chapter")]
        sections += [(tag.parent.get("id"), tag, "section") for tag in page.select("h2")]
        lines += [
            f'<li class="{kind}"><a href="#{name}">{heading.get_text().strip()}</a>'
            f'<span data-page="{name}">000</span></li>'
            for name, heading, kind in sections
            if name
        ]
    return "<ol>" + "\n".join(lines) + "</ol>"


def assemble(html, names, config, folder):
    """The one page of the pages `names` of the book that lies in the folder `html`."""
    articles = [
        article((html / f"{name}.html").read_text(encoding="utf-8"), name, names, folder) for name in names
    ]
    sheets = [f"{folder}/_static/{path.name}" for path in sorted((html / "_static").glob("mystnb*.css"))]
    sheets += [f"{folder}/_static/pygments.css", f"{folder}/_static/course.css"]
    paper = Path(__file__).with_name("paper.css").read_text(encoding="utf-8")
    return PAGE.format(
        title=config["title"],
        author=config["author"],
        styles="\n".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in sheets)
        + f"<style>{paper}</style>",
        html=folder,
        contents=contents(articles),
        articles="\n".join(str(page) for page in articles),
    )


def page_numbers(pdf):
    """On which page of paper each element lies that a link leads to, and how many pages there are.

    Chromium writes the objects of a PDF as plain text: a tree of pages, and under /Dests the
    page of each name.
    """
    objects = dict(re.findall(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", pdf, re.DOTALL))

    def leaves(number):
        kids = re.search(rb"/Kids \[(.*?)\]", objects[number], re.DOTALL)
        kids = re.findall(rb"(\d+) 0 R", kids[1]) if kids else []
        return [leaf for kid in kids for leaf in leaves(kid)] or [number]

    catalog = next(body for body in objects.values() if b"/Type /Catalog" in body)
    pages = leaves(re.search(rb"/Pages (\d+) 0 R", catalog)[1])
    names = objects[re.search(rb"/Dests (\d+) 0 R", catalog)[1]]
    found = re.findall(rb"/([^\s\[/]+)\s*\[(\d+) 0 R /XYZ", names)
    unescape = re.compile(rb"#([0-9A-Fa-f]{2})")
    numbers = {
        unescape.sub(lambda m: bytes([int(m[1], 16)]), name).decode(): pages.index(page) + 1
        for name, page in found
    }
    return numbers, len(pages)


def print_pdf(page, source, target):
    """Print the HTML file `source` with the Playwright page `page`; return the number of pages."""
    page.set_default_timeout(300_000)
    page.goto(source.as_uri())
    page.evaluate("Promise.all([window.MathJax?.startup?.promise, document.fonts.ready])")
    options = {"prefer_css_page_size": True, "print_background": True, "outline": True, "tagged": True}
    numbers, _ = page_numbers(page.pdf(**options))
    page.evaluate(
        "numbers => document.querySelectorAll('[data-page]').forEach("
        "span => { span.textContent = numbers[span.dataset.page] ?? '' })",
        numbers,
    )
    pdf = page.pdf(**options)
    target.write_bytes(pdf)
    return page_numbers(pdf)[1]


def main():
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "pages", nargs="*", help="such as intro chapters/03_matching_pieces (all, if none is named)"
    )
    names = parser.parse_args().pages
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    PDF.parent.mkdir(parents=True, exist_ok=True)
    source = PDF.with_suffix(".html")
    source.write_text(assemble(HTML, names or documents(toc), config, "../html"), encoding="utf-8")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
        count = print_pdf(browser.new_page(), source, PDF)
        browser.close()
    print(f"\nThe book is printed on {count} pages:\n\n    {PDF}\n")


if __name__ == "__main__":
    main()
