"""Much output."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.slow
def test_two_million_lines_are_complete(program):
    """Two million lines are in the log and at the file, each once and in order."""
    target = program.directory / "out.txt"
    with target.open("wb") as file:
        program.run("for i in range(2_000_000): print(i)", stdout=file)
    wanted = "".join(f"{i}\n" for i in range(2_000_000)).encode()
    assert target.read_bytes() == wanted
    assert (program.directory / "logs/stdout.log").read_bytes() == wanted


@pytest.mark.slow
@pytest.mark.parametrize("end", ["\\n", ""])
def test_memory_does_not_grow_with_the_output(program, end):
    """Half a gigabyte of output, in lines or in one, costs less than 20 MB of memory."""
    code = f"""
        data = (b"x" * 99 + b"{end}").ljust(100, b"x") * 10_000
        for _ in range(500):
            assert os.write(1, data) == len(data)
        open("written", "w").close()
        time.sleep(60)
    """
    with open("/dev/null", "wb") as null, program.start(code, stdout=null) as process:
        program.eventually(lambda: len(program.keepers(process.pid)) == 2)
        pids = [process.pid, *program.keepers(process.pid)]
        first = [_peak(pid) for pid in pids]
        program.eventually((program.directory / "written").exists, 60)
        growth = [(_peak(pid) - before) / 1e6 for pid, before in zip(pids, first, strict=True)]
        process.kill()
    assert sum(growth) < 20, growth


def _peak(pid: int) -> int:
    """Peak of the resident memory of a process, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
