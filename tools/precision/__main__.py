"""Audit every function of one variable over 16-bit dtypes, and write what is found (`make precision`).

    python -m tools.precision [--folder FOLDER]

Two minutes of one core. Each audit is kept in the folder (build/precision), where the next call finds it as long as
PyTorch and the processor are the same: Ctrl-C loses one at most.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.precision.document import DOCUMENT, parts, written
from tools.precision.measuring import FOLDER, audits
from tools.precision.pictures import drawn


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    found = list(audits(options.folder))
    before = DOCUMENT.read_text(encoding="utf-8")
    after = written(before, {**parts(found), "pictures": drawn(found)})
    if before != after:
        DOCUMENT.write_text(after, encoding="utf-8")
    print(f"docs/precision.md: {'changed' if before != after else 'as it was'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
