"""What the published study says, in our words, beside each figure."""

from __future__ import annotations

PAPER = {
    "stacks": (
        "Wei & Roberts 2018, Fig. 4: error and mean square drop sharply at about 100 training "
        "stacks, then slowly up to 345."
    ),
    "bins": (
        "Wei & Roberts 2018, Fig. 3: spread and mean square grow monotonically with the width of "
        "the bins, 1 to 5 um, with no minimum at 1 um."
    ),
    "batch": "Wei & Roberts 2018, Fig. 2: the mean square rises when the batch gets smaller.",
    "sampling": (
        "Wei & Roberts 2018, Fig. 2: the mean error stays the same at 2x, 4x and 10x; the mean "
        "square is least at 4x."
    ),
    "confusion": (
        "Wei & Roberts 2018, Fig. 3: central bins: the right bin has the highest probability and "
        "+-1 bin some of it; the ends are broader. Half of their test images lie within 1 um."
    ),
    "second": (
        "Wei & Roberts 2018, Fig. 7: fixed, stained Euglena at 10x phase, 12 um bins, the same "
        "hyperparameters: works, with wider errors, as the depth of field is larger."
    ),
    "people": (
        "Wei & Roberts 2018, Fig. 5: the network equals the best of four people and beats three; "
        "in single images it beats all four. Here no person took part: the annotators are "
        "SIMULATED, with biases and spreads that we made up."
    ),
    "scores": (
        "Wei & Roberts 2018, Suppl. S1: of three scores, one relates to z and finds the focal "
        "plane. Here: mean and standard deviation over the test stacks."
    ),
    "labels": (
        "Wei & Roberts 2018: label noise averages out, the network is more precise than its "
        "annotator. Here: each training stack's origin moved by a uniform draw of up to so much."
    ),
    "photons": (
        "Wei & Roberts 2018 name low intensity as what sharpness scores fail at. Here: Poisson "
        "noise added to test planes; training had 2,000 to 20,000 photoelectrons a pixel."
    ),
    "failures": (
        "Wei & Roberts 2018, Fig. S5: few cells mostly on the ceiling: about 5 um off; two "
        "populations: bimodal, the wrong mode slightly higher; above focus: extremely broad. Here: "
        "two planes a case, undecided ones first, as read with the limits of the package."
    ),
    "by-z": ("Wei & Roberts 2018, Fig. 2: mean error flat over z. Here: whole test split, argmax."),
}
