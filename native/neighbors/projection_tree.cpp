#include "projection_tree.hpp"

#include <algorithm>
#include <numeric>

namespace sigma {
namespace {

struct ProjectedRow {
  float projection;
  std::uint32_t row;
  bool operator<(const ProjectedRow& other) const {
    return projection != other.projection ? projection < other.projection : row < other.row;
  }
};

class Splitter {
 public:
  Splitter(const PointRows& points, Random random, const Cancellation& cancellation)
      : points_(points),
        random_(random),
        cancellation_(cancellation),
        direction_(points.stride()),
        projections_(points.count()),
        projected_(points.count()) {}

  void split(ProjectionTree& tree, std::size_t first, std::size_t last, std::size_t leaves) {
    if (leaves <= 1) {
      tree.offsets.push_back(last);
      return;
    }
    cancellation_.check();
    const std::size_t size = last - first, left = leaves / 2, middle = size * left / leaves;
    const std::span<std::uint32_t> rows(tree.order.data() + first, size);
    const std::size_t one = random_.bits() % size;
    const std::size_t other = (one + 1 + random_.bits() % (size - 1)) % size;
    const float *a = points_.row(rows[one]), *b = points_.row(rows[other]);
    for (std::size_t k = 0; k < direction_.size(); ++k) direction_[k] = a[k] - b[k];
    points_.project(rows, direction_.data(), projections_.data());
    for (std::size_t i = 0; i < size; ++i) projected_[i] = {projections_[i], rows[i]};
    std::nth_element(projected_.begin(), projected_.begin() + static_cast<std::ptrdiff_t>(middle),
                     projected_.begin() + static_cast<std::ptrdiff_t>(size));
    for (std::size_t i = 0; i < size; ++i) rows[i] = projected_[i].row;
    split(tree, first, first + middle, left);
    split(tree, first + middle, last, leaves - left);
  }

 private:
  const PointRows& points_;
  Random random_;
  const Cancellation& cancellation_;
  AlignedVector<float> direction_, projections_;
  std::vector<ProjectedRow> projected_;
};

}  // namespace

ProjectionTree grow_tree(const PointRows& points, std::size_t leaf_size, Random random,
                         const Cancellation& cancellation) {
  const std::size_t n = points.count();
  ProjectionTree tree{std::vector<std::uint32_t>(n), {0}};
  std::iota(tree.order.begin(), tree.order.end(), 0u);
  Splitter(points, random, cancellation).split(tree, 0, n, (n + leaf_size - 1) / leaf_size);
  return tree;
}

}  // namespace sigma
