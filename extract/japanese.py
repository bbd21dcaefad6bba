"""Whether a string can be Japanese at all, by its characters and by its words."""

import functools
import re

import fugashi
import unidic_lite

_KANJI = re.compile("[\u3400-\u9fff\uf900-\ufaff]+")
_LETTERS = re.compile("[\u3005-\u3007\u3041-\u30fa\u30fc-\u30fe\u3400-\u9fff\uf900-\ufaff]+")
_LEAST = 50  # letters; fewer say nothing
_MOST = 3_000  # letters that are looked up
_LEVEL_1 = range(0xB0, 0xD0)  # lead bytes of JIS X 0208 level 1 in EUC-JP: the kanji in daily use


def rare_share(text: str) -> float:
    """Share of the kanji that are not in daily use; 0 where there are too few to say."""
    kanji = "".join(_KANJI.findall(text))
    if len(kanji) < _LEAST:
        return 0.0
    return len(_rare().findall(kanji)) / len(kanji)


@functools.cache
def _rare() -> re.Pattern[str]:
    """Any character but a kanji in daily use."""
    pairs = (bytes((lead, trail)) for lead in _LEVEL_1 for trail in range(0xA1, 0xFF))
    return re.compile(f"[^{''.join(pair.decode('euc_jp', 'ignore') for pair in pairs)}]")


def letters_per_word(text: str) -> float | None:
    """Mean length of the Japanese words; None where there are too few letters to say.

    Prose of any age has words of about 1.5 letters and more. Letters in no meaningful order fall apart into single
    ones, because nearly every letter is also a word of the dictionary.
    """
    runs = _LETTERS.findall("".join(text.split()))
    letters = "。".join(runs)[:_MOST]
    count = sum(map(len, _LETTERS.findall(letters)))
    if count < _LEAST:
        return None
    words = [word for word in _tagger().parse(letters).split() if word != "。"]
    return count / max(len(words), 1)


@functools.cache
def _tagger() -> fugashi.GenericTagger:
    return fugashi.GenericTagger(f'-Owakati -d "{unidic_lite.DICDIR}" -r "{unidic_lite.DICDIR}/dicrc"')
