"""Telling people how a night ended. A message that is not delivered is logged and changes nothing else."""

import json
import subprocess
import urllib.request
from collections.abc import Mapping
from typing import Any

from kobunko.logs import get_logger
from kobunko.settings import NotifySettings

log = get_logger(__name__)


def notify(settings: NotifySettings, facts: Mapping[str, Any]) -> None:
    """Gives the facts of a finished night to the command and to the webhook that the settings name."""
    body = json.dumps(facts, ensure_ascii=False, default=str).encode()
    if settings.command:
        try:
            subprocess.run(
                settings.command, input=body, check=True, timeout=settings.timeout_s, stdout=subprocess.DEVNULL
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("nobody was told: the command failed", command=settings.command[0], error=str(error))
    if webhook := settings.webhook.get_secret_value():
        try:
            _post(webhook, body, settings.timeout_s)
        except OSError as error:
            log.warning("nobody was told: the webhook failed", error=str(error))


def _post(webhook: str, body: bytes, timeout_s: float) -> None:
    if not webhook.startswith(("https://", "http://")):
        raise OSError("notify.webhook is no http(s) URL")
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(webhook, data=body, headers=headers)  # noqa: S310 (checked above)
    with urllib.request.urlopen(request, timeout=timeout_s):  # noqa: S310
        pass
