"""What a session does about signals, and what it leaves to the script.

A handler that the script installed wins, an ignored signal stays ignored, and a session outside
the main thread touches nothing. What was there before is put back.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from .. import _console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    Handler = Callable[[int, FrameType | None], Any]

_ALWAYS = ("SIGINT", "SIGTERM", "SIGHUP")
_STACKS_ON = ("SIGINT", "SIGTERM", "SIGUSR1")
_PREEMPTED_BY = ("SIGTERM", "SIGUSR1", "SIGUSR2")


class Terminated(SystemExit):
    """Raised in the main thread by a signal that ends the run; ``code`` is 128 + its number."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal_name = signal.Signals(number).name


class _PastDeadline(BaseException):
    """Raised inside an `on_preempt` callback that took too long."""


# Callbacks of the session, which may be registered before it is open, with their deadlines.
_preempt_callbacks: list[tuple[Callable[[], object], float]] = []


def on_preempt(callback: Callable[[], object], *, deadline: float = 20.0) -> Callable[[], object]:
    """Call `callback` when a scheduler's signal ends the session, before anything is closed.

    Parameters
    ----------
    callback : callable
        Called without arguments in the main thread, e.g. to write a checkpoint. Its exceptions
        are reported and do not stop the session from closing.
    deadline : float
        Seconds after which it is interrupted. Slurm gives 30 s between SIGTERM and SIGKILL
        unless it was configured otherwise.

    Returns
    -------
    callable
        `callback`, so that this works as a decorator too.

    Notes
    -----
    The signals are SIGTERM and the one named by ``preempt_signal``. Callbacks are forgotten when
    the session closes. Code that is blocked inside a C library is interrupted when it returns.
    """
    _preempt_callbacks.append((callback, float(deadline)))
    return callback


class SignalGuard:
    """The handlers of one session.

    Parameters
    ----------
    stacks : callable
        ``stacks()`` gives the file that the stacks of all threads are appended to.
    extra : str or None
        A further signal that ends the session, such as ``"SIGUSR1"``.
    """

    def __init__(self, stacks: Callable[[], str], extra: str | None = None) -> None:
        self._stacks = stacks
        self._names = _ALWAYS if extra is None else (*_ALWAYS, extra)
        self._before: dict[int, Any] = {}
        self._held: list[int] = []
        self._finishing = False
        self._pid = os.getpid()

    def install(self) -> None:
        """Take the signals that nobody else has taken."""
        for name in self._names:
            number = getattr(signal, name, None)
            if number is None:
                continue
            present = signal.getsignal(number)
            if present == signal.SIG_DFL or present is signal.default_int_handler:
                try:
                    signal.signal(number, self._handle)
                except ValueError:  # not the main thread: its signals are not ours
                    return
                self._before[number] = present

    def hold(self) -> None:
        """Defer every signal from now on until the session is closed.

        Handlers of the script, of whatever signal, are set aside too, since one that raises would
        stop the finishing.
        """
        self._finishing = True
        if not _in_main_thread():
            return
        for number in range(1, signal.NSIG):
            present = signal.getsignal(number)
            if callable(present) and present != self._handle:
                signal.signal(number, self._handle)
                self._before[number] = present

    def release(self, *, deliver: bool) -> None:
        """Put the handlers back; then deliver what was held, unless it ended the run anyway."""
        _preempt_callbacks.clear()
        for number, handler in self._before.items():
            # `==`: each access to a bound method makes a new object.
            if signal.getsignal(number) == self._handle:
                signal.signal(number, handler)
        self._before.clear()
        held, self._held = self._held, []
        if deliver:
            for number in dict.fromkeys(held):
                signal.raise_signal(number)

    def forget(self) -> None:
        """Give a forked child the handlers that its parent had before the session."""
        if not _in_main_thread():
            return
        self._pid = -1
        self.release(deliver=False)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._pid != os.getpid():
            self._as_before(number, frame)
            return
        if self._finishing or self._held:
            self._held.append(number)
            return
        self._held.append(number)
        name = signal.Signals(number).name
        try:
            if name in _STACKS_ON:
                self._write_stacks(name)
            if name in _PREEMPTED_BY:
                _call_back()
        finally:
            self._held.clear()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise Terminated(number)

    def _as_before(self, number: int, frame: FrameType | None) -> None:
        """In a child forked without our fork hook: do what would happen without a session."""
        before = self._before.get(number, signal.SIG_DFL)
        if callable(before):
            before(number, frame)
            return
        signal.signal(number, before)
        signal.raise_signal(number)

    def _write_stacks(self, name: str) -> None:
        import faulthandler

        try:
            with open(self._stacks(), "a", encoding="utf-8") as file:
                file.write(f"{name} at {time.strftime('%Y-%m-%dT%H:%M:%S%z')}\n")
                file.flush()
                faulthandler.dump_traceback(file, all_threads=True)
        except OSError as error:
            _console.say(f"the stacks could not be written ({error})")


def _in_main_thread() -> bool:
    threading = sys.modules.get("threading")
    return threading is None or threading.current_thread() is threading.main_thread()


def _call_back() -> None:
    """Run the script's callbacks, each within its deadline."""
    for callback, deadline in _preempt_callbacks:
        name = getattr(callback, "__qualname__", repr(callback))
        try:
            _within(deadline, callback)
        except _PastDeadline:
            _console.say(f"on_preempt {name} was stopped after {deadline:g} s")
        except Exception:  # noqa: BLE001 - a callback's error is shown and must not stop closing
            import traceback

            _console.say(f"on_preempt {name} failed:\n{traceback.format_exc().rstrip()}")


def _within(deadline: float, callback: Callable[[], object]) -> None:
    """Call with a deadline, by an alarm that the script does not use itself."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise _PastDeadline

    if not hasattr(signal, "setitimer") or signal.getsignal(signal.SIGALRM) != signal.SIG_DFL:
        callback()
        return
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, deadline)
    try:
        callback()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
