"""Text streams where there are no descriptors to capture."""

from __future__ import annotations

import gzip
import io
import sys

import pytest

from scitex_tee import Capture, Tee, capture


def test_a_tee_is_a_whole_text_stream(tmp_path):
    """It has what text streams have, and what only the stream underneath has."""
    with (tmp_path / "screen").open("w", encoding="latin-1", errors="replace") as screen:
        tee = Tee(screen, tmp_path / "x.log")
        assert isinstance(tee, io.TextIOBase)
        assert tee.write("é\n") == 2
        tee.writelines(["a\n", "b\n"])
        tee.buffer.write(b"bytes\n")
        print("printed", file=tee, flush=True)
        assert (tee.encoding, tee.errors, tee.closed) == ("latin-1", "replace", False)
        assert tee.fileno() == screen.fileno()
        assert not tee.isatty()
        assert tee.writable()
        assert not tee.readable()
        assert not tee.seekable()
        assert tee.line_buffering == screen.line_buffering
        tee.reconfigure(line_buffering=True)
        assert screen.line_buffering
        assert tee.name == screen.name
        assert tee.stream is screen
        with pytest.raises(io.UnsupportedOperation):
            tee.read()
        with pytest.raises(TypeError, match="must be str, not bytes"):
            tee.write(b"bytes")
        with pytest.raises(AttributeError):
            tee.no_such_thing  # noqa: B018 - reading it is the test
        tee.close()
        tee.write("after\n")
    text = (tmp_path / "screen").read_text(encoding="latin-1")
    assert sorted(text.split()) == ["a", "after", "b", "bytes", "printed", "é"]
    assert (tmp_path / "x.log").read_text(encoding="utf-8") == "é\na\nb\nbytes\nprinted\n"


def test_a_tee_cleans_its_log_and_keeps_raw_bytes(tmp_path):
    """A progress bar leaves its last state in the log, and its bytes beside it."""
    screen = io.StringIO()
    with Tee(screen, tmp_path / "x.log") as tee:
        print("start", file=tee)
        for i in range(5):
            print(f"\r{i}", end="", file=tee)
    assert screen.getvalue() == "start\n\r0\r1\r2\r3\r4"
    assert (tmp_path / "x.log").read_text(encoding="utf-8") == "start\n4"
    assert gzip.decompress((tmp_path / "x.raw.gz").read_bytes()).decode() == screen.getvalue()


def test_a_replaced_stdout_is_captured_besides_the_descriptors(tmp_path, monkeypatch):
    """Where `sys.stdout` is no descriptor, as in a notebook, it is logged and gets its text."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stdout", screen)
    with capture(tmp_path / "o.log"):
        assert sys.stdout is not screen
        sys.stdout.write("to the notebook\n")
        sys.stdout.flush()
    assert sys.stdout is screen
    assert screen.getvalue() == "to the notebook\n"
    assert (tmp_path / "o.log").read_text(encoding="utf-8") == "to the notebook\n"


def test_without_descriptors_the_streams_are_captured(tmp_path, monkeypatch):
    """The way of Windows, and without an interpreter to start: both streams are logged, cleaned."""
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "executable", "")
    one = Capture(tmp_path / "o.log", tmp_path / "e.log")
    one.start()
    sys.stdout.write("1%\r2%\n")
    sys.stderr.write("error\n")
    one.stop()
    assert (sys.stdout, sys.stderr, one.incomplete) == (out, err, None)
    assert (out.getvalue(), err.getvalue()) == ("1%\r2%\n", "error\n")
    assert (tmp_path / "o.log").read_text(encoding="utf-8") == "2%\n"
    assert (tmp_path / "e.log").read_text(encoding="utf-8") == "error\n"
    assert gzip.decompress((tmp_path / "o.raw.gz").read_bytes()) == b"1%\r2%\n"
    with Capture(tmp_path / "o.log", append=True, raw=False):
        sys.stdout.write("more\n")
    assert (tmp_path / "o.log").read_text(encoding="utf-8") == "2%\nmore\n"
    with Capture(tmp_path / "o.log", tmp_path / "o.log"):
        sys.stdout.write("anew\n")
        sys.stderr.write("both\n")
    assert (tmp_path / "o.log").read_text(encoding="utf-8") == "anew\nboth\n"
    assert not (tmp_path / "o.raw.gz").exists()
