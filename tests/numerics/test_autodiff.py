"""Derivatives taken by our routines, held against closed forms and against each other."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from gradcli.numerics import autodiff, graph
from gradcli.numerics.capture import TorchError

# forward mode brings in torch.jit.script, which PyTorch itself calls deprecated
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def leaf(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_the_gradient_of_a_product_is_the_other_factor() -> None:
    x, y = leaf(2, 3), leaf(5, 7)
    found = autodiff.gradients((x * y).sum(), {"x": x, "y": y}, cotangent=None)
    assert torch.equal(found["x"], y)  # type: ignore[arg-type]
    assert torch.equal(found["y"], x)  # type: ignore[arg-type]


@pytest.mark.parametrize("via", ["grad", "backward"])
def test_a_leaf_without_a_path_has_no_gradient_and_one_with_weight_zero_has_zero(via: Any) -> None:
    x, y, z = leaf(2), leaf(3), leaf(4)
    found = autodiff.gradients((x + 0 * y).sum(), {"x": x, "y": y, "z": z}, cotangent=None, via=via)
    assert found["z"] is None
    assert torch.equal(found["y"], torch.zeros(1, dtype=torch.float64))  # type: ignore[arg-type]


def test_backward_does_not_add_to_what_an_earlier_call_left() -> None:
    x = leaf(3)
    for _ in range(2):
        found = autodiff.gradients((x**2).sum(), {"x": x}, cotangent=None, via="backward")
        assert found["x"] is not None
        assert found["x"].item() == 6


def test_a_cotangent_weighs_the_rows_of_the_jacobian() -> None:
    x = leaf(2, 3)
    found = autodiff.gradients(x**2, {"x": x}, cotangent=torch.tensor([10.0, -1.0], dtype=torch.float64))
    assert found["x"] is not None
    assert found["x"].tolist() == [40, -6]


def test_the_higher_orders_of_a_polynomial_end_in_zeros() -> None:
    x = leaf(2)
    orders = autodiff.higher_orders(x**3, {"x": x}, cotangent=torch.ones_like(x), order=6)
    assert [found["x"].item() for found in orders if found["x"] is not None] == [12, 12, 6, 0, 0, 0]


def test_the_higher_orders_of_sine_go_round() -> None:
    x = leaf(0.7)
    orders = autodiff.higher_orders(x.sin(), {"x": x}, cotangent=torch.ones_like(x), order=8)
    for n, found in enumerate(orders, 1):
        assert found["x"] is not None
        assert found["x"].item() == pytest.approx(math.sin(0.7 + n * math.pi / 2), abs=1e-15)


def test_the_second_order_by_a_leaf_that_enters_linearly_is_zero_though_its_gradient_depends_on_another() -> None:
    x, y = leaf(2), leaf(3)
    orders = autodiff.higher_orders(x * y**2, {"x": x, "y": y}, cotangent=torch.ones_like(x), order=2)
    assert orders[1]["x"] is not None
    assert orders[1]["y"] is not None
    assert (orders[1]["x"].item(), orders[1]["y"].item()) == (0, 4)


def test_the_higher_orders_of_a_leaf_without_a_path_do_not_exist() -> None:
    x, y = leaf(1), leaf(2)
    orders = autodiff.higher_orders(x**2, {"x": x, "y": y}, cotangent=torch.ones_like(x), order=3)
    assert [found["y"] for found in orders] == [None, None, None]


def test_the_jacobian_of_a_linear_map_is_its_matrix() -> None:
    a, x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=torch.float64), leaf(1, 1, 1)
    assert torch.equal(autodiff.jacobians(a @ x, {"x": x})["x"], a)  # type: ignore[arg-type]


def test_a_jacobian_has_the_shapes_of_output_and_input() -> None:
    x = torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    jacobian = autodiff.jacobians(x.sum(dim=0) * 2, {"x": x})["x"]
    assert jacobian is not None
    assert jacobian.shape == (3, 2, 3)
    assert torch.equal(jacobian, 2 * torch.eye(3, dtype=torch.float64)[:, None, :].expand(3, 2, 3))


def test_a_jacobian_without_a_path_does_not_exist_and_an_empty_one_is_empty() -> None:
    x, y = leaf(1, 2), leaf(3)
    assert autodiff.jacobians(x * 2, {"y": y})["y"] is None
    empty = autodiff.jacobians(x[:0] * 2, {"x": x})["x"]
    assert empty is not None
    assert empty.shape == (0, 2)


def test_the_hessian_of_a_quadratic_form_is_its_matrix_and_mixed_blocks_are_transposed() -> None:
    a = torch.tensor([[2.0, 1.0], [1.0, 4.0]], dtype=torch.float64)
    c = torch.tensor([[5.0, 6.0, 7.0], [8.0, 9.0, 10.0]], dtype=torch.float64)
    x, y = leaf(1, 2), leaf(3, 4, 5)
    blocks = autodiff.hessians(x @ a @ x / 2 + x @ c @ y, {"x": x, "y": y})
    assert torch.equal(blocks["x"]["x"], a)  # type: ignore[arg-type]
    assert torch.equal(blocks["x"]["y"], c)  # type: ignore[arg-type]
    assert torch.equal(blocks["y"]["x"], c.T)  # type: ignore[arg-type]
    assert torch.equal(blocks["y"]["y"], torch.zeros(3, 3, dtype=torch.float64))  # type: ignore[arg-type]


def test_the_hessian_of_a_linear_function_is_zero_and_of_an_unused_leaf_does_not_exist() -> None:
    x, y = leaf(1, 2), leaf(3)
    blocks = autodiff.hessians(x.sum() * 3, {"x": x, "y": y})
    assert torch.equal(blocks["x"]["x"], torch.zeros(2, 2, dtype=torch.float64))  # type: ignore[arg-type]
    assert blocks["y"]["y"] is None


def test_what_pytorch_raises_in_backward_says_so() -> None:
    with pytest.raises(TorchError) as caught:
        autodiff.gradients(torch.ones(()), {"x": leaf(1)}, cotangent=None)
    assert caught.value.stage == "backward"
    assert "does not require grad" in str(caught.value)


def test_a_graph_of_twenty_thousand_nodes_is_walked() -> None:
    x = leaf(1)
    value = x
    for _ in range(20_000):
        value = value + 1
    assert len(graph.nodes(value)) == 20_001


def test_each_node_is_listed_once_however_many_paths_lead_to_it() -> None:
    x = leaf(1)
    value = x * 2
    for _ in range(30):
        value = value + value
    assert [node.name() for node in graph.nodes(value)].count("MulBackward0") == 1
    assert len(graph.nodes(value)) == 32


def test_a_saved_tensor_is_freed_by_a_pass_and_not_by_one_that_retains() -> None:
    x = leaf(1, 2)
    output = x.exp().sum()
    slots = [slot for node in graph.nodes(output) for slot in graph.saved(node)]
    assert [(slot.name, slot.shape, slot.bytes) for slot in slots] == [("result", (2,), 16)]
    autodiff.gradients(output, {"x": x}, cotangent=None, retain_graph=True)
    assert not slots[0].is_freed()
    autodiff.gradients(output, {"x": x}, cotangent=None)
    assert slots[0].is_freed()


def test_a_tensor_without_a_graph_has_no_nodes() -> None:
    assert graph.nodes(torch.ones(2)) == []
