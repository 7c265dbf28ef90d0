"""The loss functions that ask for a margin between scores or distances."""

from __future__ import annotations

from gradcli.language.catalogue.rows import Loss, LossArgument

INPUT = LossArgument("input", "prediction")
TARGET = LossArgument("target", "target")
CLASS = LossArgument("target", "target", "class index")
WEIGHT = LossArgument("weight", "weight", required=False)
PAIR = (LossArgument("input1", "prediction"), LossArgument("input2", "prediction"), TARGET)

SIGNS = "target: 1 or -1"

MARGIN_LOSSES = (
    Loss(
        name="hinge_embedding",
        torch="torch.nn.functional.hinge_embedding_loss",
        category="loss",
        signatures=("(input, target, margin: float = 1.0, *, reduction: str = 'mean')",),
        subject="hinge_embedding(input, target)",
        aliases=("hinge_embedding_loss",),
        arguments=(INPUT, TARGET),
        formula="where(target == 1, input, maximum(margin - input, 0))",
        derivative="where(target == 1, 1, where(input < margin, -1, 0))",
        parameters=(("margin", 1.0),),
        example=(("input", "[0.5, 0.5, 2]"), ("target", "[1, -1, -1]")),
        kinks="input == margin where target is -1",
        domain=SIGNS,
        paper="no paper known; Torch 7, nn.HingeEmbeddingCriterion",
    ),
    Loss(
        name="margin_ranking",
        torch="torch.nn.functional.margin_ranking_loss",
        category="loss",
        signatures=("(input1, input2, target, margin: float = 0, *, reduction: str = 'mean')",),
        subject="margin_ranking(input1, input2, target)",
        aliases=("margin_ranking_loss",),
        arguments=PAIR,
        formula="maximum(margin - target * (input1 - input2), 0)",
        derivative="where(target * (input1 - input2) <= margin, -target, 0)",
        parameters=(("margin", 0.0),),
        example=(("input1", "[1, 0.2, 3]"), ("input2", "[0.5, 1, 1]"), ("target", "[1, 1, -1]")),
        kinks="target * (input1 - input2) == margin",
        domain=SIGNS,
        paper="no paper known; Torch 7, nn.MarginRankingCriterion",
    ),
    Loss(
        name="soft_margin",
        torch="torch.nn.functional.soft_margin_loss",
        category="loss",
        signatures=("(input, target, *, reduction: str = 'mean')",),
        subject="soft_margin(input, target)",
        aliases=("soft_margin_loss",),
        arguments=(INPUT, TARGET),
        formula="log1p(exp(-target * input))",
        derivative="-target * sigmoid(-target * input)",
        example=(("input", "[0.5, -1, 2]"), ("target", "[1, 1, -1]")),
        domain=SIGNS,
        paper="logistic regression: Cox (1958), The Regression Analysis of Binary Sequences",
    ),
    Loss(
        name="multi_margin",
        torch="torch.nn.functional.multi_margin_loss",
        category="loss",
        signatures=(
            "(input, target, p: int = 1, margin: float = 1.0, weight: tensor? = None, *, reduction: str = 'mean')",
        ),
        subject="multi_margin(input, target)",
        aliases=("multi_margin_loss",),
        arguments=(INPUT, CLASS, WEIGHT),
        formula=(
            "where(one_hot(target, input.shape[-1]) == 1, 0, "
            "maximum(margin + input - input.gather(-1, target.unsqueeze(-1)), 0)**p).mean(-1)"
        ),
        derivative=(
            "y = one_hot(target, input.shape[-1]); "
            "m = maximum(margin + input - input.gather(-1, target.unsqueeze(-1)), 0); "
            "h = where((y == 0) & (m > 0), p * m**(p - 1), 0) / input.shape[-1]; "
            "h - y * h.sum(-1, keepdim=True)"
        ),
        parameters=(("p", 1), ("margin", 1.0)),
        example=(("input", "[[0.5, 1, 2]]"), ("target", "[1]")),
        kinks="with p = 1: input[target] - input[j] == margin for a class j other than target",
        domain="target: class indices 0 <= target < C; p: 1 or 2",
        paper="Weston and Watkins (1998), Multi-class Support Vector Machines",
    ),
    Loss(
        name="multilabel_margin",
        torch="torch.nn.functional.multilabel_margin_loss",
        category="loss",
        signatures=("(input, target, *, reduction: str = 'mean')",),
        subject="multilabel_margin(input, target)",
        aliases=("multilabel_margin_loss",),
        arguments=(INPUT, CLASS),
        formula=(  # of one sample: a sample's number of targets is its own
            "where(one_hot(target[target >= 0], input.shape[-1]).sum(0) == 1, 0, "
            "maximum(1 + input - input[target[target >= 0]].unsqueeze(-1), 0)).sum() / input.shape[-1]"
        ),
        derivative=(
            "for each pair of a target class y and another class j with input[y] - input[j] < 1: "
            "-1 / C to y and 1 / C to j"
        ),
        example=(("input", "[0.1, 0.2, 0.4, 0.8]"), ("target", "[3, 0, -1, -1]")),
        kinks="input[y] - input[j] == 1 for a target class y and a class j that is none",
        domain="target: class indices 0 <= target < C of input's shape, filled up with -1",
        paper="no paper known; Torch 7, nn.MultiLabelMarginCriterion",
    ),
    Loss(
        name="multilabel_soft_margin",
        torch="torch.nn.functional.multilabel_soft_margin_loss",
        category="loss",
        signatures=("(input, target, weight: tensor? = None, *, reduction: str = 'mean')",),
        subject="multilabel_soft_margin(input, target)",
        aliases=("multilabel_soft_margin_loss",),
        arguments=(INPUT, TARGET, WEIGHT),
        formula="-(target * logsigmoid(input) + (1 - target) * logsigmoid(-input)).mean(-1)",
        derivative="(sigmoid(input) - target) / input.shape[-1]",
        example=(("input", "[[0.5, -1, 2]]"), ("target", "[[1, 0, 1]]")),
        domain="0 <= target <= 1",
        paper="logistic regression of each label: Cox (1958), The Regression Analysis of Binary Sequences",
    ),
    Loss(
        name="cosine_embedding",
        torch="torch.nn.functional.cosine_embedding_loss",
        category="loss",
        signatures=("(input1, input2, target, margin: float = 0, *, reduction: str = 'mean')",),
        subject="cosine_embedding(input1, input2, target)",
        aliases=("cosine_embedding_loss",),
        arguments=PAIR,
        formula=(
            "where(target == 1, 1 - cosine_similarity(input1, input2, dim=-1), "
            "maximum(cosine_similarity(input1, input2, dim=-1) - margin, 0))"
        ),
        derivative=(
            "a = norm(input1, dim=-1, keepdim=True); b = norm(input2, dim=-1, keepdim=True); "
            "c = cosine_similarity(input1, input2, dim=-1).unsqueeze(-1); "
            "where(target.unsqueeze(-1) == 1, -1, where(c > margin, 1, 0)) * (input2 / b - c * input1 / a) / a"
        ),
        parameters=(("margin", 0.0),),
        example=(("input1", "[[1, 2, 3], [1, 0, 2]]"), ("input2", "[[3, 2, 1], [2, 1, 0]]"), ("target", "[1, -1]")),
        kinks="cosine == margin where target is -1; a vector of zeros, where the cosine is not defined",
        domain=SIGNS,
        paper="no paper known; Torch 7, nn.CosineEmbeddingCriterion",
    ),
    Loss(
        name="triplet_margin",
        torch="torch.nn.functional.triplet_margin_loss",
        category="loss",
        signatures=(
            "(anchor, positive, negative, margin: float = 1.0, p: float = 2, eps: float = 1e-06, "
            "swap: bool = False, *, reduction: str = 'mean')",
        ),
        subject="triplet_margin(anchor, positive, negative)",
        aliases=("triplet_margin_loss",),
        arguments=(
            LossArgument("anchor", "prediction"),
            LossArgument("positive", "prediction"),
            LossArgument("negative", "prediction"),
        ),
        formula=(
            "maximum(margin + norm(anchor - positive + eps, p, dim=-1) - norm(anchor - negative + eps, p, dim=-1), 0)"
        ),
        derivative=(  # of the Euclidean distance
            "u = anchor - positive + eps; v = anchor - negative + eps; "
            "a = norm(u, dim=-1, keepdim=True); b = norm(v, dim=-1, keepdim=True); "
            "where(margin + a - b >= 0, u / a - v / b, 0)"
        ),
        parameters=(("margin", 1.0), ("p", 2.0), ("eps", 1e-6), ("swap", False)),
        example=(("anchor", "[[1, 2]]"), ("positive", "[[1, 3]]"), ("negative", "[[0, 2.5]]")),
        kinks="a loss of exactly 0; anchor + eps == positive or negative, where a distance is 0",
        domain="margin > 0",
        paper=(
            "Balntas, Riba, Ponsa and Mikolajczyk (2016), "
            "Learning Local Feature Descriptors with Triplets and Shallow Convolutional Neural Networks"
        ),
    ),
)
