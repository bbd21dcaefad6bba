"""Requests for removal that came through the form: files in a folder of the home, for a person to review.

No e-mail is sent and nothing is decided here. The service has no right to write anything else.
"""

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from kobunko import durable
from kobunko.errors import KobunkoError

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=4000)]


class RemovalRequest(BaseModel):
    """What somebody who asks for a removal tells us."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: _Line  # document id or URL
    reason: Literal["copyright", "privacy", "error", "other"]
    detail: _Text
    contact: _Line  # where an answer reaches them


def store_request(folder: Path, request: RemovalRequest, most: int) -> str:
    """Keeps a request durably and returns its number; raises when too many wait for review."""
    if folder.is_dir() and sum(1 for _ in folder.glob("*.json")) >= most:
        raise KobunkoError("too many removal requests wait for review: write to the operator of this installation.")
    now = datetime.now(UTC)
    number = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    facts = {"number": number, "received_at": now.isoformat(), **request.model_dump()}
    durable.write_bytes(folder / f"{number}.json", json.dumps(facts, ensure_ascii=False, indent=1).encode())
    return number
