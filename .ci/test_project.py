"""The project's own promises: README's examples run, the sizes and versions are as told.

    python -m pytest -q .ci/test_project.py

A vendored copy does not need this file.
"""

import ast
import os
import pathlib
import re
import subprocess
import sys

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from test_videoretrieve import execute, patch, respond, sample, serve  # noqa: F401

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
    [("videoretrieve.py", 1220), ("test_videoretrieve.py", 2800), ("README.md", 270)],
)
def test_the_files_keep_to_their_sizes(name, lines):
    assert len((PROJECT / name).read_text(encoding="utf-8").splitlines()) <= lines
