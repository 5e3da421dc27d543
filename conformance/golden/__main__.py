"""``python -m roikit.conformance.golden``."""

import sys

from .files import main

sys.exit(main())
