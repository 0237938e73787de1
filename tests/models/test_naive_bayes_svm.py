"""The weights of naive Bayes."""

from models.naive_bayes_svm import LogCountRatio

import numpy as np
from scipy.sparse import csr_matrix


def test_the_log_count_ratio_by_hand():
    """Counts with alpha 1: 3, 2 and 1 of 6 in the positive class, 1, 2 and 2 of 5 in the other."""
    counts = csr_matrix(np.array([[1.0, 1, 0], [1, 0, 0], [0, 1, 1]]))
    ratio = LogCountRatio(alpha=1.0).fit(counts, np.array([1, 1, 0]))
    expected = np.log([(3 / 6) / (1 / 5), (2 / 6) / (2 / 5), (1 / 6) / (2 / 5)])
    np.testing.assert_allclose(ratio.ratio_, expected)
    np.testing.assert_allclose(ratio.transform(counts).toarray()[0], [*expected[:2], 0])
