"""Statistical aggregates of pairs (9.21): correlation, covariance, linear regression, by Youngs and Cramer's running sums."""

from __future__ import annotations

import math

from dotdo_postgres.engine.routines.declare import Family

FAMILY = Family("9.21")


class _Pairs:
    """Running sums over pairs of a dependent and an independent variable."""

    def __init__(self) -> None:
        self.count = 0
        self.sum_x = self.sum_y = self.squares_x = self.squares_y = self.products = 0.0

    def step(self, y: float, x: float) -> None:
        """Take a pair."""
        self.count += 1
        self.sum_x += x
        self.sum_y += y
        if not (math.isfinite(x) and math.isfinite(y)):
            self.products = math.nan
            self.squares_x = self.squares_x if math.isfinite(x) else math.nan
            self.squares_y = self.squares_y if math.isfinite(y) else math.nan
        if self.count > 1:
            gap_x, gap_y = x * self.count - self.sum_x, y * self.count - self.sum_y
            scale = 1.0 / (self.count * (self.count - 1))
            self.squares_x += gap_x * gap_x * scale
            self.squares_y += gap_y * gap_y * scale
            self.products += gap_x * gap_y * scale


@FAMILY.aggregate("corr(double precision, double precision)", returns="double precision")
class Correlation(_Pairs):
    """Finds the correlation coefficient."""

    def final(self) -> float | None:
        """Return it, NULL where one side does not vary."""
        if not self.count or self.squares_x == 0 or self.squares_y == 0:
            return None
        return self.products / math.sqrt(self.squares_x * self.squares_y)


@FAMILY.aggregate("covar_pop(double precision, double precision)", returns="double precision")
class Covariance(_Pairs):
    """Finds the covariance of the population."""

    def final(self) -> float | None:
        """Return it, NULL of no pairs."""
        return self.products / self.count if self.count else None


@FAMILY.aggregate("covar_samp(double precision, double precision)", returns="double precision")
class SampleCovariance(_Pairs):
    """Finds the covariance of a sample."""

    def final(self) -> float | None:
        """Return it, NULL of fewer than two pairs."""
        return self.products / (self.count - 1) if self.count > 1 else None


@FAMILY.aggregate("regr_count(double precision, double precision)", returns="bigint")
class PairCount(_Pairs):
    """Counts the pairs without NULL."""

    def final(self) -> int:
        """Return their number."""
        return self.count


@FAMILY.aggregate("regr_avgx(double precision, double precision)", returns="double precision")
class AverageX(_Pairs):
    """Averages the independent variable."""

    def final(self) -> float | None:
        """Return the average, NULL of no pairs."""
        return self.sum_x / self.count if self.count else None


@FAMILY.aggregate("regr_avgy(double precision, double precision)", returns="double precision")
class AverageY(_Pairs):
    """Averages the dependent variable."""

    def final(self) -> float | None:
        """Return the average, NULL of no pairs."""
        return self.sum_y / self.count if self.count else None


@FAMILY.aggregate("regr_sxx(double precision, double precision)", returns="double precision")
class SquaresX(_Pairs):
    """Sums the squared deviations of the independent variable."""

    def final(self) -> float | None:
        """Return the sum, NULL of no pairs."""
        return self.squares_x if self.count else None


@FAMILY.aggregate("regr_syy(double precision, double precision)", returns="double precision")
class SquaresY(_Pairs):
    """Sums the squared deviations of the dependent variable."""

    def final(self) -> float | None:
        """Return the sum, NULL of no pairs."""
        return self.squares_y if self.count else None


@FAMILY.aggregate("regr_sxy(double precision, double precision)", returns="double precision")
class Products(_Pairs):
    """Sums the products of the deviations."""

    def final(self) -> float | None:
        """Return the sum, NULL of no pairs."""
        return self.products if self.count else None


@FAMILY.aggregate("regr_slope(double precision, double precision)", returns="double precision")
class Slope(_Pairs):
    """Finds the slope of the line that fits best."""

    def final(self) -> float | None:
        """Return it, NULL where the independent variable does not vary."""
        return self.products / self.squares_x if self.count and self.squares_x else None


@FAMILY.aggregate("regr_intercept(double precision, double precision)", returns="double precision")
class Intercept(_Pairs):
    """Finds where the line that fits best meets the axis."""

    def final(self) -> float | None:
        """Return it, NULL where the independent variable does not vary."""
        if not self.count or not self.squares_x:
            return None
        return (self.sum_y - self.sum_x * self.products / self.squares_x) / self.count


@FAMILY.aggregate("regr_r2(double precision, double precision)", returns="double precision")
class Determination(_Pairs):
    """Finds the square of the correlation coefficient."""

    def final(self) -> float | None:
        """Return it, 1 where only the dependent variable stays the same."""
        if not self.count or not self.squares_x:
            return None
        if not self.squares_y:
            return 1.0
        return self.products * self.products / (self.squares_x * self.squares_y)
