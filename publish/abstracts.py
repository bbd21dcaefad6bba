"""Holdings and abstracts of judgments: written by the editors of the courts' site, and no part of what the law frees.

They stay in the side-cars and in the captured page; a release that is passed on has the judgment without them.
"""

import json
import re
from typing import Any

MARKS = '"(?:holding|summary|detail)"'  # a JSON text without any of these holds none
_KEYS = re.compile(r"判示事項|要旨|^(?:holding|summary)$|^(?:note|point|gist|summary)(?:_|$)")


def without_abstracts(text: str | None) -> str | None:
    """The structure of a judgment, or the metadata that its detail page gave, without them; other JSON as it is."""
    if text is None or not re.search(MARKS, text):
        return text
    found = json.loads(text)
    kept = dict(found)
    if found.get("kind") == "judgment":
        kept = _without(kept)
    if isinstance(detail := found.get("detail"), dict):
        kept["detail"] = {name: _without(part) if isinstance(part, dict) else part for name, part in detail.items()}
    return text if kept == found else json.dumps(kept, ensure_ascii=False)


def _without(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if not _KEYS.search(name)}
