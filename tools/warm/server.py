"""Forks a process for each connection, until standard input ends."""

from __future__ import annotations

import atexit
import builtins
import ctypes
import gc
import importlib
import io
import marshal
import multiprocessing.process
import os
import pkgutil
import select
import signal
import socket
import sys
import threading
import traceback
import types
import weakref
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import IO, NoReturn

from tools.warm import PROGRAM, ROOT, SCRIPT, WHOLLY
from tools.warm.huge_pages import use_huge_pages

STREAMS = (0, 1, 2)
WITH_MATPLOTLIB = "gradcli.render.pictures"
"""Not imported before a command is known: matplotlib reads settings in the folder where it is imported."""
MISTAKES = (["grad", "sigmod(log(x) + sqrt(x)", "0"], ["trace", "x", "y=1"], ["loss", "mse", "1", "y"])


def serve(without_gradcli: int, with_gradcli: int, interpreter: str) -> None:
    """Fork for two sockets: from a process that has imported PyTorch alone, and from one that has gradcli as well.

    interpreter: what the latter's processes start in the place of Python.
    """
    _use_pytorch()
    gc.collect()
    gc.freeze()
    if not os.fork():
        os.close(with_gradcli)
        use_huge_pages()
        _serve(socket.socket(fileno=without_gradcli), _no_gradcli)
        os._exit(0)
    os.close(without_gradcli)

    import gradcli
    from gradcli.__main__ import run

    for module in pkgutil.walk_packages(gradcli.__path__, "gradcli."):
        if not module.name.startswith(WITH_MATPLOTLIB):
            importlib.import_module(module.name)
    _read_command_lines()
    gc.collect()
    gc.freeze()
    use_huge_pages()
    sys.executable = interpreter
    _serve(socket.socket(fileno=with_gradcli), run)


def _use_pytorch() -> None:
    """What PyTorch imports and makes when it is first used, once for all processes; none of them takes it apart."""
    import torch._dynamo  # for the first optimizer, which takes longer than all else
    from torch.overrides import resolve_name

    with suppress(ImportError):  # for the first step of an optimizer, in some versions
        importlib.import_module("torch.profiler._cupti_monitor")
    resolve_name(torch.add)  # makes a table of all functions
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        finalizer.atexit = False


def _read_command_lines() -> None:
    """Make once for all processes what the first command line makes: options, patterns, tables of names.

    Nothing is computed: a process may still choose a device, whose threads the first backward pass starts.
    """
    from gradcli.cli import main

    for argv in MISTAKES:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            main(argv)


def _no_gradcli() -> None:
    raise SystemExit("this process runs programs alone")


def _serve(listener: socket.socket, run: Callable[[], None]) -> None:
    running: dict[int, tuple[int, socket.socket]] = {}
    asking: dict[int, int] = {}
    with select.epoll() as events:
        events.register(listener, select.EPOLLIN)
        events.register(sys.stdin, select.EPOLLIN)
        while True:
            for descriptor, _ in events.poll(maxevents=1):  # one by one: a descriptor that is closed is given out again
                if descriptor == sys.stdin.fileno():
                    return
                if descriptor == listener.fileno():
                    if begun := _begun(listener, run):
                        child, connection = begun
                        running[ended := os.pidfd_open(child)] = begun
                        events.register(ended, select.EPOLLIN)
                        asking[connection.fileno()] = child
                        events.register(connection, 0)  # hears of its end alone
                elif descriptor in running:
                    child, connection = running.pop(descriptor)
                    os.close(descriptor)
                    asking.pop(connection.fileno(), None)
                    _tell_end(child, connection)
                elif (orphan := asking.pop(descriptor, None)) is not None:  # who asked was killed
                    events.unregister(descriptor)
                    os.kill(orphan, signal.SIGKILL)


def _begun(listener: socket.socket, run: Callable[[], None]) -> tuple[int, socket.socket] | None:
    """The process of a new connection, whose number is told there; None where nothing is to be run."""
    connection, _ = listener.accept()
    _, streams, _, _ = socket.recv_fds(connection, 1, len(STREAMS))
    if not streams:
        connection.close()
        return None
    content = b""
    while part := connection.recv(1 << 16):
        content += part
    child = os.fork()
    if not child:
        _become(streams, content, run)
    for stream in streams:
        os.close(stream)
    _tell(connection, child)
    return child, connection


def _tell_end(child: int, connection: socket.socket) -> None:
    _tell(connection, os.waitpid(child, 0)[1])
    connection.close()


def _tell(connection: socket.socket, number: int) -> None:
    with suppress(OSError):  # who asked has gone
        connection.sendall(number.to_bytes(4, sys.byteorder))


def _become(streams: list[int], content: bytes, run: Callable[[], None]) -> NoReturn:
    """Run a command line in the place of the process that asked for it."""
    argv, environment, folder = marshal.loads(content)
    os.setsid()
    for given, own in zip(streams, STREAMS, strict=True):
        os.dup2(given, own)
    os.closerange(3, 256)
    os.chdir(folder)
    multiprocessing.process.ORIGINAL_DIR = folder  # type: ignore[attr-defined]
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
    encoding, _, errors = environment.get("PYTHONIOENCODING", "").partition(":")
    sys.stdin = _text(0, "r", encoding, errors)
    sys.stdout = _text(1, "w", encoding, errors)
    sys.stderr = _text(2, "w", encoding, "backslashreplace")
    if wholly := argv[:1] == [WHOLLY]:
        argv = argv[1:]
        _keep_libraries()
    if argv[:1] == [PROGRAM]:
        sys.argv = ["-c", *argv[2:]]
        run = partial(_program, argv[1])
    elif argv[:1] == [SCRIPT]:
        sys.argv = argv[1:]
        run = partial(_script, Path(argv[1]))
    else:
        sys.argv = [str(ROOT / "gradcli" / "__main__.py"), *argv]
    try:
        run()
    except SystemExit as end:
        if wholly:
            raise
        _leave(end.code)
    _leave(0)


def _program(text: str) -> None:
    """What `python -c` does with a program."""
    try:
        exec(compile(text, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit:
        raise
    except BaseException:  # noqa: BLE001 - shown, as Python does
        traceback.print_exc()
        _leave(1)


def _script(path: Path) -> None:
    """What `python` does with a file; the traceback of an error begins there."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=str(path.absolute()), __builtins__=builtins)
    sys.modules["__main__"] = main
    sys.path.insert(0, str(path.absolute().parent))
    try:
        exec(compile(path.read_bytes(), main.__dict__["__file__"], "exec", dont_inherit=True), main.__dict__)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - shown, as Python does
        own = error.__traceback__
        error.__traceback__ = own and own.tb_next
        sys.excepthook(type(error), error, error.__traceback__)
        _leave(1)


def _keep_libraries() -> None:
    """Leave once Python has ended: PyTorch's libraries would take themselves apart for longer than Python does."""
    libc = ctypes.CDLL(None)
    libc.on_exit(libc._exit, None)


def _leave(code: object) -> NoReturn:
    """What Python does at the end of a process, up to taking PyTorch apart, which takes a fifth of a second."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    with suppress(OSError):
        sys.stdout.flush()
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


def _text(descriptor: int, mode: str, encoding: str, errors: str) -> IO[str]:
    unbuffered = bool(descriptor and os.environ.get("PYTHONUNBUFFERED"))
    binary = open(descriptor, f"{mode}b", 0 if unbuffered else -1, closefd=False)  # noqa: SIM115 - stays open
    getattr(binary, "raw", binary).name = ("<stdin>", "<stdout>", "<stderr>")[descriptor]
    by_line = descriptor == 2 or os.isatty(descriptor)
    text = io.TextIOWrapper(
        binary, encoding or "utf-8", errors or "strict", line_buffering=by_line, write_through=unbuffered
    )
    text.mode = mode  # which Python's own have, and show
    return text


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
