"""VGG16's table as an explorer: the rows by hand and against PyTorch, and every number of the page."""

import re
from io import BytesIO
from urllib.request import urlopen

import numpy as np
import pytest
import torch
from explorer_page import CONTRASTS, press
from PIL import Image
from skimage import data
from torch import nn

from cnnlib.explorers.explorer import bundle, source
from cnnlib.explorers.vgg_table import CONFIGURATION, VGGTable, picture, rows
from cnnlib.receptive_field import receptive_field
from cnnlib.summary import summarize
from cnnlib.vgg import VGG16

NAMES = ["activations", "parameters", "multiply-adds"]
WIDTHS = [eighths / 8 for eighths in range(1, 9)]
EIGHTHS = dict(zip(WIDTHS, ["1/8", "1/4", "3/8", "1/2", "5/8", "3/4", "7/8", "1"], strict=True))
SIZES = list(range(16, 449, 16))
# The lecture's weights of the layers that have some, row by row.
LECTURE = """1,728 36,864 73,728 147,456 294,912 589,824 589,824 1,179,648 2,359,296 2,359,296
2,359,296 2,359,296 2,359,296 102,760,448 16,777,216 4,096,000"""


def numbers(row):
    return row.activations, row.weights + row.biases, row.macs


def totals(table):
    return [sum(column) for column in zip(*map(numbers, table), strict=True)]


def plain_vgg16(width, image_size):
    """The network as anybody would write it in PyTorch, without its ReLUs; shapes only, no memory."""
    layers, channels, side = [], 3, image_size
    for units in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
        if units:
            layers.append(nn.Conv2d(channels, int(width * units), 3, padding=1))
            channels = int(width * units)
        else:
            layers.append(nn.MaxPool2d(2))
            side //= 2
    hidden = int(4096 * width)
    layers += [nn.Linear(channels * side * side, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, 1000)]
    return layers


# --- the rows --------------------------------------------------------------------------------------


def test_the_full_network_has_the_totals_of_the_paper():
    table = rows()
    assert totals(table) == [15_237_608, 138_357_544, 15_470_264_320]
    assert sum(row.weights for row in table) == 138_344_128


def test_the_weights_are_those_of_the_lecture():
    table = rows()
    assert [f"{row.weights:,}" for row in table if row.weights] == LECTURE.split()
    assert [row.biases for row in table] == [
        row.channels if row.weights else 0 for row in table
    ]  # one for each filter, none for poolings


def test_one_row_by_hand():
    row = rows()[2]
    assert (row.name, row.label, row.channels, row.side) == ("conv1_2", "conv3-64", 64, 224)
    assert row.activations == 64 * 224 * 224 == 3_211_264
    assert row.weights == 3 * 3 * 64 * 64 == 36_864
    assert row.macs == 224 * 224 * 36_864 == 1_849_688_064
    assert (row.size, row.jump, row.start) == (5, 1, 0)


def test_names_are_block_and_place():
    assert " ".join(row.name for row in rows()) == (
        "input conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 conv3_1 conv3_2 conv3_3 pool3 "
        "conv4_1 conv4_2 conv4_3 pool4 conv5_1 conv5_2 conv5_3 pool5 fc6 fc7 fc8"
    )


@pytest.mark.parametrize("width", [1, 0.5, 0.125, 0.875])
@pytest.mark.parametrize("image_size", [32, 48, 224, 240, 448])
def test_rows_are_those_of_the_network_in_pytorch(width, image_size):
    with torch.device("meta"):
        layers, x = plain_vgg16(width, image_size), torch.empty(1, 3, image_size, image_size)
    fields = receptive_field(layers)
    table = rows(width, image_size)
    assert len(table) == len(layers) + 1
    for row, layer, field in zip(table[1:], layers, fields, strict=True):
        x = layer(x.flatten(1) if isinstance(layer, nn.Linear) else x)
        weight = getattr(layer, "weight", torch.empty(0))
        bias = getattr(layer, "bias", torch.empty(0))
        assert (row.activations, row.weights, row.biases) == (x.numel(), weight.numel(), bias.numel())
        if isinstance(layer, nn.Linear):
            assert (row.channels, row.side, row.size) == (x.shape[1], 1, None)
            assert row.macs == weight.numel()
        else:
            assert (row.channels, row.side, row.side) == x.shape[1:]
            assert ((row.size,) * 2, (row.jump,) * 2, (row.start,) * 2) == field[1:]
            assert row.macs == weight.numel() * row.side**2


def test_a_layer_is_called_by_the_channels_that_it_has():
    assert [row.label for row in rows(0.25)][:4] == ["input", "conv3-16", "conv3-16", "maxpool"]
    assert [row.label for row in rows(0.25)][-3:] == ["FC-1024", "FC-1024", "FC-1000"]
    assert [row.label for row in rows()][1:] == list(CONFIGURATION)


def test_an_image_too_small_for_five_poolings_is_refused():
    with pytest.raises(ValueError, match="kernel_size must fit in the padded input: got kernel_size=2"):
        rows(1, 31)
    assert rows(1, 32)[18].side == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0}, "width must be 1/8 to 1, in eighths: got 0"),
        ({"width": 0.3}, "width must be 1/8 to 1, in eighths: got 0.3"),
        ({"width": 2}, "got 2"),
        ({"image_size": 0}, "image_size must be 16 to 448 pixels, in steps of 16: got 0"),
        ({"image_size": 225}, "got 225"),
        ({"image_size": 464}, "got 464"),
        ({"row": 22}, r"row must be 0 \(the input\) to 21 \(the last layer\): got 22"),
        ({"row": -1}, "got -1"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        VGGTable(**arguments)


def test_the_photograph_is_scikit_images_cat():
    with urlopen(picture("chelsea.webp")) as stream:
        image = Image.open(BytesIO(stream.read()))
    cat = Image.fromarray(data.chelsea()[:, 75:375]).resize((224, 224), Image.LANCZOS)
    assert image.size == (224, 224)
    error = np.abs(np.asarray(image.convert("RGB"), float) - np.asarray(cat, float))
    assert error.mean() < 12  # of 255: strongly compressed
    assert np.abs(np.asarray(cat, float)[::-1] - np.asarray(image.convert("RGB"), float)).mean() > 25


# --- the module as code ---------------------------------------------------------------------------

ASK = """async ([source, layers, calls]) => {
    const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
    const {rows, totals, sees} = await import(url);
    return calls.map(([width, side]) => {
        const {table, error, left} = rows(layers, width, side);
        return {table, error, left, totals: totals(table), seen: table.map(r => r && sees(r, side))};
    });
}"""


def seen_by_the_middle(row, image_size):
    """Rows [first, last] that the unit in the middle sees; what is fully connected sees all."""
    if row.size is None:
        return [0, image_size - 1]
    centre = row.start + row.side // 2 * row.jump
    return [centre - (row.size - 1) / 2, centre + (row.size - 1) / 2]


def test_the_page_computes_what_python_computes(browser_page):
    calls = [(width, size) for width in WIDTHS for size in SIZES]
    answers = browser_page.evaluate(ASK, [bundle("vgg_table"), CONFIGURATION, calls])
    for (width, size), answer in zip(calls, answers, strict=True):
        odd = size % 32 and size > 16
        assert bool(answer["left"]) == bool(odd)
        if size < 32:
            with pytest.raises(ValueError, match="must fit") as refused:
                rows(width, size)
            assert answer["error"] == f"pool5: {refused.value}"
            assert answer["table"][18:] == [None] * 4
            assert None not in answer["table"][:18]
            continue
        table = rows(width, size)
        assert answer["error"] == ""
        assert answer["table"] == [row._asdict() for row in table]
        assert answer["totals"] == totals(table)
        assert answer["seen"] == [seen_by_the_middle(row, size) for row in table]


def test_the_page_counts_what_the_courses_summary_counts(browser_page):
    calls = [(1, 224), (0.5, 240), (0.125, 32), (0.75, 96), (1, 448)]
    answers = browser_page.evaluate(ASK, [bundle("vgg_table"), CONFIGURATION, calls])
    for (width, size), answer in zip(calls, answers, strict=True):
        with torch.device("meta"):
            net = VGG16(width=width, image_size=size)
        summary = summarize(net, (3, size, size))
        sums = [summary.activations, summary.parameters, summary.multiply_adds]
        assert answer["totals"] == sums
        lines = [row for row in summary.rows if row.counts]
        for row, line in zip(answer["table"], lines, strict=True):
            theirs = [row[name] for name in ("activations", "weights", "biases", "macs")]
            assert theirs == [line.activations, line.weights, line.biases, line.multiply_adds]
            shape = (row["channels"], row["side"], row["side"])
            assert line.shape == (shape if row["size"] else shape[:1])
            if row["size"]:  # fully connected: the summary adds up what all units of the last map see
                assert line.receptive_field == (row["size"],) * 2


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (9999, "9,999"),
        (10_000, "10.0 k"),
        (36_928, "36.9 k"),
        (999_400, "999 k"),
        (999_600, "1.00 M"),
        (3_211_264, "3.21 M"),
        (138_357_544, "138 M"),
        (1_849_688_064, "1.85 G"),
        (15_470_264_320, "15.5 G"),
    ],
)
def test_large_numbers_have_three_digits(call, count, text):
    assert call("vgg_table", "brief", [[count]]) == [text]


@pytest.mark.parametrize(
    ("count", "text"),
    [(15_237_608, "60.95 MB"), (138_357_544, "553.4 MB"), (1000, "4,000 bytes"), (4096, "0.02 MB")],
)
def test_a_number_takes_four_bytes(call, count, text):
    assert call("vgg_table", "bytes", [[count]]) == [text]


# --- the page --------------------------------------------------------------------------------------


def brief(count):
    for one, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= max(0.9995 * one, 10_000):
            digits = 3 - len(str(round(count / one)))
            return f"{count / one:.{digits}f} {unit}"
    return f"{count:,}"


def shape(row):
    return f"{row.channels:,}" if row.size is None else f"{row.channels} × {row.side} × {row.side}"


def lines(page):
    return page.get_by_role("grid", name="layers of VGG16").get_by_role("row")


def chosen(page):
    selected = lines(page).evaluate_all("rows => rows.map(r => r.ariaSelected === 'true')")
    assert sum(selected) == 1
    return selected.index(True) - 1  # less the head


def check(page, width, size, row):
    """Compare every cell, the totals, the chosen row and its window with Python's rows."""
    table = rows(width, size)
    assert chosen(page) == row
    texts = lines(page).evaluate_all("rows => rows.slice(1).map(r => [...r.children].map(c => c.innerText))")
    assert texts == [[one.label, shape(one), *map(brief, numbers(one))] for one in table]
    labels = lines(page).evaluate_all("rows => rows.slice(1).map(r => [...r.children].map(c => c.ariaLabel))")
    for one, label in zip(table, labels, strict=True):
        exact = [
            f"{name} {brief(count)}" + (f", exactly {count:,}" if count >= 10_000 else "")
            for name, count in zip(NAMES, numbers(one), strict=True)
        ]
        assert label == [None, f"output {shape(one)}", *exact]
    share = "rows => rows.slice(1).map(r => [...r.querySelectorAll('.share')].map(SHARE))"
    share = share.replace("SHARE", "c => parseFloat(c.style.getPropertyValue('--k'))")
    bars = lines(page).evaluate_all(share)
    counts = np.array([numbers(one) for one in table])
    np.testing.assert_allclose(bars, 100 * counts / counts.max(axis=0), atol=1e-3)
    assert page.locator(".total b").all_inner_texts() == [f"{count:,}" for count in totals(table)]
    assert page.locator(".which").inner_text() == table[row].name
    facts = page.locator("li").evaluate_all("all => all.map(li => li.firstChild.textContent)")
    assert facts[:3] == [f"{n:,} {name}" for name, n in zip(NAMES, numbers(table[row]), strict=True)]
    assert framed(page, size) == pytest.approx(seen_by_the_middle(table[row], size), abs=0.2)


def framed(page, size):
    """Rows [first, last] of the image inside the frame; the columns must be the same."""
    style = "e => ['top', 'left', 'width', 'height'].map(k => parseFloat(e.style[k]))"
    top, left, width, height = page.locator(".view img").evaluate(style)
    assert top == left
    assert width == height
    one = width / size  # a pixel of the image
    above, beside, across, down = page.locator(".window").evaluate(style)
    assert above == beside
    assert across == down
    assert above >= -1e-9
    assert above + across <= 100 + 1e-9
    first = (above - top) / one
    return [first, first + across / one - 1]


def move(page, name, value):
    page.get_by_label(name).fill(str(value))


@pytest.mark.parametrize(
    ("width", "size", "row"),
    [(1, 224, 13), (0.125, 32, 18), (0.5, 240, 0), (0.875, 448, 21), (0.25, 64, 17), (1, 48, 18)],
)
def test_every_number_of_the_page(browser_page, show, width, size, row):
    page = show(browser_page, VGGTable(width, size, row))
    check(page, width, size, row)


def test_sliders_move_the_totals(browser_page, show):
    page = show(browser_page, VGGTable(row=18))
    more = page.locator(".total span:last-child")
    assert more.all_inner_texts() == ["60.95 MB an image", "553.4 MB", "15.470 G an image"]
    move(page, "width", 4)
    check(page, 0.5, 224, 18)
    assert page.get_by_label("width 1/2").count() == 1
    # activations halve but for the image and the classes, the others become a quarter, nearly
    shares = np.divide(totals(rows(0.5)), totals(rows()))
    assert [text.split(", ")[1] for text in more.all_inner_texts()] == [f"{s:.3f} × full" for s in shares]
    np.testing.assert_allclose(shares, [0.505, 0.257, 0.251], atol=0.0005)
    move(page, "image size", 448)
    check(page, 0.5, 448, 18)
    assert page.get_by_label("image size 448 × 448").count() == 1
    move(page, "width", 8)
    check(page, 1, 448, 18)
    press(page, "Reset")
    check(page, 1, 224, 18)
    assert more.first.inner_text() == "60.95 MB an image"


def test_convolutions_keep_their_parameters_when_the_image_grows(browser_page, show):
    page = show(browser_page, VGGTable(image_size=32))
    before = [line.inner_text().split("\n")[3] for line in lines(page).all()[1:]]
    move(page, "image size", 448)
    after = [line.inner_text().split("\n")[3] for line in lines(page).all()[1:]]
    assert [k for k in range(22) if before[k] != after[k]] == [19]  # only the first fully connected layer


def test_what_does_not_fit_is_said(browser_page, show):
    page = show(browser_page, VGGTable(image_size=16, row=17))
    table = rows(1, 32)  # the convolutions' parameters do not depend on the size
    note = page.locator(".note")
    assert note.inner_text() == (
        "16 × 16 pixels are too few. pool5: kernel_size must fit in the padded input: "
        "got kernel_size=2, but size=1 with padding=0 gives 1."
    )
    cells = lines(page).evaluate_all("rows => rows.slice(1).map(r => [...r.children].map(c => c.innerText))")
    assert cells[17] == ["conv3-512", "512 × 1 × 1", "512", "2.36 M", "2.36 M"]
    assert [line[1:] for line in cells[18:]] == [["does not fit", "–", "–", "–"]] * 4
    parameters = sum(row.weights + row.biases for row in table[:18])
    assert page.locator(".total b").nth(1).inner_text() == f"{parameters:,}"
    press(page, "Next")
    assert page.locator(".which").inner_text() == "does not fit"
    assert page.locator(".window").is_hidden()
    move(page, "image size", 48)
    assert note.inner_text() == (
        "pool5 takes 3 rows and columns by twos: the last of each is left over, and no later unit sees it."
    )
    move(page, "image size", 64)
    assert note.is_hidden()
    check(page, 1, 64, 18)


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        (0, ["3 × 224 × 224", "0.60 MB in float32", "nothing to learn", "nothing to do", "one pixel"]),
        (
            4,
            [
                "128 × 112 × 112",
                "6.42 MB in float32",
                "3 × 3 × 64 × 128 + 128",
                "0.30 MB in float32",
                "112 × 112 × 3 × 3 × 64 × 128",
                "10 × 10 pixels; the next unit's window lies 2 pixels on",
            ],
        ),
        (
            18,
            [
                "512 × 7 × 7",
                "0.10 MB in float32",
                "nothing to learn",
                "compares only",
                "212 × 212 pixels; the next unit's window lies 32 pixels on",
            ],
        ),
        (
            19,
            [
                "4,096",
                "0.02 MB in float32",
                "25,088 × 4,096 + 4,096",
                "411.1 MB in float32",
                "25,088 × 4,096",
                "all of the image",
            ],
        ),
    ],
)
def test_a_row_says_how_its_numbers_come_about(browser_page, show, row, facts):
    page = show(browser_page, VGGTable(row=row))
    spans = page.locator("li span").all_inner_texts()
    assert spans == facts


def test_a_window_larger_than_the_image_is_drawn_round_it(browser_page, show):
    page = show(browser_page, VGGTable(image_size=32, row=17))
    check(page, 1, 32, 17)
    first, last = framed(page, 32)  # the middle of the two units is the second: 7.5 + 16 = 23.5
    assert (first, last) == pytest.approx((23.5 - 97.5, 23.5 + 97.5), abs=0.2)
    assert page.get_by_text("196 × 196 pixels, more than there are;").count() == 1


def test_a_window_that_sticks_out_is_said_to(browser_page, show):
    page = show(browser_page, VGGTable(image_size=64, row=11))
    assert framed(page, 64) == pytest.approx([6, 65], abs=0.2)  # 60 pixels, of which two are no pixels
    assert page.get_by_text("60 × 60 pixels, padding included;").count() == 1
    press(page, "Previous")
    assert page.get_by_text("padding included").count() == 0


def test_a_click_chooses_a_row(browser_page, show):
    page = show(browser_page, VGGTable())
    lines(page).nth(1 + 5).click()
    check(page, 1, 224, 5)
    assert page.locator(":focus").get_attribute("aria-selected") == "true"
    lines(page).nth(1 + 21).get_by_role("gridcell").last.click()
    check(page, 1, 224, 21)


def test_a_tap_chooses_a_row(new_page, show):
    page = show(new_page(has_touch=True, viewport={"width": 360, "height": 740}), VGGTable())
    lines(page).nth(1 + 9).tap()
    check(page, 1, 224, 9)
    page.get_by_role("button", name="Next").tap()
    check(page, 1, 224, 10)


def test_keys_choose_rows(browser_page, show):
    page = show(browser_page, VGGTable(row=20))
    page.locator("[role=row][tabindex='0']").focus()
    for key, row in [
        ("ArrowDown", 21),
        ("ArrowDown", 21),
        ("ArrowUp", 20),
        ("Home", 0),
        ("ArrowUp", 0),
        ("ArrowRight", 1),
        ("End", 21),
        ("ArrowLeft", 20),
        ("a", 20),
    ]:
        page.keyboard.press(key)
        assert chosen(page) == row
        assert page.locator("[role=row][tabindex='0']").count() == 1
        assert page.locator(":focus").get_attribute("aria-selected") == "true"
    check(page, 1, 224, 20)


def test_buttons_go_from_row_to_row_and_stop_at_the_ends(browser_page, show):
    page = show(browser_page, VGGTable(row=1))
    press(page, "Previous")
    assert chosen(page) == 0
    press(page, "Previous")
    assert chosen(page) == 0
    for row in range(1, 22):
        press(page, "Next")
        assert chosen(page) == row
    press(page, "Next")
    assert page.locator(":focus").inner_text() == "Next"  # it stays where it is
    check(page, 1, 224, 21)


def heard(page, text):
    page.locator("[aria-live=polite]", has_text=text).wait_for(state="attached", timeout=3000)


def test_changes_are_announced(browser_page, show):
    page = show(browser_page, VGGTable())
    page.wait_for_timeout(500)
    assert page.locator("[aria-live=polite]").inner_text() == ""  # a page that opens says nothing
    press(page, "Next")
    heard(page, "pool4: a unit sees 100 × 100 pixels")
    move(page, "image size", 32)
    table = rows(1, 32)
    heard(page, f"All layers: {totals(table)[0]:,} activations, {totals(table)[1]:,} parameters, ")
    move(page, "image size", 16)
    heard(page, "16 × 16 pixels are too few.")
    for _ in range(4):
        press(page, "Next")
    heard(page, "does not fit: a unit sees nothing")


def test_the_photograph_says_what_is_drawn_on_it(browser_page, show):
    page = show(browser_page, VGGTable(row=10))
    label = page.get_by_role("img", name="photograph of a cat; a unit of pool3 sees 44 × 44 pixels")
    assert label.count() == 1
    assert page.locator("img").evaluate("i => [i.naturalWidth, i.complete]") == [224, True]


def test_kernel_and_page_share_what_is_chosen(live):
    page = live(VGGTable())
    page.evaluate("model.set('width', 0.25)")
    page.evaluate("model.set('image_size', 96)")
    page.evaluate("model.set('row', 3)")
    check(page, 0.25, 96, 3)
    assert page.evaluate("sent.length") == 0  # what the kernel sets is not sent back
    move(page, "width", 3)
    press(page, "Next")
    assert page.evaluate("sent.map(s => [s.width, s.image_size, s.row])") == [[0.375, 96, 3], [0.375, 96, 4]]
    press(page, "Reset")
    assert page.evaluate("(({width, image_size}) => [width, image_size])(sent.at(-1))") == [1, 224]


def test_python_and_page_have_one_table():
    assert VGGTable(0.5, 32).rows() == rows(0.5, 32)


@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 800}), VGGTable(image_size=448))
    for row in (1, 17, 18, 19):
        lines(page).nth(1 + row).click()
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        panel = page.locator(".panel").bounding_box()
        outside = "(all, right) => all.filter(e => e.getBoundingClientRect().right > right + 1).length"
        everything = page.locator(".panel *")
        assert everything.evaluate_all(outside, panel["x"] + panel["width"]) == 0
        wide = "els => els.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"
        assert page.locator(".line > div, .total, .total b, li, .which").evaluate_all(wide) == []
    sizes = page.locator("button, .pick").evaluate_all(
        "all => all.flatMap(e => [e.offsetWidth, e.offsetHeight])"
    )
    assert min(sizes) >= 24  # pixels, for a finger


def test_a_phone_shows_totals_the_window_and_the_first_rows_on_one_screen(new_page, show):
    page = show(new_page(viewport={"width": 360, "height": 740}), VGGTable())
    view, which = page.locator(".view").bounding_box(), page.locator(".which").bounding_box()
    assert view["x"] + view["width"] < which["x"]
    assert lines(page).nth(8).bounding_box()["y"] < 740


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser_page, show, theme):
    page = show(browser_page, VGGTable(image_size=16, row=2), theme=theme)
    selector = (
        ".line > div, .name, .heading, .which, .note, li, li span, .total b, .total span, button, label"
    )
    contrasts = page.locator(selector).evaluate_all(CONTRASTS)
    assert len(contrasts) > 120
    assert min(contrasts) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_stand_out_from_their_bars(browser_page, show, theme):
    page = show(browser_page, VGGTable(), theme=theme)
    bars = page.locator(".share")
    colour = "cells => cells.map(c => { c.style.background = 'var(--bar)'; })"
    bars.evaluate_all(colour)
    assert min(bars.evaluate_all(CONTRASTS)) >= 4.5


def test_focus_is_visible_and_passes_through_everything(browser_page, show):
    page = show(browser_page, VGGTable())
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(2 + 1 + 2 + 1):  # two sliders, Reset, Previous and Next, the table
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_print_shows_the_table_and_not_the_controls(browser_page, show):
    page = show(browser_page, VGGTable())
    page.emulate_media(media="print")
    assert lines(page).last.is_visible()
    assert page.locator(".window").is_visible()
    assert not any(control.is_visible() for control in page.locator("button, input").all())


def test_nothing_moves_by_itself():
    assert not re.search("transition|animation", source("vgg_table.css") + bundle("vgg_table"))


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    names = set(re.findall(r"\.([a-z]+)", source("vgg_table.css"))) - {"explorer"}
    page = show(browser_page, VGGTable())
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert names <= used
