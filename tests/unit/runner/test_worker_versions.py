"""Workers of a cluster have the code and the libraries of the command; needs no cluster."""

import re

import pytest

from diffusion.base.errors import SettingError
from diffusion.runner import clusters


def test_workers_of_the_same_kind_are_taken() -> None:
    clusters._check_versions("Dask", {"tcp://a": clusters._version(), "b": clusters._version()})


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("library_versions", lambda: {"numpy": "2.0.0", "numba": "0.67.1"}),
        ("code_digest", lambda: "0" * 16),
    ],
)
def test_one_with_another_library_or_other_code_is_refused(
    name: str, other: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = clusters._version()
    with monkeypatch.context() as there:
        there.setattr(clusters, name, other)
        worker = clusters._version()
    said = f"the Dask worker tcp://b has {worker}, this process has {here}: numbers must not mix"
    with pytest.raises(SettingError, match=re.escape(said)):
        clusters._check_versions("Dask", {"tcp://a": here, "tcp://b": worker})
