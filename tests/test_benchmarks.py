"""The benchmarks compare what is equal, by turns, and keep what they measured. No test depends on a clock."""

import json

import numpy as np
import pytest
import threadpoolctl
import torch

from benchmarks import convolution, ensemble, timing
from benchmarks.convolution import CASES, EPOCH, POOLS, RESULTS, Case
from benchmarks.peers import PEERS
from cnnlib.ensemble import enumerate_masks

TINY = {
    "one channel": Case(3, 1, 9, 4, 5),
    "padded": Case(2, 9, 7, 3, 3, 1),
    "padded more": Case(5, 2, 6, 4, 3, 2),
}


class Clock:
    """A clock that moves on by as many seconds as a function says that it takes."""

    def __init__(self):
        self.now, self.turns = 0.0, []

    def __call__(self):
        return self.now

    def takes(self, name, seconds):
        def function():
            self.now += seconds
            self.turns.append(name)

        return function


def test_functions_take_turns():
    clock = Clock()
    functions = {"a": clock.takes("a", 1), "b": clock.takes("b", 3)}
    times = timing.interleaved(functions, repeats=2, clock=clock)
    np.testing.assert_array_equal([times["a"], times["b"]], [[1, 1], [3, 3]])
    assert clock.turns[-4:] == ["a", "b", "a", "b"]


def test_a_fast_function_is_called_often_and_the_time_is_of_one_call():
    clock = Clock()
    times = timing.interleaved({"a": clock.takes("a", 2)}, repeats=1, at_least=9, clock=clock)
    assert times["a"] == [2]
    assert len(clock.turns) == 2 + 5  # to warm up, to guess, and 10 seconds


def test_ratios_are_taken_round_by_round():
    times = {"torch": np.array([1.0, 2.0, 4.0]), "ours": np.array([3.0, 4.0, 4.0])}
    assert timing.ratios(times, "torch")["ours"] == (2.0, 1.5, 2.5)  # of 3, 2 and 1


def test_one_thread_is_one_thread_and_ends():
    before = torch.get_num_threads(), [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
    with timing.one_thread():
        assert torch.get_num_threads() == 1
        assert {pool["num_threads"] for pool in threadpoolctl.threadpool_info()} == {1}
    assert before == (torch.get_num_threads(), [p["num_threads"] for p in threadpoolctl.threadpool_info()])


def test_the_machine_is_described():
    about = timing.machine()
    assert about["numpy"] == np.__version__
    assert torch.__version__ in about["torch"]
    assert any("openblas" in name or "mkl" in name for name in about)


@pytest.mark.parametrize("case", TINY.values(), ids=str)
def test_all_ways_to_convolve_compute_the_same(case):
    functions = convolution.steps(case)
    wanted = functions["PyTorch"]()
    x, weight, bias, dy = case.arrays()
    functions["loops"] = convolution.step(*PEERS["loops"], x, weight, bias, dy, case.padding)
    assert {"cnnlib, native", "cnnlib, NCHW", *PEERS} < set(functions)
    assert ("Winograd, native" in functions) == (case.kernel == 3)
    for name, function in functions.items():
        for values, theirs in zip(function(), wanted, strict=True):
            assert values.dtype == np.float32, name
            np.testing.assert_allclose(values, theirs, rtol=0, atol=1e-4, err_msg=name)
        if "NCHW" in name:
            assert all(values.flags.c_contiguous for values in function()[:2])


def test_native_arrays_lie_as_cnnlib_lays_them_out():
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    batch_last = np.ones((2, 3, 2, 4)).transpose(3, 1, 0, 2)  # rows, channels, columns, batch
    laid = convolution.laid_out_like(batch_last, x)
    np.testing.assert_array_equal(laid, x)
    assert laid.transpose(2, 1, 3, 0).flags.c_contiguous


def test_loops_run_on_the_part_that_is_named():
    case = Case(2, 3, 12, 2, 3, 1)
    function, part = convolution.loops_on_a_part(case)
    y = function()[0]
    assert y.shape == (1, 2, 6, 12)
    assert part == y.size / (2 * 2 * 12 * 12)
    x, weight, bias, _ = case.arrays()
    theirs = torch.nn.functional.conv2d(*map(torch.tensor, (x, weight, bias)), padding=1)[:1, :, :5].numpy()
    np.testing.assert_allclose(y[:, :, :5], theirs, atol=1e-4)  # row 6 ends where the part was cut


def test_operations_are_counted():
    """2 images, 5 filters of 3 x 2 x 2 numbers at 3 x 3 places; y, dx and dweight; two operations each."""
    assert Case(2, 3, 4, 5, 2).operations == 2 * 5 * (3 * 2 * 2) * (3 * 3) * 3 * 2


def test_all_poolings_compute_the_same():
    functions = convolution.pool_steps((3, 2, 6, 4))
    wanted = functions["PyTorch"]()
    for function in functions.values():
        for values, theirs in zip(function(), wanted, strict=True):
            np.testing.assert_array_equal(values, theirs)


def test_all_lenets_learn_the_same():
    images, labels = convolution.digits(100)
    losses = [train() for train in convolution.epochs(images, labels).values()]
    assert len(losses) == 3
    np.testing.assert_allclose(losses, losses[0], rtol=1e-4)


def test_a_run_ends_in_a_table_and_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(convolution, "CASES", TINY)
    monkeypatch.setattr(convolution, "POOLS", {"2x4x4": (2, 2, 4, 4)})
    monkeypatch.setattr(convolution, "digits", lambda: (np.zeros((2, 1, 32, 32), "f"), np.array([0, 1])))
    monkeypatch.setattr(convolution, "gemm_peak", lambda repeats: 1e9)
    path = tmp_path / "results" / "table.json"
    convolution.main(["--repeats", "1", "--output", str(path)])
    table = json.loads(path.read_text())
    printed = capsys.readouterr().out
    assert [f.name for f in path.parent.iterdir()] == ["table.json"]
    for row in table["rows"]:
        assert row["method"] in printed
    assert {"padded", "max-pooling", "LeNet-5 epoch"} < {row["what"] for row in table["rows"]}
    assert table["machine"]["numpy"] in printed
    assert "of the work" in printed


def test_the_committed_table_is_of_this_program():
    """If a case or a way is added, the table has to be measured again."""
    stored = json.loads(RESULTS.read_text())
    measured = {(row["what"], row["shape"], row["method"]) for row in stored["rows"]}
    wanted = {
        (name, str(case), method)
        for name, case in CASES.items()
        for method in (*convolution.steps(case), "loops")
    }
    wanted |= {("max-pooling", n, m) for n, shape in POOLS.items() for m in convolution.pool_steps(shape)}
    epochs = convolution.epochs(*convolution.digits(1))
    assert measured == wanted | {("LeNet-5 epoch", f"{EPOCH} digits", method) for method in epochs}


def test_a_table_is_rounded_and_replaces_the_old_one(tmp_path):
    path = tmp_path / "table.json"
    path.write_text("old")
    timing.save({"rows": [{"ratio": 0.123456, "repeats": 20, "method": "a"}]}, path)
    assert json.loads(path.read_text()) == {"rows": [{"ratio": 0.1235, "repeats": 20, "method": "a"}]}


@pytest.mark.parametrize("M", [3, 8, 11])
def test_all_ways_to_average_an_ensemble_compute_the_same(M):
    functions, part = ensemble.ways(M, {"loop": 2**11, "matrices": 2**11})
    assert set(part.values()) == {1}
    wanted = functions["halves"]()
    for name, function in functions.items():
        for mean, theirs in zip(function(), wanted, strict=True):
            np.testing.assert_allclose(mean, theirs, atol=1e-12, err_msg=name)


def test_masks_come_in_blocks_as_they_are_counted():
    rows = np.concatenate([ensemble.masks(0, 3, 4), ensemble.masks(3, 16, 4)])
    np.testing.assert_array_equal(rows, enumerate_masks(4))
    whole = ensemble.sums(*ensemble.arrays(5), 32, 32)
    for blocks in (ensemble.sums(*ensemble.arrays(5), 32, 5), ensemble.sums(*ensemble.arrays(5), 32, 1)):
        np.testing.assert_allclose(blocks, whole, rtol=1e-12)


def test_a_way_that_does_a_part_is_charged_for_all(monkeypatch):
    monkeypatch.setattr(
        ensemble, "interleaved", lambda functions, repeats: dict.fromkeys(functions, np.ones(2))
    )
    rows = ensemble.measure(2, units=[20], say=lambda text: None)["rows"]
    ratio = {row["method"]: (row["ratio"], row["part"]) for row in rows}
    assert ratio == {"loop": (2**10, 2**-10), "matrices": (4, 1 / 4), "halves": (1, 1)}


def test_the_ensembles_end_in_a_table_and_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ensemble, "UNITS", (4,))
    ensemble.main(["--repeats", "1", "--output", str(tmp_path / "table.json")])
    table, printed = json.loads((tmp_path / "table.json").read_text()), capsys.readouterr().out
    assert [row["method"] in printed for row in table["rows"]] == [True] * 3
    assert table["machine"]["numpy"] in printed


def test_the_stored_ensembles_are_of_this_program():
    stored = json.loads(ensemble.RESULTS.read_text())
    wanted = {(M, name, part) for M in ensemble.UNITS for name, part in ensemble.ways(M)[1].items()}
    rows = timing.rounded([{"units": M, "method": name, "part": part} for M, name, part in wanted])
    measured = [(row["units"], row["method"], row["part"]) for row in stored["rows"]]
    assert sorted(measured) == sorted((row["units"], row["method"], row["part"]) for row in rows)
