"""The measurements of `bench/quality` hold the labelled sets that these tests read."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
