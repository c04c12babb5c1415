"""Eq. (5) and its relatives: theta <- theta - eta grad L(theta), by any optimiser of optax; `sgd` is eq. (5) itself.

Steps run in compiled chunks of `CHUNK`; between them the objective is looked at, progress told, and an interrupt heard.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pdelang.compiler.compiled import CompiledProblem
from pdelang.compiler.parameters import UsageError
from pdelang.runtime.collocation import Parameters
from pdelang.runtime.objective import Theta, build, loss
from pdelang.runtime.options import SolveOptions
from pdelang.runtime.result import MethodResult, Progress
from pdelang.runtime.solve.box import OUT_OF_TIME
from pdelang.runtime.solve.defect import with_estimate
from pdelang.runtime.solve.kernels import points_for, start
from pdelang.runtime.status import Status

CHUNK = 50
RATE = 1e-3
"""Learning rate, unless one is asked for."""
SEARCHES = frozenset({"lbfgs"})
"""Optimisers that search along each direction: from the whole step, on points that stay."""
OWN = {"lbfgs": {"memory_size": 50}}
"""Arguments beside the rate. An MLP on Burgers is at 3.6e-3 after 5000 steps that remember 50 gradients, at 1.1e-2 with optax' own ten."""


def optimiser(name: str, learning_rate: Any) -> optax.GradientTransformationExtraArgs:
    """optax's optimiser of that name; `update` also takes value, grad and value_fn, which those with a line search need. UsageError: there
    is none, or it takes no learning rate alone."""
    make = getattr(optax, name, None) if not name.startswith("_") else None
    if not inspect.isfunction(make) or next(iter(inspect.signature(make).parameters), "") != "learning_rate":
        raise UsageError(f"no optimizer {name!r}: any of optax that takes a learning rate, such as sgd, adam, adamw, lion, rmsprop, lbfgs")
    others = list(inspect.signature(make).parameters.values())[1:]
    if any(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) for p in others):
        raise UsageError(f"optimizer {name!r} needs more than a learning rate")
    return optax.with_extra_args_support(make(learning_rate, **OWN.get(name, {})))


def not_finite(objective: Any, where: str) -> str:
    """Why steps left the numbers. objective: eq. (3) from where they did, which no rate mends if it is not finite: a start has any sign."""
    if bool(jnp.isfinite(objective)):
        return f"{where}: a smaller learning_rate may help"
    return (
        f"{where}: the objective is not finite before it either; is it defined for all values of the fields (log, sqrt, division)? "
        "In v, with u = exp(v) or u = v^2, it is"
    )


def value_and_gradient(name: str, objective: Callable[[Any], Any], theta: Any, state: Any) -> Any:
    """At theta; a search has left them in its state."""
    return optax.value_and_grad_from_state(objective)(theta, state=state) if name in SEARCHES else jax.value_and_grad(objective)(theta)


@partial(jax.jit, static_argnums=(0, 1))
def _chunk(module: Any, name: str, steps: jax.Array, theta: Theta, state: Any, data: tuple[Any, ...], learning_rate: jax.Array) -> Any:
    """`steps` steps: theta, state, and the objective before the last of them. The number is an argument: one compilation serves all."""
    update = optimiser(name, learning_rate).update

    def one(_: Any, carry: tuple[Theta, Any, jax.Array]) -> tuple[Theta, Any, jax.Array]:
        theta, state, _ = carry
        objective = lambda t: loss(module, t, data)
        value, gradient = value_and_gradient(name, objective, theta, state)
        change, state = update(gradient, state, theta, value=value, grad=gradient, value_fn=objective)
        return optax.apply_updates(theta, change), state, value

    return jax.lax.fori_loop(0, steps, one, (theta, state, jnp.asarray(jnp.inf)))


def first_order(compiled: CompiledProblem, params: Parameters, options: SolveOptions, progress: Progress) -> MethodResult:
    """Method: gradient steps on all kernel parameters, from a grid with zero weights."""
    default = 1.0 if options.optimizer in SEARCHES else RATE
    learning_rate = default if options.learning_rate is None else options.learning_rate
    initialise = optimiser(options.optimizer, learning_rate).init
    expansion, done, history, status, message = None, 0, [], Status.ITERATION_LIMIT, ""
    deadline = time.monotonic() + options.time_limit
    try:
        expansion = start(compiled, params, options, project=False)
        theta: Theta = {name: jnp.asarray(value) for name, value in expansion.theta.items()}
        objective = build(compiled, params, options, theta, points_for(expansion, len(compiled.equations), options))
        state, rate = initialise(theta), jnp.asarray(learning_rate)
        while done < options.steps:
            steps = min(CHUNK, options.steps - done)
            theta, state, value = _chunk(objective.module, options.optimizer, jnp.asarray(steps), theta, state, objective.data(), rate)
            if not all(bool(jnp.isfinite(leaf).all()) for leaf in (*theta.values(), value)):
                before = loss(objective.module, expansion.theta, objective.data())
                status, message = Status.NON_FINITE, not_finite(before, f"between steps {done} and {done + steps}")
                break
            done += steps
            expansion = expansion.moved(theta)
            history.append({"objective": float(value)})
            progress(f"step {done}", done / options.steps, residual=float(np.sqrt(value)), kernels=expansion.kernels)
            if done < options.steps and time.monotonic() > deadline:
                message = f"{OUT_OF_TIME} after {done} of {options.steps} steps"
                break
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    result = MethodResult(
        representation=expansion,
        status=status,
        method="first_order",
        iterations=done,
        reason=f"asked for: {options.optimizer} on all kernel parameters",
        message=message,
        history=tuple(history),
    )
    return with_estimate(compiled, params, options, result)
