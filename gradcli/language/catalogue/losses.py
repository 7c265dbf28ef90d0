"""The loss functions: regression and probability here, margins and distances in `losses_margin.py`."""

from __future__ import annotations

from gradcli.language.catalogue.losses_margin import CLASS, INPUT, MARGIN_LOSSES, TARGET, WEIGHT
from gradcli.language.catalogue.rows import Loss, LossArgument

BETWEEN_0_AND_1 = "0 <= target <= 1"
REGRESSION_EXAMPLE = (("input", "[2.5, 0, 2]"), ("target", "[3, -0.5, 2]"))
ROBUST_EXAMPLE = (("input", "[2.5, 0, 2]"), ("target", "[0.5, -0.5, 2]"))

REGRESSION = (
    Loss(
        name="mse",
        torch="torch.nn.functional.mse_loss",
        category="loss",
        signatures=("(input, target, *, reduction: str = 'mean', weight: tensor? = None)",),
        subject="mse(input, target)",
        aliases=("mse_loss",),
        arguments=(INPUT, TARGET, WEIGHT),
        formula="(input - target)**2",
        derivative="2 * (input - target)",
        example=REGRESSION_EXAMPLE,
        paper="Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes",
    ),
    Loss(
        name="l1",
        torch="torch.nn.functional.l1_loss",
        category="loss",
        signatures=("(input, target, *, reduction: str = 'mean', weight: tensor? = None)",),
        subject="l1(input, target)",
        aliases=("l1_loss",),
        arguments=(INPUT, TARGET, WEIGHT),
        formula="abs(input - target)",
        derivative="sign(input - target)",
        example=REGRESSION_EXAMPLE,
        kinks="input == target",
        paper="least absolute deviations, older than least squares: Boscovich (1757)",
    ),
    Loss(
        name="smooth_l1",
        torch="torch.nn.functional.smooth_l1_loss",
        category="loss",
        signatures=("(input, target, *, reduction: str = 'mean', beta: float = 1.0)",),
        subject="smooth_l1(input, target)",
        aliases=("smooth_l1_loss",),
        arguments=(INPUT, TARGET),
        formula="where(abs(input - target) < beta, (input - target)**2 / (2 * beta), abs(input - target) - beta / 2)",
        derivative="where(abs(input - target) < beta, (input - target) / beta, sign(input - target))",
        parameters=(("beta", 1.0),),
        example=ROBUST_EXAMPLE,
        kinks="input == target if beta == 0, else none",
        domain="beta >= 0",
        paper="Girshick (2015), Fast R-CNN",
    ),
    Loss(
        name="huber",
        torch="torch.nn.functional.huber_loss",
        category="loss",
        signatures=("(input, target, reduction: str = 'mean', delta: float = 1.0, weight: tensor? = None)",),
        subject="huber(input, target)",
        aliases=("huber_loss",),
        arguments=(INPUT, TARGET, WEIGHT),
        formula=(
            "where(abs(input - target) <= delta, (input - target)**2 / 2, delta * (abs(input - target) - delta / 2))"
        ),
        derivative="where(abs(input - target) <= delta, input - target, delta * sign(input - target))",
        parameters=(("delta", 1.0),),
        example=ROBUST_EXAMPLE,
        domain="delta > 0",
        paper="Huber (1964), Robust Estimation of a Location Parameter",
    ),
    Loss(
        name="poisson_nll",
        torch="torch.nn.functional.poisson_nll_loss",
        category="loss",
        signatures=(
            "(input, target, log_input: bool = True, full: bool = False, *, eps: float = 1e-08, "
            "reduction: str = 'mean')",
        ),
        subject="poisson_nll(input, target)",
        aliases=("poisson_nll_loss",),
        arguments=(INPUT, TARGET),
        formula=(
            "where(log_input, exp(input) - target * input, input - target * log(input + eps))"
            " + where(full & (target > 1), target * log(target) - target + log(2 * pi * target) / 2, 0)"
        ),
        derivative="where(log_input, exp(input) - target, 1 - target / (input + eps))",
        parameters=(("log_input", True), ("full", False), ("eps", 1e-8)),
        example=(("input", "[0, 1, -0.5]"), ("target", "[1, 4, 0]")),
        domain="target: counts >= 0; input: the logarithm of the rate, or with log_input=False the rate, >= 0",
        paper="Nelder and Wedderburn (1972), Generalized Linear Models",
    ),
    Loss(
        name="gaussian_nll",
        torch="torch.nn.functional.gaussian_nll_loss",
        category="loss",
        signatures=("(input, target, var, full: bool = False, eps: float = 1e-06, reduction: str = 'mean')",),
        subject="gaussian_nll(input, target, var)",
        aliases=("gaussian_nll_loss",),
        arguments=(INPUT, TARGET, LossArgument("var", "prediction")),
        formula="(log(maximum(var, eps)) + (input - target)**2 / maximum(var, eps) + full * log(2 * pi)) / 2",
        derivative="(input - target) / maximum(var, eps)",
        parameters=(("full", False), ("eps", 1e-6)),
        example=(("input", "[2.5, 0, 2]"), ("target", "[3, -0.5, 2]"), ("var", "[0.5, 1, 2]")),
        domain="var >= 0; below eps it counts as eps, but its gradient passes as if it were not clamped",
        paper="Nix and Weigend (1994), Estimating the Mean and Variance of the Target Probability Distribution",
    ),
)

PROBABILITY = (
    Loss(
        name="cross_entropy",
        torch="torch.nn.functional.cross_entropy",
        category="loss",
        signatures=(
            "(input, target, weight: tensor? = None, *, ignore_index: int = -100, reduction: str = 'mean', "
            "label_smoothing: float = 0.0)",
        ),
        subject="cross_entropy(input, target)",
        arguments=(INPUT, LossArgument("target", "target", "class index or real"), WEIGHT),
        formula="-log_softmax(input, dim=-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)",
        derivative="softmax(input, dim=-1) - one_hot(target, input.shape[-1])",
        parameters=(("ignore_index", -100), ("label_smoothing", 0.0)),
        example=(("input", "[[2, 1, 0.1]]"), ("target", "[0]")),
        domain=(
            "target: class indices 0 <= target < C, where ignore_index counts as 0 loss; "
            "or real numbers of input's shape, the probabilities of the classes"
        ),
        paper="the logarithmic score: Good (1952), Rational Decisions",
    ),
    Loss(
        name="nll",
        torch="torch.nn.functional.nll_loss",
        category="loss",
        signatures=("(input, target, weight: tensor? = None, *, ignore_index: int = -100, reduction: str = 'mean')",),
        subject="nll(input, target)",
        aliases=("nll_loss",),
        arguments=(INPUT, CLASS, WEIGHT),
        formula="-input.gather(-1, target.unsqueeze(-1)).squeeze(-1)",
        derivative="-one_hot(target, input.shape[-1])",
        parameters=(("ignore_index", -100),),
        example=(("input", "log_softmax([[2, 1, 0.1]], dim=-1)"), ("target", "[0]")),
        domain="target: class indices 0 <= target < C, where ignore_index counts as 0 loss; input: log-probabilities",
        paper="the likelihood: Fisher (1922), On the Mathematical Foundations of Theoretical Statistics",
    ),
    Loss(
        name="bce",
        torch="torch.nn.functional.binary_cross_entropy",
        category="loss",
        signatures=("(input, target, weight: tensor? = None, *, reduction: str = 'mean')",),
        subject="bce(input, target)",
        aliases=("binary_cross_entropy",),
        arguments=(INPUT, TARGET, WEIGHT),
        formula="-(target * maximum(log(input), -100) + (1 - target) * maximum(log(1 - input), -100))",
        derivative="(input - target) / (input * (1 - input))",
        example=(("input", "[0.9, 0.2, 0.5]"), ("target", "[1, 0, 1]")),
        kinks="where log(input) or log(1 - input) is -100; PyTorch's gradient takes x * (1 - x) >= 1e-12 there",
        domain=f"0 <= input <= 1, a probability; {BETWEEN_0_AND_1}",
        paper="the logarithmic score: Good (1952), Rational Decisions",
    ),
    Loss(
        name="bce_with_logits",
        torch="torch.nn.functional.binary_cross_entropy_with_logits",
        category="loss",
        signatures=("(input, target, weight: tensor? = None, *, reduction: str = 'mean', pos_weight: tensor? = None)",),
        subject="bce_with_logits(input, target)",
        aliases=("binary_cross_entropy_with_logits",),
        arguments=(INPUT, TARGET, WEIGHT, LossArgument("pos_weight", "weight", required=False)),
        formula="-(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))",
        derivative="sigmoid(input) - target",
        example=(("input", "[0.5, -1, 2]"), ("target", "[1, 0, 1]")),
        domain=BETWEEN_0_AND_1,
        paper="logistic regression: Cox (1958), The Regression Analysis of Binary Sequences",
    ),
    Loss(
        name="kl_div",
        torch="torch.nn.functional.kl_div",
        category="loss",
        signatures=("(input, target, *, reduction: str = 'mean', log_target: bool = False)",),
        subject="kl_div(input, target)",
        arguments=(INPUT, TARGET),
        formula="where(log_target, exp(target) * (target - input), xlogy(target, target) - target * input)",
        derivative="where(log_target, -exp(target), -target)",
        parameters=(("log_target", False),),
        reductions=("mean", "sum", "none", "batchmean"),
        example=(("input", "log([[0.2, 0.3, 0.5]])"), ("target", "[[0.1, 0.6, 0.3]]")),
        domain="input: log-probabilities; target: probabilities, with log_target=True their logarithms",
        paper="Kullback and Leibler (1951), On Information and Sufficiency",
    ),
    Loss(
        name="ctc",
        torch="torch.nn.functional.ctc_loss",
        category="loss",
        signatures=(
            "(log_probs, targets, input_lengths, target_lengths, blank: int = 0, reduction: str = 'mean', "
            "zero_infinity: bool = False)",
        ),
        subject="ctc(log_probs, targets, input_lengths, target_lengths)",
        aliases=("ctc_loss",),
        arguments=(
            LossArgument("log_probs", "prediction"),
            LossArgument("targets", "target", "class index"),
            LossArgument("input_lengths", "target", "class index"),
            LossArgument("target_lengths", "target", "class index"),
        ),
        formula=(
            "-log of the sum, over all paths of one class for each time step that spell targets once repeats are "
            "merged and blanks are dropped, of exp(the sum of log_probs along the path)"
        ),
        derivative=(
            "exp(log_probs) - the posterior probability of each class at each time step: "
            "PyTorch gives the derivative by the logits under log_softmax; "
            "by log_probs themselves it is minus the posterior alone"
        ),
        parameters=(("blank", 0), ("zero_infinity", False)),
        example=(
            ("log_probs", "log_softmax([[2, 1, 0], [1, 2, 0], [0, 1, 2]], dim=-1)"),
            ("targets", "[1, 2]"),
            ("input_lengths", "3"),
            ("target_lengths", "2"),
        ),
        domain=(
            "log_probs [T, C] or [T, N, C]: log-probabilities; targets: classes other than blank; "
            "the loss is inf where targets do not fit into T steps"
        ),
        paper=(
            "Graves, Fernández, Gomez and Schmidhuber (2006), Connectionist Temporal Classification: "
            "Labelling Unsegmented Sequence Data with Recurrent Neural Networks"
        ),
    ),
)

LOSSES: tuple[Loss, ...] = (*REGRESSION, *PROBABILITY, *MARGIN_LOSSES)
