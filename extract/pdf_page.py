"""One page of a PDF as text with the place of every printed line: body, tables, notes, and what is left out of it."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kobunko.extract.controls import clean
from kobunko.extract.pdf_cells import PageTable
from kobunko.extract.pdf_layout import reading_flow
from kobunko.extract.pdf_panels import paneled
from kobunko.extract.pdf_pieces import Box, Flow, Piece, Printed, flow_text, usual_size
from kobunko.extract.pdf_ruby import without_ruby
from kobunko.extract.pdf_sheet import Sheet, Span, begins_column, is_upright
from kobunko.extract.reading import HORIZONTAL, MIXED, NONE, VERTICAL
from kobunko.records import Line

_LONG = 20  # characters of a line that may be a full one
_ENDS, _ENDS_SHARE = 4, 0.1  # lines, and share of the long lines, that end in one place
_SQUARE = 1.2  # em that the place of an upright number may reach below it
_VERTICAL_SHARE, _HORIZONTAL_SHARE = 0.7, 0.15  # of the characters
_HEADING, _HEADING_LONGEST = 1.25, 60  # of the usual size of letters; characters
_NOTE = 0.93  # of the usual size of letters
_NOTE_MARK = re.compile(r"^[\s　]*(?:[※＊*†‡]|[(（]?注|[¹²³⁴-⁹]|\d{1,3}[)）\s　])")
_CAPTION = re.compile(
    r"^[\s　]*[〔【(（「]?(?:図表|図|表|写真|資料|別表|コラム|Figure|Table|Fig\.)[\s　]*"
    r"[\d０-９A-Z一二三四五六七八九十]"
)
_CAPTION_LONGEST = 80  # characters


@dataclass(frozen=True, slots=True)
class PageText:
    """Text in reading order, its lines (furniture and ruby at the end, without place in the text), its writing."""

    text: str
    lines: list[Line]
    writing: str


@dataclass(frozen=True, slots=True)
class LineEnds:
    """Where the lines of a document end, in points: to the right, and at the bottom of vertical ones."""

    across: frozenset[int] = frozenset()
    down: frozenset[int] = frozenset()


def line_ends(sheets: Sequence[Sheet]) -> LineEnds:
    """The ends that so many lines have that they must be full ones."""
    found: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for span in (span for sheet in sheets for span in sheet.spans if len(span.text) >= _LONG):
        if span.cell is None:
            found[span.down][round(span.box[3] if span.down else span.box[2])] += 1
    across, down = (
        frozenset(end for end, count in found[way].items() if count >= max(_ENDS, _ENDS_SHARE * found[way].total()))
        for way in (False, True)
    )
    return LineEnds(across, down)


def page_text(
    sheet: Sheet, furniture: Mapping[int, str], tables: Sequence[PageTable], ends: LineEnds | None = None
) -> PageText:
    """`furniture` names what is left out of the text, by `id(span)`; `ends` are the document's."""
    tabled = {id(span) for table in tables for span in table.spans}
    body, ruby = without_ruby([s for s in sheet.spans if id(s) not in furniture and id(s) not in tabled])
    flow, writing = _flow(body, tables, ends or LineEnds(), panels=sheet.panels)
    text, lines = _placed(_kinds(flow), sheet.number)
    left_out = [(span, furniture[id(span)]) for span in sheet.spans if id(span) in furniture]
    left_out += [(span, "ruby") for span in ruby]
    block = max((line.block for line in lines), default=-1) + 1
    for offset, (span, kind) in enumerate(left_out):
        lines.append(
            Line(
                sheet.number, len(text), len(text), *span.place, block + offset, kind, text=clean(span.text)[0].strip()
            )
        )
    return PageText(text, lines, writing)


def across(span: Span) -> Piece:
    x0, y0, x1, y1 = span.box
    y1 = y0 + span.size if span.down else y1
    return Piece(x0, x1, y0, y1, span.size, span.text, (Printed(span.text, span.place, size=span.size),))


def turned(span: Span) -> Piece:
    """In the reading coordinates of vertical text: along is down, the next line is to the left."""
    x0, y0, x1, y1 = span.box
    return Piece(y0, y1, -x1, -x0, span.size, span.text, (Printed(span.text, span.place, size=span.size),))


def cell_flow(spans: Sequence[Span], room: float) -> Flow:
    """Reading order of the text of a cell; `room` is its width in points."""
    return _flow(spans, (), LineEnds(), room)[0]


def _flow(
    found: Sequence[Span],
    tables: Sequence[PageTable],
    ends: LineEnds,
    room: float = math.inf,
    panels: Sequence[Box] = (),
) -> tuple[Flow, str]:
    tabled = [span for table in tables for span in table.spans]
    down = sum([len(span.text.strip()) for spans in (found, tabled) for span in spans if span.down])
    total = sum([len(span.text.strip()) for spans in (found, tabled) for span in spans])
    if not total:
        return [], NONE
    if down <= total / 2:
        pieces = [across(span) for span in found if not span.down or span.is_label]
        pieces += [_table_piece(table) for table in tables]
        if panels:
            pieces = paneled(pieces, panels, lambda inside: reading_flow(inside, ends.across))
        flows = [
            reading_flow(pieces, ends.across, room),
            reading_flow((turned(span) for span in found if span.down and not span.is_label), ends.down),
        ]
        return _joined(flows), HORIZONTAL if down <= _HORIZONTAL_SHARE * total else MIXED
    head, body, foot = _vertical_body([*found, *tabled])
    flows = [reading_flow(head, ends.across), reading_flow(body, ends.down), reading_flow(foot, ends.across)]
    return _joined(flows), VERTICAL if down >= _VERTICAL_SHARE * total else MIXED


def _table_piece(table: PageTable) -> Piece:
    """A table stands where its first row stands."""
    x0, y0, x1, _ = table.box
    flow = table.flow()
    size = table.spans[0].size
    return Piece(x0, x1, y0, y0 + size, size, flow_text(flow), tuple(flow))


def _vertical_body(found: list[Span]) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """Horizontal text above, the vertical text with what stands upright in it, and horizontal text below."""
    down = [span for span in found if span.down]
    columns = [span for span in found if span.down or is_upright(span)]
    top, bottom = min(span.box[1] for span in down), max(span.box[3] for span in down)
    head, body, foot = [], [turned(span) for span in down], []
    for span in (span for span in found if not span.down):
        _, y0, _, y1 = span.box
        inside = is_upright(span) and y1 > top and y0 < bottom
        if inside or begins_column(span, columns):
            body.append(_in_its_square(turned(span), span, down))
        elif (y0 + y1) / 2 < (top + bottom) / 2:
            head.append(across(span))
        else:
            foot.append(across(span))
    return head, body, foot


def _in_its_square(piece: Piece, number: Span, down: Sequence[Span]) -> Piece:
    """An upright number between letters of a column, as long as the place that they leave it.

    It is set higher than it is printed: into the square of the letter above, of which a comma fills but a corner.
    """
    x0, y0, x1, y1 = number.box
    column = [span.box for span in down if span.box[0] <= (x0 + x1) / 2 <= span.box[2]]
    above = max((box[3] for box in column if box[1] < y0 and y0 - number.size < box[3] < y1), default=None)
    if above is None:
        return piece
    below = min((box[1] for box in column if above <= box[1] <= y1 + _SQUARE * number.size), default=y1)
    return piece._replace(start=max(y0, above), end=max(y1, below))


def _joined(flows: Iterable[Flow]) -> Flow:
    """Flows below each other, with their blocks numbered anew from 0 in reading order."""
    flows = [flow for flow in flows if flow]
    if len(flows) == 1 and all(isinstance(item, str) or item.block >= 0 for item in flows[0]):
        return flows[0]  # numbered so already
    whole: Flow = []
    blocks: dict[tuple[int, int], int] = {}
    for index, flow in enumerate(flows):
        if whole:
            whole.append("\n")
        for item in flow:
            if isinstance(item, Printed):
                item = item._replace(block=blocks.setdefault((index, item.block), len(blocks)))
            whole.append(item)
    return whole


def _kinds(flow: Flow) -> Flow:
    """Headings by their size, captions by their first words, notes by size and mark at the page's end."""
    printed = [item for item in flow if isinstance(item, Printed) and item.kind == "text"]
    if not printed:
        return flow
    usual = usual_size(printed)
    texts: dict[int, str] = {}
    for item in printed:
        texts[item.block] = texts.get(item.block, "") + item.text
    notes = _notes(printed, usual, texts)
    return [
        item._replace(kind=kind)
        if isinstance(item, Printed)
        and item.kind == "text"
        and (kind := _kind(item, usual, texts[item.block], item.block in notes)) != "text"
        else item
        for item in flow
    ]


def _kind(item: Printed, usual: float, block: str, note: bool) -> str:
    if note:
        return "note"
    if item.size >= _HEADING * usual and len(block) <= _HEADING_LONGEST:
        return "heading"
    if len(block) <= _CAPTION_LONGEST and _CAPTION.match(block):
        return "caption"
    return "text"


def _notes(printed: Sequence[Printed], usual: float, texts: Mapping[int, str]) -> set[int]:
    """Blocks of the small print at the end of the page, from the first that bears a note's mark."""
    small: list[int] = []
    for item in reversed(printed):
        if item.size > _NOTE * usual:
            break
        small.append(item.block)
    ordered = sorted(set(small))
    first = next((index for index, block in enumerate(ordered) if _NOTE_MARK.match(texts[block])), len(ordered))
    return set(ordered[first:])


def _placed(flow: Flow, number: int) -> tuple[str, list[Line]]:
    """The text of a flow, and a line for each place in it."""
    lines: list[Line] = []
    parts: list[str] = []
    position = 0
    for item in flow:
        if isinstance(item, str):
            parts.append(item)
            position += len(item)
        elif text := clean(item.text)[0]:
            end = position + len(text)
            lines.append(Line(number, position, end, *item.place, item.block, item.kind))
            parts.append(text)
            position = end
    return "".join(parts), lines
