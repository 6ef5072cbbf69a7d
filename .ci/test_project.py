"""The project's own promises: README's examples run, the sizes and versions are as told.

    python -m pytest -q .ci/test_project.py

A vendored copy does not need this file.
"""

import ast
import contextlib
import inspect
import os
import pathlib
import re
import signal
import subprocess
import sys
import typing

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

import videoretrieve as mod
from test_videoretrieve import (  # noqa: F401 (fixtures)
    HANG,
    environment,
    execute,
    job,
    patch,
    respond,
    sample,
    serve,
)

MODULE = (PROJECT / "videoretrieve.py").read_text(encoding="utf-8")
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SETTINGS = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")


def examples(language):
    """The fenced blocks of that language, by the heading and number of each."""
    found, heading = {}, ""
    for match in re.finditer(r"(?ms)^#+ ([^\n]*)$|^```(\w+)\n(.*?)^```$", README):
        heading = match[1] or heading
        # The block under "Tests" would run the tests of the module.
        if match[2] == language and heading != "Tests":
            found[f"{heading} {len(found) + 1}"] = match[3]
    return found


@pytest.fixture
def folder(tmp_path, serve, patch):  # noqa: F811
    """A folder with a copy of the module, where README's examples find a server."""
    (tmp_path / "videoretrieve.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    patch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    url = serve(respond(sample(url="u", file_path="outputs/v.mp4"))).url
    patch.setenv("OPENAI_BASE_URL", url)
    patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return tmp_path


@pytest.mark.parametrize("code", examples("python").values(), ids=examples("python"))
def test_the_python_examples_of_the_readme_run(code, folder):
    code = code.replace("http://127.0.0.1:8000/v1", os.environ["OPENAI_BASE_URL"])
    (folder / "example.py").write_text(code, encoding="utf-8")
    command = (sys.executable, "-W", "error", "example.py")
    done = execute(*command, cwd=str(folder), env=dict(os.environ))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("code", examples("sh").values(), ids=examples("sh"))
def test_the_shell_examples_of_the_readme_run(code, folder):
    code = code.replace("http://127.0.0.1:8000/v1", os.environ["OPENAI_BASE_URL"])
    done = execute("sh", "-e", "-c", code, cwd=str(folder), env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_readme_has_examples():
    assert len(examples("python")) >= 4
    assert len(examples("sh")) >= 3


def test_the_version_and_the_licence_are_written_once():
    version = re.search(r'^__version__ = "(.*)"$', MODULE, re.MULTILINE)[1]
    assert MODULE.startswith("# SPDX-License-Identifier: 0BSD\n")
    assert MODULE.count(version) == 1
    assert 'dynamic = ["version", "description"]' in SETTINGS
    assert "\nversion = " not in SETTINGS
    assert '\nvideoretrieve = "videoretrieve:main"\n' in SETTINGS


def test_the_files_at_the_top_are_the_four():
    names = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split()
    top = {name for name in names if "/" not in name and not name.startswith(".")}
    four = {"README.md", "pyproject.toml", "test_videoretrieve.py", "videoretrieve.py"}
    assert top == four


def test_the_module_needs_the_standard_library_alone():
    imported = set()
    for node in ast.walk(ast.parse(MODULE)):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    if sys.version_info >= (3, 10):
        assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize(
    "name, lines",
    [("videoretrieve.py", 1150), ("test_videoretrieve.py", 2200), ("README.md", 270)],
)
def test_the_files_keep_to_their_sizes(name, lines):
    assert len((PROJECT / name).read_text(encoding="utf-8").splitlines()) <= lines


def test_every_public_name_is_listed_documented_and_annotated():
    assert sorted(mod.__all__) == list(mod.__all__)
    own = {
        name
        for name, value in vars(mod).items()
        if callable(value) and getattr(value, "__module__", None) == mod.__name__
    }
    assert {name for name in own if name[0] != "_"} == {*mod.__all__, "main"}
    assert "Unix seconds" in mod.Video.__doc__
    for name in (*mod.__all__, "main"):
        public = getattr(mod, name)
        assert inspect.getdoc(public)
        if sys.version_info >= (3, 10):  # X | None
            typing.get_type_hints(public)
            inspect.signature(public, eval_str=True)
    for method in (mod.Video.from_dict, mod.Video.from_json, mod.Video.to_dict):
        assert inspect.getdoc(method)
        assert sys.version_info < (3, 10) or "return" in typing.get_type_hints(method)


def test_importing_leaves_out_what_only_few_lookups_need():
    code = "import dataclasses, email.utils, json, sys, urllib.request"
    code += "; sys.path += [sys.argv[1]]; parts = set(sys.modules)"
    code += "; import videoretrieve; more = set(sys.modules) - parts"
    code += "; print({'argparse', 'logging', 'traceback', 'typing', 'asyncio'} & more)"
    done = execute(sys.executable, "-I", "-S", "-c", code, str(PROJECT))
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")


def test_an_interrupt_in_a_real_terminal_leaves_it_in_order(serve):  # noqa: F811
    import pty

    server = serve(job("queued", progress=33))
    parent, terminal = pty.openpty()
    # A CI may start its jobs with interrupts ignored.
    code = """if True:
    import signal, sys, videoretrieve
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(videoretrieve.main(sys.argv[1:]))
    """
    process = subprocess.Popen(
        [sys.executable, "-c", code, "v", "--base-url", server.url, "--wait"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        start_new_session=True,
        env=environment(),
    )
    os.close(terminal)
    seen = b""
    with process:
        try:
            while b"33%" not in seen:
                seen += os.read(parent, 4096)
            process.send_signal(signal.SIGINT)
            assert process.wait(HANG) == 130
        finally:
            process.kill()
        assert process.stdout.read() == b""
    with contextlib.suppress(OSError):  # Linux says so that the terminal was closed.
        for data in iter(lambda: os.read(parent, 4096), b""):
            seen += data
    os.close(parent)
    assert re.search(rb"\r +\rvideoretrieve: interrupted\r\n$", seen)
