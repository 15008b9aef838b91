"""The keeper's loop: read what was captured, log it and pass it on."""

from __future__ import annotations

import os
import signal
from time import monotonic, sleep

from .._log._logfile import SMALL
from .._protocol import ANSWERS, ORDERS, PROCESS, STOP, TURN, answer_to_stop
from ._poller import Poller
from ._shared_state import ANSWERED, DIED, STOPPING
from ._standby import Promoted, Standby
from ._terminal import Terminals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._protocol import Setup
    from ._kept_log import KeptLog
    from ._shared_state import SharedState
    from ._source import Source

_PAUSE = 0.001  # seconds in which more lines may come, to be taken together
_SYNC = 2.0  # seconds from a write until the logs are fsynced
_FOLLOW = 0.25  # seconds between two looks at the size and modes of a terminal
_ALIVE = 0.1  # seconds between two looks for the process where nothing tells of its end
_RETRY = 0.01
_PATIENCE = 2.0  # seconds for which a stop waits for a stuck terminal or reader
_FOR_COMMAND = [
    getattr(signal, f"SIG{name}") for name in ("INT", "TERM", "HUP", "QUIT", "TSTP", "PIPE")
]


class Keeper:
    """The loop and its state.

    Parameters
    ----------
    setup
        The capture.
    sources, logs
        What it captures, and where to.
    state
        What is shared with the standby, or was with a killed keeper.
    """

    def __init__(
        self, setup: Setup, sources: Sequence[Source], logs: Sequence[KeptLog], state: SharedState
    ) -> None:
        self._setup = setup
        self._sources = list(sources)
        self._logs = list(logs)
        self._state = state
        self.standby = Standby(self._sources, self._logs, state)
        self._stopping = monotonic() if state.flag(STOPPING) else 0.0
        self._answered = state.flag(ANSWERED)
        self._died = state.flag(DIED)
        self._warned: set[str] = set()
        self._sync_at = 0.0
        self._poller = Poller()
        terminals = {s.fd: s.original for s in sources if s.terminal and s.sink >= 0}
        self._terminals = Terminals(self._poller, setup.pid, terminals)
        self._poller.watch(ORDERS, reading=True)
        if setup.has_process_fd and not self._died:
            self._poller.watch(PROCESS, reading=True)

    def resume(self) -> None:
        """Go on where a killed keeper stopped."""
        now = monotonic()
        for log in self._logs:
            log.resume()
        for source in self._sources:
            if source.resume(now) and source.log is not None:
                source.log.problem = "the process that keeps the log was killed while reading"

    def leave_logs(self) -> None:
        """Only pass on what children write: the captured process has completed the logs."""
        self._answered = True
        self._state.set_flag(ANSWERED)
        self._forget_process()
        self._close_logs()

    # -- the loop ------------------------------------------------------------------------

    def run(self) -> None:
        """Go on until nobody can write any more.

        Raises
        ------
        Promoted
            In the standby, once this process is gone.
        """
        if not self._answered:
            self._start_standby()
        while True:
            self._watch_sources()
            if not self._sources and (self._answered or self._died):
                self.standby.dismiss()
                return
            events = self._poller.wait(self._timeout(monotonic()))
            now = monotonic()
            if self._handle(events, now) and not self._stopping:
                # One wake-up for many lines leaves the script its time.
                sleep(_PAUSE)
            self._do_what_is_due(now)

    def _start_standby(self) -> None:
        if self.standby.life >= 0:
            self._poller.watch(self.standby.life, reading=True, on=False)
        try:
            self.standby.start()
        except Promoted:
            self._poller.close()
            raise
        if self.standby.life >= 0:
            self._poller.watch(self.standby.life, reading=True)

    def _watch_sources(self) -> None:
        """Watch those descriptors on which something can be done."""
        for source in self._sources:
            if source.sink >= 0:
                self._poller.watch(source.sink, reading=False, on=bool(source.pending))
            if source.fd >= 0:
                wanted = source.open and not source.pending
                self._poller.watch(source.fd, reading=True, on=wanted)
                if not source.open:
                    source.close()
                    self.standby.close_source(source.number)
        self._sources = [s for s in self._sources if s.open or s.pending]

    def _handle(self, events: list[int], now: float) -> bool:
        """Handle descriptors in the order in which they became ready.

        Returns
        -------
        bool
            Whether a little came through pipes, so that it is worth waiting for more. Where much
            came, the pipe may be full and its writer wait.
        """
        little = False
        for fd in events:
            if fd == ORDERS:
                self._obey(now)
            elif fd == PROCESS:
                self._on_process_death()
            elif fd == self.standby.life:
                self._start_standby()
            self._terminals.pass_on(fd)
            for source in self._sources:
                if fd == source.fd and source.open and not source.pending:
                    taken = source.pump(now)
                    little |= not source.terminal and 0 < taken < source.capacity // 4
                elif fd == source.sink and source.pending:
                    source.push()
        return little

    def _timeout(self, now: float) -> float | None:
        """Return the seconds until something is due by itself."""
        due = [wait for log in self._logs if (wait := log.settle(now)) is not None]
        if self._sync_at:
            due.append(max(0.0, self._sync_at - now))
        if self._stopping and not self._answered:
            due.append(_RETRY)
        if self._terminals:
            due.append(_FOLLOW)
        if self._looks_for_process:
            due.append(_ALIVE)
        return min(due, default=None)

    def _do_what_is_due(self, now: float) -> None:
        if self._stopping and not self._answered:
            self._try_to_stop(now)
        if self._looks_for_process and not exists(self._setup.pid):
            self._on_process_death()
        self._sync_when_due(now)
        alive = not self._answered and not self._died
        if self._terminals and self._terminals.follow(keys=alive) and alive:
            # Once more: the terminal's own signal came before the new size was to be seen.
            try:
                os.killpg(os.getpgid(self._setup.pid), signal.SIGWINCH)
            except OSError:
                pass  # it has just ended
        self._report()

    @property
    def _looks_for_process(self) -> bool:
        return not (self._setup.has_process_fd or self._answered or self._died)

    def _sync_when_due(self, now: float) -> None:
        """Bring the logs to the disk some time after something was written."""
        if not self._sync_at:
            if any(log.dirty for log in self._logs):
                self._sync_at = now + _SYNC
        elif now >= self._sync_at:
            if self.standby.sync():
                self._sync_at = 0.0
                for log in self._logs:
                    log.dirty = False
            else:
                self._sync()

    def _sync(self) -> None:
        self._sync_at = 0.0
        for log in self._logs:
            if log.dirty:
                log.sync()

    # -- the ends ------------------------------------------------------------------------

    def _obey(self, now: float) -> None:
        orders = os.read(ORDERS, 16)
        if STOP in orders:
            self._state.set_flag(STOPPING)
            self._stopping = now
        elif orders:
            for source in self._sources:
                source.drain(now)
            self._answer(TURN * len(orders))
        else:  # no more can come from a process that is gone or ran `exec`
            self._poller.watch(ORDERS, reading=True, on=False)

    @staticmethod
    def _answer(answer: bytes) -> None:
        try:
            os.write(ANSWERS, answer)
        except OSError:
            pass  # the captured process died while waiting

    def _try_to_stop(self, now: float) -> None:
        """Drain, complete the logs, and answer; wait a little if the original takes no more."""
        done = [source.drain(now) for source in self._sources]
        if not all(done):
            if now - self._stopping < _PATIENCE:
                return
            for source in self._sources:
                source.drain_to_log(now)
        for log in self._logs:
            log.finish()
            log.compress(SMALL, sync=False)
            log.commit()
        self._terminals.restore()
        self._report()
        problems = sorted(f"{log.name}: {log.problem}" for log in self._logs if log.problem)
        self._answer(answer_to_stop(problems))
        self._answered = True
        self._state.set_flag(ANSWERED)
        self._forget_process()
        self.standby.dismiss()
        self._close_logs()

    def _close_logs(self) -> None:
        for source in self._sources:
            source.log = None  # what children write from now on is only passed on
        for log in self._logs:
            log.sync()
            log.compress()
            log.release()
        self._logs = []
        self._sync_at = 0.0

    def _forget_process(self) -> None:
        self._poller.watch(PROCESS, reading=True, on=False)
        self._poller.watch(ORDERS, reading=True, on=False)

    def _on_process_death(self) -> None:
        """Save what the process wrote, then run the command for this case."""
        self._forget_process()
        self._terminals.restore()
        now = monotonic()
        for source in self._sources:
            source.drain(now)
        for log in self._logs:
            log.show_all()
        self._sync()
        self._died = True
        self._state.set_flag(DIED)
        if self._setup.command:
            _run_detached(self._setup.command, self._setup.cwd)

    # -- messages ------------------------------------------------------------------------

    def _report(self) -> None:
        """Say once, on the terminal, what went wrong."""
        for log in self._logs:
            if log.problem is not None:
                self._warn(f"{log.name} is incomplete: {log.problem}; the program goes on")
        for source in self._sources:
            if source.problem is not None:
                self._warn(f"output could not be passed on: {source.problem}; it is in the log")

    def _warn(self, text: str) -> None:
        if text in self._warned:
            return
        self._warned.add(text)
        for source in reversed(self._sources):
            if source.sink >= 0:
                try:
                    os.write(source.sink, f"scitex-tee: {text}\n".encode())
                except OSError:
                    continue
                return


def exists(pid: int) -> bool:
    """Return whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _run_detached(command: list[str], cwd: str) -> None:
    """Run a command in a session of its own, in directory `cwd`."""
    try:
        os.chdir(cwd)
    except OSError:
        os.chdir("/")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        os.posix_spawnp(command[0], command, os.environ, setsid=True, setsigdef=_FOR_COMMAND)
    except OSError:
        return  # there is nobody left to tell
    finally:
        os.chdir("/")
