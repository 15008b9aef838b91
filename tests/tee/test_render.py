"""Text from terminal output."""

from __future__ import annotations

import io
import random  # noqa: TC003 - hypothesis looks at annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitex_tee import Tee, clean_log
from scitex_tee._log._renderer import Renderer

PIECES = [
    b"a", b"hello", b"\n", b"\n\n", b"\r", b"\r\n", b"\b", b"\t", b"\x1b", b"[", b"]", b"A", b"2",
    b"K", b"J", b"H", b"m", b";", b"\x07", b"\xff", b"\xe6", b"\x97", b"\xa5", "日本".encode(),
    "é".encode(), "e\u0301".encode(), b"\xc2\x9b", b"\x00", b"\x0c", b"\x1b[3A", b"\x1b[K",
    b"\x1b[2K", b"\x1b[2J", b"\x1b[H", b"\x1b[31m", b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b7",
    b"\x1b8", b"\x1b[2P", b"\x1b[2@", b"\x1b[5C", b"\x1b]0;title\x07", b"\x1bPq\x1b\\", b"\x1b[L",
    b"\x1b[M", b"\x1b[1J", b"\x1b[1K", b"\x1b[X", b"\x1b[20;5H", b"x" * 3000,
]  # fmt: skip


class Text:
    """What the edits of a renderer add up to."""

    def __init__(self):
        self.data = bytearray()

    def apply(self, edit):
        back, new = edit
        assert 0 <= back <= len(self.data)
        del self.data[len(self.data) - back :]
        self.data += new

    def __str__(self):
        return self.data.decode("utf-8")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain\n", "plain\n"),
        (b"no line end", "no line end"),
        (b"", ""),
        (b" 10%\r 50%\r100%\ndone\n", "100%\ndone\n"),
        (b"windows\r\nlines\r\n", "windows\nlines\n"),
        (b"abc\b\bX\n", "aXc\n"),
        (b"\x1b[1;31mred\x1b[0m and \x1b[38;5;208morange\x1b[m\n", "red and orange\n"),
        (b"long text\r\x1b[Kshort\n", "short\n"),
        (b"one\ntwo\nthree\n\x1b[2A\x1b[2KTWO\n", "one\nTWO\nthree\n"),
        (b"\x1b]0;a title\x07text\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", "textlink\n"),
        (b"col\x1b[10Gten\n", "col      ten\n"),
        (b"tab\tis kept\n", "tab\tis kept\n"),
        (b"a\tb\rX\n", "X\tb\n"),
        (b"\tb\rX\n", "X       b\n"),
        (b"bell\x07 nul\x00 del\x7f\n", "bell nul del\n"),
        ("日本語\r日x\n".encode(), "日x 語\n"),
        (b"not \xff\xfe text\n", "not \\xff\\xfe text\n"),
        (b"cut \xe6\x97", "cut \\xe6\\x97"),
        (b"before\x1b[?1049hfull screen\n\n\x1b[?1049lafter\n", "beforeafter\n"),
        (b"kept\n\x1b[2J\x1b[Hpage one\x1b[2J\x1b[Hpage two\n", "kept\npage two\n"),
        (b"\x1b[s0%\x1b[u50%\x1b[u99%\n", "99%\n"),
        (b"unfinished \x1b[3", "unfinished "),
    ],
)
def test_a_terminal_recording_becomes_text(raw, text):
    """Each control code has its effect on the text and leaves no trace."""
    assert clean_log(raw) == text


def test_text_may_be_given_as_str():
    """A recording that was read as text is taken as well."""
    assert clean_log("é 1%\ré 2%\n") == "é 2%\n"


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400), st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)
    ),
    st.randoms(use_true_random=False),
)
def test_chunks_do_not_matter(raw, chance: random.Random):
    """However bytes arrive, at rest or in motion, handed over or not, the log is the same."""
    renderer, text = Renderer(), Text()
    position = 0
    while position < len(raw):
        step = chance.choice([1, 1, 2, 3, 10, 100, 5000])
        text.apply(renderer.feed(raw[position : position + step]))
        position += step
        if chance.random() < 0.1:
            text.apply(renderer.settle(shrink=chance.random() < 0.5))
        if chance.random() < 0.1:
            renderer = Renderer.from_state(renderer.state())
    text.apply(renderer.finish())
    assert str(text) == clean_log(raw)
    assert not any(c in str(text) for c in "\x1b\r\b\x00\x07")


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\t"), max_size=300)
)
def test_text_is_left_alone(text):
    """Text without control codes comes out as it went in."""
    assert clean_log(text) == text


def logged(directory, raw: bytes, size: int) -> bytes:
    """What the log of a stream has after so many bytes were written at a time."""
    with Tee(io.TextIOWrapper(io.BytesIO()), directory / "x.log") as tee:
        for start in range(0, len(raw), size):
            tee.buffer.write(raw[start : start + size])
    return (directory / "x.log").read_bytes()


def test_long_output_in_any_chunks_is_the_same(tmp_path):
    """Rows that scroll out, rows of a megabyte and colours: chunks of any size give one result."""
    rows = [f"row {i} {'x' * (i % 50)}\n".encode() for i in range(3000)]
    rows[500] = b"y" * 1_000_000 + b"\n"
    rows[700] = "ü".encode() * 200_000 + b"\r\x1b[3Aup\n"
    rows[1500] = b"\x1b[32mgreen\x1b[0m\n"
    rows[2500] = b"\x1b[40A\rchanged\x1b[40B\n"
    raw = b"".join(rows)
    texts = {logged(tmp_path, raw, size) for size in (700, 4096, 65536, len(raw))}
    assert len(texts) == 1
    assert b"changed" in texts.pop()


def test_a_line_without_end_does_not_fill_the_memory():
    """Ten megabytes without a line feed leave at most a screenful of state."""
    renderer, text = Renderer(), Text()
    for _ in range(160):
        text.apply(renderer.feed(b"z" * 65536))
    assert len(repr(renderer.state())) < 400_000
    text.apply(renderer.finish())
    assert text.data == b"z" * 65536 * 160


def test_what_is_being_redrawn_is_held_back():
    """A moving progress bar is not written at each step; a line that is finished is, at once."""
    renderer, text = Renderer(), Text()
    text.apply(renderer.feed(b"start\n 10%"))
    assert str(text) == "start\n 10%"
    text.apply(renderer.feed(b"\r 20%"))
    text.apply(renderer.feed(b"\r 30%"))
    assert str(text) == "start\n 10%"
    assert renderer.unsettled
    text.apply(renderer.settle())
    assert str(text) == "start\n 30%"
    text.apply(renderer.feed(b"\r100%\nnext"))
    assert str(text) == "start\n100%\nnext"


def test_only_what_cleaning_changed_is_kept_raw(tmp_path):
    """Plain text and line ends of Windows need no raw bytes beside them; anything else does."""
    plain = [b"a\nb\n", b"a\r\nb\n", "ü".encode()]
    changed = [b"\x1b[1mx", b"a\rb", b"\xff", b"\x07"]
    for raw, lossy in [*((p, False) for p in plain), *((c, True) for c in changed)]:
        logged(tmp_path, raw, len(raw))
        assert (tmp_path / "x.raw.gz").exists() is lossy, raw


def _screen(raw: bytes, columns: int) -> str:
    pyte = pytest.importorskip("pyte")
    screen = pyte.HistoryScreen(columns, 50, history=10000, ratio=1)
    stream = pyte.ByteStream(screen)
    stream.feed(raw.replace(b"\n", b"\r\n"))
    top = ["".join(line[x].data for x in range(columns)) for line in screen.history.top]
    return "\n".join(line.rstrip() for line in [*top, *screen.display]).rstrip()


def _ours(raw: bytes) -> str:
    return "\n".join(line.rstrip() for line in clean_log(raw).split("\n")).rstrip()


def test_tqdm_reads_as_on_the_screen():
    """Bars of tqdm, nested and with messages between, end up as a terminal shows them."""
    tqdm = pytest.importorskip("tqdm")
    import io

    out = io.StringIO()
    out.isatty = lambda: True
    for epoch in tqdm.trange(3, desc="epoch", file=out, ncols=70, mininterval=0, ascii=False):
        for step in tqdm.trange(
            4, desc="step", file=out, ncols=70, mininterval=0, leave=epoch == 2
        ):
            if step == 2:
                tqdm.tqdm.write(f"message {epoch}", file=out)
    raw = out.getvalue().encode()
    assert _ours(raw) == _screen(raw, 100)


def test_rich_reads_as_on_the_screen():
    """A live progress display of rich ends up as a terminal shows it."""
    pytest.importorskip("rich")
    from rich.console import Console
    from rich.progress import Progress

    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system="truecolor")
    with Progress(console=console, auto_refresh=False) as progress:
        tasks = [progress.add_task(f"task {i}", total=5) for i in range(3)]
        for step in range(5):
            for task in tasks:
                progress.advance(task)
            if step == 2:
                progress.console.print("[bold]half[/bold] of it 日本")
            progress.refresh()
    raw = out.getvalue().encode()
    assert _ours(raw) == _screen(raw, 80)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"abc", b"defgh", b"\n", b"\r", b"\b", b"\x1b[A", b"\x1b[2A", b"\x1b[C", b"\x1b[2D",
             b"\x1b[K", b"\x1b[1K", b"\x1b[2K", b"\x1b[J", b"\x1b[4G", b"\x1b[1P", b"\x1b[2@",
             b"\x1b[3X", "é".encode()]
        ),
        max_size=30,
    ).map(b"".join)
)  # fmt: skip
def test_movements_read_as_on_the_screen(raw):
    """Any mixture of movements and erasures gives the text that a terminal shows."""
    raw = b"line\n" * 60 + raw  # a real terminal, too, is filled to its last row
    assert _ours(raw) == _screen(raw, 300)
