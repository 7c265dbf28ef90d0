"""Runs programs under `gradcli watch`, or plainly, each in a process forked from this one, which has its imports.

python tests/watch/forking.py < jobs.json > answers.json
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NoReturn

import torch
import torch._dynamo

import gradcli
from gradcli.__main__ import run

WITH_MATPLOTLIB = "gradcli.render.pictures"


def become(job: dict[str, Any], streams: list[Any]) -> NoReturn:
    """Take the streams, the folder and the words of a job, and run it to the end of the process."""
    for own, stream in enumerate(streams):
        os.dup2(stream.fileno(), own)
    os.chdir(job["folder"])
    sys.stdin, sys.stdout, sys.stderr = (open(own, mode, closefd=False) for own, mode in enumerate("rww"))  # noqa: SIM115
    sys.argv = job["argv"]
    code = 0
    try:
        if job["watched"]:
            run()
        else:
            sys.path.insert(0, job["folder"])
            runpy.run_path(str(Path(job["folder"]) / sys.argv[0]), run_name="__main__")
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - shown, as Python does
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def answer(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    (folder / "in").write_text(job["stdin"], encoding="utf-8")
    with (folder / "in").open() as given, (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        child = os.fork()
        if not child:
            become(job, [given, out, err])
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {"code": code} | {name: (folder / name).read_text(encoding="utf-8") for name in ("out", "err")}


def main() -> None:
    torch.set_num_threads(1)
    for module in pkgutil.walk_packages(gradcli.__path__, "gradcli."):
        if not module.name.startswith(WITH_MATPLOTLIB):
            importlib.import_module(module.name)
    jobs = json.load(sys.stdin)
    gc.collect()
    gc.freeze()
    with tempfile.TemporaryDirectory() as folder:
        answers = [answer(job, Path(folder)) for job in jobs]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
