#pragma once

#include <cstddef>
#include <vector>

#include "../neighbors/gaussians.hpp"
#include "../support/threads.hpp"

namespace sigma {

// Points of the unit square, (x, y) by point. float64: what tells crowded points apart must survive the crowd.
using SquarePoints = std::vector<double>;

// Throws BadValue at the first of n x 2 numbers that is not finite.
void require_finite(NumberView points, std::size_t n);

// Copies n x 2 numbers, each axis stretched so that its values fill [0, 1]. An axis on which all are equal becomes the
// even sequence of the plane's golden ratio (Roberts 2018), so that points on a line or on one spot have somewhere to
// go.
SquarePoints fill_square(NumberView points, std::size_t n);

// The same with one scale for both axes: the shape of the embedding, in which its neighbors are those that people see.
SquarePoints keep_shape(NumberView points, std::size_t n);

// Moves every point by less than a hundredth of the mean spacing, each by another vector of an even sequence: no two
// are equal afterwards, nor do they lie on a line that no force could bend.
void tell_apart(SquarePoints& points);

// Coefficient of variation of a 32 x 32 histogram: the standard deviation of its counts by their mean. Independent
// uniform points give sqrt(1024 / n).
double measure_evenness(const SquarePoints& points);

// The k nearest others of each of the points listed, nearest first: listed.size() x k, k < n. Of equal distances any,
// the same with any team.
std::vector<std::uint32_t> find_nearest(const SquarePoints& points, const std::vector<std::uint32_t>& listed,
                                        std::size_t k, ThreadTeam& team);

}  // namespace sigma
