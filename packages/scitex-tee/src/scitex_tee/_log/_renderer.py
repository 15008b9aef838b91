"""Bytes written for a terminal, turned into text for reading, as they come."""

from __future__ import annotations

from codecs import utf_8_decode

from ._screen import COLUMNS, ROW_LIMIT, WINDOW, Screen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from typing import TypeAlias

    Edit: TypeAlias = tuple[int, bytes]

_CONTROLS = tuple(c for c in (*range(32), 127) if c not in b"\t\n")
_CACHED = 1 << 14  # bytes that stay in the processor's cache while they are searched 30 times
_ENOUGH = 2048  # a plain chunk of this size is worth leaving the slow path for
_PIECE = (
    r"([^\x00-\x08\x0a-\x1f\x7f-\x9f]+)"  # text
    r"|\x1b\[([0-?]{0,64})([ -/]{0,4})([@-~])"  # control sequence
    r"|\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)"  # window titles, links
    r"|\x1b[PX^_][^\x1b]{0,4096}\x1b\\"  # strings for devices
    r"|\x1b([ -/]{0,4})([0-~])"  # the other escape sequences
    r"|(.)"
)
_BEGUN = (
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,4}|\][^\x07\x1b]{0,4096}\x1b?"
    r"|[PX^_][^\x1b]{0,4096}\x1b?|[ -/]{0,4})?\Z"
)
_SOURCES = (_PIECE, _BEGUN, r"\x1b\[[0-9;:]{0,64}m", r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_patterns: list[re.Pattern[str]] = []


def _compile() -> list[re.Pattern[str]]:
    """Compile the patterns at first need: importing `re` takes a third of a keeper's start-up."""
    if not _patterns:
        import re

        _patterns.extend(re.compile(pattern, re.DOTALL) for pattern in _SOURCES)
    return _patterns


def _is_plain(data: bytes) -> bool:
    """Whether `data` is text without control characters, but perhaps not UTF-8."""
    for start in range(0, len(data), _CACHED):
        part = data[start : start + _CACHED]
        for control in _CONTROLS:
            if control in part:
                return False
    if data.isascii() or b"\xc2" not in data:
        return True
    return _compile()[3].search(data.decode("latin-1").replace("\xc2", "")) is None or not any(
        b"\xc2" + bytes((c,)) in data for c in range(0x80, 0xA0)
    )


class Renderer:
    r"""Turn what a program writes for a terminal into the text that the terminal ends up showing.

    Escape sequences are gone; carriage returns, backspaces, cursor movements and erasures have had
    their effect on the last 60 rows; bytes that are not UTF-8 stand as ``\xNN``. The result depends
    on the bytes alone, not on how they were cut into chunks.

    Each method returns an edit: how many bytes to take back from the end of the text so far, and
    what to write there.

    Parameters
    ----------
    columns
        The right edge that cursor movements stop at.
    """

    __slots__ = (
        "_bytes", "_columns", "_gone", "_recent", "_screen", "_shown", "_text",
        "lossy", "unsettled",
    )  # fmt: skip

    def __init__(self, columns: int = COLUMNS) -> None:
        self._columns = columns
        self._bytes = b""  # the beginning of a character
        self._text = ""  # the beginning of an escape sequence
        self._recent = b""  # the rows that a cursor movement can reach, while they are plain text
        self._screen: Screen | None = None  # the same rows, once something moved
        self._shown: list[bytes] = []  # the screen's rows as they stand in the text so far
        self._gone: list[str] = []  # rows that left the screen and are not yet in the text
        self.lossy = False  # whether some of the input cannot be reconstructed from the text
        self.unsettled = False  # whether rows are held back because they are being redrawn

    def feed(self, data: bytes) -> Edit:
        """Take the next bytes.

        Parameters
        ----------
        data
            Any number of bytes, cut anywhere.

        Returns
        -------
        tuple of int and bytes
            How many bytes to take back, and what to write instead.
        """
        if not (self._bytes or self._text) and _is_plain(data) and (plain := self._plain(data)):
            return plain
        text = self._decode(self._bytes + data, final=False)
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if "\x1b" in text and (cut := _compile()[1].search(text, max(0, len(text) - 4200))):
            text, self._text = text[: cut.start()], cut.group()
        elif text.endswith("\r"):
            text, self._text = text[:-1], "\r"
        return self._feed_text(text)

    def settle(self, *, shrink: bool = False) -> Edit:
        """Show rows that are being redrawn as they are now.

        Parameters
        ----------
        shrink
            Whether the text may become shorter, which followers like ``tail -f`` do not like.
        """
        return self._emit(everything=True, shrink=shrink)

    def finish(self) -> Edit:
        """Show everything, also an incomplete character or sequence at the end."""
        text = self._decode(self._bytes, final=True)
        if text.startswith("\x1b"):
            self.lossy, text = True, ""  # a sequence that never ended
        self._run(text)
        return self._emit(everything=True, shrink=True)

    @property
    def held(self) -> bytes:
        """What was fed and has had no effect yet."""
        return self._text.encode("utf-8", "surrogatepass") + self._bytes

    # -- the fast path: plain text -------------------------------------------------------

    def _plain(self, data: bytes) -> Edit | None:
        """Pass plain text on as it is; None when it is not valid, or not at the end."""
        if not data.isascii():
            try:
                used = utf_8_decode(data, "strict", False)[1]
            except UnicodeDecodeError:
                return None
            data, self._bytes = data[:used], data[used:]
        return self._append(data)

    def _append(self, data: bytes) -> Edit | None:
        back, before = 0, b""
        if (screen := self._screen) is not None:
            if not screen.at_end or len(data) < _ENOUGH:
                self._run(data.decode("utf-8"))
                return self._emit()
            back, before = self._emit(everything=True, shrink=True)
            self._recent = b"".join(self._shown)
            self._screen, self._shown, self.unsettled = None, [], False
        self._remember(data)
        return back, before + data

    def _remember(self, data: bytes) -> None:
        """Keep the last rows, which a cursor movement could still reach."""
        recent = data if len(data) > ROW_LIMIT else self._recent + data
        if len(recent) > ROW_LIMIT:
            cut = len(recent)
            for _ in range(WINDOW):
                cut = recent.rfind(b"\n", 0, cut)
                if cut < 0:
                    recent = recent if recent is not data else self._recent + data
                    break
            recent = recent[cut + 1 :]
            if len(recent) > ROW_LIMIT // 8:  # a row may be too long to be kept whole
                screen = Screen(self._columns)
                _write(screen, recent.decode("utf-8"))
                recent = "".join(screen.lines()).encode("utf-8")
        self._recent = recent

    # -- the slow path: a screen ---------------------------------------------------------

    def _decode(self, data: bytes, *, final: bool) -> str:
        try:
            text, used = utf_8_decode(data, "strict", final)
        except UnicodeDecodeError:
            self.lossy = True
            text, used = utf_8_decode(data, "backslashreplace", final)
        self._bytes = data[used:]
        text, self._text = self._text + text, ""
        return text

    def _feed_text(self, text: str) -> Edit:
        if "\x1b" in text:
            plain = _compile()[2].sub("", text)
            if _compile()[3].search(plain) is None:
                self.lossy = True
                if (edit := self._append(plain.encode("utf-8"))) is not None:
                    return edit
        elif self._screen is None and _compile()[3].search(text) is None:
            return self._append(text.encode("utf-8")) or (0, b"")
        self._run(text)
        return self._emit()

    def _run(self, text: str) -> None:
        """Write `text` to the screen, control codes included."""
        screen = self._screen
        if screen is None:
            if not text:
                return
            screen = self._screen = Screen(self._columns)
            _write(screen, self._recent.decode("utf-8"))
            screen.leaving.clear()
            self._recent = b""
            self._shown = [line.encode("utf-8") for line in screen.lines()]
        if _compile()[3].search(text) is None:
            _write(screen, text)
        else:
            self.lossy = True
            _interpret(screen, text)
        self._gone += screen.leaving
        screen.leaving.clear()

    def _emit(self, *, everything: bool = False, shrink: bool = False) -> Edit:
        """Compare the screen with what the text so far shows of it."""
        screen = self._screen
        if screen is None:
            return 0, b""
        lines = [line.encode("utf-8") for line in (*self._gone, *screen.lines())]
        hold = len(lines)
        if screen.moving is not None and screen.is_main and not everything:
            hold = len(self._gone) + screen.moving
        target = lines if hold == len(lines) else lines[:hold] + self._shown[hold:]
        same = 0
        for old, new in zip(self._shown, target, strict=False):
            if old != new:
                break
            same += 1
        back = sum(map(len, self._shown[same:]))
        data = b"".join(target[same:])
        self.unsettled = target != lines
        if len(data) < back and not shrink:
            self.unsettled = True
            return 0, b""
        self._shown = target[len(self._gone) :]
        self._gone = []
        return back, data

    # -- state for a standby -------------------------------------------------------------

    def state(self) -> tuple[object, ...]:
        """Return the whole state as builtins, for `from_state`."""
        screen = self._screen and self._screen.state()
        return (
            self._columns, self._bytes, self._text, self._recent, screen, self._shown, self._gone,
            self.lossy, self.unsettled,
        )  # fmt: skip

    @classmethod
    def from_state(cls, state: tuple[object, ...]) -> Renderer:
        """Make a renderer that continues from a `state`."""
        self = cls()
        names = (
            "_columns", "_bytes", "_text", "_recent", "_screen", "_shown", "_gone",
            "lossy", "unsettled",
        )  # fmt: skip
        for name, value in zip(names, state, strict=True):
            if name == "_screen" and isinstance(value, tuple):
                value = Screen.from_state(value)  # noqa: PLW2901 - the one that is not a builtin
            setattr(self, name, value)
        return self


def _write(screen: Screen, text: str) -> None:
    """Write text whose only control characters are tabs and line feeds."""
    first, *others = text.split("\n")
    screen.put(first)
    for line in others:
        screen.line_feed()
        screen.put(line)


def _interpret(screen: Screen, text: str) -> None:
    """Write text with any control characters and escape sequences."""
    for token in _compile()[0].finditer(text):
        plain, parameters, between, final, escape_between, escape, control = token.groups()
        if plain is not None:
            screen.put(plain)
        elif control is not None:
            if control in "\n\x85":
                screen.line_feed()
            elif control == "\r":
                screen.carriage_return()
            elif control == "\b":
                screen.backspace()
            elif control in "\v\f\x84":
                screen.line_feed(to_start=False)
        elif final is not None and not between:
            screen.sequence(parameters, final)
        elif escape is not None and not escape_between:
            screen.escape(escape)


def clean_log(data: bytes | str) -> str:
    r"""Return what a terminal would have ended up showing, as plain text.

    Parameters
    ----------
    data
        What a program wrote for a terminal, for example the content of a ``*.raw`` file.

    Returns
    -------
    str
        Text without escape sequences, in which a progress bar stands in its last state.

    Examples
    --------
    >>> clean_log(b"\x1b[1mtrain\x1b[0m\n 10%\r 50%\r100%\ndone\n")
    'train\n100%\ndone\n'
    """
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)
    renderer = Renderer()
    text = bytearray()
    steps = (raw[i : i + ROW_LIMIT] for i in range(0, len(raw), ROW_LIMIT))
    for back, new in (*map(renderer.feed, steps), renderer.finish()):
        del text[len(text) - back :]
        text += new
    return text.decode("utf-8", "backslashreplace")
