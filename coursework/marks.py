"""What the results of a question are worth, and why: a plain sentence for a student."""

import unicodedata

from coursework.check import difference

LONGEST = 400  # characters of a reason


def clean(text, longest=LONGEST):
    """A text on one line without control characters, cut to a length."""
    text = str(text)[: 4 * longest]
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 4] + " ..."


def mark(question, cases, outcomes, ended=""):
    """Points and reason of a question: all of its points, or none and what went wrong first.

    Parameters
    ----------
    question : Question
    cases : list of Case
    outcomes : list of dict
        For each case that was tried, ``{"value": result}`` or ``{"error": name, "text": message}``.
    ended : str
        Why there are fewer outcomes than cases: "late" or "gone".

    Returns
    -------
    points : float
    reason : str
        Empty where every case is right.
    """
    for case, outcome in zip(cases, outcomes, strict=False):
        wrong = _wrong(question, case, outcome)
        if wrong is not None:
            return 0.0, clean(wrong)
    if len(outcomes) < len(cases):
        late = f"took longer than {question.seconds:g} s"
        ended = late if ended == "late" else "the code ended its process"
        return 0.0, clean(f"{cases[len(outcomes)].says}: {ended}")
    return float(question.points), ""


def _wrong(question, case, outcome):
    if "value" in outcome:
        try:
            wrong = difference(case, outcome["value"], tell=False)
        except Exception:  # a judge that could not read what came
            wrong = f"the result is not what the question asks for: {type(outcome['value']).__name__}"
        if wrong is None:
            return None
        wrong = f"{case.says}: {clean(wrong)}"
        end = "" if wrong[-1] in ".?!" else "."
        return f"{wrong}{end} Hint: {case.hint}" if case.hint else wrong
    error, text = clean(outcome["error"], 60), clean(outcome["text"], 200)
    if error == "NotImplementedError":
        return "not written yet"
    if error == "NameError" and any(f"'{name}'" in text for name in question.defines):
        name = next(name for name in question.defines if f"'{name}'" in text)
        return f"the name {name} is not defined: is its cell there and does it run?"
    return f"{case.says}: {error}: {text}" if text else f"{case.says}: {error}"
