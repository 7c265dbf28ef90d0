"""JSON documents follow their schemas and the contract to the letter."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from answers_by_hand import ANSWERS, MISTAKE
from each import each
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from results_by_hand import MATRICES, NON_FINITE, SIGMOID, leaf, tensor, with_values

from gradcli.exceptions import UsageError
from gradcli.render import View, write
from gradcli.render.json import to_json
from gradcli.render.schema import kinds, schema_text
from gradcli.render.view import Answer


def validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_text(kind)))


def document(answer: Answer) -> dict[str, object]:
    found: dict[str, object] = json.loads(to_json(answer))
    return found


@each("name", sorted(ANSWERS))
def test_every_answer_follows_its_schema(name: str) -> None:
    validator(getattr(ANSWERS[name], "kind", "error")).validate(document(ANSWERS[name]))


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_document_without_one_of_its_keys_breaks_its_schema(name: str) -> None:
    check = validator(getattr(ANSWERS[name], "kind", "error"))
    whole = document(ANSWERS[name])
    for key in whole:
        with pytest.raises(ValidationError) as raised:
            check.validate({other: value for other, value in whole.items() if other != key})
        assert raised.value.validator in ("required", "const")  # to write the whole error takes longer than to find it


@each("name", sorted(ANSWERS))
def test_a_document_with_an_unknown_key_breaks_its_schema(name: str) -> None:
    check = validator(getattr(ANSWERS[name], "kind", "error"))
    with pytest.raises(ValidationError, match="Additional properties"):
        check.validate(document(ANSWERS[name]) | {"surprise": 1})


def test_a_number_written_as_text_breaks_the_schema_unless_json_lacks_it() -> None:
    whole = document(NON_FINITE)
    whole["norm"] = "1.0"
    with pytest.raises(ValidationError):
        validator("grad").validate(whole)


def test_the_document_of_the_contract_is_written_to_the_letter() -> None:
    assert to_json(SIGMOID).decode() == (
        '{"schema":"gradcli/grad/1","gradcli":"0.2.0","torch":"2.13.0+cpu","device":"cpu","dtype":"float32","seed":0,'
        '"expression":"sigmoid(x)",'
        '"inputs":{"x":{"shape":[3],"dtype":"float32","requires_grad":true,"values":[0.0,1.0,10.0]}},'
        '"output":{"shape":[3],"dtype":"float32","values":[0.5,0.7310586,0.9999546]},'
        '"gradients":{"x":{"shape":[3],"dtype":"float32","values":[0.25,0.19661193,0.000045416677],'
        '"norm":0.31805545,"direction":null}},'
        '"norm":0.31805545,"derivatives":[],"jacobians":null,"hessians":null,"tangent":null,'
        '"method":{"via":"grad","order":1,"cotangent":"ones","elementwise":true},"findings":[],"sample":null}'
    )


def test_an_error_has_the_keys_of_the_contract_and_no_other() -> None:
    assert document(MISTAKE) == {
        "schema": "gradcli/error/1",
        "error": {
            "code": "argument",
            "type": "ArgumentError",
            "message": "cannot multiply [2, 3] by [2, 3]",
            "hint": "The inner sizes 3 and 2 differ. Try 'a @ b.T', which gives [2, 2].",
            "expression": "a @ b",
            "span": [2, 3],
            "id": None,
        },
    }


def test_one_object_stands_on_one_line_with_a_break_at_its_end() -> None:
    stream = io.StringIO()
    write(SIGMOID, View(format="json"), stream)
    assert stream.getvalue() == to_json(SIGMOID).decode() + "\n"
    assert stream.getvalue().count("\n") == 1


def test_a_gradient_that_does_not_exist_is_null_and_a_zero_one_is_not() -> None:
    gradients = document(MATRICES)["gradients"]
    assert isinstance(gradients, dict)
    assert gradients["u"] is None
    assert document(with_values([0.0]))["gradients"] != {"x": None}


def test_a_scalar_has_a_number_for_its_values_and_a_point_has_a_list() -> None:
    assert document(replace(SIGMOID, output=tensor(2)))["output"] == {"shape": [], "dtype": "float32", "values": 2.0}
    assert document(replace(SIGMOID, output=tensor([2])))["output"] == {
        "shape": [1],
        "dtype": "float32",
        "values": [2.0],
    }


def test_an_empty_tensor_keeps_its_shape() -> None:
    output = document(replace(SIGMOID, output=tensor(np.zeros((0, 2)))))["output"]
    assert output == {"shape": [0, 2], "dtype": "float32", "values": []}


def test_complex_booleans_and_integers_follow_the_schema() -> None:
    for values, dtype in (([1j, 2], "complex64"), ([True], "bool"), ([2**62 + 1], "int64")):
        answer = replace(SIGMOID, inputs={"x": leaf(values, dtype)})
        validator("grad").validate(document(answer))


def test_undecodable_words_of_a_command_line_become_escapes() -> None:
    assert document(UsageError("no \udcff"))["error"]["message"] == "no \\udcff"  # type: ignore[index]


def test_a_stream_without_unicode_gets_the_same_document_in_ascii() -> None:
    answer = replace(SIGMOID, expression="α·é·\U0001d465")
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    write(answer, View(format="json"), stream)
    stream.flush()
    assert json.loads(raw.getvalue()) == document(answer)


def test_the_schema_of_every_kind_can_be_had() -> None:
    assert {"grad", "activate", "loss", "softmax", "retain-demo", "functions", "error"} <= set(kinds())
    assert kinds() == sorted(kinds())


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        schema_text("garde")
    assert caught.value.hint == "Did you mean 'grad'?"


def test_a_kind_like_no_other_is_answered_with_the_list() -> None:
    with pytest.raises(UsageError) as caught:
        schema_text("../../etc/passwd")
    assert "'activate'" in str(caught.value.hint)
