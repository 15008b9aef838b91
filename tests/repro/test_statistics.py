import numpy as np
import pytest

from scitex_repro import RandomStateManager


def test_a_thousand_streams_are_pairwise_uncorrelated():
    """With seed 42, of the 499,500 correlations among 1,000 streams none is out of the ordinary.

    Each correlation r of n = 2,000 independent uniform numbers gives t = r * sqrt(n - 2) /
    sqrt(1 - r**2), normal to a good approximation. At alpha = 0.001 over all pairs (Bonferroni)
    the largest |t| must stay below 6.1; the share beyond 1.96 must be 5 percent within four
    standard errors, widened for the pairs' having streams in common.
    """
    rngg = RandomStateManager(42)
    drawn = np.stack([rngg(f"stream {number}").random(2000) for number in range(1000)])
    r = np.corrcoef(drawn)[np.triu_indices(1000, 1)]
    t = r * np.sqrt(1998) / np.sqrt(1 - r**2)
    assert np.abs(t).max() < 6.1
    assert abs((np.abs(t) > 1.96).mean() - 0.05) < 0.002


def test_streams_with_names_alike_are_uncorrelated_at_a_lag():
    """Names that differ in one digit share no stretch: lags up to 500 show no correlation."""
    rngg = RandomStateManager(42)
    a, b = rngg("s1").random(20_000) - 0.5, rngg("s2").random(20_000) - 0.5
    size = 2**16
    cross = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)))
    z = np.r_[cross[:501], cross[-500:]] / (20_000**0.5 / 12)
    assert np.abs(z).max() < 5.5


@pytest.mark.slow
def test_a_million_names_have_a_million_streams():
    """No two of 10**6 names begin with the same 64 bits."""
    first = set()
    for start in range(0, 10**6, 10**4):
        rngg = RandomStateManager(42)
        names = (f"name {number}" for number in range(start, start + 10**4))
        first.update(rngg(name).bit_generator.random_raw() for name in names)
    assert len(first) == 10**6


def test_the_first_numbers_of_many_streams_are_uniform():
    """First draws over 20,000 names fill [0, 1) evenly (chi-square, 99 degrees, alpha 1e-6)."""
    rngg = RandomStateManager(42)
    first = [rngg(str(number)).random() for number in range(20_000)]
    counts = np.histogram(first, bins=100, range=(0, 1))[0]
    assert ((counts - 200) ** 2 / 200).sum() < 180
