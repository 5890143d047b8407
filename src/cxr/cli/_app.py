"""The program: finds verbs by their file names and imports one only when it is run or its help is asked."""

import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial, wraps
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from cxr import __version__
from cxr.cli import _files
from cxr.cli._errors import interrupted, report
from cxr.cli._options import BaseDir, ConfigFile, Json, Quiet, Verbose
from cxr.cli._run import COMMON, Run, run_from
from cxr.cli._signals import install
from cxr.errors import InterruptedRunError

_PACKAGE = "cxr.cli"
_ABOUT = """Correct chest X-ray datasets, from access to training.

Start with `cxr demo`, then `cxr datasets` and `cxr access KEY`. Every command explains itself, with an
example: `cxr download --help`.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was typed and return the exit code."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # A file name that this terminal cannot show must not stop a run over a thousand others.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    install()
    try:
        code = program().main(typed, prog_name="cxr", standalone_mode=False)
    except BaseException as error:  # noqa: BLE001  whatever ends the program is told in its own way
        return report(error, typed)
    if code == InterruptedRunError.exit_code:  # typer's own, for a Ctrl-C outside every command
        return report(KeyboardInterrupt(), typed)
    return code if isinstance(code, int) else 0


def program() -> TyperGroup:
    """Return the whole command line; building it imports no verb."""
    return _group(_PACKAGE, "cxr", _ABOUT, _root)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cxr {__version__}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    base_dir: BaseDir = None,
    config: ConfigFile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Take the flags that may stand before the verb; `run_from` reads them."""


class _Verb(TyperCommand):
    """A command whose examples are printed as they are typed."""

    examples: tuple[str, ...] = ()

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples below the options."""
        _write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)


class _Group(TyperGroup):
    """A verb with verbs of its own, or the program: what it holds is what lies in its package."""

    package = _PACKAGE
    examples: tuple[str, ...] = ()

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  typer's signature
        """Return what can be typed here."""
        return list(_files.verbs(self.package))

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002  likewise
        """Import the verb."""
        module = _files.verbs(self.package).get(cmd_name)
        if module is None:
            return None
        above = self.package.removeprefix(_PACKAGE).strip(".").replace(".", " ")
        return _load(module, cmd_name, f"{above} {cmd_name}".strip())

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  likewise
        """List the verbs with their summaries, importing none."""
        rows = [
            (verb, _files.help_text(module).summary) for verb, module in _files.verbs(self.package).items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples below the verbs."""
        _write_examples(self.examples, formatter)
        super().format_epilog(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the verb, or say which one may have been meant."""
        if not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            meant = f" Did you mean `{ctx.command_path} {near[0]}`?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)


def _write_examples(examples: tuple[str, ...], formatter: Any) -> None:
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def _load(module_name: str, name: str, verb: str) -> TyperCommand | TyperGroup:
    """Import a verb and make the command of it."""
    module = importlib.import_module(module_name)
    text = _files.help_text(module_name)
    function = getattr(module, "command", None)
    if _files.is_group(module_name):
        made = _group(module_name, name, text.body, _with_common_flags(function or _nothing, verb), function)
        made.examples = text.examples
        return made
    assert function is not None, f"{module_name} has no function `command`"
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, cls=_Verb, help=text.body, context_settings={"max_content_width": 100})(
        _with_common_flags(function, verb)
    )
    single = cast(_Verb, typer.main.get_command(app))
    single.examples = text.examples
    return single


def _group(
    package: str,
    name: str,
    about: str,
    callback: Callable[..., None],
    bare: Callable[..., None] | None = None,
) -> _Group:
    """Return the group of a package; ``bare`` is what it does when no verb follows."""
    app = typer.Typer(name=name, add_completion=False, rich_markup_mode=None)
    app.callback(
        cls=_Group,
        help=about,
        invoke_without_command=bare is not None,
        no_args_is_help=bare is None,
        context_settings={"max_content_width": 100, "help_option_names": ["--help", "-h"]},
    )(callback)
    made = cast(_Group, typer.main.get_command(app))
    made.package = package
    return made


def _nothing(run: Run) -> None:
    """Do nothing: the group's verbs do the work."""


def _with_common_flags(function: Callable[..., None], verb: str) -> Callable[..., None]:
    """Return the function with the flags that every command has; it is given a `Run` in their place."""

    @wraps(function)
    def command(ctx: typer.Context, **typed: Any) -> None:
        if ctx.invoked_subcommand is not None:
            return  # a group whose verb comes next
        levels: list[dict[str, Any]] = []
        level: Any = ctx
        while level is not None:
            levels.insert(0, level.params)
            level = level.parent
        own = {key: value for key, value in typed.items() if key not in COMMON}
        try:
            function(run_from(verb, levels), **own)
        except KeyboardInterrupt as stop:  # typer would end without a word
            raise interrupted(stop) from None

    own = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.name != "run"]
    common = [p for p in inspect.signature(_root, eval_str=True).parameters.values() if p.name in COMMON]
    keyword = partial(inspect.Parameter, kind=inspect.Parameter.KEYWORD_ONLY)
    context = keyword("ctx", annotation=typer.Context)
    made = [keyword(p.name, annotation=p.annotation, default=p.default) for p in (*own, *common)]
    command.__signature__ = inspect.Signature([context, *made])  # type: ignore[attr-defined]
    command.__annotations__ = {}
    del command.__wrapped__
    return command
