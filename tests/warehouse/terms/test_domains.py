"""What the domains of terms read is stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from include.sql import Row
from include.warehouse.terms.domains import ANALYTE, DOMAIN, Domain, T, check_domain


@pytest.mark.parametrize(
    ("domain", "missing"),
    [
        (replace(ANALYTE, reported=T.analyte_nope), "t.analyte_nope"),
        (replace(ANALYTE, preferred=T.type), "t.type"),
        (replace(ANALYTE, preferred=Row("h").analyte_preferred), "h.analyte_preferred"),
        (replace(DOMAIN["sample_type"], reported=T.analyte_reported), "t.analyte_reported"),
    ],
)
def test_a_domain_that_reads_what_is_not_stored_fails(domain: Domain, missing: str) -> None:
    with pytest.raises(ValueError, match=f"terms of {domain.name} read {missing}: "):
        check_domain(domain)
