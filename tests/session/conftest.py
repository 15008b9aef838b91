import functools
import itertools
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

DECORATED = """\
import scitex_session as stx
from scitex_session import INJECTED, session

@session
def main({parameters}):
{body}

if __name__ == "__main__":
    main()
"""


class Lab:
    """A directory with a script in it, and what its runs leave behind."""

    def __init__(self, path):
        self.path = path
        self.env = {
            **os.environ,
            "SCITEX_STATE_DIR": str(path / ".state"),
            "PYTHONUNBUFFERED": "",
        }

    def write(self, text, name="script.py"):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def decorated(self, body, parameters="", name="script.py"):
        indented = "".join(f"    {line}\n" for line in body.splitlines())
        return self.write(DECORATED.format(parameters=parameters, body=indented), name)

    def config_file(self, name, text):
        return self.write(text, f"config/{name}")

    def command(self, *args, script="script.py"):
        return [sys.executable, *([str(script)] if script else []), *map(str, args)]

    def run(self, *args, script="script.py", cwd=None, env=None, prefix=(), **options):
        options = {"capture_output": True, "encoding": "utf-8", "timeout": 120, **options}
        return subprocess.run(
            [*prefix, *self.command(*args, script=script)],
            cwd=cwd or self.path,
            env={**self.env, **(env or {})},
            check=False,
            **options,
        )

    def start(self, *args, script="script.py", **options):
        """Start the script and return once it has printed a line."""
        process = subprocess.Popen(
            self.command("-u", script, *args, script=None),
            cwd=self.path,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **options,
        )
        process.first_line = process.stdout.readline()
        return process

    def runs(self, state=None, base="script_out"):
        states = [state] if state else ["RUNNING", "FINISHED", "FINISHED_SUCCESS", "FINISHED_ERROR"]
        return sorted(run for name in states for run in (self.path / base / name).glob("*"))

    def only(self, state, base="script_out"):
        """Return the one run there is; it has to be in this state."""
        runs = self.runs(base=base)
        assert [run.parent.name for run in runs] == [state]
        return runs[0]

    def wait_for(self, state, seconds=10.0):
        """Return the one run once it is filed under a state."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := self.runs(state):
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"no run under {state}: {self.runs()}")


class Call:
    """One system call: its name, its whole text, and when it began and ended."""

    # 1795879263.081678 fsync(3</tmp/CONFIG.yaml>) = 0 <0.006073>
    LINE = re.compile(r"([0-9.]+) (\w+)\((.*) = (\S+).* <([0-9.]+)>$")

    def __init__(self, match, pid):
        self.pid = pid
        begin, self.name, self.text, self.result, seconds = match.groups()
        self.begin = float(begin)
        self.end = self.begin + float(seconds)

    def __repr__(self):
        return f"{self.begin:.6f}-{self.end:.6f} {self.name}({self.text} = {self.result}"


class Traced:
    """A program run under strace.

    Attributes
    ----------
    done : CompletedProcess
        As `subprocess.run` returns it.
    calls : list of Call
        The calls of the process and its threads, not those of other programs that it starts, by
        the time at which they ended.
    """

    def __init__(self, lab, strace, names, *args, delay=0.0, **options):
        folder = lab.path / ".trace"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        command = [strace, "-ff", "-y", "-ttt", "-T", "-s", "4096", "-o", str(folder / "calls")]
        command += ["-e", f"trace=execve,{','.join(names)}"]
        if delay:  # what is not waited for is then seen to be late
            command += ["-e", f"inject=fsync,fdatasync:delay_enter={int(delay * 1e6)}"]
        self.done = lab.run(*args, prefix=command, **options)
        found = [
            Call(match, file.suffix)
            for file in folder.iterdir()
            for line in file.read_text(encoding="utf-8").splitlines()
            if (match := Call.LINE.match(line))
        ]
        programs = sorted((c for c in found if c.name == "execve"), key=lambda call: call.begin)
        others = {call.pid for call in programs} - {programs[0].pid}
        mine = (call for call in found if call.pid not in others and call.name != "execve")
        self.calls = sorted(mine, key=lambda call: call.end)

    def first(self, text, names):
        """Return the first of these calls with a text in it."""
        return next(call for call in self.calls if call.name in names and text in call.text)

    def synced(self, *, before):
        """Return the paths that had reached the disk before a moment, in their order."""
        return [
            call.text[call.text.index("<") + 1 : call.text.rindex(">")]
            for call in self.calls
            if call.name in {"fsync", "fdatasync"} and call.result == "0" and call.end <= before
        ]


def config_of(run):
    """Return CONFIG.yaml as any YAML reader sees it."""
    return yaml.safe_load((run / "CONFIGS" / "CONFIG.yaml").read_text(encoding="utf-8"))


def record_of(run):
    """Return PROVENANCE.json."""
    return json.loads((run / "CONFIGS" / "PROVENANCE.json").read_text(encoding="utf-8"))


def log_of(run, name="stdout"):
    """Return a log as a text."""
    return (run / "logs" / f"{name}.log").read_text(encoding="utf-8")


def process_of(pid):
    """Describe a process as a record does, read from the system by the test itself."""
    about = {"host": os.uname().nodename, "boot_id": None, "pid_namespace": None, "pid": pid}
    if not sys.platform.startswith("linux"):
        ps = ["ps", "-o", "lstart=", "-p", str(pid)]
        started = subprocess.run(ps, capture_output=True, text=True, check=True).stdout.strip()
        return {**about, "start_ticks": started}
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return {
        **about,
        "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip(),
        "pid_namespace": os.readlink(f"/proc/{pid}/ns/pid"),
        # proc_pid_stat(5): the name of the command, in parentheses, may hold spaces and such too
        "start_ticks": int(stat[stat.rindex(")") + 2 :].split()[19]),
    }


@pytest.fixture
def lab(tmp_path):
    """Make an empty place for a script and its runs."""
    return Lab(tmp_path)


@pytest.fixture
def strace():
    """Return the path of strace, where it may trace."""
    path = shutil.which("strace")
    if path is None:
        pytest.skip("needs strace")
    probe = [path, "-o", os.devnull, sys.executable, "-c", ""]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("strace may not trace here")
    return path


@pytest.fixture
def traced(lab, strace):
    """Run a script of the lab under strace: ``traced(["fsync", "rename"], "--n", "5")``."""
    return functools.partial(Traced, lab, strace)


@pytest.fixture
def failing(strace):
    """Give what stands before a command whose system calls fail: ``failing("EIO", "fsync")``."""

    def command(error, *names):
        return [strace, "-f", "-o", os.devnull, "-e", f"inject={','.join(names)}:error={error}"]

    return command


@pytest.fixture
def look():
    """Readers of what a run left behind."""

    class Look:
        config = staticmethod(config_of)
        record = staticmethod(record_of)
        log = staticmethod(log_of)
        process = staticmethod(process_of)

    return Look


@pytest.fixture
def bound():
    """Give what stands before a command so that permissions bind it, even if root runs it."""
    if os.name == "nt":
        pytest.skip("permissions as POSIX has them")
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root may do anything, and there is no setpriv to take that away")
    powers = "-dac_override,-dac_read_search,-fowner"
    return ("setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}")


@pytest.fixture
def called(tmp_path, monkeypatch):
    """Call a function with a command line, under a session inside this process.

    ``called(func, "--n", "5")`` returns what the function does, which is best ``locals()``.
    """
    from scitex_session import session

    count = itertools.count()

    def call(func, *argv, program="script.py"):
        monkeypatch.setattr(sys, "argv", [program, *argv])
        return session(sys=None, sdir=tmp_path / f"session{next(count)}")(func)()

    return call


@pytest.fixture
def usage_error(called, capfd):
    """Return a function that gives what a usage error writes to standard error."""

    def run(func, *argv):
        with pytest.raises(SystemExit) as caught:
            called(func, *argv)
        assert caught.value.code == 2
        out, err = capfd.readouterr()
        assert out == ""
        assert "Traceback" not in err
        return err

    return run


@pytest.fixture(autouse=True)
def _isolated_state(tmp_path, monkeypatch):
    monkeypatch.setenv("SCITEX_STATE_DIR", str(Path(tmp_path) / ".state"))


STATUS_OF = {"FINISHED": "finished", "FINISHED_SUCCESS": "success", "FINISHED_ERROR": "error"}


class RunMaker:
    """Makes run directories as a session leaves them, without running one."""

    def __init__(self, path):
        self.base = path / "script_out"
        self.count = 0

    def __call__(self, state="FINISHED_SUCCESS", *, name=None, base=None, files=None, **parts):
        """Make a run; `parts` are sections of its record, or fields of ``run``."""
        self.count += 1
        base = base or self.base
        name = name or f"2026Y-11M-20D-14h30m{self.count:02d}s_{'ABCDEFGHJKLM'[self.count % 12]}xyZ"
        run = base / state / name if state else base
        (run / "CONFIGS").mkdir(parents=True)
        (run / "logs").mkdir()
        contents = {"logs/stdout.log": "out\n", "logs/stderr.log": "", **(files or {})}
        for path, text in contents.items():
            (run / path).parent.mkdir(parents=True, exist_ok=True)
            (run / path).write_text(text, encoding="utf-8")
        record = self.record(run, base, STATUS_OF.get(state, "running"), parts)
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (run / "CONFIGS" / "PROVENANCE.json").write_text(text, encoding="utf-8")
        (run / "CONFIGS" / "CONFIG.yaml").write_text(f"ID: {name}\n", encoding="utf-8")
        # Nothing public registers a directory but a run, of which a test may need hundreds.
        from scitex_session._catalog._registry import register

        register(str(base))
        return run

    def record(self, run, base, status, parts):
        over = status != "running"
        about = {
            "id": run.name,
            "name": run.name,
            "status": status,
            "exit_status": {"success": 0, "error": 1}.get(status),
            "exit_reason": status if over else None,
            "start_time": f"2026-11-20T14:30:{self.count % 60:02d}.123456+00:00",
            "end_time": "2026-11-20T14:31:00.123456+00:00" if over else None,
            "run_time": "00:00:30" if over else None,
            "script": str(base).removesuffix("_out") + ".py",
            "function": "main",
            "sdir_out": str(base),
            "sdir_run": str(run),
            "cwd": str(base.parent),
            "message": None,
            "parent": None,
            "moves": True,
        }
        about.update((key, parts.pop(key)) for key in list(parts) if key in about)
        sections = {
            "process": process_of(os.getpid()),
            "args": {"threshold": 0.5},
            "argv": ["python", "script.py"],
            "overrides": [],
            "config": {"EXPERIMENT": {"lr": 0.001}, "IS_DEBUG": False},
            "seed": 42,
            "warnings": [],
        }
        head = {"schema": "scitex-provenance", "schema_version": 1, "run": about}
        return {**head, **sections, **parts}


@pytest.fixture
def make_run(tmp_path):
    """Return a maker of run directories under ``tmp_path / "script_out"``."""
    return RunMaker(tmp_path)


@pytest.fixture
def command(capsys, monkeypatch):
    """Return a runner of the command inside this process: ``command("ls", ...).out``."""

    class Answer:
        def __init__(self, *words):
            capsys.readouterr()
            monkeypatch.setattr(sys, "argv", ["scitex-session", *map(str, words)])
            with pytest.raises(SystemExit) as ended:
                runpy.run_module("scitex_session", run_name="__main__")
            self.status = ended.value.code
            self.out, self.err = capsys.readouterr()

        @property
        def lines(self):
            return self.out.splitlines()

    return Answer
