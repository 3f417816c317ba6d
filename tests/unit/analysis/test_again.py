import json
from typing import Any

from diffusion import config
from diffusion.analysis.again import settings_again
from diffusion.runner.design import runs_of
from diffusion.runner.manifest import manifest_of


def test_the_manifest_gives_back_the_settings_of_every_run() -> None:
    experiment = config.design(
        ["world=synthetic", "intervention=[cop_formation,handover]", "replicates=2", "seed=5"]
    )
    runs = runs_of(experiment)
    manifest: dict[str, Any] = json.loads(json.dumps(manifest_of(experiment, runs)))
    for run in runs:
        assert settings_again(manifest, run.scenario, run.replicate) == run.settings
