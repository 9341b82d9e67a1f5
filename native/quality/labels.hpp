#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "../support/cancellation.hpp"
#include "distance_rows.hpp"
#include "neighborhoods.hpp"

namespace sigma {

// The class of every point, from 0 to count - 1. Every class has members. Points without a class have the number
// `count`.
struct Classes {
  std::vector<std::uint32_t> of;
  std::size_t count = 0;
};

// For each point whose neighbors in the embedding are listed: 1 if the most frequent class among them is the point's
// own class, otherwise 0. Among equally frequent classes, the one with the nearest neighbor counts. Neighbors without a
// class have no vote, and points without a class get NaN.
std::vector<double> vote(const Neighborhoods& neighborhoods, std::span<const std::uint32_t> points,
                         const Classes& classes);

// Silhouettes of some points (Rousseeuw 1987): (b - a) / max(a, b), where a is the mean distance to the other points of
// the same class and b the least mean distance to another class. The silhouette is 0 for the only member of a class and
// NaN for points without a class. There must be at least two classes. Each of the points is compared with all points.
std::vector<double> find_silhouettes(const Distance& embedding, std::span<const std::uint32_t> points,
                                     const Classes& classes, ThreadTeam& team, const Cancellation& cancellation,
                                     const std::function<void(double)>& progress);

}  // namespace sigma
