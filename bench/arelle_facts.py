"""Numeric facts of XBRL instances as Arelle reads them, as JSON: run by a Python that has `arelle-release`.

PYTHON bench/arelle_facts.py INSTANCE…

Kobunko does not need Arelle; `bench.quality filings` runs this where `KOBUNKO_ARELLE` names such a Python. Arelle works
offline, without the taxonomies, so facts come as the instance has them, unchecked.
"""

import json
import sys

from arelle import Cntlr

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def facts(path: str) -> list[tuple[str, str, str, str | None]]:
    """Element with its prefix, context, unit and value; None where the fact is nil."""
    control = Cntlr.Cntlr(logFileName="logToBuffer")
    control.webCache.workOffline = True
    model = control.modelManager.load(path)
    found = [*model.facts, *model.undefinedFacts]
    return [
        (
            f"{fact.prefix}:{fact.localName}",
            fact.get("contextRef"),
            unit,
            None if fact.get(NIL) == "true" else fact.text,
        )
        for fact in found
        if (unit := fact.get("unitRef"))
    ]


if __name__ == "__main__":
    json.dump({path: facts(path) for path in sys.argv[1:]}, sys.stdout)
