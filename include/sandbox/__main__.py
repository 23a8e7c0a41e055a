"""`python -m include.sandbox`: serve a world until a signal ends it."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from include.sandbox.gene_lists.folder_lists import FolderLists
from include.sandbox.gene_lists.public_object import GeneListWorld, Together
from include.sandbox.gene_lists.synthetic_lists import SyntheticLists
from include.sandbox.gene_lists.synthetic_orthologs import SyntheticOrthologs
from include.sandbox.impc.folder_images import FolderImages
from include.sandbox.impc.image_world import ImageWorld
from include.sandbox.impc.synthetic_images import SyntheticImages
from include.sandbox.server.app import Sandbox
from include.sandbox.server.auth import Keys
from include.sandbox.synthetic.synthetic_world import SyntheticWorld
from include.sandbox.uploads.upload_service import UploadService
from include.sandbox.world import World
from include.sources.fhir.vocabulary import FhirVersion
from include.sources.release import Release

#: Rows of one assay stay below this, so that result ids of two studies never meet; those of a study that is
#: alone, so that its samples do not.
MOST_ROWS, MOST_ROWS_ALONE = 900_000, 1_800_000
#: Environment variable that holds the key to accept.
KEY_VARIABLE = "SANDBOX_API_KEY"
#: The same for the key that sends data.
UPLOAD_KEY_VARIABLE = "SANDBOX_UPLOAD_KEY"


class SandboxServer(uvicorn.Server):
    """A server that says where it listens, and its key, once it really listens."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self.greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(self.greeting)
        sys.stdout.flush()


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST_ROWS_ALONE:
        raise argparse.ArgumentTypeError(f"from 1 to {MOST_ROWS_ALONE}")
    return number


def _refused(_: str) -> str:
    raise argparse.ArgumentTypeError(
        "everybody on this machine can read a key on the command line: provide it in the environment variable"
        f" {KEY_VARIABLE} or in a file (--api-key-file FILE)"
    )


def _key(options: argparse.Namespace) -> str | None:
    """The key to accept; None for a new one.

    :raises ValueError: the file cannot be read, or is empty.
    """
    if options.api_key_file is None:
        return os.environ.get(KEY_VARIABLE) or None
    key: str = options.api_key_file.read_text(encoding="utf-8").strip()
    if not key:
        raise ValueError(f"{options.api_key_file} is empty, it should hold a key")
    return key


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m include.sandbox",
        description="A stand-in for ImmPort's Shared Data API. "
        "Prints url=, api_key= and upload_key=, then serves until a signal ends it.",
    )
    made.add_argument("--port", type=int, required=True, help="port to listen on; 0 takes a free one")
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    made.add_argument("--archives", type=Path, metavar="DIR", help="serve the ImmPort Tab packages in DIR")
    made.add_argument(
        "--stated-releases",
        action="store_true",
        help="with --archives: a study says the release its study.txt states, not that of its package",
    )
    made.add_argument("--studies", type=_count, default=8, help="synthetic studies (default: %(default)s)")
    made.add_argument(
        "--rows", type=_count, default=60, help="result rows per assay of a study (default: %(default)s)"
    )
    made.add_argument("--seed", type=int, default=1, help="another seed, other values (default: %(default)s)")
    made.add_argument(
        "--packages",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="list the Tab packages and archives of synthetic studies; without, a manifest of a very large "
        "study comes at once (default: on)",
    )
    made.add_argument(
        "--gene-lists",
        type=Path,
        metavar="DIR",
        help="folder of gene lists, laid out as ImmPort's files (default: synthetic ones)",
    )
    made.add_argument(
        "--images", type=_count, default=400, help="synthetic images of IMPC (default: %(default)s)"
    )
    made.add_argument(
        "--image-records",
        type=Path,
        metavar="DIR",
        help="folder of image records as IMPC's portal answers them (default: synthetic ones)",
    )
    made.add_argument(
        "--fhir-version",
        choices=FhirVersion.__members__,
        default=FhirVersion.BALLOT.name,
        help="version of FHIR that its FHIR server speaks (default: %(default)s, that of ImmPort's)",
    )
    made.add_argument(
        "--templates",
        type=Path,
        metavar="DIR",
        help="folder with ImmPort's templates.json and lkTables.json, which the upload service gives out"
        " (default: two templates that are made up)",
    )
    made.add_argument("--release", help="data release served first, such as DR50 (default: the newest)")
    made.add_argument(
        "--api-key-file",
        type=Path,
        metavar="FILE",
        help=f"file that holds the key to accept (default: that in {KEY_VARIABLE}, or a new one)",
    )
    # Not as an abbreviation of the one above: everybody on the machine can read a command line.
    made.add_argument("--api-key", type=_refused, help=argparse.SUPPRESS)
    made.add_argument(
        "--token-seconds", type=int, default=3600, help="life of an exchanged token (default: %(default)s)"
    )
    made.add_argument(
        "--url-seconds", type=int, default=604_800, help="life of a signed address (default: %(default)s)"
    )
    return made


def open_world(options: argparse.Namespace) -> World:
    """Open the world that the options name; stderr lists the files that are not served as they are.

    :raises ValueError: a folder that is missing or holds no package that can be served; too many rows.
    """
    if options.archives is None:
        if options.studies > 1 and options.rows > MOST_ROWS:
            raise ValueError(f"--rows {options.rows}: at most {MOST_ROWS} where there are several studies")
        return SyntheticWorld(options.studies, options.rows, options.seed, options.packages)
    from include.sandbox.archive.package_world import (
        PackageWorld,  # pandas takes a second that the synthetic world spares
    )

    world = PackageWorld(options.archives, options.stated_releases)
    for note in world.notes:
        sys.stderr.write(f"sandbox: {note}\n")
    sys.stderr.flush()
    return world


def open_lists(options: argparse.Namespace, world: World) -> GeneListWorld:
    """Open the gene lists that the options name, and a table of orthologs.

    :raises ValueError: a folder that is missing or holds no gene lists.
    """
    dates = list(world.releases.values())
    lists: GeneListWorld = SyntheticLists(options.seed, dates)
    if options.gene_lists is not None:
        lists = FolderLists(options.gene_lists)
    return Together((SyntheticOrthologs(dates), lists))


def open_images(options: argparse.Namespace) -> ImageWorld:
    """Open the images of IMPC that the options name.

    :raises ValueError: a folder that is missing or holds no images.
    """
    if options.image_records is not None:
        return FolderImages(options.image_records)
    return SyntheticImages(options.images, options.seed)


def main(arguments: list[str] | None = None) -> int:
    """Run the sandbox; 0 after a signal, 2 when it cannot start."""
    options = parser().parse_args(arguments)
    try:
        world = open_world(options)
        current = Release.parse(options.release) if options.release else max(world.releases)
        if current not in world.releases:
            raise ValueError(f"no release {current} here (there are {', '.join(map(str, world.releases))})")
        lists, images = open_lists(options, world), open_images(options)
        upload_key = os.environ.get(UPLOAD_KEY_VARIABLE) or None
        keys = Keys(_key(options), options.token_seconds, upload_key)
        uploads = UploadService(options.templates)
        listener = socket.create_server((options.host, options.port))
    except (ValueError, OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        of_file = getattr(error, "filename", None)
        where = f" (address {options.host}:{options.port})" if isinstance(error, OSError) else ""
        where = f" ({of_file})" if of_file else where
        sys.stderr.write(f"sandbox: {reason}{where}\n")
        return 2
    # uvicorn raises the signal again after a clean stop; by then there is nothing left to end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    config = uvicorn.Config(
        Sandbox(
            world,
            lists,
            images,
            keys,
            current,
            options.url_seconds,
            FhirVersion[options.fhir_version],
            uploads,
        ).app(),
        log_config=None,
        log_level="critical",
        server_header=False,
        timeout_graceful_shutdown=0,
    )
    url = f"http://{options.host}:{listener.getsockname()[1]}"
    SandboxServer(config, f"url={url}\napi_key={keys.api_key}\nupload_key={keys.upload_key}\n").run(
        sockets=[listener]
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
