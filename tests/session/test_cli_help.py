import pytest

from scitex_session import INJECTED

NUMPY = """
    Analyze experimental data.

    In more words.

    Parameters
    ----------
    data_path : str
        Where the data are.
    threshold : float, default 0.5
        What counts as a spike.
    CONFIG : DotDict
        Not an option.

    Returns
    -------
    int
        The status.
    """

GOOGLE = """Analyze experimental data.

    In more words.

    Args:
        data_path: Where the data are.
        threshold (float): What counts as a spike.

    Returns:
        The status.
    """

REST = """Analyze experimental data.

    In more words.

    :param data_path: Where the data are.
    :param float threshold: What counts as a spike.
    :returns: The status.
    """


@pytest.fixture
def help_of(called, capfd):
    """Return a function that gives the help of a function as a text without its frame."""

    def run(func, prog="script.py"):
        with pytest.raises(SystemExit) as caught:
            called(func, "--help", program=prog)
        assert caught.value.code == 0
        out, err = capfd.readouterr()
        assert err == ""
        return " ".join(out.replace("│", " ").split())

    return run


@pytest.mark.parametrize("docstring", [NUMPY, GOOGLE, REST], ids=["numpy", "google", "rest"])
def test_help_shows_docstring_defaults_and_lines(help_of, docstring):
    """Text, each option with its default and its line, in the three styles of docstrings."""

    def main(data_path="data.csv", threshold=0.5, plain=3, CONFIG=INJECTED): ...  # noqa: N803 - a name of ours

    main.__doc__ = docstring
    shown = help_of(main)
    for part in (
        "Analyze experimental data. In more words.",
        "--data-path STR Where the data are. (default: data.csv)",
        "--threshold FLOAT What counts as a spike. (default: 0.5)",
        "--plain INT (default: 3)",
        "--set NAMESPACE.KEY=VALUE Override one value of CONFIG for this run",
        "(repeatable)",
    ):
        assert part in shown
    assert "CONFIG : DotDict" not in shown
    assert "--CONFIG" not in shown
    assert "The status" not in shown


def test_help_without_a_docstring(help_of):
    """A function without a docstring has a help all the same; required ones say so."""

    def main(needed: int, flag: bool, on=True): ...

    shown = help_of(main, "my script")
    assert shown.startswith("usage: my script ")
    assert "--needed INT (required)" in shown
    assert "--flag, --no-flag (required)" in shown
    assert "--on, --no-on (default: True)" in shown


def test_short_help(called, capfd):
    """`-h` is the same."""

    def main(n=1): ...

    with pytest.raises(SystemExit) as caught:
        called(main, "-h")
    assert caught.value.code == 0
    assert "--n INT" in capfd.readouterr().out


def test_help_needs_no_required_options_and_no_configuration(lab):
    """Help is shown wherever the script is, whatever ./config holds, and leaves nothing behind."""
    lab.decorated('"""What it does."""', "needed: int, n=1")
    lab.config_file("a.yaml", "[")
    before = sorted(lab.path.rglob("*"))
    done = lab.run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: script.py" in done.stdout
    assert "What it does." in done.stdout
    assert sorted(lab.path.rglob("*")) == before
