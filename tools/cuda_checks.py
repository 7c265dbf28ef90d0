"""Everything that watching must do on a device, on a machine that has one: a row for each check.

python -m tools.cuda_checks [--device cuda] [--only WORDS]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = [ROOT / "tests" / "cuda", ROOT / "tests" / "watch", ROOT / "tests"]


def main() -> int:
    sys.path[:0] = map(str, FOLDERS)
    from checks import NotHereError, checks

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--only", default="", help="checks whose name holds this")
    options = parser.parse_args()
    failed = 0
    print(f"{'check':<32} {'':<8} {'s':>5}")
    for name, check in checks():
        if options.only not in name:
            continue
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                verdict, said = "ok", check(options.device, Path(folder))
            except NotHereError as other:
                verdict, said = "not here", other.reason
            except Exception as error:  # noqa: BLE001 - the other checks are still to be run
                verdict, said = "FAILED", f"{type(error).__name__}: {error}"
                failed += 1
        print(f"{name:<32} {verdict:<8} {time.monotonic() - begun:>5.1f}  {said}", flush=True)
    print(f"{failed} failed on {options.device}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
