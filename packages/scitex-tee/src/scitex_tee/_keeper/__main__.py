"""The process that keeps the logs: everything until its loop begins.

It lives outside the captured process, so that bytes are safe once they are written, whatever
happens to the writer; and outside its session and process group, so that Ctrl-C, Ctrl-Z, hang-ups
and `kill` on the group do not concern it.
"""

from __future__ import annotations

import os
import select
import signal
import sys

if not __package__:
    # Run by path, see `_client._launch`. Appended, not put in front: the standard library must stay
    # the standard library.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from scitex_tee._keeper._kept_log import KeptLog
from scitex_tee._keeper._loop import Keeper, exists
from scitex_tee._keeper._shared_state import SharedState
from scitex_tee._keeper._source import Source
from scitex_tee._keeper._standby import Promoted
from scitex_tee._keeper._terminal import width
from scitex_tee._protocol import DONE, ORDERS, PROCESS, TOKEN, Setup

_IGNORED = ("INT", "TERM", "HUP", "QUIT", "TSTP", "TTOU", "TTIN", "CHLD")  # Python ignores PIPE


def main(arguments: list[str]) -> None:
    """Keep the logs of the capture that the command line describes."""
    setup = Setup.from_arguments(arguments)
    _detach()
    _close_all_but(setup)
    sources, logs, state = _open(setup)
    keeper = Keeper(setup, sources, logs, state)
    if not os.read(TOKEN, 1):
        # The captured process was done before this one began, and completes its logs itself.
        if _wait_for_early_stop(setup):
            keeper.leave_logs()
        else:
            for log in logs:
                log.continue_at_end()  # killed meanwhile: what it moved stands in the logs
    while True:
        try:
            keeper.run()
        except Promoted:
            keeper = Keeper(setup, [s for s in sources if s.open], logs, state)
            keeper.resume()
        except BaseException:
            keeper.standby.dismiss()  # what went wrong here would go wrong there
            raise
        else:
            return


def _detach() -> None:
    """Leave the session, the directory and the name of the process that asked for this one."""
    for name in _IGNORED:
        signal.signal(getattr(signal, f"SIG{name}"), signal.SIG_IGN)
    if os.getsid(0) != os.getpid():
        try:
            os.setsid()
        except PermissionError:
            pass  # the leader of a process group: then it is apart enough
    os.chdir("/")
    try:
        with open("/proc/self/comm", "w", encoding="ascii") as comm:
            comm.write("scitex-tee")
    except OSError:
        pass  # only Linux has it; the arguments say the same


def _close_all_but(setup: Setup) -> None:
    """Close what was inherited by mistake: descriptors that the script made inheritable."""
    known = [TOKEN]
    known += [fd for stream in setup.streams for fd in (stream.source, stream.sink)]
    known += [fd for log in setup.logs for fd in (log.fd, log.directory)]
    most = os.sysconf("SC_OPEN_MAX")
    os.closerange(max(known) + 1, most if most > 0 else 1 << 20)


def _open(setup: Setup) -> tuple[list[Source], list[KeptLog], SharedState]:
    state = SharedState(len(setup.streams), len(setup.logs))
    columns = max((width(s.source) for s in setup.streams if s.terminal), default=0)
    logs = [KeptLog(log, number, state, columns) for number, log in enumerate(setup.logs)]
    sources = [
        Source(stream, logs[stream.log], state.slots[number], number)
        for number, stream in enumerate(setup.streams)
    ]
    return sources, logs, state


def _wait_for_early_stop(setup: Setup) -> bool:
    """Wait for the process that took the token; return whether it completed the logs."""
    poller = select.poll()
    poller.register(ORDERS, select.POLLIN)
    if setup.has_process_fd:
        poller.register(PROCESS, select.POLLIN)
    while True:
        ready = [fd for fd, _ in poller.poll(None if setup.has_process_fd else 100)]
        if ORDERS in ready:
            return DONE in os.read(ORDERS, 16)
        if ready or not exists(setup.pid):
            return False


if __name__ == "__main__":
    main(sys.argv[1:])
