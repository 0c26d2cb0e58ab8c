"""`scanpath explore`: a page on which one looks at one's own picture through an agent's eyes."""

from typing import Annotated

import typer


def explore(
    picture: Annotated[str | None, typer.Argument(help="Picture to begin with.")] = None,
    people: Annotated[str | None, typer.Option(help="Table of people's fixations to begin with.")] = None,
    agent: Annotated[
        list[str] | None,
        typer.Option(help="Your own, beside the others: package.module:name, or a calibration's file; repeatable."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 for any that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Open a page on this machine to fixate a picture, see blur and texture, let agents look, and take it away."""
    from scanpath.cli.progress import say
    from scanpath.explore.server import explore as serve

    def tell(address: str) -> None:
        typer.echo(address)
        say("the page is for whoever has this address, on this machine alone; Ctrl-C ends it")

    serve(picture, people=people, agents=agent or (), port=port, open_browser=browser, say=tell)
