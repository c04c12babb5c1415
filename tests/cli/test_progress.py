"""What hears a Ctrl-C while a command works."""

from __future__ import annotations

import os
import signal

import pytest

from pdelang.cli.progress import reporting


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_that_was_swallowed_is_raised_by_the_next_report() -> None:
    before = signal.default_int_handler
    signal.signal(signal.SIGINT, before)  # a background job of a shell would ignore it
    with reporting(quiet=True) as progress:
        progress("one")
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        with pytest.raises(KeyboardInterrupt):
            progress("two")
    assert signal.getsignal(signal.SIGINT) is before
    with reporting(quiet=True) as progress:
        progress("a new command has not been interrupted")
