"""The web service."""

from typing import Annotated

import typer

from kobunko.commands.common import HomeOption, app, settings_of
from kobunko.home import open_home
from kobunko.screen import note


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; settings `web.host` if none is given.")] = "",
    port: Annotated[int, typer.Option(help="Port; settings `web.port` if none is given.", min=0, max=65535)] = 0,
    home: HomeOption = None,
) -> None:
    """Serve lookup to people and programs over HTTP. It only reads; put a proxy with TLS in front of it."""
    import uvicorn

    from kobunko.web.app import create_app, open_service

    settings = settings_of(home)
    with open_home(settings) as place:  # makes the home and brings its catalogue up to date, once
        place.fetch()
    address, number = host or settings.web.host, port or settings.web.port
    note(f"serving {settings.home} on http://{address}:{number}")
    uvicorn.run(
        create_app(open_service(settings)),
        host=address,
        port=number,
        limit_concurrency=settings.web.connections,
        timeout_keep_alive=5,
        access_log=False,
        server_header=False,
        log_level="warning",
    )
