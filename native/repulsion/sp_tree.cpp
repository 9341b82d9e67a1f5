#include "sp_tree.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sigma {
namespace {

constexpr std::size_t kGrain = 4096;
constexpr std::uint32_t kLeaf = 8;

// The largest number of points in the walk of one task: small enough to distribute over threads, large enough for parts
// of groups to inherit many decisions.
std::uint32_t points_per_task(std::size_t n) {
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(n / 128, 128, 4096));
}

template <int D>
double walk(const TreeView<D>& tree, std::uint32_t root, float* const* forces, WalkScratch& scratch) {
  if constexpr (D == 1) return repulsion_kernels().walk_1d(tree, root, forces, scratch);
  if constexpr (D == 2) return repulsion_kernels().walk_2d(tree, root, forces, scratch);
  if constexpr (D == 3) return repulsion_kernels().walk_3d(tree, root, forces, scratch);
}

}  // namespace

template <int D>
SpTree<D>::SpTree(double theta, ThreadTeam& team, double degrees_of_freedom)
    : theta_squared_(static_cast<float>(theta * theta)),
      degrees_of_freedom_(static_cast<float>(degrees_of_freedom)),
      team_(team),
      scratch_(team.size()) {}

template <int D>
void SpTree<D>::close_leaf(std::uint32_t index) {
  Cell<D>& cell = cells_[index];
  float widest = 0;
  double spread = 0;
  for (int d = 0; d < D; ++d) {
    const float* at = points_[d].data();
    float low = at[cell.first], high = low;
    double sum = 0;
    for (std::uint32_t i = cell.first; i < cell.last; ++i) {
      low = std::min(low, at[i]);
      high = std::max(high, at[i]);
      sum += static_cast<double>(at[i]);
    }
    cell.low[d] = low;
    cell.high[d] = high;
    cell.center[d] = static_cast<float>(sum / (cell.last - cell.first));
    for (std::uint32_t i = cell.first; i < cell.last; ++i) {
      const double offset = static_cast<double>(at[i]) - static_cast<double>(cell.center[d]);
      spread += offset * offset;
    }
    widest = std::max(widest, high - low);
  }
  cell.mass = static_cast<float>(cell.last - cell.first);
  cell.spread = static_cast<float>(spread);
  cell.width_squared = widest * widest;
}

template <int D>
void SpTree<D>::close_branch(std::uint32_t index) {
  Cell<D>& cell = cells_[index];
  float widest = 0;
  double spread = 0;
  for (int d = 0; d < D; ++d) {
    float low = std::numeric_limits<float>::max(), high = std::numeric_limits<float>::lowest();
    double moment = 0;
    for (std::uint32_t child = index + 1; child < cell.end; child = cells_[child].end) {
      const Cell<D>& part = cells_[child];
      low = std::min(low, part.low[d]);
      high = std::max(high, part.high[d]);
      moment += static_cast<double>(part.mass) * static_cast<double>(part.center[d]);
    }
    cell.low[d] = low;
    cell.high[d] = high;
    cell.center[d] = static_cast<float>(moment / (cell.last - cell.first));
    for (std::uint32_t child = index + 1; child < cell.end; child = cells_[child].end) {
      const double offset = static_cast<double>(cells_[child].center[d]) - static_cast<double>(cell.center[d]);
      spread += static_cast<double>(cells_[child].mass) * offset * offset;
    }
    widest = std::max(widest, high - low);
  }
  for (std::uint32_t child = index + 1; child < cell.end; child = cells_[child].end) {
    spread += static_cast<double>(cells_[child].spread);
  }
  cell.mass = static_cast<float>(cell.last - cell.first);
  cell.spread = static_cast<float>(spread);
  cell.width_squared = widest * widest;
}

// Called if more points than fit into a leaf share one key. Either an outlier has made the cells of the keys large, or
// the points are nearly equal. The points are halved by position until they are few or within the finest cell, which
// counts as one point.
template <int D>
void SpTree<D>::split_beyond_keys(std::uint32_t index) {
  cells_[index].end = index + 1;
  close_leaf(index);
  const Cell<D> cell = cells_[index];
  int widest = 0;
  for (int d = 1; d < D; ++d) {
    if (cell.high[d] - cell.low[d] > cell.high[widest] - cell.low[widest]) widest = d;
  }
  const float middle = cell.low[widest] + (cell.high[widest] - cell.low[widest]) / 2;
  const bool tiny = cell.width_squared <= static_cast<float>(kFinestCell * kFinestCell) || middle <= cell.low[widest];
  if (tiny || cell.last - cell.first <= kLeaf) {
    if (cell.last - cell.first > kLeaf) cells_[index].width_squared = 0;
    return;
  }
  struct Point {
    float at[D];
    std::uint32_t index;
  };
  std::vector<Point> points(cell.last - cell.first);
  for (std::uint32_t i = cell.first; i < cell.last; ++i) {
    Point& point = points[i - cell.first];
    for (int d = 0; d < D; ++d) point.at[d] = points_[d][i];
    point.index = order_[i];
  }
  const auto middle_point = std::stable_partition(points.begin(), points.end(),
                                                  [&](const Point& point) { return point.at[widest] < middle; });
  for (std::uint32_t i = cell.first; i < cell.last; ++i) {
    const Point& point = points[i - cell.first];
    for (int d = 0; d < D; ++d) points_[d][i] = point.at[d];
    order_[i] = point.index;
  }
  const auto lower_end = cell.first + static_cast<std::uint32_t>(middle_point - points.begin());
  for (const auto& [first, last] : {std::pair{cell.first, lower_end}, {lower_end, cell.last}}) {
    const auto half = static_cast<std::uint32_t>(cells_.size());
    cells_.emplace_back();
    cells_[half].first = first;
    cells_[half].last = last;
    split_beyond_keys(half);
  }
  cells_[index].end = static_cast<std::uint32_t>(cells_.size());
}

template <int D>
void SpTree<D>::build(std::uint32_t first, std::uint32_t last, int level) {
  const auto index = static_cast<std::uint32_t>(cells_.size());
  cells_.emplace_back();
  cells_[index].first = first;
  cells_[index].last = last;
  const std::vector<MortonKey>& keys = curve_.keys();
  const int bits = curve_.bits();
  const auto shift_at = [bits](int depth) { return D * (bits - depth - 1); };
  // Skips levels at which all points share a cell, which would become cells with a single child.
  while (level < bits && keys[first].code >> shift_at(level) == keys[last - 1].code >> shift_at(level)) ++level;
  if (last - first <= kLeaf) {
    cells_[index].end = index + 1;
    close_leaf(index);
    return;
  }
  if (level == bits) {
    split_beyond_keys(index);
    return;
  }
  const int shift = shift_at(level);
  for (std::uint32_t start = first; start < last;) {
    const std::uint64_t cell = keys[start].code >> shift;
    const auto end = std::partition_point(keys.begin() + start + 1, keys.begin() + last,
                                          [&](const MortonKey& key) { return key.code >> shift == cell; });
    const auto stop = static_cast<std::uint32_t>(end - keys.begin());
    build(start, stop, level + 1);
    start = stop;
  }
  cells_[index].end = static_cast<std::uint32_t>(cells_.size());
  close_branch(index);
}

template <int D>
void SpTree<D>::grow(const float* positions, std::size_t n) {
  constexpr std::size_t stride = stride_of(D);
  curve_.sort(positions, n, team_);
  order_.resize(n);
  for (int d = 0; d < D; ++d) points_[d].resize(n);
  team_.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    for (std::size_t i = first; i < last; ++i) {
      order_[i] = curve_.keys()[i].point;
      for (int d = 0; d < D; ++d) points_[d][i] = positions[order_[i] * stride + d];
    }
  });
  cells_.clear();
  build(0, static_cast<std::uint32_t>(n), 0);
}

template <int D>
TreeView<D> SpTree<D>::view() const {
  TreeView<D> tree{cells_.data(), {}, theta_squared_, degrees_of_freedom_};
  for (int d = 0; d < D; ++d) tree.points[d] = points_[d].data();
  return tree;
}

template <int D>
double SpTree<D>::compute_at(const float* position, float* force, WalkScratch& scratch) const {
  const auto& kernels = repulsion_kernels();
  if constexpr (D == 1) return kernels.field_1d(view(), position, force, scratch);
  if constexpr (D == 2) return kernels.field_2d(view(), position, force, scratch);
  if constexpr (D == 3) return kernels.field_3d(view(), position, force, scratch);
}

template <int D>
double SpTree<D>::compute(const float* positions, std::size_t n, float* forces) {
  constexpr std::size_t stride = stride_of(D);
  grow(positions, n);
  for (int d = 0; d < D; ++d) forces_[d].resize(n);

  tasks_.clear();
  const std::uint32_t most = points_per_task(n);
  for (std::uint32_t cell = 0; cell < cells_.size();) {
    const bool small = cells_[cell].last - cells_[cell].first <= most || cells_[cell].is_leaf(cell);
    if (small) tasks_.push_back(cell);
    cell = small ? cells_[cell].end : cell + 1;
  }
  const TreeView<D> tree = view();
  float* tree_forces[D];
  for (int d = 0; d < D; ++d) tree_forces[d] = forces_[d].data();
  sums_.assign(tasks_.size(), 0.0);
  team_.for_each(tasks_.size(), [&](std::size_t task, unsigned worker) {
    sums_[task] = walk<D>(tree, tasks_[task], tree_forces, scratch_[worker]);
    const Cell<D>& cell = cells_[tasks_[task]];
    for (std::uint32_t i = cell.first; i < cell.last; ++i) {
      for (int d = 0; d < D; ++d) forces[order_[i] * stride + d] = forces_[d][i];
    }
  });
  double z = -static_cast<double>(n);
  for (const double part : sums_) z += part;
  return z;
}

template class SpTree<1>;
template class SpTree<2>;
template class SpTree<3>;

}  // namespace sigma
