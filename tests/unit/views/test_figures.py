from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from diffusion.analysis.comparison import Comparison
from diffusion.analysis.survival import curve, gain
from diffusion.views import adoption, differences, figures, layout, network_map, style, survival
from diffusion.world.state import State
from diffusion.world.vocabulary import STAGES


@pytest.fixture(scope="module")
def comparison(story_results: Any) -> Comparison:
    return Comparison.of(story_results)


def texts(fig: Figure) -> str:
    found: list[Any] = fig.findobj(Text)
    return "\n".join(text.get_text() for text in found)


def bands(axes: Axes) -> int:
    return sum(isinstance(artist, PolyCollection) for artist in axes.collections)


def long_lines(axes: Any, points: int) -> list[Any]:
    return [line for line in axes.lines if len(line.get_xdata()) == points]


def shaded(axes: Any) -> tuple[float, float]:
    (patch,) = axes.patches
    return patch.get_x(), patch.get_x() + patch.get_width()


def test_adoption_has_a_line_and_a_band_for_each_scenario(comparison: Comparison) -> None:
    fig = adoption.over_time(comparison)
    (axes,) = fig.axes
    assert len(long_lines(axes, 120)) == 5
    assert bands(axes) == 5
    drawn = {tuple(np.round(line.get_ydata(), 12)) for line in long_lines(axes, 120)}
    wanted = comparison.monthly("all", "share_using")["mean"]
    assert tuple(np.round(wanted, 12)) in drawn


def test_the_window_is_shaded_where_the_intervention_runs(comparison: Comparison) -> None:
    for fig in (adoption.over_time(comparison), adoption.difference_over_time(comparison)):
        assert shaded(fig.axes[0]) == (24, 60)
        assert "money stops" in texts(fig)


def test_every_figure_names_scenarios_and_uncertainty_in_words(comparison: Comparison) -> None:
    for draw in figures.OF_COMPARISON.values():
        written = texts(draw(comparison))
        assert "95 % interval" in written
        assert "All three together" in written.replace("\n", " ")
        assert "cop_formation" not in written


def test_differences_start_at_exactly_zero(comparison: Comparison) -> None:
    fig = adoption.difference_over_time(comparison)
    for line in long_lines(fig.axes[0], 120):
        assert not np.any(line.get_ydata()[:25])


def test_survival_starts_at_all_and_covers_the_time_after(comparison: Comparison) -> None:
    fig = survival.after_the_money(comparison)
    lines = long_lines(fig.axes[0], 61)
    assert len(lines) == 5
    assert all(line.get_ydata()[0] == 1.0 for line in lines)
    assert bands(fig.axes[0]) == 5


def test_the_interval_of_a_gain_may_reach_below_zero(comparison: Comparison) -> None:
    baseline = curve(comparison, comparison.baseline, "in_use")
    found = [gain(curve(comparison, name, "in_use"), baseline) for name in comparison.others]
    lowest = min(100 * float(np.nanmin(one[1])) for one in found if one is not None)
    assert lowest < 0.0
    axes = survival.after_the_money(comparison).axes[1]
    drawn = [np.asarray(band.get_paths()[0].vertices)[:, 1].min() for band in axes.collections]
    assert min(drawn) == pytest.approx(lowest)


def test_half_life_is_written_where_it_is_reached(comparison: Comparison) -> None:
    assert "half gone after" in texts(survival.after_the_money(comparison, "unbroken"))
    assert "half gone after" not in texts(survival.after_the_money(comparison, "in_use"))


def test_forest_shows_percentage_points_with_intervals(comparison: Comparison) -> None:
    fig = differences.forest(comparison)
    assert len(fig.axes) == len(differences.OUTCOMES)
    first = fig.axes[0]
    wanted = comparison.difference("all", "using_stop").scaled(100.0)
    spans = [tuple(line.get_xdata()) for line in long_lines(first, 2)]
    assert (wanted.low, wanted.high) in spans
    assert f"+{wanted.mean:.1f}" in texts(fig)
    assert "exactly 0" in texts(fig)


def test_forest_fills_only_what_excludes_zero(comparison: Comparison) -> None:
    points = long_lines(differences.forest(comparison).axes[0], 1)
    faces = [line.get_markerfacecolor() for line in points]
    assert faces.count("white") == 1  # language mediation does nothing in these tables


def test_forest_says_when_the_run_is_too_short(tiny: Any) -> None:
    row = dict.fromkeys(differences.OUTCOMES, 0.1) | {"retained_60": float("nan")}
    results = tiny({"baseline": [row, row], "more": [row, {**row, "using_stop": 0.2}]})
    assert "not seen" in texts(differences.forest(Comparison.of(results)))


def test_price_or_the_reason_why_there_is_none(comparison: Comparison) -> None:
    written = texts(differences.cost_per_retained_year(comparison))
    assert "not defined: no effect at all" in written
    assert written.count(" EUR\n") + written.endswith(" EUR") == 3


def test_map_colours_every_organisation_by_its_stage(world: State) -> None:
    fig = network_map.network_map(world)
    axes: list[Any] = fig.axes
    left, right = axes
    for panel in (left, right):
        dots = [c for c in panel.collections if isinstance(c, PathCollection)]
        assert sum(len(np.asarray(c.get_offsets())) for c in dots) == 60
    stage = network_map.stages_of(world, 0)
    labels = [text.get_text() for text in right.get_legend().get_texts()]
    counts = np.bincount(stage, minlength=len(STAGES))
    wanted = [network_map.STAGE_LOOKS[s][0] for s in STAGES]
    assert labels == [f"{text} ({count})" for text, count in zip(wanted, counts, strict=True)]


def test_stages_agree_with_the_masks(world: State) -> None:
    organisations = world.organisations
    stage = network_map.stages_of(world, 0)
    bit = np.uint64(1)
    running = ((organisations.adopted | organisations.institutional) & bit) != 0
    assert set(stage[running]) == {STAGES.index("adopted"), STAGES.index("institutionalised")}
    assert not running[stage == STAGES.index("lapsed")].any()
    assert (stage[(organisations.aware & bit) == 0] == 0).all()


def test_the_most_used_practice_is_shown(world: State) -> None:
    assert network_map.widest_practice(world) == 0
    assert "Language tandem" in texts(network_map.network_map(world))
    assert "Repair café" in texts(network_map.network_map(world, practice=1))


def test_positions_are_the_same_every_time_and_never_coincide(world: State) -> None:
    places, _, radii = layout.positions(world, layout.shown(world))
    again, _, _ = layout.positions(world, layout.shown(world))
    assert np.array_equal(places, again)
    apart = np.hypot(*(places[:, None] - places[None, :]).T)
    np.fill_diagonal(apart, 1.0)
    assert apart.min() > 0.2  # about a third of the usual distance between two dots
    assert (radii > 0).sum() == len(set(world.organisations.territory))


def test_organisations_stay_inside_their_territory(world: State) -> None:
    places, centres, radii = layout.positions(world, layout.shown(world))
    home = world.organisations.territory
    out = np.hypot(*(places - centres[home]).T) - radii[home]
    assert out.max() <= 1e-9
    for a in np.flatnonzero(radii):
        for b in np.flatnonzero(radii)[:a]:
            if a != b:
                assert np.hypot(*(centres[a] - centres[b])) >= radii[a] + radii[b]


def test_of_a_large_world_whole_territories_are_shown_and_it_says_so(
    world: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finding places for all takes time with the square of their number."""
    home = world.organisations.territory
    sizes = np.bincount(home)
    monkeypatch.setattr(layout, "MOST", int(sizes[:2].sum()) + 1)
    rows = layout.shown(world)
    assert rows.tolist() == np.flatnonzero(home < 2).tolist()
    places, _, radii = layout.positions(world, rows)
    assert len(places) == len(rows)
    assert np.flatnonzero(radii).tolist() == np.unique(home[rows]).tolist()
    ends = rows[layout.tie_ends(world, rows)]
    wanted = {
        (a, b)
        for a, b in zip(world.ties.a[: world.n_ties], world.ties.b[: world.n_ties], strict=True)
        if home[a] < 2 and home[b] < 2
    }
    assert {(a, b) for a, b in ends.tolist()} == wanted
    assert f"Shown are {len(rows)} of the organisations" in texts(network_map.network_map(world))


def test_of_a_territory_that_is_too_large_a_part_is_shown(
    world: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "MOST", 3)
    home = world.organisations.territory
    assert layout.shown(world).tolist() == np.flatnonzero(home == home.min())[:3].tolist()
    assert "3 of the organisations, in one territory" in texts(network_map.network_map(world))


def test_very_many_in_one_place_stand_as_they_come(
    world: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "_MOST_TOGETHER", 1)
    test_organisations_stay_inside_their_territory(world)
    test_positions_are_the_same_every_time_and_never_coincide(world)


def test_saved_figures_are_there_as_png_and_svg(
    story_results: Any,
    comparison: Comparison,
    world: State,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        figures, "run_again", lambda manifest, scenario, months: SimpleNamespace(state=world)
    )
    paths = figures.save_all(comparison, story_results, tmp_path / "figures")
    assert {path.suffix for path in paths} == {".png", ".svg"}
    assert len(paths) == 2 * (len(figures.OF_COMPARISON) + 1)
    assert all(path.stat().st_size > 10_000 for path in paths)


def test_a_figure_is_the_same_file_twice(comparison: Comparison, tmp_path: Path) -> None:
    with style.styled():
        one = style.save(adoption.over_time(comparison), tmp_path / "a", "x")
        two = style.save(adoption.over_time(comparison), tmp_path / "b", "x")
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_one_run_is_drawn_without_bands(
    comparison: Comparison, world: State, tmp_path: Path
) -> None:
    months = comparison.months
    run = months[(months["scenario"] == "all") & (months["replicate"] == 0)]
    timing = SimpleNamespace(start=24, stop=60, months=120)
    settings = SimpleNamespace(timing=timing, interventions={"cop_formation": object()})
    simulation: Any = SimpleNamespace(months=lambda: run, settings=settings, state=world)
    fig = adoption.of_run(simulation)
    assert len(long_lines(fig.axes[0], 120)) == 3
    assert bands(fig.axes[0]) == 0
    assert shaded(fig.axes[0]) == (24, 60)
    assert len(figures.save_run(simulation, tmp_path)) == 4


def test_prices_far_apart_stand_on_a_logarithmic_axis(tiny: Any) -> None:
    base = [{"cost_total": 0.0, "retained_practice_years": 9.0} for _ in range(3)]
    cheap = [{"cost_total": 10.0, "retained_practice_years": 19.0 + k} for k in range(3)]
    dear = [{"cost_total": 5000.0, "retained_practice_years": 19.0 + k} for k in range(3)]
    near = Comparison.of(tiny({"baseline": base, "cheap": cheap}))
    far = Comparison.of(tiny({"baseline": base, "cheap": cheap, "dear": dear}))
    assert differences.cost_per_retained_year(near).axes[0].get_xscale() == "linear"
    assert differences.cost_per_retained_year(far).axes[0].get_xscale() == "log"


def test_no_price_means_no_scale(tiny: Any) -> None:
    base = [{"cost_total": 0.0, "retained_practice_years": 9.0} for _ in range(3)]
    nothing = Comparison.of(tiny({"baseline": base, "same": base}))
    fig = differences.cost_per_retained_year(nothing)
    assert not fig.axes[0].xaxis.get_visible()
    assert "not defined" in texts(fig)


def test_names_of_territories_never_cover_each_other(world: State) -> None:
    fig = network_map.network_map(world)
    fig.canvas.draw()
    for axes in fig.axes:
        places = [text.get_window_extent() for text in axes.texts]
        assert places
        for k, place in enumerate(places):
            assert not any(place.overlaps(other) for other in places[:k])
