"""The page of sizes and costs on clusters."""

from benchmarks import sizing
from diffusion.views.page import split


def test_the_page_of_sizes_projects_what_was_measured() -> None:
    stored = {"months": 5_000.0, "outcomes": 500.0, "survival": 1_500.0, "groups": 3_000.0}
    size = sizing.Size(200, 50, seconds=0.36, worker_mb=250.4, stored=stored, log=2_000_000.0)
    listing = sizing.Listing(1_000, seconds=0.0006, bytes=3_000.0)
    about = dict.fromkeys(("processor", "python", "diffusion", "numba", "load before"), "x")
    lines = sizing.page([size], listing, about | {"date": "2030-01-02T03:04"}).splitlines()
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    assert found[2] == [
        "synthetic, 200 organisations",
        "10,000",
        "250 MB",
        *("5 kB", "0.5 kB", "1.5 kB", "3 kB", "10 kB", "2 MB"),
    ]
    # 1e6 runs / 10,000 an hour; 100 h / 2,400 core-hours a day; 1e6 x 10 kB; 100 h x 0.05
    assert found[5] == ["synthetic, 200 organisations", "100", "0.042", "10 GB", "5"]
    assert "needs 3 GB and 10 minutes" in "\n".join(lines)


def test_the_page_of_the_package_has_its_marks() -> None:
    split(sizing.PAGE, sizing.MARKS)
