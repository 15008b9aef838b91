"""The hook, tried on modules made for it, each test in a Python of its own."""

import textwrap

import pytest


@pytest.fixture
def modules(tmp_path):
    """Write modules beside the script; return the function that does it."""

    def write(**sources):
        for name, source in sources.items():
            path = tmp_path / (name.replace("_in_", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(source), encoding="utf-8")

    return write


def test_the_hook_runs_once_at_the_end_of_the_import(python, modules):
    """It sees the finished module, before the line after the import runs."""
    modules(thing="print('executed')\nvalue = 3")
    code = """
        from scitex_repro import on_import
        on_import("thing", lambda module: print("hook", module.value))
        import thing
        print("after")
        import thing
    """
    assert python(code).split("\n") == ["executed", "hook 3", "after", ""]


def test_a_module_that_is_there_is_hooked_at_once(python, modules):
    """Already imported, the hook runs immediately."""
    modules(thing="value = 3")
    code = """
        import thing
        from scitex_repro import on_import
        on_import("thing", lambda module: print("hook", module.value))
    """
    assert python(code) == "hook 3\n"


@pytest.mark.parametrize(
    "statement",
    ["import pack.sub", "from pack import sub", "from pack.sub import x", "import pack.sub as p"],
)
def test_every_way_of_importing_counts(python, modules, statement):
    """Package and submodule are hooked each at its own end, whatever the statement."""
    modules(pack_in___init__="from . import sub", pack_in_sub="x = 1")
    code = f"""
        from scitex_repro import on_import
        for name in ("pack", "pack.sub"):
            on_import(name, lambda module: print(module.__name__))
        {statement}
    """
    assert python(code) == "pack.sub\npack\n"


def test_a_reload_runs_the_hook_again(python, modules):
    """A reloaded module is a new one, and so is one taken out of sys.modules."""
    modules(thing="value = 3")
    code = """
        import importlib, sys
        from scitex_repro import on_import
        on_import("thing", lambda module: print("hook"))
        import thing
        importlib.reload(thing)
        del sys.modules["thing"]
        import thing
    """
    assert python(code) == "hook\nhook\nhook\n"


def test_a_failing_import_fails_as_without_a_hook(python, modules):
    """The error is the module's own, its traceback too; the next try is hooked."""
    modules(thing="import builtins\nif not hasattr(builtins, 'ok'): 1 / 0")
    code = """
        import builtins, sys, traceback
        from scitex_repro import on_import
        on_import("thing", lambda module: print("hook"))
        try:
            import thing
        except ZeroDivisionError:
            print("scitex" in traceback.format_exc().replace("scitex_repro import", ""))
            print("thing" in sys.modules)
        builtins.ok = True
        import thing
    """
    lines = python(code).split("\n")
    assert lines[1:] == ["False", "hook", ""]


def test_a_missing_module_stays_missing(python):
    """A name that nothing provides is a ModuleNotFoundError, hook or not."""
    code = """
        from scitex_repro import on_import
        on_import("nowhere", lambda module: print("hook"))
        try:
            import nowhere
        except ModuleNotFoundError as error:
            print(error)
    """
    assert python(code) == "No module named 'nowhere'\n"


def test_afterwards_nothing_shows_that_anyone_was_there(python, modules):
    """Loader, spec and origin of a hooked module are those of one that was not."""
    modules(one="", two="")
    code = """
        import importlib.machinery
        from scitex_repro import on_import
        on_import("one", lambda module: None)
        import one, two
        for module in (one, two):
            print(type(module.__loader__) is type(module.__spec__.loader)
                  is importlib.machinery.SourceFileLoader, module.__loader__ is
                  module.__spec__.loader, type(module).__name__, sorted(vars(module.__spec__)))
    """
    first, second = python(code).strip().split("\n")
    assert first == second
    assert first.startswith("True True module")


def test_looking_for_a_module_does_not_run_the_hook(python, modules):
    """importlib.util.find_spec gives a spec that looks as always, and runs nothing."""
    modules(thing="print('executed')")
    code = """
        import importlib.machinery, importlib.util
        from scitex_repro import on_import
        on_import("thing", lambda module: print("hook"))
        spec = importlib.util.find_spec("thing")
        print(spec.origin.endswith("thing.py"))
        print(isinstance(spec.loader, importlib.machinery.SourceFileLoader))
        print(spec.loader.get_source("thing").strip())
        import thing
    """
    expected = ["True", "True", "print('executed')", "executed", "hook", ""]
    assert python(code).split("\n") == expected


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lazy_loader_loads_no_earlier_and_is_hooked_when_it_does(python, modules, when):
    """importlib.util.LazyLoader: the hook runs at the first touch, once, and not before."""
    modules(thing="print('executed')\nvalue = 3")
    hook = 'on_import("thing", lambda module: print("hook", module.value))'
    code = f"""
        import importlib.util, sys
        from scitex_repro import on_import
        {hook if when == "before" else ""}
        spec = importlib.util.find_spec("thing")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules["thing"] = module
        spec.loader.exec_module(module)
        {hook if when == "after" else ""}
        print("made")
        print(module.value, type(module).__name__)
    """
    assert python(code).split("\n") == ["made", "executed", "hook 3", "3 module", ""]


def test_a_module_half_imported_is_hooked_when_it_is_done(python, modules):
    """Asked for in the middle of the import, the hook runs once the module is finished."""
    modules(
        thing="""
            from scitex_repro import on_import
            on_import("thing", lambda module: print("hook", module.value))
            print("middle")
            value = 3
        """,
        other="",
    )
    assert python("import thing\nprint('done')\nimport other").split("\n") == [
        "middle",
        "done",
        "hook 3",
        "",
    ]


def test_modules_in_a_zip_file_share_a_loader_and_not_a_hook(python, tmp_path):
    """Of two modules of one zip file only the one asked for is hooked."""
    import zipfile

    with zipfile.ZipFile(tmp_path / "lib.zip", "w") as archive:
        archive.writestr("one.py", "")
        archive.writestr("two.py", "")
    code = """
        import sys
        sys.path.insert(0, "lib.zip")
        from scitex_repro import on_import
        on_import("one", lambda module: print("hook", module.__name__))
        import two, one
    """
    assert python(code) == "hook one\n"


def test_builtin_and_frozen_modules_are_hooked(python):
    """Modules whose loader is a class for all of them are hooked one by one."""
    code = """
        import sys
        from scitex_repro import on_import
        for name in ("_sre_nothing", "xxsubtype", "__hello__", "__phello__"):
            sys.modules.pop(name, None)
            on_import(name, lambda module: print("hook", module.__name__))
        import xxsubtype, _random
        import __phello__
    """
    lines = python(code).split("\n")
    assert lines[0] == "hook xxsubtype"
    assert "hook __phello__" in lines


def test_a_module_that_replaces_itself_is_hooked_as_what_it_became(python, modules):
    """The hook gets what sys.modules holds when the import is over."""
    modules(thing="import sys\nclass New: pass\nsys.modules[__name__] = New()")
    code = """
        from scitex_repro import on_import
        on_import("thing", lambda module: print(type(module).__name__))
        import thing
    """
    assert python(code) == "New\n"


def test_an_error_in_a_hook_is_told_and_harms_nothing(python, modules):
    """The import goes through, other hooks run, and stderr says what failed in one line."""
    modules(thing="")
    code = """
        from scitex_repro import on_import
        on_import("thing", lambda module: 1 / 0)
        on_import("thing", lambda module: print("second"))
        import thing
    """
    assert python(code, options=["-W", "error"]) == "second\n"
    assert python.stderr == (
        "scitex_repro: a hook on the import of thing failed: ZeroDivisionError: division by zero\n"
    )


def test_a_hook_can_be_taken_away(python, modules):
    """The function that on_import returns ends it; without hooks nothing is left in meta_path."""
    modules(thing="")
    code = """
        import sys
        from scitex_repro import on_import
        before = list(sys.meta_path)
        cancel = on_import("thing", lambda module: print("hook"))
        cancel(), cancel()
        print(sys.meta_path == before)
        import thing
    """
    assert python(code) == "True\n"


def test_other_finders_that_wrap_loaders_get_along(python, modules):
    """A finder put in front afterwards, which asks again and wraps, leaves both at work."""
    modules(thing="print('executed')")
    code = """
        import importlib.util, sys
        from scitex_repro import on_import
        on_import("thing", lambda module: print("hook"))
        class Wrapper:
            busy = False
            def find_spec(self, name, path=None, target=None):
                if name != "thing" or self.busy:
                    return None
                self.busy = True
                spec = importlib.util.find_spec(name)
                self.busy = False
                inner = spec.loader
                class Loader:
                    def create_module(self, spec):
                        return inner.create_module(spec)
                    def exec_module(self, module):
                        inner.exec_module(module)
                        print("wrapper")
                spec.loader = Loader()
                return spec
        sys.meta_path.insert(0, Wrapper())
        import thing
    """
    assert python(code).split("\n") == ["executed", "hook", "wrapper", ""]


def test_threads_that_import_at_once_wait_for_the_hook(python, modules):
    """No thread sees the module before its hook is done, and the hook runs once."""
    modules(thing="import time\ntime.sleep(0.05)\nseeded = False")
    code = """
        import threading, time
        from scitex_repro import on_import
        def hook(module):
            time.sleep(0.05)
            print("hook")
            module.seeded = True
        on_import("thing", hook)
        def use():
            import thing
            seen.append(thing.seeded)
        seen = []
        threads = [threading.Thread(target=use) for _ in range(6)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(all(seen), len(seen))
    """
    assert python(code) == "hook\nTrue 6\n"
