"""Small arithmetic expressions in catalog files, such as `height // 8` or `2 if guidance > 1 else 1`.

Names are looked up in the symbols given; `c.x` reads a component's configuration. Nothing else of
Python is reachable: no calls but min, max and ceil, no attributes but configuration fields.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from advisor.errors import DataError

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
_CALLS = {"min": min, "max": max, "ceil": math.ceil}

Expression = str | int | float


def evaluate(
    expression: Expression, symbols: Mapping[str, Any], config: Mapping[str, Any] | None = None
) -> float:
    """The value of `expression`. Raises DataError on an unknown name or anything but arithmetic."""
    if isinstance(expression, int | float):
        return expression
    try:
        return _value(_parse(expression), symbols, config or {})
    except (KeyError, TypeError, ZeroDivisionError, IndexError) as error:
        raise DataError(f"expression '{expression}' cannot be computed: {error!r}") from None


def evaluate_int(
    expression: Expression, symbols: Mapping[str, Any], config: Mapping[str, Any] | None = None
) -> int:
    """As `evaluate`, for counts and sizes; a value that is not whole is an error."""
    value = evaluate(expression, symbols, config)
    if value != int(value):
        raise DataError(f"expression '{expression}' gives {value}, not a whole number")
    return int(value)


@lru_cache(maxsize=4096)
def _parse(expression: str) -> ast.expr:
    try:
        return ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise DataError(f"'{expression}' is not an expression") from None


def _value(node: ast.expr, symbols: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return symbols[name]
        case ast.Attribute(value=ast.Name(id="c"), attr=field):
            return config[field]
        case ast.Subscript(value=inner, slice=index):
            return _value(inner, symbols, config)[_value(index, symbols, config)]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, symbols, config)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](
                _value(left, symbols, config), _value(right, symbols, config)
            )
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return _COMPARE[type(op)](
                _value(left, symbols, config), _value(right, symbols, config)
            )
        case ast.IfExp(test=test, body=body, orelse=orelse):
            chosen = body if _value(test, symbols, config) else orelse
            return _value(chosen, symbols, config)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _CALLS:
            return _CALLS[name](*(_value(arg, symbols, config) for arg in args))
    raise DataError(f"'{ast.unparse(node)}' is not allowed in a catalog expression")
