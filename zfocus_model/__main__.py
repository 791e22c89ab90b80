"""``python -m zfocus_model``: the same as the command ``zfocus``."""

from __future__ import annotations

import sys

from zfocus_model.cli import main

if __name__ == "__main__":
    sys.exit(main())
