#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../support/cancellation.hpp"

namespace sigma {

struct DensityOptions {
  double kernel_points = 30;      // (> 0) number of points that the kernel at a typical point covers
  double least_points = 10;       // (>= 1) regions with fewer points are not groups
  double least_separation = 0.5;  // [0, 1] regions are merged into one group if the valley between them is shallower
};

// The groups of an embedding: regions of high density that are separated by valleys.
//
// The density f(y) = sum_j exp(-|y - y_j|^2 / (2 h^2)) is computed on a grid with cells of width h / 2. The bandwidth h
// makes the median of f over the points equal to `kernel_points`. Cells are visited in the order of falling density. A
// cell without visited neighbors starts a region. Other cells join the neighboring region with the highest peak. A cell
// at which two regions meet is their saddle, and 1 - f(saddle) / f(lower of the two peaks) is their separation. The
// regions are merged if the separation is below `least_separation`, or if the region with the lower peak has fewer than
// `least_points` points so far. This is persistence-based clustering (Chazal, Guibas, Oudot & Skraba 2013) with
// relative instead of absolute prominence.
class DensityGroups {
 public:
  static constexpr std::int32_t kNone = -1;

  // `positions` is n x columns, 1 <= columns <= 3, n >= 1, all finite.
  DensityGroups(std::span<const float> positions, std::size_t columns, const DensityOptions& options,
                const Cancellation& cancellation);

  std::size_t count() const { return separations_.size(); }
  // The group at a position, or kNone if the density is almost zero or the region is too small.
  std::int32_t at(const float* position) const;
  // The least separation of each group from a neighboring group, or 1 if no other region touches it. Groups are ordered
  // by falling number of points.
  const std::vector<double>& separations() const { return separations_; }
  const std::vector<std::size_t>& sizes() const { return sizes_; }
  double bandwidth() const { return grid_.cell * 2; }
  // The largest separation of a group; 0 if there are fewer than two groups.
  double strongest() const;

 private:
  struct Grid {
    std::size_t columns = 2;
    double low[3] = {}, cell = 1;
    std::size_t width[3] = {1, 1, 1};
    std::size_t cells() const { return width[0] * width[1] * width[2]; }
    std::size_t at(const float* position) const;
    bool contains(const float* position) const;
  };

  class Regions;

  static Grid lay(std::span<const float> positions, std::size_t columns, double bandwidth);
  static std::vector<float> estimate(std::span<const float> positions, const Grid& grid);
  void flood(const std::vector<float>& density, const std::vector<std::uint32_t>& points_of,
             const DensityOptions& options, const Cancellation& cancellation);
  void number_groups(const std::vector<std::uint32_t>& order, Regions& regions, const DensityOptions& options);

  Grid grid_;
  std::vector<std::int32_t> group_of_;  // indexed by cell
  std::vector<double> separations_;
  std::vector<std::size_t> sizes_;
};

}  // namespace sigma
