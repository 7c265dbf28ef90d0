"""Chunks counted by the workers of a scheduler of Dask's, wherever they are.

Each worker is asked first what its answers hang on, and counts nothing where that is another than here: tallies of two
kinds of kernels would be those of none. A chunk is given to one worker by name; where a worker goes, whatever it had is
given to others.
"""

from __future__ import annotations

import logging
import socket
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gradcli.exceptions import GradcliError, UsageError
from gradcli.inspections.auditing.running.build import build_here, differences
from gradcli.inspections.auditing.running.jobs import MOST_DEATHS, Done, Job, Roster, done, given_up, next_of
from gradcli.inspections.auditing.running.worker import request_of

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECTING = 5.0
"""Seconds that a scheduler has to answer."""
JOINING, REFUSED = 20.0, 2.0
"""Seconds that are waited while there is no worker, and while there are none but those that may not count."""
LOOKED = 0.5
"""Seconds after which is looked who has come and gone."""
AHEAD = 2
"""Chunks that a worker has: it begins with the second one while the counts of the first are on their way."""
MOST_NAMED = 4
_ROOM = "gradcli.inspections.auditing.running"
_BUILD = f"__import__('{_ROOM}.build', fromlist=['build_here']).build_here()"
_ANSWER = f"__import__('{_ROOM}.worker', fromlist=['answer']).answer(request)"
"""What a worker evaluates. A function of gradcli's would end a worker that cannot import it, before it could say so."""


class ClusterError(GradcliError):
    """A scheduler that is not there, or without workers that can count."""

    code = "cluster"


def by_cluster(jobs: Sequence[Job], address: str, roster: Roster) -> Generator[Done, None, None]:
    """The counts of each job as they come. Raises UsageError, ClusterError, WorkerError."""
    if find_spec("distributed") is None:
        raise UsageError("--engine dask needs Dask", hint="Install it: pip install 'gradcli[dask]'.")
    with _without_log(), closing(_connected(address)) as client:
        try:
            yield from _Crew(client, address, jobs, roster).counted()
        except GradcliError:
            raise
        except Exception:
            if client.status == "running":
                raise
            raise _gone(f"the scheduler at {address} is gone") from None


class _Crew:
    """The workers of a cluster, and what each of them is at."""

    def __init__(self, client: Client, address: str, jobs: Sequence[Job], roster: Roster) -> None:
        self._client, self._address = client, address
        self._waiting, self._left = deque(jobs), len(jobs)
        self._refused, self._lost = roster.refused, roster.lost
        self._fit: set[str] = set()
        self._asked: dict[Future[Any], tuple[str, Job | None]] = {}
        self._answers: SimpleQueue[Future[Any]] = SimpleQueue()
        self._deaths: Counter[Job] = Counter()
        self._build = build_here()
        self._looked = -LOOKED
        self._alone_since: float | None = None
        self._had_some = False

    def counted(self) -> Iterator[Done]:
        while self._left:
            if monotonic() - self._looked >= LOOKED:
                self._look()
                self._looked = monotonic()
            self._hand_out()
            try:
                future = next_of(self._answers, LOOKED)
            except Empty:
                continue
            worker, job = self._asked.pop(future, ("", None))
            if not worker:  # it has gone, and another one was asked
                continue
            try:
                found = future.result(CONNECTING)
            except Exception as error:  # noqa: BLE001 - of the worker, of its Python, or of the way to it
                self._failed(worker, job, f"{type(error).__name__}: {error}")
                continue
            if job is None:
                self._introduce(worker, differences(found, self._build))
            else:
                self._left -= 1
                yield done(job, found, worker)

    def _look(self) -> None:
        """Ask who has come, and take back what those had who have gone."""
        present = set(_workers(self._client))
        ended: set[str] = set()
        for future, (worker, job) in list(self._asked.items()):
            if worker not in present:
                del self._asked[future]
                future.cancel()  # type: ignore[no-untyped-call]
                if job is not None:
                    self._take_back(worker, job, "" if worker in ended else f"at {worker} is gone")
                    ended.add(worker)
        self._fit &= present
        at_it = {worker for worker, job in self._asked.values() if job is None}
        for worker in present - self._fit - at_it - set(self._refused):
            self._ask(worker, None)
        self._check_not_alone(bool(self._fit or at_it or present - set(self._refused)))

    def _check_not_alone(self, has_worker: bool) -> None:
        """Raises ClusterError where there is nobody to wait for."""
        if has_worker:
            self._alone_since = None
            return
        now = monotonic()
        self._alone_since = self._alone_since or now
        if now - self._alone_since > (REFUSED if self._refused and not self._had_some else JOINING):
            raise _gone(f"the workers of {self._address} are gone") if self._had_some else self._nobody()

    def _nobody(self) -> ClusterError:
        """No worker has ever been fit."""
        if not self._refused:
            hint = f"Start some: dask worker {self._address} --nthreads 1."
            return ClusterError(f"{self._address} has no worker", hint=hint)
        named = [f"{worker} ({reason})" for worker, reason in self._refused.items()]
        more = f"; {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        return ClusterError(
            f"no worker of {self._address} would answer as this process does: {'; '.join(named[:MOST_NAMED])}{more}",
            hint="Install the same versions there, and take machines with the same instruction set, "
            "or one for all with ATEN_CPU_CAPABILITY.",
        )

    def _hand_out(self) -> None:
        """Give every worker that is fit what it can be at."""
        at_it = Counter(worker for worker, job in self._asked.values() if job is not None)
        for _ in range(AHEAD):
            for worker in sorted(self._fit, key=lambda one: at_it[one]):
                if self._waiting and at_it[worker] < AHEAD:
                    self._ask(worker, self._waiting.popleft())
                    at_it[worker] += 1

    def _ask(self, worker: str, job: Job | None) -> None:
        """One worker for the counts of a job, or for its build."""
        call, request = (_BUILD, {}) if job is None else (_ANSWER, request_of(*job))
        future = self._client.submit(
            eval, call, {"request": request}, workers=[worker], allow_other_workers=False, pure=False
        )
        self._asked[future] = (worker, job)
        future.add_done_callback(self._answers.put)  # type: ignore[no-untyped-call]

    def _introduce(self, worker: str, reason: str) -> None:
        """A worker has said what it is. reason: why it may not count."""
        if reason:
            self._refused[worker] = reason
        else:
            self._fit.add(worker)
            self._had_some = True

    def _failed(self, worker: str, job: Job | None, how: str) -> None:
        """A worker is gone, or cannot do what it was asked."""
        if job is not None:
            self._take_back(worker, job, how)
        elif worker in _workers(self._client):
            self._introduce(worker, how)

    def _take_back(self, worker: str, job: Job, how: str) -> None:
        """A job is for another worker. how: what the one that had it died of at it, nothing where it had not begun."""
        self._lost[worker] += 1
        if how and self._client.status == "running":  # else it is the scheduler that has gone
            self._deaths[job] += 1
            if self._deaths[job] >= MOST_DEATHS:
                raise given_up(job, how)
        self._waiting.appendleft(job)


def _connected(address: str) -> Client:
    """Raises ClusterError where no scheduler answers."""
    found: SimpleQueue[Client | Exception] = SimpleQueue()
    # a thread of its own: where somebody listens and says nothing, Dask waits for ever
    Thread(target=lambda: found.put(_client(address)), daemon=True).start()
    try:
        client = next_of(found, 2 * CONNECTING)
    except Empty:
        client = TimeoutError("it says nothing")
    if isinstance(client, Exception):
        reason = getattr(client, "strerror", None) or str(client).split("\n")[0]
        raise ClusterError(
            f"no scheduler of Dask's answers at {address}: {reason}",
            hint="Start one with 'dask scheduler', which prints its address.",
        )
    return client


def _client(address: str) -> Client | Exception:
    from distributed import Client

    client = Client.__new__(Client)
    try:
        url = urlsplit(address)
        socket.create_connection((url.hostname or "", url.port or 0), CONNECTING).close()
        client.__init__(address, timeout=CONNECTING, set_as_default=False, direct_to_workers=False)  # type: ignore[misc]
    except Exception as error:  # noqa: BLE001 - what is no scheduler answers anything
        client.status = "closed"  # or it would try to say good-bye, for seconds
        return error
    return client


def _workers(client: Client) -> list[str]:
    """The addresses of all workers. Raises ConnectionError where the scheduler is gone."""
    known = client.scheduler_info(n_workers=-1)
    if client.status == "closed":
        raise ConnectionError
    return list(known.get("workers", {}))


def _gone(what: str) -> ClusterError:
    return ClusterError(
        what, hint="Start what is missing again. With --resume FILE the same command goes on from there."
    )


@contextmanager
def _without_log() -> Iterator[None]:
    """What Dask writes of lost workers is said here, or mended."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
