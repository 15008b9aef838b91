"""A script that prints very many lines is not slowed down, and its lines do not wait."""

from __future__ import annotations


def test_the_last_lines_of_a_rush_do_not_wait(program):
    """After 200,000 lines at full speed the last one is in the log soon, without any flush."""
    result = program.run(
        """
        def see(end):
            for _ in range(2000):
                if open("logs/stdout.log").read().endswith(end):
                    return
                time.sleep(0.01)
            os._exit(5)
        for part in range(3):
            for i in range(200_000):
                print("line", i)
            print("end of", part)
            see(f"end of {part}\\n")
        """
    )
    assert result.returncode == 0
    wanted = "".join(
        "".join(f"line {i}\n" for i in range(200_000)) + f"end of {part}\n" for part in range(3)
    )
    assert result.stdout.decode() == wanted
    assert program.out == wanted


def test_signals_are_put_back_and_the_users_own_are_left_alone(program):
    """SIGURG is as before after the capture; one that the script uses is not touched."""
    program.run(
        """
        import signal, sys
        from scitex_tee import capture
        for handler in (signal.SIG_DFL, lambda *_: sys.stderr.write("mine")):
            signal.signal(signal.SIGURG, handler)
            with capture("logs/stdout.log"):
                for i in range(100_000):
                    print(i)
            assert signal.getsignal(signal.SIGURG) == handler
            assert sys.getprofile() is None
            assert not sys.stdout.line_buffering
        """,
        captured=False,
    ).check_returncode()
    assert program.out == "".join(f"{i}\n" for i in range(100_000))


def test_a_child_of_a_rushing_script_prints_lines(program):
    """A child forked amid a rush writes each of its lines at once, and none of its parent's."""
    result = program.run(
        """
        for i in range(100_000):
            print("parent", i)
        if os.fork() == 0:
            print("child")
            os.kill(os.getpid(), 9)
        os.wait()
        print("end")
        """
    )
    lines = result.stdout.decode().splitlines()
    assert lines == [*(f"parent {i}" for i in range(100_000)), "child", "end"]


def test_print_and_other_writers_at_full_speed(program):
    """Where prints and writes past Python alternate, all of it arrives, and soon in order again."""
    result = program.run(
        """
        for i in range(60_000):
            print("p", i)
            os.write(1, b"w\\n")
        time.sleep(0.2)
        for i in range(100):
            print("q", i)
            os.write(1, b"v %d\\n" % i)
        """
    )
    text = result.stdout.decode()
    rush, calm = text[: text.index("q 0\n")], text[text.index("q 0\n") :]
    # as without capture a block may end amid a line, and the other writer's line stand there
    assert rush.count("w") == 60_000
    kept = "".join(letter for letter in rush if letter in "p0123456789")
    assert kept == "".join(f"p{i}" for i in range(60_000))
    assert calm == "".join(f"{x} {i}\n" for i in range(100) for x in "qv")
    assert program.out == text
