"""What a source is cut into: the unit that is loaded, published, withdrawn and reported alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from include.sources.accession import STUDY_PATTERN


@dataclass(frozen=True)
class Scope:
    """The kind of unit that a source consists of: a study, a vocabulary, a gene list.

    :param name: its name; the dimension of that name has one member for each.
    :param plural: the same of several, for messages.
    :param pattern: regular expression of its identifiers.
    """

    name: str
    plural: str
    pattern: str

    @property
    def title(self) -> str:
        """What people call one: `gene list`."""
        return self.name.replace("_", " ")

    @property
    def key_column(self) -> str:
        """The column that leads the key of every table of the source: `study_key`."""
        return f"{self.name}_key"

    def is_identifier(self, text: object) -> bool:
        """Whether a text identifies one."""
        return isinstance(text, str) and re.fullmatch(self.pattern, text) is not None


STUDY = Scope("study", "studies", STUDY_PATTERN)
