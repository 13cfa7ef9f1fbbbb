"""The day at the library goes as it should, whatever door looks."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXPECTED = """\
before 1950: Emma, Ulysses
lent: True False
copies of Dune at the desk: 0
open loans: [('Ada', 'Dune', 'Herbert', True)]
fined: True False
fines: [('Ada', Decimal('2.50')), ('Bo', Decimal('0.00'))]
number taken: True
served: ['Cy', 'Di']
on main: (Decimal('2.50'),)
differences: 2
merged: 2 things
at the desk: 0.00 3
before: (Decimal('2.50'),)
"""


def test_a_day_at_the_library():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "examples.library"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == EXPECTED
