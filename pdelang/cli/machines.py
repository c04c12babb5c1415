"""One command run by several processes, on one host or many: `--coordinator HOST:PORT --process-id I --processes N`.

A process that works with others may end without a word: where one of them dies, JAX aborts the rest from C++. So the work is done by a
child, and the parent, which only waits, turns its end into a sentence and an exit code.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Annotated, NoReturn

import typer

from pdelang.cli.errors import NOT_CONVERGED, WRONG_COMMAND, CommandError, wrong_command

Coordinator = Annotated[
    str | None,
    typer.Option("--coordinator", metavar="HOST:PORT", help="Several processes share the work: where process 0 listens to the others."),
]
ProcessId = Annotated[int | None, typer.Option("--process-id", metavar="I", help="This process's number: 0 writes the files and talks.")]
Processes = Annotated[int | None, typer.Option("--processes", metavar="N", help="How many there are, each started with this command.")]
Wait = Annotated[float, typer.Option("--wait", metavar="SECONDS", min=1, help="How long to wait for the other processes.")]
WAIT = 60.0

LOST = 75
"""What a child leaves with that has lost the others."""
JOINED = "all have met\n"


@dataclass(frozen=True)
class Crew:
    """address: None where this process works alone."""

    address: str | None = None
    number: int = 0
    count: int = 1
    wait: float = WAIT

    @classmethod
    def of(cls, address: str | None, number: int | None, count: int | None, wait: float) -> Crew:
        if address is None and number is None and count is None:
            return cls()
        if address is None or number is None or count is None:
            raise CommandError("--coordinator, --process-id and --processes belong together: give all three, or none")
        if not (found := re.fullmatch(r"(.+):(\d+)", address)) or not 0 < int(found[2]) < 2**16:
            raise CommandError(f"--coordinator {address!r}: give a host and a port, as in 192.168.0.1:1234")
        if count < 1:
            raise CommandError(f"--processes {count}: there is at least one")
        if not 0 <= number < count:
            raise CommandError(f"--process-id {number}: {count} processes have the numbers 0 to {count - 1}")
        return cls(address, number, count, wait) if count > 1 else cls()

    @property
    def alone(self) -> bool:
        return self.address is None

    @property
    def talks(self) -> bool:
        """Whether this process prints and writes."""
        return self.number == 0

    @contextlib.contextmanager
    def together(self, task: str, as_json: bool) -> Iterator[None]:
        """Work in it is done by all processes. task: what all of them must have been given alike."""
        if self.address is None:
            yield
            return
        self._split(as_json)
        from pdelang.runtime import mesh

        try:
            mesh.join(self.address, self.number, self.count, self.wait)
        except RuntimeError as fault:
            raise CommandError(f"cannot listen at {self.address}: {str(fault).splitlines()[0]}") from None
        os.write(2, JOINED.encode())
        mesh.hear()
        if not self.talks:
            sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open as long as the process
        try:
            mesh.alike(task)
            yield
        except (mesh.LostError, ValueError, RuntimeError) as fault:
            if isinstance(mesh.lost(fault), mesh.LostError):
                sys.stdout.flush()
                os._exit(LOST)
            raise

    # ------------------------------------------------------------ parent and child

    def _split(self, as_json: bool) -> None:
        """Returns in the child. What libraries print there below Python goes to a file that the parent looks at."""
        if not hasattr(os, "fork"):
            return
        sys.stdout.flush()
        sys.stderr.flush()
        noise = tempfile.TemporaryFile()  # noqa: SIM115 - shared by both
        ours, theirs = os.pipe()
        child = os.fork()
        if child:
            os.close(ours)
            self._wait_for(child, noise, as_json)
        os.close(theirs)
        threading.Thread(target=_end_with_parent, args=(ours,), daemon=True).start()
        os.setpgid(0, 0)  # Ctrl-C reaches the parent alone, which hands it on
        if hasattr(signal, "SIGTTOU"):
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        for name, number in (("stdout", 1), ("stderr", 2)):
            stream = open(os.dup(number), "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
            setattr(sys, name, stream)
            os.dup2(noise.fileno(), number)

    def _wait_for(self, child: int, noise: IO[bytes], as_json: bool) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:  # a shell's background job ignores Ctrl-C
                signal.signal(number, lambda n, _: os.kill(child, n))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        noise.seek(0)
        said = noise.read().decode(errors="replace")
        if code == -signal.SIGABRT and JOINED not in said:
            text = f"{self.count} processes did not meet at {self.address} within {self.wait:g} s: is each of them running?"
            code = wrong_command(text, as_json)
        elif code == LOST or (code == -signal.SIGABRT and "distributed service" in said):
            wrong_command("another process has ended or cannot be reached any more; --resume goes on from the last checkpoint", as_json)
            code = NOT_CONVERGED
        elif code < 0:
            print(said[-2000:], file=sys.stderr)
            code = 128 - code
        sys.stdout.flush()
        os._exit(code)


def _end_with_parent(pipe: int) -> None:
    """Nothing is ever written to it: it ends with the parent, by kill -9 too."""
    os.read(pipe, 1)
    os._exit(WRONG_COMMAND)
