"""The coded tables are whole, consistent with each other, and read as printed."""

import pytest

from diffusion.base.errors import SettingError
from diffusion.evidence import sources
from diffusion.world import vocabulary

ROWS = {
    "case_challenges": 25,
    "case_networks": 1,
    "documents": 5,
    "erasmi_networks": 23,
    "erasmi_survey": 128,
    "evidence": 160,
    "interventions": 62,
    "labour_costs": 15,
    "parameters": 110,
    "practices": 50,
    "spring_cops": 7,
    "spring_survey": 42,
}


@pytest.mark.parametrize(("name", "rows"), ROWS.items())
def test_every_table_has_its_rows_under_unique_ids(name: str, rows: int) -> None:
    assert len(sources.table(name)) == rows
    assert len(sources.by_id(name)) == rows


@pytest.mark.parametrize("name", sources.TABLES)
def test_every_row_fills_exactly_the_columns(name: str) -> None:
    for row in sources.table(name):
        assert None not in row, f"a cell too many in {row}"
        assert None not in row.values(), f"a cell too few in {row}"


def test_none_and_empty_cells_stay_what_they_are() -> None:
    networks = sources.by_id("erasmi_networks")
    assert {row["coordinator_kind"] for row in networks.values()} >= {"none", "ngo"}
    assert networks["migrantinnen_netzwerk_bayern"]["member_count"] == ""


def test_a_caller_may_change_its_copy() -> None:
    sources.table("practices")[0]["id"] = "spoilt"
    assert sources.table("practices")[0]["id"] != "spoilt"


def test_unknown_table_names_the_nearest() -> None:
    with pytest.raises(SettingError, match=r"'practise'.*did you mean 'practices'"):
        sources.table("practise")


@pytest.mark.parametrize(
    ("cell", "entries"),
    [("", []), ("a", ["a"]), ("a;b", ["a", "b"]), ("a; b ;", ["a", "b"]), ("none", ["none"])],
)
def test_cells_split_lists(cell: str, entries: list[str]) -> None:
    assert sources.cells(cell) == entries


def test_number_tells_zero_from_missing() -> None:
    assert sources.number("0") == 0.0
    assert sources.number(" ") is None


def test_evidence_and_examples_that_levers_name_exist() -> None:
    claims = sources.by_id("evidence")
    examples = {
        *sources.by_id("erasmi_networks"),
        *sources.by_id("practices"),
        *sources.by_id("spring_cops"),
    }
    for lever in sources.table("interventions"):
        assert set(sources.cells(lever["evidence_ids"])) <= set(claims), lever["id"]
        assert set(sources.cells(lever["example_networks"])) <= examples, lever["id"]


def test_claims_name_a_document_and_stay_short() -> None:
    documents = sources.by_id("documents")
    for claim in sources.table("evidence"):
        assert claim["source"] in documents
        assert len(claim["claim"].split()) <= 30, claim["id"]


@pytest.mark.parametrize(
    "question", ["country", "type", "formalisation", "coordinator", "policy_framework"]
)
def test_exclusive_survey_categories_can_add_up_to_all_networks(question: str) -> None:
    rows = [
        row
        for row in sources.table("erasmi_survey")
        if row["question"] == question and "_plus_" not in row["answer"]
    ]
    assert rows, f"no question '{question}'"
    low = sum(float(row["count_low"]) for row in rows if row["count_low"])
    high = sum(float(row["count_high"]) for row in rows if row["count_high"])
    assert low <= 55 <= high


def test_survey_counts_lie_inside_their_bounds() -> None:
    for row in sources.table("erasmi_survey"):
        low, count, high = (sources.number(row[c]) for c in ("count_low", "count", "count_high"))
        if low is not None and high is not None:
            assert low <= high, row["id"]
            assert count is None or low <= count <= high, row["id"]


def test_parameter_ranges_hold_their_central_value() -> None:
    for row in sources.table("parameters"):
        assert float(row["low"]) <= float(row["central"]) <= float(row["high"]), row["id"]


def test_words_of_the_catalogue_are_those_of_the_model() -> None:
    for practice in sources.table("practices"):
        assert practice["scale"] in vocabulary.SCALES
        assert practice["cost_class"] in vocabulary.COSTS
        assert set(sources.cells(practice["field"])) <= set(vocabulary.FIELDS), practice["id"]
