"""Notifications reach real servers, and a run is not held up or harmed where they cannot."""

import http.server
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

from scitex_session._run._notification import notify

pytest.importorskip("apprise")

RUN = {
    "status": "error",
    "exit_status": 3,
    "run_time": "00:01:05",
    "directory": "/data/ünïcode dir/run",
    "log_tail": "line one\nValueError: bad <b>λ</b>",
}


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


def test_a_message_arrives_by_http(web, monkeypatch):
    """Title, status, duration, directory and the log's end arrive as they are."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    assert notify("fit.py: error", **RUN) is None
    (message,) = web.got
    assert message["title"] == "fit.py: error"
    assert message["type"] == "failure"
    assert message["message"].splitlines() == [
        "status: error (exit status 3)",
        "duration: 00:01:05",
        "directory: /data/ünïcode dir/run",
        "",
        "end of the log:",
        "line one",
        "ValueError: bad <b>λ</b>",
    ]


def test_a_run_that_went_well_has_no_log(web, monkeypatch, tmp_path):
    """Without a log the message ends with the directory; a status that is none is left out."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    about = {"status": "finished", "exit_status": None, "run_time": None, "directory": tmp_path}
    assert notify("fit.py", **about) is None
    assert web.got[0]["message"] == f"status: finished\nduration: not known\ndirectory: {tmp_path}"
    assert web.got[0]["type"] == "info"


def test_a_message_arrives_by_mail(monkeypatch):
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
        assert notify("fit.py: error", **RUN) is None
    finally:
        controller.stop()
    (mail,) = mails
    assert mail.rcpt_tos == ["me@example.org"]
    parsed = message_from_bytes(mail.content)
    assert str(make_header(decode_header(parsed["Subject"]))) == "fit.py: error"
    parts = [p.get_payload(decode=True).decode() for p in parsed.walk() if not p.is_multipart()]
    assert "duration: 00:01:05" in parts[0]
    assert "ValueError: bad" in parts[0]


def test_addresses_come_from_apprises_configuration(web, tmp_path):
    """With no address in the environment, apprise's own file in the home directory counts."""
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "apprise.yml").write_text(f"urls:\n  - {web.url}\n", encoding="utf-8")
    assert notify("fit.py", **RUN) is None
    assert len(web.got) == 1


def test_apprises_variable_names_the_configuration(web, tmp_path, monkeypatch):
    """APPRISE_CONFIG_PATH names configuration files, as it does for apprise itself."""
    own = tmp_path / "my addresses.conf"
    own.write_text(f"{web.url}\n", encoding="utf-8")
    monkeypatch.setenv("APPRISE_CONFIG_PATH", str(own))
    assert notify("fit.py", **RUN) is None
    own.write_text("# nobody\n", encoding="utf-8")
    said = notify("fit.py", **RUN)
    assert said == f"no notification was sent: no address that apprise knows is in {own}"


@pytest.mark.parametrize("between", [", ", "\n"])
def test_several_addresses(web, monkeypatch, between):
    """Each address in the variable gets the message, however they are divided."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", between.join([web.url + "/a", web.url + "/b"]))
    assert notify("fit.py", **RUN) is None
    assert len(web.got) == 2


def test_nothing_configured_is_one_line():
    """Without any address the answer says what to set."""
    said = notify("fit.py", **RUN)
    assert said.startswith("no notification was sent: no address is configured; set SCITEX_NOTIFY")
    assert "\n" not in said


def test_apprise_missing_is_one_line(monkeypatch):
    """Without apprise the answer says what to install, at once."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    said = notify("fit.py", **RUN)
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
def test_an_unknown_address_is_named_without_its_secrets(monkeypatch, urls, named):
    """An entry that apprise does not know is named by its place, and nothing is sent."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", urls)
    said = notify("fit.py", **RUN)
    assert said == f"no notification was sent: {named} is not one that apprise knows"
    assert "hunter2" not in said


def test_a_dead_server_is_one_line_without_secrets(monkeypatch):
    """A server that is not there is named by scheme and host, and no password is shown."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv(
        "SCITEX_NOTIFY_URLS", f"json://me:hunter2@127.0.0.1:{port}/hunter3?x=hunter4"
    )
    said = notify("fit.py", **RUN)
    place = f"json://127.0.0.1:{port}"
    assert said == (
        f"no notification was sent: {place} could not be reached or refused the message"
    )


def test_a_refusal_is_told(web, monkeypatch):
    """A server that answers with an error counts as not reached."""
    web.answer = 500
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    assert "refused the message" in notify("fit.py", **RUN)


def test_a_mute_server_costs_less_than_five_seconds(web, mute, monkeypatch):
    """A server that never answers does not hold the run up, nor the other addresses."""
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", f"{mute} {web.url}")
    begin = time.monotonic()
    said = notify("fit.py", **RUN)
    assert time.monotonic() - begin < 5
    assert said.startswith("the notification went to 1 of 2 addresses: json://127.0.0.1:")
    assert len(web.got) == 1


def test_a_helper_that_hangs_is_killed(monkeypatch):
    """Whatever the helper process does, it is gone when the time is up."""
    from scitex_session._run import _notification as _notify

    started = []
    popen = subprocess.Popen

    def hang(_argv, **options):
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
        started.append(popen([sys.executable, "-c", code], **options))
        return started[0]

    monkeypatch.setattr(subprocess, "Popen", hang)
    monkeypatch.setattr(_notify, "_KILLED_AFTER", 0.5)
    said = notify("fit.py", **RUN)
    assert said == (
        "no notification was sent: no answer within 0.5 s; see that the server can be reached"
    )
    assert started[0].returncode < 0


@pytest.mark.parametrize(
    ("code", "expected"),
    [("raise SystemExit(7)", "apprise ended with status 7"), ("print('x')", "ended with status 0")],
)
def test_a_helper_that_breaks_is_one_line(monkeypatch, code, expected):
    """A helper that dies or talks nonsense is told in one line."""
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda _argv, **options: popen([sys.executable, "-c", code], **options)
    )
    assert expected in notify("fit.py", **RUN)


def test_a_python_that_is_gone_is_one_line(monkeypatch):
    """If the helper cannot even be started, that is a line, too."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "the helper process does not start" in notify("fit.py", **RUN)


def test_files_of_the_script_do_not_shadow_the_helpers(web, monkeypatch, tmp_path):
    """A json.py or logging.py in the working directory is not imported by the helper."""
    for name in ("json.py", "logging.py", "apprise.py"):
        (tmp_path / name).write_text("raise SystemExit('shadowed')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCITEX_NOTIFY_URLS", web.url)
    assert notify("fit.py", **RUN) is None


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
