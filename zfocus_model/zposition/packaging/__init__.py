"""From a run of ``zfocus train --task z-position`` to a model package."""
