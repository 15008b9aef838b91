"""The pyplot that imports matplotlib when it is used."""

import inspect
import types

from scitex_plt_style import lazy_pyplot

START = "import sys; from scitex_plt_style import COLORS, configure_mpl, lazy_pyplot\n"


def test_it_is_pyplot_once_used(python):
    """Nothing is imported before the first use; then figures and state are the real ones."""
    program = START + (
        "plt = lazy_pyplot(fig_size_mm=(80, 60), agg=True)\n"
        "assert 'matplotlib' not in sys.modules\n"
        "fig, ax = plt.subplots()\n"
        "import matplotlib.pyplot as real\n"
        "assert real.gcf() is fig and plt.rcParams is real.rcParams\n"
        "assert plt.plot is real.plot and 'plot' in dir(plt) and plt.__file__ == real.__file__\n"
        "print([round(float(i * 25.4)) for i in plt.rcParams['figure.figsize']])\n"
        "print(plt.get_backend())\n"
    )
    assert python(program) == "[80, 60]\nagg\n"


def test_it_is_a_module():
    """Inspect and isinstance take it for the module whose name it has."""
    plt = lazy_pyplot()
    assert isinstance(plt, types.ModuleType)
    assert inspect.ismodule(plt)
    assert plt.__name__ == "matplotlib.pyplot"
    assert repr(plt) == "<module 'matplotlib.pyplot' in the style of scitex_plt_style>"
    assert plt is lazy_pyplot()


def test_setting_and_deleting_reach_pyplot(python):
    """What is set on it is set on pyplot, and goes when deleted."""
    program = START + (
        "plt = lazy_pyplot(agg=True); plt.mine = 7\n"
        "import matplotlib.pyplot as real\n"
        "assert real.mine == 7; del plt.mine; print(hasattr(real, 'mine'))\n"
        "print(hasattr(plt, 'subplts'))\n"
    )
    assert python(program) == "False\nFalse\n"


def test_agg_wins_over_the_environment(python):
    """Agg takes the place of a backend that MPLBACKEND names, before that one is loaded."""
    program = START + (
        "plt = lazy_pyplot(agg=True); plt.figure(); print(plt.get_backend().lower())\n"
        "print(any('backend_svg' in name for name in sys.modules))\n"
    )
    assert python(program, MPLBACKEND="svg") == "agg\nFalse\n"


def test_agg_replaces_a_loaded_backend(python):
    """Agg takes the place of a backend in use; without agg the backend stays the user's."""
    program = START + (
        "import matplotlib.pyplot as plt; plt.figure(); print(plt.get_backend().lower())\n"
        "configure_mpl(plt); print(plt.get_backend().lower())\n"
        "configure_mpl(plt, agg=True); print(plt.get_backend().lower())\n"
    )
    assert python(program, MPLBACKEND="svg") == "svg\nsvg\nagg\n"


def test_configuring_the_lazy_one_imports_nothing(python):
    """configure_mpl takes the lazy pyplot, keeps it lazy, and the options count when it is used."""
    program = START + (
        "plt, colors = configure_mpl(lazy_pyplot(agg=True), agg=True, line_width=3)\n"
        "assert colors is COLORS and 'matplotlib' not in sys.modules\n"
        "print(plt.rcParams['lines.linewidth'])\n"
    )
    assert python(program) == "3.0\n"


def test_the_style_asked_for_last_counts(python):
    """There is one style: a later request wins, wherever it comes from; no options ask for none."""
    program = START + (
        "first = lazy_pyplot(agg=True, line_width=2); second = lazy_pyplot()\n"
        "print(second.rcParams['lines.linewidth'])\n"
        "lazy_pyplot(line_width=4)\n"
        "import matplotlib; print(matplotlib.rcParams['lines.linewidth'])\n"
        "lazy_pyplot(); print(first.rcParams['lines.linewidth'])\n"
    )
    assert python(program) == "2.0\n4.0\n4.0\n"


def test_a_loaded_matplotlib_is_styled_at_once(python):
    """A script that imported pyplot itself has the style from the moment it is asked for."""
    program = START + (
        "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt\n"
        "lazy_pyplot(line_width=2); print(plt.rcParams['lines.linewidth'])\n"
    )
    assert python(program) == "2.0\n"


def test_what_the_script_sets_before_the_first_use_stays(python):
    """RcParams that a script changes between the request and the first use are not overwritten."""
    program = START + (
        "plt = lazy_pyplot(agg=True, line_width=2)\n"
        "import matplotlib; matplotlib.rcParams['font.size'] = 20\n"
        "print(plt.rcParams['font.size'], plt.rcParams['lines.linewidth'])\n"
    )
    assert python(program) == "20.0 2.0\n"


def test_from_imports_work(python):
    """Put among the modules under a name, it serves `import` and `from ... import`."""
    program = START + (
        "sys.modules['figures'] = lazy_pyplot(agg=True)\n"
        "import figures; assert 'matplotlib' not in sys.modules\n"
        "from figures import subplots; import matplotlib.pyplot as plt\n"
        "print(subplots is plt.subplots)\n"
    )
    assert python(program) == "True\n"


def test_threads_see_it_ready(python):
    """However many threads use it first, each sees a pyplot that has its style."""
    program = START + (
        "import threading\n"
        "plt = lazy_pyplot(agg=True, line_width=5); seen = []; gate = threading.Barrier(8)\n"
        "def use():\n"
        "    gate.wait(); seen.append(plt.rcParams['lines.linewidth'])\n"
        "threads = [threading.Thread(target=use) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(set(seen), len(seen))\n"
    )
    assert python(program) == "{5.0} 8\n"


def test_a_worker_process_gets_it_lazy_and_styled(python):
    """Pickled to another process it is the lazy pyplot there, with the same style."""
    program = START + (
        "import pickle, subprocess\n"
        "data = pickle.dumps(lazy_pyplot(agg=True, line_width=6))\n"
        "code = ('import pickle, sys; plt = pickle.loads(sys.stdin.buffer.read());'\n"
        '        \'print("matplotlib" in sys.modules, plt.rcParams["lines.linewidth"])\')\n'
        "done = subprocess.run([sys.executable, '-c', code], input=data, capture_output=True)\n"
        "print(done.stdout)\n"
    )
    assert python(program) == "b'False 6.0\\n'\n"
