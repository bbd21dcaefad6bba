"""Check digits of the numbers that identify people and bodies. Every function takes digits only."""


def my_number(digits: str) -> bool:
    """個人番号: 12 digits."""
    values = [int(d) for d in reversed(digits[:11])]
    rest = sum(p * (n + 1 if n <= 6 else n - 5) for n, p in enumerate(values, 1)) % 11
    return len(digits) == 12 and int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def corporate_number(digits: str) -> bool:
    """法人番号: 13 digits, the check digit first."""
    values = [int(d) for d in reversed(digits[1:])]
    total = sum(p * (1 if n % 2 else 2) for n, p in enumerate(values, 1))
    return len(digits) == 13 and int(digits[0]) == 9 - total % 9


def driver_licence(digits: str) -> bool:
    """運転免許証: 12 digits that begin with the code of a public safety commission; the 11th is the check digit."""
    if len(digits) != 12 or int(digits[:2]) not in _COMMISSIONS:
        return False
    total = sum(int(d) * w for d, w in zip(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=True))
    return int(digits[10]) == (11 - total % 11) % 10


_REGIONS = ((10, 14), (20, 25), (30, 30), (40, 49), (50, 55), (60, 65), (70, 74), (80, 83), (90, 97))
_COMMISSIONS = frozenset(code for first, last in _REGIONS for code in range(first, last + 1))


def insurer_number(digits: str) -> bool:
    """保険者番号: 8 digits."""
    return len(digits) == 8 and _alternating(digits)


def card_number(digits: str) -> bool:
    """Payment cards: 14 to 16 digits in the ranges that are issued (ISO/IEC 7812)."""
    issued = digits[0] in "45" or digits[:2] in ("34", "35", "36", "37", "38", "60", "62", "64", "65")
    issued |= "2221" <= digits[:4] <= "2720"
    return 14 <= len(digits) <= 16 and issued and _alternating(digits)


def _alternating(digits: str) -> bool:
    """Luhn's sum: from the right every second digit counts double, digit by digit."""
    doubled = (int(d) * (2 if n % 2 else 1) for n, d in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
