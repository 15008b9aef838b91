"""Every argument of `start`, `close` and `run` has its name, its default and its effect."""

import inspect

import pytest

import scitex_session

PUBLISHED = {
    "start": {
        "sys": None, "plt": None, "file": None, "sdir": None, "sdir_suffix": None, "args": None,
        "os": None, "random": None, "np": None, "torch": None, "seed": 42, "agg": False,
        "fig_size_mm": (160, 100), "fig_scale": 1.0, "dpi_display": 100, "dpi_save": 300,
        "fontsize": "small", "autolayout": False, "show_execution_flow": False,
        "hide_top_right_spines": True, "alpha": 0.9, "line_width": 1.0, "clear_logs": False,
        "verbose": True,
    },
    "close": {
        "CONFIG": inspect.Parameter.empty, "message": ":)", "notify": False, "verbose": True,
        "exit_status": None,
    },
    "run": {"func": inspect.Parameter.empty, "parse_args": None},
    "running2finished": {
        "CONFIG": inspect.Parameter.empty, "exit_status": None, "remove_src_dir": True,
        "max_wait": 60,
    },
    "session": {"func": None, "verbose": False, "agg": True, "notify": False, "sdir_suffix": None},
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_names_orders_and_defaults_are_those_that_were_published(name):
    """Scripts call these by position and by name; what came later is named only, and optional."""
    found = inspect.signature(getattr(scitex_session, name)).parameters
    given = list(found.items())
    published = PUBLISHED[name]
    assert [key for key, _ in given[: len(published)]] == list(published)
    assert {key: found[key].default for key in published} == published
    for _, parameter in given[len(published) :]:
        named = parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert named or parameter.kind is inspect.Parameter.VAR_KEYWORD
        if named:
            assert parameter.default is not inspect.Parameter.empty


@pytest.fixture
def started(lab):
    """Run a script between `start` and `close`; return what it printed and what it left."""

    def run(arguments, body, head=""):
        lab.write(
            f"import sys\nfrom scitex_session import close, start\n{head}\n"
            f"CONFIG, out, err, plt, COLORS, rng = start({arguments})\n{body}\n"
            "close(CONFIG, exit_status=0, verbose=False)\n"
        )
        done = lab.run()
        assert done.returncode == 0, done.stderr
        return done

    return run


FIGURE = """
fig, ax = plt.subplots()
ax.plot([0, 1])
print([round(float(inches) * 25.4) for inches in fig.get_size_inches()])
print(fig.dpi, plt.rcParams["savefig.dpi"], plt.rcParams["font.size"])
print(plt.rcParams["figure.autolayout"], ax.spines["top"].get_visible())
print(ax.lines[0].get_linewidth())
colour = ax.lines[0].get_color()
print(round(colour[3], 2) if isinstance(colour, tuple) else int(colour[7:] or "ff", 16) / 255)
"""


@pytest.mark.parametrize("handed_over", ["", "plt=plt, "], ids=["lazy", "handed over"])
def test_each_plotting_argument_reaches_the_figure(started, handed_over):
    """Size and scale, resolutions, font, layout, spines, width and opacity of the lines."""
    pytest.importorskip("matplotlib")
    done = started(
        f"{handed_over}agg=True, fig_size_mm=(80, 60), fig_scale=1.5, dpi_display=50, "
        "dpi_save=150, fontsize=7, autolayout=True, hide_top_right_spines=False, alpha=0.4, "
        "line_width=3.0, verbose=False",
        FIGURE,
        head="import matplotlib.pyplot as plt" if handed_over else "",
    )
    size, resolutions, layout, width, opacity = done.stdout.splitlines()
    assert size == "[120, 90]"
    assert resolutions == "50.0 150.0 7.0"
    assert layout == "True True"
    assert width == "3.0"
    assert float(opacity) == pytest.approx(0.4, abs=0.01)


def test_the_defaults_of_a_figure(started):
    """A figure of 160 by 100 mm without its top and right spines, saved at 300 dpi."""
    pytest.importorskip("matplotlib")
    size, resolutions, layout, width, opacity = started(
        "agg=True, verbose=False", FIGURE
    ).stdout.splitlines()
    assert size == "[160, 100]"
    assert resolutions.startswith("100.0 300.0 ")
    assert layout == "False False"
    assert width == "1.0"
    assert float(opacity) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("handed_over", ["", "plt=plt, "], ids=["lazy", "handed over"])
@pytest.mark.parametrize(("agg", "backend"), [(True, "agg"), (False, "svg")])
def test_agg_draws_without_a_display(started, lab, handed_over, agg, backend):
    """Whatever backend was chosen before; without it that one stays."""
    pytest.importorskip("matplotlib")
    lab.env["MPLBACKEND"] = "svg"
    head = "import matplotlib.pyplot as plt" if handed_over else ""
    body = "plt.figure()\nprint(plt.get_backend().lower())"
    assert started(f"{handed_over}agg={agg}, verbose=False", body, head).stdout == f"{backend}\n"


def test_file_names_the_script(started, lab, look):
    """The output stands beside it, and CONFIG names it."""
    (lab.path / "other").mkdir()
    started("file='other/analysis.py', verbose=False", "")
    run = lab.only("FINISHED_SUCCESS", base="other/analysis_out")
    assert look.config(run)["FILE"] == str(lab.path / "other" / "analysis.py")


@pytest.mark.parametrize("kind", ["str", "Path"])
def test_sdir_is_a_text_or_a_path(started, lab, look, kind):
    """Either names the run directory itself."""
    started(f"sdir={kind}('mine'), verbose=False", "", head="from pathlib import Path")
    assert look.config(lab.path / "mine")["EXIT_STATUS"] == 0


def test_sdir_suffix_follows_the_id(started, lab, look):
    """As with the decorator."""
    started("sdir_suffix='v2', verbose=False", "")
    run = lab.only("FINISHED_SUCCESS")
    assert run.name == look.config(run)["ID"] + "-v2"


DRAW = (
    "import os, random, subprocess\n"
    "import numpy as np\n"
    "print(random.random(), np.random.random(), rng('a').random(), CONFIG.SEED)\n"
    "code = 'print(hash(\"a\"))'\n"
    "print(subprocess.run([sys.executable, '-c', code], stdout=-1, check=True).stdout)"
)


@pytest.mark.parametrize(
    "modules", ["", "os=os, random=random, np=np, "], ids=["by itself", "handed over"]
)
def test_the_seed_reaches_every_generator(started, modules):
    """The modules' own, named streams, and the order of sets in children; another seed, others."""
    head = "import os, random\nimport numpy as np\nrandom.seed(1); np.random.seed(1)"
    first, again, other = (
        started(f"{modules}seed={seed}, verbose=False", DRAW, head).stdout.split()
        for seed in (7, 7, 8)
    )
    assert first == again
    assert first[3] == "7"
    assert all(one != another for one, another in zip(first, other, strict=True))


def test_a_library_that_is_imported_later_is_seeded_then(started):
    """At the moment of its import, as if it had been there from the beginning."""
    draw = "import numpy as np\nprint(np.random.random())"
    early = started("seed=7, verbose=False", draw, head="import numpy").stdout
    assert started("seed=7, verbose=False", draw).stdout == early


def test_torch_is_seeded_where_it_is_handed_over(started):
    """A module under the name of torch gets the seed by its own function."""
    head = (
        "import types\n"
        "torch = types.ModuleType('torch')\n"
        "torch.manual_seed = lambda seed: print('seeded with', seed)\n"
        "torch.cuda = types.SimpleNamespace(is_available=lambda: False,\n"
        "    manual_seed_all=lambda seed: None)\n"
    )
    assert "seeded with 7" in started("torch=torch, seed=7, verbose=False", "", head).stdout


def test_start_returns_the_six_things_in_their_order(started):
    """CONFIG, both streams, pyplot, the colours and the manager of random streams."""
    body = (
        "print(out is sys.stdout, err is sys.stderr, plt.__name__, COLORS.blue[0],\n"
        "      type(rng).__name__, type(CONFIG).__name__)"
    )
    said = started("sys, verbose=False", body).stdout
    assert said == "True True matplotlib.pyplot # RandomStateManager DotDict\n"


def test_verbose_is_a_header_and_a_summary(lab):
    """On standard error, and only where it is asked for."""
    lab.write(
        "import sys\nfrom scitex_session import close, start\n"
        "verbose = sys.argv[1] == 'yes'\n"
        "CONFIG, *_ = start(sys, args={'n': 3}, verbose=verbose)\n"
        "close(CONFIG, exit_status=0, verbose=verbose)\n"
    )
    silent, told = lab.run("no"), lab.run("yes")
    assert (silent.stdout, silent.stderr) == ("", "")
    assert told.stdout == ""
    header, *_, summary = told.stderr.splitlines()
    assert "script_out" in told.stderr
    assert "n=3" in told.stderr
    assert summary.startswith("SUCCESS 00:00:0")
    assert header != summary


def test_run_takes_the_options_of_start_and_returns_the_result(lab, look):
    """By name, as the decorator does."""
    lab.write(
        "from scitex_session import run\n"
        "def main(n=2):\n    return [n]\n"
        "print(run(main, sdir_suffix='v3', seed=5))\n"
    )
    assert lab.run("--n", "4").stdout == "[4]\n"
    run = lab.only("FINISHED_SUCCESS")
    assert run.name.endswith("-v3")
    assert look.config(run)["SEED"] == 5
