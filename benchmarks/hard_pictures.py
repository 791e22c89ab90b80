"""Hard pictures, simulated: what the shipped model says of them, with a figure for the docs.

Kinds of pictures that are known to be hard were chosen before any model was asked; all are shown,
right or wrong (`zfocus_model.training.packaging.failures`). The card of a package that is exported
from now on shows the same. Options: --model PATH, --quick (print only, no figure).
"""

from __future__ import annotations

import argparse

from _record import ROOT, Goal, Table, asked, save

import zfocus_model
from zfocus_model.training.packaging.failures import picture_bytes, rate_cases

FIGURE = ROOT / "docs" / "images" / "hard-pictures.png"


def main() -> None:
    """Rate, draw, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="focus-fluorescence")
    parser.add_argument("--quick", action="store_true", help="print only")
    arguments = parser.parse_args()
    model = zfocus_model.load_model(arguments.model)
    domain = model.domain_engine
    cases = rate_cases(
        model.engine.probabilities,
        model.package.limits,
        domain.probabilities if domain else None,
    )
    rows = [
        [
            number,
            case.title,
            case.wanted.replace("_", " "),
            case.rating.status.replace("_", " ")
            + (f" ({case.rating.reason.replace('_', ' ')})" if case.rating.reason else ""),
            case.rating.expected_level,
            case.rating.certainty.aggregate,
        ]
        for number, case in enumerate(cases, 1)
    ]
    sure = sum(
        not case.right and case.rating.status != "undecided" for case in cases
    )  # undecided is no answer, but no wrong one either
    save(
        "hard_pictures",
        title="Hard pictures",
        tables=[
            Table(
                "Simulated pictures of 252 x 252 px, each chosen because it is hard",
                ["", "picture", "right", "the model says", "expected level", "certainty"],
                rows,
                f"![The pictures, with the levels of their patches](images/{FIGURE.name})",
            )
        ],
        goals=[Goal("hard pictures with a wrong answer (undecided is none): 0", sure, not sure)],
        settings=asked(model),
        keep=not arguments.quick,
    )
    if not arguments.quick:
        FIGURE.write_bytes(picture_bytes(cases))


if __name__ == "__main__":
    main()
