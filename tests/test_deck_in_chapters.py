"""Every number that the lecture prints comes out of a cell of the chapters, as stored.

What is compared with is typed from the lecture (deck.py), not computed.
"""

import json
import re
from pathlib import Path

import deck
import numpy as np
import pytest
from skimage import data

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"


def printed(chapter, cell_id):
    """The text that a cell of a stored chapter printed."""
    notebook = json.loads((CHAPTERS / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    (cell,) = [cell for cell in notebook["cells"] if cell["id"] == cell_id]
    return "".join("".join(output.get("text", "")) for output in cell["outputs"])


def text_of(chapter, cell_id):
    """The code or the text of a cell."""
    notebook = json.loads((CHAPTERS / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    return "".join(next(cell["source"] for cell in notebook["cells"] if cell["id"] == cell_id))


def numbers(text):
    return np.array([float(match) for match in re.findall(r"-?\d+\.?\d*", text)])


def shapes(text):
    """Every shape in a text, such as (3, 32, 32)."""
    return [tuple(map(int, match.split(", "))) for match in re.findall(r"\((\d+(?:, \d+)+)\)", text)]


@pytest.mark.parametrize(
    ("chapter", "cell", "lecture"),
    [
        ("03_matching_pieces", "draw-x", deck.X_DECK),
        ("03_matching_pieces", "map-printed", deck.FILTERED[0]),
        ("03_matching_pieces", "maps", deck.FILTERED[1:]),
        ("04_a_toy_convnet", "pooling-printed", deck.POOLED),
        ("04_a_toy_convnet", "relu", deck.RECTIFIED),
        ("04_a_toy_convnet", "deep", deck.DEEP),
    ],
)
def test_cell_prints_the_lectures_array(chapter, cell, lecture):
    np.testing.assert_array_equal(numbers(printed(chapter, cell)), np.ravel(lecture))


def test_worked_matches_are_one_and_five_ninths():
    assert printed("03_matching_pieces", "filter-first").endswith("sum: 9  match: 1.0\n")
    assert "sum: 5  match: 0.55" in printed("03_matching_pieces", "filter-second")
    assert "5/9 cut off: 0.55" in printed("03_matching_pieces", "cut")


def test_votes_come_from_the_lectures_twelve_values():
    source = (CHAPTERS / "04_a_toy_convnet.ipynb").read_text(encoding="utf-8")
    assert re.search(r"values = np.array\(.*?\[0\.9, 0\.65", source, re.DOTALL)
    assert all(f"{value:g}" in source for value in deck.VOTES)
    # by hand: (.9 + .87 + .96 + .89 + .94) / 5 and (.65 + .45 + .44 + .53) / 4
    assert "[0.912  0.5175]" in printed("04_a_toy_convnet", "vote-matrix")


@pytest.mark.parametrize(
    ("cell", "lecture"), [("picture", deck.IMAGE), ("filter", deck.FILTER), ("six-run", deck.SIX_MAPS)]
)
def test_cell_prints_the_lectures_shape(cell, lecture):
    assert shapes(printed("05_convolution_layers", cell))[-1] == lecture


def test_one_number_is_75_products_of_the_photograph_and_the_filter():
    """In plain Python from the photograph: blocks of 12, 2 red - green - blue, left less right."""
    photo = data.coffee().tolist()
    total = 0
    for row in range(7, 12):
        for col, sign in [(2, 1), (3, 1), (5, -1), (6, -1)]:
            block = [photo[8 + 12 * row + i][120 + 12 * col + j] for i in range(12) for j in range(12)]
            red, green, blue = (sum(pixel[k] for pixel in block) // 144 for k in range(3))
            total += sign * (2 * red - green - blue)
    text = printed("05_convolution_layers", "one-number")
    assert text.startswith("75 products")
    assert f"= {total}\n" in text
    assert text.endswith(f"with the bias: {total - 500}\n")
    assert printed("05_convolution_layers", "one-check").endswith(f"= {total}\n")


def test_stack_with_activations_goes_through_the_lectures_shapes():
    first, *_, last = shapes(printed("05_convolution_layers", "stacked"))
    assert first == deck.IMAGE[::-1]
    assert deck.SIX_MAPS[::-1] in shapes(printed("05_convolution_layers", "stacked"))
    assert last == (10, 28 - 4, 28 - 4)


def test_spatial_dimensions_are_those_of_a_pencil():
    """7 - 3 = 4 pixels of room: 4/1 + 1, 4/2 + 1, 4/3 rounded down + 1; 5x5 takes 4 off each time."""
    text = printed("05_convolution_layers", "stride")
    assert re.findall(r"(\d) places", text) == ["5", "3", "2"]
    first, error = printed("05_convolution_layers", "shrinking").split("\n", 1)
    assert first == " -> ".join(str(size) for size in range(32, 0, -4))
    assert "kernel_size=5, but size=4" in error


BACK = "06_backpropagation"


def test_the_lectures_four_sums_are_code_and_formula():
    code = text_of(BACK, "d22-forward")
    formulas = re.sub(r"[&_{}\s]", "", text_of(BACK, "d22-text"))
    for h, products in deck.SUMS.items():
        assert f"{h} = {' + '.join(f'{w} * {x}' for w, x in products)}\n" in code
        assert f"{h}={'+'.join(f'{w}{x}' for w, x in products)}" in formulas


def test_four_sums_of_the_pixels_1_to_9_are_these():
    """By hand: 1·1 + 2·2 + 3·4 + 4·5 = 37; one pixel further right 47; one row further down 67 and 77."""
    np.testing.assert_array_equal(numbers(printed(BACK, "d22-forward")), [37, 47, 67, 77])


@pytest.mark.parametrize("cell", ["d22-weights", "pattern-weights-code", "columns"])
def test_cell_prints_the_gradient_of_the_lectures_weights(cell):
    """By hand: the pixels 1, 2, 4, 5 of W11's four products, marked 1, 10, 100, 1000, make 5421."""
    np.testing.assert_array_equal(numbers(printed(BACK, cell)), [5421, 6532, 8754, 9865])


@pytest.mark.parametrize("cell", ["d22-pixels", "pattern-pixels-code", "toeplitz-back"])
def test_cell_prints_the_gradient_of_the_lectures_pixels(cell):
    """By hand: X22 has W22, W21, W12, W11 in the four sums, 4 + 3·10 + 2·100 + 1·1000 = 1234."""
    nine = [1, 12, 20, 103, 1234, 2040, 300, 3400, 4000]
    np.testing.assert_array_equal(numbers(printed(BACK, cell)), nine)


def test_gradients_are_those_of_the_lectures_sums_product_by_product():
    pixels, weights = np.arange(1, 10).reshape(3, 3), np.arange(1, 5).reshape(2, 2)
    h, dX, dW = deck.forward_and_back(pixels, weights, dh=[[1, 10], [100, 1000]])
    np.testing.assert_array_equal(numbers(printed(BACK, "d22-forward")), h.ravel())
    np.testing.assert_array_equal(numbers(printed(BACK, "d22-pixels")), dX.ravel())
    np.testing.assert_array_equal(numbers(printed(BACK, "d22-weights")), dW.ravel())


SHALLOW = "01_shallow_versus_deep"


@pytest.mark.parametrize(("cell", "table"), [("mmi", deck.TABLE_II_MMI), ("fera", deck.TABLE_III_GEMEP_FERA)])
def test_cell_prints_the_lectures_table(cell, table):
    rows = [line.rsplit(maxsplit=2) for line in printed(SHALLOW, cell).splitlines()]
    shown = {name.strip(): tuple(None if v == "-" else float(v) for v in values) for name, *values in rows}
    assert shown == table


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("lbp", "LBP 56"),
        ("kirsch", "[-399, -503, 97, 313, 537, 161, 97, -303] sum 0"),
        ("ldp", "LDP 19"),
        ("ldn", "LDN 33"),
        ("ldtexp", "LDTexP 73"),
        ("ldterp", "[-160, -117, -6, 117] LDTerP 21"),
        ("quest", "QUEST 24"),  # our reconstruction: W and SW, bits 3 and 4
        ("two-phase", "Two-Phase 18"),  # our reconstruction: 4 * 4, ahead 53, behind 10
    ],
)
def test_cell_prints_the_code_of_a_pencil(cell, code):
    assert printed(SHALLOW, cell).rstrip().endswith(code)


def test_softmax_gives_the_lectures_percentages():
    """Dog, boy, bicycle: votes whose powers of e are as 95 to 3 to 2."""
    np.testing.assert_array_equal(numbers(printed(SHALLOW, "softmax")), [95, 3, 2])


def test_ldtexp_leads_in_three_columns_of_the_lectures_tables_and_quest_in_one():
    text = printed(SHALLOW, "fera-best")
    assert re.findall(r"best: (\w+)", text) == ["LDTexP", "LDTexP", "QUEST", "LDTexP"]


def test_tanh_is_the_lectures_scaled_sigmoid():
    assert "2 sigmoid(2x) - 1, to 15 digits: True" in printed("11_activations", "identity")


def test_gradients_through_chains_are_those_worked_out_by_hand():
    """Weight 1, bias 0, x = 0.5; the first number is the slope at 0.5, the others products of slopes."""
    expected = [
        ("sigmoid", [0.235, 6.08e-4, 3.48e-7, 1.14e-13]),
        ("tanh", [0.786, 0.393, 0.223, 0.107]),
        ("ReLU", [1, 1, 1, 1]),
    ]
    rows = printed("11_activations", "chain").splitlines()[1:]
    for row, (name, gradients) in zip(rows, expected, strict=True):
        assert row.split()[0] == name
        np.testing.assert_allclose([float(word) for word in row.split()[1:]], gradients, rtol=1e-12)


def test_vgg16_is_counted_as_the_lecture_counts_it_and_its_slip_is_named():
    """138M parameters, as the lecture says; its rows are 15.2 million values, where it says 24M."""
    assert "138,357,544 parameters" in printed("09_vgg16", "meta")
    sums = printed("09_vgg16", "deck")
    assert "the slide's rows:   15.2 million values" in sums
    assert "15,237,608 values = 60.95 MB" in sums
    assert "28,793,320 values = 115.2 MB" in printed("09_vgg16", "deck-relus")
    assert "69.9 MiB" in printed("09_vgg16", "kept")
