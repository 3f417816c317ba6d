"""NDlib: SIRModel, ThresholdModel and IndependentCascadesModel; see `job.py`."""

import time
from typing import Any

import networkx as nx
from job import Edges, Job, Run, answer
from ndlib.models import ModelConfig
from ndlib.models.epidemics import IndependentCascadesModel, SIRModel, ThresholdModel

MODELS = {"sir": SIRModel, "threshold": ThresholdModel, "cascade": IndependentCascadesModel}


def configuration(graph: "nx.Graph[int]", job: Job) -> Any:
    """The job in NDlib's words."""
    config = ModelConfig.Configuration()
    config.add_model_initial_configuration("Infected", list(job.seeds))
    if job.process == "sir":
        config.add_model_parameter("beta", job.p_transmit)
        config.add_model_parameter("gamma", job.p_recover)
    elif job.process == "threshold":
        for node in graph.nodes:
            config.add_node_configuration("threshold", node, job.threshold)
    else:
        for edge in graph.edges:
            config.add_edge_configuration("threshold", edge, job.p_activate)
    return config


def at_rest(process: str, step: dict[str, Any]) -> bool:
    """Whether no later step can change anything."""
    if process == "threshold":
        return not any(step["status_delta"].values())
    return bool(step["node_count"][1] == 0)


def runs_of(edges: Edges, job: Job) -> list[Run]:
    """Each run has a model of its own, as NDlib seeds its luck when a model is made."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(job.n))
    graph.add_edges_from(edges.tolist())
    found = []
    for run in range(job.runs):
        model = MODELS[job.process](graph, seed=job.seed + run)
        model.set_initial_status(configuration(graph, job))
        model.iteration(node_status=False)  # the first one only reports the start
        months = 0
        started = time.process_time()
        while months < job.months:
            step = model.iteration(node_status=False)
            months += 1
            if at_rest(job.process, step):
                break
        seconds = time.process_time() - started
        found.append(Run(seconds, months, job.n - step["node_count"][0]))
    return found


if __name__ == "__main__":
    answer(("ndlib", "networkx", "numpy"), runs_of)
