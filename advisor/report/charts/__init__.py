"""Charts as altair specifications, one function each: a View in, a Chart or None out.

Rules: the title states the finding and stands outside the picture; points are numbered as in the
tables; colour says whether the limit is kept, shape says the evidence, a bar is the 90 % interval;
Okabe-Ito colours of different lightness, so that grey print works; every chart has its words.
"""

from advisor.report.charts.breakeven import break_even
from advisor.report.charts.load import load
from advisor.report.charts.memory import memory
from advisor.report.charts.monthly import monthly_cost
from advisor.report.charts.pareto import LIMIT_COLOURS, pareto
from advisor.report.charts.roofline import roofline
from advisor.report.charts.stages import stages
from advisor.report.charts.tornado import tornado

__all__ = [
    "LIMIT_COLOURS",
    "break_even",
    "load",
    "memory",
    "monthly_cost",
    "pareto",
    "roofline",
    "stages",
    "tornado",
]
