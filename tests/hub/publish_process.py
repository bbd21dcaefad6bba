"""Publishes a release in a process of its own, which a test may kill: FOLDER REPO JOURNALS [SECONDS]."""

import sys
from pathlib import Path

from kobunko.publish.hub import publish
from kobunko.publish.result import PublishOptions

if __name__ == "__main__":
    folder, repo, journals, *seconds = sys.argv[1:]
    publish(Path(folder), repo, Path(journals), PublishOptions(timeout_s=float(*seconds or [60])))
