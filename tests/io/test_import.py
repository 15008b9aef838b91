"""What importing and using the package costs."""

import scitex_io


def test_importing_loads_nothing_heavy(python):
    """`import scitex_io` and entering `saving_into` load no module but the package's own."""
    code = (
        "import sys; before = set(sys.modules)\n"
        "import scitex_io\n"
        "assert set(sys.modules) - before == {'scitex_io'}, set(sys.modules) - before\n"
        "import os, importlib; before = set(sys.modules)\n"
        "with scitex_io.saving_into('x', run_id='a'): pass\n"
        "new = {name for name in set(sys.modules) - before if not name.startswith('scitex_io')}\n"
        "print(sorted(new))"
    )
    assert set(eval(python(code))) <= {"warnings", "__future__"}


def test_saving_text_loads_no_library(python):
    """Saving JSON, text and plain tables imports neither numpy nor pandas nor matplotlib."""
    code = (
        "import sys, scitex_io as io\n"
        "io.save({'a': 1}, 'a.json'); io.save('x', 'a.txt'); io.save([{'a': 1}], 'a.csv')\n"
        "print([m for m in ('numpy', 'pandas', 'matplotlib', 'yaml', 'PIL') if m in sys.modules])"
    )
    assert python(code).strip() == "[]"


def test_the_face_is_what_is_listed():
    """`__all__` is sorted and each name can be had; `__version__` too."""
    assert scitex_io.__all__ == sorted(scitex_io.__all__)
    assert all(getattr(scitex_io, name) is not None for name in scitex_io.__all__)
    assert set(scitex_io.__all__) <= set(dir(scitex_io))
    assert scitex_io.__version__
