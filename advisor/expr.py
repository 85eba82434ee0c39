"""Small arithmetic expressions of catalog files: `height // 8`, `2 if guidance > 1 else 1`.

Names are looked up in the symbols given; `c.x` reads a component's configuration. Nothing else of
Python is reachable: no calls but min, max and ceil, no attributes but configuration fields, and
arithmetic on numbers only, so that no expression can take long or grow large.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from advisor.errors import DataError, printable

MAX_LENGTH = 500

_BINARY: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARE: dict[type, Any] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CALLS: dict[str, Any] = {"min": min, "max": max, "ceil": math.ceil}
_FAULTS = (TypeError, ArithmeticError, IndexError, ValueError, RecursionError)

Expression = str | int | float


def evaluate(
    expression: Expression, symbols: Mapping[str, Any], config: Mapping[str, Any] | None = None
) -> float:
    """The value of `expression`, a finite number.

    Raises DataError on an unknown name, anything but arithmetic, or a result that is no number.
    """
    if isinstance(expression, int | float):
        return _finite(expression, expression)
    try:
        return _finite(_value(_parse(expression), symbols, config or {}), expression)
    except KeyError as error:
        raise DataError(f"expression '{_short(expression)}' names an unknown {error}") from None
    except _FAULTS as error:
        raise DataError(f"expression '{_short(expression)}' cannot be computed: {error}") from None


def evaluate_int(
    expression: Expression, symbols: Mapping[str, Any], config: Mapping[str, Any] | None = None
) -> int:
    """As `evaluate`, for counts and sizes; a value that is not whole is an error."""
    value = evaluate(expression, symbols, config)
    if value != int(value):
        raise DataError(f"expression '{_short(expression)}' gives {value}, not a whole number")
    return int(value)


def _finite(value: Any, expression: Expression) -> float:
    """`value` if it is a finite number (a comparison counts as 1 or 0)."""
    if not isinstance(value, int | float):
        raise TypeError(f"it gives a {type(value).__name__}, not a number")
    if not math.isfinite(value):
        raise DataError(f"expression '{_short(expression)}' gives {value}, which is not finite")
    return int(value) if isinstance(value, bool) else value


def _short(expression: Expression) -> str:
    return printable(str(expression))


@lru_cache(maxsize=4096)
def _parse(expression: str) -> ast.expr:
    if len(expression) > MAX_LENGTH:
        raise DataError(
            f"expression '{_short(expression)}...' is over {MAX_LENGTH} characters long"
        )
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise DataError(f"'{_short(expression)}' is not an expression") from None


def _number(node: ast.expr, symbols: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
    """The value of an operand, which must be a number: lists must not be multiplied."""
    value = _value(node, symbols, config)
    if not isinstance(value, int | float):
        raise TypeError(f"'{_short(ast.unparse(node))}' is not a number")
    return value


def _value(node: ast.expr, symbols: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.Name(id=name):
            return symbols[name]
        case ast.Attribute(value=ast.Name(id="c"), attr=field):
            return config[field]
        case ast.Attribute(value=ast.Attribute() as part, attr=field):  # c.part.field
            return _value(part, symbols, config)[field]
        case ast.Subscript(value=inner, slice=index):
            return _value(inner, symbols, config)[_value(index, symbols, config)]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_number(inner, symbols, config)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](
                _number(left, symbols, config), _number(right, symbols, config)
            )
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return _COMPARE[type(op)](_value(left, symbols, config), _value(right, symbols, config))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            chosen = body if _value(test, symbols, config) else orelse
            return _value(chosen, symbols, config)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CALLS:
            return _CALLS[name](*(_value(arg, symbols, config) for arg in args))
    raise DataError(f"'{_short(ast.unparse(node))}' is not allowed in a catalog expression")
