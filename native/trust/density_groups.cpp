#include "density_groups.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sigma {
namespace {

// The kernel is cut off at three bandwidths; each bandwidth is two cells.
constexpr int kReach = 6;
// The most cells per axis, indexed by the number of axes. Wider embeddings get wider cells.
constexpr double kMostCells[] = {0, 1 << 20, 2048, 160};
// Cells with a lower density count as empty. A single point has a density of 1.
constexpr float kNothing = 0.02f;
constexpr int kMostSteps = 12;
constexpr double kPrecision = 0.02;

// The offsets in memory from a cell to the cells that touch it.
std::vector<std::ptrdiff_t> steps_around(std::size_t columns, const std::size_t (&width)[3]) {
  const auto row = static_cast<std::ptrdiff_t>(width[0]), layer = row * static_cast<std::ptrdiff_t>(width[1]);
  const int deep = columns > 2 ? 1 : 0, high = columns > 1 ? 1 : 0;
  std::vector<std::ptrdiff_t> steps;
  for (int z = -deep; z <= deep; ++z) {
    for (int y = -high; y <= high; ++y) {
      for (int x = -1; x <= 1; ++x) {
        if (x != 0 || y != 0 || z != 0) steps.push_back(x + y * row + z * layer);
      }
    }
  }
  return steps;
}

}  // namespace

// Regions of cells. Each region is a union-find tree whose root is the peak.
class DensityGroups::Regions {
 public:
  struct Region {
    float peak;
    std::size_t points;
    // the largest ratio of a saddle to the lower peak, over all neighboring regions that stayed separate
    double shallowest;
  };

  explicit Regions(std::size_t cells) : parent_(cells, kUnvisited), region_(cells) {}

  bool is_visited(std::size_t cell) const { return parent_[cell] != kUnvisited; }
  std::size_t root(std::size_t cell) {
    while (parent_[cell] != cell) cell = parent_[cell] = parent_[parent_[cell]];
    return cell;
  }
  Region& at(std::size_t root) { return region_[root]; }
  void found(std::size_t cell, Region region) {
    parent_[cell] = static_cast<std::uint32_t>(cell);
    region_[cell] = region;
  }

  // Adds a cell that touches the regions with these roots (at least one) and merges the regions that belong together.
  void meet(std::size_t cell, float density, std::size_t points, std::vector<std::size_t>& roots,
            const DensityOptions& options) {
    std::sort(roots.begin(), roots.end(), [&](auto a, auto b) {
      return region_[a].peak > region_[b].peak || (region_[a].peak == region_[b].peak && a < b);
    });
    Region& highest = region_[roots[0]];
    join(cell, roots[0]);
    highest.points += points;
    // The regions that stay separate are moved to the front. The cell is a saddle between each pair of them.
    std::size_t apart = 1;
    for (std::size_t m = 1; m < roots.size(); ++m) {
      const std::size_t root = roots[m];
      Region& lower = region_[root];
      const double ratio = static_cast<double>(density) / static_cast<double>(lower.peak);
      const bool is_small = static_cast<double>(lower.points) < options.least_points;
      if (is_small || 1 - ratio < options.least_separation) {
        highest.points += lower.points;
        highest.shallowest = std::max(highest.shallowest, lower.shallowest);
        join(root, roots[0]);
        continue;
      }
      lower.shallowest = std::max(lower.shallowest, ratio);
      for (std::size_t e = 0; e < apart; ++e) {
        region_[roots[e]].shallowest = std::max(region_[roots[e]].shallowest, ratio);
      }
      roots[apart++] = root;
    }
  }

 private:
  void join(std::size_t cell, std::size_t root) { parent_[cell] = static_cast<std::uint32_t>(root); }

  static constexpr std::uint32_t kUnvisited = 0xffffffffu;
  std::vector<std::uint32_t> parent_;
  std::vector<Region> region_;
};

std::size_t DensityGroups::Grid::at(const float* position) const {
  std::size_t index = 0;
  for (std::size_t c = columns; c-- > 0;) {
    const double place = std::floor((static_cast<double>(position[c]) - low[c]) / cell);
    index = index * width[c] + static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(width[c] - 1)));
  }
  return index;
}

bool DensityGroups::Grid::contains(const float* position) const {
  for (std::size_t c = 0; c < columns; ++c) {
    const double place = (static_cast<double>(position[c]) - low[c]) / cell;
    if (!(place >= 0 && place < static_cast<double>(width[c]))) return false;
  }
  return true;
}

DensityGroups::Grid DensityGroups::lay(std::span<const float> positions, std::size_t columns, double bandwidth) {
  const std::size_t n = positions.size() / columns;
  Grid grid;
  grid.columns = columns;
  double extent[3] = {};
  for (std::size_t c = 0; c < columns; ++c) {
    float low = positions[c], high = positions[c];
    for (std::size_t i = 1; i < n; ++i) {
      low = std::min(low, positions[i * columns + c]);
      high = std::max(high, positions[i * columns + c]);
    }
    grid.low[c] = static_cast<double>(low);
    extent[c] = static_cast<double>(high) - static_cast<double>(low);
    bandwidth = std::max(bandwidth, 2 * extent[c] / (kMostCells[columns] - 2 * kReach));
  }
  grid.cell = bandwidth / 2;
  for (std::size_t c = 0; c < columns; ++c) {
    grid.low[c] -= kReach * grid.cell;
    grid.width[c] = static_cast<std::size_t>(extent[c] / grid.cell) + 2 * kReach + 1;
  }
  return grid;
}

std::vector<float> DensityGroups::estimate(std::span<const float> positions, const Grid& grid) {
  const std::size_t n = positions.size() / grid.columns;
  std::vector<float> density(grid.cells(), 0.0f), smoothed;
  for (std::size_t i = 0; i < n; ++i) density[grid.at(&positions[i * grid.columns])] += 1;
  float kernel[kReach + 1];
  for (int step = 0; step <= kReach; ++step) kernel[step] = static_cast<float>(std::exp(-step * step / 8.0));
  std::size_t stride = 1;
  for (std::size_t c = 0; c < grid.columns; ++c) {
    smoothed.assign(density.size(), 0.0f);
    const auto width = static_cast<std::ptrdiff_t>(grid.width[c]);
    for (std::size_t cell = 0; cell < density.size(); ++cell) {
      if (density[cell] == 0) continue;
      const auto place = static_cast<std::ptrdiff_t>(cell / stride) % width;
      const std::ptrdiff_t first = std::max<std::ptrdiff_t>(-kReach, -place),
                           last = std::min<std::ptrdiff_t>(kReach, width - 1 - place);
      for (std::ptrdiff_t step = first; step <= last; ++step) {
        const auto target = static_cast<std::ptrdiff_t>(cell) + step * static_cast<std::ptrdiff_t>(stride);
        smoothed[static_cast<std::size_t>(target)] += kernel[std::abs(step)] * density[cell];
      }
    }
    density.swap(smoothed);
    stride *= grid.width[c];
  }
  return density;
}

DensityGroups::DensityGroups(std::span<const float> positions, std::size_t columns, const DensityOptions& options,
                             const Cancellation& cancellation) {
  const std::size_t n = positions.size() / columns;
  const auto median_at_points = [&](const std::vector<float>& density) {
    std::vector<float> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = density[grid_.at(&positions[i * columns])];
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n / 2), values.end());
    return static_cast<double>(values[n / 2]);
  };
  // A bandwidth that covers everything. The search for the right bandwidth starts from it.
  double bandwidth = 0;
  for (std::size_t c = 0; c < columns; ++c) {
    float low = positions[c], high = positions[c];
    for (std::size_t i = 1; i < n; ++i) {
      low = std::min(low, positions[i * columns + c]);
      high = std::max(high, positions[i * columns + c]);
    }
    bandwidth = std::max(bandwidth, static_cast<double>(high) - static_cast<double>(low));
  }
  if (!(bandwidth > 0)) bandwidth = 1;
  bandwidth *= std::pow(options.kernel_points / static_cast<double>(n), 1.0 / static_cast<double>(columns)) / 2;
  std::vector<float> density;
  for (int step = 0; step < kMostSteps; ++step) {
    cancellation.check();
    grid_ = lay(positions, columns, bandwidth);
    density = estimate(positions, grid_);
    const double ratio = options.kernel_points / median_at_points(density);
    if (std::abs(ratio - 1) < kPrecision) break;
    bandwidth = 2 * grid_.cell * std::clamp(std::pow(ratio, 1.0 / static_cast<double>(columns)), 0.25, 4.0);
  }
  std::vector<std::uint32_t> points_of(grid_.cells(), 0);
  for (std::size_t i = 0; i < n; ++i) ++points_of[grid_.at(&positions[i * columns])];
  flood(density, points_of, options, cancellation);
}

void DensityGroups::flood(const std::vector<float>& density, const std::vector<std::uint32_t>& points_of,
                          const DensityOptions& options, const Cancellation& cancellation) {
  std::vector<std::uint32_t> order;
  for (std::size_t cell = 0; cell < density.size(); ++cell) {
    if (density[cell] >= kNothing) order.push_back(static_cast<std::uint32_t>(cell));
  }
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return density[a] > density[b]; });
  const std::vector<std::ptrdiff_t> around = steps_around(grid_.columns, grid_.width);
  Regions regions(density.size());
  std::vector<std::size_t> met;
  for (std::size_t visited = 0; visited < order.size(); ++visited) {
    if (visited % 65536 == 0) cancellation.check();
    const std::uint32_t cell = order[visited];
    met.clear();
    // The kernel leaves the border of the grid empty, so no visited cell has a neighbor beyond it.
    for (const std::ptrdiff_t step : around) {
      const auto next = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(cell) + step);
      if (next >= density.size() || !regions.is_visited(next)) continue;
      const std::size_t root = regions.root(next);
      if (std::find(met.begin(), met.end(), root) == met.end()) met.push_back(root);
    }
    if (met.empty()) {
      regions.found(cell, {density[cell], points_of[cell], 0});
    } else {
      regions.meet(cell, density[cell], points_of[cell], met, options);
    }
  }
  number_groups(order, regions, options);
}

void DensityGroups::number_groups(const std::vector<std::uint32_t>& order, Regions& regions,
                                  const DensityOptions& options) {
  std::vector<std::size_t> roots;
  for (const std::uint32_t cell : order) {
    if (regions.root(cell) == cell && static_cast<double>(regions.at(cell).points) >= options.least_points)
      roots.push_back(cell);
  }
  std::stable_sort(roots.begin(), roots.end(),
                   [&](auto a, auto b) { return regions.at(a).points > regions.at(b).points; });
  group_of_.assign(grid_.cells(), kNone);
  for (std::size_t g = 0; g < roots.size(); ++g) {
    group_of_[roots[g]] = static_cast<std::int32_t>(g);
    sizes_.push_back(regions.at(roots[g]).points);
    separations_.push_back(1 - regions.at(roots[g]).shallowest);
  }
  for (const std::uint32_t cell : order) group_of_[cell] = group_of_[regions.root(cell)];
}

std::int32_t DensityGroups::at(const float* position) const {
  return grid_.contains(position) ? group_of_[grid_.at(position)] : kNone;
}

double DensityGroups::strongest() const {
  if (count() < 2) return 0;
  return *std::max_element(separations_.begin(), separations_.end());
}

}  // namespace sigma
