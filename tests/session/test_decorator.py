import os
import subprocess

import pytest


def test_a_run_without_arguments_uses_the_defaults(lab, look):
    """Each parameter's default reaches the function and CONFIG.ARGS."""
    lab.decorated("print(n, name)\nreturn 0", "n=3, name='x'")
    done = lab.run()
    assert (done.returncode, done.stdout) == (0, "3 x\n")
    assert look.config(lab.only("FINISHED_SUCCESS"))["ARGS"] == {"n": 3, "name": "x"}


def test_options_come_typed_from_the_command_line(lab):
    """Dashes on the command line, underscores in Python, types from the defaults."""
    lab.decorated("print(repr(data_path), repr(threshold))", "data_path='a.csv', threshold=0.5")
    done = lab.run("--data-path", "b.csv", "--threshold", "0.7")
    assert done.stdout == "'b.csv' 0.7\n"


@pytest.mark.parametrize("argument", ["--help", "--no-such-option"])
def test_help_and_a_usage_error_leave_nothing_on_disk(lab, argument):
    """Nothing is made before it is known that there is something to run."""
    lab.decorated("return 0", "n=3")
    done = lab.run(argument)
    assert done.returncode == (0 if argument == "--help" else 2)
    assert [p.name for p in lab.path.iterdir()] == ["script.py"]


def test_a_call_with_an_argument_is_a_plain_call(lab):
    """No directory, no redirection; what is INJECTED is filled in all the same."""
    lab.write(
        "from scitex_session import INJECTED, session\n"
        "@session\n"
        "def main(n, CONFIG=INJECTED, rngg=INJECTED, COLORS=INJECTED, logger=INJECTED):\n"
        "    return n + 1, CONFIG.SDIR_RUN.name, rngg('a').integers(100) >= 0, COLORS.blue[0]\n"
        "print(main(1)); print(main(n=2)[0])\n"
    )
    done = lab.run()
    assert done.stdout == f"(2, {lab.path.name!r}, True, '#')\n3\n".replace("True", "np.True_") or (
        done.stdout == f"(2, {lab.path.name!r}, True, '#')\n3\n"
    )
    assert [p.name for p in lab.path.iterdir()] == ["script.py"]


def test_a_plain_call_inside_a_session_gets_its_objects(lab):
    """Another decorated function that is called with arguments shares the session."""
    lab.write(
        "from scitex_session import INJECTED, session\n"
        "@session\n"
        "def helper(n, CONFIG=INJECTED):\n"
        "    return CONFIG.ID\n"
        "@session\n"
        "def main(CONFIG=INJECTED):\n"
        "    print(helper(1) == CONFIG.ID)\n"
        "main()\n"
    )
    assert lab.run().stdout == "True\n"


def test_the_injected_objects_are_also_globals_for_the_session(lab):
    """What stood in the module before is put back, and what was not there is gone."""
    lab.write(
        "from scitex_session import INJECTED, session\n"
        "CONFIG = 'mine'\n"
        "def helper():\n"
        "    return CONFIG.ID, plt.__name__, COLORS.blue, rngg, logger\n"
        "@session\n"
        "def main():\n"
        "    print(helper()[1])\n"
        "main()\n"
        "print(CONFIG, 'rngg' in globals())\n"
    )
    done = lab.run()
    assert done.stdout == "matplotlib.pyplot\nmine False\n", done.stderr


def test_an_unknown_injected_name_is_refused_when_decorating(lab):
    """The message lists the names that exist."""
    lab.decorated("return 0", "CONFG=INJECTED")
    done = lab.run()
    assert done.returncode == 1
    assert "CONFG" in done.stderr.splitlines()[-1]
    assert "CONFIG, " in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("signature", ["*values", "**options"])
def test_open_ended_parameters_are_refused_when_decorating(lab, signature):
    """They have no command line; the message says so before anything runs."""
    lab.decorated("return 0", signature)
    done = lab.run()
    assert done.returncode == 1
    assert "SessionError" in done.stderr.splitlines()[-1]


def test_a_misspelt_option_of_the_decorator_is_refused(lab):
    """The message says which one was probably meant."""
    lab.write("from scitex_session import session\n@session(sdir_sufix='v2')\ndef main(): ...\n")
    assert "did you mean 'sdir_suffix'" in lab.run().stderr


@pytest.mark.parametrize(
    ("returned", "status", "state"),
    [
        ("0", 0, "FINISHED_SUCCESS"),
        ("None", 0, "FINISHED_SUCCESS"),
        ("True", 0, "FINISHED_SUCCESS"),
        ("'text'", 0, "FINISHED_SUCCESS"),
        ("3", 3, "FINISHED_ERROR"),
        ("-1", 1, "FINISHED_ERROR"),
        ("1000", 1, "FINISHED_ERROR"),
    ],
)
def test_the_return_value_is_the_exit_status(lab, look, returned, status, state):
    """An int counts; a status that no process can have is recorded as it is."""
    lab.decorated(f"return {returned}")
    assert lab.run().returncode == status
    recorded = look.config(lab.only(state))["EXIT_STATUS"]
    assert recorded == (int(returned) if returned.lstrip("-").isdigit() else 0)


def test_the_result_is_handed_back_to_the_caller(lab):
    """What is no exit status comes back from the call."""
    lab.write(
        "from scitex_session import session\n"
        "@session\ndef main():\n    return {'a': 1}\n"
        "print(main())\n"
    )
    assert lab.run().stdout == "{'a': 1}\n"


def test_stdout_carries_only_what_the_script_printed(lab):
    """Piped output is clean, and standard error silent, unless verbose."""
    lab.decorated("print('mine')")
    done = lab.run()
    assert (done.stdout, done.stderr) == ("mine\n", "")


def test_verbose_speaks_on_standard_error(lab):
    """A header and a summary, none of it on stdout."""
    lab.write(
        "from scitex_session import session\n"
        "@session(verbose=True)\ndef main(n=1):\n    print('mine')\n"
        "main()\n"
    )
    done = lab.run()
    assert done.stdout == "mine\n"
    assert "n=1" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("SUCCESS 00:00:0")


def test_a_session_inside_a_session_is_refused(lab, look):
    """The outer one goes on; the message says what to do."""
    lab.write(
        "from scitex_session import session\n"
        "@session\ndef inner(): ...\n"
        "@session\ndef main():\n"
        "    try:\n        inner()\n"
        "    except RuntimeError as error:\n        print(error)\n"
        "main()\n"
    )
    done = lab.run()
    assert "is still open" in done.stdout
    assert "is still open" in look.log(lab.only("FINISHED_SUCCESS"))


def test_one_session_after_another_is_fine(lab):
    """Each has its own directory."""
    lab.write(
        "from scitex_session import session\n"
        "@session\ndef main():\n    print('once')\n"
        "main()\nmain()\n"
    )
    assert lab.run().stdout == "once\nonce\n"
    assert len(lab.runs("FINISHED_SUCCESS")) == 2


def test_what_is_not_used_is_not_imported(lab):
    """A session that neither plots nor draws loads no matplotlib, numpy, torch or tyro."""
    lab.decorated(
        "import sys\n"
        "heavy = ('numpy', 'matplotlib', 'torch', 'tyro', 'pandas', 'rich', 'logging')\n"
        "print([m for m in heavy if m in sys.modules])",
        "n=1, plt=INJECTED, rngg=INJECTED, COLORS=INJECTED, logger=INJECTED, CONFIG=INJECTED",
    )
    assert lab.run().stdout == "[]\n"


def test_the_logger_writes_into_the_log(lab, look):
    """Its lines are on standard error and in stderr.log."""
    lab.decorated("logger.info('a line of %s', 'mine')", "logger=INJECTED")
    done = lab.run()
    assert done.stderr.endswith("INFO a line of mine\n")
    assert look.log(lab.only("FINISHED_SUCCESS"), "stderr") == done.stderr


def test_the_wrapped_function_keeps_its_face(lab):
    """Name, docstring and signature are those of the function."""
    lab.write(
        "import inspect\nfrom scitex_session import session\n"
        "@session\ndef analyze(n: int = 1):\n    'Count.'\n"
        "print(analyze.__name__, analyze.__doc__, inspect.signature(analyze))\n"
    )
    assert lab.run().stdout == "analyze Count. (n: int = 1)\n"


def test_set_overrides_one_value_of_the_configuration(lab, look):
    """The value is read as YAML and recorded."""
    lab.config_file("MODEL.yaml", "lr: 0.1\nlayers: [1, 2]\n")
    lab.decorated("print(CONFIG.MODEL.lr, CONFIG.MODEL.layers)", "CONFIG=INJECTED")
    done = lab.run("--set", "MODEL.lr=1e-3", "--set", "MODEL.layers=[3]")
    assert done.stdout == "0.001 [3]\n"
    assert look.record(lab.only("FINISHED_SUCCESS"))["overrides"] == [
        "MODEL.lr=1e-3",
        "MODEL.layers=[3]",
    ]


def test_an_unknown_override_is_a_usage_error(lab):
    """One line, a guess at what was meant, status 2 and nothing on the disk."""
    lab.config_file("MODEL.yaml", "learning_rate: 0.1\n")
    lab.decorated("return 0")
    done = lab.run("--set", "MODEL.learning_rat=1")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "learning_rate" in done.stderr
    assert lab.runs() == []


@pytest.mark.parametrize("suffix", ["a/b", "a\nb", "x" * 101, "", "v2.tar"])
def test_a_suffix_that_is_no_folder_name_is_refused(lab, suffix):
    """One line and nothing on the disk."""
    lab.write(
        f"from scitex_session import session\n@session(sdir_suffix={suffix!r})\n"
        "def main(): ...\nmain()\n"
    )
    done = lab.run()
    assert done.returncode == 2
    assert done.stderr.startswith("script.py: error: sdir_suffix")
    assert [p.name for p in lab.path.iterdir()] == ["script.py"]


def test_the_hash_order_can_be_fixed(lab):
    """The interpreter is started once more, before the function runs, with the same arguments."""
    lab.write(
        "import sys\nfrom scitex_session import session\nprint('top')\n"
        "@session(hash_seed=True)\ndef main(n=1):\n    print(n, hash('a'))\n    return 3\n"
        "main()\n"
    )
    first, second = lab.run("--n", "4"), lab.run("--n", "4")
    assert first.returncode == 3
    assert first.stdout == second.stdout
    assert first.stdout.splitlines()[-1].startswith("4 ")
    assert len(lab.runs("FINISHED_ERROR")) == 2


def test_a_plain_call_touches_neither_streams_nor_signals(lab):
    """Nothing but the function runs."""
    lab.write(
        "import os, signal, sys\nfrom scitex_session import INJECTED, session\n"
        "names = ('SIGINT', 'SIGTERM', 'SIGHUP')\n"
        "def state():\n"
        "    handlers = [signal.getsignal(getattr(signal, name)) for name in names]\n"
        "    return handlers, sys.stdout, sys.stderr, os.fstat(1).st_ino, os.fstat(2).st_ino\n"
        "@session\ndef main(n, CONFIG=INJECTED):\n    return state()\n"
        "before = state()\nprint(main(1) == before, main(n=1) == before)\n"
    )
    assert lab.run().stdout == "True True\n"


def test_a_plain_call_hands_on_what_was_given(lab):
    """An argument that is given is not replaced by the session's object, not even a None."""
    lab.write(
        "from scitex_session import INJECTED, session\n"
        "@session\ndef main(n, CONFIG=INJECTED, plt=INJECTED):\n    return n, CONFIG, plt\n"
        "print(main(1, None, plt='mine'))\n"
    )
    assert lab.run().stdout == "(1, None, 'mine')\n"


def test_two_names_for_one_object(lab):
    """`CC` is `COLORS` and `rng` is `rngg`, as parameters; all of them are the globals too."""
    names = "CONFIG, plt, COLORS, CC, logger, rngg, rng"
    lab.write(
        "from scitex_session import INJECTED, session\n"
        f"@session\ndef main({names.replace(',', '=INJECTED,')}=INJECTED):\n"
        "    here = globals()\n"
        "    print(COLORS is CC, rngg is rng)\n"
        "    given = dict(CONFIG=CONFIG, plt=plt, COLORS=COLORS, rngg=rngg, logger=logger)\n"
        "    print([name for name in given if given[name] is not here[name]])\n"
        "main()\n"
    )
    assert lab.run().stdout == "True True\n[]\n"


@pytest.mark.parametrize("end", ["1 / 0", "sys.exit(3)", "return 3"])
def test_globals_are_put_back_however_the_function_ends(lab, end):
    """What stood there before is there again, and what did not is gone."""
    lab.write(
        "import sys\nfrom scitex_session import session\nCONFIG = 'mine'\n"
        f"@session\ndef main():\n    assert CONFIG != 'mine'\n    {end}\n"
        "try:\n    main()\nexcept (SystemExit, ZeroDivisionError):\n    pass\n"
        "print(CONFIG, {'plt', 'COLORS', 'rngg', 'logger'} & set(globals()))\n"
    )
    assert lab.run().stdout == "mine set()\n"


def test_a_status_is_raised_once_the_session_is_closed(lab):
    """Whoever catches it finds the run filed."""
    lab.write(
        "import os\nfrom scitex_session import session\n"
        "@session\ndef main():\n    return 3\n"
        "try:\n    main()\nexcept SystemExit as status:\n"
        "    print(status.code, sorted(s for s in os.listdir('script_out')\n"
        "                              if os.listdir(f'script_out/{s}')))\n"
    )
    assert lab.run().stdout == "3 ['FINISHED_ERROR']\n"


@pytest.mark.skipif(os.name == "nt", reason="terminals as POSIX has them")
@pytest.mark.parametrize(("status", "word"), [(0, "SUCCESS"), (3, "ERROR")])
def test_on_a_terminal_the_last_line_says_how_it_ended(lab, status, word):
    """Status, duration and directory in one line on standard error; standard output is clean."""
    lab.decorated(f"print('mine')\nreturn {status}")
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        done = lab.run(capture_output=False, stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        shown = b""
        try:
            while part := terminal.read(4096):
                shown += part
        except OSError:  # how Linux says that nobody is at the other end any more
            pass
    assert (done.returncode, done.stdout) == (status, "mine\n")
    (line,) = shown.decode().splitlines()
    run = lab.only(f"FINISHED_{word}")
    assert line.startswith(f"{word} 00:00:0")
    assert f"script_out/FINISHED_{word}/{run.name}" in line


@pytest.mark.skipif(os.name == "nt", reason="descriptors as POSIX has them")
def test_the_logs_hold_what_goes_to_the_descriptors(lab, look):
    """By Python, past Python, by C code and by a child, up to the close and no further."""
    lab.decorated(
        "import ctypes, os, subprocess\n"
        "print('python', flush=True)\n"
        "os.write(1, b'descriptor\\n')\n"
        "ctypes.CDLL(None).puts(b'c code')\n"
        "ctypes.CDLL(None).fflush(None)\n"
        "subprocess.run(['sh', '-c', 'echo child; echo wrong >&2'], check=True)"
    )
    script = lab.path / "script.py"
    script.write_text(script.read_text(encoding="utf-8") + "    print('after')\n", encoding="utf-8")
    done = lab.run()
    assert done.stdout == "python\ndescriptor\nc code\nchild\nafter\n"
    run = lab.only("FINISHED_SUCCESS")
    assert look.log(run) == "python\ndescriptor\nc code\nchild\n"
    assert look.log(run, "stderr") == "wrong\n"


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ("--n x", "invalid literal"),
        ("--set E.k", "E.k"),
        ("--set ID=3", "ID"),
        ("--set SEED=3", "SEED"),
    ],
)
def test_a_mistake_of_the_user_is_said_without_a_traceback(lab, mistake, said):
    """Status 2, and nothing on the disk."""
    lab.config_file("E.yaml", "k: 1\n")
    lab.decorated("return 0", "n=1")
    done = lab.run(*mistake.split())
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert lab.runs() == []


def test_a_broken_configuration_is_said_without_a_traceback(lab):
    """Status 2, and the line names file and line."""
    lab.config_file("E.yaml", "k: 1\nk: 2\n")
    lab.decorated("return 0")
    done = lab.run()
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("script.py: error: ")
    assert "E.yaml" in line
    assert "2" in line
    assert "'k'" in line
    assert lab.runs() == []
