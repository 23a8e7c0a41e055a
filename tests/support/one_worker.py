"""Which tests share a worker: those of a file, or of a folder that shares what takes minutes to start."""

from __future__ import annotations

from xdist.scheduler.loadfile import LoadFileScheduling

#: Folders, each with one system for all of its tests.
TOGETHER = ("tests/browser/standing/",)


class FilesTogether(LoadFileScheduling):
    """Gives all tests of a file to one worker, and all files of some folders."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)
