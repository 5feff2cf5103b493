"""How wrong a network is: one number, and its gradient with respect to what the network said.

Each loss averages over the batch, so that its size does not depend on how many examples are in it.
"""

import numpy as np

from cnnlib.precision import floats


def softmax(logits):
    """Turn votes into shares: positive, and adding up to 1 along the last axis.

    The largest vote is subtracted first. That changes no share and keeps ``exp`` from overflowing.

    Parameters
    ----------
    logits : ndarray of shape (N, classes) or (classes,)
        Votes, float32 or float64.

    Returns
    -------
    ndarray of the same shape

    Raises
    ------
    TypeError
        If `logits` are neither float32 nor float64.

    References
    ----------
    J. S. Bridle, "Training stochastic model recognition algorithms as networks can lead to maximum
    mutual information estimation of parameters", NIPS 1989.

    Examples
    --------
    >>> softmax(np.log([[1.0, 3.0]]))  # 1 : 3
    array([[0.25, 0.75]])
    """
    (logits,) = floats(logits=logits)
    weights = np.exp(_below_largest(logits))
    return weights / weights.sum(axis=-1, keepdims=True)


class CrossEntropyLoss:
    """Minus the logarithm of the share that the right class got, averaged over the batch.

    Examples
    --------
    >>> loss = CrossEntropyLoss()
    >>> round(loss.forward(np.log([[1.0, 3.0]]), [0]), 4)  # -log(1/4)
    1.3863
    >>> loss.backward()  # the shares, less 1 for the right class
    array([[-0.75,  0.75]])
    """

    def __init__(self):
        self._logits = None

    def forward(self, logits, labels):
        """Compute the loss.

        Parameters
        ----------
        logits : ndarray of shape (N, classes)
            Votes, float32 or float64; they need not be shares.
        labels : array_like of shape (N,)
            The right classes, integers from 0 to classes - 1.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If `logits` are neither float32 nor float64, or `labels` not integers.
        ValueError
            If the shapes do not agree, the batch is empty, or a label is out of range.
        """
        (logits,) = floats(logits=logits)
        if logits.ndim != 2 or logits.size == 0:
            raise ValueError(f"logits must have shape (N, classes), neither of them 0: got {logits.shape}")
        self._labels = _class_indices(labels, *logits.shape)
        self._logits = logits
        votes = _below_largest(logits)  # (N, classes)
        log_totals = np.log(np.exp(votes).sum(axis=1))  # (N,)
        return float((log_totals - votes[np.arange(len(votes)), self._labels]).mean())

    def backward(self):
        """Compute the gradient of the loss: ndarray of shape (N, classes).

        Raises
        ------
        RuntimeError
            If nothing went forward before.
        """
        if self._logits is None:
            raise RuntimeError(
                "CrossEntropyLoss.backward() needs a call of forward(logits, labels) before it"
            )
        dlogits = softmax(self._logits)  # (N, classes)
        dlogits[np.arange(len(dlogits)), self._labels] -= 1
        return dlogits / len(dlogits)


class MSELoss:
    """The squared error, averaged over all numbers of the batch.

    Examples
    --------
    >>> loss = MSELoss()
    >>> loss.forward(np.array([[1.0, 4.0]]), np.array([[1.0, 2.0]]))  # (0 + 4) / 2
    2.0
    >>> loss.backward()  # 2 * difference / 2
    array([[0., 2.]])
    """

    def __init__(self):
        self._difference = None

    def forward(self, prediction, target):
        """Compute the loss.

        Parameters
        ----------
        prediction, target : ndarray of the same shape
            Both float32 or both float64.

        Returns
        -------
        float

        Raises
        ------
        TypeError
            If one of them is neither float32 nor float64, or they are not of one type.
        ValueError
            If the shapes differ or are empty.
        """
        prediction, target = floats(prediction=prediction, target=target)
        if prediction.shape != target.shape:  # (N, 1) against (N,) would broadcast to (N, N)
            raise ValueError(
                f"prediction and target must have the same shape: got {prediction.shape} and {target.shape}"
            )
        if prediction.size == 0:
            raise ValueError(f"the mean over an empty batch is undefined: got shape {prediction.shape}")
        self._difference = prediction - target
        return float((self._difference**2).mean())

    def backward(self):
        """Compute the gradient of the loss: ndarray of the prediction's shape.

        Raises
        ------
        RuntimeError
            If nothing went forward before.
        """
        if self._difference is None:
            raise RuntimeError("MSELoss.backward() needs a call of forward(prediction, target) before it")
        return 2 * self._difference / self._difference.size


def _below_largest(logits):
    return logits - logits.max(axis=-1, keepdims=True)


def _class_indices(labels, count, classes):
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"labels must be integers: got {labels.dtype}")
    if labels.shape != (count,):
        raise ValueError(f"labels must have shape {(count,)}, one for each row of logits: got {labels.shape}")
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        raise ValueError(f"labels must be from 0 to {classes - 1} for {classes} classes: got {wrong[0]}")
    return labels
