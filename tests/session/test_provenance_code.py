import hashlib
import shutil
import subprocess
import sys
import time

import pytest


def git(cwd, *args):
    """Return what a git command prints."""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", *identity, *args], cwd=cwd, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(lab):
    """Make the lab a git repository with a committed script and module."""
    git(lab.path, "init", "-q", "-b", "trunk")
    lab.write("def double(x):\n    return 2 * x\n", "helper.py")
    lab.decorated("import helper\nprint(helper.double(2))")
    lab.write("*_out/\n.state/\n", ".gitignore")
    git(lab.path, "add", ".")
    git(lab.path, "commit", "-q", "-m", "first")
    return lab


@pytest.fixture
def code(look):
    """Return the code section of the latest run, once it is complete."""

    def code(lab, state="FINISHED_SUCCESS", base="script_out"):
        deadline = time.monotonic() + 20
        while "pending" in (record := look.record(lab.runs(state, base=base)[-1])):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return record["code"]

    return code


def test_a_clean_repository(repository, code):
    """Commit and branch are recorded, and that nothing is changed; the files are tracked."""
    repository.run()
    section = code(repository)
    assert section["kind"] == "git"
    assert section["commit"] == git(repository.path, "rev-parse", "HEAD")
    assert section["branch"] == "trunk"
    assert (section["dirty"], section["patch"]) == (False, None)
    assert [(e["module"], e["tracked"]) for e in section["files"]] == [
        ("__main__", True),
        ("helper", True),
    ]


def test_the_patch_restores_changes_and_untracked_modules(repository, code, tmp_path_factory):
    """Commit and patch together give the tree of the run, modules that git does not know too."""
    repository.write("def double(x):\n    return 2 * x + 1\n", "helper.py")
    repository.write("Z = 1\nY = 2", "new module/über.py")
    repository.decorated(
        "import sys; sys.path.insert(0, 'new module'); import helper\n"
        "import importlib; importlib.import_module('über')"
    )
    repository.run()
    section = code(repository)
    assert section["dirty"] is True
    assert sorted(section["changed"]) == ["helper.py", "script.py"]
    elsewhere = tmp_path_factory.mktemp("restored")
    git(
        repository.path,
        "worktree",
        "add",
        "-q",
        "--detach",
        str(elsewhere / "w"),
        section["commit"],
    )
    patch = repository.only("FINISHED_SUCCESS") / section["patch"]
    git(elsewhere / "w", "apply", str(patch))
    for name in ("helper.py", "script.py", "new module/über.py"):
        assert (elsewhere / "w" / name).read_bytes() == (repository.path / name).read_bytes()


def test_a_script_in_a_folder_of_the_repository(repository, code):
    """The patch is of the whole repository wherever the script lies in it."""
    repository.write("def double(x):\n    return 3 * x\n", "helper.py")
    repository.decorated("pass", name="deep/er/script.py")
    repository.run(script="deep/er/script.py")
    assert code(repository, base="deep/er/script_out")["dirty"] is True
    (run,) = (repository.path / "deep/er/script_out/FINISHED_SUCCESS").iterdir()
    patch = (run / "CONFIGS/CODE.patch").read_text(encoding="utf-8")
    assert "a/helper.py" in patch
    assert "b/deep/er/script.py" in patch


def test_remotes_lose_their_credentials(repository, code):
    """The address of a remote is recorded without user, password and query."""
    git(repository.path, "remote", "add", "origin", "https://bob:hunter2x9@example.org/x.git?t=1")
    git(repository.path, "remote", "add", "other", "git@example.org:y.git")
    repository.run()
    assert code(repository)["remotes"] == {
        "origin": "https://example.org/x.git",
        "other": "git@example.org:y.git",
    }


def test_a_repository_without_a_commit(lab, code, look):
    """Before the first commit the files are copied, and the record says why."""
    git(lab.path, "init", "-q")
    lab.decorated("pass")
    lab.run()
    assert code(lab)["kind"] == "copies"
    record = look.record(lab.only("FINISHED_SUCCESS"))
    said = " ".join(record["collection"]["not_collected"])
    assert "no commit yet" in said


def test_a_detached_head(repository, code):
    """Without a branch the branch is null."""
    git(repository.path, "checkout", "-q", "--detach")
    repository.run()
    assert code(repository)["branch"] is None


def test_no_program_of_the_repository_runs(repository):
    """Neither hooks nor drivers that the repository configures are run for the record."""
    trap = repository.write("#!/bin/sh\ntouch trapped\n", "trap.sh")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "diff.t.textconv"):
        git(repository.path, "config", name, f"{repository.path}/trap.sh")
    repository.write("*.py diff=t\n", ".gitattributes")
    repository.write("# changed\n", "helper.py")
    repository.decorated("pass")
    repository.run()
    assert not list(repository.path.glob("**/trapped"))


def test_without_git_the_files_are_copied(lab, code):
    """Script and imported modules are kept as copies; nothing else of the folder is."""
    lab.write("X = 1\n", "used.py")
    lab.write("X = 1\n", "unused.py")
    script = lab.decorated("import used")
    lab.run()
    section = code(lab)
    run = lab.only("FINISHED_SUCCESS")
    assert section["kind"] == "copies"
    kept = {entry["module"]: (run / entry["copy"]).read_bytes() for entry in section["files"]}
    assert kept == {"__main__": script.read_bytes(), "used": b"X = 1\n"}


@pytest.mark.parametrize("files", [0, 200])
def test_git_that_is_not_installed(repository, code, look, tmp_path_factory, files):
    """Without the git command the files are copied, and the record says so, once.

    Also where there is so much to record that it is completed after the run is filed.
    """
    body = "import helper\nfor n in range({}):\n    open(f'{{CONFIG.SDIR}}/{{n}}', 'w').close()"
    repository.decorated(body.format(files), parameters="CONFIG=INJECTED")
    empty = tmp_path_factory.mktemp("bin")
    repository.run(env={"PATH": str(empty)})
    assert code(repository)["kind"] == "copies"
    record = look.record(repository.only("FINISHED_SUCCESS"))
    assert len(record["outputs"]) == files
    said = [text for text in record["collection"]["not_collected"] if "git is not" in text]
    assert len(said) == 1


def test_an_edit_during_the_run_is_not_taken_for_the_code(lab, code):
    """What is kept is the script as it was when it began, not as it was edited meanwhile."""
    script = lab.decorated(
        "with open(__file__, 'a') as file:\n    file.write('# edited\\n')\nprint('x')"
    )
    before = script.read_bytes()
    lab.run()
    section = code(lab)
    assert section["files"][0]["sha256"] == hashlib.sha256(before).hexdigest()
    assert (lab.only("FINISHED_SUCCESS") / section["files"][0]["copy"]).read_bytes() == before


def test_a_script_without_a_file(lab):
    """With `python -c` there is no file, and the record says that no code is kept."""
    code = "from scitex_session import session\n@session\ndef main(): pass\nmain()"
    subprocess.run([sys.executable, "-c", code], cwd=lab.path, env=lab.env, check=True)
    (run,) = lab.runs(base="session_out")
    text = (run / "CONFIGS/PROVENANCE.json").read_text(encoding="utf-8")
    assert '"kind": "none"' in text


def test_secrets_are_in_no_file_of_the_session(repository, code):
    """Planted in arguments, settings, environment, remote, source and commands: never on disk."""
    planted = [f"pl4nted-secret-{n}-xyz" for n in range(9)]
    git(repository.path, "remote", "add", "origin", f"https://u:{planted[0]}@example.org/x.git")
    repository.config_file("DB.yaml", f"password: {planted[1]}\nurl: pg://u:{planted[2]}@h/d\n")
    repository.write(f"API_KEY = '{planted[3]}'\n", "keys.py")
    repository.decorated(
        f"import keys, subprocess\nPASSWORD = '{planted[4]}'\n"
        f"subprocess.run(['true', '--token', '{planted[5]}'])",
        parameters="api_token='', n=1",
    )
    repository.run(
        "--api-token", planted[6], "--set", f"DB.password={planted[7]}",
        env={"OMP_PASSWORD": planted[8], "SLURM_JWT": planted[8]},
    )  # fmt: skip
    assert code(repository)["masked_lines"] == 3
    run = repository.only("FINISHED_SUCCESS")
    for file in run.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert [p for p in planted if p.encode() in content] == [], file


@pytest.fixture
def slow_git(repository, tmp_path_factory):
    """Make git answer after the run has ended, so that its record is completed later."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "git"
    script.write_text(f'#!/bin/sh\nsleep 0.5\nexec {shutil.which("git")} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    repository.env = {**repository.env, "PATH": f"{folder}:{repository.env['PATH']}"}
    return repository


def test_what_is_completed_later_knows_the_secrets(slow_git, code, look):
    """A password of config/DB.yaml is masked in the patch that a later process makes."""
    slow_git.config_file("DB.yaml", "password: pl4nted-secret-xyz\n")
    slow_git.write("ADDRESS = 'pl4nted-secret-xyz'\n", "helper.py")
    slow_git.decorated("import helper")
    slow_git.run()
    run = slow_git.only("FINISHED_SUCCESS")
    assert "code" in look.record(run)["pending"]
    assert code(slow_git)["masked_lines"] == 1
    patch = (run / "CONFIGS" / "CODE.patch").read_text(encoding="utf-8")
    assert "+ADDRESS = '***'" in patch
    assert "pl4nted" not in patch


def test_the_machine_and_the_libraries(lab, look):
    """The record names interpreter, machine, user and the versions of what was imported."""
    np = pytest.importorskip("numpy")
    lab.decorated("import numpy, yaml")
    lab.run(env={"OMP_NUM_THREADS": "3", "MY_OWN": "private", "PYTHONHASHSEED": "7"})
    environment = look.record(lab.only("FINISHED_SUCCESS"))["environment"]
    assert environment["distributions"]["numpy"] == np.__version__
    assert "pyyaml" in environment["distributions"]
    assert "pytest" not in environment["distributions"]
    assert environment["python"]["hash_seed"] == "7"
    assert environment["variables"]["OMP_NUM_THREADS"] == "3"
    assert "MY_OWN" not in environment["variables"]
    assert environment["cpu"]["usable"] >= 1
    assert environment["user"]["uid"] is not None
    assert environment["command"][1:] == ["script.py"]
    assert "installed" not in environment


def test_the_hash_order_is_that_of_the_start(lab, look):
    """A seed that the session sets for children is not taken for that of the script."""
    lab.decorated("pass")
    environment = {k: v for k, v in lab.env.items() if k != "PYTHONHASHSEED"}
    lab.env = environment
    lab.run()
    record = look.record(lab.only("FINISHED_SUCCESS"))
    assert record["environment"]["python"]["hash_seed"] == "random"


def test_all_distributions_on_request(lab, look):
    """All installed distributions are recorded if that is asked for."""
    lab.decorated("pass")
    lab.run(env={"SCITEX_SESSION_ALL_DISTRIBUTIONS": "1"})
    environment = look.record(lab.only("FINISHED_SUCCESS"))["environment"]
    assert "pytest" in environment["installed"]


def test_distributions_of_another_name(lab, look):
    """A module's distribution is found by its files where the names differ."""
    for name, files in {"odd_name": "real_module/__init__.py,,\n", "decoy": "x.py,,\n"}.items():
        lab.write(files, f"lib/site-packages/{name}-1.2.dist-info/RECORD")
    lab.write("", "lib/site-packages/real_module/__init__.py")
    lab.write("", "lib/site-packages/stray.py")
    lab.decorated("import real_module, stray", name="here/script.py")
    path = ":".join([str(lab.path / "lib/site-packages"), *filter(None, sys.path)])
    done = lab.run(cwd=lab.path / "here", env={"PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    environment = look.record(lab.only("FINISHED_SUCCESS", base="here/script_out"))["environment"]
    assert environment["distributions"]["odd-name"] == "1.2"
    assert "decoy" not in environment["distributions"]
    assert "stray" in environment["modules_without_distribution"]
