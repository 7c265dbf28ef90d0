"""What a file calls by a name: the file is run, and a class of modules becomes a module."""

from __future__ import annotations

import importlib.util
import linecache
import sys
import traceback
from contextlib import redirect_stdout
from copy import deepcopy
from pathlib import Path
from typing import Any

from torch import nn

from gradcli import lean_torch
from gradcli.exceptions import UsageError, did_you_mean, listed
from gradcli.language.in_file import FunctionRequest
from gradcli.recording.program.places import UserCode, forget_sources


def loaded(request: FunctionRequest) -> Any:
    """The function, or the module; a given module as a copy, whose parameters may change.  Raises UsageError."""
    found = _named(request, _run(request)) if request.function is None else request.function
    if isinstance(found, nn.Module) and request.function is not None:
        return deepcopy(found)
    if isinstance(found, type) and issubclass(found, nn.Module):
        try:
            return found()
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises is told
            raise raised_in_file(error, request, f"{request.name}()") from None
    if not callable(found):
        raise UsageError(
            f"{request.name} of {request.file} is {_kind(found)}, and cannot be called",
            hint="Name a function, a module or a class of modules.",
        )
    return found


def raised_in_file(error: BaseException, request: FunctionRequest, what: str) -> UsageError:
    """What the user's code raised, with the last place in it."""
    user = user_code(request)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if user.owns(frame.filename)]
    last = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):
        place = f" at line {error.lineno}"
    else:
        place = f" at line {frames[-1].lineno}, in {frames[-1].name}" if frames else ""
    line = frames[-1].line if frames else None
    return UsageError(f"{what} raises{place}: {last}", hint=f"The line is: {line}" if line else None)


def user_code(request: FunctionRequest) -> UserCode:
    """What belongs to the user: the folder of the file, or whatever is neither Python's nor a library's."""
    return UserCode(() if request.function is not None else (f"{Path(request.file).resolve().parent}/",))


def _run(request: FunctionRequest) -> Any:
    """The file as a module, which finds its neighbours."""
    path = Path(request.file)
    if not path.is_file():
        near = sorted(one.name for one in path.parent.glob("*.py")) if path.parent.is_dir() else []
        raise UsageError(
            f"there is no file '{request.file}'",
            hint=did_you_mean(path.name, near) or "Write FILE.py:NAME, the file from this folder.",
        )
    lean_torch.load_all()  # the user's code may need anything of PyTorch
    folder = str(path.resolve().parent)
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before, known = sys.path[:], sys.modules.get(path.stem)
    linecache.checkcache(str(path.resolve()))
    forget_sources()
    sys.path.insert(0, folder)
    sys.modules[path.stem] = module
    try:
        with redirect_stdout(sys.stderr):  # the answer alone goes to standard output
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's code raises is told
        raise raised_in_file(error, request, request.file) from None
    finally:
        sys.path[:] = before
        if known is not None:
            sys.modules[path.stem] = known
    return module


def _named(request: FunctionRequest, module: Any) -> Any:
    found = module
    for part in request.name.split("."):
        if not hasattr(found, part):
            names = [name for name, value in vars(found).items() if callable(value) and not name.startswith("_")]
            own = [name for name in names if getattr(getattr(found, name), "__module__", None) == module.__name__]
            there = f"There is {listed(own)}." if own else "It has no function."
            raise UsageError(f"{request.file} has no '{request.name}'", hint=did_you_mean(part, own or names) or there)
        found = getattr(found, part)
    return found


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
