"""Processes of a run: each draws its own numbers, and the same ones in the next run."""

import os
import pickle

import pytest

DRAW = """
    import os, random, sys
    import numpy as np
    from scitex_repro import RandomStateManager

    def draw(rngg):
        import random
        import numpy as np
        return {
            "lineage": tuple(rngg.record()["lineage"]),
            "named": rngg("a").random(),
            "python": rngg.python("a").random(),
            "sklearn": rngg.get_sklearn_random_state("a").rand(),
            "child": rngg.child("c")("a").random(),
            "numpy": np.random.rand(),
            "random": random.random(),
            "shared": rngg("s", shared=True).random(),
        }

    def distinct(found):
        for name in ("named", "python", "sklearn", "child", "numpy", "random"):
            values = [one[name] for one in found]
            assert len(set(values)) == len(values), (name, values)

"""


def _twice(python, code, **options):
    first = python(DRAW + code, **options)
    assert python(DRAW + code, **options) == first
    return first


def test_forked_children_draw_their_own_numbers(python):
    """os.fork: the children differ from the parent and from each other, and are the same again."""
    code = """
    def child(rngg):
        read, write = os.pipe()
        if os.fork() == 0:
            os.write(write, repr(draw(rngg)).encode())
            os._exit(0)
        os.wait()
        return eval(os.read(read, 10000))

    rngg = RandomStateManager(42)
    rngg("a").random(5), np.random.rand(5)
    found = [child(rngg), child(rngg)]
    print([one["lineage"] for one in found])
    found.append(draw(rngg))
    distinct(found)
    assert len({one["shared"] for one in found}) == 1
    print(found)
    """
    assert _twice(python, code).startswith("[('fork=0',), ('fork=1',)]")


def test_a_fork_does_not_move_the_parent(python):
    """The parent draws on as if there had been no children."""
    code = """
    def run(fork):
        rngg = RandomStateManager(42)
        first = [draw(rngg)]
        if fork and os.fork() == 0:
            draw(rngg)
            os._exit(0)
        return [*first, draw(rngg), draw(rngg)]
    assert run(False) == run(True)
    """
    python(DRAW + code)


def test_random_imported_after_the_manager_follows_the_rule_in_children(python):
    """Random seeds itself from the system in a forked child; here it gets the child's seed."""
    code = """
        import os
        from scitex_repro import RandomStateManager
        RandomStateManager(42)
        import random
        def child():
            read, write = os.pipe()
            if os.fork() == 0:
                os.write(write, repr(random.random()).encode())
                os._exit(0)
            os.wait()
            return os.read(read, 100)
        print(child(), child())
    """
    first = python(code, options=["-I"])
    assert python(code, options=["-I"]) == first
    one, two = first.split()
    assert one != two


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing_differ_and_come_again(python, method):
    """Each worker has the place of its number, whatever the start method."""
    code = f"""
    import multiprocessing

    def work(queue, rngg):
        queue.put(draw(rngg))

    if __name__ == "__main__":
        context = multiprocessing.get_context({method!r})
        rngg = RandomStateManager(42)
        rngg("a").random(3)
        found = []
        for _ in range(2):
            queue = context.Queue()
            process = context.Process(target=work, args=(queue, rngg))
            process.start()
            found.append(queue.get(timeout=100))
            process.join()
        distinct([*found, draw(rngg)])
        assert len({{one["shared"] for one in found}}) == 1
        print([one["lineage"] for one in found])
        print([[round(value, 12) for value in list(one.values())[1:]] for one in found])
    """
    lines = _twice(python, code).split("\n")
    assert lines[0] == "[('process=1',), ('process=2',)]"
    assert lines[1] == _of_fork(python, code.replace(repr(method), repr("fork")))


def _of_fork(python, code):
    return python(DRAW + code).split("\n")[1]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_stream_sent_to_a_pool_is_the_workers_own_and_goes_on(python, method):
    """A Generator among the arguments is no copy: no two tasks draw the same numbers."""
    code = f"""
    import multiprocessing

    def task(given):
        stream, rngg = given
        return stream.random(), rngg("b").random(), stream is not None

    if __name__ == "__main__":
        rngg = RandomStateManager(42)
        with multiprocessing.get_context({method!r}).Pool(2) as pool:
            found = pool.map(task, [(rngg("a"), rngg)] * 8, chunksize=1)
        assert len({{one[0] for one in found}} | {{rngg("a").random()}}) == 9
        assert len({{one[1] for one in found}} | {{rngg("b").random()}}) == 9
    """
    python(DRAW + code)


def test_a_stream_that_comes_back_from_a_worker_is_a_copy_at_its_place(python):
    """What a worker returns goes on, in the parent, where the worker left it."""
    code = """
    import multiprocessing

    def task(rngg):
        rngg("a").random(3)
        return rngg("a"), rngg("a").random()

    if __name__ == "__main__":
        rngg = RandomStateManager(42)
        with multiprocessing.get_context("fork").Pool(1) as pool:
            stream, following = pool.apply(task, [rngg])
        assert stream is not rngg("a")
        print(stream.random() == following)
    """
    assert (
        python(
            DRAW
            + code.replace(
                'return rngg("a"), rngg("a").random()',
                """import copy
        here = copy.deepcopy(rngg("a"))
        return here, rngg("a").random()""",
            )
        )
        == "True\n"
    )


def test_a_process_pool_executor_needs_no_code(python):
    """concurrent.futures: workers of every start method are placed."""
    code = """
    import concurrent.futures, multiprocessing

    if __name__ == "__main__":
        rngg = RandomStateManager(42)
        for method in ("fork", "spawn", "forkserver"):
            context = multiprocessing.get_context(method)
            with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
                found = list(pool.map(draw, [rngg] * 6))
            distinct([*found, draw(rngg)])
            assert all(one["lineage"][0].startswith("process=") for one in found)
    """
    python(DRAW + code)


def test_a_task_can_have_its_numbers_whichever_worker_takes_it(python):
    """A shared child named after the task draws the same in every worker."""
    code = """
    import multiprocessing

    def task(given):
        rngg, number = given
        return rngg.child(f"task {number}", shared=True)("noise").random()

    if __name__ == "__main__":
        rngg = RandomStateManager(42)
        tasks = [(rngg, number) for number in range(6)]
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            found = pool.map(task, tasks, chunksize=1)
        assert found == [task(one) for one in tasks]
        assert len(set(found)) == 6
    """
    python(DRAW + code)


def test_workers_of_joblib_are_placed(python):
    """Joblib's loky workers draw their own numbers without a line of the user's."""
    pytest.importorskip("joblib")
    code = """
    import joblib

    if __name__ == "__main__":
        rngg = RandomStateManager(42)
        found = joblib.Parallel(2)(joblib.delayed(draw)(rngg) for _ in range(6))
        distinct([*found, draw(rngg)])
        assert all(one["lineage"] for one in found)
    """
    python(DRAW + code)


def test_workers_of_workers_have_longer_lineages(python):
    """A process started by a worker is placed below it."""
    code = """
    import multiprocessing

    def inner(queue):
        queue.put(tuple(RandomStateManager(42).record()["lineage"]))

    def outer(queue, method):
        process = multiprocessing.get_context(method).Process(target=inner, args=(queue,))
        process.start()
        process.join()

    if __name__ == "__main__":
        RandomStateManager(42)
        for one, two in (("spawn", "spawn"), ("fork", "spawn"), ("spawn", "fork")):
            context = multiprocessing.get_context(one)
            queue = multiprocessing.get_context("spawn").Queue()
            process = context.Process(target=outer, args=(queue, two))
            process.start()
            print(queue.get(timeout=100))
            process.join()
    """
    assert python(DRAW + code).split("\n")[:3] == [
        "('process=1', 'process=1')",
        "('process=2', 'process=1')",
        "('process=3', 'process=1')",
    ]


@pytest.mark.parametrize(
    ("variables", "rank"),
    [
        ({"RANK": "3", "WORLD_SIZE": "4"}, 3),
        ({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "4"}, 2),
        ({"PMI_RANK": "1", "PMI_SIZE": "2"}, 1),
        ({"MV2_COMM_WORLD_RANK": "1", "MV2_COMM_WORLD_SIZE": "2"}, 1),
        ({"SLURM_PROCID": "5", "SLURM_NTASKS": "8"}, 5),
        ({"RANK": "1"}, 0),
        ({"RANK": "x", "WORLD_SIZE": "4"}, 0),
        ({"RANK": "1", "WORLD_SIZE": "2", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, 1),
        ({}, 0),
    ],
)
def test_the_rank_is_what_the_launcher_says(python, variables, rank):
    """torchrun, MPI and Slurm are believed when rank and size are both there."""
    code = "from scitex_repro import fix_seeds; print(fix_seeds(42).record()['lineage'])"
    expected = [f"rank={rank}"] if rank else []
    assert python(code, env=variables) == f"{expected}\n"


def test_ranks_draw_their_own_numbers_and_rank_0_those_of_a_run_alone(python):
    """Rank 0 is as without ranks; the others differ; shared streams are alike in all."""
    code = DRAW + "\n    print(draw(RandomStateManager(42)))\n"
    alone = eval(python(code))
    ranks = [eval(python(code, env={"RANK": str(rank), "WORLD_SIZE": "3"})) for rank in range(3)]
    assert ranks[0] == alone
    assert ranks[2]["lineage"] == ("rank=2",)
    for name in ("named", "python", "sklearn", "child", "numpy", "random"):
        assert len({one[name] for one in ranks}) == 3
    assert len({one["shared"] for one in ranks}) == 1


def test_a_rank_can_be_given(python):
    """rank= stands for what the environment would have said, also for streams that exist."""
    code = (
        DRAW
        + """
    first = RandomStateManager(42)
    stream = first("a")
    stream.random()
    RandomStateManager(42, rank=2)
    print((stream.random(), np.random.rand()))
    """
    )
    given = python(code)
    code = DRAW + "\n    print((RandomStateManager(42)('a').random(), np.random.rand()))\n"
    assert given == python(code, env={"RANK": "2", "WORLD_SIZE": "3"})


@pytest.mark.parametrize("rank", [-1, 1.5, True])
def test_a_bad_rank_is_refused(python, rank):
    """A rank is an int of at least 0."""
    code = f"""
        from scitex_repro import RandomStateManager
        try:
            RandomStateManager(1, rank={rank!r})
        except ValueError as error:
            print(error)
    """
    assert python(code) == f"rank is {rank!r}; give an int of at least 0\n"


def test_a_pickle_read_in_a_later_run_has_the_stream_at_its_place(python, tmp_path):
    """A Generator pickled to a file goes on from there in another, unrelated process."""
    code = """
        import pickle, sys
        from scitex_repro import RandomStateManager
        stream = RandomStateManager(42)("a")
        stream.random(3)
        with open("stream", "wb") as file:
            pickle.dump(stream, file)
        print(stream.random())
    """
    expected = float(python(code))
    with open(tmp_path / "stream", "rb") as file:
        assert pickle.load(file).random() == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_forking_while_threads_draw_leaves_no_child_hanging(python):
    """Locks that other threads hold at the fork do not stop the child."""
    code = """
    import threading
    rngg = RandomStateManager(42)
    # A fork while another thread imports hangs in Python itself.
    rngg("first").random()
    stop = threading.Event()
    def busy(number):
        count = 0
        while not stop.is_set():
            count += 1
            rngg(f"{number}-{count % 50}").random()
    threads = [threading.Thread(target=busy, args=(n,)) for n in range(3)]
    for thread in threads: thread.start()
    for _ in range(20):
        pid = os.fork()
        if pid == 0:
            rngg("mine").random(), rngg.child("new")("x").random()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    stop.set()
    for thread in threads: thread.join()
    """
    python(DRAW + code, options=["-W", "ignore::DeprecationWarning"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_lock_that_is_never_given_back_hangs_no_child(python):
    """A stream in use by a thread at the fork is waited for, then left behind in the child."""
    code = """
    import threading
    rngg = RandomStateManager(42)
    locks = [rngg("a").bit_generator.lock, np.random.get_bit_generator().lock]
    ready, done = threading.Event(), threading.Event()
    def hold():
        for lock in locks: lock.acquire()
        ready.set()
        done.wait()
        for lock in locks: lock.release()
    threading.Thread(target=hold).start()
    ready.wait()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        failed = rngg.record()["libraries"]["numpy"]["failed"]
        os.write(write, f"{rngg('a').random()} {failed}".encode())
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    done.set()
    print(os.read(read, 1000).decode())
    """
    printed = python(DRAW + code, options=["-W", "ignore::DeprecationWarning"])
    assert printed.endswith("a thread was drawing from it when this process was forked\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_fork_waits_for_a_stream_in_use(python):
    """A child can draw from a stream it holds though a thread was drawing from it at the fork."""
    code = """
    import threading, time
    rngg = RandomStateManager(42)
    stream = rngg("a")
    ready = threading.Event()
    def hold():
        with stream.bit_generator.lock:
            ready.set()
            time.sleep(0.3)
    threading.Thread(target=hold).start()
    ready.wait()
    pid = os.fork()
    if pid == 0:
        os._exit(0 if rngg("a") is stream and 0 <= stream.random() < 1 else 1)
    assert os.waitpid(pid, 0)[1] == 0
    """
    python(DRAW + code, options=["-W", "ignore::DeprecationWarning"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_the_forks_of_a_child_are_counted_anew(python):
    """The first fork of the second child is its fork 0."""
    code = """
    rngg = RandomStateManager(42)
    if os.fork() == 0:
        os._exit(0)
    if os.fork() == 0:
        if os.fork() == 0:
            print(rngg.record()["lineage"], flush=True)
            os._exit(0)
        os.wait()
        os._exit(0)
    os.wait(), os.wait()
    """
    assert python(DRAW + code) == "['fork=1', 'fork=0']\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_state_that_waits_for_a_library_is_not_for_children(python):
    """A library imported in a forked child is seeded for the child, not from the checkpoint."""
    code = """
        import os
        from scitex_repro import RandomStateManager
        rngg = RandomStateManager(42)
        import random
        random.random()
        rngg.checkpoint("state.json")
        print(random.random())
    """
    restored = python(code, options=["-I"])
    code = """
        import os
        from scitex_repro import RandomStateManager
        rngg = RandomStateManager.from_checkpoint("state.json")
        for _ in range(2):
            if os.fork() == 0:
                import random
                print(random.random(), flush=True)
                os._exit(0)
            os.wait()
    """
    assert len({*python(code, options=["-I"]).split(), restored.strip()}) == 3
