"""The rows of a part: put together, in the order of the runs, and read as far as they count."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffusion.base.errors import ResultsError, RoomError
from diffusion.base.processes import has_room
from diffusion.model.measures import Columns
from diffusion.runner import columns
from diffusion.runner.design import Run

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def united(runs: Sequence[Run], every: Sequence[Columns]) -> "pa.Table":
    """One table of the same table of several runs, each row with the keys of its run."""
    import pyarrow as pa

    rows = [len(next(iter(table.values()))) for table in every]
    of_runs = [run.keys() for run in runs]
    whole = {name: columns.repeated([of[name] for of in of_runs], rows) for name in of_runs[0]}
    # a column that some of the runs don't have is empty in their rows, as NaN is
    for name in dict.fromkeys(name for table in every for name in table):
        whole[name] = columns.united(
            [
                table[name] if name in table else np.full(length, np.nan)
                for table, length in zip(every, rows, strict=True)
            ]
        )
    return pa.Table.from_arrays(list(whole.values()), names=list(whole))


def in_order(tables: Sequence["pa.Table"], runs: Sequence[Run]) -> "pa.Table":
    """Rows in the order of the runs, whichever was stored first."""
    import pyarrow as pa

    whole = pa.concat_tables(tables, promote_options="permissive")
    position = {run.run_id: i for i, run in enumerate(runs)}
    places = np.array([position[one] for one in whole["run_id"].to_pylist()])
    return whole.take(places.argsort(kind="stable")).combine_chunks()


def in_pandas(tables: Sequence["pa.Table"]) -> "pd.DataFrame":
    """The rows of all tables, one after the other."""
    import pyarrow as pa

    whole = pa.concat_tables(tables, promote_options="permissive")
    # Arrow crashes where a thread of its own can't start
    frame: pd.DataFrame = whole.to_pandas(use_threads=has_room(threads=pa.cpu_count()))
    return frame


def marked(part: Path, mark: Mapping[str, Any]) -> "pa.Table":
    """The rows of a part whose runs are marked; others were written when something stopped it.

    Raises:
        ResultsError: the part is damaged.
        RoomError: the system lets no thread start, without which Arrow reads nothing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    runs = pa.array([run["run_id"] for run in mark["runs"]])
    try:
        with pq.ParquetFile(part) as file:  # parts are small: half the time of `read_table`
            table = file.read(use_threads=False)
        named = pc.is_in(table["run_id"], value_set=runs)
        return table if pc.all(named).as_py() else table.filter(named)
    except (OSError, pa.ArrowException) as error:
        if not has_room(threads=1):
            raise RoomError(
                f"{part} can't be read, for the system lets this user start no further threads; "
                f"raise the limit (`ulimit -u` shows it) and give the command again"
            ) from error
        raise ResultsError(
            f"{part} is damaged ({error}); run the experiment again with --fresh"
        ) from error
