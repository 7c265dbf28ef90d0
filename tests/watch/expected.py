"""What is true of each program in `programs/`: where its trouble begins, and what it spoils. Nothing here comes from gradcli.

`test_programs_are_true.py` confirms every row by plain hooks. A place in a file is a text that stands in one of its lines alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Row:
    """A program with one trouble."""

    program: str
    code: str
    step: int
    """The backward pass at which it shows, counted from 1, without those that make a graph for another; where a warning needs patience, the first of the passes."""
    line: str
    operation: str
    """PyTorch's name."""
    element: tuple[int, ...] | None
    """The first one in row-major order; None where the trouble is of a whole tensor."""
    cause: str
    spoiled: str = ""
    """The parameters that get no finite gradient; none at all, or zeros, where the code is of that."""
    untouched: str = ""
    second: str | None = None
    """The line that wrote -inf, changed in place, or freed the graph."""
    file: str | None = None
    """Where the line is, if it is not in the program."""
    arguments: tuple[str, ...] = ()
    module: str | None = None
    """Run by `-m` in the folder `program`."""
    exit_code: int = 1
    also: tuple[str, ...] = ()
    """Other codes that are true as well."""
    or_line: str | None = None
    """Another line that is true: of the call, where its inside is hidden, or of the cause behind the cause."""
    or_operation: str | None = None
    is_seen: bool = True
    """Whether plain hooks see its place: they are told neither of new leaves, nor of an optimizer's changes, nor of which of several results is used."""
    or_element: tuple[int, ...] | None = None
    """The same element in another tensor: of the whole table, or with the batch before the time."""

    @property
    def path(self) -> Path:
        return PROGRAMS / self.program

    def number(self, text: str) -> int:
        """The number of the line that holds a text."""
        lines = (PROGRAMS / (self.file or self.program)).read_text(encoding="utf-8").splitlines()
        found = [number for number, line in enumerate(lines, 1) if text in line]
        if len(found) != 1:
            raise LookupError(f"{self.program}: {len(found)} lines hold {text!r}")
        return found[0]


# fmt: off
ROWS = (
    Row("pooling_empty_sentence.py", "nan-forward", 9, "torch.softmax(logits", "softmax", (2, 0), "a row of -inf",
        second="logits.masked_fill(padding",
        spoiled="model.embed.weight model.classify.weight model.classify.bias", untouched="model.pool.query model.pool.project.weight model.pool.project.bias"),
    Row("siamese_duplicate.py", "inf-backward", 6, "squared.sqrt()", "sqrt", (4,), "root of 0",
        spoiled="tower.0.weight tower.0.bias tower.2.weight tower.2.bias"),
    Row("flow_signed_log.py", "masked-branch", 1, "torch.log(scaled)", "log", (0, 1), "logarithm of 0 that where discards",
        also=("nan-backward",),
        spoiled="network.2.slope", untouched="network.0.weight network.0.bias network.3.weight network.3.bias"),
    Row("bce_by_hand.py", "nan-forward", 5, "label * torch.log(prediction)", "log", (0, 0), "logarithm of 0, times 0",
        spoiled="model.0.weight model.0.bias model.2.weight model.2.bias"),
    Row("soft_labels.py", "nan-forward", 2, "y * p.log()", "log", (0, 0), "logarithm of 0, times 0; that of 1 - 1 as well",
        spoiled="net.weight net.bias"),
    Row("reinforce_last_batch.py", "nan-forward", 4, "earned.std()", "std", (), "deviation of one element",
        spoiled="policy.0.weight policy.0.bias policy.2.weight policy.2.bias"),
    Row("rotation_angle.py", "inf-backward", 1, "torch.acos(", "acos", (0,), "slope of acos at 1",
        spoiled="turn.weight"),
    Row("rnn_exploding.py", "nan-forward", 4, "self.transition(state)", "linear", (0, 0), "growth beyond float32",
        also=("inf-forward",),
        spoiled="model.transition.weight model.readout.weight", untouched="model.readout.bias"),
    Row("half_energy.py", "inf-forward", 4, "hidden * hidden", "mul", (0, 0), "beyond float16",
        untouched="encoder.0.weight encoder.0.bias encoder.2.weight encoder.2.bias"),
    Row("dead_hidden.py", "dead", 3, "torch.relu(self.features", "relu", None, "all units below 0",
        exit_code=0,
        spoiled="model.features.weight model.features.bias model.price.weight", untouched="model.price.bias"),
    Row("dead_by_bias.py", "dead", 1, "nn.functional.relu(gate", "relu", None, "all units below 0",
        exit_code=0,
        spoiled="body.weight body.bias gate.weight gate.bias head.weight", untouched="head.bias"),
    Row("quantised_round.py", "flat", 1, "torch.round(self.weight", "round", None, "slope of round is 0",
        exit_code=0, also=("dead",),
        spoiled="model.0.weight", untouched="model.2.weight model.2.bias"),
    Row("features_through_numpy.py", "disconnected", 1, "features.detach().numpy()", "detach", None, "through NumPy",
        exit_code=0,
        spoiled="model.backbone.weight model.backbone.bias", untouched="model.classifier.weight model.classifier.bias"),
    Row("item_in_loss.py", "disconnected", 1, "torch.tensor(fit.item()", "item", None, "a Python number",
        exit_code=0,
        spoiled="model.weight model.bias", untouched="total"),
    Row("tolist_features.py", "disconnected", 1, "scores.tolist()", "tolist", None, "Python numbers",
        exit_code=0,
        spoiled="scorer.weight scorer.bias", untouched="combine.weight combine.bias"),
    Row("data_attribute.py", "disconnected", 1, "vectors.data / vectors", "data", None, "the attribute data",
        exit_code=0,
        spoiled="embed.weight", untouched="head.weight head.bias"),
    Row("no_grad_left.py", "disconnected", 1, "features = self.backbone(x)", "linear", None, "no_grad",
        exit_code=0, or_line="with torch.no_grad():",
        spoiled="model.backbone.0.weight model.backbone.0.bias", untouched="model.head.weight model.head.bias"),
    Row("gate_in_place.py", "in-place", 1, "torch.sigmoid(self.value", "sigmoid", None, "changed after it was saved",
        second="activated.mul_(opening)"),
    Row("view_in_place.py", "in-place", 1, "torch.exp(trunk", "exp", None, "a view changed after its base was saved",
        second="right *= 0.5"),
    Row("ema_in_graph.py", "in-place", 1, "loss = (student(x)", "linear", None, "parameters changed between forward and backward",
        second="slow.lerp_("),
    Row("hyper_network.py", "disconnected", 1, "nn.Parameter(self.make(code)", "Parameter", None, "a leaf is made of a result",
        exit_code=0, is_seen=False,
        spoiled="net.make.weight net.make.bias", untouched="net.scale"),
    Row("stacked_losses.py", "disconnected", 1, "losses = torch.tensor([", "tensor", None, "the numbers of two losses",
        exit_code=0,
        spoiled="near.weight near.bias far.weight far.bias", untouched="balance"),
    Row("weights_filled.py", "disconnected", 1, "inner.weight.copy_(made)", "copy_", None, "a parameter is filled under no_grad",
        exit_code=0, is_seen=False, second="with torch.no_grad():",
        spoiled="maker.weight maker.bias", untouched="inner.weight"),
    Row("top_k_scores.py", "disconnected", 1, "score(rows).squeeze(1).topk(3)", "topk", None, "indices alone are used",
        exit_code=0, is_seen=False,
        spoiled="score.weight score.bias", untouched="predict.weight predict.bias"),
    Row("no_grad_encoder.py", "disconnected", 1, "hidden = self.conv(", "conv1d", None, "no_grad around a method",
        exit_code=0, second="self.encoder.encode(",
        spoiled="model.encoder.conv.weight model.encoder.conv.bias model.encoder.norm.weight model.encoder.norm.bias",
        untouched="model.decode.weight model.decode.bias"),
    Row("critic_steps_first.py", "in-place", 2, "judged = critic(actor(state))", "linear", None, "an optimizer steps between forward and backward",
        second="critic_optimizer.step()", is_seen=False),
    Row("gru_state_carried.py", "second-backward", 2, "memory = gru(", "gru_cell", None, "state carried with its graph",
        second="loss.backward()"),
    Row("lstm_state_kept.py", "second-backward", 2, "out, self.state =", "lstm", None, "state kept with its graph",
        second="loss.backward()"),
    Row("checkpointed_block.py", "inf-backward", 4, "torch.sqrt(variance)", "sqrt", (0,), "root of 0 in a checkpoint",
        spoiled="model.inner.weight model.inner.bias"),
    Row("checkpointed_block.py", "inf-backward", 4, "torch.sqrt(variance)", "sqrt", (0,), "root of 0 in a checkpoint",
        arguments=("--reentrant",), or_line="return checkpoint(spread",
        spoiled="model.inner.weight model.inner.bias"),
    Row("function_own_backward.py", "inf-backward", 3, "return grad / (2 * root)", "div", (1,), "own backward divides by 0",
        spoiled="layer.weight layer.bias"),
    Row("function_ratio_backward.py", "nan-backward", 1, "to_denominator = ", "div", (0, 1), "own backward divides by 0",
        spoiled="down.weight down.bias", untouched="up.weight up.bias"),
    Row("function_own_forward.py", "inf-forward", 3, "(p / largest).log()", "log", (0, 1), "own forward takes the logarithm of 0",
        untouched="net.weight net.bias"),
    Row("vmap_distance.py", "inf-backward", 1, "torch.sqrt(torch.sum((point", "sqrt", (0,), "root of 0 under vmap",
        or_line="torch.func.vmap(distance)",
        spoiled="project.weight project.bias"),
    Row("compiled_norm.py", "nan-forward", 3, "return vectors / torch.sqrt(", "div", (3, 0), "0/0 in a compiled function",
        or_line="directions = unit(",
        spoiled="layer.weight head.weight head.bias"),
    Row("compiled_block.py", "nan-backward", 3, "length = (h * h).sum(-1).sqrt()", "sqrt", (1,), "root of 0 in a compiled module",
        spoiled="block.inner.weight", untouched="block.scale"),
    Row("grads_by_hand.py", "inf-backward", 5, "heights.abs().sqrt()", "sqrt", (0,), "root of 0, without an optimizer",
        spoiled="weight"),
    Row("slice_assigned.py", "inf-backward", 4, "torch.sqrt(torch.sum(boxes", "sqrt", (2,), "root of 0 after an assignment",
        spoiled="regress.weight regress.bias"),
    Row("mha_padding.py", "nan-forward", 4, "mixed, _ = self.attend(", "multi_head_attention_forward", (0, 1, 0), "all keys masked",
        or_operation="softmax", or_element=(1, 0, 0),
        spoiled="model.attend.in_proj_weight model.attend.in_proj_bias model.attend.out_proj.weight model.attend.out_proj.bias model.label.weight model.label.bias", untouched="model.embed.weight"),
    Row("vae_log_variance.py", "inf-forward", 5, "log_variance.exp()", "exp", (3, 0), "exponential overflows",
        spoiled="model.encoder.weight model.encoder.bias", untouched="model.decoder.weight model.decoder.bias"),
    Row("gan_saturated.py", "inf-forward", 8, "fooled = torch.log(", "log", (0, 0), "logarithm of 1 - sigmoid",
        spoiled="generator.0.weight generator.0.bias generator.2.weight generator.2.bias discriminator.0.weight discriminator.0.bias discriminator.2.weight discriminator.2.bias"),
    Row("wgan_penalty.py", "inf-backward", 3, "torch.sqrt(slope.pow(2)", "sqrt", (0,), "norm of a gradient that is 0",
        spoiled="critic.inner.weight", untouched="critic.inner.bias critic.outer.weight critic.outer.bias"),
    Row("policy_impossible_action.py", "inf-forward", 6, "torch.log(chosen)", "log", (4,), "probability 0",
        spoiled="policy.body.weight policy.body.bias policy.moves.weight policy.moves.bias"),
    Row("policy_entropy.py", "nan-forward", 4, "log_p.exp() * log_p", "mul", (2, 1), "0 * -inf",
        second="masked_fill(illegal",
        spoiled="actor.weight actor.bias"),
    Row("pinn_radial.py", "inf-backward", 3, "torch.sqrt((points**2)", "sqrt", (0, 0), "root of 0 at the centre",
        spoiled="points", untouched="field.0.weight field.0.bias field.2.weight"),
    Row("pinn_where.py", "nan-backward", 3, "(slope,) = torch.autograd.grad", "pow", (3, 0), "second derivative of a power at 0, which where discards",
        also=("masked-branch",), or_line="torch.where(x > 0, x**1.5",
        spoiled="x"),
    Row("gan_first_round.py", "inf-backward", 2, "torch.sqrt((fake - fake.detach())", "sqrt", (0,), "root of 0 in the first round",
        spoiled="generator.weight generator.bias"),
    Row("force_matching.py", "nan-backward", 1, "force = -torch.autograd.grad", "div", (0, 0, 0), "second derivative of a norm at 0",
        or_line="torch.norm(apart", or_operation="norm",
        spoiled="positions", untouched="energy.pair.0.weight energy.pair.0.bias energy.pair.2.weight"),
    Row("maml_power.py", "nan-backward", 3, "(step,) = torch.autograd.grad", "pow", (3,), "second derivative of a power at 0",
        or_line="residual.abs() ** 1.5",
        spoiled="slope"),
    Row("svd_of_identity.py", "nan-backward", 1, "torch.linalg.svd(matrix)", "linalg.svd", (0, 0), "equal singular values",
        spoiled="matrix"),
    Row("pitch_asin.py", "inf-backward", 4, "torch.asin(sine)", "asin", (1,), "slope of asin at 1",
        spoiled="gain"),
    Row("gnn_no_neighbours.py", "nan-forward", 4, "gathered / degree", "div", (4, 0), "0/0",
        spoiled="head.weight head.bias", untouched="conv.message.weight conv.message.bias"),
    Row("gnn_degree_power.py", "nan-backward", 3, "degree.pow(-0.5)", "pow", (1,), "power of 0 that masked_fill discards",
        also=("masked-branch",),
        spoiled="edge_score.weight edge_score.bias", untouched="mix.weight mix.bias"),
    Row("diffusion_noise_level.py", "nan-forward", 4, "torch.sqrt(1 - signal)", "sqrt", (1, 0), "root of a number rounded below 0",
        spoiled="denoiser.0.weight denoiser.0.bias denoiser.2.weight denoiser.2.bias"),
    Row("diffusion_snr_weight.py", "nan-forward", 3, "snr.clamp(max=5.0) / snr", "div", (1, 0), "0/0",
        spoiled="network.weight network.bias"),
    Row("ctc_too_short.py", "inf-forward", 3, "loss = criterion(log_p", "ctc_loss", (), "no alignment exists",
        spoiled="acoustic.weight acoustic.bias"),
    Row("mixture_density.py", "inf-forward", 4, "torch.log(likelihood)", "log", (5,), "densities underflow",
        also=("underflow-forward",), or_line="torch.exp(-0.5", or_operation="exp",
        spoiled="model.weights.weight model.weights.bias model.centres.weight model.centres.bias"),
    Row("hmm_forward.py", "nan-backward", 1, "torch.logsumexp(alpha[:, None]", "logsumexp", (0, 2), "all terms are -inf",
        spoiled="emission"),
    Row("crf_forbidden.py", "nan-backward", 1, "torch.logsumexp(score", "logsumexp", (0, 1), "all terms are -inf, and where discards the sum",
        second="moves.masked_fill(forbidden", also=("masked-branch",),
        spoiled="emit moves"),
    Row("distillation_mask.py", "nan-forward", 3, "(target * log_q)", "mul", (1, 3), "0 * -inf",
        second="return torch.where(allowed",
        untouched="student.body.weight student.body.bias"),
    Row("contrastive_zero_vector.py", "nan-forward", 1, "u = u / u.norm(", "div", (2, 0), "0/0",
        spoiled="text_side.0.weight text_side.0.bias", untouched="image_side.0.weight image_side.0.bias"),
    Row("contrastive_half.py", "nan-forward", 3, "similarity / temperature", "div", (0, 0), "beyond float16",
        spoiled="net.weight net.bias"),
    Row("bfloat16_cosine.py", "inf-backward", 3, "torch.sqrt(2 - 2 * cosine", "sqrt", (2,), "root of 0 by rounding",
        spoiled="net.weight net.bias"),
    Row("lbfgs_log.py", "nan-forward", 2, "torch.log(rate)", "log", (), "logarithm of a negative number",
        untouched="rate"),
    Row("accumulation_bad_batch.py", "nan-forward", 5, ".sum() / weights.sum()", "div", (), "0/0",
        spoiled="model.weight model.bias"),
    Row("distance_matrix.py", "nan-backward", 1, "torch.sqrt(offsets", "sqrt", (0, 0), "root of 0 on a diagonal that is left out",
        also=("masked-branch",),
        spoiled="project.weight project.bias"),
    Row("gamma_power.py", "nan-forward", 4, "linear.pow(", "pow", (0, 0, 0, 0), "power of a negative number",
        spoiled="restore.weight restore.bias"),
    Row("labels_all_ignored.py", "nan-forward", 5, "nn.functional.cross_entropy(", "cross_entropy", (), "mean over nothing",
        or_operation="nll_loss",
        untouched="model.0.weight model.1.weight model.1.bias"),
    Row("batch_std_of_one.py", "nan-forward", 4, "torch.std(x", "std", (0,), "deviation of one element",
        spoiled="model.0.weight model.0.bias model.1.gain model.2.weight model.2.bias"),
    Row("constant_column.py", "nan-forward", 3, "centred / table.std", "div", (0, 1), "0/0",
        spoiled="model.weight", untouched="model.bias"),
    Row("nan_in_data.py", "nan-input", 3, "batch = measurements[", "__getitem__", (2, 2), "the data",
        or_line="loss = nn.functional", or_operation="index", or_element=(14, 2),
        spoiled="model.0.weight model.0.bias model.2.weight model.2.bias"),
    Row("learning_rate_explosion.py", "inf-forward", 5, "error.pow(2)", "pow", (0, 0), "growth beyond float32",
        untouched="slope"),
    Row("scaler_always_skips.py", "nan-forward", 5, "hidden.abs() * 60000.0", "mul", None, "beyond float16 in each step",
        exit_code=0, also=("inf-forward",),
        spoiled="net.weight net.bias"),
    Row("kl_by_hand.py", "nan-forward", 2, "teacher * (torch.log(teacher)", "log", (2, 1), "logarithm of 0, times 0",
        untouched="student.weight student.bias"),
    Row("softplus_by_hand.py", "inf-forward", 4, "torch.exp(gap)", "exp", (1,), "exponential overflows",
        spoiled="score.weight score.bias"),
    Row("focal_loss.py", "nan-backward", 3, "(1 - certainty) ** gamma", "pow", (3,), "power of 0",
        spoiled="model.weight model.bias"),
    Row("two_files/train.py", "inf-forward", 3, "torch.log(prices", "log", (4, 1), "logarithm of 0",
        file="two_files/layers.py",
        spoiled="returns.factor head.weight head.bias"),
    Row("packaged", "nan-forward", 4, "torch.rsqrt(spread)", "rsqrt", (4, 0), "0 * inf",
        file="packaged/tagger/model.py", module="tagger", arguments=("5",),
        spoiled="model.vectors.weight model.tag.weight model.tag.bias"),
)
# fmt: on
