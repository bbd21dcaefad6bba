"""The slow suites use the command line as the quick ones do."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "cli" / "support"), str(Path(__file__).parent)]
