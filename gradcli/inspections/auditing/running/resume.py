"""The file of --resume: one line of JSON for each chunk that was counted, with all that its counts hang on.

Lines are appended whole. A last line without an end is what a process left that was killed while it wrote: it is cut
off, and its chunk is counted again. A file with anything else in it is not touched.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress

from gradcli.exceptions import OutputError, SourceError, UsageError
from gradcli.inspections.auditing.running.build import differences
from gradcli.inspections.auditing.running.jobs import Done, Job
from gradcli.inspections.auditing.running.wire import Data, counts_data, read_counts

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_VERSION = 2
_BEGINNING = b'{"audit": '
"""Of every line, and of a part of one."""
_OWN = ("order", "ways", "single_step", "chunk")
"""What the lines of one audit differ in. In all else a line is of another audit."""


class ResumeFile:
    """The chunks that a file has, and those that are added to it.

    Raises SourceError for a file that holds anything else, UsageError for one of another audit, OutputError for one
    that cannot be written.
    """

    def __init__(self, name: str, build: Data, jobs: Sequence[Job]) -> None:
        self.name = name
        self._build = build
        self._found: dict[Job, Data] = {}
        self._length = 0
        self._descriptor = self._opened()
        try:
            self._read(jobs)
            os.ftruncate(self._descriptor, self._length)
        except BaseException:
            self.close()
            raise

    def found(self) -> Iterator[Done]:
        """The counts that were there."""
        for job, counts in self._found.items():
            yield Done(job, read_counts(counts, job.task))

    def add(self, done: Done) -> None:
        """Append a chunk.  Raises OutputError; what was written before stays."""
        line = json.dumps({**self._key(done.job), "counts": counts_data(done.counts)}, allow_nan=False)
        left = line.encode() + b"\n"
        length = self._length + len(left)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fsync(self._descriptor)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._length)
            raise OutputError(
                f"cannot write to '{self.name}': {error.strerror}",
                hint="Its chunks are whole. Make room, and give the same command again: it goes on from there.",
            ) from None
        self._length = length

    def close(self) -> None:
        os.close(self._descriptor)

    def _opened(self) -> int:
        try:
            descriptor = os.open(self.name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(f"cannot write to '{self.name}': {reason}", hint="Choose another file.") from None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SourceError(f"'{self.name}' is no file that can be read again", hint="Choose another one.")
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise UsageError(
                f"another audit is writing to '{self.name}'", hint="Wait for it, or choose another file."
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _read(self, jobs: Sequence[Job]) -> None:
        wanted = {json.dumps(self._key(job)): job for job in jobs}
        audits = list({json.dumps(common): common for job in jobs for common in [_common(self._key(job))]}.values())
        with open(os.dup(self._descriptor), "rb") as stream:  # noqa: PTH123 - a descriptor is no path
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n") and (line.startswith(_BEGINNING) or _BEGINNING.startswith(line)):
                    return  # a process was killed in the middle of it
                key, counts = self._parsed(number, line)
                self._check(number, _common(key), audits)
                self._length += len(line)
                if (job := wanted.get(json.dumps(key))) is not None:
                    self._found[job] = counts

    def _parsed(self, number: int, line: bytes) -> tuple[Data, Data]:
        """What the counts of a line hang on, and the counts."""
        try:
            data = json.loads(line) if line.startswith(_BEGINNING) else {}
            return {name: value for name, value in data.items() if name != "counts"}, data["counts"]
        except (ValueError, KeyError):
            raise SourceError(
                f"line {number} of '{self.name}' is no chunk of an audit",
                hint="Nothing was written. "
                + (
                    "Take the line out: its chunk is counted again."
                    if line.startswith(_BEGINNING)
                    else "--resume takes a new file, or one that an audit has begun."
                ),
            ) from None

    def _check(self, number: int, there: Data, here: Sequence[Data]) -> None:
        """Raises UsageError where a line belongs to none of the derivatives that are audited."""
        different = [differences(there, one) for one in here]
        if all(different):
            raise UsageError(
                f"'{self.name}' is of another audit, line {number}: {min(different, key=len)}",
                hint="Nothing was written. Choose another file, or audit what this one is of.",
            )

    def _key(self, job: Job) -> Data:
        """What the counts of a job hang on, as JSON gives it back."""
        task, chunk = job
        steps = [task.step(way) for way in task.ways if way.path == "single"]
        return {
            "audit": _VERSION,
            **self._build,
            "dtype": task.format.name,
            "device": task.compute.device,
            "seed": task.compute.seed,
            "max_ulp": task.most_ulps,
            "expression": task.expression,
            "order": task.order,
            "ways": [f"{way.mode}, {way.path}" for way in task.ways],
            "single_step": steps[0] if steps else None,
            "chunk": [list(side) for side in chunk.sides],
        }


def _common(key: Data) -> Data:
    return {name: value for name, value in key.items() if name not in _OWN}
