"""Where a NaN or an infinity of a training loop was born: line, operation, element and cause, by the user's names."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from watching import found_in, plain_warm, watched, written

from gradcli.render.schema import schema_text

ATTENTION = """
    import torch
    from torch import nn


    class Pooling(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.query = nn.Parameter(torch.randn(width) / width**0.5)
            self.head = nn.Linear(width, 1)

        def forward(self, words, lengths):
            scores = words @ self.query
            absent = torch.arange(words.shape[1]) >= lengths[:, None]
            scores = scores.masked_fill(absent, float("-inf"))
            weights = torch.softmax(scores, dim=-1)
            return self.head((weights[..., None] * words).sum(1))


    torch.manual_seed(0)
    pooling = Pooling(4)
    optimizer = torch.optim.SGD(pooling.parameters(), lr=0.1)
    for step in range(6):
        lengths = torch.tensor([3, 0 if step == 2 else 1])
        loss = pooling(torch.randn(2, 3, 4), lengths).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("never reached")
"""

ROOT = """
    import torch

    model = torch.nn.Linear(2, 2, bias=False)
    frozen = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(4):
        x = torch.tensor([[1.0, 2.0], [0.0, 0.0] if step == 1 else [3.0, 1.0]])
        length = torch.sqrt((model(x) ** 2).sum(1))
        loss = length.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""


def test_a_masked_softmax_is_told_as_a_person_would(tmp_path: Path) -> None:
    written(tmp_path, ATTENTION)
    ran = watched(tmp_path, "train.py")
    assert ran.code == 1
    assert ran.out == ""
    *told, last, more = ran.err.splitlines()
    assert told == [
        "error[nan-forward] step 3: softmax gives nan at weights[1, 0] (and 2 more)",
        "  --> train.py:15, in Pooling.forward",
        "",
        "  13 |         absent = torch.arange(words.shape[1]) >= lengths[:, None]",
        '  14 |         scores = scores.masked_fill(absent, float("-inf"))',
        "     |                  ----------------------------------------- writes -inf into all 3 of row [1, :]",
        "> 15 |         weights = torch.softmax(scores, dim=-1)",
        "     |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ nan is born here",
        "",
        "why        all 3 elements of scores[1, :] are -inf; softmax subtracts the largest: -inf - (-inf) = nan",
        "reached    loss = nan, before loss.backward() at line 26",
        "spoils     pooling.head.weight, pooling.head.bias",
        "untouched  pooling.query",
        "fix        softmax(masked_fill(scores, absent, -1e+30), dim=-1)",
        "replaces   softmax(masked_fill(scores, absent, value=-inf), dim=-1)  (run: value and gradients are finite)",
        "alone      gradcli trace 'softmax(scores, dim=-1)' "
        "'scores=[[1.5594672, -2.410076, 0.26018804], [-inf, -inf, -inf]]'",
        "",
        "stopped before backward; no parameter was changed in this step",
    ]
    assert last.startswith("3 steps, 1 error; the step was run again and every value agrees to the bit (")
    assert more == "gradcli explain nan-forward"


def test_the_report_is_one_line_of_json_that_its_schema_allows(tmp_path: Path) -> None:
    ran = found_in(tmp_path, ATTENTION)
    assert ran.err.count("\n") == 1
    Draft202012Validator(json.loads(schema_text("watch"))).validate(ran.report)
    assert ran.report["schema"] == "gradcli/watch/1"
    assert (ran.report["program"], ran.report["steps"], ran.report["stopped"]) == ("train.py", 3, "before backward")
    assert ran.report["exit_code"] is None
    found = ran.only
    assert (found["code"], found["operation"], found["index"], found["step"]) == ("nan-forward", "softmax", [1, 0], 3)
    assert (found["place"]["file"], found["place"]["line"], found["place"]["column"]) == ("train.py", 15, 19)
    assert found["place"]["text"] == "torch.softmax(scores, dim=-1)"
    assert found["related"][0]["place"]["line"] == 14
    assert found["agrees"] is True


def test_a_gradient_that_is_not_finite_is_found_though_the_loss_is(tmp_path: Path) -> None:
    ran = found_in(tmp_path, ROOT)
    found = ran.only
    assert ran.code == 1
    assert (found["code"], found["operation"], found["node"]) == ("inf-backward", "sqrt", "SqrtBackward0")
    assert found["step"] == 2
    assert (found["place"]["line"], found["spoils"]) == (8, ["model.weight"])
    assert "local derivative 1/(2*sqrt(0)) = inf" in found["why"]
    assert ran.report["stopped"] == "after backward"


def test_a_healthy_program_is_left_alone(tmp_path: Path) -> None:
    ran = found_in(tmp_path, ROOT.replace("step == 1", "False"))
    assert (ran.code, ran.report["findings"], ran.report["exit_code"]) == (0, [], 0)
    assert ran.report["steps"] == 4


def test_a_program_without_backward_hears_that_nothing_was_differentiated(tmp_path: Path) -> None:
    written(tmp_path, "print('hello')")
    ran = watched(tmp_path, "train.py")
    assert (ran.code, ran.out) == (0, "hello\n")
    assert ran.err == "nothing was differentiated: the program called no backward\n"


def test_going_on_tells_each_origin_once_and_leaves_the_program_to_its_end(tmp_path: Path) -> None:
    ran = found_in(tmp_path, ATTENTION, "--continue")
    assert (ran.code, ran.out, ran.report["steps"]) == (1, "never reached\n", 6)
    first = ran.report["findings"][0]
    assert (first["code"], first["step"]) == ("nan-forward", 3)
    places = [(one["code"], one["place"] and one["place"]["line"], one["variable"]) for one in ran.report["findings"]]
    assert len(places) == len(set(places))


def test_steps_before_the_first_and_between_every_are_not_looked_at(tmp_path: Path) -> None:
    healed = ATTENTION.replace("optimizer.step()", "None if step == 2 else optimizer.step()")
    assert found_in(tmp_path, healed, "--from-step", "4").code == 0
    assert found_in(tmp_path, healed, "--every", "2").code == 0
    assert found_in(tmp_path, healed, "--every", "3").only["step"] == 3


def test_a_module_run_with_m_is_found_in_its_own_files(tmp_path: Path) -> None:
    written(tmp_path, ATTENTION, "project/train.py")
    written(tmp_path, "", "project/__init__.py")
    ran = watched(tmp_path, "--json", "-m", "project.train", "--epochs", "3")
    assert ran.code == 1
    assert (ran.report["program"], ran.report["arguments"]) == ("project.train", ["--epochs", "3"])
    assert (ran.only["place"]["file"], ran.only["place"]["line"]) == ("project/train.py", 15)


def test_numbers_from_a_generator_of_the_program_are_drawn_again_and_only_for_that(tmp_path: Path) -> None:
    text = """
        import torch

        generator = torch.Generator().manual_seed(3)
        weight = torch.nn.Parameter(torch.ones(4))
        for step in range(1):
            noisy = (weight * 1).clone()
            noisy.uniform_(0, 1, generator=generator)
            loss = (noisy * weight / step).sum()
            loss.backward()
        print(torch.rand(1, generator=generator).item())
    """
    ran = found_in(tmp_path, text, "--continue")
    assert (ran.only["code"], ran.only["agrees"]) == ("inf-forward", True)
    assert ran.out == plain_warm(tmp_path, "train.py").out


OVERFLOW = """
    import torch
    from torch import nn

    layer = nn.Linear(1, 1)
    with torch.no_grad():
        layer.weight.fill_(3e38)
        layer.bias.fill_(0.5)


    def squared(x):
        return (x * x).sum()


    features = layer(torch.ones(1, 1))
    outside = features + 0
    (squared(features) + (features * outside).sum()).backward()
"""


def test_what_a_module_gave_is_told_by_the_variable_that_holds_it(tmp_path: Path) -> None:
    first, *_ = found_in(tmp_path, OVERFLOW, "--continue").report["findings"]
    assert (first["place"]["line"], first["operation"]) == (11, "mul")
    # within `squared` it is x, which is not how its own line calls it; two lines further it is `features`
    assert first["why"].startswith("x * x at features[0, 0] = 3e+38 is inf")


def test_what_only_another_function_reads_is_told_by_what_made_it(tmp_path: Path) -> None:
    text = OVERFLOW[: OVERFLOW.index("    features =")] + "    squared(layer(torch.ones(1, 1))).backward()\n"
    why = found_in(tmp_path, text).only["why"]
    assert why.startswith("x * x at linear in layer(torch.ones(1, 1))[0, 0] = 3e+38 is inf")


def test_a_parameter_that_a_module_reads_is_told_by_its_name(tmp_path: Path) -> None:
    text = """
        import torch
        from torch import nn

        outer = nn.Linear(2, 1)
        with torch.no_grad():
            outer.weight.copy_(torch.tensor([[1.0, -1.0]]))
            outer.bias.fill_(0.5)
        state = torch.full((2,), 1e30, requires_grad=True)
        outer(state * state).sum().backward()
    """
    why = found_in(tmp_path, text).only["why"]
    assert why.startswith("state * state at state[0] = 1e+30 is inf (and 1 more): the largest float32 is 3.4")
    assert why.endswith("; outer(state * state) at outer.bias[0] = 0.5 is nan")


def test_the_module_is_told_whose_parameters_an_operation_of_a_library_reads(tmp_path: Path) -> None:
    text = """
        import torch
        from torch import nn

        block = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
        net = nn.ModuleDict({"first": block, "last": nn.Linear(1, 1)})
        with torch.no_grad():
            block[2].weight.fill_(3e38)
            block[0].weight.fill_(1.0)
            block[0].bias.fill_(3.0)
        for x in torch.ones(3, 1, 2):
            net["last"](net["first"](x)).sum().backward()
    """
    ran = found_in(tmp_path, text)
    assert (ran.only["operation"], ran.only["module"]) == ("linear", "net.first.2")
    assert found_in(tmp_path, text.replace("nn.Tanh()", "nn.Threshold(9.0, torch.inf)")).only["module"] is None
    shown = watched(tmp_path, "train.py").err
    assert "  --> train.py:11, call " not in shown


def test_an_operation_that_reads_no_parameter_is_told_by_the_module_around_it(tmp_path: Path) -> None:
    library = """
        import torch
        from torch import nn

        class Attention(nn.Module):
            def __init__(self):
                super().__init__()
                self.asks, self.gives = nn.Linear(2, 2), nn.Linear(2, 2)

            def forward(self, x, absent):
                scores = self.asks(x) @ x.transpose(-1, -2)
                weights = torch.softmax(scores.masked_fill(absent, -torch.inf), -1)
                return self.gives(weights @ x)

        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks, self.head = nn.ModuleList([Attention(), Attention()]), nn.Linear(2, 1)

            def forward(self, x, absent):
                for block, one in zip(self.blocks, absent):
                    x = x + block(x, one)
                return self.head(x).log()
    """
    written(tmp_path, library, "site-packages/attending.py")
    text = """
        import sys
        import torch

        sys.path.append(sys.path[0] + "/site-packages")
        from attending import Model

        torch.manual_seed(0)
        model = Model()
        torch.nn.init.zeros_(model.head.weight)
        torch.nn.init.ones_(model.head.bias)
        model(torch.rand(1, 3, 2), torch.tensor([[False], [BAD]]).view(2, 1, 1, 1)).sum().backward()
    """
    found = found_in(tmp_path, text.replace("BAD", "True")).only
    assert (found["operation"], found["place"]["line"], found["module"]) == ("softmax", 11, "model.blocks.1")
    own = found_in(tmp_path, text.replace("BAD", "True"), "--follow", "attending").only
    assert (own["operation"], own["place"]["line"], own["module"]) == ("softmax", 11, "model.blocks.1")
    assert own["place"]["function"] == "Attention.forward"
    last = found_in(tmp_path, text.replace("BAD", "False").replace("ones_", "zeros_")).only
    assert (last["operation"], last["module"]) == ("log", None)  # nothing behind it tells which module runs it


def test_which_call_it_is_counts_the_calls_of_the_operation_at_the_line(tmp_path: Path) -> None:
    text = """
        import torch
        from torch import nn

        heads = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1), nn.ReLU())
        nn.init.constant_(heads[0].weight, 1e20)
        nn.init.constant_(heads[2].weight, 1e20)
        x = torch.ones(1, 1)
        for part in range(2):
            x = heads(x)
        x.sum().backward()
    """
    found = found_in(tmp_path, text).only
    assert (found["place"]["line"], found["operation"], found["turn"]) == (9, "linear", [2, 4])
    assert "  --> train.py:9, module heads.2, call 2 of 4 in this step" in watched(tmp_path, "train.py").err


def test_a_step_with_sparse_gradients_is_read_too(tmp_path: Path) -> None:
    text = """
        import torch

        torch.manual_seed(0)
        table = torch.nn.Embedding(9, 2, sparse=True)
        optimizer = torch.optim.SparseAdam(table.parameters())
        for step in range(3):
            length = ((table(torch.tensor([1, 4, 1])) * (step < 2)) ** 2).sum(1).sqrt()
            optimizer.zero_grad()
            length.sum().backward()
            optimizer.step()
    """
    found = found_in(tmp_path, text).only
    assert (found["operation"], found["step"], found["spoils"]) == ("sqrt", 3, ["table.weight"])
    assert found_in(tmp_path, text.replace("step < 2", "1")).report["findings"] == []


LOADED = """
    import torch
    from torch.utils.data import DataLoader

    net = torch.nn.Linear(2, 1)
    rows = torch.rand(32, 2)
    rows[17, 1] = BAD
    for (batch,) in DataLoader(
        torch.utils.data.TensorDataset(rows), batch_size=8
    ):
        kept = batch * 1
        kept[0] = 1.0
        (torch.log(kept) + net(batch)).sum().backward()
"""


def test_what_a_library_gives_a_loop_is_told_by_its_name_there(tmp_path: Path) -> None:
    found = found_in(tmp_path, LOADED.replace("BAD", "0.0")).only
    assert (found["place"]["line"], found["step"]) == (12, 3)
    assert found["why"].startswith("torch.log(kept) at kept[1, 1] = 0 is -inf")
    given = found_in(tmp_path, LOADED.replace("BAD", "float('nan')")).report["findings"][0]
    assert (given["place"]["line"], given["place"]["end_line"]) == (7, 9)


def test_a_module_that_works_in_place_is_run_again_to_the_same_values(tmp_path: Path) -> None:
    text = """
        import torch
        from torch import nn

        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5, inplace=True), nn.ReLU(inplace=True), nn.Linear(4, 2))
        h = net[0](torch.rand(2, 3))
        before = nn.functional.elu(h, inplace=True)
        torch.log(net(torch.rand(2, 3)).sum() * h.sum() * 0).backward()
    """
    found = found_in(tmp_path, text).only
    assert (found["place"]["line"], found["operation"], found["agrees"]) == (8, "log", True)


def test_a_value_is_told_though_the_backward_pass_would_raise(tmp_path: Path) -> None:
    text = """
        import torch

        w = torch.ones(2, requires_grad=True)
        h = torch.exp(w)
        h -= torch.e
        torch.log(h - h).sum().backward()
    """
    found = found_in(tmp_path, text).only
    assert (found["place"]["line"], found["operation"], found["agrees"]) == (6, "log", True)
    assert (found["spoils"], found["untouched"]) == ([], [])


def test_an_operation_of_two_modules_has_no_module(tmp_path: Path) -> None:
    text = """
        import torch
        from torch import nn

        one, two = nn.Linear(1, 1), nn.Linear(1, 1)
        nn.init.zeros_(two.weight)
        (one.weight / two.weight).sum().backward()
    """
    assert found_in(tmp_path, text).only["module"] is None
