"""The same unit of work on a Dask cluster: every machine of it needs this folder and bubblewrap.

Start ``dask scheduler`` on one machine and ``dask worker ADDRESS --nthreads N`` in this folder on the
others, as an ordinary user. Whoever reaches the scheduler can run programs on the workers: keep it inside a
trusted network, or use ``tls://`` (Dask's documentation, *Security*).
"""

import warnings
from contextlib import contextmanager

from coursework.records import Refused

WAIT = 60  # seconds for the first worker


@contextmanager
def executor(address, unit, assignment, grader):
    """Connect to a cluster whose workers have the same grader as this machine.

    A worker that dies loses nothing: its submissions go to another one.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.5:8786``, or the path of its ``.json`` file.
    unit : module
        As `coursework.unit`; the workers must be able to import it.
    assignment : str
    grader : str
        The fingerprint here.

    Yields
    ------
    executor : concurrent.futures.Executor
    slots : int
        How many submissions keep all workers busy.

    Raises
    ------
    coursework.records.Refused
        If there is no cluster, or a worker cannot or must not grade.
    """
    from distributed import Client

    where = {"scheduler_file": address} if address.endswith(".json") else {"address": address}
    try:
        client = Client(**where, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise Refused(f"no scheduler answers at {address} ({error})") from None
    with client, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph")  # notebooks may be 20 MB
        try:
            client.wait_for_workers(1, timeout=WAIT)
        except TimeoutError:
            raise Refused(f"the cluster at {address} has no workers; start some with: dask worker") from None
        for worker, (theirs, why) in client.run(_examine, unit.__name__, assignment).items():
            if why:
                raise Refused(f"the worker {worker} cannot grade: {why}")
            if theirs != grader:
                raise Refused(f"the worker {worker} has other files of the grader; bring it up to date")
        with client.get_executor(pure=False) as pool:
            yield pool, 2 * sum(client.nthreads().values())


def _examine(unit, assignment):
    """On a worker: the fingerprint of its grader, and why it may not grade."""
    import importlib

    try:
        module = importlib.import_module(unit)
        return module.fingerprint(assignment), module.sandbox.refusal()
    except Exception as error:  # whatever is wrong there is to be read here
        return "", f"{type(error).__name__}: {error}"
