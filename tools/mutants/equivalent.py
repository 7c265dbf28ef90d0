"""Mutants that change nothing which anybody can see, each with the reason."""

from __future__ import annotations

_REWRITE = "gradcli/language/rewrite"
_ORIGINS = "gradcli/diagnose/origins"
_GUARD = "no operation is known that comes there: a node that sends nothing on, a kink that float64 refuses"
_WORK = "it only avoids work: what is computed then is the same"
_COUNTED = "how many others there are is told of the kinds that are given a number alone"
_VICINITY = "gradcli/diagnose/equivalence/vicinity.py"
_FINDINGS = "gradcli/diagnose/findings"
_LOSSY = f"{_FINDINGS}/lossy_step.py"
_BOTH = "there are both or none"
_SENT = "what sent a gradient is a step with operands and a value that has one"
_NAMED = "an input has a name"
_ON_TAPE = "an input that has a gradient is on the tape"
_STRETCHED = "an operand of an elementwise step is stretched to its value: it has an element for each"
_TAPE = "tape and (not evidence.is_finite or bool(evidence.written))"
_REFERENCE = "gradcli/numerics/reference"
_PROGRAM = "gradcli/recording/program"
_NO_TENSOR = "kind in ATOMS or kind is Parameter"
_PLAIN_TUPLE = "kind is tuple and ATOMS.issuperset(map(type, value))"
_DEARER = "more than is needed only takes longer: more digits, levels, lines or memory"
_CHANCE = "one random run more or less: what they spread over is of the same size"
_BETWEEN = "nothing lies between: rounding leaves far less, and what has to be told from it is far more"
_TRUTH = "gradcli/diagnose/equivalence/truth.py"
_BESIDE = "what the reference knows at a point it knows beside it, and in the branches that are chosen there"
_BOTH_NAN = "old != old and new != new"
_EXACT = "it only avoids work: where no fewer digits are believed, the value is that of 1300"
_SHOWS = "precision >= _SHOWS_FLOAT64 or not any(element == 0 for element in now.ravel())"
_NEAR = "abs(old - new) <= tolerance * abs(new)"
_PLAIN_ZERO = 'step.name.removesuffix("_") in _NEVER_ROUNDING or _is_plain_zero(step, first(zeros))'
_WORTH = "(wide is None and not _hardly_varies(step)) or (wide is not None and not _lost(step, array(wide)).any())"


def _members(file: str, table: str, names: str, reason: str) -> dict[str, str]:
    """Members that are taken out of a table."""
    return {f'{file} {table}: "{name}", -> (nothing)': reason for name in names.split()}


def _sizes(path: str, name: str, old: str, sizes: str, reason: str) -> dict[str, str]:
    """Other sizes of a threshold, for which nothing comes out that is different."""
    return {f"{path} {name}: {old} -> {size}": reason for size in sizes.split()}


EQUIVALENT: dict[str, str] = {
    **_sizes("gradcli/recording/paths.py", "MAX_NODES", "100_000", "10000000 100000000000", _DEARER),
    f"{_REWRITE}/matching.py _bag: len(subject.operands) > MAX_PARTS or len(pattern.operands) > len(subject.operands) "
    "-> (len(subject.operands) > MAX_PARTS)": _WORK,
    f"{_REWRITE}/matching.py _options: any(found.leftover.get(name, term) != term for name, term in given.items()) "
    "-> False": "no row carries options of two calls that have one in common",
    f"{_REWRITE}/matching.py matches: after is None or len(pattern.operands) != len(subject.operands) -> "
    "(after is None)": "each function of a pattern has as many operands in every call",
    f"{_REWRITE}/rule.py from_table: not row.calls <= editable.operations -> False": _WORK,
    f"{_REWRITE}/templates.py Template._without_sign: term is not None and term.operation == "
    '"neg" -> (term.operation == "neg")': "no template adds a constant that has a name",
    f"{_REWRITE}/templates.py Template._call: as_method and call.function.method and call.arguments and "
    "isinstance(call.arguments[0], Name) -> (as_method) and (call.function.method) and "
    "(isinstance(call.arguments[0], Name))": "the outermost call of a template has an argument",
    f"{_REWRITE}/terms.py _term: is -> is not": "which parts of a slice are given is told either way",
    f"{_REWRITE}/places.py inside: isinstance(node, Name) and node.name in editable.definitions_of and "
    "node.name not in seen -> (isinstance(node, Name)) and (node.name in editable.definitions_of)": _WORK,
    **dict.fromkeys(
        (
            f"gradcli/recording/program/kept.py ATOMS: {removed} -> (nothing)"
            for removed in (
                *("int,", "float,", "bool,", "str,", "type(None),", "torch.dtype,", "torch.device,", "torch.Size,"),
                ", torch.layout",
            )
        ),
        _WORK,
    ),
    **dict.fromkeys(
        (
            f"{_PROGRAM}/{changed}"
            for changed in (
                f"kept.py Kept.arguments: {_NO_TENSOR} or ({_PLAIN_TUPLE}) -> (kind is Parameter) or ({_PLAIN_TUPLE})",
                f"kept.py Kept.arguments: {_NO_TENSOR} or ({_PLAIN_TUPLE}) -> (kind in ATOMS) or ({_PLAIN_TUPLE})",
                f"kept.py Kept.arguments: {_NO_TENSOR} or ({_PLAIN_TUPLE}) -> (kind in ATOMS) or (kind is Parameter)",
                f"kept.py Kept.named: {_NO_TENSOR} -> (kind in ATOMS)",
                f"kept.py Kept.named: {_NO_TENSOR} -> (kind is Parameter)",
                "kept.py Kept.result: type(value) is torch.Tensor -> False",
                "kept.py Kept.base: base is None or view is None or view.value is not None -> "
                "(view is None) or (view.value is not None)",
                "calls.py Calls.settle: not self.unsettled -> False",
                "calls.py Calls._forget_what_nobody_holds: type(out) is WeakTensor and not changes and "
                "out() is None and id(out) not in needed -> False",
                'kinds.py kind_of: code is not None and "inplace" in code.co_varnames[: code.co_argcount] -> '
                "(code is not None)",
                "log.py Log.__torch_function__: ARE_PLAIN(map(type, args)) or stay(args) -> (stay(args))",
                "log.py Log.__torch_function__: ARE_PLAIN(map(type, args)) or stay(args) -> "
                "(ARE_PLAIN(map(type, args)))",
                "log.py Log.__torch_function__: kwargs and not stay_by_name(kwargs) -> (kwargs)",
                "log.py Log.__torch_function__: kind != PLAIN and kind != SWITCHED -> (kind != PLAIN)",
                'log.py Log._without_gradients: not self.in_optimizer and (kind == CHANGING or "out" in kwargs) -> '
                "(not self.in_optimizer)",
                "surroundings.py autocasting: wanted is None and not _is_any_autocast() -> False",
                "surroundings.py generator_state: tensor is None or tensor.is_cpu -> (tensor is None)",
                'surroundings.py _state_of: device is _CPU or device.type == "meta" -> (device.type == "meta")',
                "undifferentiated.py chains: id(tensor) in made and isinstance(tensor, torch.Tensor) and "
                "not _is_sound(tensor) -> (id(tensor) in made) and (not _is_sound(tensor))",
                "places.py UserCode.innermost: key not in foreign and (key in own or self._is_own(frame.f_code)) -> "
                "(key in own or self._is_own(frame.f_code))",
                "places.py UserCode.innermost: key in own or self._is_own(frame.f_code) -> "
                "(self._is_own(frame.f_code))",
            )
        ),
        _WORK,
    ),
    f"{_PROGRAM}/gradient_steps.py with_gradient_steps: edge[0] is not None and gradient is not None -> "
    "(gradient is not None)": "nobody asks for what is sent nowhere",
    f"{_PROGRAM}/own_functions.py _numbers_of: isinstance(one, torch.Tensor) and not one.is_meta -> "
    "(not one.is_meta)": "a call is given tensors, and no names of them",
    **_members(f"{_ORIGINS}/zeros.py", "EXACT", "add sub rsub mul div neg positive pow square", _WORK),
    f"{_PROGRAM}/calls.py FEWEST: 256 -> 3": _WORK,
    **dict.fromkeys(
        (
            f"{_ORIGINS}/true_value.py {changed}"
            for changed in (
                f"rounded_to_zero: {_PLAIN_ZERO} -> ({_PLAIN_ZERO.partition(' or ')[0]})",
                f"rounded_to_zero: {_PLAIN_ZERO} -> ({_PLAIN_ZERO.partition(' or ')[2]})",
                '_NEVER_ROUNDING: "add", -> (nothing)',
                '_NEVER_ROUNDING: "sub", -> (nothing)',
                '_NEVER_ROUNDING: , "sum" -> (nothing)',
                "_is_plain_zero: is not -> is",
                "_is_plain_zero: element == 0 or (element is not None and isinf(element)) -> (element == 0)",
                "_is_plain_zero: element == 0 or (element is not None and isinf(element)) -> "
                "(element is not None and isinf(element))",
                "_is_plain_zero: element is not None and isinf(element) -> (isinf(element))",
                "_by_reference: element == 0 or element != element -> (element == 0)",
            )
        ),
        "it only avoids work: the reference finds the same zero",
    ),
    f"{_ORIGINS}/true_value.py _operands: argument.is_complex() or (not step.elementwise and argument.numel() > "
    "MAX_ELEMENTS_OF_OPERAND) -> (not step.elementwise and argument.numel() > MAX_ELEMENTS_OF_OPERAND)": (
        "the reference has no complex numbers"
    ),
    f'{_ORIGINS}/true_value.py _is_plain_zero: "prod", "cumprod" -> "prod",': _WORK,
    **dict.fromkeys(
        (
            f"{_ORIGINS}/zeros.py doubtful: leaf is None or leaf.value is None -> {part}"
            for part in ("False", "(leaf is None)", "(leaf.value is None)")
        ),
        _ON_TAPE,
    ),
    f"{_ORIGINS}/zeros.py _walk: current in seen -> False": _WORK,
    **dict.fromkeys(
        (
            f"{_ORIGINS}/zeros.py {changed}"
            for changed in (
                "_walk: size > 0 or step is None -> (size > 0)",
                "_why: position is None or arriving is None -> (position is None)",
            )
        ),
        _SENT,
    ),
    f"{_ORIGINS}/backward.py with_factors: arriving is None or origin.position is None -> (origin.position is None)": (
        "a gradient arrives at what has an operand that is found"
    ),
    f"{_ORIGINS}/backward.py with_factors: sent is None or sent.is_complex() -> (sent.is_complex())": _GUARD,
    **dict.fromkeys(
        (
            f"{_ORIGINS}/ties.py {rules}: rule is None or not isinstance(x, torch.Tensor) -> "
            "(not isinstance(x, torch.Tensor))"
            for rules in ("ties", "spectral_tie")
        ),
        "what is no rule cannot be called, and that is caught",
    ),
    f"{_ORIGINS}/selection.py _discards: slope is None or _is_level(slope, where) -> (_is_level(slope, where))": _GUARD,
    f"{_ORIGINS}/underflowed.py _behind: step.index in known -> False": _WORK,
    f"{_ORIGINS}/underflowed.py _rounded: found and not known and _without_zeros(step, met, focus, context) -> "
    "(not known) and (_without_zeros(step, met, focus, context))": _WORK,
    f"{_ORIGINS}/underflowed.py _out_of_place: operation is None or not sources -> (operation is None)": (
        "what is changed in place is a step"
    ),
    f"{_ORIGINS}/origin.py Origin: 1 -> 0": _COUNTED,
    f"{_ORIGINS}/origin.py Origin: 1 -> 2": _COUNTED,
    f"{_ORIGINS}/local.py local_derivative: result is None -> False": "what is no tensor has no gradient either",
    f"{_ORIGINS}/local.py slope_by_node: isinstance(first, torch.Tensor) and first.shape == value.shape -> "
    "(first.shape == value.shape)": _GUARD,
    f"{_ORIGINS}/gates.py _gate: incoming is None or incoming.shape != outgoing.shape -> "
    "(incoming.shape != outgoing.shape)": _GUARD,
    f"{_ORIGINS}/zeros.py _is_level: bool(sides) and sum(abs(near) for near, _ in sides) <= 0.45 * sum(abs(far) for "
    "_, far in sides) -> (sum(abs(near) for near, _ in sides) <= 0.45 * sum(abs(far) for _, far in sides))": (
        "what has a slope near a point is finite on one side of it at least"
    ),
    f'{_ORIGINS}/underflowed.py _as_written: leaf.variable or "" -> (leaf.variable)': _NAMED,
    f'{_ORIGINS}/forward.py _of_input: stop.step.variable or "" -> (stop.step.variable)': _NAMED,
    "gradcli/diagnose/findings/dead.py _contradiction: not is_doubtful(tape, origin) -> False": _WORK,
    "gradcli/diagnose/equivalence/comparison_point.py Candidate.at: wide and not (point.is_double and self.wide is "
    "self.program) -> (wide)": _WORK,
    "gradcli/diagnose/fixes/verifier.py Verifier.held: found is None or not found.has_finite_gradients or "
    "found.value.isnan().any() -> (found is None) or (found.value.isnan().any())": _WORK,
    "gradcli/diagnose/equivalence/comparison_point.py ComparisonPoint._wide_sides: self.is_double -> False": _WORK,
    **dict.fromkeys(
        (
            f"gradcli/diagnose/{changed}"
            for changed in (
                "bound_expression.py BoundExpression.fresh: not self.in_place -> False",
                "bound_expression.py _not_held: tensor.dtype is torch.float64 or not tensor.is_floating_point() or not "
                "_may_be_cut(tensor) -> (not tensor.is_floating_point()) or (not _may_be_cut(tensor))",
                "bound_expression.py _may_be_cut: tensor.numel() <= MAX_ELEMENTS_OF_ZEROS and not bool(tensor.all()) "
                "-> (tensor.numel() <= MAX_ELEMENTS_OF_ZEROS)",
                "targets.py _is_whole: (some == np.trunc(some)).all() and (numbers == np.trunc(numbers)).all() -> "
                "((numbers == np.trunc(numbers)).all())",
                "diagnosis.py _gathered: (elements <= MAX_ELEMENTS_RECORDED and not large) or all(map(all_finite, "
                "(output, *gradients.values()))) -> (all(map(all_finite, (output, *gradients.values()))))",
                "evidence.py Evidence.doubtful_zeros: not self.may_be_doubted or self.tape is None or not "
                "bool((computed == 0).any()) -> (not self.may_be_doubted) or (self.tape is None)",
                "rerun.py Rerun.slopes: self.order > 1 or self.bound.elements > most or is_random(bound.program) -> "
                "(self.order > 1) or (self.bound.elements > most)",  # the reference refuses it
                "values.py default_dtype: dtype is before or not dtype.is_floating_point -> "
                "(not dtype.is_floating_point)",
            )
        ),
        _WORK,
    ),
    "gradcli/diagnose/explain/hint_text.py _input_behind: named is not None and isinstance(node, Call) -> "
    "(named is not None)": "PyTorch names arguments of calls alone",
    "gradcli/diagnose/values.py tensor_of: wanted.is_floating_point or wanted.is_complex -> "
    "(wanted.is_floating_point)": "whole numbers become complex ones from int64 as from float64",
    f"{_TRUTH} Truth.slopes: known and self.bad and self.limits -> (known) and (self.limits)": _WORK,
    f"{_TRUTH} Truth.limits: found is None or not any(one.has_undefined for one in found) -> (found is None)": _WORK,
    f"{_TRUTH} Truth.limits: found is None or not any(one.has_undefined for one in found) -> False": _WORK,
    f"{_TRUTH} Truth.slopes: known and self.bad and self.limits -> (known) and (self.bad)": _BESIDE,
    f'{_TRUTH} Truth.slopes: limit.kind == "sides" and self.held -> (limit.kind == "sides")': _BESIDE,
    f"{_TRUTH} Truth._kinds: self.held and vicinity.is_limit(name, found, self.held[point].slopes[name][at]) -> "
    "(vicinity.is_limit(name, found, self.held[point].slopes[name][at]))": _BESIDE,
    **dict.fromkeys(
        (
            f"gradcli/diagnose/findings/noise.py noise: {_WORTH} -> {part}"
            for part in (
                "False",
                "(wide is None and not _hardly_varies(step))",
                "(wide is not None and not _lost(step, array(wide)).any())",
            )
        ),
        _WORK,
    ),
    f"{_VICINITY} Vicinity.is_limit: near_number(found, limit.value, 0.0) or near_number(found, limit.value, "
    "self.size(name)) -> (near_number(found, limit.value, self.size(name)))": _WORK,
    f"{_FINDINGS}/backward_pass.py not_differentiable: stopped is None or not _REFUSALS.search(raised.message) -> "
    "(not _REFUSALS.search(raised.message))": ("no operation without a derivative is known whose step is not found"),
    **dict.fromkeys(
        (
            f"{_FINDINGS}/{changed}"
            for changed in (
                "__init__.py _found: not evidence.nothing_to_report and evidence.tape is not None -> "
                "(evidence.tape is not None)",
                f"__init__.py _found: {_TAPE} -> (tape)",
                "__init__.py _found: tape and evidence.has_zeros -> (evidence.has_zeros)",
                "__init__.py _found: tape and evidence.has_zeros -> (tape)",
                "precision_loss.py _suspects: not suspected.any() -> False",
            )
        ),
        _WORK,
    ),
    **dict.fromkeys(
        (
            f"{_FINDINGS}/{changed}"
            for changed in (
                "lossy_step.py _differ: one is None or other is None -> (one is None)",
                "lossy_step.py _differ: one is None or other is None -> (other is None)",
                "lossy_step.py _differ: one is None or other is None -> False",
                "lossy_step.py _differ: False -> True",
                "underflow_forward.py _apart: one is None or other is None -> (one is None)",
                "underflow_forward.py _apart: one is None or other is None -> (other is None)",
            )
        ),
        _BOTH,
    ),
    f"{_LOSSY} lossy_step: wide is None or leaf is None or len(tape.steps) != len(wide.steps) -> (wide is None) or "
    "(len(tape.steps) != len(wide.steps))": _ON_TAPE,
    f"{_FINDINGS}/not_finite.py _operands_at: own is not None and element_at(value, own) is not None and "
    "value.dtype is not torch.bool -> (element_at(value, own) is not None) and (value.dtype is not torch.bool)": (
        _STRETCHED
    ),
    f"{_ORIGINS}/measured.py _LITTLE: 1e-3 -> 1e-05": _BETWEEN,
    f"{_ORIGINS}/sides.py _BESIDE: 1e-3 -> 0.1": "what lies beside a number is looked at from closer",
    f"{_LOSSY} lossy_step: tape is None -> False": "no loss is looked for where there is no tape",
    f"{_LOSSY} lossy_step: sender is None -> False": "a gradient that is wrong was sent by somebody",
    "gradcli/diagnose/fixes/attach.py with_fixes: not any(BY_CODE[finding.code].fix for finding in findings) -> "
    "False": _WORK,
    'gradcli/diagnose/fixes/attach.py with_fixes: not any(_searches(finding, "finite") for finding in findings) and '
    "not Verifier.has_rewrites(bound) -> False": _WORK,
    "gradcli/diagnose/fixes/truth_text.py about: not truth.bad or truth.limits is None -> "
    "(truth.limits is None)": _WORK,
    f"{_VICINITY} Vicinity._signs: mixed -> not (mixed)": "the same directions, in another order",
    f"{_VICINITY} Vicinity.tends_to: first is None or last is None -> (first is None)": _BOTH,
    f"{_VICINITY} Vicinity.tends_to: first is None or last is None -> (last is None)": _BOTH,
    "gradcli/diagnose/findings/noise.py _hardly_varies: False -> True": _WORK,
    "gradcli/recording/paths.py _walk: gradient is None -> False": _GUARD,
    **_sizes(
        f"{_REFERENCE}/approaches.py", "DISTANCES", "10", "9 11", "it comes near in steps of much the same length"
    ),
    **_sizes(f"{_REFERENCE}/approaches.py", "MAX_SIGNS", "3", "4", _DEARER),
    **_sizes(f"{_REFERENCE}/approaches.py", "MAX_LINES", "3", "4", _DEARER),
    **_sizes(f"{_REFERENCE}/limits.py", "_NOISE", '"1e-250"', '"1e-256" "1e-252" "1e-248" "1e-244"', _BETWEEN),
    **_sizes(f"{_REFERENCE}/limits.py", "_CANCELLED", '"1e-100"', '"1e-106" "1e-102" "1e-98" "1e-94"', _BETWEEN),
    **_sizes("gradcli/inspections/checking/error_budget.py", "DRAWS", "6", "5 7", _CHANCE),
    **_sizes("gradcli/inspections/checking/error_budget.py", "SIGNS", "3", "2 4", _CHANCE),
    f"{_REFERENCE}/derivatives.py _FINER: 4 -> 5": "a kink stays one, what is smooth gets smoother",
    f"{_REFERENCE}/summed.py _DIGITS: 1500 -> 150000": _DEARER,
    "gradcli/recording/recorder.py Recorder.add: self._in_place and step.changes_memory -> "
    "(step.changes_memory)": _WORK,
    "gradcli/recording/recorder.py _dense: one is None or one.layout is torch.strided -> (one is None)": _WORK,
    f"{_REFERENCE}/differences.py moved_one_by_one: multiple == 0 -> False": _WORK,
    f"{_REFERENCE}/differences.py _pieces: not elements -> False": _WORK,
    **dict.fromkeys(
        (
            f"{_REFERENCE}/differences.py _agree: old == new or ({_BOTH_NAN}) or {_NEAR} -> {rest}"
            for rest in (
                f"({_BOTH_NAN}) or ({_NEAR})",
                f"(old == new) or ({_NEAR})",
                f"(old == new) or ({_BOTH_NAN})",
            )
        ),
        _EXACT,
    ),
    **dict.fromkeys(
        (
            f"{_REFERENCE}/differences.py settled_value: {changed}"
            for changed in (
                "before is not None and shows and _agree(before, now, digits) -> False",
                f"{_SHOWS} -> (precision >= _SHOWS_FLOAT64)",
                f"{_SHOWS} -> (not any(element == 0 for element in now.ravel()))",
            )
        ),
        _EXACT,
    ),
    f"{_REFERENCE}/limits.py _Search.__init__: parts[0] is not None or self._is_elementwise() -> "
    "(parts[0] is not None)": _WORK,
    f"{_REFERENCE}/rules/comparison.py _integers: not is_real(value) -> False": _WORK,
    **_sizes(f"{_REFERENCE}/reals.py", "REMEMBERED", "10_000", "0 100 1000000 10000000000", _WORK),
    **_sizes(f"{_REFERENCE}/rules/matrices.py", "_STEP", '"1e-12"', '"1e-18" "1e-14"', _BETWEEN),
    **dict.fromkeys(
        (f"{_REFERENCE}/rules/activations.py _formula: {dim}, -> (nothing)" for dim in (0, 1)),
        "dimension 1 of one dimension is counted around to 0",
    ),
    f"{_REFERENCE}/evaluator.py _NOT_COVERED: , mp.NoConvergence -> (nothing)": (
        "no function is known that does not converge where this is not caught before"
    ),
    **_sizes(f"{_REFERENCE}/verdict.py", "ZERO_LEVEL", "2", "3", _DEARER),
    **_sizes(f"{_REFERENCE}/verdict.py", "FINE_LEVEL", "3", "4", _DEARER),
    **_sizes(f"{_REFERENCE}/verdict.py", "FINEST_LEVEL", "4", "5", _DEARER),
    **_sizes(f"{_REFERENCE}/reals.py", "NEGLIGIBLE", '"1e-340"', '"1e-346" "1e-342" "1e-338" "1e-334"', _BETWEEN),
    **_sizes(f"{_REFERENCE}/verdict.py", "_SAME_JUMP", '"1e-6"', '"1e-12" "1e-8"', _BETWEEN),
    **_sizes(f"{_REFERENCE}/verdict.py", "_SMALL", '"1e-20"', '"1e-26" "1e-22" "1e-18" "1e-14"', _BETWEEN),
    **_sizes(f"{_REFERENCE}/verdict.py", "next_level", "1000", "10 100000 1000000000", _DEARER),
    "gradcli/diagnose/findings/kink.py _finding: weights is not None and sides is not None and sides[0] == sides[1] -> "
    "(weights is not None) and (sides[0] == sides[1])": _GUARD,
}
"""By `key` of the mutant: file, function or constant, and the change."""
