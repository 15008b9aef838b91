"""What cannot be done is refused in one clear line, before anything is written."""

import re
from pathlib import Path

import numpy as np
import pytest

from scitex_io import (
    UnfitObjectError,
    UnknownEndingError,
    UnreadableFileError,
    load,
    save,
)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("x.cvs", r"unknown ending \.cvs, did you mean \.csv\? endings: .*\.json"),
        ("x.xyz", r"unknown ending \.xyz; endings: "),
        ("x", "has no ending"),
        (".csv", "has no ending"),
        ("x.png.gz", r"unknown ending \.png\.gz"),
        ("x.csv ", r"unknown ending \.csv , did you mean \.csv"),
    ],
)
def test_unknown_endings(path, words, names):
    """An ending without a format is a ValueError that lists the endings there are."""
    with pytest.raises(UnknownEndingError, match=words):
        save("x", f"new/{path}")
    assert issubclass(UnknownEndingError, ValueError)
    assert names() == []


@pytest.mark.parametrize(
    ("obj", "path", "words"),
    [
        ({"a": [1, {2}]}, "x.json", r"\['a'\]\[1\] is a set"),
        ({"a": b"x"}, "x.json", r"\['a'\] is a bytes"),
        ([1j], "x.json", r"\[0\] is a complex"),
        ({(1, 2): 3}, "x.json", r"key \(1, 2\)"),
        ({1: "a", "1": "b"}, "x.json", "two keys that would both be written as '1'"),
        ("\ud800", "x.json", "surrogate"),
        ("\ud800", "x.txt", "surrogate"),
        ([["\ud800"]], "x.csv", "surrogate"),
        (3, "x.txt", r"str\(obj\)"),
        ({"a": 1}, "x.npy", r"\.json or \.pkl"),
        ("text", "x.npy", r"\.json or \.pkl"),
        ([[1, 2], [3]], "x.npy", "inhomogeneous"),
        (np.ma.masked_array([1, 2], [True, False]), "x.npy", "mask would be lost"),
        ({1: np.ones(2)}, "x.npz", "named by text"),
        ({"a": [1, 2], "b": [1]}, "x.csv", r"differ in length: \{'a': 2, 'b': 1\}"),
        ({"a": [1], "b": 2}, "x.csv", "'b' is a single value"),
        ([{"a": [1]}], "x.csv", "row 0 holds a list"),
        ([[1, 2], [3]], "x.csv", "row 1 does not have 2 cells"),
        (np.zeros((2, 2, 2)), "x.csv", r"has 3; save it as \.npy"),
        (np.zeros(2, complex), "x.csv", "not complex"),
        ("text", "x.csv", "a list of dicts"),
        (3, "x.csv", "a list of dicts"),
        ({}, "x.png", "matplotlib figure"),
        (np.zeros((2, 2)), "x.svg", r"\.png"),
        (lambda: None, "x.pkl", "pickle|local object"),
    ],
)
def test_objects_that_do_not_fit(obj, path, words, names):
    """The error is a TypeError and a ValueError, and names what would work."""
    with pytest.raises(UnfitObjectError, match=words) as caught:
        save(obj, f"new/{path}")
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)
    assert path[1:] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert names() == []


def test_what_contains_itself():
    """A nest without an end is refused by the place where it closes; depth has a limit."""
    loop = {"a": []}
    loop["a"].append(loop)
    with pytest.raises(UnfitObjectError, match=r"at \['a'\]\[0\] contains itself"):
        save(loop, "x.json")
    deep = []
    for _ in range(2000):
        deep = [deep]
    with pytest.raises(UnfitObjectError, match="nested too deep"):
        save(deep, "x.json")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("x.json", r"'idnent'; it takes allow_nan, ensure_ascii, indent, sort_keys"),
        ("x.npz", "'idnent'; it takes allow_pickle, compress"),
        ("x.txt", "'idnent'; it takes none"),
        ("x.csv", "'idnent'"),
    ],
)
def test_unknown_options(path, words, names):
    """An option that the format does not have is refused, not ignored."""
    obj = "x" if path == "x.txt" else [1]
    with pytest.raises(TypeError, match=words):
        save(obj, path, idnent=2)
    assert names() == []


def test_unknown_options_of_load():
    """The same when loading."""
    save("x", "x.txt")
    with pytest.raises(TypeError, match=r"'encodign'; it takes encoding"):
        load("x.txt", encodign="latin-1")
    save([[1]], "x.csv")
    with pytest.raises(TypeError, match="kind must be one of"):
        load("x.csv", kind="tabel")


@pytest.mark.parametrize("path", [3, None, b"x.txt"])
def test_paths_that_are_none(path):
    """What is no path of text is a TypeError."""
    with pytest.raises(TypeError, match="needs a path"):
        save("x", path)
    with pytest.raises(TypeError, match="needs a path"):
        load(path)


def test_empty_paths():
    """An empty path is a ValueError."""
    with pytest.raises(ValueError, match="empty"):
        save("x", "")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("x.json", b"{broken"),
        ("x.json", b"\xff\xff"),
        ("x.npy", b"no array"),
        ("x.npz", b"no archive"),
        ("x.pkl", b"\x80\x05"),
        ("x.json.gz", b"not packed"),
        ("x.csv", b"a,b\n1\n"),
        ("x.txt", b"\xff"),
    ],
)
def test_broken_files(tmp_path, path, content):
    """A file that is not what its ending says is named, and the library's words are kept."""
    (tmp_path / path).write_bytes(content)
    options = {"kind": "rows"} if path == "x.csv" else {}
    with pytest.raises(
        UnreadableFileError, match=rf"cannot read .*{path} as {path[1:]}: .+"
    ) as caught:
        load(path, **options)
    assert isinstance(caught.value, ValueError)
    assert caught.value.__cause__ is not None


def test_pictures_for_paper_are_not_read():
    """PDF can be written but not read, and the error says so."""
    with open("x.pdf", "wb") as file:
        file.write(b"%PDF-1.4")
    with pytest.raises(UnknownEndingError, match=r"x\.pdf: \.pdf can be saved but not loaded"):
        load("x.pdf")


def test_every_ending_is_documented():
    """The endings that an error lists are those of the documentation, of which none is missing."""
    with pytest.raises(UnknownEndingError) as caught:
        save("x", "x.xyz")
    endings = set(str(caught.value).partition("endings: ")[2].split())
    page = Path(__file__).parents[2].joinpath("docs", "files.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `.")]
    documented = {ending for row in rows for ending in re.findall(r"`(\.\w+)`", row)}
    assert {ending.removesuffix(".gz") for ending in endings} == documented
    listed = save.__doc__.partition("Endings: ")[2].partition("\n\n")[0]
    assert {f".{word}" for word in re.findall(r"\b[a-z][a-z0-9]+\b", listed)} >= documented
