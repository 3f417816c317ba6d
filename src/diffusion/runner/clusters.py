"""Runs on a Dask or a Ray cluster: the same chunks, the same store, hence the same bits.

Workers write their parts themselves, so they must see the results folder under the same path, and
have the same code of the package and the same versions of the libraries that decide numbers.
docs/clusters.md says how to set one up.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from importlib import import_module
from itertools import islice
from typing import Any, ClassVar

from pydantic import Field

import diffusion
from diffusion.base.errors import ResultsError, SettingError
from diffusion.base.processes import interrupts_ignored
from diffusion.model.code_digest import code_digest, in_words, library_versions
from diffusion.runner.design import Chunk
from diffusion.runner.executors import Executor, Report, Task
from diffusion.runner.mapping import AHEAD, RESTARTS

_INSTALL = "install it with: pip install 'diffusion[{extra}]'"


class Dask(Executor):
    """Any cluster that `dask.distributed` knows: by address, by file, started by a class, or here.

    Args:
        address: of a running scheduler, `tcp://host:8786`.
        scheduler_file: that a running scheduler wrote.
        cluster: import path and arguments of a cluster to start, such as
            `{_target_: dask_jobqueue.SLURMCluster, cores: 8, memory: 16GB}`.
        workers: processes on this machine, or jobs of the `cluster`.
    """

    address: str | None = None
    scheduler_file: str | None = None
    cluster: dict[str, Any] | None = None
    workers: int = Field(ge=1, le=100_000)

    def map(self, task: Task, chunks: Iterable[Chunk]) -> Iterator[Report]:
        """Apply the task to every chunk; those of a worker that dies go to another.

        Raises:
            SettingError: Dask is not installed, the cluster can't be reached, or its workers have
                other code of the package or other libraries.
            ResultsError: workers keep dying.
        """
        distributed = _library("distributed", "dask")
        with ExitStack() as stack:
            client = self._client(distributed, stack)
            _check_versions("Dask", client.run(_version))
            room = AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
            left = iter(chunks)
            running = distributed.as_completed(
                [client.submit(task, chunk, pure=False) for chunk in islice(left, room)]
            )
            try:
                for future in running:
                    yield future.result()
                    for chunk in islice(left, 1):
                        running.add(client.submit(task, chunk, pure=False))
            except distributed.KilledWorker as error:
                raise _killed(error) from error

    def _client(self, distributed: Any, stack: ExitStack) -> Any:
        if [self.address, self.scheduler_file, self.cluster].count(None) < 2:
            raise SettingError(
                "executor=dask has more than one of executor.address, executor.scheduler_file and "
                "executor.cluster; set one of them, or none for processes on this machine"
            )
        if self.address is not None or self.scheduler_file is not None:
            try:
                client = distributed.Client(
                    address=self.address, scheduler_file=self.scheduler_file, timeout=_PATIENCE
                )
            except (OSError, TimeoutError, ValueError) as error:
                where = self.address or self.scheduler_file
                raise SettingError(
                    f"no Dask scheduler answers at {where} ({error}); start one, or correct "
                    f"executor.address"
                ) from error
            return stack.enter_context(client)
        cluster = stack.enter_context(self._cluster(distributed))
        cluster.scale(self.workers)
        client = stack.enter_context(distributed.Client(cluster))
        client.wait_for_workers(1)
        return client

    def _cluster(self, distributed: Any) -> Any:
        if self.cluster is None:
            with interrupts_ignored():  # as for local workers
                return distributed.LocalCluster(
                    n_workers=self.workers, threads_per_worker=1, dashboard_address=":0"
                )
        from diffusion.config.targets import imported

        arguments = {name: value for name, value in self.cluster.items() if name != "_target_"}
        start: Callable[..., Any] = imported(str(self.cluster.get("_target_")), "executor.cluster")
        return start(**arguments)


class Ray(Executor):
    """Any Ray cluster: by address, or processes on this machine.

    Args:
        address: `auto` for the cluster this machine belongs to, `host:6379`, or
            `ray://host:10001`; null starts processes here.
        workers: processes on this machine, if none is named.
    """

    address: str | None = None
    workers: int = Field(ge=1, le=100_000)

    _quiet: ClassVar[Mapping[str, Any]] = {"log_to_driver": False, "include_dashboard": False}

    def map(self, task: Task, chunks: Iterable[Chunk]) -> Iterator[Report]:
        """Apply the task to every chunk; those of a worker that dies go to another.

        Raises:
            SettingError: Ray is not installed, the cluster can't be reached, or its workers have
                other code of the package or other libraries.
            ResultsError: workers keep dying, or no process of Ray starts on this machine.
        """
        ray = _library("ray", "ray")
        began = not ray.is_initialized()
        if began:
            self._start(ray)
        try:
            _check_versions("Ray", {"a worker": ray.get(ray.remote(_version).remote())})
            remote = ray.remote(_apply).options(max_retries=RESTARTS)
            given = ray.put(task)
            left, room = iter(chunks), AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
            running = [remote.remote(given, chunk) for chunk in islice(left, room)]
            while running:
                (done, *_), running = ray.wait(running, num_returns=1)
                yield ray.get(done)
                running += [remote.remote(given, chunk) for chunk in islice(left, 1)]
        except ray.exceptions.WorkerCrashedError as error:
            raise _killed(error) from error
        finally:
            if began:
                ray.shutdown()

    def _start(self, ray: Any) -> None:
        where = {"num_cpus": self.workers, **self._quiet} if self.address is None else {}
        try:
            ray.init(address=self.address, logging_level="ERROR", **where)
        except Exception as error:  # of no class of its own where a process of Ray starts too late
            why = (str(error) or type(error).__name__).splitlines()[0]
            if self.address is None:
                raise ResultsError(
                    f"Ray could not be started on this machine ({why}); "
                    f"finished runs are kept, so give the same command again, or take "
                    f"executor=local"
                ) from error
            if not isinstance(error, ConnectionError | ValueError):
                raise
            raise SettingError(
                f"no Ray cluster answers at {self.address} ({why}); start "
                f"one with `ray start --head`, or correct executor.address"
            ) from error


_PATIENCE = 20  # seconds that a scheduler has to answer


def _apply(task: Task, chunk: Chunk) -> Report:
    return task(chunk)


def _version() -> str:
    return in_words(diffusion.__version__, code_digest(), library_versions())


def _check_versions(kind: str, versions: Mapping[str, str]) -> None:
    here = _version()
    for worker, version in versions.items():
        if version != here:
            raise SettingError(
                f"the {kind} worker {worker} has {version}, this process has "
                f"{here}: numbers must not mix; install the same on all"
            )


def _library(module: str, choice: str) -> Any:
    """A library that comes with an extra of the name of the executor that needs it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise SettingError(
            f"executor={choice} needs the library {error.name}; {_INSTALL.format(extra=choice)}"
        ) from error


def _killed(error: Exception) -> ResultsError:
    return ResultsError(
        f"workers of the cluster died again and again ({type(error).__name__}), probably for lack "
        f"of memory; finished runs are kept, so give the same command again"
    )
