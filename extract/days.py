"""The day on which a document says that it was made public: promulgated, decided, spoken, filed or put on the web."""

import re
from typing import Any

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def published(structure: dict[str, Any]) -> str | None:
    """ISO date by the structure of a document; None where it states none. Of several parts the first one counts."""
    match structure.get("kind"):
        case "law":
            day = structure["law"].get("promulgation_date")
        case "proceedings":
            day = structure["meetings"][0].get("date")
        case "filing":
            named = (fact["value"] for fact in structure["facts"] if fact["element"].endswith(":FilingDateCoverPage"))
            day = next(named, None)
        case "page":
            day = structure.get("dates", {}).get("published")
        case "parts":
            found = (published(part["structure"]) for part in structure["parts"])
            day = next((one for one in found if one), None)
        case "judgment":
            day = structure["case"].get("date")
        case _:
            day = None
    return day if day and _ISO.fullmatch(str(day)) else None
