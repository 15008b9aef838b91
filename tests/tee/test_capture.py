"""What is captured, and that everything is put back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scitex_tee import Capture, active, capture

WRITERS = """
    import ctypes, subprocess
    print("python")
    sys.stdout.flush()
    os.write(1, b"os\\n")
    libc = ctypes.CDLL(None)
    libc.puts(b"c")
    libc.fflush(None)
    subprocess.run([sys.executable, "-c", "print('child')"])
    os.system("echo shell")
    print("error", file=sys.stderr)
    os.write(2, b"os error\\n")
"""


def test_every_writer_is_in_the_log_and_at_the_pipe(program):
    """Python, `os.write`, C and children: all in the log and where they went before, in order."""
    result = program.run(WRITERS)
    assert result.stdout == b"python\nos\nc\nchild\nshell\n"
    assert result.stderr == b"error\nos error\n"
    assert program.out == "python\nos\nc\nchild\nshell\n"
    assert program.err == "error\nos error\n"


def test_c_output_still_in_c_buffers_is_in_the_log(program):
    """What C code printed without flushing is in the log when the capture stops."""
    program.run("import ctypes; ctypes.CDLL(None).printf(b'buffered in C')")
    assert program.out == "buffered in C"


def test_c_output_of_a_compiled_library_is_in_the_log(program):
    """The same without ctypes: where a compiled library is loaded, it may have printed."""
    pytest.importorskip("yaml._yaml")
    program.run(
        """
        import ctypes, yaml._yaml
        ctypes.CDLL(None).printf(b"buffered in C")
        del sys.modules["ctypes"]
        """
    )
    assert program.out == "buffered in C"


def test_what_was_printed_before_the_start_is_not_in_the_log(program):
    """Text that is in a buffer when the capture starts goes where it went, and not to the log."""
    result = program.run(
        """
        import sys
        from scitex_tee import capture
        sys.stdout.write("before ")
        with capture("logs/stdout.log"):
            print("during")
        """,
        captured=False,
    )
    assert result.stdout == b"before during\n"
    assert program.out == "during\n"


def test_logging_warnings_and_the_like_are_in_the_log(program):
    """Handlers made before and after the start, warnings and unraisable errors are logged."""
    program.run(
        """
        import logging, sys, warnings
        from scitex_tee import capture
        early = logging.StreamHandler()
        logging.getLogger().addHandler(early)
        with capture("logs/stdout.log", "logs/stderr.log"):
            logging.warning("early handler")
            logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
            logging.getLogger().removeHandler(early)
            logging.warning("late handler")
            warnings.warn("a warning")
            class Bad:
                def __del__(self):
                    raise ValueError("unraisable")
            del (bad := [Bad()])[0]
        logging.warning("after")
        """,
        captured=False,
    )
    assert program.out == "late handler\n"
    assert "early handler" in program.err
    assert "a warning" in program.err
    assert "ValueError: unraisable" in program.err
    assert "after" not in program.out + program.err


def test_redirections_by_the_user_are_respected(program):
    """`redirect_stdout`, a replaced `sys.stdout` and `os.dup2` by the user work as always."""
    result = program.run(
        """
        import contextlib, io
        with contextlib.redirect_stdout(io.StringIO()) as text:
            print("into a string")
        print("outside", repr(text.getvalue()))
        mine, sys.stdout = sys.stdout, open("mine.txt", "w")
        print("into my file")
        sys.stdout.close()
        sys.stdout = mine
        sys.stdout.flush()
        saved = os.dup(1)
        os.dup2(os.open("mine.txt", os.O_WRONLY | os.O_APPEND), 1)
        print("into my file, by dup2", flush=True)
        os.dup2(saved, 1)
        print("back")
        """
    )
    text = "outside 'into a string\\n'\nback\n"
    assert (result.stdout.decode(), program.out) == (text, text)
    mine = (program.directory / "mine.txt").read_text(encoding="utf-8")
    assert mine == "into my file\ninto my file, by dup2\n"


def test_streams_stay_real_text_streams(program):
    """`sys.stdout` keeps its type, encoding, descriptor and buffer, and its mode afterwards."""
    result = program.run(
        """
        import io, sys
        from scitex_tee import capture
        def state():
            s = sys.stdout
            known = (s.fileno(), s.encoding, s.errors, s.isatty(), s.name)
            return known, type(s), type(s.buffer), id(s)
        before = state(), sys.stdout.line_buffering
        with capture("logs/stdout.log", "logs/stderr.log"):
            assert sys.stdout.line_buffering
            during = state()
        assert during == before[0]
        assert (state(), sys.stdout.line_buffering) == before
        sys.stdout.buffer.write(b"fine")
        """,
        captured=False,
    )
    assert (result.stdout, result.stderr) == (b"fine", b"")


def test_no_line_waits_in_a_buffer(program):
    """A line that was printed without flushing is in the log within 0.2 seconds or so."""
    with program.start("print('a line'); time.sleep(60)") as process:
        program.eventually(
            lambda: (program.directory / "logs/stdout.log").exists() and "a line\n" in program.out
        )
        process.kill()


def _descriptors() -> dict[str, str]:
    links = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            links[fd] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
    return links


def test_no_descriptor_is_left_and_the_originals_are_back(tmp_path):
    """Fifty captures leave the table of descriptors as it was."""
    with capture(tmp_path / "o.log", tmp_path / "e.log"):
        pass
    before = _descriptors()
    for _ in range(50):
        with capture(tmp_path / "o.log", tmp_path / "e.log"):
            pass
    assert _descriptors() == before


def test_wrong_order_is_refused_and_repetition_is_harmless(tmp_path):
    """`stop` before `start` and `start` after `stop` are refused; twice the same is nothing."""
    one = Capture(tmp_path / "o.log")
    with pytest.raises(RuntimeError, match=r"call start\(\) before stop\(\)"):
        one.stop()
    one.start()
    one.start()
    assert one.running
    assert active()
    one.stop()
    one.stop()
    assert not one.running
    assert not active()
    assert one.incomplete is None
    with pytest.raises(RuntimeError, match="make a new Capture"):
        one.start()


def test_captures_nest_and_end_inside_out(tmp_path):
    """The inner capture's output is in both logs; ending the outer one first is refused."""
    outer, inner = Capture(tmp_path / "outer.log"), Capture(tmp_path / "inner.log")
    outer.start()
    os.write(1, b"outer\n")
    inner.start()
    os.write(1, b"both\n")
    with pytest.raises(RuntimeError, match="it was started inside this capture"):
        outer.stop()
    inner.stop()
    os.write(1, b"outer again\n")
    outer.stop()
    assert (tmp_path / "inner.log").read_text(encoding="utf-8") == "both\n"
    assert (tmp_path / "outer.log").read_text(encoding="utf-8") == "outer\nboth\nouter again\n"


def test_misuse_is_refused_with_a_sentence(tmp_path):
    """Nothing to capture, and a command given as text, are refused."""
    with pytest.raises(ValueError, match="give a file for stdout"):
        Capture()
    with pytest.raises(TypeError, match="list of program and arguments"):
        Capture(tmp_path / "o.log", if_killed="rm -rf /")


def test_a_log_that_cannot_be_made_leaves_everything_as_it_was(tmp_path):
    """A directory with the name of a log is an error at the start, and nothing is captured."""
    (tmp_path / "o.log").mkdir()
    before = _descriptors()
    with pytest.raises(IsADirectoryError):
        Capture(tmp_path / "o.log", tmp_path / "e.log").start()
    assert _descriptors() == before
    assert not active()


def test_one_stream_alone_and_both_in_one_file(program):
    """A stream without a log is left alone; one file may take both streams."""
    program.run(
        """
        import sys
        from scitex_tee import capture
        with capture(stderr="logs/only.log"):
            print("out"); print("err", file=sys.stderr)
        with capture("logs/both.log", "logs/both.log"):
            print("out", flush=True)
            import time; time.sleep(0.2)
            print("err", file=sys.stderr)
        """,
        captured=False,
    )
    logs = program.directory / "logs"
    assert (logs / "only.log").read_text(encoding="utf-8") == "err\n"
    assert (logs / "both.log").read_text(encoding="utf-8") == "out\nerr\n"


def test_append_continues_a_log(program):
    """With `append` an earlier log is continued, raw bytes too; without, both begin anew."""
    code = """
        import sys
        from scitex_tee import capture
        with capture("logs/stdout.log", append={append}):
            print("plain"); print("1%\\r2%")
    """
    for append, times in ((False, 1), (True, 2), (False, 1)):
        program.run(code.format(append=append), captured=False)
        assert program.out == "plain\n2%\n" * times
        assert _raw(program) == b"plain\n1%\r2%\n" * times
    program.run(
        "from scitex_tee import capture\nwith capture('logs/stdout.log'): print('x')",
        captured=False,
    )
    assert not list((program.directory / "logs").glob("*.raw*"))


def _raw(program) -> bytes:
    import gzip

    return gzip.decompress((program.directory / "logs/stdout.raw.gz").read_bytes())


def test_raw_bytes_are_kept_only_where_cleaning_took_something(program):
    """Beside a log that cleaning changed lie the raw bytes, unless that is turned off."""
    program.run("print('plain'); print('\\x1b[1mbold\\x1b[0m', file=sys.stderr)")
    assert sorted(os.listdir(program.directory / "logs")) == [
        "stderr.log",
        "stderr.raw.gz",
        "stdout.log",
    ]
    program.run(
        """
        from scitex_tee import capture
        with capture("off/stdout.log", raw=False): print("1%\\r2%")
        """,
        captured=False,
    )
    assert os.listdir(program.directory / "off") == ["stdout.log"]


def test_large_raw_files_are_compressed_after_the_end(program):
    """Megabytes of raw bytes do not delay the end, and are compressed soon after, byte for byte."""
    result = program.run("for i in range(100000): print(f'\\r{i} of many', end='')")
    assert program.out == "99999 of many"
    program.eventually(lambda: not list((program.directory / "logs").glob("*.raw")))
    assert _raw(program) == result.stdout


def test_logs_can_be_moved_while_they_are_written(program):
    """Renaming the directory during the capture or right after it loses nothing."""
    result = program.run(
        """
        print("1%\\r2%")
        os.rename("logs", "moved")
        print("after the move")
        """
    )
    assert result.returncode == 0
    moved = program.directory / "moved"
    assert (moved / "stdout.log").read_text(encoding="utf-8") == "2%\nafter the move\n"
    assert (moved / "stdout.raw.gz").exists()
    assert not (program.directory / "logs").exists()


@pytest.mark.parametrize("closed", ["0", "1", "2", "0,1", "1,2", "0,1,2"])
def test_closed_descriptors_at_the_start(program, closed):
    """With standard streams closed the rest is captured, and they are closed again afterwards."""
    code = f"""
        import os, sys
        for fd in ({closed},):
            os.close(fd)
        from scitex_tee import capture
        with capture("logs/stdout.log", "logs/stderr.log"):
            os.write(1, b"out\\n")
            os.write(2, b"err\\n")
            os.system("echo child")
        for fd in ({closed},):
            try:
                os.fstat(fd)
            except OSError:
                continue
            os._exit(9)
        os._exit(0)
    """
    assert program.run(code, captured=False).returncode == 0
    assert program.out == "out\nchild\n"
    assert program.err == "err\n"


def test_streams_that_python_left_out(program):
    """A Python started with closed descriptors has no `sys.stdout`, and none afterwards."""
    command = program.write("assert sys.stdout is None; os.write(1, b'still\\n')")
    line = f"exec {command[0]} {command[1]} >&- 2>&-"
    assert subprocess.run(line, shell=True, cwd=program.directory, check=False).returncode == 0
    assert program.out == "still\n"


def test_the_keeper_holds_nothing_of_the_user(program):
    """The log keeper is in no directory of the user, holds no file of hers, and says what it is."""
    code = """
        os.mkdir("work"); os.chdir("work")
        mine = os.open("mine", os.O_CREAT | os.O_RDWR)
        os.set_inheritable(mine, True)
        os.dup2(mine, 50)  # above all that the keeper is given
        from scitex_tee import capture
        with capture("../o.log"):
            time.sleep(60)
    """
    with program.start(
        "import os, time\n" + code.replace("\n        ", "\n"), captured=False
    ) as process:
        pids = program.eventually(lambda: len(found := program.keepers(process.pid)) == 2 and found)
        for pid in pids:
            program.eventually(lambda pid=pid: os.readlink(f"/proc/{pid}/cwd") == "/")
            links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            assert not any(link.endswith(("/work", "/mine")) for link in links)
            assert Path(f"/proc/{pid}/comm").read_text(encoding="utf-8") == "scitex-tee\n"
        process.kill()


def test_the_keeper_is_no_child_of_the_script(program):
    """A script that waits for all its children, or ends them all, does not meet the log keeper."""
    result = program.run(
        """
        try:
            os.wait()
        except ChildProcessError:
            print("no children")
        """
    )
    assert result.stdout == b"no children\n"


def test_sigchld_may_be_ignored(program):
    """A script that ignores SIGCHLD is captured as any other."""
    result = program.run(
        """
        import signal
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        from scitex_tee import capture
        with capture("logs/stdout.log"):
            print("fine")
        """,
        captured=False,
    )
    assert (result.stdout, program.out) == (b"fine\n", "fine\n")


def test_a_reader_that_stops_reading_is_noticed_as_ever(program):
    """With ``| head -1`` an endless printer ends by a broken pipe, as without capture."""
    command = program.write("while True: print('y' * 100)", captured=True)
    line = f"{sys.executable} {command[1]} | head -1"
    result = subprocess.run(
        line, shell=True, cwd=program.directory, capture_output=True, timeout=60, check=False
    )
    assert result.stdout == b"y" * 100 + b"\n"
    assert b"BrokenPipeError" in result.stderr
    assert program.out.startswith("y" * 100 + "\n")


@pytest.mark.parametrize(("pause", "lines"), [(1, 300_000), (4, 50_000)])
def test_a_slow_reader_slows_the_script_but_not_its_end(program, pause, lines):
    """A reader that pauses holds up the script as a pipe does; nothing is lost."""
    command = program.write(f"for i in range({lines}): print(i)")
    line = f"{sys.executable} {command[1]} | (sleep {pause}; cat)"
    result = subprocess.run(
        line, shell=True, cwd=program.directory, capture_output=True, timeout=60, check=False
    )
    wanted = "".join(f"{i}\n" for i in range(lines))
    assert result.stdout.decode() == wanted
    assert program.out == wanted


def test_files_get_the_same_bytes_at_the_same_place(program):
    """A file that both streams append to is continued, as the shell's ``>> file 2>&1`` wants it."""
    target = program.directory / "all.txt"
    target.write_bytes(b"before\n")
    with target.open("ab") as file:
        program.run(
            "print('out'); time.sleep(0.3); print('err', file=sys.stderr)", stdout=file, stderr=file
        )
        file.write(b"after\n")
    assert target.read_bytes() == b"before\nout\nerr\nafter\n"


def test_c_code_may_write_a_megabyte_while_it_holds_the_lock(program):
    """Four megabytes written by C code that holds the interpreter's lock do not block."""
    result = program.run(
        """
        import ctypes
        data = b"0123456789abcde\\n" * (1 << 18)
        libc = ctypes.PyDLL(None)
        assert libc.write(1, data, len(data)) == len(data)
        """
    )
    assert result.stdout == b"0123456789abcde\n" * (1 << 18)
    assert program.out.encode() == result.stdout
