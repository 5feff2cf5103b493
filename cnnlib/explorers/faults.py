"""The fault lab: training runs with one thing wrong in each; look, predict, then reveal."""

import json

import traitlets

from cnnlib.diagnosis import FAMILIES
from cnnlib.explorers.explorer import HERE, Explorer, bundle, stylesheet

SHIPPED = HERE / "faults.json"


class FaultLab(Explorer):
    """Look at a training run, choose what you suspect, and reveal what was wrong.

    The runs were recorded by ``scripts/record_faults.py``: one for each fault of `cnnlib.faults`, in an
    order that gives nothing away.

    Parameters
    ----------
    case : int
        Which run to show first, from 1.
    guess : str
        The family that is suspected, a key of `cnnlib.diagnosis.FAMILIES`; empty for none yet.
    revealed : bool
        Whether the answer shows.

    Raises
    ------
    ValueError
        If there is no such case or family, or an answer is to show without a guess.

    Examples
    --------
    >>> lab = FaultLab(case=2)
    >>> len(lab.cases), sorted(lab.cases[0]["panels"])
    (19, ['accuracy', 'dead', 'gradient', 'loss', 'step', 'zeros'])
    """

    name = "faults"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). It shows the curves and statistics "
        "of nineteen training runs, lets you say what is wrong with each, and reveals the answer."
    )
    _esm = bundle("faults")
    _css = stylesheet("faults")

    case = traitlets.Int().tag(sync=True)
    guess = traitlets.Unicode().tag(sync=True)
    revealed = traitlets.Bool().tag(sync=True)
    cases = traitlets.List().tag(sync=True)
    families = traitlets.Dict().tag(sync=True)

    def __init__(self, case=1, guess="", revealed=False, **kwargs):
        super().__init__(
            cases=json.loads(SHIPPED.read_text(encoding="utf-8")),
            families=FAMILIES,
            case=case,
            guess=guess,
            revealed=revealed,
            **{"title": "The fault lab: what is wrong with this run?"} | kwargs,
        )

    @traitlets.validate("case")
    def _check_case(self, proposal):
        # while the explorer is made, the cases may come after the choice
        if self.cases and not 1 <= proposal.value <= len(self.cases):
            raise ValueError(f"case must be from 1 to {len(self.cases)}: got {proposal.value}")
        return proposal.value

    @traitlets.validate("guess")
    def _check_guess(self, proposal):
        if proposal.value and proposal.value not in FAMILIES:
            raise ValueError(f"guess must be one of {', '.join(FAMILIES)}: got {proposal.value!r}")
        return proposal.value

    @traitlets.validate("revealed")
    def _check_revealed(self, proposal):
        if proposal.value and not self.guess:
            raise ValueError("revealed=True needs a guess first: predict, then reveal")
        return proposal.value
