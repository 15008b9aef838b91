"""What is said of the hash order, checked in processes started with one seed or another."""

import os
import subprocess
import sys

import pytest

from scitex_repro import fix_hash_seed, fix_seeds, hash_order

TOLD = "from scitex_repro import hash_order; print(hash_order())"


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
def test_a_fixed_order_is_recognised_with_its_seed(python, seed):
    """A process started with PYTHONHASHSEED knows it, by what its hashes are."""
    told = eval(python(TOLD, env={"PYTHONHASHSEED": str(seed)}))
    assert told == {"fixed": True, "seed": seed, "for_children": str(seed)}


def test_a_random_order_is_recognised(python):
    """Without PYTHONHASHSEED the order is random."""
    assert eval(python(TOLD)) == {"fixed": False, "seed": None, "for_children": None}


def test_a_variable_that_python_ignored_does_not_deceive(python):
    """With -E the variable is there and the order is random all the same; the truth is told."""
    code = f"import sys; sys.path[:0] = {sys.path!r}\n{TOLD}"
    told = eval(python(code, options=["-E"], env={"PYTHONHASHSEED": "0"}))
    assert told["fixed"] is False


def test_setting_the_variable_late_does_not_deceive(python):
    """A seed fixed in the running process is for the children, and not claimed for itself."""
    code = """
        from scitex_repro import fix_seeds
        print(fix_seeds(42).record()["hash_order"])
    """
    assert eval(python(code)) == {"fixed": False, "seed": None, "for_children": "42"}


def test_children_get_the_seed():
    """Processes started after fix_seeds hash alike."""
    os.environ.pop("PYTHONHASHSEED", None)
    fix_seeds(42)
    command = [sys.executable, "-c", "print(hash('a'))"]
    one, two = (subprocess.check_output(command) for _ in range(2))
    assert one == two
    assert os.environ["PYTHONHASHSEED"] == "42"
    fix_seeds(2**32 + 7)
    assert os.environ["PYTHONHASHSEED"] == "7"


def test_a_hash_seed_of_the_user_stays(python):
    """A process started with a hash seed hands that one on, not the manager's."""
    code = """
        import os
        from scitex_repro import fix_seeds
        fix_seeds(42)
        print(os.environ["PYTHONHASHSEED"])
    """
    assert python(code, env={"PYTHONHASHSEED": "5"}) == "5\n"
    assert python(code, env={"PYTHONHASHSEED": "random"}) == "42\n"


AGAIN = """
    import os, sys
    with open("starts", "a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\\n")
    from scitex_repro import fix_hash_seed, hash_order
    fix_hash_seed(42)
"""


def test_the_interpreter_is_started_once_more(python, tmp_path):
    """The second start is the same process, with the order fixed and the user's code run once."""
    code = AGAIN + "    print(hash_order()['seed'], sorted({'a', 'b', 'c'}, key=hash))\n"
    one, two = python(code), python(code)
    assert one == two
    assert one.startswith("42 ")
    first, second, third, fourth = (tmp_path / "starts").read_text(encoding="utf-8").split()
    assert first == second != third
    assert third == fourth


def test_argv_options_status_and_environment_survive(python):
    """Arguments, interpreter options, the working directory and the exit status are as before."""
    code = AGAIN + (
        "    print(sys.argv[1:], sys.flags.dont_write_bytecode, sys.warnoptions, os.getcwd())\n"
        "    print('SCITEX_REPRO_REEXECUTED' in os.environ)\n"
        "    sys.exit(7)\n"
    )
    printed = python(code, "a b", "--c=é", options=["-B", "-W", "error"], status=7)
    assert printed.startswith("['a b', '--c=é'] 1 ['error'] /")
    assert printed.endswith("False\n")


def test_descriptors_survive(python, tmp_path):
    """Stdin is still to be read, and a descriptor from the parent is still open."""
    code = AGAIN + (
        "    print(sys.stdin.read(), flush=True)\n"
        "    os.write(int(sys.argv[1]), b'kept')\n"
        "    print('to stderr', file=sys.stderr)\n"
    )
    with open(tmp_path / "kept", "wb") as file, open(tmp_path / "in", "w+") as stdin:
        stdin.write("asked")
        stdin.flush()
        stdin.seek(0)
        printed = python(code, str(file.fileno()), pass_fds=[file.fileno()], stdin=stdin)
    assert printed == "asked\n"
    assert (tmp_path / "kept").read_bytes() == b"kept"
    assert python.stderr == "to stderr\n"


@pytest.mark.parametrize("way", ["-c", "-m"])
def test_commands_and_modules_are_started_again_as_such(tmp_path, way):
    """Python -c and python -m start again as they were started."""
    code = "from scitex_repro import *; import sys; fix_hash_seed(3); print(hash_order()['seed'])"
    (tmp_path / "thing.py").write_text(code, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONHASHSEED"}
    printed = subprocess.check_output(
        [sys.executable, way, code if way == "-c" else "thing", "x"], cwd=tmp_path, env=environment
    )
    assert printed == b"3\n"


def test_a_process_with_that_seed_is_left_alone(python, tmp_path):
    """If the order is fixed already, nothing is started."""
    assert python(AGAIN, env={"PYTHONHASHSEED": "42"}) == ""
    assert len((tmp_path / "starts").read_text(encoding="utf-8").split()) == 1


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (
            "from threading import *; Thread(target=Event().wait, daemon=True).start()",
            "other threads are running",
        ),
        ("import sys; sys.ps1 = '>>> '", "an interactive session"),
        ("import sys; sys.modules['debugpy'] = sys", "a debugger"),
        ("import os; os.environ['SCITEX_REPRO_REEXECUTED'] = str(os.getpid())", "once already"),
    ],
)
def test_what_could_not_be_exact_is_refused(python, before, reason):
    """The refusal says why, and how to start the process instead."""
    code = f"""
        {before}
        from scitex_repro import fix_hash_seed
        try:
            fix_hash_seed(42)
        except RuntimeError as error:
            print(error, flush=True)
        import os
        os._exit(0)
    """
    printed = python(code)
    assert reason in printed
    assert "start it with PYTHONHASHSEED=42 in its environment instead" in printed


def test_a_script_that_the_command_line_no_longer_finds_is_refused(tmp_path):
    """After a change of the working directory a relative path leads nowhere; it is said so."""
    code = "import os\nfrom scitex_repro import *\nos.chdir('/')\nfix_hash_seed(42)\n"
    (tmp_path / "here.py").write_text(code, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONHASHSEED"}
    result = subprocess.run(
        [sys.executable, "here.py"],
        capture_output=True,
        env=environment,
        cwd=tmp_path,
        check=False,
        encoding="utf-8",
    )
    assert "has the working directory changed?" in result.stderr


def test_a_script_on_stdin_is_refused(tmp_path):
    """What has been read from stdin cannot be read again."""
    code = "from scitex_repro import fix_hash_seed\nfix_hash_seed(42)\n"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONHASHSEED"}
    result = subprocess.run(
        [sys.executable],
        input=code,
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        check=False,
        encoding="utf-8",
    )
    assert "the script came on stdin" in result.stderr


def test_a_worker_is_refused(python):
    """A worker of multiprocessing has pipes to its parent that a second start would lose."""
    code = """
        import multiprocessing
        from scitex_repro import fix_hash_seed
        def work():
            try:
                fix_hash_seed(42)
            except RuntimeError as error:
                print(error)
        if __name__ == "__main__":
            process = multiprocessing.get_context("fork").Process(target=work)
            process.start()
            process.join()
    """
    assert "this is a worker process" in python(code)


def test_pytest_itself_is_not_started_again_for_a_bad_seed():
    """A seed that is none is refused before anything else."""
    with pytest.raises(TypeError, match="seed is 'x'"):
        fix_hash_seed("x")
    assert set(hash_order()) == {"fixed", "seed", "for_children"}
