"""Student's t distribution, so that nothing but numpy is needed for it."""

import math
from functools import lru_cache

from memeval.kit.errors import ConfigError

_TINY = 1e-300


def t_two_sided(t: float, degrees: float) -> float:
    """Probability that |T| is at least |t|; `degrees` of freedom may be a fraction.

    The regularised incomplete beta function I_x(degrees/2, 1/2) at x = degrees / (degrees + t^2) (Abramowitz and Stegun
    26.7.1), by its continued fraction (DLMF 8.17.22).
    """
    if math.isinf(t):
        return 0.0
    return _incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t))


@lru_cache(maxsize=1024)
def t_quantile(probability: float, degrees: float) -> float:
    """The t that T stays below with a probability, found by bisection to 12 digits.

    Raises:
        ConfigError: a probability that is not between 0 and 1, or no degree of freedom.
    """
    if not 0 < probability < 1 or degrees <= 0:
        raise ConfigError(f"no quantile at probability {probability} with {degrees} degrees of freedom")
    if probability == 0.5:
        return 0.0
    tail = 2 * min(probability, 1 - probability)
    low, high = 0.0, 1.0
    while t_two_sided(high, degrees) > tail:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if t_two_sided(middle, degrees) > tail:
            low = middle
        else:
            high = middle
    return high if probability > 0.5 else -high


def _incomplete_beta(a: float, b: float, x: float) -> float:
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    # The fraction converges fast on this side only.
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / (a * _fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + ...)), by Lentz's algorithm."""
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, 10_000):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d or _TINY)
        c = 1 + term / c or _TINY
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
