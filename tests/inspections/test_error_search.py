"""What people paste finds its entry: pieces, other numbers, older wordings, tracebacks; the rest finds nothing."""

from __future__ import annotations

import json

import pytest
from command_line import answered, captured, failed
from each import each

from gradcli.diagnose.explain import match_error, searching
from gradcli.exceptions import UsageError
from gradcli.inspections.errors import errors

TRACEBACK = """\
Traceback (most recent call last):
  File "/home/me/train.py", line 31, in jvp
    loss = step(singular, forward_mode)
  File "/usr/lib/python3/site-packages/torch/nn/modules/linear.py", line 134, in forward
    return F.linear(input, self.weight, self.bias)
RuntimeError: mat1 and mat2 shapes cannot be multiplied (17x4 and 5x9)

Any idea what is wrong with my second backward?
"""
CHAINED = """\
Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 5, in <module>
[rank0]: RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn
"""

FOUND = {
    # pieces
    "element 0 of tensors does not": "no-grad-fn",
    "saved intermediate values of the graph are freed": "second-backward",
    "Specify retain_graph=True if you need": "second-backward",
    "at version 3; expected version 2 instead": "in-place-saved-tensor",
    "created only for scalar": "non-scalar-output",
    # other numbers, shapes, dtypes and devices
    "mat1 and mat2 shapes cannot be multiplied (64x784 and 512x10)": "matmul-shapes",
    "Expected more than 1 value per channel when training, got input size torch.Size([1, 64])": "batch-norm-of-one",
    "Expected more than 1 spatial element when training, got input size torch.Size([1, 3, 1])": "batch-norm-of-one",
    "value cannot be converted to type at::Half without overflow": "half-overflow",
    "value cannot be converted to type at::BFloat16 without overflow: -1e+40": "half-overflow",
    "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!": "device-mixture",
    "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same": "device-mixture",
    "can't convert cuda:0 device type tensor to numpy.": "numpy-of-device",
    "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.78 GiB total capacity)": "out-of-memory",
    "Target 10 is out of bounds.": "target-out-of-bounds",
    "all elements of input should be between 0 and 1": "probability-out-of-range",
    # older wordings
    "element 0 of variables does not require grad and does not have a grad_fn": "no-grad-fn",
    "element 0 of variables does not require grad": "no-grad-fn",
    "Trying to backward through the graph a second time, but the buffers have already been freed.": "second-backward",
    "One of the differentiated Variables does not require grad": "frozen-input",
    "a leaf Variable that requires grad has been used in an in-place operation.": "in-place-leaf",
    "Can't call numpy() on Variable that requires grad. Use var.detach().numpy() instead.": "numpy-of-grad",
    "size mismatch, m1: [64 x 784], m2: [512 x 10] at /pytorch/aten/src/TH/THTensorMath.cpp:41": "matmul-shapes",
    "inverse_cuda: For batch 0: U(3,3) is zero, singular U.": "singular-matrix",
    "cholesky_cuda: For batch 0: U(1,1) is zero, singular U.": "not-positive-definite",
    "cholesky_cpu: U(2,2) is zero, singular U.": "not-positive-definite",
    "Expected object of scalar type Float but got scalar type Double for argument #4 'mat1'": "dtype-mismatch",
    "Expected object of scalar type Long but got scalar type Float for argument #2 'target'": "float-target",
    "Expected tensor for argument #1 'indices' to have scalar type Long; but got torch.FloatTensor instead "
    "(while checking arguments for embedding)": "float-index",
    "index out of range in self": "index-out-of-bounds",
    "grad requires non-empty inputs.": "empty-inputs",
    "'NoneType' object has no attribute 'zero_'": "grad-is-none",
    "AttributeError: 'NoneType' object has no attribute 'data'": "grad-is-none",
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed.": "grad-of-non-leaf",
    "leaf variable has been moved into the graph interior": "in-place-leaf",
    "assigned grad has data of a different size": "assigned-grad-shape",
    "assigned grad has data of a different type": "assigned-grad-dtype",
    "Checkpointing is not compatible with .grad() or when an `inputs` parameter is passed": "checkpoint-grad",
    "Jacobian of the user function for output 0 is independent of input 0. This is not allowed in strict mode.": (
        "strict-jacobian"
    ),
    "Numerical gradient for function expected to be zero": "wrong-gradient",
    "svd_backward: The singular vectors in the complex case are specified up to multiplication by": "eig-phase",
    "linalg.svd: The algorithm failed to converge because the input matrix is ill-conditioned": "decomposition-of-nan",
    "linalg.eigh: (Batch element 3): The algorithm failed to converge because the input matrix contained non-finite "
    "values.": "decomposition-of-nan",
    # shapes and dtypes
    "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
    "contiguous subspaces). Use .reshape(...) instead.": "strided-view",
    "output with shape [1, 28, 28] doesn't match the broadcast shape [3, 28, 28]": "in-place-broadcast",
    "a Tensor with 4 elements cannot be converted to Scalar": "item-of-several",
    "only one element tensors can be converted to Python scalars": "item-of-several",
    "inconsistent tensor size, expected tensor [3] and src [4] to have the same number of elements": "matmul-shapes",
    "Input type (torch.cuda.HalfTensor) and weight type (torch.cuda.FloatTensor) should be the same": "dtype-mismatch",
    "Input type (torch.FloatTensor) and weight type (torch.DoubleTensor) should be the same": "dtype-mismatch",
    "Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor) should be the same": "device-mixture",
    "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: Long": (
        "mean-of-integers"
    ),
    "masked_fill_ only supports boolean masks, but got mask with dtype float": "float-mask",
    "where expected condition to be a boolean tensor, but got a tensor with dtype Float": "float-mask",
    "Subtraction, the `-` operator, with two bool tensors is not supported.": "bool-subtraction",
    "\"nll_loss_forward_reduce_cuda_kernel_2d_index\" not implemented for 'Float'": "float-target",
    "\"addmm_impl_cpu_\" not implemented for 'Half'": "unsupported-dtype",
    "Class values must be smaller than num_classes.": "target-out-of-bounds",
    "Using a target size (torch.Size([64])) that is different to the input size (torch.Size([64, 1])). "
    "This will likely lead to incorrect results due to broadcasting.": "target-of-another-shape",
    "Target size (torch.Size([64])) must be the same as input size (torch.Size([64, 1]))": "target-of-another-shape",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`": "out-of-memory",
    # the kernels of CUDA
    "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported": "device-assert",
    "Indexing.cu:1290: block: [0], thread: [0,0,0] Assertion `srcIndex < srcSelectDimSize` failed.": "device-assert",
    "Loss.cu:106: operator(): Assertion `input_val >= zero && input_val <= one` failed.": "probability-out-of-range",
    "nll_loss_forward_reduce_cuda_kernel_2d: Assertion `t >= 0 && t < n_classes` failed.": "target-out-of-bounds",
    # transforms, checkpoints, scalers, processes
    "vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args "
    "that has more elements than `self`.": "vmap-in-place",
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support that "
    "yet, please shout over at https://github.com/pytorch/functorch/issues/257 .": "vmap-branch",
    "vmap: called random operation while in randomness error mode.": "vmap-random",
    "UserWarning: None of the inputs have requires_grad=True. Gradients will be None": "checkpoint-without-grad",
    "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the "
    "forward pass.\ntensor at position 8:\nsaved metadata: {'shape': torch.Size([2, 7])}": "checkpoint-metadata",
    "torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\n"
    "Number of tensors saved during forward: 34": "checkpoint-tensor-count",
    "AssertionError: No inf checks were recorded for this optimizer.": "scaler-without-gradients",
    "unscale_() has already been called on this optimizer since the last update().": "scaler-unscales-twice",
    "step() has already been called since the last update().": "scaler-steps-twice",
    "Attempting to unscale FP16 gradients.": "scaler-of-half",
    "Expected to have finished reduction in the prior iteration before starting a new one.": "ddp-unused-parameters",
    # a traceback around it
    TRACEBACK: "matmul-shapes",
    CHAINED: "no-grad-fn",
}
"""What is pasted, and the entry that it must find."""

ONLY = (
    *("grad-is-none", "strided-view", "dtype-mismatch", "device-mixture", "decomposition-of-nan", "eig-phase"),
    "not-positive-definite",
    "float-index",
    "float-target",
    "matmul-shapes",
    "batch-norm-of-one",
    "half-overflow",
)
"""Entries beside which nothing else may be found."""

UNRELATED = [
    "list index out of range",
    "'NoneType' object has no attribute 'size'",
    "'Tensor' object has no attribute 'foo'",
    "module 'torch' has no attribute 'compile_all'",
    "No module named 'torchvision'",
    "CUDA driver version is insufficient for CUDA runtime version",
    "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1",
    "Given groups=1, weight of size [1, 1, 3], expected input[1, 2, 5] to have 1 channels, but got 2 channels",
    "Dimension out of range (expected to be in range of [-1, 0], but got 3)",
    "The moon is made of green cheese today.",
    "DataLoader worker (pid 4711) is killed by signal: Killed.",
    'Error(s) in loading state_dict for Net: Missing key(s) in state_dict: "fc.weight".',
]


@each("text", FOUND)
def test_what_is_pasted_finds_its_entry(text: str) -> None:
    found = [entry.id for entry in errors(search=text).entries]
    assert FOUND[text] in found
    assert len(found) == 1 or FOUND[text] not in ONLY, found


@pytest.mark.parametrize("text", UNRELATED)
def test_an_unrelated_message_finds_nothing(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        errors(search=text)
    assert raised.value.message.startswith("no error mentions '")


def test_the_nearest_is_called_so_and_not_found() -> None:
    error = failed(["errors", "--search", "expected the input to have one dtype, but the weights have dtype Float"], 2)
    assert "The nearest is '" in error["hint"]


def test_the_thresholds_are_those_that_tell_the_two_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them, made laxer, finds something for a message that has nothing to do with it."""
    assert searching._raising("Target out of memory") == ()
    monkeypatch.setattr(searching, "FEWEST_WORDS", 3)
    assert searching._raising("Target out of memory")
    message = "expected the input to have one dtype, but the weights have dtype Float"
    assert match_error.holding(message) == ()
    monkeypatch.setattr(match_error, "PIECE_ENOUGH", 0.3)
    monkeypatch.setattr(match_error, "FEWEST_IN_ORDER", 3)
    assert match_error.holding(message)


@each("piece, entries", [("freed when", 3), ("are freed", 0), ("intermediate", 0)])
def test_a_piece_of_a_message_has_ten_letters_and_two_words(piece: str, entries: int) -> None:
    """All stand in the message of a second backward pass."""
    assert len(searching._raising(piece)) == entries
    assert len(match_error.holding(piece)) == 3


@each("piece, found", [("does not need grad and does", True), ("does not need grad and", False)])
def test_a_piece_in_another_wording_has_five_words_in_their_order(piece: str, found: bool) -> None:
    """`need` is `require` today."""
    assert ("no-grad-fn" in [row.id for row in match_error.holding(piece)]) == found


def test_the_words_of_a_message_in_any_order_find_every_entry_that_raises_it() -> None:
    text = "a grad_fn does not have and require grad does not element of tensors"
    assert {"no-grad-fn", "detached-output", "no-grad-leak"} <= {entry.id for entry in errors(search=text).entries}


FAR_OFF = (
    "the weather of the day does not have a name and there is no rain on the road to the sea where nobody ever was or "
    "will be since summers are long and dry here with winds from afar"
)


@each(
    "text, near",
    [
        ("tensors element grad_fn require", True),
        ("tensors element grad_fn", False),  # three words
        (FAR_OFF, False),  # nine of 33
        ("got and 7 9", False),  # numbers are no words
    ],
)
def test_the_nearest_has_four_words_and_four_tenths_of_all(text: str, near: bool) -> None:
    assert ("The nearest is '" in failed(["errors", "--search", text], 2)["hint"]) == near


def test_an_id_that_is_none_is_searched_and_one_find_is_shown_whole() -> None:
    code, out, err = captured(["errors", "cholesky_cuda: For batch 0: U(1,1) is zero, singular U."])
    assert (code, err) == (0, "")
    assert out.startswith("not-positive-definite  ")
    assert "PyTorch raised _LinAlgError:" in out


def test_several_finds_are_listed_and_not_run() -> None:
    result = answered(["errors", "element 0 of tensors does not"])
    assert result["asked"] == []
    assert {"no-grad-fn", "detached-output"} <= {entry["id"] for entry in result["entries"]}
    assert all(entry["message"] is None for entry in result["entries"])


def test_words_that_no_shell_has_kept_together_are_one_text() -> None:
    words = ["mat1", "and", "mat2", "shapes", "cannot", "be", "multiplied"]
    assert answered(["errors", *words])["asked"] == ["matmul-shapes"]


def test_an_id_beside_a_word_that_is_none_is_a_mistake() -> None:
    assert failed(["errors", "anomaly", "qqq"], 2)["message"] == "there is no error 'qqq'"


def test_a_message_that_cannot_be_raised_here_is_said_to_be_so() -> None:
    code, out, _ = captured(["errors", "CUDA error: device-side assert triggered", "--json"])
    (entry,) = json.loads(out)["entries"]
    assert code == 0
    assert (entry["needs"], entry["raised"], entry["ok"], entry["fix_ok"]) == (
        "a CUDA device, which its process loses",
        None,
        None,
        True,
    )


def test_a_family_is_those_of_it_alone() -> None:
    assert {row.family for row in searching.searched("the graph")} == {"the graph"}
    assert {row.family for row in searching.searched("graph")} > {"the graph"}
