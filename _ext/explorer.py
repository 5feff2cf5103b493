"""A Sphinx directive that puts an explorer's twin on a page that is no notebook.

```{explorer} toy_network.ToyNetwork
:hint: What to do, shown above the explorer.
```
"""

from importlib import import_module

from docutils import nodes
from docutils.parsers.rst import Directive, directives


class ExplorerDirective(Directive):
    required_arguments = 1
    option_spec = {"hint": directives.unchanged}  # noqa: RUF012  docutils has it so

    def run(self):
        module, name = self.arguments[0].rsplit(".", 1)
        explorer = getattr(import_module(f"cnnlib.explorers.{module}"), name)()
        hint = nodes.paragraph(text=self.options.get("hint", ""))
        return [hint, nodes.raw("", explorer.twin(), format="html")]


def setup(app):
    app.add_directive("explorer", ExplorerDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
