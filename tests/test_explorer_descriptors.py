"""The explorer of descriptors: its arithmetic against NumPy, and what a reader sees and can do."""

import itertools
import re

import numpy as np
import pytest
from explorer_page import CONTRASTS, labels_of, numbers_in, press, shown
from skimage import data

from cnnlib.descriptors import CODES, KIRSCH, ROBINSON, kirsch, ldterp, ldtexp, robinson
from cnnlib.explorers.descriptors import DescriptorExplorer, portrait
from cnnlib.explorers.explorer import source

DESCRIPTORS = {describe.__name__: describe for describe in CODES}
EACH = pytest.mark.parametrize("name", DESCRIPTORS)
BUTTONS = ["LBP", "LDP", "LDN", "LDTexP", "LDTerP", "QUEST", "Two-Phase"]
COMPASS = ["E", "NE", "N", "NW", "W", "SW", "S", "SE"]
PLACES = [(1, 2), (0, 2), (0, 1), (0, 0), (1, 0), (2, 0), (2, 1), (2, 2)]
PATCH = np.array([[85, 32, 26], [53, 50, 10], [60, 38, 45]])  # worked by hand in test_descriptors.py


def code_map(name, image, threshold=15):
    describe = DESCRIPTORS[name]
    return describe(image, threshold) if describe in (ldtexp, ldterp) else describe(image)


# --- what Python sends --------------------------------------------------------------------------


def test_portrait_is_the_mean_of_each_three_by_three_pixels():
    photograph = data.astronaut()
    image = portrait()
    for row, col in np.ndindex(image.shape):
        top, left = 76 + 3 * row, 164 + 3 * col
        assert image[row, col] == int(photograph[top : top + 3, left : left + 3].mean() + 1e-9)
    assert image.shape == (36, 36)


@pytest.mark.parametrize("shape", [(3, 3), (5, 8), (64, 64)])
def test_packed_rows_are_the_image(call, shape):
    image = np.random.default_rng(0).integers(0, 256, shape)
    explorer = DescriptorExplorer(image, position=(0, 0))
    assert explorer.image == image.tolist()
    packed = explorer.state()["image"]
    assert all(isinstance(row, str) for row in packed)
    assert call("descriptors", "unpacked", [[packed], [image]]) == [image.tolist()] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.ones((2, 9))}, r"image must be 2-D with 3 to 64 .* got shape \(2, 9\)"),
        ({"image": np.ones((9, 65))}, r"got shape \(9, 65\)"),
        ({"image": np.ones((9, 9, 3))}, r"got shape \(9, 9, 3\)"),
        ({"image": np.full((9, 9), 256)}, "whole grey levels from 0 to 255: got 256"),
        ({"image": np.full((9, 9), -1)}, "got -1"),
        ({"image": np.full((9, 9), 0.5)}, r"got 0\.5"),
        ({"descriptor": "LBP"}, "descriptor must be one of lbp, ldp, ldn, .* two_phase: got 'LBP'"),
        ({"position": (34, 0)}, r"of the 34x34 code map, counted from 0: got \(34, 0\)"),
        ({"position": (0, -1)}, r"got \(0, -1\)"),
        ({"position": (0.5, 0)}, r"got \(0\.5, 0\)"),
        ({"threshold": 61}, "threshold must be from 0 to 60: got 61"),
        ({"threshold": -1}, "got -1"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        DescriptorExplorer(**arguments)


def test_the_pixel_stays_on_a_smaller_image():
    explorer = DescriptorExplorer(position=(30, 20))
    explorer.image = np.zeros((9, 12), int)
    assert explorer.position == [6, 9]
    with pytest.raises(ValueError, match="of the 7x10 code map"):
        explorer.position = (7, 0)


# --- the module as code -------------------------------------------------------------------------


def images():
    rng = np.random.default_rng(1)
    yield portrait()
    yield rng.integers(0, 256, (23, 31))
    yield rng.integers(0, 3, (40, 25))  # many equal responses
    yield rng.integers(100, 112, (30, 30))  # contrasts about the threshold
    yield np.zeros((3, 3), int)
    yield PATCH


@EACH
def test_every_code_is_ours(call, name):
    cases = [(image, name, threshold) for image in images() for threshold in (15, 0, 4, 60)]
    for case, codes in zip(cases, call("descriptors", "codeMap", cases), strict=True):
        np.testing.assert_array_equal(codes, code_map(name, case[0], case[2]))


def test_responses_and_masks_are_ours(call):
    patches = [np.random.default_rng(2).integers(0, 256, (3, 3)) for _ in range(20)] + [PATCH]
    around = call("descriptors", "neighbours", [[patch] for patch in patches])
    assert around[-1] == [10, 26, 32, 85, 53, 60, 38, 45]
    for name, function in (("kirsch", kirsch), ("robinson", robinson)):
        results = call("descriptors", name, [[n] for n in around])
        for patch, result in zip(patches, results, strict=True):
            np.testing.assert_array_equal(result, function(patch).ravel())
    for masks in (KIRSCH, ROBINSON):
        first = [masks[0][place] for place in PLACES]
        weights = call("descriptors", "weights", [[np.array(first), i] for i in range(len(masks))])
        np.testing.assert_array_equal(weights, [[mask[place] for place in PLACES] for mask in masks])


@EACH
def test_digits_times_what_they_count_add_up_to_the_code(call, name):
    image = np.random.default_rng(3).integers(0, 256, (8, 8))
    patches = [image[r : r + 3, c : c + 3] for r, c in np.ndindex(6, 6)]
    worked = call("descriptors", "worked", [(name, patch, 15) for patch in patches])
    for work, code in zip(worked, code_map(name, image).ravel(), strict=True):
        assert sum(digit * count for digit, count, _ in work["digits"]) == code
        counts = [count for _, count, _ in work["digits"]]
        assert counts == sorted(counts, reverse=True)


def test_weighing_is_written_out(call):
    n = [10, 26, 32, 85, 53, 60, 38, 45]
    first = [np.array([mask[0][place] for place in PLACES]) for mask in (KIRSCH, ROBINSON)]
    texts = call(
        "descriptors", "weighed", [(first[0], 4, n), (first[0], 0, n), (first[1], 0, n), (first[1], 3, n)]
    )
    assert texts == [
        "5 × (85 + 53 + 60) − 3 × (10 + 26 + 32 + 38 + 45) = 537",
        "5 × (10 + 26 + 45) − 3 × (32 + 85 + 53 + 60 + 38) = −399",
        "2 × 10 + (26 + 45) − (85 + 60) − 2 × 53 = −160",
        "2 × 85 + (32 + 53) − (10 + 38) − 2 × 45 = 117",
    ]


# --- in a page ----------------------------------------------------------------------------------


PIXELS = """canvas => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext('2d', {willReadFrequently: true});
    context.drawImage(canvas, 0, 0);
    const {width, height, data} = context.getImageData(0, 0, canvas.width, canvas.height);
    return [height, width, [...data]];
}"""


def canvas(page, part):
    """The grey levels that a canvas holds; all three colours must be the same."""
    height, width, values = page.locator(f".{part} canvas").evaluate(PIXELS)
    pixels = np.array(values).reshape(height, width, 4)
    assert (pixels[..., :3] == pixels[..., :1]).all()
    assert (pixels[..., 3] == 255).all()
    return pixels[..., 0]


def framed(page, part):
    """Rows and columns [first, last] of a canvas inside its frame."""
    box, frame = (page.locator(f".{part} {what}").bounding_box() for what in ("canvas", ".frame"))
    pitch = box["width"] / page.locator(f".{part} canvas").evaluate("c => c.width")
    top, left = (frame["y"] - box["y"]) / pitch, (frame["x"] - box["x"]) / pitch
    edges = [top, top + frame["height"] / pitch - 1, left, left + frame["width"] / pitch - 1]
    assert np.allclose(edges, np.rint(edges), atol=0.1)
    return [round(edge) for edge in edges]


def near(page):
    return page.get_by_role("grid", name="3 by 3 pixels")


def said(page):
    return page.get_by_role("grid", name="what each direction says")


def grey_levels(page):
    """The numbers of the 3x3 pixels, without the weights under them."""
    texts = near(page).locator(".unit > span").all_inner_texts()
    return np.array(texts, int).reshape(3, 3)


def code_of(page):
    return int(page.locator(".equation b").inner_text())


def expected_values(name, patch):
    """What stands in the eight directions, None where nothing does."""
    n = [int(patch[place]) for place in PLACES]
    if name in ("lbp", "quest"):
        used = range(8) if name == "lbp" else (0, 1, 2, 4, 5, 6)
        return [int(n[i] >= patch[1, 1]) if i in used else None for i in range(8)]
    values = (robinson if name == "ldterp" else kirsch)(patch).ravel().tolist()
    return values + [None] * (8 - len(values))


def check(page, image, name, position, threshold=15):
    """Compare everything that stands on the panel with what our functions say."""
    row, col = position
    patch = image[row : row + 3, col : col + 3]
    codes = code_map(name, image, threshold)
    np.testing.assert_array_equal(canvas(page, "picture"), image)
    np.testing.assert_allclose(canvas(page, "codes"), 255 * codes / max(CODES[DESCRIPTORS[name]]), atol=0.51)
    assert framed(page, "picture") == [row, row + 2, col, col + 2]
    assert framed(page, "codes") == [row, row, col, col]
    np.testing.assert_array_equal(grey_levels(page), patch)
    board = np.full((3, 3), None)
    for place, value in zip(PLACES, expected_values(name, patch), strict=True):
        board[place] = value
    assert numbers_in(said(page)) == board.tolist()
    code = int(codes[row, col])
    assert code_of(page) == code
    digits = np.array(page.locator(".digits b").all_inner_texts(), int)
    counts = [
        int(text.removeprefix("× ")) for text in page.locator(".digits span:last-child").all_inner_texts()
    ]
    assert (digits * counts).sum() == code
    spot = f"row {row + 2}, column {col + 2}"
    assert page.locator(".codes [role=img]").get_attribute("aria-label") == f"code map; {code} in {spot}"
    pressed = page.locator(".picks [aria-pressed=true]").all_inner_texts()
    assert pressed == [BUTTONS[list(DESCRIPTORS).index(name)]]
    number = len(CODES[DESCRIPTORS[name]])
    assert page.get_by_text(f"one of {number} codes.").count() == 1
    ours = name in ("ldterp", "quest", "two_phase")
    assert page.get_by_text("Our reconstruction; the original may differ.").count() == ours


@EACH
def test_panel_shows_the_arithmetic_of_each_descriptor(browser_page, show, name):
    image = portrait()
    page = show(browser_page, DescriptorExplorer())
    press(page, BUTTONS[list(DESCRIPTORS).index(name)])
    check(page, image, name, (21, 21))
    page.locator(".picture .shot").focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    check(page, image, name, (18, 20))
    page.keyboard.press("Home")
    check(page, image, name, (18, 0))


STEPS = {
    "lbp": ["At least as bright as the centre, 50: NW 85, W 53 and SW 60.", "They give a 1, the others a 0."],
    "ldp": [
        "The three strongest |K|: W (4) 537, NE (1) −503 and E (0) −399.",
        "They give a 1, the others a 0.",
    ],
    "ldn": ["K is largest in direction W (4): 537.", "K is smallest in direction NE (1): −503."],
    "ldtexp": [
        "The two strongest |K|: W (4) 537 and NE (1) −503.",
        "W − E = 53 − 10; 43 is above 15: 2.",
        "NE − SW = 26 − 60; −34 is below −15: 1.",
    ],
    "ldterp": [
        "The two strongest |R|: E (0) −160 and NE (1) −117.",
        "E: −160 is below −15: 1.",
        "NE: −117 is below −15: 1.",
    ],
    "quest": ["At least as bright as the centre, 50: W 53 and SW 60.", "They give a 1, the others a 0."],
    "two_phase": [
        "K is largest in direction W (4): 537.",
        "At least as bright as the centre, 50? W 53: 1. E 10: 0.",
    ],
}
DIGITS = {
    "lbp": "SE: 0 times 128, S: 0 times 64, SW: 1 times 32, W: 1 times 16, NW: 1 times 8, N: 0 times 4, "
    "NE: 0 times 2, E: 0 times 1",
    "ldp": "SE: 0 times 128, S: 0 times 64, SW: 0 times 32, W: 1 times 16, NW: 0 times 8, N: 0 times 4, "
    "NE: 1 times 2, E: 1 times 1",
    "ldn": "brightest: 4 times 8, darkest: 1 times 1",
    "ldtexp": "direction: 4 times 16, contrast W: 2 times 4, contrast NE: 1 times 1",
    "ldterp": "direction: 0 times 64, sign E: 1 times 16, direction: 1 times 4, sign NE: 1 times 1",
    "quest": "S: 0 times 32, SW: 1 times 16, W: 1 times 8, N: 0 times 4, NE: 0 times 2, E: 0 times 1",
    "two_phase": "direction: 4 times 4, W: 1 times 2, E: 0 times 1",
}
EQUATIONS = {
    "lbp": "code = 32 + 16 + 8 = 56",
    "ldp": "code = 16 + 2 + 1 = 19",
    "ldn": "code = 4 × 8 + 1 = 33",
    "ldtexp": "code = 4 × 16 + 2 × 4 + 1 = 73",
    "ldterp": "code = 16 + 4 + 1 = 21",
    "quest": "code = 16 + 8 = 24",
    "two_phase": "code = 4 × 4 + 2 = 18",
}
CHOSEN = {
    "lbp": ["NW", "W", "SW"],
    "ldp": ["NE", "W", "E"],
    "ldn": ["NE", "W"],
    "ldtexp": ["NE", "W"],
    "ldterp": ["NE", "E"],
    "quest": ["W", "SW"],
    "two_phase": ["W"],
}


@EACH
def test_the_patch_worked_by_hand_reads_as_it_was_worked(browser_page, show, name):
    page = show(browser_page, DescriptorExplorer(PATCH, name, position=(0, 0)))
    check(page, PATCH, name, (0, 0))
    assert page.locator("ol li").all_inner_texts() == STEPS[name]
    assert page.locator(".digits").get_attribute("aria-label") == DIGITS[name]
    assert page.locator(".equation").inner_text() == EQUATIONS[name]
    assert sorted(page.locator(".chosen").evaluate_all("cells => cells.map(c => c.ariaLabel)")) == sorted(
        label for label in labels_of(said(page)) if label.endswith(", chosen")
    )
    assert sorted(
        label.split(", ")[2].split()[0] for label in labels_of(said(page)) if "chosen" in label
    ) == sorted(CHOSEN[name])


@pytest.mark.parametrize(
    ("name", "image", "equation"),
    [
        ("ldtexp", np.zeros((3, 3), int), "code = 0"),
        ("lbp", [[0, 0, 0], [9, 5, 0], [0, 0, 0]], "code = 16"),
        ("ldtexp", [[0, 0, 0], [9, 0, 0], [0, 0, 0]], "code = 3 × 16 = 48"),
    ],
)
def test_short_sums_are_short(browser_page, show, name, image, equation):
    page = show(browser_page, DescriptorExplorer(image, name, position=(0, 0)))
    assert page.locator(".equation").inner_text() == equation


def test_no_neighbour_is_bright_enough(browser_page, show):
    page = show(browser_page, DescriptorExplorer([[0, 0, 0], [0, 9, 0], [0, 0, 0]], position=(0, 0)))
    assert page.locator("ol li").first.inner_text() == "At least as bright as the centre, 9: none."
    assert page.locator(".trace").inner_text() == "E: 0 < 9, so 0"


def test_pointing_at_a_direction_explains_it(browser_page, show):
    page = show(browser_page, DescriptorExplorer(PATCH, "ldp", position=(0, 0)))
    trace, weights = page.locator(".trace"), near(page).locator("small")
    strongest = "K of W = 5 × (85 + 53 + 60) − 3 × (10 + 26 + 32 + 38 + 45) = 537"
    assert trace.inner_text() == strongest
    assert weights.all_inner_texts() == [f"× {shown(w, 0)}" for w in KIRSCH[4].ravel()]
    said(page).get_by_role("gridcell", name="row 3, column 2, S 97").hover()
    assert trace.inner_text() == "K of S = 5 × (60 + 38 + 45) − 3 × (10 + 26 + 32 + 85 + 53) = 97"
    assert weights.all_inner_texts() == [f"× {shown(w, 0)}" for w in KIRSCH[6].ravel()]
    assert labels_of(near(page))[:2] == [
        "row 1, column 1, grey level 85 × −3",
        "row 1, column 2, grey level 32 × −3",
    ]
    page.mouse.move(0, 0)
    assert trace.inner_text() == strongest
    said(page).get_by_role("gridcell").first.focus()
    page.keyboard.press("ArrowDown")  # W
    page.keyboard.press("End")  # E
    assert trace.inner_text().startswith("K of E = 5 × (10 + 26 + 45) − ")
    assert page.locator(":focus").get_attribute("aria-label") == "row 2, column 3, E −399, chosen"


def test_pointing_at_a_direction_without_a_say_explains_the_main_one(browser_page, show):
    page = show(browser_page, DescriptorExplorer(PATCH, "ldterp", position=(0, 0)))
    said(page).get_by_role("gridcell", name="row 2, column 1, W not used").hover()
    assert page.locator(".trace").inner_text() == "R of E = 2 × 10 + (26 + 45) − (85 + 60) − 2 × 53 = −160"
    said(page).get_by_role("gridcell", name="row 2, column 2, centre").hover()
    assert page.locator(".trace").inner_text().startswith("R of E = ")
    press(page, "QUEST")
    assert page.locator(".trace").inner_text() == "W: 53 ≥ 50, so 1"
    assert near(page).locator("small").all_inner_texts() == [""] * 9


def test_arrow_keys_stop_at_the_edge(browser_page, show):
    image = np.random.default_rng(4).integers(0, 256, (5, 7))
    page = show(browser_page, DescriptorExplorer(image, position=(0, 3)))
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowUp")
    check(page, image, "lbp", (0, 3))
    for key in ["End", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"]:
        page.keyboard.press(key)
    check(page, image, "lbp", (2, 4))


def spot(page, part, row, col):
    """The middle of a canvas's pixel."""
    box = page.locator(f".{part} canvas").bounding_box()
    rows, cols = page.locator(f".{part} canvas").evaluate("c => [c.height, c.width]")
    return box["x"] + (col + 0.5) * box["width"] / cols, box["y"] + (row + 0.5) * box["height"] / rows


def test_a_click_on_the_picture_or_on_the_map_goes_there(browser_page, show):
    page = show(browser_page, DescriptorExplorer())
    page.mouse.click(*spot(page, "picture", 8, 30))
    check(page, portrait(), "lbp", (7, 29))
    page.mouse.click(*spot(page, "codes", 33, 2))
    check(page, portrait(), "lbp", (33, 2))
    page.mouse.click(*spot(page, "picture", 0, 35))  # the border has no code: the nearest one
    check(page, portrait(), "lbp", (0, 33))


def test_the_mouse_can_be_dragged_over_the_picture(browser_page, show):
    page = show(browser_page, DescriptorExplorer())
    page.mouse.move(*spot(page, "picture", 20, 20))
    check(page, portrait(), "lbp", (21, 21))  # to pass over it is not enough
    page.mouse.down()
    page.mouse.move(*spot(page, "picture", 12, 9), steps=4)
    check(page, portrait(), "lbp", (11, 8))
    page.mouse.up()
    page.mouse.move(*spot(page, "picture", 30, 30), steps=4)
    check(page, portrait(), "lbp", (11, 8))


def test_a_tap_goes_there(new_page, show):
    page = show(new_page(has_touch=True, viewport={"width": 360, "height": 740}), DescriptorExplorer())
    page.touchscreen.tap(*spot(page, "picture", 9, 25))
    check(page, portrait(), "lbp", (8, 24))
    box = near(page).get_by_role("gridcell").last.bounding_box()
    page.touchscreen.tap(box["x"] + 15, box["y"] + 15)
    check(page, portrait(), "lbp", (9, 25))


def test_neighbours_lead_to_themselves(browser_page, show):
    page = show(browser_page, DescriptorExplorer(position=(10, 10)))
    near(page).get_by_role("gridcell", name="row 1, column 3,").click()
    check(page, portrait(), "lbp", (9, 11))
    page.keyboard.press("Enter")  # the focus stays where it is
    check(page, portrait(), "lbp", (8, 12))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    check(page, portrait(), "lbp", (7, 12))
    near(page).get_by_role("gridcell", name="row 2, column 2,").click()
    check(page, portrait(), "lbp", (7, 12))


def test_threshold_is_there_for_those_that_have_one(browser_page, show):
    image = np.random.default_rng(5).integers(100, 130, (12, 12))
    page = show(browser_page, DescriptorExplorer(image, position=(4, 4), threshold=7))
    slider = page.get_by_role("slider")
    for name, button in zip(DESCRIPTORS, BUTTONS, strict=True):
        press(page, button)
        assert slider.count() == (name in ("ldtexp", "ldterp"))
        check(page, image, name, (4, 4), threshold=7)
    press(page, "LDTexP")
    assert page.get_by_label("threshold 7").count() == 1
    slider.fill("12")
    check(page, image, "ldtexp", (4, 4), threshold=12)
    press(page, "LDTerP")
    check(page, image, "ldterp", (4, 4), threshold=12)
    slider.fill("60")
    check(page, image, "ldterp", (4, 4), threshold=60)


def test_code_is_announced_when_it_changes(browser_page, show):
    page = show(browser_page, DescriptorExplorer(PATCH, position=(0, 0)))
    page.wait_for_timeout(500)
    assert page.locator("[aria-live=polite]").inner_text() == ""  # a page that opens says nothing
    press(page, "LDP")
    page.locator("[aria-live=polite]", has_text="LDP, row 2, column 2: grey level 50, code 19").wait_for(
        state="attached", timeout=3000
    )


def test_kernel_and_page_share_what_is_chosen(live):
    page = live(DescriptorExplorer(position=(33, 33)))
    page.add_style_tag(content=DescriptorExplorer._css)
    image = np.random.default_rng(6).integers(100, 110, (9, 5))
    page.evaluate("image => model.set('image', image)", image.tolist())
    check(page, image, "lbp", (6, 2))  # the nearest place that there is
    page.evaluate("model.set('position', [1, 0])")
    page.evaluate("model.set('descriptor', 'ldterp')")
    page.evaluate("model.set('threshold', 3)")
    check(page, image, "ldterp", (1, 0), threshold=3)
    assert page.evaluate("sent.length") == 0  # what the kernel sets is not sent back
    press(page, "LDN")
    page.get_by_role("application").press("ArrowRight")
    assert page.evaluate("sent.map(s => [s.descriptor, ...s.position])") == [["ldn", 1, 0], ["ldn", 1, 1]]
    page.mouse.click(*spot(page, "picture", 8, 0))  # where no code is: the kernel would refuse it
    assert page.evaluate("sent.at(-1).position") == [6, 0]


def test_two_of_them_leave_each_other_alone(browser_page, show):
    page = show(browser_page, DescriptorExplorer(), DescriptorExplorer(descriptor="ldn"))
    groups = [page.locator(".explorer").nth(k) for k in range(2)]
    before = [group.inner_html() for group in groups]
    groups[1].get_by_role("button", name="QUEST").click()
    groups[1].get_by_role("application").press("ArrowUp")
    assert [group.inner_html() == was for group, was in zip(groups, before, strict=True)] == [True, False]


@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 800}), DescriptorExplorer())
    for button in BUTTONS:
        press(page, button)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        sizes = page.locator(".unit").evaluate_all(
            "cells => cells.map(c => c.parentNode.parentNode.offsetWidth / 3)"
        )
        assert min(sizes) >= 24  # pixels, for a finger
        wide = "els => els.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"
        assert page.locator(".unit, .digits, .digits div, .equation, ol, .trace").evaluate_all(wide) == []
        boxes = [page.locator(f".{part}").bounding_box() for part in ("picture", "near", "said", "codes")]
        for a, b in itertools.combinations(boxes, 2):  # one ends where the other has not begun
            assert any(
                first[x] + first[size] <= second[x] + 1
                for first, second in ((a, b), (b, a))
                for x, size in (("x", "width"), ("y", "height"))
            )


def test_a_phone_shows_pictures_and_numbers_on_one_screen(new_page, show):
    page = show(new_page(viewport={"width": 360, "height": 740}), DescriptorExplorer())
    picture, close, directions, codes = (
        page.locator(f".{part}").bounding_box() for part in ("picture", "near", "said", "codes")
    )
    assert picture["y"] == close["y"] < codes["y"] == directions["y"]
    assert page.locator(".equation").bounding_box()["y"] < 740


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser_page, show, theme):
    page = show(browser_page, DescriptorExplorer(), theme=theme)
    selector = ".unit span, .unit small, .name, .heading, p, li, .digits span, .digits b, button, label"
    for k, button in enumerate(BUTTONS):
        press(page, button)
        for row in (4, 20, 31):
            page.mouse.click(*spot(page, "codes", row, 3 + 4 * k))
            contrasts = page.locator(selector).evaluate_all(CONTRASTS)
            assert len(contrasts) > 35
            assert min(contrasts) >= 4.5


@pytest.mark.parametrize("level", [0, 100, 117, 118, 135, 255])
def test_grey_levels_can_be_read_on_their_own_grey(browser_page, show, level):
    page = show(browser_page, DescriptorExplorer(np.full((3, 3), level), "ldp", position=(0, 0)))
    grounds = (
        near(page)
        .locator(".unit")
        .evaluate_all("cells => cells.map(c => getComputedStyle(c).backgroundColor)")
    )
    assert grounds == [f"rgb({level}, {level}, {level})"] * 9
    assert min(near(page).locator("span, small").evaluate_all(CONTRASTS)) >= 4.5


def test_focus_is_visible_and_passes_through_everything(browser_page, show):
    page = show(browser_page, DescriptorExplorer(descriptor="ldterp"))
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(7 + 1 + 2 + 1):  # descriptors, the picture, two grids, the threshold
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_print_shows_the_working_and_not_the_controls(browser_page, show):
    page = show(browser_page, DescriptorExplorer(descriptor="ldtexp"))
    page.emulate_media(media="print")
    for part in (".picture canvas", ".codes canvas", "ol", ".digits", ".equation"):
        assert page.locator(part).is_visible()
    assert not any(control.is_visible() for control in page.locator("button, input").all())


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    names = set(re.findall(r"\.([a-z]+)", source("descriptors.css"))) - {"explorer"}
    page = show(browser_page, DescriptorExplorer(descriptor="ldtexp"))
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert names <= used
