"""Random tests draw the same examples at each run, so that a red run is a change's doing; `DOTDO_EXAMPLES` explores afresh."""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.register_profile("exploring", derandomize=False)
settings.load_profile("exploring" if "DOTDO_EXAMPLES" in os.environ else "repeatable")
