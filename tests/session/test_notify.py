"""Notifications reach real servers, and a run is not held up or harmed where they cannot."""

import http.server
import importlib.util
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from scitex_session import close, start

pytest.importorskip("apprise")

LOG = "line one\nValueError: bad <b>λ</b>\n"
PREFIX = "scitex: "


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch, tmp_path):
    """No address of the machine's user is ever written to."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SCITEX_STATE_DIR", str(tmp_path / ".state"))
    for name in list(os.environ):
        if name.startswith("APPRISE") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("SCITEX_NOTIFY_URLS", raising=False)


@pytest.fixture
def notify(tmp_path, capsys):
    """End a run of ``ünïcode dir/fit.py`` with a notification; return what is said of that."""
    script = tmp_path / "ünïcode dir" / "fit.py"
    script.parent.mkdir()

    def end(exit_status=3, log=LOG, *, send=True):
        CONFIG, *_ = start(file=script, verbose=False)  # noqa: N806 - as scripts call it
        (CONFIG.SDIR_RUN / "logs" / "stderr.log").write_text(log, encoding="utf-8")
        capsys.readouterr()
        close(CONFIG, exit_status=exit_status, notify=send, verbose=False)
        end.directory = CONFIG.SDIR_RUN
        out, err = capsys.readouterr()
        assert out == ""
        if not err:
            return None
        assert err.startswith(PREFIX)
        assert err.count("\n") == 1
        return err.removeprefix(PREFIX).removesuffix("\n")

    return end


@pytest.fixture
def web():
    """Give a local HTTP server: its address, the messages it got, the status it answers."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.got.append(json.loads(body))
            self.send_response(server.answer)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.answer = [], 200
    server.url = f"json://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mute():
    """Give the address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"json://127.0.0.1:{listener.getsockname()[1]}"


def test_a_message_arrives_by_http(web, monkeypatch, notify):
    """Title, status, duration, directory and the log's end arrive as they are."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    assert notify() is None
    (message,) = web.got
    assert message["title"] == "fit.py: error"
    assert message["type"] == "failure"
    assert message["message"].splitlines() == [
        "status: error (exit status 3)",
        "duration: 00:00:00",
        f"directory: {notify.directory}",
        "",
        "end of the log:",
        "line one",
        "ValueError: bad <b>λ</b>",
    ]
    assert notify.directory.parts[-4:-1] == ("ünïcode dir", "fit_out", "FINISHED_ERROR")


@pytest.mark.parametrize(("exit_status", "kind"), [(None, "info"), (0, "success")])
def test_a_run_that_went_well_has_no_log(web, monkeypatch, notify, exit_status, kind):
    """The message ends with the directory; a status that is none is left out."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    assert notify(exit_status) is None
    said = "success (exit status 0)" if exit_status == 0 else "finished"
    assert web.got[0]["message"] == (
        f"status: {said}\nduration: 00:00:00\ndirectory: {notify.directory}"
    )
    assert web.got[0]["type"] == kind


def test_a_log_is_sent_from_its_end(web, monkeypatch, notify):
    """The last twenty lines of it, whatever its size."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    assert notify(log="".join(f"line {number}\n" for number in range(50_000))) is None
    lines = web.got[0]["message"].partition("end of the log:\n")[2].splitlines()
    assert lines == [f"line {number}" for number in range(49_980, 50_000)]


def test_a_message_arrives_by_mail(monkeypatch, notify):
    """A local SMTP server gets a mail with the title as its subject and the text as its body."""
    from email import message_from_bytes
    from email.header import decode_header, make_header

    controller_module = pytest.importorskip("aiosmtpd.controller")
    mails = []

    class Keep:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
            del server, session
            mails.append(envelope)
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = controller_module.Controller(Keep(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        monkeypatch.setenv(
            "SCITEX_NOTIFY_URLS",
            f"mailto://127.0.0.1:{port}/?from=lab@example.org&to=me@example.org&mode=insecure",
        )
        assert notify() is None
    finally:
        controller.stop()
    (mail,) = mails
    assert mail.rcpt_tos == ["me@example.org"]
    parsed = message_from_bytes(mail.content)
    assert str(make_header(decode_header(parsed["Subject"]))) == "fit.py: error"
    parts = [p.get_payload(decode=True).decode() for p in parsed.walk() if not p.is_multipart()]
    assert "duration: 00:00:00" in parts[0]
    assert "ValueError: bad" in parts[0]


def test_addresses_come_from_apprises_configuration(web, tmp_path, notify):
    """With no address in the environment, apprise's own file in the home directory counts."""
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "apprise.yml").write_text(f"urls:\n  - {web.url}\n", encoding="utf-8")
    assert notify() is None
    assert len(web.got) == 1


def test_apprises_variable_names_the_configuration(web, tmp_path, monkeypatch, notify):
    """APPRISE_CONFIG_PATH names configuration files, as it does for apprise itself."""
    own = tmp_path / "my addresses.conf"
    own.write_text(f"{web.url}\n", encoding="utf-8")
    monkeypatch.setenv("APPRISE_CONFIG_PATH", str(own))
    assert notify() is None
    own.write_text("# nobody\n", encoding="utf-8")
    said = notify()
    assert said == f"no notification was sent: no address that apprise knows is in {own}"


@pytest.mark.parametrize("between", [", ", "\n"])
def test_several_addresses(web, monkeypatch, between, notify):
    """Each address in the variable gets the message, however they are divided."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", between.join([web.url + "/a", web.url + "/b"]))
    assert notify() is None
    assert len(web.got) == 2


def test_nothing_configured_is_one_line(notify):
    """Without any address the answer says what to set."""
    said = notify()
    assert said.startswith("no notification was sent: no address is configured; set SCITEX_NOTIFY")
    assert "\n" not in said


def test_apprise_missing_is_one_line(monkeypatch, notify):
    """Without apprise the answer says what to install, at once."""
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "apprise" else real(name)
    )
    said = notify()
    assert said == (
        "no notification was sent: apprise is not installed; "
        "run: python -m pip install 'scitex-session[notify]'"
    )


@pytest.mark.parametrize(
    ("urls", "named"),
    [
        ("nosuch://user:hunter2@host", "entry 1 of SCITEX_NOTIFY_URLS (nosuch://...)"),
        ("json://localhost hunter2", "entry 2 of SCITEX_NOTIFY_URLS (no URL)"),
    ],
)
def test_an_unknown_address_is_named_without_its_secrets(monkeypatch, urls, named, notify):
    """An entry that apprise does not know is named by its place, and nothing is sent."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", urls)
    said = notify()
    assert said == f"no notification was sent: {named} is not one that apprise knows"
    assert "hunter2" not in said


def test_a_dead_server_is_one_line_without_secrets(monkeypatch, notify):
    """A server that is not there is named by scheme and host, and no password is shown."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv(
        "SCITEX_NOTIFY_URLS", f"json://me:hunter2@127.0.0.1:{port}/hunter3?x=hunter4"
    )
    said = notify()
    place = f"json://127.0.0.1:{port}"
    assert said == (
        f"no notification was sent: {place} could not be reached or refused the message"
    )


def test_a_refusal_is_told(web, monkeypatch, notify):
    """A server that answers with an error counts as not reached."""
    web.answer = 500
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    assert "refused the message" in notify()


def test_a_mute_server_is_waited_for_four_seconds(web, mute, monkeypatch, notify):
    """A server that never answers does not hold the run up, nor the other addresses."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", f"{mute} {web.url}")
    said = notify()
    assert said.startswith("the notification went to 1 of 2 addresses: json://127.0.0.1:")
    assert said.endswith(" did not answer within 4 s")
    assert len(web.got) == 1


@pytest.fixture
def apprise(monkeypatch, tmp_path):
    """Put another apprise in the way of the helper process: the text of its module."""

    def put(text):
        folder = tmp_path / "instead"
        folder.mkdir()
        (folder / "apprise.py").write_text(text, encoding="utf-8")
        paths = [str(folder), *filter(None, sys.path)]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))

    return put


def test_a_helper_that_hangs_is_killed(apprise, notify, tmp_path):
    """Whatever the helper process does, it is gone when the time is up."""
    apprise(
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(60)\n"
    )
    said = notify()
    assert said.startswith("no notification was sent: no answer within 4.7 s")
    assert said.endswith(" s; see that the server can be reached")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise SystemExit(7)", "apprise ended with status 7"),
        ("import os; print('x', flush=True); os._exit(0)", "ended with status 0"),
        ("raise ValueError('hunter2')", "apprise failed with ValueError"),
    ],
)
def test_a_helper_that_breaks_is_one_line(apprise, notify, code, expected):
    """A helper that dies or talks nonsense is told in one line."""
    apprise(code)
    said = notify()
    assert expected in said
    assert "hunter2" not in said


def test_a_python_that_is_gone_is_one_line(monkeypatch, notify):
    """If the helper cannot even be started, that is a line, too."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "the helper process does not start" in notify()


def test_files_of_the_script_do_not_shadow_the_helpers(web, monkeypatch, tmp_path, notify):
    """A json.py or logging.py in the working directory is not imported by the helper."""
    for name in ("json.py", "logging.py", "apprise.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    assert notify() is None


SCRIPT = """
from scitex_session import session

@session(notify=True)
def main(fail=False, CONFIG=None):
    print("to the log")
    if fail:
        raise ValueError("broken on purpose")

main()
"""


def run_script(tmp_path, *args, **environment):
    """Run a decorated script that asks for notification."""
    script = tmp_path / "notified.py"
    script.write_text(SCRIPT, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(script), *args],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_failed_run_sends_the_end_of_its_log(web, tmp_path):
    """notify=True on a failing script sends its traceback and its final directory."""
    done = run_script(tmp_path, "--fail", SCITEX_NOTIFY_URLS=web.url)
    assert done.returncode == 1
    (message,) = web.got
    assert message["title"] == "notified.py: error"
    assert "ValueError: broken on purpose" in message["message"]
    (run,) = (tmp_path / "notified_out" / "FINISHED_ERROR").iterdir()
    assert f"directory: {run}" in message["message"]


def test_addresses_are_written_nowhere(web, tmp_path):
    """A password in an address is in no file of the run."""
    secret = web.url.replace("://", "://me:hunter2hunter2@")
    done = run_script(tmp_path, SCITEX_NOTIFY_URLS=secret)
    assert done.returncode == 0
    assert len(web.got) == 1
    (run,) = (tmp_path / "notified_out" / "FINISHED_SUCCESS").iterdir()
    files = [path for path in run.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert b"hunter2hunter2" not in path.read_bytes(), path
    config = pickle.loads(Path(run, "CONFIGS", "CONFIG.pkl").read_bytes())
    assert "hunter2" not in repr(config)


def test_a_run_is_not_harmed_when_nothing_can_be_sent(tmp_path):
    """Without an address the run succeeds, and one line of stderr says what is missing."""
    done = run_script(tmp_path)
    assert done.returncode == 0
    assert done.stdout == "to the log\n"
    lines = [line for line in done.stderr.splitlines() if "notification" in line]
    assert len(lines) == 1
    assert "set SCITEX_NOTIFY_URLS" in lines[0]
    assert list((tmp_path / "notified_out" / "FINISHED_SUCCESS").iterdir())


def test_a_run_that_was_killed_is_told_of_too(web, tmp_path):
    """By the process that files it, with the end of its log."""
    script = tmp_path / "killed.py"
    script.write_text(
        "import os\nfrom scitex_session import session\n"
        "@session(notify=True)\ndef main():\n"
        "    print('the last line', flush=True)\n    os.kill(os.getpid(), 9)\nmain()\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "SCITEX_NOTIFY_URLS": web.url}
    subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, check=False)
    deadline = time.monotonic() + 20
    while not web.got and time.monotonic() < deadline:
        time.sleep(0.05)
    (message,) = web.got
    assert message["title"] == "killed.py: error"
    assert message["message"].splitlines()[0] == "status: error"
    assert message["message"].endswith("end of the log:\nthe last line")
    (run,) = (tmp_path / "killed_out" / "FINISHED_ERROR").iterdir()
    assert f"directory: {run}" in message["message"]


def test_a_duration_that_nobody_knows_is_said_to_be_so(web, monkeypatch, make_run, look, command):
    """As where the record of a killed run does not tell when it began."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    process = {**look.process(os.getpid()), "start_ticks": 1}
    run = make_run("RUNNING", start_time="?", process=process)
    file = run / "CONFIGS" / "PROVENANCE.json"
    record = look.record(run)
    record["run"]["notify"] = True
    file.write_text(json.dumps(record), encoding="utf-8")
    assert command("_file-dead", run).status == 0
    assert "duration: not known" in web.got[0]["message"]
