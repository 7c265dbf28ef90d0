"""CSV and NDJSON hold every number exactly, one record a row."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from answers_by_hand import ANSWERS, CROSS_ENTROPY, DESCENT, MISTAKE, RESULTS, RETAIN_DEMO, SECOND_TIME, SOFTMAX
from each import each
from results_by_hand import MATRICES, NON_FINITE, SECOND_ORDER, SIGMOID, STACK, STEP_AND_SIGMOID, leaf, tensor
from showing import shown

from gradcli.render.view import Answer


def written(answer: Answer, name: str) -> str:
    return shown(answer, format=name, max_rows=1, precision=1, width=10)


def lines(answer: Answer) -> list[str]:
    return written(answer, "csv").split("\n")[:-1]


def records(answer: Answer) -> list[dict[str, object]]:
    return [json.loads(line) for line in written(answer, "ndjson").splitlines()]


def test_csv_is_exact_whatever_the_precision_and_the_rows_of_tables() -> None:
    assert lines(SIGMOID) == [
        "x,value,gradient",
        "0.0,0.5,0.25",
        "1.0,0.7310586,0.19661193",
        "10.0,0.9999546,0.000045416677",
    ]


def test_csv_ends_every_record_as_rfc_4180_says() -> None:
    text = written(SIGMOID, "csv")
    assert text.endswith("\n")
    assert text.count("\n") == 4
    assert "\r" not in text


def test_csv_names_numbers_that_are_not_finite_as_json_does() -> None:
    assert lines(NON_FINITE)[1:] == ["-1.0,NaN,NaN", "0.0,0.0,Infinity", "Infinity,Infinity,0.0", "-0.0,-0.0,-Infinity"]


def test_csv_leaves_a_missing_derivative_empty_and_writes_a_zero() -> None:
    assert lines(STEP_AND_SIGMOID)[:2] == ["x,heaviside,heaviside',sigmoid,sigmoid'", "-1.0,0.0,,0.26894143,0.19661193"]


def test_csv_quotes_what_holds_a_comma() -> None:
    assert lines(SECOND_ORDER)[:2] == ["index,x,value,f',f''", '"[0, 0]",1.0,1.0,3.0,6.0']


def test_csv_of_tensors_of_different_shapes_has_a_row_an_element() -> None:
    assert lines(CROSS_ENTROPY) == [
        "tensor,index,value,gradient",
        'input,"[0, 0]",2.0,-0.34099886',
        'input,"[0, 1]",1.0,0.24243298',
        'input,"[0, 2]",0.1,0.09856589',
        "target,[0],0,",
        "loss,[],0.41702995,",
        "contributions,[0],0.41702995,",
    ]


def test_csv_of_a_jacobian_has_a_row_a_partial_derivative() -> None:
    assert lines(MATRICES)[:6] == [
        "matrix,of,of_index,by,by_index,derivative",
        "jacobian,output,[],x,[0],60.0",
        "jacobian,output,[],x,[1],80.0",
        "jacobian,output,[],w,[0],20.0",
        "jacobian,output,[],w,[1],40.0",
        "jacobian,output,[],u,[],",
    ]


def test_csv_of_gradient_descent_has_a_row_a_step() -> None:
    assert lines(DESCENT) == ["step,loss,w,d/dw", "0,1.0,2.0,2.0", "1,0.64,1.8,1.6", "2,NaN,Infinity,"]


def test_csv_of_a_stack_has_a_row_for_each_layer_and_point() -> None:
    assert lines(STACK)[:2] == ["function,layer,x,value,slope", "sigmoid,1,-1.0,0.26894143,0.19661193"]
    assert len(lines(STACK)) == 1 + 2 * 3


def test_csv_of_a_softmax_has_the_jacobian_behind_each_entry() -> None:
    assert lines(SOFTMAX)[:2] == [
        "index,value,probability,dp[1]/dx,input_ratio,output_ratio,d/dx[0],d/dx[1],d/dx[2]",
        "[0],2.0,0.6590011,-0.1597636,1.0,1.0,0.22471865,-0.1597636,-0.06495503",
    ]


@each("name", sorted(ANSWERS))
def test_csv_reads_back_with_as_many_fields_in_every_record(name: str) -> None:
    rows = list(csv.reader(io.StringIO(written(ANSWERS[name], "csv"), newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) > 1


@each("name", sorted(RESULTS))
def test_ndjson_and_csv_hold_the_same_rows_under_the_same_names(name: str) -> None:
    header, *rows = csv.reader(io.StringIO(written(RESULTS[name], "csv"), newline=""))
    objects = records(RESULTS[name])
    assert [list(record) for record in objects] == [header] * len(rows)
    for row, record in zip(rows, objects, strict=True):
        for field, value in zip(row, record.values(), strict=True):
            assert field == ("" if value is None else str(value).lower() if isinstance(value, bool) else field)
            if isinstance(value, float):
                assert float(field) == value


def test_ndjson_is_strict_about_numbers_that_are_not_finite() -> None:
    assert written(NON_FINITE, "ndjson").splitlines()[2] == '{"x":"Infinity","value":"Infinity","gradient":0.0}'


def test_ndjson_has_null_for_a_missing_derivative() -> None:
    assert records(STEP_AND_SIGMOID)[0]["heaviside'"] is None


def test_ndjson_has_indices_as_lists_and_booleans_as_booleans() -> None:
    assert records(SECOND_ORDER)[1]["index"] == [0, 1]
    assert records(RETAIN_DEMO)[0]["retain_graph"] is False


@pytest.mark.parametrize("answer", [SECOND_TIME, MISTAKE])
def test_a_failure_in_ndjson_is_the_one_object_of_json(answer: Answer) -> None:
    assert written(answer, "ndjson") == written(answer, "json")


def test_an_input_called_like_a_column_does_not_hide_it() -> None:
    answer = replace(SIGMOID, inputs={"value": leaf([0, 1, 10])})
    assert records(answer)[1] == {"value": 1.0, "value_2": 0.7310586, "gradient": 0.19661193}


def test_a_percent_sign_in_a_name_is_kept() -> None:
    assert records(replace(SIGMOID, inputs={"%s": leaf([0, 1, 10])}))[0]["%s"] == 0.0


def test_complex_numbers_are_pairs_in_ndjson_and_one_field_in_csv() -> None:
    answer = replace(SIGMOID, output=tensor([1 + 2j, 0, 1j], "complex64"))
    assert records(answer)[0]["value"] == [1.0, 2.0]
    assert lines(answer)[1].split(",")[1] == "1.0+2.0j"


def test_an_input_that_is_broadcast_is_repeated_in_every_row() -> None:
    answer = replace(SIGMOID, inputs=dict(SIGMOID.inputs) | {"s": leaf(2, requires_grad=False)})
    assert lines(answer)[:3] == ["x,s,value,d/dx", "0.0,2.0,0.5,0.25", "1.0,2.0,0.7310586,0.19661193"]
