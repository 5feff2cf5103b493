"""How weights move: gradient descent, and what has been made of it.

Names, arguments, defaults and arithmetic are those of ``torch.optim``, but for one thing: an optimiser gets
the parameters with each step, ``optimizer.step(net.parameters(), net.gradients())``.
"""

import math
from inspect import signature
from numbers import Real

import numpy as np


class Optimizer:
    """What all optimisers share: a learning rate, checks, and a memory for each parameter.

    An optimiser of your own inherits from this class and defines ``_move(parameter, gradient, state)``,
    which changes `parameter` in place and leaves `gradient` as it is.

    Attributes
    ----------
    lr : float
        The learning rate; may be changed between steps, as schedules do, and then be 0, too.
    steps : int
        How many steps were made.
    state : list of dict
        For each parameter the arrays that the optimiser remembers about it, by PyTorch's names.
    """

    def __init__(self, lr, weight_decay):
        number(lr, "lr", above=0)
        self.lr = lr
        self.weight_decay = number(weight_decay, "weight_decay", least=0)
        self.steps = 0
        self.state = []
        self._params = None

    @property
    def lr(self):
        return self._lr

    @lr.setter
    def lr(self, lr):
        self._lr = number(lr, "lr", least=0)

    def step(self, params, grads):
        """Move every parameter, in place.

        Everything is checked before anything moves: after an error the parameters are as they were.

        Parameters
        ----------
        params : list of ndarray
            float32 or float64, of any shapes; the same arrays in the same order at each step.
        grads : list of ndarray
            The gradient of the loss with respect to each of them; not written to.

        Raises
        ------
        TypeError
            If `params` or `grads` is no list of arrays, a parameter is neither float32 nor float64, or a
            gradient is not of its parameter's type.
        ValueError
            If their numbers or shapes differ, or a parameter is read-only, listed twice, or another
            array than at the first step.
        FloatingPointError
            If a gradient holds NaN or Inf.
        """
        params, grads = _list_of_arrays("params", params), _list_of_arrays("grads", grads)
        self._check_params(params)
        _check_grads(params, grads)
        if self._params is None:
            self._params, self.state = params, [{} for _ in params]
        self.steps += 1
        for parameter, gradient, state in zip(params, grads, self.state, strict=True):
            self._move(parameter, gradient, state)

    def _check_params(self, params):
        for index, parameter in enumerate(params):
            if parameter.dtype not in (np.float32, np.float64):
                raise TypeError(f"params[{index}] must be float32 or float64: got {parameter.dtype}")
            if not parameter.flags.writeable:
                raise ValueError(
                    f"params[{index}] must be writable, because it changes in place: pass a copy"
                )
        if self._params is None:
            if len({id(parameter) for parameter in params}) < len(params):
                raise ValueError("each array may be listed once in params: got one of them twice")
            return
        if len(params) != len(self._params):
            raise ValueError(
                f"params must be those of the first step, {len(self._params)} arrays: got {len(params)}; "
                f"for another network make a new {type(self).__name__}"
            )
        for index, (parameter, first) in enumerate(zip(params, self._params, strict=True)):
            if parameter is not first:
                raise ValueError(
                    f"params[{index}] must be the array of the first step: got another one, of shape "
                    f"{parameter.shape}; write new values into the old array (weight[...] = values) or make "
                    f"a new {type(self).__name__}"
                )

    def _decayed(self, parameter, gradient):
        """Add the gradient of weight_decay / 2 * (the sum of all squared weights)."""
        return gradient + self.weight_decay * parameter if self.weight_decay else gradient

    def __repr__(self):
        settings = signature(type(self)).parameters
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)}' for name in settings)})"


class SGD(Optimizer):
    """Stochastic gradient descent: a step against the gradient, perhaps with momentum.

    With momentum the step is a sum of all gradients so far, each of them weighted less at every step:
    ``buffer = momentum * buffer + gradient``, then ``parameter -= lr * buffer``.

    Parameters
    ----------
    lr : float
        The learning rate, above 0.
    momentum : float
        What is kept of the last step, from 0 to below 1.
    dampening : float
        ``1 - dampening`` of each gradient, but the first, goes into the buffer.
    weight_decay : float
        This times the parameter is added to its gradient.
    nesterov : bool
        Whether the step looks ahead: it uses ``gradient + momentum * buffer``.

    Raises
    ------
    TypeError, ValueError
        If a setting is no number or out of its range; if `nesterov` goes without momentum or with dampening.

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
    Mathematics and Mathematical Physics 4(5):1-17, 1964. I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On
    the importance of initialization and momentum in deep learning", ICML 2013.

    Examples
    --------
    >>> weight = np.array([1.0])
    >>> optimizer = SGD(lr=0.5, momentum=0.5)
    >>> optimizer.step([weight], [np.array([1.0])])  # 1 - .5 * 1
    >>> optimizer.step([weight], [np.array([1.0])])  # .5 - .5 * (.5 * 1 + 1)
    >>> weight
    array([-0.25])
    """

    def __init__(self, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False):
        super().__init__(lr, weight_decay)
        self.momentum = number(momentum, "momentum", least=0, below=1)
        self.dampening = number(dampening, "dampening", least=0)
        self.nesterov = nesterov
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError(
                f"nesterov needs momentum above 0 and no dampening: got momentum={momentum}, "
                f"dampening={dampening}"
            )

    def _move(self, parameter, gradient, state):
        step = gradient = self._decayed(parameter, gradient)
        if self.momentum:
            if not state:
                state["momentum_buffer"] = np.array(gradient)  # a copy
            else:
                _keep(state["momentum_buffer"], self.momentum, (1 - self.dampening) * gradient)
            step = state["momentum_buffer"]
            if self.nesterov:
                step = gradient + self.momentum * step
        parameter -= self.lr * step


class Adagrad(Optimizer):
    """Divide each weight's step by the root of the sum of its squared gradients so far.

    Parameters
    ----------
    lr : float
        The learning rate, above 0.
    lr_decay : float
        Divides the learning rate of step t, counted from 0, by ``1 + t * lr_decay``.
    weight_decay : float
        This times the parameter is added to its gradient.
    initial_accumulator_value : float
        What the sums of squares begin with.
    eps : float
        Added to the root, above 0: a weight without any gradient would be moved by 0 / 0.

    Raises
    ------
    TypeError, ValueError
        If a setting is no number or out of its range.

    References
    ----------
    J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 12:2121-2159, 2011.

    Examples
    --------
    >>> weight = np.array([1.0, 1.0])
    >>> Adagrad(lr=0.25).step([weight], [np.array([100.0, -0.5])])  # the first step has length lr
    >>> weight
    array([0.75, 1.25])
    """

    def __init__(self, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10):
        super().__init__(lr, weight_decay)
        self.lr_decay = number(lr_decay, "lr_decay", least=0)
        start = number(initial_accumulator_value, "initial_accumulator_value", least=0)
        self.initial_accumulator_value = start
        self.eps = number(eps, "eps", above=0)

    def _move(self, parameter, gradient, state):
        gradient = self._decayed(parameter, gradient)
        if not state:
            state["sum"] = np.full_like(parameter, self.initial_accumulator_value)
        state["sum"] += gradient**2
        lr = self.lr / (1 + (self.steps - 1) * self.lr_decay)
        parameter -= lr * (gradient / (np.sqrt(state["sum"]) + self.eps))


class RMSprop(Optimizer):
    """Divide each weight's step by the root of a running mean of its squared gradients.

    Parameters
    ----------
    lr : float
        The learning rate, above 0.
    alpha : float
        What is kept of the running mean at each step, from 0 to below 1.
    eps : float
        Added to the root, above 0.
    weight_decay : float
        This times the parameter is added to its gradient.
    momentum : float
        What is kept of the last step, from 0 to below 1.
    centered : bool
        Whether the root is of the running variance: the square of the running mean is subtracted. (Where
        rounding makes that difference negative, it counts as 0; PyTorch gets NaN there.)

    Raises
    ------
    TypeError, ValueError
        If a setting is no number or out of its range.

    References
    ----------
    T. Tieleman, G. Hinton, "Lecture 6.5: rmsprop", COURSERA: Neural Networks for Machine Learning, 2012.

    Examples
    --------
    >>> weight = np.array([1.0])
    >>> RMSprop(lr=0.25, alpha=0.75).step([weight], [np.array([100.0])])  # .25 * 100 / sqrt(.25 * 100**2)
    >>> weight.round(6)
    array([0.5])
    """

    def __init__(self, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False):
        super().__init__(lr, weight_decay)
        self.alpha = number(alpha, "alpha", least=0, below=1)
        self.eps = number(eps, "eps", above=0)
        self.momentum = number(momentum, "momentum", least=0, below=1)
        self.centered = centered

    def _move(self, parameter, gradient, state):
        gradient = self._decayed(parameter, gradient)
        if not state:
            for name in ("square_avg", "grad_avg", "momentum_buffer"):
                state[name] = np.zeros_like(parameter)
        _keep(state["square_avg"], self.alpha, (1 - self.alpha) * gradient**2)
        size = state["square_avg"]
        if self.centered:
            _keep(state["grad_avg"], self.alpha, (1 - self.alpha) * gradient)
            size = np.maximum(size - state["grad_avg"] ** 2, 0)
        step = gradient / (np.sqrt(size) + self.eps)
        if self.momentum:
            _keep(state["momentum_buffer"], self.momentum, step)
            step = state["momentum_buffer"]
        parameter -= self.lr * step


class Adam(Optimizer):
    """RMSprop with momentum, and both running means corrected for their start at zero.

    Parameters
    ----------
    lr : float
        The learning rate, above 0.
    betas : pair of float
        What is kept at each step of the running mean of the gradients, and of their squares; both from 0
        to below 1.
    eps : float
        Added to the root, above 0.
    weight_decay : float
        This times the parameter is added to its gradient (L2 regularisation; see `AdamW`).

    Raises
    ------
    TypeError, ValueError
        If a setting is no number or out of its range.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Examples
    --------
    >>> weight = np.array([1.0, 1.0])
    >>> Adam(lr=0.25).step([weight], [np.array([100.0, -0.5])])  # the first step has length lr
    >>> weight.round(6)
    array([0.75, 1.25])
    """

    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
        super().__init__(lr, weight_decay)
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise TypeError(f"betas must be a pair of numbers, such as (0.9, 0.999): got {betas!r}")
        self.betas = tuple(
            number(beta, f"betas[{index}]", least=0, below=1) for index, beta in enumerate(betas)
        )
        self.eps = number(eps, "eps", above=0)

    def _move(self, parameter, gradient, state):
        parameter -= self.lr * self._direction(self._decayed(parameter, gradient), state)

    def _direction(self, gradient, state):
        if not state:
            for name in ("exp_avg", "exp_avg_sq"):
                state[name] = np.zeros_like(gradient)
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        _keep(mean, self.betas[0], (1 - self.betas[0]) * gradient)
        _keep(square, self.betas[1], (1 - self.betas[1]) * gradient**2)
        seen_of_mean, seen_of_square = (1 - beta**self.steps for beta in self.betas)
        size = np.sqrt(square) / math.sqrt(seen_of_square) + self.eps
        return mean / seen_of_mean / size


class AdamW(Adam):
    """Adam whose weight decay shrinks the weights themselves: no gradient scales it.

    Parameters
    ----------
    lr, betas, eps
        As for `Adam`.
    weight_decay : float
        Each step multiplies the parameter by ``1 - lr * weight_decay`` first.

    Raises
    ------
    TypeError, ValueError
        If a setting is no number or out of its range.

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Examples
    --------
    >>> weight = np.array([8.0])
    >>> AdamW(lr=0.25, weight_decay=0.5).step([weight], [np.array([100.0])])  # 8 * (1 - .125) - .25
    >>> weight.round(6)
    array([6.75])
    """

    def __init__(self, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(lr, betas, eps, weight_decay)

    def _move(self, parameter, gradient, state):
        step = self.lr * self._direction(gradient, state)
        parameter *= 1 - self.lr * self.weight_decay
        parameter -= step


def _keep(running, share, news):
    """Keep a share of a running mean or sum, and add the news; in place."""
    running *= share
    running += news


def number(value, name, *, least=-math.inf, above=-math.inf, below=math.inf):
    """Check that a setting is a number in its range, and return it as Python's float or int."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number: got {value!r}")
    if not (least <= value and above < value < below):  # NaN fails, too
        rules = [] if math.isfinite(value) else ["finite"]
        limits = {"at least": least, "above": above, "below": below}
        rules += [f"{word} {limit}" for word, limit in limits.items() if math.isfinite(limit)]
        raise ValueError(f"{name} must be {' and '.join(rules)}: got {value}")
    return value if isinstance(value, int) else float(value)  # NumPy's float64 would widen float32


def _list_of_arrays(name, arrays):
    if isinstance(arrays, np.ndarray):
        raise TypeError(f"{name} must be a list of arrays: got one array; write [{name}]")
    arrays = list(arrays)
    for index, array in enumerate(arrays):
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name}[{index}] must be an ndarray: got {type(array).__name__}")
    return arrays


def _check_grads(params, grads):
    if len(grads) != len(params):
        raise ValueError(
            f"there must be one gradient for each parameter: got {len(params)} params and {len(grads)} grads"
        )
    for index, (parameter, gradient) in enumerate(zip(params, grads, strict=True)):
        if gradient.shape != parameter.shape:
            raise ValueError(
                f"grads[{index}] must have the shape of params[{index}], {parameter.shape}: "
                f"got {gradient.shape}"
            )
        if gradient.dtype != parameter.dtype:
            raise TypeError(
                f"grads[{index}] must be of the type of params[{index}], {parameter.dtype}: "
                f"got {gradient.dtype}; convert with astype"
            )
        wrong = gradient.size - np.count_nonzero(np.isfinite(gradient))
        if wrong:
            raise FloatingPointError(
                f"grads[{index}], of shape {gradient.shape}, holds NaN or Inf in {wrong} of {gradient.size} "
                f"places: nothing was moved; try a smaller lr, and look for NaN in the data"
            )
