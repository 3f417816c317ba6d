"""DuckDB and pandas read a results folder as docs/results.md says, and agree with the package."""

import re
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from diffusion.config import design
from diffusion.runner.files import read_json, write_json
from diffusion.runner.run import run_experiment
from diffusion.runner.store import KEYS, TABLES, Results
from tests.architecture.checkout import ROOT
from tests.unit.runner.conftest import SMALL
from tests.unit.test_docs_tables import NAME, rows

FOLDER = "results/what_remains"  # in the examples of the page
PAGE = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    section = PAGE.split("## Reading them")[1]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two replicates of the headline experiment; the last run of a part has lost its mark."""
    folder = tmp_path_factory.mktemp("stored")
    given = [
        *SMALL,
        "executor=serial",
        "experiment=what_remains",
        "replicates=2",
        "record.events=true",
    ]
    run_experiment(design(given), folder)
    path = folder / "finished" / "part-00001.json"
    mark = read_json(path)
    write_json(path, mark | {"runs": mark["runs"][:-1]})
    return Results(folder)


def duck(results: Results, *statements: str) -> pd.DataFrame:
    """What the last statement finds."""
    with duckdb.connect() as connection:
        for statement in statements:
            found = connection.execute(statement.replace(FOLDER, str(results.path)))
        frame: pd.DataFrame = found.df()
        return frame


def in_order(frame: pd.DataFrame, *by: str) -> pd.DataFrame:
    return frame.sort_values(["run_id", *by]).reset_index(drop=True)


def test_duckdb_finds_the_rows_that_the_package_finds(stored: Results) -> None:
    (sql,) = blocks("sql")
    *views, by_month, paired = [text for text in sql.split(";") if text.strip()]
    for name, by in (("outcomes", ()), ("months", ("month",))):
        found = duck(stored, *views, f"SELECT * FROM {name}")
        known = stored.table(name)
        assert len(duck(stored, f"SELECT * FROM '{FOLDER}/{name}/*.parquet'")) > len(known)
        expected = in_order(known, *by)
        pd.testing.assert_frame_equal(
            in_order(found, *by)[list(expected)], expected, check_exact=True, check_dtype=False
        )
    months = stored.table("months").groupby(["scenario", "month"])
    means = duck(stored, *views, by_month).set_index(["scenario", "month"])
    pd.testing.assert_series_equal(means["share_using"], months["share_using"].mean())
    differences = duck(stored, *views, paired).set_index("scenario")["difference"]
    wide = stored.table("outcomes").pivot(
        index="replicate", columns="scenario", values="using_stop"
    )
    expected_means = wide.sub(wide["baseline"], axis=0).drop(columns="baseline").mean()
    pd.testing.assert_series_equal(differences, expected_means, check_names=False)


def test_pandas_finds_the_rows_that_the_package_finds(stored: Results) -> None:
    (code,) = [block for block in blocks("python") if "import pandas" in block]
    found: dict[str, Any] = {}
    exec(code.replace(FOLDER, str(stored.path)), found)
    for name in TABLES:
        expected = stored.table(name)
        given = found["table"](name).reset_index(drop=True)
        pd.testing.assert_frame_equal(given[list(expected)], expected, check_exact=True)


def test_the_files_have_the_types_that_the_page_gives(stored: Results) -> None:
    told = {
        name: row[1] for row in rows("results.md", "Types")[2:] for name in NAME.findall(row[3])
    }
    in_duckdb = {row[1]: row[2] for row in rows("results.md", "Types")[2:]}
    seen = set()
    for table in TABLES:
        for part in sorted(stored.path.glob(f"{table}/*.parquet")):
            schema = pq.read_schema(part)
            types = dict(zip(schema.names, map(str, schema.types), strict=True))
            seen |= set(types)
            assert types == {name: told.get(name, "double") for name in types}
            found = duck(stored, f"DESCRIBE SELECT * FROM '{part}'")
            assert list(found["column_type"]) == [in_duckdb[types[name]] for name in types]
    assert seen >= set(told) >= set(KEYS)
