import sys

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")


def outputs(tmp_path, *cells):
    """Run cells in a real kernel and return what each printed."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    client = nbclient.NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    return [
        "".join(output.get("text", "") for output in cell.outputs if output.get("name") == "stdout")
        for cell in notebook.cells
    ]


@pytest.fixture(autouse=True)
def _this_python(tmp_path, monkeypatch):
    """Let `python3` name this interpreter, whatever kernels the machine knows."""
    kernel = tmp_path / ".kernels" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = f'["{sys.executable}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
    (kernel / "kernel.json").write_text(
        f'{{"argv": {argv}, "display_name": "x", "language": "python"}}', encoding="utf-8"
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / ".kernels"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

DECORATED = """\
from scitex_session import INJECTED, session
@session
def main(n=3, CONFIG=INJECTED):
    print("n", n)
    return n
"""


def test_start_and_close(tmp_path):
    """What a cell prints is on the page and in the log."""
    _, _, third = outputs(
        tmp_path,
        "import sys\nfrom scitex_session import start, close\n"
        "CONFIG, sys.stdout, sys.stderr, plt, CC, rng = start(sys, verbose=False)",
        "print('from a cell', rng.random(2).shape)\nclose(CONFIG, exit_status=0, verbose=False)",
        "print(CONFIG.SDIR_RUN.parent.name)\n"
        "print((CONFIG.SDIR_RUN / 'logs' / 'stdout.log').read_text(encoding='utf-8'), end='')",
    )
    assert third == "FINISHED_SUCCESS\nfrom a cell (2,)\n"
    assert [p.name for p in tmp_path.glob("*_out")] == ["session_out"]


def test_a_call_without_arguments_runs_with_the_defaults(tmp_path):
    """The kernel's own command line is not the script's, and a status is only returned."""
    _, ran, after = outputs(tmp_path, DECORATED, "print(main())", "print('alive')")
    assert (ran, after) == ("n 3\n3\n", "alive\n")
    assert len(list((tmp_path / "session_out" / "FINISHED_ERROR").iterdir())) == 1


def test_a_call_with_arguments_is_plain(tmp_path):
    """No directory."""
    _, ran = outputs(tmp_path, DECORATED, "print(main(5))")
    assert ran == "n 5\n5\n"
    assert not (tmp_path / "session_out").exists()


def test_a_notebook_of_a_known_name(tmp_path):
    """The output stands beside it, under its name."""
    notebook = tmp_path / "analysis.ipynb"
    notebook.write_text("{}", encoding="utf-8")
    outputs(tmp_path, f"__vsc_ipynb_file__ = {str(notebook)!r}\n{DECORATED}", "main()")
    assert (tmp_path / "analysis_out" / "FINISHED_ERROR").is_dir()
