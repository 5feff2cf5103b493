"""The base of all explorers: one ES module that lives in JupyterLab and, as its twin, in a page.

With a kernel, anywidget runs the module and keeps its traits and Python's the same. Without one,
as in the built book, the twin runs it: a fragment of HTML that carries the module, the
stylesheet and the values the traits had, and asks nothing of a network.
"""

import json
import re
from html import escape
from pathlib import Path

import anywidget
import numpy as np
import traitlets

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./parts\.js";\n', re.MULTILINE)
# Indentation and the lines of a comment: every page with a twin carries it, and nobody reads it there.
UNREAD = re.compile(r"^ *(?:(?://|/\*|\*).*\n)?", re.MULTILINE)

TWIN = """\
<div data-explorer="{name}">
<style>
{css}</style>
<p class="explorer-fallback">{fallback}</p>
<script type="application/json">{state}</script>
</div>
<script type="module">
{module}
mount("{name}", render);
</script>
"""


def source(name):
    """Read one of the files beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def bundle(name):
    """Return the module `name` and the parts it imports as the text of one ES module.

    The files are true ES modules, but a page opened from a disk may not import a file and
    anywidget takes one module only. So the line that imports the parts gives way to the parts,
    whose `export` keywords are dropped because they are no longer another module's.
    """
    parts = re.sub(r"^export ", "", source("parts.js"), flags=re.MULTILINE)
    text, found = IMPORT.subn(lambda _: parts, source(f"{name}.js"))
    if found != 1:
        raise ValueError(f"{name}.js must import from ./parts.js once: found {found} such imports")
    return text


def stylesheet(name):
    """Return what all explorers look like, and then what only the explorer `name` does."""
    return source("explorers.css") + source(f"{name}.css")


class Numbers(traitlets.TraitType):
    """A trait of nested lists of numbers, which may also be given as an array.

    Parameters
    ----------
    check : callable
        Called with the trait's name and a float array; raises ValueError if it does not fit.
    """

    def __init__(self, check, **kwargs):
        super().__init__(**kwargs)
        self.check = check

    def validate(self, owner, value):
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(
                f"{self.name} must be numbers in rows of one length: got {value!r:.80}"
            ) from None
        if not np.isfinite(array).all():
            raise ValueError(f"{self.name} must be finite: got {array[~np.isfinite(array)][0]}")
        self.check(self.name, array)
        return (array.astype(int) if (array == np.rint(array)).all() else array).tolist()


def shaped(*shape):
    """A check for `Numbers`: exactly this shape, where None stands for any positive size."""

    def check(name, array):
        fits = array.ndim == len(shape) and all(
            size == wanted or (wanted is None and size > 0)
            for size, wanted in zip(array.shape, shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in shape)
            raise ValueError(f"{name} must have shape ({wanted}): got shape {array.shape}")

    return check


def check_signs(name, array):
    """Raise ValueError unless every value is -1 or 1."""
    others = array[np.abs(array) != 1]
    if others.size:
        raise ValueError(
            f"{name} must hold -1 (paper) and 1 (ink) only: got {others[0]:g}; "
            f"np.where({name} > 0, 1, -1) makes it so"
        )


class Explorer(anywidget.AnyWidget):
    """What the explorers have in common.

    A subclass sets `name` (that of its module), `title` (what assistive technology calls it),
    `fallback` (what a reader without JavaScript reads instead), `_esm` and `_css`.
    """

    name = ""
    fallback = ""
    title = traitlets.Unicode().tag(sync=True)

    def __repr__(self):
        return f"{type(self).__name__}()"

    def state(self):
        """The values that the module starts from: the traits that are not every widget's."""
        names = set(self.traits(sync=True)) - set(anywidget.AnyWidget.class_traits())
        return {name: getattr(self, name) for name in sorted(names) if not name.startswith("_")}

    def twin(self):
        """Return the explorer as HTML that needs no kernel and no network.

        The text depends on the traits only, so a notebook that stores it is the same in every
        run.
        """
        state = json.dumps(self.state(), ensure_ascii=False, separators=(",", ":"))
        html = TWIN.format(
            name=self.name,
            css=self._css,
            fallback=escape(self.fallback),
            # "</script>" and "<!--" would end or upset the script elements that hold them
            state=state.replace("<", "\\u003c"),
            module=re.sub(r"<(?=/script|!--)", r"\\x3c", self._esm, flags=re.IGNORECASE),
        )
        return UNREAD.sub("", html)

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": self.twin()}, metadata
