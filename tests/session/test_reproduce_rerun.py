"""Repeating runs, and finding what rests on what, by the command line.

The splitting of command lines is a pure function with a table of its own, hence the private import.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from scitex_session._reproduce._launch import split


def tool(lab, *args):
    """Return the finished process of a `scitex-session` command."""
    command = [sys.executable, "-m", "scitex_session", *map(str, args)]
    return subprocess.run(
        command, cwd=lab.path, env=lab.env, capture_output=True, encoding="utf-8", check=False
    )


def ask(lab, *args):
    """Return what a command answers as JSON, objects as namespaces, with its exit status."""
    done = tool(lab, *args, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout, object_hook=lambda d: SimpleNamespace(**d))


def rerun(lab, run, *options):
    """Repeat a run and return the comparison."""
    status, result = ask(lab, "rerun", run, *options)
    assert status == (0 if result.reproduced else 1)
    return result


def stale(lab, *runs):
    """Return for each run whether it is stale, and why."""
    status, found = ask(lab, "stale", "--all", *runs)
    assert status == any(one.stale for one in found)
    return found


def whence(lab, path, *options):
    """Return the runs that made or read a file."""
    status, found = ask(lab, "whence", path, *options)
    assert status == (not found)
    return found


def refusal(lab, *args):
    """Return the sentence with which a command refuses."""
    done = tool(lab, *args)
    assert (done.returncode, done.stdout) == (4, "")
    return done.stderr


def first_cause(result):
    """Return the likeliest cause as it is printed."""
    return f"{result.causes[0].kind}: {result.causes[0].text}"


def git(cwd, *args):
    """Return what a git command prints."""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", *identity, *args], cwd=cwd, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout.strip()


SCRIPT = """\
import os
import helper
text = open('data.txt').read()
noise = rngg('noise').random(3).tolist()
with open(os.path.join(CONFIG.SDIR, 'out.csv'), 'w') as file:
    file.write(f'{len(text)},{helper.double(n)},{CONFIG.E.k},{noise}\\n')
print('length', len(text))
"""


@pytest.fixture
def lab(lab):
    """Fill the lab with a script that reads data, a module, configuration and random numbers."""
    lab.write("def double(x):\n    return 2 * x\n", "helper.py")
    lab.write("hello\n", "data.txt")
    lab.config_file("E.yaml", "k: 3\n")
    lab.decorated(SCRIPT, parameters="n=1, CONFIG=INJECTED, rngg=INJECTED")
    return lab


@pytest.fixture(params=["git", "copies"])
def kept(request, lab):
    """Keep the code in a repository, or as copies."""
    if request.param == "git":
        git(lab.path, "init", "-q")
        lab.write("*_out/\n.state/\ndata.txt\n", ".gitignore")
        git(lab.path, "add", ".")
        git(lab.path, "commit", "-q", "-m", "first")
    return lab


def once(lab, *args, **options):
    """Run the script and return its directory."""
    before = lab.runs()
    done = lab.run(*args, **options)
    assert done.returncode == 0, done.stderr
    (run,) = set(lab.runs("FINISHED_SUCCESS")) - set(before)
    return run


def everything(lab):
    """Return all files of the lab but git's and the session's own caches."""
    own = (lab.path / ".git", lab.path / ".state")
    return sorted(path for path in lab.path.rglob("*") if not path.is_relative_to(own[0])
                  and not path.is_relative_to(own[1]))  # fmt: skip


def statuses(result):
    """Return the status of each file."""
    return {file.path: file.status for file in result.files}


def test_an_untouched_run_is_identical(kept):
    """Every output and log of a rerun is identical, and nothing is left behind."""
    run = once(kept, "--n", "5", "--set", "E.k=7")
    before = everything(kept)
    result = rerun(kept, run)
    assert result.reproduced, result
    assert statuses(result) == {
        "out.csv": "identical",
        "logs/stdout.log": "identical",
        "logs/stderr.log": "identical",
    }
    assert result.causes == []
    assert everything(kept) == before
    if (kept.path / ".git").exists():
        assert git(kept.path, "worktree", "list").count("\n") == 0


def test_the_code_of_the_run_is_restored(kept):
    """After edits, the rerun uses the code, the configuration and the defaults of the run."""
    kept.write("def double(x):\n    return 3 * x\n", "helper.py")
    run = once(kept)
    kept.write("def double(x):\n    return 4 * x\n", "helper.py")
    kept.config_file("E.yaml", "k: 4\n")
    kept.write("raise SystemExit('today this is broken')\n", "script.py")
    result = rerun(kept, run)
    assert result.reproduced, result


def test_the_new_run_names_its_parent(kept, look, tmp_path_factory):
    """The rerun is a session of its own with the old one as its parent."""
    run = once(kept)
    scratch = tmp_path_factory.mktemp("s") / "scratch"
    result = rerun(kept, run, "--scratch", scratch)
    record = look.record(Path(result.rerun_dir))
    assert record["run"]["parent"] == result.run
    assert record["run"]["id"] == result.rerun != result.run
    assert result.rerun_dir.startswith(str(scratch))


def test_a_changed_input_is_named_first(kept):
    """One byte of the input changed: the input is the first cause, and the file is named."""
    run = once(kept)
    kept.write("hellO\nx", "data.txt")
    result = rerun(kept, run)
    assert not result.reproduced
    assert statuses(result)["out.csv"] == "different"
    assert result.causes[0].kind == "input"
    assert "data.txt" in result.causes[0].text


def test_an_input_that_is_gone(kept):
    """A missing input fails the rerun, and is the cause."""
    run = once(kept)
    (kept.path / "data.txt").unlink()
    result = rerun(kept, run)
    assert not result.reproduced
    assert result.exit_status == [0, 1]
    assert (result.causes[0].kind, "not there" in result.causes[0].text) == ("input", True)


def test_changed_code_is_named_first_in_place(kept):
    """One line of code changed: run in place, the code is the first cause, with its file."""
    run = once(kept)
    # Of another length: Python takes byte code for fresh if time (in seconds) and size agree.
    kept.write("def double(x):\n    return 3 * x + 0\n", "helper.py")
    result = rerun(kept, run, "--in-place")
    assert not result.reproduced
    assert result.causes[0].kind == "code"
    assert "helper.py" in result.causes[0].text
    assert result.rerun_dir in [str(path) for path in kept.runs("FINISHED_SUCCESS")]


def test_a_changed_seed_is_named_first(kept):
    """Another seed in the code: the seed is named before the line of code."""
    run = once(kept)
    script = (kept.path / "script.py").read_text(encoding="utf-8")
    kept.write(script.replace("@session\n", "@session(seed=7)\n"))
    result = rerun(kept, run, "--in-place")
    assert [cause.kind for cause in result.causes][:2] == ["seed", "code"]
    assert result.causes[0].text == "42 became 7"


def test_a_changed_library_is_named_first(lab, tmp_path_factory):
    """Another version of a library: it is named, with both versions."""
    site = tmp_path_factory.mktemp("lib") / "site-packages"

    def install(version, value):
        for old in site.glob("*.dist-info"):
            old.rename(site / f"toolkit-{version}.dist-info")
        (site / f"toolkit-{version}.dist-info").mkdir(parents=True, exist_ok=True)
        (site / "toolkit.py").write_text(f"VALUE = {value}\n", encoding="utf-8")

    install("1.0", 1)
    lab.decorated("import toolkit\nprint(toolkit.VALUE)")
    environment = {"PYTHONPATH": ":".join([str(site), *filter(None, sys.path)])}
    run = once(lab, env=environment)
    install("1.1", 22)
    result = rerun(lab, run)
    assert not result.reproduced
    assert first_cause(result) == "library: toolkit 1.0 became 1.1"


def test_hash_order_is_named_last(lab):
    """Output in the order of a set differs by chance; that is said where nothing else differs."""
    lab.decorated("print({c * 3 for c in 'abcdefghijklmnop'})")
    environment = {k: v for k, v in lab.env.items() if k != "PYTHONHASHSEED"}
    lab.env = environment
    result = rerun(lab, once(lab))
    assert not result.reproduced
    assert result.causes[0].kind == "hash order"


def test_a_fixed_hash_order_is_restored(lab):
    """With PYTHONHASHSEED set when Python started, the rerun has the same order."""
    lab.decorated("print({c * 3 for c in 'abcdefghijklmnop'})")
    assert rerun(lab, once(lab, env={"PYTHONHASHSEED": "5"})).reproduced


def test_a_failed_run_is_reproduced_as_one(lab):
    """A run that failed is reproduced if it fails in the same way."""
    lab.decorated("print('so far')\nraise ValueError('bad luck')")
    lab.run()
    result = rerun(lab, lab.only("FINISHED_ERROR"))
    assert result.reproduced, result
    assert result.exit_status == [1, 1]


def test_absolute_outputs_are_put_back(lab):
    """What a script writes by its full name is compared, and what stood there is put back."""
    path = lab.path / "summary.txt"
    lab.decorated(f"open({str(path)!r}, 'w').write('made')")
    run = once(lab)
    path.write_text("edited by hand", encoding="utf-8")
    result = rerun(lab, run)
    assert result.reproduced, result
    assert path.read_text(encoding="utf-8") == "edited by hand"
    assert any("put back" in note for note in result.notes)


def test_absolute_outputs_that_were_gone_stay_gone(lab):
    """What a script writes by its full name is removed again where nothing was before."""
    path = lab.path / "summary.txt"
    lab.decorated(f"open({str(path)!r}, 'w').write('made')")
    run = once(lab)
    path.unlink()
    result = rerun(lab, run)
    assert statuses(result)[str(path)] == "identical"
    assert not path.exists()


def test_a_rerun_is_not_listed(lab, tmp_path_factory):
    """The list of a user's runs does not name those of a scratch directory."""
    run = once(lab)
    rerun(lab, run, "--scratch", tmp_path_factory.mktemp("s") / "scratch")
    status, listed = ask(lab, "ls")
    assert (status, [one.id for one in listed]) == (0, [run.name])


def test_the_recorded_seed_is_used(lab):
    """A seed that the code makes up is that of the run when the run is repeated."""
    lab.write(
        "import time\nfrom scitex_session import INJECTED, session\n"
        "@session(seed=time.time_ns() % 1_000_003)\n"
        "def main(rngg=INJECTED):\n    print(rngg('noise').random())\nmain()\n"
    )
    result = rerun(lab, once(lab))
    assert result.reproduced, result


def test_no_hook_of_the_repository_runs(kept):
    """Restoring a commit runs no hook that the repository has for a checkout."""
    if not (kept.path / ".git").exists():
        pytest.skip("only with git")
    run = once(kept)
    hook = kept.write(f"#!/bin/sh\ntouch {kept.path}/trapped\n", ".git/hooks/post-checkout")
    hook.chmod(0o755)
    assert rerun(kept, run).reproduced
    assert not (kept.path / "trapped").exists()


def test_a_masked_patch_is_applied(kept):
    """Changes beside a committed secret are restored, with the secret masked."""
    if not (kept.path / ".git").exists():
        pytest.skip("only with git")
    kept.write("PASSWORD = 'pl4nted-secret-xyz'\ndef double(x):\n    return 2 * x\n", "helper.py")
    git(kept.path, "commit", "-qam", "second")
    kept.write("PASSWORD = 'pl4nted-secret-xyz'\ndef double(x):\n    return 3 * x\n", "helper.py")
    result = rerun(kept, once(kept))
    assert result.reproduced, result
    assert any("held secrets and were masked" in note for note in result.notes)


def test_standard_input_from_a_file_is_read_again(lab):
    """A script that read a file as its standard input reads it again."""
    lab.decorated("print(input())")
    with open(lab.path / "data.txt", encoding="utf-8") as file:
        run = once(lab, stdin=file)
    result = rerun(lab, run)
    assert result.reproduced, result


def test_a_run_that_is_not_over_is_not_repeated(lab):
    """A run without an end is refused with the reason."""
    run = once(lab)
    file = run / "CONFIGS" / "PROVENANCE.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    record["run"]["status"] = "running"
    file.write_text(json.dumps(record), encoding="utf-8")
    assert "is still running, or dead" in refusal(lab, "rerun", run)


def test_a_rerun_that_takes_too_long_is_stopped(lab):
    """With a limit of time a rerun that exceeds it is stopped, and that is said."""
    run = once(lab)
    lab.decorated("import time\ntime.sleep(600)")
    arguments = ("rerun", run, "--in-place", "--timeout", "3")
    assert "the rerun was stopped after 3 s; allow more" in refusal(lab, *arguments)


def test_an_input_that_the_script_changes_is_not_touched(lab):
    """A script that writes into its input finds a copy, and leaves the user's file alone."""
    lab.decorated("with open('data.txt', 'r+') as file:\n    file.write('HELLO')")
    run = once(lab)
    (lab.path / "data.txt").write_text("hello\n", encoding="utf-8")
    rerun(lab, run)
    assert (lab.path / "data.txt").read_text(encoding="utf-8") == "hello\n"


def test_relative_paths_lead_where_they_led(lab):
    """Inputs above the working directory are found, and outputs there go to the scratch place."""
    lab.decorated(
        "text = open('../shared.txt').read()\nopen('../made.txt', 'w').write(text)\nprint(text)",
        name="sub/script.py",
    )
    lab.write("s", "shared.txt")
    done = lab.run(cwd=lab.path / "sub")
    assert done.returncode == 0, done.stderr
    made = lab.path / "made.txt"
    made.write_text("mine", encoding="utf-8")
    result = rerun(lab, lab.only("FINISHED_SUCCESS", base="sub/script_out"))
    assert result.reproduced, result
    assert made.read_text(encoding="utf-8") == "mine"


def test_a_module_run(lab):
    """A script started by `python -m` is started so again."""
    lab.write("", "pkg/__init__.py")
    lab.decorated("from pkg import other\nprint(other.X)", name="pkg/tool.py")
    lab.write("X = 5\n", "pkg/other.py")
    subprocess.run(
        [sys.executable, "-m", "pkg.tool"], cwd=lab.path, env=lab.env, check=True,
        capture_output=True,
    )  # fmt: skip
    result = rerun(lab, lab.only("FINISHED_SUCCESS", base="pkg/tool_out"))
    assert result.reproduced, result


def test_start_and_close(lab):
    """A script that uses the functions finds the configuration of the run, not today's."""
    lab.write(
        "import sys\nfrom scitex_session import start, close\n"
        "CONFIG, *_ = start(sys, verbose=False)\nprint(CONFIG.E.k, CONFIG.IS_DEBUG)\n"
        "close(CONFIG, exit_status=0, verbose=False)\n"
    )
    run = once(lab)
    lab.config_file("E.yaml", "k: 4\n")
    result = rerun(lab, run)
    assert result.reproduced, result


def test_two_sessions_in_one_script(lab):
    """Of a script with two sessions, each run is compared with its own like."""
    lab.write(
        "from scitex_session import session\n"
        "@session\ndef first():\n    print('one')\n"
        "@session\ndef second():\n    print('two')\nfirst()\nsecond()\n"
    )
    lab.run()
    for run in lab.runs("FINISHED_SUCCESS"):
        result = rerun(lab, run)
        assert result.reproduced, result


def test_secrets_are_said_to_be_masked(lab):
    """Where a secret was masked the rerun says so, and does not pretend."""
    lab.decorated("print(len(api_token))", parameters="api_token='none'")
    result = rerun(lab, once(lab, "--api-token", "abc-123-secret"))
    assert not result.reproduced
    assert any("masked" in note for note in result.notes)


def test_what_cannot_be_rerun(lab, tmp_path):
    """No record, a lost repository, a used scratch place: one sentence each."""
    assert tool(lab, "rerun", tmp_path).returncode == 3
    run = once(lab)
    assert "is not empty; name a new directory" in refusal(lab, "rerun", run, "--scratch", lab.path)
    os.remove(run / "CONFIGS" / "PROVENANCE.json")
    assert "holds no CONFIGS/PROVENANCE.json" in refusal(lab, "export", run, "crate")


def test_a_lost_repository(kept):
    """Without the repository the message says where it has to be."""
    if not (kept.path / ".git").exists():
        pytest.skip("only with git")
    run = once(kept)
    (kept.path / ".git").rename(kept.path / "gone")
    assert "the repository is not there any more" in refusal(kept, "rerun", run)


def test_a_script_without_a_file_cannot_be_rerun(lab):
    """A run from `python -c` is refused with the reason."""
    code = "from scitex_session import session\n@session\ndef main(): pass\nmain()"
    subprocess.run([sys.executable, "-c", code], cwd=lab.path, env=lab.env, check=True)
    (run,) = lab.runs(base="session_out")
    assert "its code was not recorded" in refusal(lab, "rerun", run)


def test_results_as_text_and_data(kept):
    """A comparison can be read as lines and as plain data."""
    run = once(kept)
    done = tool(kept, "rerun", run)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{run.name}: reproduced by ")
    assert rerun(kept, run).run_dir == str(run)


def test_two_runs_compared(lab):
    """The difference of two runs names settings, code, inputs and outputs."""
    first = once(lab)
    lab.write("longer text\n", "data.txt")
    lab.write("def double(x):\n    return 2 * x + 0\n", "helper.py")
    second = once(lab, "--n", "2")
    done = tool(lab, "diff", first, second)
    assert done.returncode == 1
    assert "    n: 1 -> 2\n" in done.stdout
    for section, name in (("inputs", "data.txt"), ("code", "helper.py"), ("outputs", "out.csv")):
        assert name in done.stdout.partition(f"\n{section}\n")[2].partition("\n\n")[0]


def test_a_stream_that_parts_is_named(lab):
    """A rerun that draws differently because its input has changed differs in a stream, too."""
    lab.write("1", "data.txt")
    lab.decorated(
        "print(rngg('noise').random(int(open('data.txt').read())).tolist())",
        parameters="rngg=INJECTED",
    )
    run = once(lab)
    lab.write("2", "data.txt")
    result = rerun(lab, run)
    assert [cause.kind for cause in result.causes] == ["input", "stream"]
    assert "noise" in result.causes[1].text


def test_each_changed_input_is_named(lab):
    """A changed input does not hide another one whose path begins with its own."""
    for name in ("a", "a: b"):
        lab.write("old", name)
    lab.decorated("if open('a').read() == 'old':\n    print(open('a: b').read())")
    run = once(lab)
    lab.write("new", "a")
    causes = [cause.text for cause in rerun(lab, run).causes]
    assert causes == [
        f"{lab.path}/a: its content has changed",
        f"{lab.path}/a: b: was not read again",
    ]


def test_stale(lab):
    """A run is stale when an input or a file of its code has changed, and it says which."""
    run = once(lab)
    assert [found.stale for found in stale(lab)] == [False]
    lab.write("other\n", "data.txt")
    lab.write("def double(x):\n    return 5 * x\n", "helper.py")
    (found,) = stale(lab, run)
    assert found.stale
    assert found.reasons == [
        f"code {lab.path}/helper.py: has changed",
        f"input {lab.path}/data.txt: has changed",
    ]
    (lab.path / "data.txt").unlink()
    assert "is not there any more" in str(stale(lab, run)[0].reasons)


def test_whence_by_digest(lab, tmp_path_factory):
    """A copied and renamed output is traced to its run, an input to the runs that read it."""
    run = once(lab)
    copy = tmp_path_factory.mktemp("else") / "renamed.dat"
    copy.write_bytes((run / "out.csv").read_bytes())
    (origin,) = whence(lab, copy)
    assert (origin.run_id, origin.role, origin.name) == (run.name, "output", "out.csv")
    (origin,) = whence(lab, lab.path / "data.txt")
    assert (origin.role, origin.by) == ("input", "digest")
    copy.write_text("unknown", encoding="utf-8")
    assert whence(lab, copy) == []


def test_whence_by_metadata(lab, tmp_path_factory):
    """A figure carries its run's id, also after it was edited, and on a machine without the run."""
    pytest.importorskip("matplotlib")
    lab.decorated(
        "from scitex_io import save\nfig, ax = plt.subplots()\nax.plot([1, 2])\n"
        "save(fig, 'figure.png')",
        parameters="plt=INJECTED",
    )
    run = once(lab)
    copy = tmp_path_factory.mktemp("else") / "x.png"
    copy.write_bytes((run / "figure.png").read_bytes() + b"edited")
    (origin,) = whence(lab, copy)
    assert (origin.run_id, origin.by, origin.changed) == (run.name, "metadata", True)
    empty = tmp_path_factory.mktemp("no-runs")
    (origin,) = whence(lab, copy, "--in", empty)
    assert (origin.run_id, origin.run_dir) == (run.name, None)


def test_a_figure_is_identical(lab):
    """A figure with the run's id in it is identical but for that id."""
    pytest.importorskip("matplotlib")
    lab.decorated(
        "from scitex_io import save\nfig, ax = plt.subplots()\nax.plot([1, 2])\n"
        "for kind in ('png', 'pdf', 'svg'):\n    save(fig, f'figure.{kind}')",
        parameters="plt=INJECTED",
    )
    result = rerun(lab, once(lab))
    assert result.reproduced, result
    assert set(statuses(result).values()) == {"identical"}, result


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["python", "s.py", "--n", "5"], ([], "s.py", ["--n", "5"])),
        (["python", "-u", "-X", "dev", "s.py"], (["-u", "-X", "dev"], "s.py", [])),
        (["python", "-m", "a.b", "-x"], ([], "-m", ["a.b", "-x"])),
        (["python", "-um", "a.b"], (["-u"], "-m", ["a.b"])),
        (["python", "-c", "pass"], ([], "-c", ["pass"])),
        (["python", "-Xdev", "-Wignore", "s.py"], (["-Xdev", "-Wignore"], "s.py", [])),
        (["python"], ([], "", [])),
    ],
)
def test_command_lines_are_taken_apart(argv, expected):
    """Options of the interpreter, the script and its arguments are told apart."""
    assert split(argv) == expected
