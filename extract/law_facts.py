"""What is known of a law beside its text: id, number, dates, revision and repeal, from wherever the source says it.

Sources are the `<Law>` element, the API's answer around it, and the name `{law_id}_{date}_{amending_law_id}` that e-Gov
gives to a revision, its bulk files included.
"""

import re
from typing import Any

from lxml import etree

from kobunko.wareki import from_era, number

_ERAS = {"Meiji": "明治", "Taisho": "大正", "Showa": "昭和", "Heisei": "平成", "Reiwa": "令和"}
_NUMBER = re.compile(r"(明治|大正|昭和|平成|令和)(.{1,6}?)年(?:.{1,3}月.{1,4}日)?(.+?)(?:第(.+?)号)?(の.+)?$")
_REVISION = re.compile(r"(\d{3}[0-9A-Z]{12})_(\d{8})_([0-9A-Z]{15})")
_LAW_ID = re.compile(r"\d{3}[0-9A-Z]{12}|\d{2}[0-9A-Z]*CONSTITUTION")
_UNDECIDED = "21171231"  # e-Gov's date for "not yet decided"
_LONGEST = 200  # characters of a law number
_NO_AMENDMENT = "0" * 15
_IN_FORCE = ("", "None")


def law_facts(law: etree._Element, info: dict[str, Any], url: str = "") -> dict[str, Any]:
    """Facts under stable names; what no source says is not there. `info` are the API's values by their own names."""
    found: dict[str, Any] = {
        "law_id": str(info.get("law_id") or ""),
        "law_num": law.findtext("LawNum", "").strip() or str(info.get("law_num") or ""),
        "law_type": law.get("LawType") or str(info.get("law_type") or ""),
        "promulgation_date": str(info.get("promulgation_date") or "") or _promulgated(law),
    }
    found["law_num_parts"] = law_number(found["law_num"])
    found |= _revision(info, url)
    found["law_id"] = found["law_id"] or str(found.get("revision_id", ""))[:15]
    if info.get("repeal_status", "") not in _IN_FORCE:
        found["repeal"] = {"status": info["repeal_status"]} | _given(date=info.get("repeal_date"))
    return {key: value for key, value in found.items() if value not in ("", None, {})}


def law_number(text: str) -> dict[str, Any]:
    """`昭和三十四年法律第百二十一号` in its parts: era, year, what kind of law, and its number as a number."""
    match = _NUMBER.match("".join(text[:_LONGEST].split()))
    if not match or (year := number(match[2])) is None:
        return {}
    counted = number(match[4]) if match[4] else None
    return {"era": match[1], "year": year, "kind": match[3]} | _given(number=counted)


def _promulgated(law: etree._Element) -> str:
    """ISO date; none for dates of the lunar calendar."""
    era, values = _ERAS.get(law.get("Era", "")), [law.get(f"Promulgate{part}", "") for part in ("Month", "Day")]
    year = law.get("Year", "")
    if not era or not all(value.isdecimal() for value in [*values, year]):
        return ""
    try:
        return from_era(era, int(year), *map(int, values)).isoformat()
    except ValueError:
        return ""


def _revision(info: dict[str, Any], url: str) -> dict[str, Any]:
    """`enforcement` is `undecided` where the law says that its date will be set later."""
    match = _REVISION.search(str(info.get("law_revision_id") or "")) or _REVISION.search(url)
    if not match:
        return {}
    law_id, day, amendment = match.groups()
    found = {"revision_id": match[0], "law_id": str(info.get("law_id") or law_id)}
    if amendment != _NO_AMENDMENT:
        found["amended_by"] = amendment
        found |= _given(amended_by_num=info.get("amendment_law_num"))
    if day == _UNDECIDED:
        return found | {"enforcement": "undecided"} | _given(comment=info.get("amendment_enforcement_comment"))
    enforced = str(info.get("amendment_enforcement_date") or "") or f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return found | {"enforcement": "decided", "enforcement_date": enforced}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}
