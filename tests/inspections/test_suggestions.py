"""What a hint tells the user to write is run, and gives the numbers that were meant."""

from __future__ import annotations

import math
import re

import pytest
from command_line import answered, captured, failed, numbers
from each import each

from gradcli.diagnose.explain.suggestions import LONGEST_WHOLE

E1, E2 = math.exp(1), math.exp(2)
MATRIX = [[math.exp(1), math.exp(2)], [math.exp(3), math.exp(4)]]


def hint_of(*argv: str) -> str:
    hint = failed(list(argv), 1)["hint"]
    assert isinstance(hint, str)
    return hint


def written(hint: str) -> str:
    found = re.search(r"write '([^']*)'", hint)
    assert found, hint
    return found[1]


def gradient(name: str, *argv: str) -> list[float]:
    return numbers(answered(["grad", *argv])["gradients"][name]["values"])


IN_PLACE = [
    # each with value and gradient at v = 1, 2 worked out by hand
    ("h=exp(v); h.sub_(v).mul_(2); sum(h)", 2 * (E1 - 1) + 2 * (E2 - 2), [2 * (E1 - 1), 2 * (E2 - 1)]),
    ("h=exp(v); g=h[0]; g+=1; sum(h)", E1 + E2 + 1, [E1, E2]),
    ("h=exp(v); g=h; g*=v; sum(h)", E1 + 2 * E2, [2 * E1, 3 * E2]),
    ("h=exp(v); relu_(h); sum(h)", E1 + E2, [E1, E2]),
    ("h=exp(v); relu(h, inplace=True); sum(h)", E1 + E2, [E1, E2]),
    ("h=exp(v); h.zero_(); sum(h)", 0, [0, 0]),
    ("h=exp(v); h[0] = 3; sum(h)", 3 + E2, [0, E2]),
    ("h=exp(v); h += 1; h *= 2; sum(h)", 2 * (E1 + E2) + 4, [2 * E1, 2 * E2]),
    ("sum(exp(v).zero_())", 0, [0, 0]),
    ("v += 1; sum(v**2)", 4 + 9, [4, 6]),
    ("v.zero_(); sum(v + 1)", 2, [0, 0]),
    ("v[0] = 5; sum(v**2)", 25 + 4, [0, 4]),
]


@pytest.mark.parametrize(("text", "value", "slopes"), IN_PLACE, ids=lambda case: case if isinstance(case, str) else "")
def test_what_is_to_be_written_instead_of_a_change_in_place_has_its_value_and_gradient(
    text: str, value: float, slopes: list[float]
) -> None:
    instead = written(hint_of("grad", text, "v=1,2"))
    answer = answered(["grad", instead, "v=1,2"])
    assert answer["output"]["values"] == pytest.approx(value, rel=1e-5)
    assert gradient("v", instead, "v=1,2") == pytest.approx(slopes, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("h=exp(v); h.sub_(v).mul_(2); sum(h)", "h=exp(v); h = (h - v).mul(2); sum(h)"),
        ("h=exp(v); relu(h, inplace=True); sum(h)", "h=exp(v); h = relu(h, inplace=False); sum(h)"),
        ("h=exp(v); g=h[0]; g+=1; sum(h)", "h=exp(v).clone(); g=h[0]; g+=1; sum(h)"),
    ],
)
def test_a_copy_is_made_only_where_the_change_cannot_be_written_out_of_place(text: str, instead: str) -> None:
    assert written(hint_of("grad", text, "v=1,2")) == instead


def test_a_change_through_a_transposed_view_does_not_transpose_its_base() -> None:
    instead = written(hint_of("grad", "h=exp(v); h.T.add_(1); h@[1,0]", "v=[[1,2],[3,4]]"))
    answer = answered(["grad", instead, "v=[[1,2],[3,4]]"])
    assert numbers(answer["output"]["values"]) == pytest.approx([row[0] + 1 for row in MATRIX], rel=1e-5)


@pytest.mark.parametrize("command", ["grad", "trace", "check", "retain-demo"])
def test_every_command_tells_what_to_write(command: str) -> None:
    _, out, err = captured([command, "v+=1; sum(v)", "v=1,2"])
    assert "write 'v = v + 1; sum(v)'." in " ".join((out + err).split())


def test_random_numbers_cannot_be_compared_so_that_nothing_is_told_to_be_written() -> None:
    hint = hint_of("grad", "h=exp(v + rand(2)); h+=1; sum(h)", "v=1,2")
    assert "put .clone() before the change" in hint
    assert "write" not in hint


def test_of_a_long_expression_only_the_statements_that_change_are_repeated() -> None:
    rest = " + ".join(["sin(v)"] * 20)
    assert len(rest) > LONGEST_WHOLE
    hint = hint_of("grad", f"h=exp(v); h+=1; sum(h) + sum({rest})", "v=1,2")
    assert "write 'h = h + 1' for 'h+=1'" in hint


def test_a_long_expression_is_told_to_be_changed_where_that_takes_no_statement_more() -> None:
    rest = " + ".join(["sin(v)"] * 20)
    hint = hint_of("grad", f"h=exp(v); h[0] = 1; sum(h) + sum({rest})", "v=1,2")
    assert "write 'h=exp(v).clone()' for 'h=exp(v)'." in hint


def test_the_place_of_a_change_by_an_option_is_the_call_with_that_option() -> None:
    text = "h=exp(v); relu(h, inplace=True); sum(h)"
    start, end = failed(["grad", text, "v=1,2"], 1)["span"]
    assert text[start:end] == "relu(h, inplace=True)"


def test_freezing_the_changed_input_is_offered_where_another_one_is_differentiated() -> None:
    alone = hint_of("grad", "weight+=1; sum(weight)", "weight=1,2")
    both = hint_of("grad", "weight+=1; sum(weight * b)", "weight=1,2", "b=3,4")
    useless = hint_of("grad", "weight+=1; sum(weight)", "weight=1,2", "b=3,4")
    assert "frozen" not in alone
    assert "frozen" not in useless  # b does not reach the output
    assert "freeze it, --frozen weight" in both
    given = ["weight+=1; sum(weight * b)", "weight=1,2", "b=3,4", "--wrt", "weight,b", "--frozen", "b"]
    assert "freeze it" not in hint_of("grad", *given)  # nothing would be left
    assert "frozen" not in hint_of("grad", "h=exp(a); h+=1; sum(h*b)", "a=1,2", "b=3,4")  # a is not what was changed
    frozen = ["weight+=1; sum(weight * b)", "weight=1,2", "b=3,4", "--frozen", "weight"]
    assert gradient("b", *frozen) == [2, 3]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(a+1)@(b*2)", 2 * (2 * 1 + 3 * 2 + 4 * 3)),
        ("-a @ (b+1)", -(1 * 2 + 2 * 3 + 3 * 4)),
        ("a @ b", 1 + 4 + 9),
        ("2 * (a @ exp(0*b))", 2 * 6),
        ("h = a + 1; h @ b", 2 * 1 + 3 * 2 + 4 * 3),
    ],
)
def test_a_product_that_is_told_to_be_tried_gives_what_it_says(text: str, value: float) -> None:
    inputs = ["a=[[1,2,3]]", "b=[[1,2,3]]"]
    found = re.search(r"Try '([^']*)', which gives (\[.*?\])\.", hint_of("grad", text, *inputs))
    assert found
    whole = f"h = a + 1; {found[1]}" if text.startswith("h") else found[1]
    output = answered(["grad", whole, *inputs])["output"]
    assert str(output["shape"]) == found[2]
    assert numbers(output["values"])[0] * (2 if text.startswith("2") else 1) == pytest.approx(value)


@each(
    "argv",
    [
        ["(a @ b) @ c", "a=[[1,2,3]]", "b=[[1,2,3]]", "c=ones(5, 5)"],
        ["a @ b", "a=[[1,2,3]]", "b=ones(4, 5)"],
        ["mm(a, b)", "a=[[1,2,3]]", "b=[[1,2,3]]"],  # no operator
        ["a @ [[1,2,3]]", "a=[[1,2,3]]"],  # a list has no .T
        ["[[1,2,3]] @ a", "a=[[1,2,3]]"],
        ["a @ b", "a=ones(2, 4)", "b=ones(6, 4, 3, 5)"],  # of four dimensions .T is another thing
    ],
)
def test_a_product_that_would_not_help_is_not_told_to_be_tried(argv: list[str]) -> None:
    assert "Try" not in (failed(["grad", *argv], 1)["hint"] or "")


@each(
    "argv, told, slopes",
    [
        (["x[t]", "x=1,2,3", "t=2,1"], "t:int64=2,1", [0, 1, 1]),
        (["x[t]", "x=1,2,3", "t=2.0"], "t:int64=2", [0, 0, 1]),
        (["gather(x, 0, t)", "x=1,2,3", "t=2.0,2.0"], "t:int64=2,2", [0, 0, 2]),
        (["x.gather(0, t)", "x=1,2,3", "t=2.0,2.0"], "t:int64=2,2", [0, 0, 2]),
        (["gather(x, 0, index=t)", "x=1,2,3", "t=2.0,2.0"], "t:int64=2,2", [0, 0, 2]),
        (["index_select(x, 0, t)", "x=1,2,3", "t=0.0,2.0"], "t:int64=0,2", [1, 0, 1]),
        (["take(x, t)", "x=1,2,3", "t=0.0,2.0"], "t:int64=0,2", [1, 0, 1]),
        (["embedding(t, x)", "t=0,1", "x=ones(2, 2)"], "t:int64=0,1", [1, 1, 1, 1]),
        (["one_hot(t) * x", "t=0.0,1.0", "x=ones(2)"], "t:int64=0,1", [1, 1]),
        (["one_hot(t, 2) * x", "t=0.0,1.0", "x=ones(2)"], "t:int64=0,1", [1, 1]),
        (["embedding_bag(t, x)", "t=[[0,1]]", "x=ones(2, 2)"], "t:int64='[[0, 1]]'", [0.5, 0.5, 0.5, 0.5]),
        (["index_add(x, 0, t, y)", "x=1,2,3", "t=0.0,2.0", "y=1,1"], "t:int64=0,2", [1, 1, 1]),
        (["index_copy(x, 0, t, y)", "x=1,2,3", "t=0.0,2.0", "y=1,1"], "t:int64=0,2", [0, 1, 0]),
        (["index_fill(x, 0, t, 1)", "x=1,2,3", "t=0.0,2.0"], "t:int64=0,2", [0, 1, 0]),
        (["scatter(x, 0, t, y)", "x=1,2,3", "t=0.0,2.0", "y=1,1"], "t:int64=0,2", [0, 1, 0]),
        (["scatter_add(x, 0, t, y)", "x=1,2,3", "t=0.0,2.0", "y=1,1"], "t:int64=0,2", [1, 1, 1]),
        (["take_along_dim(x, t, 0)", "x=1,2,3", "t=0.0,2.0"], "t:int64=0,2", [1, 0, 1]),
        (["take_along_dim(x, indices=t, dim=0)", "x=1,2,3", "t=0.0,2.0"], "t:int64=0,2", [1, 0, 1]),
        (["nll_loss(x, target=t)", "x=[[1,2,3]]", "t=2.0,"], "t:int64='[2]'", [0, 0, -1]),
        (["nll_loss(x, t)", "x=[[1,2,3]]", "t=2.0,"], "t:int64='[2]'", [0, 0, -1]),
    ],
)
def test_indices_are_told_to_be_given_as_integers_under_their_name_and_with_their_values(
    argv: list[str], told: str, slopes: list[float]
) -> None:
    assert re.search(rf"{re.escape(told)}(\.| picks elements by number\.)", hint_of("grad", *argv))
    name = told.partition(":")[0]
    typed = told.replace("'", "")  # the quotes are the shell's
    assert gradient("x", *[typed if word.startswith(f"{name}=") else word for word in argv]) == slopes


@each("count, told", [(12, "t:int64=0,1,2,3,4,5,6,7,8,9,10,11 "), (13, "t:int64=... ")])
def test_up_to_twelve_indices_are_repeated(count: int, told: str) -> None:
    given = ",".join(map(str, range(count)))
    assert hint_of("grad", "x[t]", "x=ones(20)", f"t={given}").startswith(told)


@each("given", ["0.5,1", "[1 + 0j]"])
def test_what_is_no_whole_number_is_not_repeated_as_one(given: str) -> None:
    dtype = ":complex64" if "j" in given else ""
    error = failed(["grad", "gather(x, 0, t)", "x=1,2", f"t{dtype}={given}"], 1)
    assert error["hint"] == "Give the indices an integer dtype: t:int64=...."


def test_indices_under_another_name_are_told_to_be_integers() -> None:
    assert "integer dtype: NAME:int64=VALUE" in hint_of("grad", "embedding(input=t, weight=x)", "t=0,1", "x=ones(2, 2)")


def test_a_number_that_is_written_as_an_index_is_converted() -> None:
    assert "Give the indices an integer dtype: long(1.0)." in hint_of("grad", "take(x, 1.0)", "x=1,2")
    assert gradient("x", "take(x, long(1.0))", "x=1,2") == [0, 1]


def test_computed_indices_are_told_to_be_converted() -> None:
    assert "long(t * 2) picks elements by number." in hint_of("grad", "x[t * 2]", "x=1,2,3", "t=0,1")
    assert gradient("x", "x[long(t * 2)]", "x=1,2,3", "t=0,1") == [1, 0, 1]


@pytest.mark.parametrize(
    ("comparison", "step", "sign", "middle"),
    [
        ("score > 5", "sigmoid(4 * (score - 5))", 1, 5),
        ("score < 5", "sigmoid(4 * (5 - score))", -1, 5),
        ("score <= 5", "sigmoid(4 * (5 - score))", -1, 5),
        ("5 >= score", "sigmoid(4 * (5 - score))", -1, 5),
        ("gt(score, 5)", "sigmoid(4 * (score - 5))", 1, 5),
        ("score > 0", "sigmoid(4 * score)", 1, 0),
        ("score + 1 > 0", "sigmoid(4 * (score + 1))", 1, -1),
        ("score < 0", "sigmoid(4 * -score)", -1, 0),
        ("0 < score", "sigmoid(4 * score)", 1, 0),
        ("score.ge(5)", "sigmoid(4 * (score - 5))", 1, 5),
    ],
)
def test_a_smooth_step_has_the_threshold_and_the_direction_of_the_comparison(
    comparison: str, step: str, sign: int, middle: int
) -> None:
    assert f"{step}." in hint_of("grad", f"sum(({comparison}).float())", "score=1,2")
    assert gradient("score", f"sum({step})", f"score={middle},{middle}") == [sign, sign]  # 4 / 4, at the threshold


@each("test", ["score == 5", "eq(score, 5)", "gt(*[score, 5])"])
def test_what_is_equal_or_not_written_out_is_no_step(test: str) -> None:
    hint = hint_of("grad", f"sum(({test}).float())", "score=1,2")
    assert "something smooth" in hint
    assert "sigmoid" not in hint


@each(
    "text, cause",
    [
        ("a=exp(x); b=sin(x); b+=1; a+=1; sum(a*b)", "'exp(x)' (characters 2 to 8) saved a tensor {}, and 'a+=1' "),
        ("a=2*x; y=a**2; a.T.add_(1); sum(y)", "'a**2' (characters 9 to 13) saved a tensor {}, and 'a.T.add_(1)' "),
        (
            "h=exp(x); h.mul_(h); k=sin(x); k+=1; sum(h*k)",
            "'h.mul_(h)' (characters 10 to 19) saved a tensor {}, and it ",
        ),
    ],
)
def test_the_change_that_a_saved_tensor_suffered_is_named_and_no_other(text: str, cause: str) -> None:
    assert hint_of("grad", text, "x=1,2").startswith(cause.format("for the backward pass"))


@each(
    "argv, frozen",
    [
        (["nll_loss(log_softmax(s, 1), t, weight=w*2)", "s=[[1, 2]]", "t:int64=[1]", "w=1,1"], "w"),
        (["v=w*2; nll_loss(log_softmax(s, 1), t, v)", "s=[[1, 2]]", "t:int64=[1]", "w=1,1"], "w"),
        (["h = a + 1; igamma(h, s)", "s=2", "a=1"], "a"),
        (["igamma(2*s*a, s)", "s=2", "a=1"], "s"),
        (["igamma(other=s, input=2*a)", "s=2", "a=1"], "a"),
        (["h = s*1; special.zeta(h, a)", "a=2", "s=2"], "s"),
    ],
)
def test_what_is_to_be_frozen_is_an_input_behind_the_argument_without_a_derivative(
    argv: list[str], frozen: str
) -> None:
    assert f"--frozen {frozen}," in hint_of("grad", *argv)


def test_what_ends_the_path_is_named_and_nothing_else() -> None:
    hint = hint_of("grad", "long(score)", "score=1,2")
    assert "Leave 'long(score)' out" in hint
    assert "detach" not in hint


def test_complex_numbers_are_another_dtype_and_no_missing_derivative() -> None:
    error = failed(["grad", "median(a*1j)", "a=1,2"], 1)
    assert error["id"] == "unsupported-dtype"
    assert "imag(...)" in error["hint"]
    assert gradient("a", "median(imag(a*1j))", "a=1,2") == [1, 0]


@pytest.mark.parametrize(("matrix", "size"), [("ones(2, 2)", 2), ("ones(3, 3)", 3)])
def test_a_singular_matrix_is_moved_by_an_identity_of_its_size(matrix: str, size: int) -> None:
    moved = f"a*2 + 1e-3 * eye({size})"
    assert f"{moved}," in hint_of("grad", "linalg.inv(a*2)", f"a={matrix}")
    assert captured(["grad", f"linalg.inv({moved})", f"a={matrix}"])[0] == 0


def test_no_size_is_told_of_what_is_no_matrix() -> None:
    assert "a + 1e-3 * eye(n)," in hint_of("grad", "linalg.tensorinv(a, 1)", "a=0,")


@each("length, told", [(60, "'floor_divide({0}, 2)'"), (61, "this operation")])
def test_a_sub_expression_of_sixty_characters_is_repeated(length: int, told: str) -> None:
    name = "a" * (length - len("floor_divide(, 2)"))
    hint = hint_of("grad", f"floor_divide({name}, 2)", f"{name}=3")
    assert f"PyTorch has no derivative of {told.format(name)}" in hint


@each("size, found", [(1_000_000, True), (1_000_001, False)])
def test_up_to_a_million_numbers_are_computed_again_to_find_the_place(size: int, found: bool) -> None:
    raised = failed(["grad", "sum((x > 0).float())", f"x=ones({size})"], 1)
    assert raised["span"] == ([5, 10] if found else None)


@each(
    "text, entry",
    [
        ("x.detach()", "detached-output"),
        ("argmax(x).float()", "argmax-output"),
        ("(x > 0).float()", "comparison-output"),
        ("x.data", "no-grad-fn"),
    ],
)
def test_an_output_without_a_graph_is_the_entry_of_what_its_path_ends_at(text: str, entry: str) -> None:
    assert failed(["grad", text, "x=1,2"], 1)["id"] == entry


def test_classes_have_their_scores_in_dimension_one() -> None:
    hint = hint_of("loss", "cross_entropy", "zeros(1, 2, 9)", "[[5, 0, 0, 0, 0, 0, 0, 0, 0]]")
    assert "dimension 1 of [N, C, ...]" in hint
