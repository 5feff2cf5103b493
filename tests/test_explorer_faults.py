"""The fault lab: recorded runs, what the page shows of them, and the game of predicting and revealing."""

import json

import numpy as np
import pytest
import record_faults
from explorer_page import CONTRASTS, press

from cnnlib.diagnosis import FAMILIES
from cnnlib.explorers.faults import SHIPPED, FaultLab
from cnnlib.faults import FAULTS

PANELS = {  # ends of the axes, and whether they are logarithmic
    "loss": (0.001, 1000, True),
    "accuracy": (0, 1, False),
    "gradient": (1e-6, 100, True),
    "step": (1e-6, 1, True),
    "zeros": (0, 1, False),
    "dead": (0, 1, False),
}
CASES = json.loads(SHIPPED.read_text(encoding="utf-8"))


def expected_points(values, low, high, log):
    """The same picture with NumPy: 100 wide, 56 high, the top is the high end."""
    values = np.array([np.nan if value is None else value for value in values], dtype=float)
    scale = (lambda v: np.log10(np.maximum(v, 1e-300))) if log else np.asarray
    height = 56 * (1 - np.clip((scale(values) - scale(low)) / (scale(high) - scale(low)), 0, 1))
    across = 100 * np.arange(len(values)) / max(len(values) - 1, 1)
    return [None if np.isnan(y) else [x, y] for x, y in zip(across.tolist(), height.tolist(), strict=True)]


def three_digits(value):
    """0.123, 1.23 or 12.3, with a true minus sign."""
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
    return f"{value:.{digits}f}".replace("-", "−")


def start(page, show, **arguments):
    return show(page, FaultLab(**arguments))


def facts(page):
    return page.locator("tbody .value").all_inner_texts()


# --- what is shipped ----------------------------------------------------------------------------


def test_each_fault_is_there_once_with_its_family():
    assert sorted(case["fault"] for case in CASES) == sorted(FAULTS)
    for case in CASES:
        spoil, family = FAULTS[case["fault"]]
        assert (case["family"], case["what"]) == (family, spoil.__doc__)
        assert case["said"] in FAMILIES


def test_each_case_has_its_lines_and_facts():
    for case in CASES:
        count = len(case["epochs"])
        assert {name: len(lines) for name, lines in case["panels"].items()} == {
            "loss": 2,
            "accuracy": 2,
            "gradient": 3,
            "step": 3,
            "zeros": 2,
            "dead": 2,
        }
        for name, lines in case["panels"].items():
            for line in lines:
                assert len(line) == (count - 1 if name in ("gradient", "step") else count)


def test_recording_again_tells_the_same(tmp_path, capsys, monkeypatch):
    """Two of the nineteen: that the script runs, and that the shipped file is of its making."""
    some = {name: FAULTS[name] for name in ("nothing wrong", "leak")}
    numbers = {case["fault"]: number for number, case in enumerate(CASES)}
    for name in some:
        again = record_faults.case(name, record_faults.SEED + numbers[name])
        shipped = CASES[numbers[name]]
        for key in ("fault", "what", "family", "said", "epochs"):
            assert again[key] == shipped[key]
        for key in ("size", "overlap"):
            assert again["facts"][key] == pytest.approx(shipped["facts"][key], rel=0.01)
        np.testing.assert_allclose(again["panels"]["accuracy"], shipped["panels"]["accuracy"], atol=0.05)
        first = [case["panels"]["loss"][0][0] for case in (again, shipped)]
        assert first[0] == pytest.approx(first[1], rel=0.01)
    monkeypatch.setattr(record_faults, "FAULTS", some)
    monkeypatch.setattr(record_faults, "case", lambda name, seed: CASES[numbers[name]])
    record_faults.main(tmp_path / "again.json")
    assert len(json.loads((tmp_path / "again.json").read_text(encoding="utf-8"))) == 2
    assert "diagnose says leak" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"case": 0}, "case must be from 1 to 19: got 0"),
        ({"case": 20}, "case must be from 1 to 19: got 20"),
        ({"guess": "gremlins"}, "guess must be one of healthy, leak"),
        ({"revealed": True}, "needs a guess first"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        FaultLab(**arguments)


# --- the module as code -------------------------------------------------------------------------


def test_points_equal_numpys(call):
    calls = [
        [line, *PANELS[name]] for case in CASES for name, lines in case["panels"].items() for line in lines
    ]
    for arguments, result in zip(calls, call("faults", "points", calls), strict=True):
        expected = expected_points(*arguments)
        assert [place is None for place in result] == [place is None for place in expected]
        pairs = [(a, b) for a, b in zip(result, expected, strict=True) if b is not None]
        np.testing.assert_allclose([a for a, _ in pairs], [b for _, b in pairs], atol=1e-9)


def test_numbers_are_printed_with_as_many_digits_as_they_have(call):
    values = [0, 1, -1, 0.0316, 2.345, 12.34, 345.6, 1.2e-5, 34567, None]
    shown = ["0.00", "1.00", "−1.00", "0.032", "2.35", "12.3", "346", "1.2e−5", "3.5e4", "–"]
    assert call("faults", "brief", [[value] for value in values])[:4] == shown[:4]
    assert call("faults", "brief", [[value] for value in values])[5:] == shown[5:]


# --- the page -----------------------------------------------------------------------------------


def test_page_draws_every_line_of_every_case(browser_page, show):
    page = start(browser_page, show)
    for number, case in enumerate(CASES, start=1):
        assert page.locator(".which").inner_text() == f"Case {number} of 19"
        drawn = page.locator(".plot").evaluate_all(
            "plots => plots.map(p => [...p.querySelectorAll('polyline')].map(l => l.getAttribute('points')))"
        )
        for (name, ends), lines in zip(PANELS.items(), drawn, strict=True):
            for values, line in zip(case["panels"][name], lines, strict=True):
                places = [place for place in expected_points(values, *ends) if place]
                shown = [[float(v) for v in point.split(",")] for point in line.split()]
                np.testing.assert_allclose(shown, places, atol=0.0051)
        press(page, "Next")
    assert page.locator(".which").inner_text() == "Case 1 of 19"
    press(page, "Previous")
    assert page.locator(".which").inner_text() == "Case 19 of 19"


def test_facts_are_the_recorded_ones(browser_page, show):
    for number, case in enumerate(CASES, start=1):
        if case["fault"] not in ("leak", "wrong sign", "sorted order"):
            continue
        texts = facts(start(browser_page, show, case=number))
        assert texts[2] == three_digits(case["facts"]["classes"])
        assert texts[3] == f"{100 * case['facts']['overlap']:.0f} %"
        assert texts[7] == ", ".join(map(three_digits, case["facts"]["slope"]))


def test_the_answer_is_hidden_until_a_guess_is_made(browser_page, show):
    page = start(browser_page, show, case=1)
    case = CASES[0]
    button = page.get_by_role("button", name="Reveal")
    assert button.is_disabled()
    assert case["fault"] not in page.locator(".explorer").inner_text()
    press(page, "leak")
    assert page.get_by_role("button", name="leak").get_attribute("aria-pressed") == "true"
    assert "You suspect: leak. Now reveal." in page.locator(".telling").inner_text()
    press(page, "Reveal")
    told = page.locator(".telling").inner_text()
    assert told.startswith("✗ Not this time.")
    for words in (case["fault"], case["what"], case["evidence"], FAMILIES[case["family"]]):
        assert words in told


def test_only_the_first_answer_to_a_case_counts(browser_page, show):
    page = start(browser_page, show, case=1)
    right = CASES[0]["family"]
    for family, score in [("leak", "0 of 1 right"), (right, "0 of 1 right")]:
        press(page, family)
        press(page, "Reveal")
        assert page.locator(".score").inner_text().startswith(score)
    assert page.locator(".telling").inner_text().startswith("✓ Right.")
    press(page, "Next")
    assert page.get_by_role("button", name="Reveal").is_disabled()
    press(page, CASES[1]["family"])
    press(page, "Reveal")
    assert page.locator(".score").inner_text().startswith("1 of 2 right")


def test_it_is_played_with_the_keyboard(browser_page, show):
    page = start(browser_page, show, case=2)
    button = page.get_by_role("button", name=CASES[1]["family"], exact=True)
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Reveal").focus()
    page.keyboard.press("Space")
    assert page.locator(".telling").inner_text().startswith("✓ Right.")


def test_a_screen_reader_hears_where_each_line_goes(browser_page, show):
    page = start(browser_page, show, case=CASES.index(next(c for c in CASES if c["fault"] == "leak")) + 1)
    labels = page.locator(".plot").evaluate_all("plots => plots.map(p => p.ariaLabel)")
    assert labels[0].startswith("loss over 15 epochs: training from ")
    assert "; test from " in labels[0]
    assert labels[2].count("layer") == 3
    assert labels[5].count("ReLU") == 2


def test_it_starts_as_python_says(browser_page, show):
    page = start(browser_page, show, case=3, guess=CASES[2]["family"], revealed=True)
    assert page.locator(".which").inner_text() == "Case 3 of 19"
    assert page.locator(".telling").inner_text().startswith("✓ Right.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read(new_page, show, theme):
    page = new_page(viewport={"width": 900, "height": 1200})
    show(page, FaultLab(case=4, guess="leak", revealed=True), theme=theme)
    texts = page.locator(
        ".faults th, .faults td, .faults .name, .faults button, .faults p, .faults .ticks span"
    )
    assert min(texts.evaluate_all(CONTRASTS)) > 4.5


def test_it_fits_a_telephone(new_page, show):
    page = new_page(viewport={"width": 360, "height": 780})
    show(page, FaultLab(case=4, guess="leak", revealed=True))
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 360
    boxes = [button.bounding_box() for button in page.locator(".faults button").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["height"] >= 24 for box in boxes)


def test_the_kernel_hears_of_guess_and_reveal(live):
    page = live(FaultLab(case=2))
    press(page, "leak")
    press(page, "Reveal")
    sent = page.evaluate("sent.map(s => [s.case, s.guess, s.revealed])")
    assert sent == [[2, "leak", False], [2, "leak", True]]
    press(page, "Next")
    assert page.evaluate("sent.at(-1)") | {"cases": 0, "families": 0} == FaultLab(case=3).state() | {
        "cases": 0,
        "families": 0,
    }
    page.evaluate("model.set('case', 5)")
    assert page.locator(".which").inner_text() == "Case 5 of 19"
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0
