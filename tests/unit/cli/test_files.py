"""Verbs are found by their files, and say for themselves what they do."""

import importlib
import subprocess
import sys

import pytest

from cxr.cli import _files
from cxr.cli.reference import PAGE, helps, page


def every_module(package="cxr.cli"):
    for module in _files.verbs(package).values():
        yield module
        if _files.is_group(module):
            yield from every_module(module)


MODULES = sorted(every_module())


def test_the_verbs_of_this_version_are_there():
    assert list(_files.verbs("cxr.cli")) == [
        "access", "check-access", "cite", "cleanup", "config", "credentials", "datasets", "demo", "download",
        "index", "lab", "mirror", "remove", "stats", "validate",
    ]  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_a_verb_explains_itself_with_an_example(module):
    """One line that fits a list, and at least one example that begins with the verb's own words."""
    text = _files.help_text(module)
    words = module.removeprefix("cxr.cli.").replace("_", "-").split(".")
    assert text.summary.endswith(".")
    assert len(text.summary) <= 90
    assert text.examples
    assert all(example.startswith(f"cxr {words[0]}") for example in text.examples)


@pytest.mark.parametrize("module", MODULES)
def test_a_verb_has_a_command_unless_it_is_only_a_group(module):
    assert callable(getattr(importlib.import_module(module), "command", None)) or _files.is_group(module)


def test_every_help_names_json_and_the_library():
    for words, text in helps():
        assert "--json" in text, words
        assert "--base-dir" in text, words
        assert "--config" in text, words


def test_help_imports_no_verb_and_nothing_heavy():
    """What `cxr --help` imports decides how long it takes: no verb, no numpy, no polars, no rich."""
    code = (
        "import sys\n"
        "from cxr.cli._app import main\n"
        "main(['--help'])\n"
        "heavy = {'numpy', 'polars', 'cv2', 'rich', 'pydantic', 'structlog', 'keyring', 'yaml', 'sqlite3'}\n"
        "loaded = {name.split('.')[0] for name in sys.modules} & heavy\n"
        "verbs = [n for n in sys.modules if n.startswith('cxr.cli.') and not n.startswith('cxr.cli._')]\n"
        "print(sorted(loaded), verbs, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[] []"
    assert "download" in done.stdout


def test_the_reference_page_is_what_the_commands_say(request):
    """`make docs` was run after the last change of a help text."""
    kept = request.config.rootpath / PAGE
    assert kept.read_text(encoding="utf-8") == page(), "run `make docs`"
