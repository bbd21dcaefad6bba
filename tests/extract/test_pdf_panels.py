"""Posters, slides and diagrams: what stands in one box is read together."""

import json
from itertools import chain

SHADE = (0.8, 0.9, 0.8)


def column(x, y, words, pitch=18):
    return [(x, y + pitch * at, word) for at, word in enumerate(words)]


def words_of(name, count=5):
    return [f"{name}の{number}" for number in "一二三四五六七八"[:count]]


def test_boxes_side_by_side_are_read_one_after_the_other(read, make_pdf):
    def draw(page):
        page.draw_rect((60, 100, 200, 220), fill=SHADE, color=None, overlay=False)
        page.draw_rect((220, 100, 360, 220))
        page.draw_rect((380, 100, 520, 220))

    left, middle, right = words_of("計画"), words_of("費用"), words_of("効果")
    title = [(60, 80, "架空図書館の整備")]
    page = read(make_pdf([title + column(70, 125, left) + column(230, 121, middle) + column(390, 127, right)], draw))
    lines = page.pages[0].lines
    assert [line for line in page.pages[0].text.split("\n") if line] == ["架空図書館の整備", *left, *middle, *right]
    assert len({line.block for line in lines}) == len(lines)
    assert [line.block for line in lines] == sorted(line.block for line in lines)


def test_a_note_over_two_boxes_is_one_text(read, make_pdf):
    note = ["この整備は架空五年", "に終わるものとし、", "目録は翌年に作る。", "費用は別に示す。"]

    def draw(page):
        page.draw_rect((60, 100, 280, 300), fill=SHADE, color=None, overlay=False)
        page.draw_rect((280, 100, 500, 300), fill=(1, 0.9, 0.8), color=None, overlay=False)
        page.draw_rect((260, 215, 420, 295), fill=(1, 1, 1), color=None)
        for x, y, text in column(265, 230, note):
            page.insert_text((x, y), text, fontname="japan", fontsize=10)

    left, right = words_of("計画", 8), words_of("費用")
    text = read(make_pdf([column(70, 125, left) + column(290, 125, right)], draw)).pages[0].text
    assert "".join(text.split()).endswith("".join(note))
    assert "".join(text.split()).startswith("".join(left + right))


def test_shaded_cells_stay_in_their_rows(read, make_pdf):
    def draw(page):
        for x in (60, 160, 260):
            page.draw_rect((x, 100, x + 98, 140), fill=SHADE, color=None, overlay=False)

    heads = [column(70 + 100 * at, 115, [f"架空{name}", "（円）"]) for at, name in enumerate("甲乙丙")]
    text = read(make_pdf([list(chain(*heads))], draw)).pages[0].text
    assert text.split("\n") == ["架空甲\t架空乙\t架空丙", "（円）\t（円）\t（円）"]


def test_the_boxes_of_a_diagram_and_their_connectors_are_no_table(read, make_pdf):
    corners = [(60, 100), (230, 100), (60, 240), (230, 240)]

    def draw(page):
        for x, y in corners:
            page.draw_rect((x, y, x + 150, y + 120))
        page.draw_line((210, 130), (230, 130))
        page.draw_line((140, 220), (140, 240))
        page.draw_line((300, 220), (300, 240))

    names = [words_of(name) for name in "甲乙丙丁"]
    words = chain(*(column(x + 10, y + 20, own) for (x, y), own in zip(corners, names, strict=True)))
    found = read(make_pdf([list(words)], draw))
    assert "tables" not in json.loads(found.structure)
    assert [line for line in found.pages[0].text.split("\n") if line] == list(chain(*names))
