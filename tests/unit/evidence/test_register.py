"""The register: what stands in it, and how it refuses what can't stand in it."""

import pytest

from diffusion.base.errors import SettingError
from diffusion.evidence import sources
from diffusion.evidence.register import GRADES, Register, find, sources_of

ROW = {
    "key": "turnover.share_ngo",
    "unit": "share/yr",
    "low": "0.13",
    "high": "0.37",
    "grade": "measured",
    "sources": "A01; E013",
    "note": "paid staff",
}


def test_an_entry_carries_its_row() -> None:
    entry = Register.of_rows([ROW])["turnover.share_ngo"]
    assert (entry.low, entry.high, entry.unit) == (0.13, 0.37, "share/yr")
    assert entry.sources == ("A01", "E013")
    assert entry.holds(0.13)
    assert entry.holds(0.37)
    assert not entry.holds(0.38)


def test_sources_of_an_entry_come_with_their_citation() -> None:
    estimate, claim = sources_of(Register.of_rows([ROW])["turnover.share_ngo"])
    assert estimate.id == "A01"
    assert "0.2 (0.13 to 0.37) share/yr" in estimate.text
    assert "Opportunity Knocks" in estimate.citation
    assert claim.text == sources.by_id("evidence")["E013"]["claim"]


def test_a_register_is_a_collection_of_keys() -> None:
    register = Register.of_rows([ROW, ROW | {"key": "ties.decay"}])
    assert list(register) == ["turnover.share_ngo", "ties.decay"]
    assert len(register) == 2
    assert "ties.decay" in register
    assert "ties.dekay" not in register


def test_unknown_key_names_the_nearest() -> None:
    with pytest.raises(SettingError, match=r"did you mean 'turnover\.share_ngo'"):
        Register.of_rows([ROW])["turnover.shar_ngo"]


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"low": "0.4"}, "swap them"),
        ({"low": "nan"}, "swap them"),
        ({"high": "much"}, "write two numbers"),
        ({"grade": "certain"}, "allowed: measured, derived"),
        ({"sources": ""}, "names no source"),
    ],
)
def test_a_row_that_breaks_the_rules_is_refused(spoilt: dict[str, str], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        Register.of_rows([ROW | spoilt])


def test_a_repeated_key_is_refused() -> None:
    with pytest.raises(SettingError, match="twice"):
        Register.of_rows([ROW, ROW])


def test_only_an_assumption_needs_no_source() -> None:
    row = ROW | {"sources": "", "grade": "assumption"}
    assert sources_of(Register.of_rows([row])["turnover.share_ngo"]) == []


@pytest.mark.parametrize(
    ("source", "text", "citation"),
    [
        ("E008", "personal contacts", "Huss, Daria"),
        ("es_001", "country, germany: 14 of 55 (exact)", "3 / figure 1"),
        ("ss_005", "61 percent (exact)", "SPRING policy brief"),
        ("ss_042", "workshop, duration: 2 days", "ICMPD & SOLIDAR"),
        ("ss_007", "no number", "SPRING policy brief"),
    ],
)
def test_find_reads_every_kind_of_source(source: str, text: str, citation: str) -> None:
    found = find(source)
    assert found.id == source
    assert text in found.text
    assert citation in found.citation


def test_every_row_of_the_tables_can_be_found_with_a_citation() -> None:
    for name in ("parameters", "evidence", "erasmi_survey", "spring_survey"):
        for source in sources.by_id(name):
            found = find(source)
            assert found.text.strip(": ")
            assert found.citation.strip()


def test_unknown_source_names_the_nearest() -> None:
    with pytest.raises(SettingError, match=r"no source 'E1600'.*did you mean 'E160'"):
        find("E1600")


def test_the_packaged_register_is_whole() -> None:
    register = Register.load()
    for key in register:
        entry = register[key]
        assert entry.grade in GRADES
        assert entry.unit, f"{key} has no unit"
        assert len(sources_of(entry)) == len(entry.sources)
        assert entry.note or entry.sources, f"{key} is an assumption without a reason"


def test_the_register_is_read_once() -> None:
    assert Register.load() is Register.load()
