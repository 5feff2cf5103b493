"""A Sphinx extension: the page of cnnlib leaves out what Python writes by itself.

A field of a named tuple has the docstring "Alias for field number 0", which tells nobody anything.
"""


def skip(app, what, name, member, skipped, options):
    return True if (getattr(member, "__doc__", None) or "").startswith("Alias for field number") else None


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
