"""The two searches: an OpenSearch envelope over the documents of a world."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from include.sandbox.row import Row

#: Query parameters that narrow a search, and the document field each looks at.
_NARROW = {
    "studyAccession": "study_accession",
    "programName": "program_name",
    "conditionOrDisease": "condition_or_disease",
    "researchFocus": "research_focus",
    "clinicalTrial": "clinical_trial",
    "sex": "sex",
    "race": "race",
    "ethnicity": "ethnicity",
    "species": "species",
    "assayMethod": "assay_method",
    "biosampleType": "biosample_type",
    "hasAssessment": "has_assessment",
    "hasLabTest": "has_lab_test",
}
#: Fields that are counted under every answer, whatever the search.
_FACETS = (
    "assay_method",
    "biosample_type",
    "clinical_trial",
    "condition_or_disease",
    "race",
    "sex",
    "species",
)


def search(documents: Sequence[Row], parameters: Mapping[str, str], key: str) -> dict[str, Any]:
    """Answer a search.

    :param key: the field that identifies a document, `study_accession` or `subject_accession`.
    :raises ValueError: the query cannot be parsed; ImmPort answers 400.
    """
    term = parameters.get("term", "")
    if "-" in re.sub(r'"[^"]*"', "", term):
        raise ValueError("Failed to parse query: the hyphen is an operator")
    try:
        start, size = int(parameters.get("fromRecord", 0)), int(parameters.get("pageSize", 10))
    except ValueError:
        raise ValueError("fromRecord and pageSize are numbers") from None
    if start < 0 or size < 0:
        raise ValueError("fromRecord and pageSize are not negative")
    narrow = _NARROW | ({"subjectAccession": key} if key == "subject_accession" else {})
    found = [item for item in documents if _matches(item, term, parameters, narrow)]
    if order := parameters.get("sortField"):
        found = sorted(
            found,
            key=lambda item: _sort_key(item.get(order)),
            reverse=parameters.get("sortFieldDirection") == "desc",
        )
    page = found[start : start + size]
    wanted = [name for name in parameters.get("sourceFields", "").split(",") if name]
    score = None if order or not page else 1.0
    return {
        "took": 3,
        "timed_out": False,
        "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": {
            "total": {"value": len(found), "relation": "eq"},
            "max_score": score,
            "hits": [
                {
                    "_index": key.removesuffix("_accession"),
                    "_id": item[key],
                    "_score": score,
                    "_source": {name: item[name] for name in wanted if name in item} if wanted else item,
                    "highlight": {},
                }
                for item in page
            ],
        },
        "aggregations": {name: {"buckets": _buckets(found, name)} for name in _FACETS},
    }


def _values(document: Row, name: str) -> list[str]:
    value = document.get(name)
    return [str(item) for item in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _matches(document: Row, term: str, parameters: Mapping[str, str], narrow: Mapping[str, str]) -> bool:
    for parameter, name in narrow.items():
        if parameter in parameters:
            wanted = {part.strip().casefold() for part in parameters[parameter].split(",")}
            if not wanted & {value.casefold() for value in _values(document, name)}:
                return False
    # An accession as a term narrows nothing: seen at ImmPort.
    words = [word for word in re.findall(r"\w+", term.casefold()) if not re.fullmatch(r"sdy\d+", word)]
    if not words:
        return True
    text = " ".join(value for name in document for value in _values(document, name)).casefold()
    return any(word in text for word in words)


def _sort_key(value: Any) -> tuple[bool, list[tuple[int, int | str]]]:
    parts = re.split(r"(\d+)", str(value))
    return value is None, [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def _buckets(documents: Sequence[Row], name: str) -> list[dict[str, Any]]:
    counts = Counter(value for document in documents for value in _values(document, name))
    return [{"key": value, "doc_count": count} for value, count in counts.most_common(50)]
