"""The runner of the pages' code blocks notices what a reader would."""

import importlib.util
import sys

import pytest

TICKS = "```"


@pytest.fixture(scope="module")
def pages(root):
    """Return tools/pages.py as a module."""
    spec = importlib.util.spec_from_file_location("pages_tool", root / "tools" / "pages.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def follow(pages, tmp_path):
    """Return a function that follows a page of the given blocks."""

    def run(*parts):
        page = tmp_path / "page.md"
        page.write_text("# A page\n\n" + "\n\n".join(parts) + "\n", encoding="utf-8")
        return pages.follow(page)

    return run


def block(language, text, note=""):
    """Return a fenced block, below a comment if there is one."""
    return f"{note}\n{TICKS}{language}\n{text}\n{TICKS}"


def test_python_blocks_share_one_namespace(follow):
    """A name of one block is there in the next."""
    assert follow(block("python", "x = 1"), block("python", "assert x == 1")) == 2


def test_an_exception_fails_the_page_with_its_line(follow, pages):
    """A block that raises is reported with page, line and traceback."""
    with pytest.raises(pages.PageError, match=r"(?s)page.md:4.*ZeroDivisionError"):
        follow(block("python", "1 / 0"))


def test_a_process_that_dies_is_told(follow, pages):
    """A block that ends the interpreter by force fails the page."""
    with pytest.raises(pages.PageError, match="died"):
        follow(block("python", "import os; os._exit(0)"))


def test_a_named_block_is_written_and_can_be_run(follow):
    """`file:` writes the block, for a console block to run."""
    follow(
        block("python", 'print("hello")', "<!-- file: deep/hello.py -->"),
        block("console", "$ python deep/hello.py\nhello"),
    )


def test_wrong_output_fails_the_page(follow, pages):
    """What a console block shows is compared with what is printed."""
    with pytest.raises(pages.PageError, match=r"(?s)wanted:\nbye.*printed:\nhello"):
        follow(block("console", "$ echo hello\nbye"))


def test_dots_stand_for_any_text(follow):
    """`...` stands for any text within a line or over several."""
    follow(block("console", "$ printf 'one\\ntwo\\nthree\\n'\none\n...\nthree"))


def test_a_failing_command_without_output_fails_the_page(follow, pages):
    """A command that shows no output has to end with status 0."""
    with pytest.raises(pages.PageError, match="exit status 3"):
        follow(block("console", "$ (exit 3)"))


def test_a_failing_command_with_its_output_is_what_is_shown(follow):
    """A page may show how something fails."""
    follow(block("console", "$ ls /no/such/file\nls: ...No such file or directory"))


def test_commands_of_a_block_share_a_shell(follow):
    """`cd` and variables last until the end of the block."""
    follow(block("console", "$ mkdir a; cd a; X=1\n$ pwd\n.../a\n$ echo $X\n1"))


def test_continued_lines(follow):
    """A command may go on after a backslash."""
    follow(block("console", "$ echo one \\\n> two\none two"))


def test_the_output_of_a_python_block(follow, pages, monkeypatch):
    """`output` compares a block with what the block before it printed."""
    monkeypatch.setattr(pages, "ARRIVAL", 0.2)
    shown = block("text", "42", "<!-- output -->")
    follow(block("python", "print(42)"), shown)
    with pytest.raises(pages.PageError, match="wanted"):
        follow(block("python", "print(43)"), shown)


def test_a_prompt_is_a_doctest(follow, pages):
    """`>>>` lines are run and compared, in the namespace of the page."""
    follow(
        block("python", "x = 2"), block("pycon", ">>> y = x + 1\n>>> y\n3"), block("python", "y")
    )
    with pytest.raises(pages.PageError, match="Expected"):
        follow(block("pycon", ">>> 1 + 1\n3"))


def test_a_skip_needs_a_reason(follow, pages):
    """A skipped block says why, and counts as not run."""
    assert follow(block("python", "1 / 0", "<!-- skip: shows an error -->")) == 0
    with pytest.raises(pages.PageError, match="reason"):
        follow(block("python", "1 / 0", "<!-- skip -->"))


def test_illustrations_are_left_alone(follow):
    """Blocks of other languages are shown and not run."""
    assert follow(block("text", "anything"), block("yaml", "a: 1"), block("{note}", "text")) == 0


def test_directives_that_would_not_be_run_are_refused(follow, pages):
    """A code-block directive would look tested and not be; it is refused."""
    with pytest.raises(pages.PageError, match="plain fenced block"):
        follow(block("{code-block} python", "1 / 0"))


def test_a_fence_of_four_holds_fences_of_three(follow):
    """A longer fence shows shorter ones as text."""
    assert follow(f"````text\n{TICKS}python\n1 / 0\n{TICKS}\n````") == 0


def test_scripts_are_run_without_a_file_of_their_own(follow):
    """Python blocks run as at a prompt: `__main__` has a name and no file."""
    follow(block("python", "assert __name__ == '__main__'\nassert '__file__' not in globals()"))
