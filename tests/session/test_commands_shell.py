import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

COMMANDS = [
    *("ls", "show", "logs", "diff", "recover", "prune", "archive", "restore"),
    *("rerun", "whence", "export", "stale", "completion"),
]


def shell(*words, **options):
    """Run the command as a process."""
    command = [sys.executable, "-m", "scitex_session", *words]
    return subprocess.run(
        command, capture_output=True, check=False, encoding="utf-8", timeout=60, **options
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(command, name):
    """`--help` of each sub-command says what it does, and gives status 0."""
    answer = command(name, "--help")
    assert answer.status == 0
    assert answer.out.startswith(f"usage: scitex-session {name}")
    assert len(answer.out.splitlines()) > 5


def test_the_top_names_every_command(command):
    """`--help` lists the commands but not those that are for machines."""
    answer = command("--help")
    assert answer.status == 0
    assert all(f"  {name} " in answer.out for name in COMMANDS)
    assert "_file-dead" not in answer.out
    assert command("--version").out.startswith("scitex-session 20")
    assert command().status == 2


def test_mistakes_give_one_line_and_status_2(command):
    """A misspelt command, an unknown option and a bad value say what is wrong."""
    assert "did you mean 'show'" in command("shwo").err
    assert command("nonsense").status == 2
    assert command("ls", "--nonsense").status == 2
    assert command("ls", "--status", "odd").status == 2
    assert command("ls", "threshold").status == 2


def test_command_and_module_are_the_same():
    """`scitex-session` and `python -m scitex_session` are one command."""
    installed = shutil.which("scitex-session", path=os.path.dirname(sys.executable))
    if installed is None:
        pytest.skip("the command is not on this environment's path")
    answer = subprocess.run([installed, "ls"], capture_output=True, check=True, encoding="utf-8")
    assert answer.stdout == shell("ls").stdout
    assert shell("nonsense").returncode == 2


def test_a_closed_pipe_is_no_crash(make_run):
    """`scitex-session ls | head -1` ends without a message."""
    for count in range(50):
        make_run(name=f"run{count}" + "x" * 200, args={"x": "y" * 150})
    make_run(name="log", files={"logs/stdout.log": "line\n" * 200_000})
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "scitex_session", "logs", "log"]
    # Unbuffered, Python itself takes the part that the pipe still took for the whole.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        command, stdout=writer, stderr=subprocess.PIPE, encoding="utf-8", env=env
    )
    os.close(writer)
    os.read(reader, 10)
    os.close(reader)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 141


def test_ctrl_c_ends_quietly(make_run):
    """An interrupted follower leaves no traceback and has status 130."""
    make_run("RUNNING", name="one")
    command = [sys.executable, "-m", "scitex_session", "logs", "-f", "one"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout.readline() == "out\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 130


def test_a_terminal_without_unicode_gets_something(make_run):
    """A name that the terminal's encoding lacks is spelled out."""
    make_run(name="é日")
    answer = shell("ls", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert answer.returncode == 0
    assert "\\xe9\\u65e5" in answer.stdout


def test_the_pickle_is_never_read(make_run, tmp_path, command):
    """A hostile CONFIG.pkl does nothing, whatever the command."""
    run = make_run(name="one")
    bomb = f"cos\nsystem\n(S'touch {tmp_path}/boom'\ntR."
    (run / "CONFIGS" / "CONFIG.pkl").write_text(bomb, encoding="utf-8")
    make_run(name="two")
    for words in (["ls"], ["show", "one"], ["logs", "one"], ["diff", "one", "two"]):
        command(*words)
    command("archive", "one")
    command("restore", "one")
    assert not (tmp_path / "boom").exists()


def complete(command, *words):
    """Return the completions of a command line."""
    return command("_complete", *words).lines


def test_completion_knows_commands_options_values_and_runs(make_run, command):
    """What is typed is completed by what fits there."""
    make_run(name="2026Y-11M-20D-14h30m15s_Z5MR")
    make_run("FINISHED_ERROR", name="2026Y-11M-20D-14h30m16s_Q7ab")
    assert complete(command, "sh") == ["show"]
    assert set(COMMANDS) == set(complete(command, ""))
    assert complete(command, "ls", "--st") == ["--status"]
    assert "success" in complete(command, "ls", "--status", "")
    assert complete(command, "show", "2026Y-11M-20D-14h30m15") == ["2026Y-11M-20D-14h30m15s_Z5MR"]
    assert complete(command, "show", "Z5MR") == ["2026Y-11M-20D-14h30m15s_Z5MR"]
    assert len(complete(command, "diff", "a", "")) == 2
    assert complete(command, "completion", "z") == ["zsh"]
    assert complete(command, "nonsense", "") == []


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_completion_scripts_load(command, kind, tmp_path):
    """The script of each shell is accepted by that shell."""
    script = command("completion", kind).out
    program = shutil.which(kind)
    if program is None:
        pytest.skip(f"{kind} is not installed here")
    load = "autoload -U compinit; compinit -u -d {dump}\n" if kind == "zsh" else ""
    text = load.format(dump=tmp_path / "dump") + script
    subprocess.run([program, "-c", text], check=True, capture_output=True)


def test_bash_completes(make_run, command, tmp_path):
    """Bash itself puts the ID of a run behind a command."""
    make_run(name="2026Y-11M-20D-14h30m15s_Z5MR")
    folder = tmp_path / "bin"
    folder.mkdir()
    tool = folder / "scitex-session"
    tool.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m scitex_session "$@"\n', encoding="utf-8"
    )
    tool.chmod(0o755)
    text = command("completion", "bash").out + (
        "COMP_WORDS=(scitex-session show 2026); COMP_CWORD=2; _scitex_session; echo ${COMPREPLY[@]}"
    )
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    answer = subprocess.run(["bash", "-c", text], env=env, capture_output=True, check=True)
    assert answer.stdout.decode().strip() == "2026Y-11M-20D-14h30m15s_Z5MR"


def test_filing_a_killed_run_is_light(tmp_path):
    """The call that files a killed run loads none of the command's own machinery."""
    words = [
        sys.executable,
        "-X",
        "importtime",
        "-P",
        "-m",
        "scitex_session",
        "_file-dead",
        tmp_path,
    ]
    answer = subprocess.run(words, capture_output=True, check=True, encoding="utf-8")
    loaded = {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}
    assert "scitex_session._commands" in loaded
    assert loaded & {"argparse", "rich", "sqlite3"} == set()
    assert answer.stdout == ""
