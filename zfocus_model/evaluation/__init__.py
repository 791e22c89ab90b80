"""How right a model is: metrics, intervals, graded and real images, stacks, tables and a page.

The formulas are in docs/evaluate.md, one function each in `zfocus_model.evaluation.metrics`.
"""
