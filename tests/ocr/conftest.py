"""Commands are called here as in the tests of the command line."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / "support"), str(Path(__file__).parents[1] / "cli" / "support")]
