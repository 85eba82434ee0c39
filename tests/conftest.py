"""One thread per test process: two workers share two cores."""

from __future__ import annotations

import os

from hypothesis import settings

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# A loaded machine is no failure: nothing here is a timed test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
