"""Publishes or purges in a process of its own, which a test may kill: publish|purge FOLDER REPO JOURNALS [SECONDS]."""

import sys
from pathlib import Path

from kobunko.publish.hub import publish
from kobunko.publish.purge import purge
from kobunko.publish.result import PublishOptions

if __name__ == "__main__":
    verb, folder, repo, journals, *seconds = sys.argv[1:]
    call = {"publish": publish, "purge": purge}[verb]
    call(Path(folder), repo, Path(journals), PublishOptions(timeout_s=float(*seconds or [60])))
