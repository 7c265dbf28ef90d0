"""The process that a shell sees: hands its streams to the server, passes signals on, and ends as the command does."""

import _signal
import _socket
import marshal
import os
import sys

FORWARDED = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)


def main() -> int:
    """The exit code; that of a signal is negative."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(sys.argv[1])
    ask(connection, (0, 1, 2), sys.argv[2:], os.environ, os.getcwd())  # noqa: PTH109 - pathlib takes longer than all the rest
    child = received(connection)
    for number in FORWARDED:
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, lambda number, _: pass_on(child, number))
    return os.waitstatus_to_exitcode(received(connection))


def pass_on(child: int, number: int) -> None:
    """Send a signal to a process, which may have ended already: how it did is then under way."""
    try:  # noqa: SIM105 - contextlib takes longer to import than all the rest
        os.kill(child, number)
    except ProcessLookupError:
        pass


def ask(
    connection: _socket.socket,
    streams: tuple[int, ...],
    argv: list[str],
    environment: "os._Environ[str] | dict[str, str]",
    folder: str,
) -> None:
    """Have the server run a command line with these streams, in this environment and folder."""
    numbers = b"".join(stream.to_bytes(4, sys.byteorder) for stream in streams)
    connection.sendmsg([b"0"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, numbers)])
    connection.sendall(marshal.dumps((argv, dict(environment), folder)))
    connection.shutdown(_socket.SHUT_WR)


def received(connection: _socket.socket) -> int:
    """The next number from the server."""
    content = b""
    while len(content) < 4:
        part = connection.recv(4 - len(content))
        if not part:
            raise RuntimeError("the server of warm processes has ended")
        content += part
    return int.from_bytes(content, sys.byteorder)


if __name__ == "__main__":
    code = main()
    if code < 0:
        if -code != _signal.SIGKILL:  # which nobody can have changed
            _signal.signal(-code, _signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
