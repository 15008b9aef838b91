"""The relay: a process that reads what was captured, logs it, and passes it on.

It lives outside the captured process, so that bytes are safe once they are written, whatever
happens to the writer; and outside its session and process group, so that Ctrl-C, Ctrl-Z, hang-ups
and `kill` on the group do not concern it.

Command line: ``--pid N --stream LOG,SOURCE,SINK,TERMINAL ... --log FD,PLACE,RAW,NAME ... --cwd DIR
[-- if killed, run this]``. Descriptors 3 to 6 are: orders (one byte: stop), answers, the process to
watch, and the token of `_brief`.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found] # `signal` alone takes 3 ms
import os
import select
from _functools import partial  # type: ignore[import-not-found] # functools takes 2 ms
from time import monotonic, sleep

from scitex_tee._board import Board
from scitex_tee._deputy import Deputy, Promoted
from scitex_tee._doorbell import Doorbell
from scitex_tee._heir import Heir, exists
from scitex_tee._log import LogFile
from scitex_tee._pace import Pace
from scitex_tee._poller import Poller
from scitex_tee._sign import Sign
from scitex_tee._source import Source
from scitex_tee._window import Windows

__all__ = ["main"]

ORDERS, ANSWERS, PROCESS, TOKEN = 3, 4, 5, 6
BURIED, STOPPING, ANSWERED = 0, 1, 2  # flags on the board
_QUIET = 0.002  # seconds for which nobody is waiting for the next bytes of a pipe or file
_TICK = 0.001  # what a poller can wait at least
_SHORTEST = 0.0001
_QUARTER = 1 << 18  # bytes
_MUCH = 1 << 16  # bytes at a time that are worth being woken for
_SYNC = 2.0
_WINDOW = 0.25
_PATIENCE = 2.0  # seconds without progress after which nobody waits for a stuck terminal


class Relay:
    """The loop and its state."""

    def __init__(
        self,
        pid: int,
        sources: list[Source],
        logs: list[LogFile],
        heir: Heir,
        board: Board,
        wishes: int,
        sign: int,
    ) -> None:
        self.pid = pid
        self.sign = Sign(sign)
        self.sign.put(up=False)
        self.pace = Pace(pid, PROCESS, wishes) if wishes >= 0 and heir.watching else None
        self.board = board
        self.sources = list(sources)
        self.logs = list(logs)
        self.heir = heir
        self.deputy = Deputy(sources, logs, board)
        self.stopping = monotonic() if board.flag(STOPPING) else 0.0
        self.answered = board.flag(ANSWERED)
        self.said: set[str] = set()
        self.sync_at = 0.0
        self.woken = 0.0
        self.pause = 0.0  # seconds until the pipes that are in use are looked into again
        self.poller = Poller()
        terminals = {s.fd: s.original for s in sources if s.terminal and s.sink >= 0}
        self.windows = Windows(self.poller, pid, terminals)
        self.bell = Doorbell(self.poller, [s.fd for s in sources if not s.terminal])
        self.in_use = {s.fd for s in sources if not s.terminal}
        self.poller.watch(ORDERS, reading=True)
        if heir.watching and not board.flag(BURIED):
            self.poller.watch(PROCESS, reading=True)

    def resume(self) -> None:
        """Go on where a killed predecessor stopped."""
        now = monotonic()
        if self.pace is not None:
            self.pace.give_up()
        for number, log in enumerate(self.logs):
            log.resume(self.board.load(number))
        for source in self.sources:
            if source.resume(now) and source.log is not None:
                source.log.problem = "the process that keeps the log was killed while reading"

    def engage(self) -> None:
        """Have a deputy, as long as there is something to lose."""
        if self.deputy.sign >= 0:
            self.poller.watch(self.deputy.sign, reading=True, on=False)
        try:
            self.deputy.hire()
        except Promoted:
            self.poller.close()
            self.bell.close()
            raise
        if self.deputy.sign >= 0:
            self.poller.watch(self.deputy.sign, reading=True)

    # -- the loop ------------------------------------------------------------------------

    def run(self) -> None:
        """Go on until nobody can write any more."""
        if not self.answered:
            self.engage()
        while True:
            now = monotonic()
            self.arrange()
            if self.finished():
                self.deputy.dismiss()
                break
            events = self.wait(now)
            now = monotonic()
            self.dispatch(events, now)
            self.make_rounds(now)
            self.look_after(now)

    def wait(self, now: float) -> list[int]:
        """Wait until there is something to do; return the descriptors that are ready."""
        timeout = self.timeout(now)
        if any(s.fd in self.in_use for s in self.sources if s.open and not s.pending):
            if _SHORTEST < self.pause < _TICK:
                sleep(self.pause)
            pause = self.pause if self.pause >= _TICK else 0.0
            timeout = pause if timeout is None else min(timeout, pause)
        elif not any(source.pending for source in self.sources):
            self.sign.put(up=all(log.is_complete for log in self.logs))
        events = self.poller.wait(timeout)
        if events:
            self.sign.put(up=False)
        return events

    def make_rounds(self, now: float) -> None:
        """Look into the pipes that are in use; have the bell rung for one that is no more.

        To wake once for many lines, not once for each, leaves the script its time. But no longer
        is waited than it takes to fill a quarter of a pipe at the present pace, and not at all
        where much has come at once.
        """
        taken = 0
        for source in self.sources:
            if source.fd not in self.in_use or not source.open or source.pending:
                continue
            count = self.pump(source, now)
            if not count and source.open:
                count = self.rest(source, now)
            taken += count
        span, self.woken = max(now - self.woken, 1e-6), now
        rests = 0 < taken < _MUCH and not self.stopping
        self.pause = min(_QUIET, _QUARTER * span / taken) if rests else 0.0

    def rest(self, source: Source, now: float) -> int:
        """Have the bell rung for a pipe that is not in use; return what came before it could be."""
        self.bell.listen(source.fd, on=True)
        count = self.pump(source, now)
        if not count:
            self.in_use.discard(source.fd)
        elif source.open:
            self.bell.listen(source.fd, on=False)
        return count

    def pump(self, source: Source, now: float) -> int:
        """Take what is there in a source; return how many bytes that was."""
        count = source.pump(now)
        if count and self.pace is not None and source.number == 0:
            self.pace.seen(count, now)
        return count

    def arrange(self) -> None:
        """Watch those descriptors on which something can be done."""
        for source in self.sources:
            if source.terminal:
                self.poller.watch(source.fd, reading=True, on=source.open and not source.pending)
            if source.sink >= 0:
                self.poller.watch(source.sink, reading=False, on=bool(source.pending))
            if not source.open:
                self.in_use.discard(source.fd)
                self.deputy.close_source(source.number)
        self.sources = [s for s in self.sources if s.open or s.pending]

    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        if self.sources:
            return False
        return self.answered or self.heir.done

    def dispatch(self, events: list[int], now: float) -> None:
        """Handle descriptors in the order in which they became ready."""
        for fd in events:
            if fd == ORDERS:
                self.obey(now)
            elif fd == PROCESS:
                self.bury(now)
            elif fd == self.deputy.sign:
                self.engage()
            self.windows.pass_on(fd)
            rung = self.bell.rung(fd)
            for source in self.sources:
                if source.fd in rung and source.open:
                    self.bell.listen(source.fd, on=False)
                    self.in_use.add(source.fd)
                if source.open and not source.pending and (source.fd in rung or fd == source.fd):
                    self.pump(source, now)
                elif fd == source.sink and source.pending:
                    source.push()

    def timeout(self, now: float) -> float | None:
        """Seconds until something is due by itself."""
        due = [wait for log in self.logs if (wait := log.settle(now)) is not None]
        if self.sync_at:
            due.append(max(0.0, self.sync_at - now))
        if self.stopping and not self.answered:
            due.append(0.01)
        if self.windows:
            due.append(_WINDOW)
        if self.pace is not None and (wait := self.pace.due(now)) is not None:
            due.append(wait)
        if self.heir.polls and not self.answered:
            due.append(0.1)
        return min(due, default=None)

    def look_after(self, now: float) -> None:
        """Do what is due."""
        if self.stopping and not self.answered:
            self.try_to_stop(now)
        if self.heir.polls and not self.answered and not self.heir.done and not exists(self.pid):
            self.bury(now)
        self.sync_when_due(now)
        if self.pace is not None:
            self.pace.rest(now)
        living = not self.answered and not self.heir.done
        if self.windows and self.windows.follow(keys=living) and living:
            self.tell_of_size()
        self.report()

    def tell_of_size(self) -> None:
        """Tell it once more: the terminal's own notice came before the new size was to be seen."""
        try:
            os.killpg(os.getpgid(self.pid), signal.SIGWINCH)
        except OSError:
            pass  # it has just ended

    def sync_when_due(self, now: float) -> None:
        """Have the logs brought to the disk some time after something was written."""
        if not self.sync_at:
            if any(log.dirty for log in self.logs):
                self.sync_at = now + _SYNC
        elif now >= self.sync_at:
            self.sync_at = 0.0
            if self.deputy.sync():
                for log in self.logs:
                    log.dirty = False
            else:
                self.sync()

    def sync(self) -> None:
        """Bring the logs to the disk."""
        self.sync_at = 0.0
        for log in self.logs:
            if log.dirty:
                log.sync()

    # -- the ends ------------------------------------------------------------------------

    def obey(self, now: float) -> None:
        """Read orders; no more can come from a process that is gone or ran `exec`."""
        orders = os.read(ORDERS, 16)
        if b"s" in orders:
            self.stop(now)
        elif orders and self.pace is not None and orders.strip(b"blx") == b"":
            self.pace.answered(orders)
        elif orders:
            for source in self.sources:
                source.drain(now)
            self.answer(b"o" * len(orders))
        else:
            self.poller.watch(ORDERS, reading=True, on=False)

    def stop(self, now: float) -> None:
        """Have the capture end."""
        self.board.set(STOPPING)
        self.stopping = now

    @staticmethod
    def answer(text: bytes) -> None:
        """Tell the process something."""
        try:
            os.write(ANSWERS, text)
        except OSError:
            pass  # it died while waiting, but not before everything was said

    def try_to_stop(self, now: float) -> None:
        """Drain, close the logs, and say so."""
        done = [source.drain(now) for source in self.sources]
        if not all(done) and now - self.stopping < _PATIENCE:
            return
        for source in self.sources:
            source.log = None
        for log in self.logs:
            log.finish()
            log.compress(small=True)
            log.commit()
        self.windows.put_back()
        self.report()
        self.answer(("\n".join(["done", *sorted(self.reasons())]) + "\0").encode())
        self.answered = True
        self.board.set(ANSWERED)
        self.let_go()
        self.deputy.dismiss()
        for log in self.logs:
            log.sync()
            log.compress(small=False)
            log.close()
        self.logs = []
        self.sync_at = 0.0

    def find_over(self, orders: bytes) -> None:
        """Begin after the captured process took the token, to complete its logs itself.

        Parameters
        ----------
        orders
            ``d``: it did; ``s``: it left that to this process, after all; nothing: it was killed
            over that.
        """
        if b"d" not in orders:
            for log in self.logs:
                log.resume(None)  # what it took stands in the logs
            if b"s" in orders:
                self.stop(monotonic())
            return
        self.board.set(ANSWERED)
        self.answered = True
        self.let_go()
        for source in self.sources:  # children may be left; they are served to their end
            source.log = None
        for log in self.logs:
            log.sync()
            log.close()
        self.logs = []

    def let_go(self) -> None:
        """Forget the process: it is well, or it is dead."""
        self.pace = None
        self.poller.watch(PROCESS, reading=True, on=False)
        self.poller.watch(ORDERS, reading=True, on=False)

    def bury(self, now: float) -> None:
        """Save what the dead process said, then run what is to be run."""
        self.let_go()
        self.windows.put_back()
        for source in self.sources:
            source.drain(now)
        for log in self.logs:
            log.show_all()
        self.sync()
        self.board.set(BURIED)
        self.heir.take_over()

    # -- words ---------------------------------------------------------------------------

    def reasons(self) -> list[str]:
        """Why logs lack bytes."""
        return [f"{log.name}: {log.problem}" for log in self.logs if log.problem]

    def report(self) -> None:
        """Say once, on the terminal, what went wrong."""
        for log in self.logs:
            if log.problem is not None:
                self.say(f"{log.name} is incomplete: {log.problem}; the program goes on")
        for source in self.sources:
            if source.problem is not None:
                self.say(f"output could not be passed on: {source.problem}; it is in the log")

    def say(self, text: str) -> None:
        """Say something on the terminal, once."""
        if text in self.said:
            return
        self.said.add(text)
        for source in reversed(self.sources):
            if source.sink >= 0:
                try:
                    os.write(source.sink, f"scitex-tee: {text}\n".encode())
                except OSError:
                    continue
                return


def _settle_in() -> None:
    """Stand apart from the process that asked for this one."""
    for name in (
        "SIGINT",
        "SIGTERM",
        "SIGHUP",
        "SIGQUIT",
        "SIGTSTP",
        "SIGTTOU",
        "SIGTTIN",
        "SIGPIPE",
    ):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if os.getsid(0) != os.getpid():
        try:
            os.setsid()
        except PermissionError:
            pass  # already the leader of a process group, then it stands apart enough
    os.chdir("/")
    os.umask(os.umask(0o022))
    try:
        with open("/proc/self/comm", "w", encoding="ascii") as comm:
            comm.write("scitex-tee")
    except OSError:
        pass  # only Linux has it; the arguments say the same


def main(arguments: list[str]) -> None:
    """Run the relay."""
    command: list[str] = []
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, command = arguments[:cut], arguments[cut + 1 :]
    options = list(zip(arguments[::2], arguments[1::2], strict=True))
    given = dict(options)
    streams = [list(map(int, v.split(","))) for k, v in options if k == "--stream"]
    files = [v.split(",", 3) for k, v in options if k == "--log"]
    _settle_in()
    columns = 0
    wishes, sign = int(given.get("--wishes", -1)), int(given["--sign"])
    top = max(TOKEN, wishes, sign)
    for _, source, sink, terminal in streams:
        top = max(top, source, sink)
        if terminal:
            columns = max(columns, _columns(source))
    board = Board(len(streams), len(files))
    logs = [
        LogFile(
            int(fd),
            int(place),
            name,
            raw=raw == "1",
            columns=columns or 1000,
            sources=len(streams),
            save=partial(board.save, number),
        )
        for number, (fd, place, raw, name) in enumerate(files)
    ]
    top = max([top, *(log.place for log in logs), *(log.fd for log in logs)])
    most = os.sysconf("SC_OPEN_MAX")
    os.closerange(top + 1, most if most > 0 else 1 << 20)
    sources = [
        Source(fd, sink, logs[log], terminal=bool(tty), slot=board.slots[number], number=number)
        for number, (log, fd, sink, tty) in enumerate(streams)
    ]
    heir = Heir(command, given["--cwd"], watching=given["--watch"] == "1")
    pid = int(given["--pid"])
    relay = Relay(pid, sources, logs, heir, board, wishes, sign)
    if not os.read(TOKEN, 1):
        relay.find_over(_first_orders(pid, watching=heir.watching))
    while True:
        try:
            relay.run()
        except Promoted:
            heir.done = board.flag(BURIED)
            relay = Relay(pid, [s for s in sources if s.open], logs, heir, board, wishes, sign)
            relay.resume()
        except BaseException:
            relay.deputy.dismiss()  # what went wrong here would go wrong there
            raise
        else:
            return


def _first_orders(pid: int, *, watching: bool) -> bytes:
    """Wait for the process that took the token: return its orders, none when it is dead."""
    poller = select.poll()
    poller.register(ORDERS, select.POLLIN)
    if watching:
        poller.register(PROCESS, select.POLLIN)
    while True:
        events = poller.poll(None if watching else 100)
        if any(fd == ORDERS for fd, _ in events):
            return os.read(ORDERS, 16)
        if events or not exists(pid):
            return b""


def _columns(terminal: int) -> int:
    """Width of a terminal."""
    try:
        return os.get_terminal_size(terminal).columns
    except OSError:
        return 0
