"""Assignment 5: its promises, its references against PyTorch, and the runs to be diagnosed."""

import math
from collections import Counter

import numpy as np
import pytest
import record_coursework_runs
import torch
from coursework_variants import Promises
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from cnnlib.diagnosis import FAMILIES
from cnnlib.initialization import kaiming_normal_
from coursework import variants
from coursework.hw5 import hidden
from coursework.hw5.hidden_runs import RUNS
from coursework.hw5.public import PRACTICE

EVERY = {*FAMILIES, "shift"}
close = np.testing.assert_allclose


class TestHw5(Promises):
    name = "hw5"


def tensors(*arrays):
    return [torch.tensor(array, dtype=torch.float64) for array in arrays]


def torch_walk(make, weight, slope, rates):
    """All places of a walk of one of PyTorch's optimisers, and the optimiser."""
    place = torch.nn.Parameter(*tensors(weight))
    optimizer, places = make([place]), [place.detach().numpy().copy()]
    for t, rate in enumerate(rates):
        optimizer.param_groups[0]["lr"] = rate
        place.grad = tensors(slope(places[-1], t))[0]
        optimizer.step()
        places.append(place.detach().numpy().copy())
    return np.array(places), optimizer.state[place]


# By hand


def test_the_first_gap_counts():
    assert hidden.first_gap((0.02, 0.12, 0.33, 0.34), 0.05) == "training"
    assert hidden.first_gap((0.10, 0.02, 0.04, 0.16), 0.05) == "chosen"
    assert hidden.first_gap((0.0, 0.25, 0.5, 0.75), 0.25) == "done"


def test_a_first_loss_of_442_was_summed():
    due, word = hidden.judged(442.0, 1000, 64)  # 64 * 6.9078 = 442.1
    assert math.isclose(due, 6.907755, abs_tol=1e-6)
    assert word == "summed"


# Against PyTorch


@pytest.mark.parametrize("shape", [(40, 300), (40, 30, 3, 5)])
@pytest.mark.parametrize("a", [0.0, 0.6])
def test_deviation_of_the_start_is_pytorchs(shape, a):
    torch.manual_seed(0)
    drawn = torch.nn.init.kaiming_normal_(torch.empty(shape), a=a)
    deviation = hidden.he_deviation(shape, a)
    assert math.isclose(drawn.std(), deviation, rel_tol=5 / math.sqrt(2 * drawn.numel()))
    ours = kaiming_normal_(np.empty(shape), a=a, rng=np.random.default_rng(0))
    assert math.isclose(ours.std(), deviation, rel_tol=5 / math.sqrt(2 * ours.size))


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.2])
def test_momentum_is_pytorchs(nesterov, decay):
    rng = np.random.default_rng(1)
    weight, gradients = rng.normal(size=(3, 2)), rng.normal(size=(6, 3, 2))

    def make(params):
        return torch.optim.SGD(params, lr=0.3, momentum=0.8, weight_decay=decay, nesterov=nesterov)

    places, state = torch_walk(make, weight, lambda _, t: gradients[t], [0.3] * 6)
    moved, buffer = hidden.rolled(weight, gradients, 0.3, 0.8, decay, nesterov)
    close(moved, places[-1], rtol=1e-12)
    close(buffer, state["momentum_buffer"], rtol=1e-12)


@pytest.mark.parametrize(("steps", "warmup"), [(12, 4), (9, 1)])
def test_plan_of_rates_is_pytorchs(steps, warmup):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.7)
    parts = [
        LinearLR(optimizer, start_factor=0.2, total_iters=warmup),
        CosineAnnealingLR(optimizer, T_max=steps - warmup, eta_min=0.05),
    ]
    plan, rates = SequentialLR(optimizer, parts, milestones=[warmup]), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        plan.step()
    close([hidden.planned(k, steps, 0.7, warmup, 0.2, 0.05) for k in range(steps)], rates, rtol=1e-9)


@pytest.mark.parametrize("centered", [False, True])
def test_rmsprop_is_pytorchs(centered):
    rng = np.random.default_rng(2)
    curvatures, start = rng.uniform(0.1, 9, 4), rng.normal(size=4)

    def slope(place, t=0):
        return curvatures * (place - 1)

    def make(params):
        return torch.optim.RMSprop(params, lr=0.1, alpha=0.7, eps=0.01, centered=centered)

    places, _ = torch_walk(make, start, slope, [0.1] * 7)
    close(hidden.strolled(slope, start, 7, 0.1, 0.7, 0.01, centered), places, rtol=1e-9)


def test_adamw_is_pytorchs_while_the_rate_changes():
    rng = np.random.default_rng(3)
    weight, gradients = rng.normal(size=(4, 3)), rng.normal(size=(9, 4, 3))
    rates = [0.1, 0.1, 0.05, 0.05, 0.2, 0.01, 0.01, 0.3, 0.1]

    def make(params):
        return torch.optim.AdamW(params, lr=0.1, betas=(0.7, 0.95), eps=0.02, weight_decay=0.3)

    places, _ = torch_walk(make, weight, lambda _, t: gradients[t], rates)
    close(hidden.adamw(weight, gradients, rates, (0.7, 0.95), 0.02, 0.3), places[-1], rtol=1e-10)


# The runs


def test_no_run_to_practise_on_is_a_hidden_one():
    assert not {repr(run) for run, _ in PRACTICE} & {repr(run) for run, _ in RUNS}
    assert {family for _, family in PRACTICE} == {family for _, family in RUNS} == EVERY


def test_hidden_runs_go_through_all_faults_six_times():
    families = [family for _, family in RUNS]
    assert families == [family for _, family in record_coursework_runs.CASES] * 6
    assert Counter(families)["gradient"] == 12  # never zeroed and wrong sign


@pytest.mark.parametrize("seed", range(5))
def test_every_fault_is_asked_for_alike(seed):
    (case,) = hidden.q8_cases(np.random.default_rng(seed))
    chosen = {repr(run) for run in case.inputs["runs"]}
    faults = [
        index % len(record_coursework_runs.CASES)
        for index, (run, _) in enumerate(RUNS)
        if repr(run) in chosen
    ]
    assert set(Counter(faults).values()) == {hidden.OF_EACH}


def test_solution_passes_by_a_clear_margin():
    names, _ = variants.names_after("hw5")
    right = np.mean([names["diagnose"](run) == family for run, family in RUNS])
    assert right > hidden.SHARE + 0.1


def test_curves_alone_fail_by_a_clear_margin():
    source = variants.variants("hw5", "WRONG")["q8", "curves alone"]
    names, _ = variants.names_after("hw5", {"q8": source})
    right = np.mean([names["diagnose"](run) == family for run, family in RUNS])
    assert 0.2 < right < hidden.SHARE - 0.3


def test_judge_takes_names_and_nothing_else():
    judge = hidden.mostly_named(["leak"] * 9 + ["mode"])
    assert judge(["leak"] * 10) is None
    assert judge(["leak"] * 7 + ["mode"] * 3) is None  # 8 of 10
    assert "7 of 10" in judge(["leak"] * 7 + ["input"] * 3)
    for odd in (None, 3, [["leak"]] * 10, [np.zeros(2)] * 10, ["leak"] * 9, {"leak": 10}):
        assert judge(odd)


def test_recorded_runs_are_those_of_the_script():
    for index, seed in [(0, 6000), (19, 6001)]:
        name, family = record_coursework_runs.CASES[index]
        again = record_coursework_runs.record(*record_coursework_runs.train(name, seed))
        kept, kept_family = RUNS[index + (seed - 6000) * len(record_coursework_runs.CASES)]
        assert family == kept_family
        assert again.keys() == kept.keys()
        assert again["epochs"] == kept["epochs"]
        for key in ("input", "test_input", "batch_classes", "overlap", "spread"):  # before training
            close(again[key], kept[key], rtol=0.02, atol=1e-3)
        close(again["train_loss"][0], kept["train_loss"][0], rtol=0.02)


def test_script_replaces_the_runs_and_nothing_else(tmp_path, monkeypatch):
    before = (record_coursework_runs.FOLDER / "public.py").read_text(encoding="utf-8")
    (tmp_path / "public.py").write_text(before, encoding="utf-8")
    monkeypatch.setattr(record_coursework_runs, "runs", lambda seeds: list(PRACTICE))
    monkeypatch.setattr(np.random, "default_rng", lambda seed: np.random.RandomState(seed))
    record_coursework_runs.main(tmp_path)
    after = (tmp_path / "public.py").read_text(encoding="utf-8")
    names = [{}, {}]
    for text, space in zip((before, after), names, strict=True):
        exec(text, space)
    start, end = record_coursework_runs.PUBLIC, record_coursework_runs.REST
    assert after.partition(start)[0] == before.partition(start)[0]
    assert after.partition(end)[2] == before.partition(end)[2]
    assert {repr(run) for run, _ in names[1]["PRACTICE"]} == {repr(run) for run, _ in PRACTICE}
