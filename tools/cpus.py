"""Run the tests as other processors would: other kernels, another oneDNN, two threads (`make cpus`).

    python -m tools.cpus [--only NAME]... [PYTEST ARGUMENT]...

Results of PyTorch hang on the kernels that a processor can run, on oneDNN and on the number of threads. The documents
and the tests must not. What this processor cannot run is listed as such, and is no failure.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.transcripts import ROOT

CAPABILITY = "import torch; print(torch.backends.cpu.get_cpu_capability())"


@dataclass(frozen=True)
class Processor:
    """A way to run the tests.

    variables: set in the environment. capability: what PyTorch must say of its kernels then, None for anything.
    """

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    capability: str | None = None


PROCESSORS = (
    Processor("as-it-is"),
    Processor("default", {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}, "DEFAULT"),
    Processor("avx2", {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}, "AVX2"),
    Processor("avx512", {"ATEN_CPU_CAPABILITY": "avx512"}, "AVX512"),
    Processor("without-onednn", {"TEST_ONEDNN": "off"}),
    Processor("two-threads", {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}),
)
"""TEST_ONEDNN is read by conftest.py, for the tests' own process; processes of their own keep oneDNN. Tests have one
thread otherwise."""


def run(processor: Processor, arguments: list[str]) -> str:
    """The outcome in a word: `passed`, `not on this processor`, or `FAILED`."""
    environment = {**os.environ, **processor.variables}
    if processor.capability is not None:
        asked = [sys.executable, "-c", CAPABILITY]
        found = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout.strip()
        if found != processor.capability:
            return "not on this processor"
    tests = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return "FAILED" if subprocess.run(tests, env=environment, cwd=ROOT, check=False).returncode else "passed"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=[processor.name for processor in PROCESSORS])
    options, arguments = parser.parse_known_args()
    outcomes = {}
    for processor in PROCESSORS:
        if options.only is None or processor.name in options.only:
            settings = " ".join(f"{name}={value}" for name, value in processor.variables.items())
            print(f"== {processor.name}  {settings}", flush=True)
            outcomes[processor.name] = run(processor, arguments)
    print(*(f"{name:<16} {outcome}" for name, outcome in outcomes.items()), sep="\n")
    return int("FAILED" in outcomes.values())


if __name__ == "__main__":
    sys.exit(main())
