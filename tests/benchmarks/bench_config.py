"""Reading configuration beside the bare loader, writing records beside PyYAML, and the help.

Run it alone: ``python tests/benchmarks/bench_config.py``. The candidates of a row are measured in
turn, round after round, and the medians are printed with their ratio and the limit it has.
"""

import os
import subprocess
import sys
import tempfile
from statistics import median
from time import perf_counter

import yaml

from scitex_io import dump_yaml
from scitex_session._config._directory import load_directory

ROUNDS = 15
LOAD_LIMIT = 1.3
HELP_LIMIT = 1.1
VALUES = (
    "0.001", "12", "true", "hello world", "'quoted'", "2024-01-01", "[1, 2, 3]", "1e-3", "null",
    "/data/file.csv",
)  # fmt: skip
FUNCTION = '''\
def main(data_path: str = "data.csv", threshold: float = 0.5, count: int = 3):
    """Analyze experimental data.

    Parameters
    ----------
    data_path : str
        Where the data are.
    """
'''
UNDER_TYRO = f"import tyro\n{FUNCTION}\ntyro.cli(main)\n"
UNDER_US = f"from scitex_session import session\n{FUNCTION}\nsession(main)()\n"


def interleaved(candidates):
    """Give {name: median seconds}, measured A B C A B C."""
    times = {name: [] for name in candidates}
    for _ in range(ROUNDS):
        for name, run in candidates.items():
            start = perf_counter()
            run()
            times[name].append(perf_counter() - start)
    return {name: median(values) for name, values in times.items()}


def report(title, times, base, limit=None):
    """Print a row for each candidate with its ratio to the base."""
    print(f"\n{title}")
    for name, seconds in times.items():
        ratio = seconds / times[base]
        goal = f"  (at most {limit})" if limit and name.startswith("scitex") else ""
        print(f"  {name:<34} {seconds * 1e3:8.1f} ms  {ratio:5.2f} x{goal}")


def write_files(folder):
    """Write a hundred files of a hundred keys and give their names."""
    names = []
    for number in range(100):
        names.append(os.path.join(folder, f"NS{number:03}.yaml"))
        with open(names[-1], "w", encoding="utf-8") as file:
            file.writelines(f"key_{k}: {VALUES[k % len(VALUES)]}\n" for k in range(100))
    return names


def reading(folder):
    """Compare `load_directory` with PyYAML's loader in C on the same files."""
    names = write_files(folder)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def bare():
        for name in names:
            with open(name, "rb") as file:
                yaml.load(file, loader)

    report(
        "100 YAML files of 100 keys",
        interleaved(
            {"bare C loader": bare, "scitex: load_directory": lambda: load_directory(folder)}
        ),
        "bare C loader",
        LOAD_LIMIT,
    )


def writing(folder):
    """Compare `dump_yaml` with PyYAML's dumper in C on the same mapping."""
    config = load_directory(folder)
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    report(
        "the same as one record",
        interleaved(
            {
                "bare C dumper": lambda: yaml.dump(config, Dumper=dumper),
                "scitex: dump_yaml": lambda: dump_yaml(config),
            }
        ),
        "bare C dumper",
    )


def helping(folder):
    """Compare ``--help`` of a decorated script with that of the command line library alone."""
    scripts = {"tyro alone": UNDER_TYRO, "scitex: a decorated script": UNDER_US}
    commands = {}
    for number, (name, text) in enumerate(scripts.items()):
        path = os.path.join(folder, f"script{number}.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        commands[name] = [sys.executable, path, "--help"]

    def runner(command):
        return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, cwd=folder, check=True)

    times = interleaved({name: runner(command) for name, command in commands.items()})
    report("script.py --help", times, "tyro alone", HELP_LIMIT)


def main():
    """Print every comparison."""
    with tempfile.TemporaryDirectory() as folder:
        reading(folder)
        writing(folder)
        helping(folder)


if __name__ == "__main__":
    main()
