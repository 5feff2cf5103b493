"""A Sphinx extension: the HTML of the pages is right where docutils leaves it wrong.

The entries of the bibliography are items of a list (docutils gives them a role that ARIA has
given up). Pictures say how large they are, so that the text below stays where it is while they
load.
"""

from pathlib import Path

from docutils import nodes
from sphinx.util.images import get_image_size


def visit_citation(self, node):
    if not isinstance(node.previous_sibling(), nodes.citation):
        self.body.append('<div role="list" class="citation-list">\n')
    self.body.append(self.starttag(node, "div", classes=["citation"], role="listitem"))


def depart_citation(self, node):
    self.body.append("</div>\n")
    if not isinstance(node.next_node(descend=False, siblings=True), nodes.citation):
        self.body.append("</div>\n")


def visit_image(self, node):
    path = Path(self.builder.srcdir) / node["uri"]  # the translator then writes where it is copied to
    type(self).visit_image(self, node)
    size = None if {"width", "height", "scale"} & set(node) else get_image_size(path)
    if size:
        width, height = size
        self.body[-1] = self.body[-1].replace("<img ", f'<img width="{width}" height="{height}" ', 1)


def setup(app):
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    app.add_node(nodes.image, override=True, html=(visit_image, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
