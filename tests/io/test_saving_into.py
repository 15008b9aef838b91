"""Where saved files land and loaded ones are found."""

import os
import sys
import threading
import warnings
from pathlib import Path

import pytest

from scitex_io import load, save, saving_into


def test_without_a_context_the_working_directory_counts(tmp_path):
    """A relative path is relative to where the process is, and its parents are made."""
    assert save("x", "a/b/x.txt") == tmp_path / "a" / "b" / "x.txt"
    assert load("a/b/x.txt") == "x"


def test_relative_paths_land_in_the_active_directory(tmp_path):
    """In a context they land there; absolute paths and ~ go where they say."""
    with saving_into("run"):
        assert save("1", "sub/x.txt") == tmp_path / "run" / "sub" / "x.txt"
        assert save("2", tmp_path / "x.txt") == tmp_path / "x.txt"
    assert save("3", "y.txt") == tmp_path / "y.txt"


def test_the_home_directory(tmp_path, monkeypatch):
    """~ is the home directory in both directions, even in a context."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with saving_into("run"):
        assert save("x", "~/x.txt") == tmp_path / "home" / "x.txt"
    assert load("~/x.txt") == "x"


def test_the_active_directory_is_settled_on_entering(tmp_path, monkeypatch):
    """Changing the working directory afterwards does not move it."""
    (tmp_path / "elsewhere").mkdir()
    with saving_into("run"):
        monkeypatch.chdir("elsewhere")
        assert save("x", "x.txt") == tmp_path / "run" / "x.txt"


def test_nothing_leaves_the_active_directory_by_dots(tmp_path, names):
    """`..` out of it is refused with the way out; within it and without a context it is fine."""
    with saving_into("run"):
        with pytest.raises(ValueError, match=r"leads out of .*run.*absolute path"):
            save("x", "../x.txt")
        with pytest.raises(ValueError, match="leads out"):
            save("x", "a/../../x.txt")
        with pytest.raises(ValueError, match="leads out"):
            save("x", "../run2/x.txt")  # whose path begins with that of the run
        assert names() == []
        assert save("x", "a/../x.txt") == tmp_path / "run" / "x.txt"
    (tmp_path / "sub").mkdir()
    os.chdir("sub")
    assert save("x", "../y.txt") == tmp_path / "y.txt"


def test_dots_behind_a_link_are_those_of_its_target(tmp_path):
    """`link/..` is the parent of the target, as for every other program."""
    (tmp_path / "deep" / "target").mkdir(parents=True)
    (tmp_path / "link").symlink_to("deep/target")
    assert save("x", "link/../x.txt") == tmp_path / "deep" / "x.txt"


def test_contexts_nest_and_restore(tmp_path):
    """The innermost counts, and after it the outer one again, after an exception too."""

    def interrupted():
        with saving_into("inner"):
            assert save("x", "x.txt").parent == tmp_path / "inner"
            raise KeyError

    with saving_into("outer"):
        with pytest.raises(KeyError):
            interrupted()
        assert save("x", "x.txt").parent == tmp_path / "outer"


def test_one_context_can_be_entered_again(tmp_path):
    """A context object may be used twice, also within itself."""
    context = saving_into("run")
    with context:
        with context:
            assert save("x", "x.txt").parent == tmp_path / "run"
        assert save("x", "x.txt").parent == tmp_path / "run"
    assert save("x", "x.txt").parent == tmp_path


def test_contexts_that_overlap_without_nesting(tmp_path):
    """Leaving the outer one first takes away that one and not the inner."""
    first, second = saving_into("first"), saving_into("second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert save("x", "x.txt").parent == tmp_path / "second"
    second.__exit__(None, None, None)
    assert save("x", "x.txt").parent == tmp_path


def test_all_threads_share_the_context(tmp_path):
    """A context entered in one thread holds in the others."""
    saved = []
    with saving_into("run"):
        threads = [
            threading.Thread(target=lambda n=n: saved.append(save(str(n), f"{n}.txt")))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {path.parent for path in saved} == {tmp_path / "run"}
    assert sorted(load(path) for path in saved) == [str(n) for n in range(8)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_children_share_the_context(python, tmp_path):
    """A child made by fork saves where its parent would, even with threads about."""
    code = (
        "import os, threading, scitex_io as io\n"
        "io.save('x', 'first.txt')  # an import under way in another thread is never fit to fork\n"
        "with io.saving_into('run'):\n"
        "    stop = threading.Event()\n"
        "    def work():\n"
        "        while not stop.is_set():\n"
        "            with io.saving_into('other'): io.save('x', 'y.txt')\n"
        "    thread = threading.Thread(target=work); thread.start()\n"
        "    for n in range(20):\n"
        "        pid = os.fork()\n"
        "        if pid == 0:\n"
        "            io.save('x', f'{n}.txt'); os._exit(0)\n"
        "        os.waitpid(pid, 0)\n"
        "    stop.set(); thread.join()\n"
    )
    python(code, PYTHONWARNINGS="ignore")
    made = {path.name for path in tmp_path.rglob("*.txt")}
    assert {f"{n}.txt" for n in range(20)} <= made


def test_callbacks_hear_of_every_file(tmp_path):
    """`on_save` and `on_load` get absolute paths, after the file is there; outer contexts too."""
    heard = []
    with (
        saving_into("out", on_save=lambda path: heard.append(("outer", path))),
        saving_into(
            "in",
            on_save=lambda path: heard.append(("saved", path, Path(path).exists())),
            on_load=lambda path: heard.append(("loaded", path)),
        ),
    ):
        save("x", "x.txt")
        load("x.txt")
    path = str(tmp_path / "in" / "x.txt")
    assert heard == [("saved", path, True), ("outer", path), ("loaded", path)]


def test_a_callback_that_fails_loses_nothing():
    """The file is there, the caller goes on, and a warning tells of it."""

    def fail(_path):
        raise OSError("no space for notes")

    with saving_into("run", on_save=fail, on_load=fail):
        with pytest.warns(RuntimeWarning, match=r"x\.txt was saved, but on_save .*no space"):
            path = save("x", "x.txt")
        with pytest.warns(RuntimeWarning, match="was loaded, but on_load"):
            assert load(path) == "x"


def test_load_looks_as_given_and_then_in_the_active_directory(tmp_path):
    """A file of the working directory wins over one of the same name in the run."""
    with saving_into("run"):
        save("run", "x.txt")
        assert load("x.txt") == "run"
        save("here", tmp_path / "x.txt")
        assert load("x.txt") == "here"


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    """Both places are named, and files of similar names."""
    save("x", "results.txt")
    with saving_into("run"):
        with pytest.raises(FileNotFoundError) as caught:
            load("result.txt")
        said = str(caught.value)
        assert str(tmp_path / "result.txt") in said
        assert str(tmp_path / "run" / "result.txt") in said
        assert f"did you mean {tmp_path / 'results.txt'}?" in said
    with pytest.raises(FileNotFoundError, match=r"Results\.txt; did you mean .*results\.txt"):
        load("Results.txt")
    with pytest.raises(FileNotFoundError, match=r"no file .*nowhere.x\.txt$"):
        load("nowhere/x.txt")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"run_id": ""}, ValueError, "1 to 200"),
        ({"run_id": "a\nb"}, ValueError, "printable ASCII"),
        ({"run_id": "é"}, ValueError, "printable ASCII"),
        ({"run_id": 3}, TypeError, "str"),
        ({"on_save": 3}, TypeError, "on_save must be callable"),
    ],
)
def test_contexts_refuse_nonsense(options, error, words):
    """Wrong arguments are refused when the context is made."""
    with pytest.raises(error, match=words):
        saving_into("run", **options)


def test_a_file_is_no_directory():
    """`saving_into` a file is refused."""
    save("x", "x.txt")
    with pytest.raises(NotADirectoryError, match=r"x\.txt is not a directory"):
        saving_into("x.txt")


def test_odd_names(tmp_path):
    """Spaces, Unicode, several dots and capitals in the ending are no trouble."""
    for name in ("a b.txt", "größe.TXT", "v1.2.final.txt", ".hidden.txt", "-x.txt", "~x.txt"):
        assert save("x", name) == tmp_path / name
        assert load(name) == "x"


@pytest.mark.skipif(sys.platform == "win32", reason="paths are otherwise there")
def test_long_names():
    """A name of the greatest length that the file system takes can be saved."""
    name = "x" * 251 + ".txt"
    assert load(save("x", name)) == "x"
    with warnings.catch_warnings(), pytest.raises(OSError, match="too long"):
        save("x", "x" + name)
