#pragma once

#include <cstddef>
#include <vector>

#include "../neighbors/gaussians.hpp"
#include "../support/threads.hpp"

namespace sigma {

// Points of the unit square, (x, y) per point. float64, so that even crowded points keep different positions.
using SquarePoints = std::vector<double>;

// Throws BadValue at the first of n x 2 numbers that is not finite.
void require_finite(NumberView points, std::size_t n);

// Copies n x 2 numbers and stretches each axis so that its values fill [0, 1]. If all values of an axis are equal, they
// are replaced by the even sequence of the plastic number (Roberts 2018). Points on a line or at one position then have
// directions in which to move.
SquarePoints fill_square(NumberView points, std::size_t n);

// Copies n x 2 numbers with one scale for both axes. This keeps the shape of the embedding and the neighbors that
// people see in it.
SquarePoints keep_shape(NumberView points, std::size_t n);

// Moves every point by less than a hundredth of the mean spacing, each by another vector. The vectors
// come from a sequence that is evenly distributed (low discrepancy).
// Afterwards no two points are equal, and points do not lie on a line that no force could bend.
void tell_apart(SquarePoints& points);

// Coefficient of variation of a 32 x 32 histogram: the standard deviation of its counts divided by their mean.
// Independent uniform points give sqrt(1024 / n).
double measure_evenness(const SquarePoints& points);

// The k nearest other points of each of the listed points, nearest first: listed.size() x k, k < n. Among equal
// distances the choice is arbitrary, but it does not depend on the team.
std::vector<std::uint32_t> find_nearest(const SquarePoints& points, const std::vector<std::uint32_t>& listed,
                                        std::size_t k, ThreadTeam& team);

}  // namespace sigma
