import pytest
from pydantic import ValidationError

from diffusion.base.errors import SettingError, WorldError
from diffusion.world import vocabulary
from diffusion.world.practices import catalogue, related_fields
from tests.unit.world.defaults import practices


def test_the_catalogue_has_the_fifty_practices_of_the_sources() -> None:
    chosen = catalogue(practices())
    assert len(chosen.ids) == len(chosen.titles) == len(chosen.origins) == 50
    row = chosen.ids.index("skills_certification")
    assert chosen.practices.complexity[row] == 1.0  # graded 5 of 1..5
    assert chosen.practices.adaptability[row] == 0.25  # graded 2
    assert chosen.practices.needs_will[row] == 1
    assert chosen.practices.scale[row] == vocabulary.SCALES.index("programme")
    assert chosen.practices.trial_months[row] == 18
    row = chosen.ids.index("language_cafes")
    assert chosen.practices.trial_months[row] == 3
    assert chosen.practices.needs_will[row] == 0
    assert chosen.practices.fields[row] == vocabulary.mask(vocabulary.FIELDS, ["language"])


def test_related_fields_are_those_that_the_sources_name_together() -> None:
    related = related_fields(3)
    education = vocabulary.FIELDS.index("education_training")
    labour = vocabulary.FIELDS.index("labour_market")
    facilitation = vocabulary.FIELDS.index("facilitation")
    assert related[education] >> labour & 1
    assert related[labour] >> education & 1
    assert related[facilitation] == 0  # always named alone
    assert not any(mask & 1 for mask in related), "'general' is related to nothing"


def test_related_never_repeats_an_own_field() -> None:
    chosen = catalogue(practices()).practices
    assert (chosen.fields & chosen.related == 0).all()


def test_some_practices_can_be_chosen_in_the_order_of_the_source() -> None:
    chosen = catalogue(practices(include=["language_cafes", "city_matchmaking"]))
    assert chosen.ids == ["city_matchmaking", "language_cafes"]
    assert len(catalogue(practices(limit=7)).ids) == 7


def test_a_catalogue_can_be_changed_without_changing_the_next() -> None:
    one = catalogue(practices(limit=2))
    one.practices.load[:] = 9.0
    one.titles.clear()
    other = catalogue(practices(limit=2))
    assert other.practices.load.max() < 9.0
    assert len(other.titles) == 2


def test_a_misspelt_practice_names_the_nearest() -> None:
    with pytest.raises(SettingError, match="did you mean 'language_cafes'"):
        catalogue(practices(include=["language_cafe"]))


def test_a_practice_named_twice_is_refused() -> None:
    with pytest.raises(SettingError, match="twice"):
        catalogue(practices(include=["language_cafes", "language_cafes"]))


@pytest.mark.parametrize("limit", [51, 70])
def test_more_practices_than_there_are_is_one_sentence(limit: int) -> None:
    with pytest.raises(WorldError, match=rf"{limit}.*1\.\.64.*catalogue has 50"):
        catalogue(practices(limit=limit))


def test_no_practice_at_all_is_refused() -> None:
    with pytest.raises(SettingError, match="names no practice"):
        catalogue(practices(include=[]))


@pytest.mark.parametrize(
    "change",
    [{"limit": 0}, {"load": {"little": 0.1}}, {"strength": {}}, {"related_cases": 0}, {"x": 1}],
)
def test_settings_out_of_bounds_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        practices(**change)
