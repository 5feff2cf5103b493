"""The book on paper: one page of all pages, whose links lead inside, and a PDF that knows its pages."""

import print_book
import pytest
from bs4 import BeautifulSoup

CONFIG = {"title": "A course", "author": "Somebody"}
PAGES = {
    "intro": """<main><article class="bd-article"><section id="a">
        <h1>Hello<a class="headerlink" href="#a">#</a></h1>
        <p><a href="chapters/02_b.html">on</a> <a href="chapters/02_b.html#end">end</a>
        <a href="https://example.org/x">web</a> <a href="data/table.csv">file</a></p>
        <img alt="an image" src="_images/i.png"></section></article></main>""",
    "chapters/02_b": """<article><section id="a"><h1>2. The second</h1><p><a href="../intro.html#a">back</a>
        <a href="#end">down</a></p>
        <div data-explorer="toy"><style></style><p class="explorer-fallback">It moves.</p></div>
        <script type="module">mount("toy", 1 < 2);</script>
        <img alt="an image" src="../_images/j.png"></section>
        <section id="end"><h2>An end</h2>
        <div class="admonition dropdown solution"><p>folded</p></div></section>
        </article>""",
}


@pytest.fixture
def html(tmp_path):
    """A book of two pages, as `make book` leaves one."""
    folder = tmp_path / "html"
    for name, text in PAGES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    (folder / "_static").mkdir()
    return folder


@pytest.fixture
def page(html):
    return BeautifulSoup(print_book.assemble(html, list(PAGES), CONFIG, "../html"), "html.parser")


def test_pages_come_in_the_order_of_the_table_of_contents():
    toc = {
        "root": "intro",
        "parts": [{"chapters": [{"file": "x"}, {"file": "y"}]}, {"chapters": [{"file": "b"}]}],
    }
    assert print_book.documents(toc) == ["intro", "x", "y", "b"]
    assert print_book.documents({"root": "intro", "chapters": [{"file": "x"}]}) == ["intro", "x"]


def test_links_between_pages_become_links_within_the_one_page(page):
    links = {tag.get_text(): tag["href"] for tag in page.select("article a")}
    assert links == {
        "on": "#chapters-02_b",
        "end": "#chapters-02_b--end",
        "web": "https://example.org/x",
        "back": "#intro--a",
        "down": "#chapters-02_b--end",
    }
    assert "file" in page.select_one("article").get_text()  # what lies beside the book stays as text


def test_two_sections_of_one_name_stay_two(page):
    names = [tag["id"] for tag in page.select("[id]")]
    assert len(set(names)) == len(names)
    assert {"intro--a", "chapters-02_b--a"} <= set(names)


def test_pictures_are_found_from_the_one_page(page):
    assert [tag["src"] for tag in page.select("img")] == ["../html/_images/i.png", "../html/_images/j.png"]


def test_the_contents_name_chapters_and_sections(page):
    lines = [(tag["class"], tag.a["href"], tag.a.get_text()) for tag in page.select("nav li")]
    assert lines == [
        (["chapter"], "#intro", "Hello"),
        (["chapter"], "#chapters-02_b", "2. The second"),
        (["section"], "#chapters-02_b--end", "An end"),
    ]


def test_an_explorer_is_drawn_and_says_where_it_moves(page):
    assert 'mount("toy", 1 < 2);' in str(page)
    assert "open chapters/02_b.html of the book" in page.select_one("[data-explorer] + .moves").get_text()
    assert page.select_one(".explorer-fallback") is None


def test_solutions_are_open_because_what_folds_them_is_not_there(page):
    assert page.select_one(".solution").get_text() == "folded"
    assert "togglebutton" not in str(page)


def test_the_pdf_has_a_page_of_its_own_for_each_chapter_and_the_contents_name_it(html, tmp_path, browser):
    html.joinpath("_images").mkdir()
    source = tmp_path / "pdf" / "book.html"
    source.parent.mkdir()
    text = print_book.assemble(html, list(PAGES), CONFIG, "../html").replace('mount("toy", 1 < 2);', "")
    source.write_text(text, encoding="utf-8")
    page = browser.new_page()
    count = print_book.print_pdf(page, source, tmp_path / "book.pdf")
    pdf = (tmp_path / "book.pdf").read_bytes()
    assert count == 4  # the title, the contents, two chapters
    numbers, _ = print_book.page_numbers(pdf)
    assert (numbers["intro"], numbers["chapters-02_b"], numbers["chapters-02_b--end"]) == (3, 4, 4)
    assert page.locator("nav li span").all_inner_texts() == ["3", "4", "4"]
    assert b"/Outlines" in pdf  # a reader's side bar
    assert b"/StructTreeRoot" in pdf  # what a screen reader needs
    page.close()
