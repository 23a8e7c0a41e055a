"""Bundles: a folder of files as one object of DRS, with the folders within it.

The identifier of a bundle holds a digest of its members, so that one identifier always means the same set.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from include.sources.drs.checksums import Checksum, of_children
from include.sources.drs.objects import AccessMethod, Content, DrsObject
from include.sources.drs.uris import HostUri

#: A name of a member holds no other characters than these.
_NOT_PORTABLE = re.compile(r"[^A-Za-z0-9._-]")


#: Study and release, and perhaps the digest: SDY1.DR50.1f0c...; the release may have a point of its own.
_SCOPE = re.compile(r"(SDY\d{1,18})\.(DR\d{1,9}(?:\.\d{1,4})?)(?:\.[0-9a-f]{16})?")


@dataclass
class _Folder:
    files: dict[str, DrsObject] = field(default_factory=dict)
    folders: dict[str, _Folder] = field(default_factory=dict)


def portable(name: str) -> str:
    """A name of letters, digits, hyphen, period and underscore, as DRS requires of names."""
    return _NOT_PORTABLE.sub("_", name).lstrip("-") or "_"


def bundle_scope(object_id: str) -> tuple[str, str] | None:
    """Study and release in the identifier of a bundle; None for any other identifier."""
    found = _SCOPE.fullmatch(object_id)
    return (found[1], found[2]) if found else None


def blob(
    object_id: str,
    host: str,
    name: str,
    size: int,
    checksums: Iterable[Checksum],
    created_time: str,
    access_methods: tuple[AccessMethod, ...],
) -> DrsObject:
    """The object of a file.

    :param host: name of the server, for its URI.
    """
    return DrsObject(
        object_id,
        str(HostUri(host, object_id)),
        size,
        created_time,
        tuple(checksums),
        portable(name),
        updated_time=created_time,
        mime_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        access_methods=access_methods,
    )


def bundles(
    scope: str, files: Iterable[tuple[str, DrsObject]], host: str, created_time: str
) -> dict[str, DrsObject]:
    """The bundle of some files, and those of its folders, by identifier; `scope` itself stands for the first.

    :param scope: what the identifiers begin with: study and release.
    :param files: path and object of each.
    :param host: name of the server, for URIs.
    :return: nothing for no files.
    """
    root = _Folder()
    for path, found in files:
        *folders, name = [part for part in path.split("/") if part] or [found.object_id]
        place = root
        for folder in folders:
            place = place.folders.setdefault(folder, _Folder())
        # Two files may have one path: each stays, under a name of its own.
        while name in place.files:
            name = f"{found.object_id}_{name}"
        place.files[name] = found
    while not root.files and len(root.folders) == 1:
        (root,) = root.folders.values()
    if not root.files and not root.folders:
        return {}
    made: dict[str, DrsObject] = {}
    whole = _bundle(scope, scope, root, host, created_time, made)
    return {**made, scope: whole}


def _bundle(
    scope: str, name: str, folder: _Folder, host: str, created_time: str, made: dict[str, DrsObject]
) -> DrsObject:
    members: dict[str, DrsObject] = dict(folder.files)
    for inner, content in folder.folders.items():
        members[f"{inner}/"] = _bundle(scope, inner, content, host, created_time, made)
    names = _unique(members)
    contents = tuple(
        Content(names[key], member.object_id, (member.self_uri,), member.contents)
        for key, member in sorted(members.items(), key=lambda item: names[item[0]])
    )
    listed = "\n".join(f"{item.name} {item.object_id}" for item in contents)
    object_id = f"{scope}.{hashlib.sha256(listed.encode()).hexdigest()[:16]}"
    sizes = [member.size for member in members.values()]
    bundle = DrsObject(
        object_id,
        str(HostUri(host, object_id)),
        sum(size for size in sizes if size is not None),
        created_time,
        of_children(member.checksums for member in members.values()),
        portable(name),
        updated_time=max((member.updated_time or member.created_time) for member in members.values()),
        contents=contents,
    )
    made[object_id] = bundle
    return bundle


def _unique(members: Mapping[str, DrsObject]) -> dict[str, str]:
    """A portable name for each member, of which the bundle has no other."""
    taken: set[str] = set()
    names = {}
    for key, member in sorted(members.items()):
        name = portable(key.rstrip("/"))
        if name in taken:
            name = portable(f"{member.object_id}_{name}")
        taken.add(name)
        names[key] = name
    return names


def wrong_bundle(bundle: DrsObject, members: Iterable[DrsObject]) -> str | None:
    """What does not fit between a bundle and its direct members, in words; None when all does.

    A checksum that no member or not every one has cannot be verified.
    """
    direct = list(members)
    sizes = [member.size for member in direct]
    if bundle.size is not None and None not in sizes:
        total = sum(size for size in sizes if size is not None)
        if total != bundle.size:
            return f"a size of {bundle.size} bytes, and members of {total}"
    made = {item.type: item for item in of_children(member.checksums for member in direct)}
    for stated in bundle.checksums:
        computed: Checksum | None = made.get(stated.type)
        if computed is not None and computed != stated:
            return f"{stated.type} {stated.value}, and {computed.value} of its members"
    return None


def unexpanded(bundle: DrsObject) -> DrsObject:
    """A bundle as it is sent without `expand`: nested bundles without their members."""
    return replace(bundle, contents=tuple(replace(item, contents=None) for item in bundle.contents or ()))
