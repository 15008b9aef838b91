"""What is masked: tables of pure functions with hundreds of cases, hence the private imports."""

import base64
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitex_session import _masking
from scitex_session._masking import (
    mask,
    mask_patch,
    mask_source,
    strength,
    strip_credentials,
)

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\nxyz=\n-----END RSA PRIVATE KEY-----"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"1234567890"}', b"signature-bytes-here")
)


@pytest.mark.parametrize(
    "name",
    [
        "password", "DB_PASSWORD", "dbPassword", "passwd", "api_key", "apiKey", "API-KEY", "secret",
        "client_secret", "token", "github_token", "auth", "authorization", "credentials",
        "AWS_SECRET_ACCESS_KEY", "SLURM_JWT", "private_key", "ssh_key", "db_pass", "cookie",
        "SCITEX_NOTIFY_URLS", "key",
    ],
)  # fmt: skip
def test_names_that_hide(name):
    """A name with a word for a secret in it hides its value."""
    assert mask({name: "hunter-number-2"}) == {name: "***"}


@pytest.mark.parametrize(
    "name",
    [
        "sort_key", "primary_key", "group_key", "band_pass", "low_pass", "tokenizer", "max_tokens",
        "author", "keyboard", "monkey", "n_keys", "compass", "passband", "secretary_count",
    ],
)  # fmt: skip
def test_names_that_do_not_hide(name):
    """Words of science that resemble words for secrets are left alone."""
    assert mask({name: "alpha"}) == {name: "alpha"}


def test_numbers_and_flags():
    """A password is hidden even as a number; a token count and a flag are settings."""
    assert mask({"password": 12345, "token": 512, "use_auth": True, "secret": None}) == {
        "password": "***",
        "token": 512,
        "use_auth": True,
        "secret": None,
    }


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2_" * 6,
        "glpat-" + "x" * 20,
        "xoxb-123456789012-abcdef",
        "sk-" + "proj-abcdef123456789012345",
        "AIza" + "a" * 35,
        "hf_" + "abcDEF1234" * 4,
        JWT,
        KEY,
    ],
)
def test_patterns_that_hide(text):
    """A text is hidden by its look, inside a longer one too, and whatever its name."""
    masked = mask({"note": f"see {text} there"})["note"]
    assert text not in masked
    assert masked.startswith("see ***")


def test_addresses():
    """User and password in an address are hidden, the rest of it stays readable."""
    assert mask("postgres://bob:pw1234@db/x") == "postgres://***@db/x"
    assert mask("https://abc123tok@host/x.git") == "https://***@host/x.git"
    assert mask("https://host/x?page=2&api_key=abc&n=1") == "https://host/x?page=2&api_key=***&n=1"
    assert mask("git@host:group/x.git") == "git@host:group/x.git"
    assert mask("Authorization: Bearer abcdefghijklmnop12345") == "Authorization: Bearer ***"


def test_remote_addresses_lose_their_user():
    """A remote is recorded without user and password."""
    assert strip_credentials("https://u:p@host/x.git") == "https://host/x.git"
    assert strip_credentials("ssh://git@host/x.git") == "ssh://host/x.git"
    assert strip_credentials("git@host:x.git") == "git@host:x.git"


def test_command_lines():
    """An option that names a secret hides its value, joined or apart, and settings do too."""
    argv = ["prog", "--token", "abc-1", "--api-key=abc-2", "--set", "DB.password=abc-3", "--n", "5"]
    assert mask(argv) == ["prog", "--token", "***", "--api-key=***", "--set", "DB.password=***",
                          "--n", "5"]  # fmt: skip
    assert mask(["--token", "--verbose"]) == ["--token", "--verbose"]
    assert mask(["--no-auth", "data.csv"]) == ["--no-auth", "data.csv"]


def test_nested_containers():
    """Secrets are found at any depth; the kinds of containers stay, the original is untouched."""
    given = {"a": [{"token": "t-1"}, ("x", {"password": ["p-1", "p-2"]})], "n": 1.5}
    before = json.dumps(given)
    assert mask(given) == {"a": [{"token": "***"}, ("x", {"password": ["***", "***"]})], "n": 1.5}
    assert json.dumps(given) == before


def test_a_container_that_holds_itself():
    """A recursive structure does not hang the masking."""
    loop = {"password": "abc"}
    loop["self"] = loop
    assert mask(loop)["password"] == "***"


def test_a_secret_is_hidden_where_it_turns_up_again():
    """A value hidden by its name is hidden in other texts too."""
    mask({"password": "tr0ub4dor&3"})
    assert mask(["curl", "-u", "bob:tr0ub4dor&3"]) == ["curl", "-u", "bob:***"]


def test_secrets_of_the_environment_are_hidden_everywhere():
    """The value of a variable with a secret's name is hidden in command lines and texts."""
    use = "print(mask(['curl', 'x=planted-99-value']))"
    code = f"from scitex_session._masking import mask; {use}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"MY_SERVICE_TOKEN": "planted-99-value", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "['curl', 'x=***']\n"


def test_harmless_texts_cost_no_regular_expressions():
    """Masking ordinary settings does not import `re`."""
    code = (
        "import sys; from scitex_session._masking import mask; "
        "mask({'lr': 0.1, 'path': 'data.csv', 'argv': ['prog', '--n', '5']}); "
        "sys.exit('re' in sys.modules)"
    )
    path = ":".join(sys.path)
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path[:] = {path.split(':')!r}; {code}",
        ],
        check=False,
    )
    assert done.returncode == 0


def test_strength_orders_names():
    """A password hides whatever the value, a token only a text."""
    assert (strength("password"), strength("token"), strength("name")) == (2, 1, 0)


def test_source_keeps_its_lines():
    """Masking a program hides literals given to secret names and changes no line count."""
    source = b'API_KEY = "abc123def456"\npassword: str = "pw-1234"\nfor key in "abcdefgh1": pass\n'
    masked, count = mask_source(source, "x.py")
    assert masked.count(b"\n") == source.count(b"\n")
    assert b"abc123def456" not in masked
    assert b"pw-1234" not in masked
    assert count == 2


def test_programs_stay_programs():
    """Names of columns and words of a language are not taken for secrets in a program."""
    source = b'df.sort_values(key="temperature")\ntoken = "the"\nx = {"token": tokens[0]}\n'
    assert mask_source(source, "x.py") == (source, 0)


def test_settings_need_no_quotes():
    """In YAML and the like, a bare value under a secret name is hidden."""
    masked, _ = mask_source(b"db:\n  user: bob\n  password: hunter22\n", "config/DB.yaml")
    assert masked == b"db:\n  user: bob\n  password: ***\n"


def test_a_masked_patch_fits_a_masked_file(tmp_path):
    """A patch with secrets in context, removed and added lines applies to the masked original."""
    old = "a = 1\npassword = 'old-secret-1'\nb = 2\nc = 3\ntoken = 'keep-secret-1'\nd = 4\n"
    new = old.replace("old-secret-1", "new-secret-2").replace("d = 4", "d = 5")
    git(tmp_path, "init", "-q")
    file = tmp_path / "x.py"
    file.write_text(old, encoding="utf-8")
    git(tmp_path, "add", "x.py")
    git(tmp_path, "commit", "-q", "-m", "x")
    file.write_text(new, encoding="utf-8")
    patch, count = mask_patch(git(tmp_path, "diff").encode())
    assert count == 3
    assert b"secret" not in patch
    file.write_bytes(mask_source(old.encode(), "x.py")[0])
    (tmp_path / "p").write_bytes(patch)
    git(tmp_path, "apply", "p")
    assert "d = 5" in file.read_text(encoding="utf-8")


def test_a_private_key_in_a_patch_is_hidden_line_by_line():
    """A key over many lines leaves as many masked lines, so that the hunk keeps its length."""
    body = "".join(f"+{line}\n" for line in KEY.splitlines())
    patch = f"diff --git a/k b/k\n--- /dev/null\n+++ b/k\n@@ -0,0 +1,4 @@\n{body}".encode()
    masked, _ = mask_patch(patch)
    assert masked.count(b"\n") == patch.count(b"\n")
    assert b"MIIEabc" not in masked


def git(cwd, *args):
    """Return what a git command prints."""
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", *identity, *args], cwd=cwd, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout


PIECES = [
    "AKIA", "ASIA", "ABCDEFGHIJ012345", "ghp_", "github_pat_", "a1B2c3D4" * 4, "xoxb-", "sk_live_",
    "pk_test_", "sk-", "AIza", "eyJ", ".", "hf_", "npm_", "SG.", "https://", "user", ":", "@host",
    "hooks.slack.com/services/", "?", "&", "key=", "api-key=", "Signature=", "sig=", "auth=",
    "Bearer ", "Authorization: ", "Password=", "PWD=", "MY_TOKEN=", "AccountKey=", "_ACCESS_KEY=",
    "access_key=", "credential=", "apikey=", " ", "'", "x9", "-----BEGIN RSA PRIVATE KEY-----",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
@settings(max_examples=500, deadline=None)
def test_what_is_let_go_at_a_glance_has_no_secret(text):
    """A text that is not shown to the patterns is one that they leave as it is."""
    before = _masking._mask_by_look(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_masking, "_may_match", lambda _text: True)
        assert _masking._mask_by_look(text) == before


@given(
    st.lists(
        st.sampled_from([
            "key", "token", "Password", "lambda", "x", "=", ":", ",", " ", "\t", "[", "]", "(", '"',
            "'", "\\", "r", "b", "f", "u", "rb", "str", "|", "#", "-", "\n", "s3cr3t-v4lue-9",
        ]),
        max_size=20,
    )
)  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_what_is_asked_before_the_patterns_hides_as_much(words):
    """A line that is taken for harmless at a glance is one that the patterns leave as it is."""
    text = "".join(words)
    before = mask_source(text.encode(), "analysis.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_masking, "_gives_text", lambda _line: True)
        assert mask_source(text.encode(), "analysis.py") == before


def test_a_program_that_hides_nothing_costs_no_pattern():
    """The words of a program that resemble secrets' names do not make it load `re`."""
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; "
        "from scitex_session._masking import mask_source; "
        "mask_source(b'pass\\nrows.sort(key=len)\\nprint(\"key\", len(tokens))\\n', 'x.py'); "
        "print('re' in sys.modules)"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    assert subprocess.check_output(command, text=True) == "False\n"
