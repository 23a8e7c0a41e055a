"""ImmPort Shared Data as a source: studies, by data release."""

from __future__ import annotations

from include.sources.immport.endpoints import ENDPOINTS
from include.sources.release import NumberedLine
from include.sources.source import STUDY, Source

#: Two fields that a result repeats together, and the endpoint whose rows pair them.
PAIRED_FIELDS = (
    ("armAccession", "subjectAccession", "demographic"),
    ("biosampleAccession", "subjectAccession", "biosample"),
    ("expsampleAccession", "biosampleAccession", "expsample"),
)

IMMPORT = Source("immport", "ImmPort Shared Data", STUDY, NumberedLine(), ENDPOINTS, PAIRED_FIELDS)
