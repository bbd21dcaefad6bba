"""The order of what stands on a PDF page, and what makes one paragraph, as ministries set their pages."""

import pytest

FULL = "架空省令の定めるところにより、架空図書館はその図書を保存しなければならず、"  # as wide as its column


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([(72, 100, "12."), (132, 100, FULL)], (132, 118, "目録を作る。")),  # the number of the paragraph stands apart
        ([(72, 100, "12."), (132, 100, FULL)], (72, 118, "目録を作る。")),
        ([(72, 100, FULL + "国の")], (72, 118, "KOBUNKO の目録を作る。")),
        ([(72, 100, FULL + "2026年11")], (72, 118, "月の目録を作る。")),
        ([(72, 100, FULL + "国の")], (100, 118, "に対して目録を渡す。")),  # lines that hang
    ],
)
def test_a_sentence_goes_on(read, make_pdf, first, second):
    end = max(x + 10 * len(text) for x, _, text in first)
    full = (end - 10 * len(FULL), 300, FULL)
    lines = read(make_pdf([[*first, second, full, (full[0], 318, FULL)]])).pages[0].text.split("\n")
    assert lines[0].endswith(first[-1][2] + second[2])


def test_headings_and_items_stay_apart(read, make_pdf):
    rows = [(72, 100, FULL), (72, 118, "1. 図書"), (72, 136, FULL), (72, 154, "(a) 地図"), (72, 172, "第二条　目録")]
    assert read(make_pdf([rows])).pages[0].text.split("\n") == [text for _, _, text in rows]
