"""PyYAML's safe dumper writes DotDicts, whoever is imported first."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("yaml")

EXPECTED = "a:\n  b:\n  - 1\n  - c: 2\n"
DUMP = """
data = DotDict(a={"b": [1, {"c": 2}]})
frozen = DotDict(a={"b": [1, {"c": 2}]}).freeze()
class Mine(DotDict): pass
for made in (data, frozen, Mine(data.to_dict())):
    for dumper in (yaml.SafeDumper, getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
        assert yaml.dump(made, Dumper=dumper) == EXPECTED, yaml.dump(made, Dumper=dumper)
assert yaml.dump(data) == EXPECTED, yaml.dump(data)
print(yaml.safe_dump(data), end="")
"""


@pytest.mark.parametrize(
    "imports",
    [
        "import yaml; from scitex_dotdict import DotDict",
        "from scitex_dotdict import DotDict; import yaml",
        (
            "import scitex_dotdict, importlib.util; importlib.util.find_spec('yaml')\n"
            "import yaml; from scitex_dotdict import DotDict"
        ),
        (
            "import yaml; yaml.SafeDumper.add_multi_representer(complex, None)\n"
            "from scitex_dotdict import DotDict"
        ),
    ],
    ids=["yaml first", "yaml later", "looked for, then imported", "dumper with its own"],
)
def test_safe_dump(imports):
    """Every dumper writes a DotDict, frozen or a user's class, as the plain mapping it is."""
    program = f"{imports}\nEXPECTED = {EXPECTED!r}\n{DUMP}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False
    )
    assert done.stderr == ""
    assert done.stdout == EXPECTED


def test_the_finder_goes_when_it_is_done(tmp_path):
    """Nothing of ours stays among the finders once PyYAML is there."""
    program = (
        "import sys; n = len(sys.meta_path); import scitex_dotdict; "
        "assert 'yaml' not in sys.modules; import yaml; assert len(sys.meta_path) == n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)


@pytest.mark.parametrize("content", [None, "", "raise RuntimeError('mine')"])
def test_another_module_called_yaml(tmp_path, content):
    """A folder or file of the user that is called yaml is imported as if we were not there."""
    if content is None:
        (tmp_path / "yaml").mkdir()
    else:
        (tmp_path / "yaml.py").write_text(content, encoding="utf-8")
    ours = Path(importlib.util.find_spec("scitex_dotdict").origin).parents[1]
    program = (
        "import sys\n"
        f"sys.path[:] = [{str(tmp_path)!r}, *(p for p in sys.path if 'site-packages' not in p)]\n"
        f"sys.path.append({str(ours)!r})\n"
        "import scitex_dotdict\n"
        "try:\n    import yaml\nexcept RuntimeError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False
    )
    assert done.stderr == ""
    assert done.stdout.strip() == ("mine" if content else "")
