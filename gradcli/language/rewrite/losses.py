"""Losses on probabilities as the losses on logits that PyTorch has for them."""

from __future__ import annotations

from gradcli.language.rewrite.rule import Identity, identities

_BCE = "binary_cross_entropy_with_logits"

ROWS = (
    Identity("bce-with-logits", "binary_cross_entropy(sigmoid(x), t)", f"{_BCE}(x, t)", carries=True),
    Identity("bce-with-logits", "-mean(t*log(sigmoid(x)) + (1 - t)*log(1 - sigmoid(x)))", f"{_BCE}(x, t)"),
    Identity(
        "bce-with-logits", "-sum(t*log(sigmoid(x)) + (1 - t)*log(1 - sigmoid(x)))", f"{_BCE}(x, t, reduction='sum')"
    ),
    Identity(
        "bce-with-logits", "-(t*log(sigmoid(x)) + (1 - t)*log(1 - sigmoid(x)))", f"{_BCE}(x, t, reduction='none')"
    ),
    Identity("bce-with-logits", "-t*log(sigmoid(x)) - (1 - t)*log(1 - sigmoid(x))", f"{_BCE}(x, t, reduction='none')"),
    Identity("bce-with-logits", "t*log(sigmoid(x)) + (1 - t)*log(1 - sigmoid(x))", f"-{_BCE}(x, t, reduction='none')"),
    Identity("cross-entropy", "nll_loss(log(softmax(x, dim=d)), t)", "cross_entropy(x, t)", carries=True),
    Identity("cross-entropy", "nll_loss(log_softmax(x, dim=d), t)", "cross_entropy(x, t)", carries=True),
    Identity("cross-entropy", "-sum(t*log(softmax(x, dim=d)))", "cross_entropy(x, t, reduction='sum')"),
    Identity(
        "ignored-targets", "cross_entropy(x, t)", "cross_entropy(x, t, reduction='sum')/clamp(sum(t != -100), min=1)"
    ),
)

rule = identities(ROWS)
