"""The public bucket of the sandbox: its objects, their validators, their faults, and how they change."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.sources.gene_lists import files
from include.sources.gene_lists.gmt import read_gmt, read_lists
from include.sources.gene_lists.json_forms import read_catalogue, read_list_json
from include.sources.gene_lists.tables import (
    read_annotations,
    read_category_file,
    read_legacy_table,
    read_list_text,
)
from include.sources.reader import NotDataError
from include.sources.row_reader import Intake
from tests.sandbox.data import DATA
from tests.support.sandbox import RunningSandbox, running_sandbox

LISTS = DATA / "genelist"
CHANGING, ALONE, WITHOUT_FILE = "GO:0002218", "GO:0090716", "GO:0006957"


def get(sandbox: RunningSandbox, path: str, **headers: str) -> httpx.Response:
    return sandbox.client.get(sandbox.url + path, headers=headers)


def rows(read: Callable[..., Any], answer: httpx.Response, scope: str = "") -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(read([answer.content], scope, Intake()))


def listed(sandbox: RunningSandbox) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows(read_catalogue, get(sandbox, files.CATALOGUE.path))}


def symbols(sandbox: RunningSandbox, scope: str) -> list[str]:
    answer = get(sandbox, files.LIST_JSON.address(scope))
    return [row["symbol"] for row in rows(read_list_json, answer, scope)]


def test_all_forms_of_a_list_hold_what_the_catalogue_counts(sandbox: RunningSandbox) -> None:
    gmt = get(sandbox, files.GMT.path)
    for scope, row in listed(sandbox).items():
        if scope == WITHOUT_FILE:
            continue
        as_text = rows(read_list_text, get(sandbox, files.LIST_TEXT.address(scope)))
        as_gmt = rows(read_gmt, gmt, scope)
        assert [gene["symbol"] for gene in as_text] == [gene["symbol"] for gene in as_gmt]
        assert row["count"] == str(len(as_text))
        if scope != "GO:0045123":
            assert symbols(sandbox, scope) == [gene["symbol"] for gene in as_text]
    assert {item.list_id for item in read_lists([gmt.content])} == set(listed(sandbox)) - {WITHOUT_FILE}


def test_the_legacy_table_and_its_files_hold_the_same_genes(sandbox: RunningSandbox) -> None:
    table = get(sandbox, files.TABLE.path)
    every = rows(read_legacy_table, table)
    assert len({tuple(row.items()) for row in every}) == len(every) - 1
    annotated = rows(read_annotations, get(sandbox, files.ANNOTATIONS.path))
    assert {(row["symbol"], row["category"]) for row in annotated} == {
        (row["symbol"], row["category"]) for row in every
    }
    for category in {row["category"] for row in every}:
        answer = get(sandbox, files.CATEGORY.address(category))
        assert answer.content.startswith(b"\xef\xbb\xbf")
        found = rows(read_category_file, answer)
        assert {row["geneId"] for row in found} == {
            row["geneId"] for row in rows(read_legacy_table, table, category)
        }
    assert files.CATEGORY.address("BCRSignalingPathway").endswith("/BCR_Signaling_Pathway.txt")


def test_an_object_that_is_not_there_is_denied_as_s3_does(sandbox: RunningSandbox) -> None:
    for path in ("/release/other", files.LIST_JSON.address("GO:9"), files.LIST_JSON.address(WITHOUT_FILE)):
        answer = get(sandbox, path)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/xml")
        assert "<Code>AccessDenied</Code>" in answer.text


def test_an_id_may_be_encoded(sandbox: RunningSandbox) -> None:
    plain = files.LIST_JSON.address(CHANGING)
    assert get(sandbox, plain.replace(":", "%3A")).content == get(sandbox, plain).content


def test_validators_show_what_changed(sandbox: RunningSandbox) -> None:
    paths = [files.LIST_JSON.address(scope) for scope in (CHANGING, ALONE)]
    sandbox.set_release("DR50")
    seen = [get(sandbox, path) for path in paths]
    assert all(re.fullmatch('"[0-9a-f]{32}"', answer.headers["etag"]) for answer in seen)
    for path, answer in zip(paths, seen, strict=True):
        etag, modified = answer.headers["etag"], answer.headers["last-modified"]
        for headers in (
            {"If-None-Match": etag},
            {"If-None-Match": f'"x", W/{etag}'},
            {"If-None-Match": "*"},
            {"If-Modified-Since": modified},
            {"If-None-Match": etag, "If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT"},
        ):
            again = get(sandbox, path, **headers)
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        for headers in (
            {"If-None-Match": '"x"', "If-Modified-Since": modified},
            {"If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT"},
            {"If-Modified-Since": "yesterday"},
        ):
            assert get(sandbox, path, **headers).content == answer.content
    sandbox.set_release("DR51")
    now = [get(sandbox, path) for path in paths]
    assert [(a.headers["etag"] == b.headers["etag"]) for a, b in zip(seen, now, strict=True)] == [False, True]
    assert now[1].headers["last-modified"] == seen[1].headers["last-modified"]
    head = sandbox.client.head(sandbox.url + paths[0])
    assert (head.content, head.headers["etag"]) == (b"", now[0].headers["etag"])
    assert head.headers["content-length"] == str(len(now[0].content))


def test_lists_change_with_the_releases(sandbox: RunningSandbox) -> None:
    sandbox.set_release("DR50")
    before, genes = listed(sandbox), symbols(sandbox, CHANGING)
    sandbox.set_release("DR51")
    after = listed(sandbox)
    gained, lost = set(symbols(sandbox, CHANGING)) - set(genes), set(genes) - set(symbols(sandbox, CHANGING))
    assert (len(gained), len(lost)) == (1, 1)
    assert set(before) - set(after) == {"GO:0001867"}
    assert set(after) - set(before) == {"GO:0140367"}
    assert {scope for scope in set(before) & set(after) if before[scope]["name"] != after[scope]["name"]} == {
        "R-HSA-879415"
    }
    assert get(sandbox, files.LIST_JSON.address("GO:0001867")).status_code == 403


CATALOGUE, GMT, TABLE, CATEGORY = files.CATALOGUE, files.GMT, files.TABLE, files.CATEGORY


def test_faults_of_the_content(sandbox: RunningSandbox) -> None:
    good = listed(sandbox)
    sandbox.fault(CATALOGUE.name, "wrong_count")
    assert all(int(row["count"]) == int(good[name]["count"]) + 1 for name, row in listed(sandbox).items())
    sandbox.clear_faults()
    sandbox.fault(CATALOGUE.name, "trailing_blanks")
    assert all(row["name"] == good[name]["name"] + "  " for name, row in listed(sandbox).items())
    sandbox.clear_faults()
    category, table = CATEGORY.address("Cytokines"), get(sandbox, TABLE.path)
    sandbox.fault(CATEGORY.name, "no_bom", file="Cytokines.txt")
    assert get(sandbox, category).content.startswith(b"ID")
    sandbox.fault(TABLE.name, "duplicate")
    assert len(rows(read_legacy_table, get(sandbox, TABLE.path))) == len(rows(read_legacy_table, table)) + 1
    gmt = get(sandbox, GMT.path)
    sandbox.fault(GMT.name, "no_tab")
    assert [item.name for item in read_lists([get(sandbox, GMT.path).content])][1] == "a line without a tab"
    sandbox.clear_faults()
    sandbox.fault(GMT.name, "blank_lines")
    assert rows(read_gmt, get(sandbox, GMT.path)) == rows(read_gmt, gmt)
    assert len(get(sandbox, GMT.path).content) > len(gmt.content)
    sandbox.clear_faults()
    whole = get(sandbox, CATALOGUE.path)
    sandbox.fault("*", "half")
    half = get(sandbox, CATALOGUE.path)
    assert half.headers["content-length"] == str(len(whole.content) // 2)
    with pytest.raises(NotDataError):
        rows(read_catalogue, half)


def test_faults_of_the_transport(sandbox: RunningSandbox) -> None:
    one = files.LIST_JSON.name
    sandbox.fault(one, "403", file=f"{CHANGING}.json", times=1)
    answer = get(sandbox, files.LIST_JSON.address(CHANGING))
    assert (answer.status_code, "AccessDenied" in answer.text) == (403, True)
    assert get(sandbox, files.LIST_JSON.address(CHANGING)).status_code == 200
    sandbox.fault(one, "503", retry_after=3, file=f"{CHANGING}.json")
    busy = get(sandbox, files.LIST_JSON.address(CHANGING))
    assert (busy.status_code, busy.headers["retry-after"], "SlowDown" in busy.text) == (503, "3", True)
    assert get(sandbox, files.LIST_JSON.address(ALONE)).status_code == 200
    sandbox.clear_faults()
    sandbox.fault(GMT.name, "html")
    assert get(sandbox, GMT.path).text.startswith("<!DOCTYPE html>")
    sandbox.fault(CATALOGUE.name, "cut")
    with pytest.raises(httpx.RemoteProtocolError):
        get(sandbox, CATALOGUE.path)
    sandbox.fault(TABLE.name, "hang")
    with pytest.raises(httpx.ReadTimeout):
        sandbox.client.get(sandbox.url + TABLE.path, timeout=0.2)
    assert {seen["endpoint"] for seen in sandbox.requests()} == {one, GMT.name, CATALOGUE.name, TABLE.name}


@pytest.mark.parametrize(
    "fault", [{"endpoint": "hai", "fault": "no_tab"}, {"endpoint": "hai", "fault": "503", "file": "x.json"}]
)
def test_faults_that_cannot_strike_are_refused(sandbox: RunningSandbox, fault: dict[str, str]) -> None:
    answer = sandbox.client.post(f"{sandbox.url}/_sandbox/faults", json=fault)
    assert answer.status_code == 400


@pytest.mark.skipif(not LISTS.is_dir(), reason=f"no real gene lists in {DATA}")
def test_a_folder_is_served_as_it_is() -> None:
    with running_sandbox(studies=1, rows=1, packages=False, gene_lists=LISTS) as sandbox:
        assert get(sandbox, CATALOGUE.path).content == (LISTS / "all_gene_lists.json").read_bytes()
        assert get(sandbox, GMT.path).content == (LISTS / "all_gene_lists.excerpt.gmt").read_bytes()
        assert get(sandbox, TABLE.path).content == (LISTS / "legacy" / "GeneList.tsv").read_bytes()
        chemokines = LISTS / "legacy" / "by_category" / "Chemokines.txt"
        assert get(sandbox, CATEGORY.address("Chemokines")).content == chemokines.read_bytes()


def test_a_changed_file_of_a_folder_is_another_object(tmp_path: Path) -> None:
    path = tmp_path / "GO:1.json"
    path.write_text('{"genes": [{"Symbol": "A"}]}')
    with running_sandbox(studies=1, rows=1, packages=False, gene_lists=tmp_path) as sandbox:
        before = get(sandbox, files.LIST_JSON.address("GO:1"))
        path.write_text('{"genes": [{"Symbol": "B"}]}')
        after = get(sandbox, files.LIST_JSON.address("GO:1"))
        assert (before.status_code, before.headers["etag"] != after.headers["etag"]) == (200, True)
        assert symbols(sandbox, "GO:1") == ["B"]
