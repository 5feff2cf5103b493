"""After which cell each question is evaluated: read from the text of the cells, before any of them runs."""

import ast

PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")  # cell magics whose body is plain Python


def python_of(source):
    """The Python that IPython makes of a cell; of a timed cell, its body; "" where that is none."""
    from IPython.core.inputtransformer2 import TransformerManager

    first, _, body = source.lstrip().partition("\n")
    if first.startswith(PYTHON_MAGICS):
        source = body
    try:
        text = TransformerManager().transform_cell(source)
        compile(text, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except Exception:  # a cell that is no Python binds nothing
        return ""
    return text


def bound_names(source):
    """The names that a cell binds at top level, also within if, for, while, with and try.

    Parameters
    ----------
    source : str

    Returns
    -------
    set of str
    """
    names, waiting = set(), [ast.parse(python_of(source))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            waiting.extend(ast.iter_child_nodes(node))
    return names


def evaluation_points(sources, questions):
    """After which cell each question is evaluated.

    Question k is looked at just before the first cell that binds a name of a later question and
    comes after the first cell that binds a name of its own: what belongs to later questions
    cannot change its points, and its answer may be spread over several cells.

    Parameters
    ----------
    sources : list of str
        The code cells.
    questions : list of (str, list of str)
        Names of the questions in their order, with the names that each defines.

    Returns
    -------
    dict of str to int
        How many cells have run when a question is evaluated.
    """
    bound = [bound_names(source) for source in sources]
    first = [next((i for i, b in enumerate(bound) if b & set(names)), None) for _, names in questions]
    points = {}
    for k, (question, _) in enumerate(questions):
        later = [f for f in first[k + 1 :] if f is not None and first[k] is not None and f > first[k]]
        points[question] = min(later, default=len(sources))
    return points
