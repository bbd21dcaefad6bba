"""ZIP archives whose bytes do not depend on the time at which they are made."""

import io
import zipfile
from collections.abc import Mapping

DATE = (2026, 10, 1, 9, 0, 0)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A ZIP of members in the given order, all of one fixed date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, DATE), body, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
