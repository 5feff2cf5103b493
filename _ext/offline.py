"""A Sphinx extension: the built book asks nothing of the network.

MathJax and its fonts are copied from the installed package ``django-static-mathjax`` (a plain
copy of MathJax; Django itself is not needed) to ``vendor/mathjax`` beside the pages, not to
``_static``: every script there is loaded by every page, and pages without mathematics need none.
"""

from importlib.resources import files
from pathlib import Path
from shutil import copy2

SCRIPT = "tex-chtml.js"
FONTS = "output/chtml/fonts/woff-v2"


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


def setup(app):
    # Jupyter Book sets this for sphinx_comments, which _config.yml leaves out.
    app.add_config_value("comments_config", {}, "html")
    app.connect("config-inited", name_mathjax)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
