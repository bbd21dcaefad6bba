"""Numbers as laws and judgments write them: 十五, 二〇二三, 元, 15."""

_DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def arabic(text: str) -> int:
    """The number that a numeral means; `元` is the first year of an era. Only digits, kanji digits and 十百千."""
    if text == "元":
        return 1
    if text.isdecimal():
        return int(text)
    if not any(character in _UNITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    total, digits = 0, 0
    for character in text:
        if character in _UNITS:
            total, digits = total + max(digits, 1) * _UNITS[character], 0
        else:
            digits = 10 * digits + (_DIGITS[character] if character in _DIGITS else int(character))
    return total + digits
