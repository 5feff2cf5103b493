"""A Sphinx extension: the built book asks nothing of the network, and carries nothing unused.

MathJax and its fonts are copied from the installed package ``django-static-mathjax`` (a plain
copy of MathJax; Django itself is not needed) to ``vendor/mathjax`` beside the pages, not to
``_static``: every script there is loaded by every page, and pages without mathematics need none.
What the theme brings and no page asks for is left out.
"""

from importlib.resources import files
from pathlib import Path
from shutil import copy2, rmtree

SCRIPT = "tex-chtml.js"
FONTS = "output/chtml/fonts/woff-v2"
UNUSED = (
    "**/*.map",
    "**/*webpack-macros.html",
    "scripts/fontawesome.js*",  # see _templates/static/webpack-macros.html
    "vendor/fontawesome/webfonts/*.ttf",  # for browsers without woff2
    "locales/*",
)


def name_mathjax(app, config):
    config.mathjax_path = f"../vendor/mathjax/{SCRIPT}"  # as seen from _static


def copy_mathjax(app, exception):
    if exception or app.builder.format != "html":
        return
    source = Path(str(files("mathjax"))) / "static" / "mathjax" / "es5"
    target = Path(app.outdir) / "vendor" / "mathjax"
    (target / FONTS).mkdir(parents=True, exist_ok=True)
    copy2(source.parent / "LICENSE", target)
    copy2(source / SCRIPT, target)
    for font in (source / FONTS).glob("*.woff"):
        copy2(font, target / FONTS)


def keep_mathjax_where_it_is_needed(app, pagename, templatename, context, doctree):
    """Sphinx loads it on the first page, too, because chapters below it have mathematics."""
    if not app.env.get_domain("math").data["has_equations"].get(pagename):
        context["script_files"][:] = [
            script for script in context["script_files"] if SCRIPT not in str(getattr(script, "filename", ""))
        ]


def remove_unused(app, exception):
    if exception or app.builder.format != "html":
        return
    for pattern in UNUSED:
        for path in (Path(app.outdir) / "_static").glob(pattern):
            rmtree(path) if path.is_dir() else path.unlink()


def setup(app):
    # Jupyter Book sets this for sphinx_comments, which _config.yml leaves out.
    app.add_config_value("comments_config", {}, "html")
    app.connect("config-inited", name_mathjax)
    app.connect("html-page-context", keep_mathjax_where_it_is_needed, priority=900)  # after Sphinx's
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", remove_unused)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
