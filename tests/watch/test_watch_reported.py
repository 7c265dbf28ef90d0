"""Troubles as people report them, several to a program: each step has one, and `--continue` goes on to the next."""

from __future__ import annotations

from pathlib import Path

from watching import found_in

LOSSES = """
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(0)
    net = nn.Linear(4, 3)
    best = float("inf")
    legal = torch.tensor([[True, True, True], [False, True, True]])
    targets = torch.tensor([2, 0])


    def scores():
        return net(torch.randn(2, 4)).masked_fill(~legal, float("-inf"))


    def illegal_target():
        return functional.cross_entropy(scores(), targets)


    def illegal_action():
        return -torch.log_softmax(scores(), 1).gather(1, targets[:, None]).mean()


    def smoothed():
        return functional.cross_entropy(scores(), torch.tensor([2, 1]), label_smoothing=0.1)


    def forgotten_mask():
        logits = scores()
        return torch.softmax(logits, 1)[:, 0].sum() + logits[:, :2].mean()


    def kept_best():
        return torch.clamp(net(torch.randn(2, 4)), min=best).mean()


    def kept_best_in_place():
        hidden = 2 * net(torch.randn(2, 4))
        hidden.clamp_(min=best)
        return hidden.mean()


    def scaled_row():
        x = torch.randn(3, 4)
        x[0] *= 3
        x[:, 1] -= 1
        row = x[2]
        row[:2].mul_(5)
        x[1] *= 0
        return (net(x) - net.bias).norm(dim=1).reciprocal().sum()


    for step in LOSSES:
        net.zero_grad()
        step().backward()
"""


def test_infinities_that_were_put_in_place_are_told_where_they_are_taken(tmp_path: Path) -> None:
    steps = "(illegal_target, illegal_action, smoothed, forgotten_mask, kept_best, kept_best_in_place, scaled_row)"
    ran = found_in(tmp_path, LOSSES.replace("LOSSES", steps), "--continue")
    found = ran.report["findings"]
    assert [(one["step"], one["code"], one["place"]["text"], one["index"], one["why"]) for one in found] == [
        (
            1,
            "inf-forward",
            "functional.cross_entropy(scores(), targets)",
            None,
            "row 1 has the target 0, and (scores())[1, 0] = -inf",
        ),
        (
            2,
            "inf-forward",
            "torch.log_softmax(scores(), 1).gather(1, targets[:, None])",
            [1, 0],
            "(torch.log_softmax(scores(), 1))[1, 0] = -inf",
        ),
        (
            3,
            "inf-forward",
            "functional.cross_entropy(scores(), torch.tensor([2, 1]), label_smoothing=0.1)",
            None,
            "label_smoothing gives each class a part, and (scores())[1, 0] = -inf",
        ),
        (4, "inf-forward", "logits[:, :2].mean()", None, "(logits[:, :2])[1, 0] = -inf"),
        (5, "inf-forward", "torch.clamp(net(torch.randn(2, 4)), min=best)", [0, 0], "it is given best = inf"),
        (6, "inf-forward", "hidden.clamp_(min=best)", [0, 0], "it is given best = inf"),
        (7, "inf-forward", "(net(x) - net.bias).norm(dim=1).reciprocal()", [1], found[6]["why"]),
    ]
    written = [[(one["label"], one["place"]["text"].split("(")[-1]) for one in finding["related"]] for finding in found]
    assert written[:5] == [[("writes -inf", '"-inf"))')]] * 4 + [[]]
    assert all(one["agrees"] for one in found)


UPDATES = """
    import torch
    from torch import nn

    torch.manual_seed(0)


    def loss_of(net, x):
        return net(x).square().mean()


    def rate_is_nan():
        net = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=float("nan"))
        for x in torch.ones(2, 1, 2):
            loss = loss_of(net, x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


    def nothing_to_divide_by():
        table = nn.Embedding(4, 2)
        optimizer = torch.optim.Adam(table.parameters(), eps=0)
        for word in (0, 3):
            loss = loss_of(table, torch.tensor([word]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


    def gradient_by_hand():
        net = nn.Linear(2, 1, bias=False)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for x in (torch.ones(1, 2), torch.zeros(1, 2)):
            optimizer.zero_grad()
            loss_of(net, x).backward()
            net.weight.grad /= net.weight.grad.norm()
            optimizer.step()


    rate_is_nan()
    nothing_to_divide_by()
    gradient_by_hand()
"""


def test_what_an_optimizer_made_of_a_parameter_is_told_at_its_step(tmp_path: Path) -> None:
    found = found_in(tmp_path, UPDATES, "--continue").report["findings"]
    assert [(one["step"], one["code"], one["place"]["line"], one["index"], one["why"]) for one in found] == [
        (2, "nan-input", 18, [0, 0], "the learning rate was nan"),
        (
            4,
            "nan-input",
            28,
            [1, 0],
            "the optimizer divides by sqrt(exp_avg_sq) + eps: exp_avg_sq[1, 0] is 0, and eps = 0",
        ),
        (6, "nan-forward", 37, [0, 0], found[2]["why"]),
    ]
    assert [one["label"] for one in found[:2]] == ["made so here, after step 1", "made so here, after step 3"]
    assert found[0]["variable"] == "net.weight"  # the bias has the same cause
    assert found[2]["why"].endswith("net.weight.grad.norm() = 0 is nan (and 1 more)")
    assert found[2]["reached"].startswith("the gradient of net.weight = not finite, before optimizer.step() at line")


CUT = """
    import torch
    from torch import nn


    class Binarise(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return (x > 0).to(x.dtype)

        @staticmethod
        def backward(ctx, gradient):
            gradient.clamp(-1, 1)


    torch.manual_seed(0)
    binary, generator, critic = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1)
    scale, offset = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    critic_optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
    optimizer = torch.optim.SGD([*binary.parameters(), *generator.parameters(), scale, offset], lr=0.1)
    fake = generator(torch.randn(3, 2)).detach()
    critic(fake).mean().backward()
    critic_optimizer.step()
    half, moved = nn.Parameter(scale * 0.5), offset * 0.5
    loss = critic(half * fake).mean() + critic(Binarise.apply(binary(torch.randn(3, 2)))).mean()
    loss.backward()
    optimizer.step()
"""


def test_what_gets_no_gradient_is_told_where_its_way_ends(tmp_path: Path) -> None:
    ran = found_in(tmp_path, CUT)
    assert ran.code == 0
    assert [(one["operation"], one["severity"], one["label"], one["spoils"]) for one in ran.report["findings"]] == [
        ("Binarise", "warning", "sends no gradient back", ["binary.weight", "binary.bias"]),
        ("detach", "warning", "the graph ends here", ["generator.weight", "generator.bias"]),
        ("Parameter", "warning", "the graph ends here", ["scale"]),
        ("mul", "note", "its result goes nowhere", ["offset"]),
    ]
    assert [one["place"]["text"] for one in ran.report["findings"]] == [
        "Binarise.apply(binary(torch.randn(3, 2)))",
        "generator(torch.randn(3, 2)).detach()",
        "nn.Parameter(scale * 0.5)",
        "offset * 0.5",
    ]


RAISED = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    net, head = nn.Linear(2, 3), nn.Linear(3, 1)
    frozen = nn.Linear(2, 1).requires_grad_(False)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    x = torch.randn(4, 2)


    def refused(loss, **options):
        try:
            loss.backward(**options)
        except RuntimeError:
            return
        raise SystemExit("it went through")


    refused(net(x).argmax(1).float().mean())
    refused(frozen(x).mean())
    refused(torch.from_numpy(net(x).detach().numpy()).mean())
    with torch.no_grad():
        hidden = net(x)
    refused(hidden.square().mean())
    hidden = torch.tanh(net(x))
    first = head(hidden).mean()
    second = hidden.square().mean()
    first.backward()
    refused(second)
    score = head(torch.tanh(net(x)))
    score.mean().backward(retain_graph=True)
    optimizer.step()
    refused(score.mean())
"""


def test_an_error_of_a_backward_pass_is_told_where_it_is_from(tmp_path: Path) -> None:
    ran = found_in(tmp_path, RAISED)
    assert ran.out == ""
    found = ran.report["findings"]
    assert [(one["code"], one["place"]["text"], one["why"]) for one in found] == [
        ("autograd-error", "net(x).argmax(1)", found[0]["why"]),
        ("autograd-error", "loss.backward(**options)", FROZEN),
        ("autograd-error", "net(x).detach()", found[2]["why"]),
        ("autograd-error", "net(x)", "linear under no_grad cuts the graph"),
        ("second-backward", "torch.tanh(net(x))", None),
        ("in-place", "head(torch.tanh(net(x)))", None),
    ]
    assert [found[number]["why"].partition(" ")[0] for number in (0, 2)] == ["argmax", "detach()"]
    assert found[4]["remark"].startswith("Add the two losses up")
    assert found[5]["related"][0]["place"]["text"] == "optimizer.step()"
    assert found[5]["remark"] == "Let the optimizer step after the last backward pass that goes through its parameters"


FROZEN = "frozen.weight and frozen.bias: requires_grad is False for all of them"

BATCHES = """
    import torch
    from torch.utils.data import DataLoader


    class Scaled(torch.utils.data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            row = torch.tensor([1.0, 2.0]) * (index != 1)
            return row / row.sum()


    if __name__ == "__main__":
        net = torch.nn.Linear(2, 1)
        for rows in DataLoader(Scaled(), batch_size=2, num_workers=1):
            net(rows).sum().backward()
"""


def test_what_a_worker_has_made_is_an_input(tmp_path: Path) -> None:
    found = found_in(tmp_path, BATCHES).only
    assert (found["code"], found["variable"], found["index"]) == ("nan-input", "rows", [1, 0])
    assert found["place"]["text"].startswith("for rows in DataLoader(")


HOOKS = """
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Linear(2, 2)
    for factor in (1, 0):
        hidden = net(torch.ones(1, 2))
        hidden.register_hook(lambda gradient: gradient / gradient.norm())
        net.zero_grad()
        (factor * hidden.sum()).backward()
"""


def test_a_gradient_that_a_hook_breaks_is_told_at_the_hook(tmp_path: Path) -> None:
    found = found_in(tmp_path, HOOKS).only
    assert (found["code"], found["step"], found["place"]["text"]) == ("nan-backward", 2, "gradient / gradient.norm()")
    assert found["label"] == "changes gradients"
    assert found["remark"].startswith("what the operations send back is finite: a hook has changed it, or")


def test_a_constant_that_a_half_cannot_hold_is_shown_with_what_becomes_of_it(tmp_path: Path) -> None:
    text = """
        import torch

        weight = torch.ones(2, 2, dtype=torch.float16, requires_grad=True)
        scores = weight + torch.tensor([[0, 0], [1, 1]]).half() * -1e9
        torch.softmax(scores, dim=-1).sum().backward()
    """
    found = found_in(tmp_path, text).only
    assert (found["code"], found["place"]["text"], found["label"]) == ("inf-input", "-1e9", "-inf is written here")
    assert [one["label"] for one in found["related"]] == ["becomes nan here"]
    assert [one["number"] for one in found["lines"]] == [3, 4, 5]
