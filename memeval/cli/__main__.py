"""`python -m memeval.cli`."""

import sys

from memeval.cli.main import main

sys.exit(main())
