"""Which files a run of downloads brings: those of studies, or of images."""

from __future__ import annotations

from enum import StrEnum


class FilesOf(StrEnum):
    """What a run brings files of: studies, or images of IMPC, as small pictures or in full."""

    STUDIES = "studies"
    THUMBNAILS = "image_thumbnails"
    IMAGES = "images"

    @property
    def is_of_images(self) -> bool:
        """Whether they come from IMPC."""
        return self is not FilesOf.STUDIES
