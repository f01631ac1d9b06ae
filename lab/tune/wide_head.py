"""The loss of a wide vocabulary a few positions at a time: all logits are never in memory together.

Logits of 262,144 tokens are a megabyte for each position, and a training step passes over them
half a dozen times. Where the head's weights are not trained (as with adapters), the gradient of a
position needs its own logits alone: they are made, used and forgotten while they are in the cache.
The loss and its gradient are those of the plain way.
"""

import functools
from typing import Any

WIDE = 32_768  # tokens; below, logits are small
POSITIONS = 16  # at a time: 16 MB of logits for 262,144 tokens
# what a model may do to its logits after the head; then they have to be made the plain way
AFTERWARDS = ("final_logit_softcapping", "logit_scale", "logits_scaling", "logits_soft_cap")


def fits(model: Any, head: Any) -> bool:
    """Say whether a model's logits are wide, and nothing but its states times its head's weights.

    Examples
    --------
    >>> from lab import models, paths
    >>> model = models.causal(paths.base_model()).model
    >>> fits(model, models.head_of(model))  # a vocabulary of two thousand
    False
    """
    import torch

    settings = model.config.get_text_config()
    plain = not any(getattr(settings, name, None) for name in AFTERWARDS)
    linear = type(head) is torch.nn.Linear and head.bias is None
    return bool(plain and linear and head.weight.shape[0] >= WIDE)


def losses(states: Any, weight: Any, targets: Any) -> Any:
    """Return the cross entropy of each next token, without gradients: float tensor (m,).

    Parameters
    ----------
    states : float tensor (m, d)
        What the head sees.
    weight : float tensor (v, d)
        The head's weights.
    targets : int tensor (m,)
        The next tokens.

    Examples
    --------
    >>> import torch
    >>> ones = torch.ones(4, 2)
    >>> losses(torch.zeros(3, 2), ones, torch.tensor([0, 1, 2])).exp().round().tolist()
    [4.0, 4.0, 4.0]
    """
    import torch
    from torch.nn.functional import cross_entropy

    parts = [
        cross_entropy((some @ weight.T).float(), wanted, reduction="none")
        for some, wanted in zip(states.split(POSITIONS), targets.split(POSITIONS), strict=True)
    ]
    return torch.cat(parts)


def loss(states: Any, weight: Any, targets: Any) -> Any:
    """Return the summed cross entropy of next tokens, with its gradient for the states alone.

    Parameters
    ----------
    states, weight, targets
        As in `losses`; the weights get no gradient.

    Examples
    --------
    >>> import torch
    >>> found = loss(torch.zeros(3, 2), torch.ones(4, 2), torch.tensor([0, 1, 2]))
    >>> round(float(found), 3)  # three times the logarithm of 4
    4.159
    """
    return _function().apply(states, weight, targets)


@functools.cache
def _function() -> Any:
    """Return the function of autograd; a function, because torch is imported only when used."""
    import torch

    class InParts(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, states: Any, weight: Any, targets: Any) -> Any:
            kind = states.device.type
            short = torch.is_autocast_enabled(kind)
            dtype = torch.get_autocast_dtype(kind) if short else weight.dtype
            gradient = torch.empty_like(states)
            total = torch.zeros((), dtype=torch.float32, device=states.device)
            with torch.autocast(kind, enabled=False):
                head = weight.detach().to(dtype)
                for start in range(0, len(states), POSITIONS):
                    part = slice(start, start + POSITIONS)
                    logits = (states[part].to(dtype) @ head.T).float()
                    wanted = targets[part, None]
                    whole = logits.logsumexp(dim=1, keepdim=True)
                    total += (whole - logits.gather(1, wanted)).sum()
                    shares = logits.sub_(whole).exp_()
                    shares.scatter_add_(1, wanted, -torch.ones_like(whole))
                    gradient[part] = (shares.to(dtype) @ head).to(gradient.dtype)
            ctx.save_for_backward(gradient)
            return total

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            (gradient,) = ctx.saved_tensors
            return gradient * gradients[0], None, None

    return InParts
