"""The files of a bundle, verified level by level, and their download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from immport_provider.hooks.answers import explained
from immport_provider.hooks.drs.drs import DrsHook, about
from immport_provider.hooks.drs.route import download_object
from include.sources.drs.bundles import portable, wrong_bundle
from include.sources.drs.endpoints import OBJECT
from include.sources.drs.objects import DEEPEST, Content, DrsObject
from include.sources.drs.uris import HostUri, parse
from include.sources.errors import BadAnswerError, WrongFileError
from include.sources.remote_files import Downloaded


@dataclass(frozen=True)
class BundleFile:
    """A file of a bundle.

    :param path: its folders and its name within the bundle, all of characters that names of DRS have.
    """

    path: str
    found: DrsObject


def files_of(drs: DrsHook, bundle_id: str) -> Iterator[BundleFile]:
    """The files of a bundle and of those within it; each bundle is compared with its members first.

    :raises WrongFileError: the size or a checksum of a bundle is not that of its members.
    :raises BadAnswerError: it is not a bundle, a member is not to be had, or a bundle contains itself.
    Raises as `DrsHook.object` for the rest.
    """
    bundle = drs.object(bundle_id)
    with explained(about(OBJECT, object=bundle_id), drs.settings.source):
        if not bundle.is_bundle:
            raise BadAnswerError("a file, where a bundle was expected", 200)
    yield from _files(drs, bundle, "", (bundle.object_id,))


def download_bundle(drs: DrsHook, bundle_id: str, folder: Path) -> dict[str, Downloaded]:
    """Bring the files of a bundle to a folder, each verified; by their paths.

    What is there of a file already is not fetched again. Raises as `files_of` and `download_object`.
    """
    return {
        file.path: download_object(drs, file.found.object_id, folder / file.path)
        for file in list(files_of(drs, bundle_id))
    }


def _files(drs: DrsHook, bundle: DrsObject, path: str, above: tuple[str, ...]) -> Iterator[BundleFile]:
    with explained(about(OBJECT, object=bundle.object_id), drs.settings.source):
        names = _named(drs, bundle)
    several = drs.objects(list(names.values()))
    with explained(about(OBJECT, object=bundle.object_id), drs.settings.source):
        for name, object_id in names.items():
            if object_id not in several.found:
                status = several.missing.get(object_id)
                raise BadAnswerError(f"the bundle lists {name!r}, which is not to be had ({status})", status)
        members = {name: several.found[object_id] for name, object_id in names.items()}
        if problem := wrong_bundle(bundle, members.values()):
            raise WrongFileError(f"the bundle states {problem}", 200)
        for member in members.values():
            if member.object_id in above or len(above) > DEEPEST:
                raise BadAnswerError("a bundle that contains itself, or is too deep", 200)
    for name, member in members.items():
        if member.is_bundle:
            yield from _files(drs, member, f"{path}{name}/", (*above, member.object_id))
        else:
            yield BundleFile(f"{path}{name}", member)


def _named(drs: DrsHook, bundle: DrsObject) -> dict[str, str]:
    """The identifiers of the direct members by their names.

    :raises BadAnswerError: a name that DRS does not allow, or that two members have.
    """
    names: dict[str, str] = {}
    for content in bundle.contents or ():
        if content.name in names or content.name != portable(content.name) or content.name in (".", ".."):
            raise BadAnswerError(f"a member of a bundle under the name {content.name!r}", 200)
        names[content.name] = _identifier(drs, content)
    return names


def _identifier(drs: DrsHook, content: Content) -> str:
    """That of a member: its own, or that of a URI which names this service."""
    if content.object_id is not None:
        return content.object_id
    for text in content.uris:
        try:
            uri = parse(text)
        except ValueError:
            continue
        if isinstance(uri, HostUri) and uri.host == drs.settings.host:
            return uri.object_id
    raise BadAnswerError(f"a member of a bundle is of another service: {content.name!r}", 200)
