"""``import scitex as stx``, in every spelling that scripts use."""

import importlib
import inspect
import subprocess
import sys
import types

import pytest

import scitex as stx
import scitex_io
import scitex_repro
import scitex_session


def run(program, cwd):
    """Run a program in a directory; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, capture_output=True, encoding="utf-8", check=False
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


@pytest.mark.parametrize(
    "program",
    [
        "import scitex as stx; print(stx.session.start is scitex_session.start)",
        "from scitex import session; print(session.start is scitex_session.start)",
        "import scitex.session; print(scitex.session.start is scitex_session.start)",
        "import scitex.session as s; print(s.start is scitex_session.start)",
        "from scitex.session import start; print(start is scitex_session.start)",
        "from scitex.session import SessionManager as M; print(M is scitex_session.SessionManager)",
        "from scitex.session import *; print(close is scitex_session.close)",
        "import scitex as stx; print(stx.INJECTED is scitex_session.INJECTED)",
        "from scitex import INJECTED; print(INJECTED is scitex_session.INJECTED)",
        "from scitex import *; print(io is __import__('scitex_io') and callable(session))",
        "import scitex.io; print(scitex.io.save is __import__('scitex_io').save)",
        "from scitex.io import load; print(load is __import__('scitex_io').load)",
        "from scitex.repro import fix_seeds as f; print(f is __import__('scitex_repro').fix_seeds)",
        "from scitex.plt import plot; import matplotlib.pyplot as p; print(plot is p.plot)",
        "import scitex.plt as plt; import matplotlib.pyplot as p; print(plt.figure is p.figure)",
    ],
)
def test_every_spelling_leads_to_the_same_object(program, tmp_path):
    """Whichever way a name is imported, it is the object of the package below."""
    assert run(f"import scitex_session; {program}", tmp_path) == "True\n"


def test_session_is_a_namespace_with_all_names():
    """stx.session is a module that has every public name of scitex_session, and can be called."""
    assert isinstance(stx.session, types.ModuleType)
    assert callable(stx.session)
    for name in scitex_session.__all__:
        assert getattr(stx.session, name) is getattr(scitex_session, name)
        assert name in dir(stx.session)
    with pytest.raises(AttributeError, match=r"'scitex\.session' has no attribute 'strat'"):
        stx.session.strat  # noqa: B018 - the reading is the point
    assert not hasattr(stx.session, "__path__")


def test_the_call_has_the_decorators_arguments():
    """What @stx.session takes is what @scitex_session.session takes, with the same defaults."""
    ours = inspect.signature(stx.session).parameters.values()
    theirs = inspect.signature(scitex_session.session).parameters.values()
    assert [(p.name, p.kind, p.default) for p in ours] == [
        (p.name, p.kind, p.default) for p in theirs
    ]


SCRIPT = """
{imports}

@{decorator}
def main(count=2, CONFIG={injected}):
    \"\"\"Count.\"\"\"
    print(count, CONFIG.ID != "")
    return 0

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("imports", "decorator", "injected"),
    [
        ("import scitex as stx", "stx.session", "stx.INJECTED"),
        ("import scitex as stx", "stx.session(verbose=False, sdir_suffix='v2')", "stx.INJECTED"),
        ("from scitex import session, INJECTED", "session", "INJECTED"),
        ("from scitex import session, INJECTED", "session()", "INJECTED"),
        ("import scitex.session", "scitex.session", "scitex.INJECTED"),
        ("from scitex.session import session, INJECTED", "session(seed=7)", "INJECTED"),
    ],
)
def test_the_decorator_works_in_every_spelling(tmp_path, monkeypatch, imports, decorator, injected):
    """A script decorated by any spelling runs as a session with its command line."""
    monkeypatch.setenv("SCITEX_STATE_DIR", str(tmp_path / ".state"))
    script = tmp_path / "script.py"
    text = SCRIPT.format(imports=imports, decorator=decorator, injected=injected)
    script.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), "--count", "5"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.stdout, done.returncode) == ("5 True\n", 0), done.stderr
    assert len(list((tmp_path / "script_out" / "FINISHED_SUCCESS").iterdir())) == 1


def test_the_decorated_function_keeps_its_signature():
    """A function decorated through the umbrella can be called plainly, with its own name."""

    @stx.session
    def double(value: int) -> int:
        """Double it."""
        return 2 * value

    assert double(4) == 8
    assert double.__name__ == "double"
    assert list(inspect.signature(double).parameters) == ["value"]


def test_importing_it_costs_nothing(tmp_path):
    """Import scitex loads itself alone; naming its rooms loads no numpy and no matplotlib."""
    program = (
        "import sys; before = set(sys.modules); import scitex as stx;"
        "print(sorted(set(sys.modules) - before));"
        "stx.session; stx.INJECTED; stx.io; stx.repro; stx.plt;"
        "print([m for m in ('numpy', 'matplotlib', 'yaml', 'tyro', 'rich') if m in sys.modules])"
    )
    assert run(program, tmp_path) == "['scitex']\n[]\n"


def test_plt_is_pyplot_in_the_style(tmp_path):
    """stx.plt draws in the project's style, and a session's style is stx.plt's style, too."""
    program = (
        "import scitex as stx; from scitex_plt_style import lazy_pyplot\n"
        "print(stx.plt.rcParams['axes.spines.top'], stx.plt.rcParams['savefig.dpi'])\n"
        "lazy_pyplot(line_width=3.0, agg=True); print(stx.plt.rcParams['lines.linewidth'])\n"
    )
    assert run(program, tmp_path) == "False 300.0\n3.0\n"


def test_rooms_are_the_packages_themselves():
    """stx.io and stx.repro are scitex_io and scitex_repro, not copies of their names."""
    assert stx.io is scitex_io
    assert stx.repro is scitex_repro
    assert importlib.import_module("scitex.io") is scitex_io


def test_public_names():
    """`__all__` is sorted and exported, the version is the one of all, nothing else is there."""
    assert sorted(stx.__all__) == stx.__all__ == ["INJECTED", "io", "plt", "repro", "session"]
    for name in stx.__all__:
        assert getattr(stx, name) is not None
        assert name in dir(stx)
    assert stx.__version__ == scitex_session.__version__
    with pytest.raises(AttributeError, match="module 'scitex' has no attribute 'sesion'"):
        stx.sesion  # noqa: B018 - the reading is the point
