"""The hash order of sets and of text keys: report it, fix it for children, fix it here.

Python draws the key of ``hash(str)`` when it starts. Setting ``PYTHONHASHSEED`` later affects the
processes started from then on, and not this one, whatever the variable says. So what is reported
of this process is computed: a text is hashed with the key that a seed would have given, and
compared with what ``hash`` returns. Only a second start of the interpreter can fix it here.
"""

from __future__ import annotations

import os
import sys

from . import _keys, _process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_VARIABLE = "PYTHONHASHSEED"
_SEEDS = 2**32

# The hash seed this process was started with, and the last one written here for its children:
# a second manager replaces the latter, but not the user's own.
_at_start = os.environ.get(_VARIABLE)
_written: str | None = None


def hash_order() -> dict[str, Any]:
    """Return whether the hash order of this process is fixed, and what its children get.

    Returns
    -------
    dict
        ``fixed`` : True if the order is that of a known seed, False if it is random, None where
        it cannot be told (a Python whose string hash is not SipHash on 64 bits);
        ``seed`` : that seed, or None;
        ``for_children`` : the value of ``PYTHONHASHSEED``, or None.
    """
    value = os.environ.get(_VARIABLE)
    candidates = [0, *(int(text) for text in (value, _at_start) if text and text.isdecimal())]
    answers = {candidate: _hashes_by(candidate) for candidate in candidates}
    seed = next((candidate for candidate, answer in answers.items() if answer), None)
    fixed = None if seed is None and answers[0] is None else seed is not None
    return {"fixed": fixed, "seed": seed, "for_children": value}


def fix_for_children(seed: int) -> None:
    """Give children a hash seed, unless this process was itself started with one."""
    global _written
    value = os.environ.get(_VARIABLE, "")
    if not value.isdecimal() or value == _written:
        _written = os.environ[_VARIABLE] = str(seed % _SEEDS)


def fix_hash_seed(seed: int = 42) -> None:
    """Give this process the hash order of ``seed``, by starting the interpreter once more.

    If the order is that one already, nothing happens. Otherwise the interpreter replaces itself
    with the same command line, options and environment and ``PYTHONHASHSEED`` set: the process
    keeps its id, its inherited descriptors (0, 1 and 2 among them), its working directory and its
    parent, which sees the exit status of the second start. Files that this process has opened are
    closed, exit handlers do not run, and what has been read from stdin is gone: call it before
    the script has done anything.

    Parameters
    ----------
    seed : int, default 42
        As for `RandomStateManager`; its lowest 32 bits count.

    Raises
    ------
    RuntimeError
        If the second start could not be the same as the first: at a prompt or in a notebook, with
        the script on stdin or gone, in a worker process, with threads running, under a debugger,
        or where Python ignores its environment (``-I``, ``-E``).

    Notes
    -----
    On Windows, where a process cannot replace itself, a child runs in its place and this process
    ends with its status.
    """
    number = _keys.check_seed(seed) % _SEEDS
    restarted = os.environ.pop(_RESTARTED, None) == str(os.getpid())
    fixed = _hashes_by(number)
    if fixed or (fixed is None and os.environ.get(_VARIABLE) == str(number)):
        return
    obstacle = "it has been started anew once already" if restarted else _obstacle()
    if obstacle is not None:
        raise RuntimeError(
            f"the hash order of this process cannot be fixed: {obstacle}; "
            f"start it with {_VARIABLE}={number} in its environment instead"
        )
    _restart(number)


# The variable with the id of a process that has been restarted: exec keeps the id.
_RESTARTED = "SCITEX_REPRO_REEXECUTED"


def _obstacle() -> str | None:
    """Say why a second start would not be like the first, or return None."""
    process = sys.modules.get("multiprocessing.process")
    in_pool = process is not None and process.parent_process() is not None
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    # With -m the main module has a spec; with -c it has neither a spec nor a file.
    is_script = file is not None and getattr(main, "__spec__", None) is None
    obstacles = {
        "Python was told to ignore its environment": sys.flags.ignore_environment,
        "the program is frozen": getattr(sys, "frozen", False),
        "the interpreter's path is not known": not sys.executable,
        "this is an interactive session": (
            hasattr(sys, "ps1") or sys.flags.interactive or "ipykernel" in sys.modules
        ),
        "this is a worker process": (
            in_pool or any(not step.startswith("rank=") for step in _process.lineage())
        ),
        # Unlike threading this counts threads that C code has started, too.
        "other threads are running": len(sys._current_frames()) > 1,  # noqa: SLF001 - documented
        "a debugger is attached": any(name in sys.modules for name in ("pydevd", "debugpy")),
        "the script came on stdin": (
            file in (None, "<stdin>")
            and getattr(main, "__spec__", None) is None
            and not any(argument.startswith("-c") for argument in sys.orig_argv[1:])
        ),
        "the script is not where the command line says: has the working directory changed?": (
            is_script and not _is_on_command_line(str(file))
        ),
    }
    return next((reason for reason, found in obstacles.items() if found), None)


def _is_on_command_line(script: str) -> bool:
    # Python makes __file__ absolute when it starts, whatever the working directory is now.
    paths = map(os.path.abspath, sys.orig_argv[1:])
    return os.path.exists(script) and script in paths


def _restart(number: int) -> NoReturn:
    os.environ[_VARIABLE] = str(number)
    os.environ[_RESTARTED] = str(os.getpid())
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    command = [sys.executable, *sys.orig_argv[1:]]
    if sys.platform == "win32":
        import signal
        import subprocess

        # The child gets Ctrl-C too, and decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os._exit(subprocess.call(command))
    os.execv(sys.executable, command)  # noqa: S606 - the interpreter itself, no shell


# Python's own string hash: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF"
# (Indocrypt 2012).

_MASK = 2**64 - 1


def _hashes_by(seed: int) -> bool | None:
    """Return whether this process hashes texts as ``PYTHONHASHSEED=seed`` would make it.

    The answer is None where the algorithm of this Python is not known here.
    """
    rounds = {"siphash13": 1, "siphash24": 2}.get(sys.hash_info.algorithm)
    if rounds is None or sys.hash_info.hash_bits != 64 or seed >= _SEEDS:  # noqa: PLR2004 - bits
        return None
    probe = "scitex_repro"
    return _siphash(probe.encode(), *_hash_keys(seed), rounds) == hash(probe) & _MASK


def _hash_keys(seed: int) -> tuple[int, int]:
    """Return the two 64-bit keys that Python makes of a hash seed."""
    if seed == 0:
        return 0, 0
    data = bytearray()
    for _ in range(16):
        seed = (seed * 214013 + 2531011) & 0xFFFFFFFF
        data.append(seed >> 16 & 0xFF)
    return int.from_bytes(data[:8], "little"), int.from_bytes(data[8:], "little")


def _siphash(data: bytes, key0: int, key1: int, rounds: int) -> int:
    state = [
        key0 ^ 0x736F6D6570736575,
        key1 ^ 0x646F72616E646F6D,
        key0 ^ 0x6C7967656E657261,
        key1 ^ 0x7465646279746573,
    ]
    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) & 0xFF])
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        state[3] ^= word
        _mix(state, rounds)
        state[0] ^= word
    state[2] ^= 0xFF
    _mix(state, rounds + 2)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _mix(state: list[int], rounds: int) -> None:
    a, b, c, d = state
    for _ in range(rounds):
        a = (a + b) & _MASK
        b = _rotate(b, 13) ^ a
        a = _rotate(a, 32)
        c = (c + d) & _MASK
        d = _rotate(d, 16) ^ c
        a = (a + d) & _MASK
        d = _rotate(d, 21) ^ a
        c = (c + b) & _MASK
        b = _rotate(b, 17) ^ c
        c = _rotate(c, 32)
    state[:] = a, b, c, d


def _rotate(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _MASK
