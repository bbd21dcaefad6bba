"""Characters that no Parquet reader should meet: control characters and halves of surrogate pairs."""

import re
from typing import Any

_LINE_END = re.compile("\r\n?|[\v\f\x85]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(text: str) -> tuple[str, int]:
    """Text with `\\n` as its only line end and no control character but `\\t`; and how many were taken out."""
    return _CONTROL.subn("", _LINE_END.sub("\n", text))


def clean_json(value: Any) -> Any:
    """The same for every string of a JSON value, keys included."""
    if isinstance(value, str):
        return clean(value)[0]
    if isinstance(value, dict):
        return {clean(str(key))[0]: clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value
