"""The parts of a model package, one module each: weights, test data, words, checks."""
