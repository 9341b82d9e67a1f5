#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "../support/cancellation.hpp"
#include "distance_rows.hpp"
#include "neighborhoods.hpp"

namespace sigma {

// The class of every point, from 0 to count - 1; each has members. Points without a class have `count`.
struct Classes {
  std::vector<std::uint32_t> of;
  std::size_t count = 0;
};

// For each of the points whose neighbors in the embedding are listed: 1 if most of them are of its own class, else 0.
// Of classes that are equally frequent that of the nearest neighbor among them counts. Neighbors without a class have
// no vote, and points without one get NaN.
std::vector<double> vote(const Neighborhoods& neighborhoods, std::span<const std::uint32_t> points,
                         const Classes& classes);

// Silhouettes of some points (Rousseeuw 1987): (b - a) / max(a, b), with a the mean distance to the others of its own
// class and b the least mean distance to another class; 0 for the only member of a class, NaN for points without one.
// At least two classes. Compares each of the points with all.
std::vector<double> find_silhouettes(const Distance& embedding, std::span<const std::uint32_t> points,
                                     const Classes& classes, ThreadTeam& team, const Cancellation& cancellation,
                                     const std::function<void(double)>& progress);

}  // namespace sigma
