"""How everything is run: the one command of the README, and the line that sums it up."""

import subprocess
import sys
import tomllib

import pytest

PASSING = '<testsuites><testsuite tests="5" failures="0" errors="0" skipped="2"/></testsuites>'
FAILING = '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="0"/></testsuites>'


def summary(root, folder, *argv):
    """Run the tool that counts reports."""
    command = [sys.executable, str(root / "tools" / "summary.py"), str(folder), *argv]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def test_ci_runs_the_command_of_the_readme(root):
    """The line that a reader of the README types is, word for word, the one that CI runs."""
    readme = (root / "README.md").read_text(encoding="utf-8").splitlines()
    (command,) = [line[2:] for line in readme if line.startswith("$ ") and "nox" in line]
    assert f"\n{command} || status=$?\n" in (root / ".ci" / "run").read_text(encoding="utf-8")


def test_contributing_names_the_same_command(root):
    """CONTRIBUTING gives the same one command to run everything."""
    readme = (root / "README.md").read_text(encoding="utf-8").splitlines()
    (command,) = [line for line in readme if line.startswith("$ ") and "nox" in line]
    assert command in (root / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_ci_is_sound_shell(root):
    """Bash accepts the script."""
    subprocess.run(["bash", "-n", str(root / ".ci" / "run")], check=True)


def test_hooks_and_checks_use_one_ruff(root):
    """The hook before a commit and the check in CI run the same version of ruff."""
    groups = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    (pin,) = [line for line in groups["dependency-groups"]["lint"] if line.startswith("ruff==")]
    hooks = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert f"rev: v{pin.removeprefix('ruff==')}\n" in hooks


def test_all_reports_are_counted_in_one_line(root, tmp_path):
    """The last line adds up the reports, in the words pytest uses."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.xml").write_text(PASSING, encoding="utf-8")
    done = summary(root, tmp_path, "--seconds", "12")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].strip("=") == " 6 passed, 4 skipped in 12.00s "


def test_one_failure_fails_the_whole(root, tmp_path):
    """A failed test or an error in any report gives status 1, and both are counted."""
    (tmp_path / "good.xml").write_text(PASSING, encoding="utf-8")
    (tmp_path / "bad.xml").write_text(FAILING, encoding="utf-8")
    done = summary(root, tmp_path)
    assert done.returncode == 1
    assert "1 failed, 6 passed, 2 skipped, 1 errors" in done.stdout


@pytest.mark.parametrize("report", [None, PASSING.replace('"5"', '"2"')])
def test_no_test_is_no_success(root, tmp_path, report):
    """Without a report, or with nothing but skips, the status is 1."""
    if report:
        (tmp_path / "empty.xml").write_text(report, encoding="utf-8")
    assert summary(root, tmp_path).returncode == 1
