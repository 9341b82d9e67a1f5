#include "square_points.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "../support/errors.hpp"

namespace sigma {
namespace {

constexpr std::size_t kHistogramSide = 32;
constexpr double kApart = 0.01;  // in units of the mean spacing

// Point i of the additive recurrence of the plastic number, which corresponds to the golden ratio in two dimensions.
double even_sequence(std::size_t i, std::size_t axis) {
  constexpr double kPlastic = 1.32471795724474602596;
  const double step = axis == 0 ? 1 / kPlastic : 1 / (kPlastic * kPlastic);
  const double at = 0.5 + step * static_cast<double>(i + 1);
  return at - std::floor(at);
}

// The range of values on one axis, divided by 4 because the span of finite numbers may be infinite.
struct Extent {
  double low = 0, span = 0;
  double above_low(double value) const { return value / 4 - low; }
};

Extent find_extent(NumberView from, std::size_t n, std::size_t axis) {
  double low = 0, high = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double value = from.at(2 * i + axis);
    low = i == 0 ? value : std::min(low, value);
    high = i == 0 ? value : std::max(high, value);
  }
  return {low / 4, high / 4 - low / 4};
}

// A k-d tree, stored as an order of the points. The median of a range is at its middle, and the axis of a split is the
// one with the larger extent.
class PlaneTree {
 public:
  explicit PlaneTree(const SquarePoints& points, ThreadTeam& team) : points_(points), order_(points.size() / 2) {
    std::iota(order_.begin(), order_.end(), 0u);
    axes_.resize(order_.size());
    // The upper levels are split one after the other. The lower levels are many independent ranges, which run in
    // parallel.
    std::vector<std::pair<std::size_t, std::size_t>> ranges{{0, order_.size()}};
    for (int level = 0; level < kSplitLevels; ++level) {
      std::vector<std::pair<std::size_t, std::size_t>> halves(2 * ranges.size());
      team.for_each(ranges.size(), [&](std::size_t r, unsigned) {
        const auto [first, last] = ranges[r];
        if (last - first <= kLeaf) return;
        const std::size_t middle = split(first, last);
        halves[2 * r] = {first, middle};
        halves[2 * r + 1] = {middle + 1, last};
      });
      ranges = std::move(halves);
    }
    team.for_each(ranges.size(), [&](std::size_t r, unsigned) { build(ranges[r].first, ranges[r].second); });
  }

  // Fills `nearest` with the `k` nearest other points of `point`, nearest first.
  void query(std::uint32_t point, std::size_t k, std::vector<std::pair<double, std::uint32_t>>& nearest) const {
    nearest.clear();
    visit(0, order_.size(), point, k, nearest);
  }

 private:
  static constexpr std::size_t kLeaf = 12;
  static constexpr int kSplitLevels = 6;

  std::size_t split(std::size_t first, std::size_t last) {
    double low[2] = {2, 2}, high[2] = {-1, -1};
    for (std::size_t e = first; e < last; ++e) {
      for (std::size_t d = 0; d < 2; ++d) {
        low[d] = std::min(low[d], points_[2 * order_[e] + d]);
        high[d] = std::max(high[d], points_[2 * order_[e] + d]);
      }
    }
    const std::size_t axis = high[1] - low[1] > high[0] - low[0] ? 1 : 0, middle = first + (last - first) / 2;
    const auto at = [&](std::size_t e) { return order_.begin() + static_cast<std::ptrdiff_t>(e); };
    std::nth_element(at(first), at(middle), at(last), [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(points_[2 * a + axis], a) < std::pair(points_[2 * b + axis], b);
    });
    axes_[middle] = static_cast<std::uint8_t>(axis);
    return middle;
  }

  void build(std::size_t first, std::size_t last) {
    if (last - first <= kLeaf) return;
    const std::size_t middle = split(first, last);
    build(first, middle);
    build(middle + 1, last);
  }

  void offer(std::uint32_t candidate, std::uint32_t point, std::size_t k,
             std::vector<std::pair<double, std::uint32_t>>& nearest) const {
    if (candidate == point) return;
    const double dx = points_[2 * candidate] - points_[2 * point];
    const double dy = points_[2 * candidate + 1] - points_[2 * point + 1];
    const std::pair entry(dx * dx + dy * dy, candidate);
    if (nearest.size() == k) {
      if (entry.first >= nearest.back().first) return;
      nearest.pop_back();
    }
    nearest.insert(std::upper_bound(nearest.begin(), nearest.end(), entry), entry);
  }

  void visit(std::size_t first, std::size_t last, std::uint32_t point, std::size_t k,
             std::vector<std::pair<double, std::uint32_t>>& nearest) const {
    if (last - first <= kLeaf) {
      for (std::size_t e = first; e < last; ++e) offer(order_[e], point, k, nearest);
      return;
    }
    const std::size_t middle = first + (last - first) / 2, axis = axes_[middle];
    const double ahead = points_[2 * point + axis] - points_[2 * order_[middle] + axis];
    const bool is_lower = ahead < 0;
    visit(is_lower ? first : middle + 1, is_lower ? middle : last, point, k, nearest);
    offer(order_[middle], point, k, nearest);
    // Among equal distances the first ones found are kept, so that points at one position need not all be compared.
    if (nearest.size() < k || ahead * ahead < nearest.back().first) {
      visit(is_lower ? middle + 1 : first, is_lower ? last : middle, point, k, nearest);
    }
  }

  const SquarePoints& points_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint8_t> axes_;  // indexed by the middle of a range
};

}  // namespace

void require_finite(NumberView from, std::size_t n) {
  for (std::size_t e = 0; e < 2 * n; ++e) {
    if (!std::isfinite(from.at(e))) throw BadValue(BadValue::Reason::not_finite, from.at(e), e / 2, e % 2);
  }
}

SquarePoints fill_square(NumberView from, std::size_t n) {
  const Extent extents[] = {find_extent(from, n, 0), find_extent(from, n, 1)};
  SquarePoints points(2 * n);
  for (std::size_t e = 0; e < 2 * n; ++e) {
    const Extent& extent = extents[e % 2];
    points[e] = extent.span > 0 ? extent.above_low(from.at(e)) / extent.span : even_sequence(e / 2, e % 2);
  }
  return points;
}

SquarePoints keep_shape(NumberView from, std::size_t n) {
  const Extent extents[] = {find_extent(from, n, 0), find_extent(from, n, 1)};
  const double span = std::max(extents[0].span, extents[1].span);
  SquarePoints points(2 * n);
  for (std::size_t e = 0; e < 2 * n && span > 0; ++e) points[e] = extents[e % 2].above_low(from.at(e)) / span;
  return points;
}

void tell_apart(SquarePoints& points) {
  const std::size_t n = points.size() / 2;
  const double reach = kApart / std::sqrt(static_cast<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t d = 0; d < 2; ++d) {
      double& at = points[2 * i + d];
      // Points move toward the middle, so that none leaves the square.
      at += (at < 0.5 ? 1 : -1) * reach * even_sequence(i, d);
    }
  }
}

double measure_evenness(const SquarePoints& points) {
  std::vector<double> counts(kHistogramSide * kHistogramSide);
  const auto bin = [](double at) {
    return std::min(kHistogramSide - 1, static_cast<std::size_t>(at * static_cast<double>(kHistogramSide)));
  };
  for (std::size_t i = 0; i < points.size(); i += 2) counts[bin(points[i]) * kHistogramSide + bin(points[i + 1])] += 1;
  const double mean = static_cast<double>(points.size() / 2) / static_cast<double>(counts.size());
  double squares = 0;
  for (const double count : counts) squares += (count - mean) * (count - mean);
  return std::sqrt(squares / static_cast<double>(counts.size())) / mean;
}

std::vector<std::uint32_t> find_nearest(const SquarePoints& points, const std::vector<std::uint32_t>& listed,
                                        std::size_t k, ThreadTeam& team) {
  constexpr std::size_t kGrain = 1024;
  const PlaneTree tree(points, team);
  std::vector<std::uint32_t> found(listed.size() * k);
  team.for_ranges(listed.size(), kGrain, [&](std::size_t first, std::size_t last, std::size_t) {
    std::vector<std::pair<double, std::uint32_t>> nearest;
    nearest.reserve(k + 1);
    for (std::size_t e = first; e < last; ++e) {
      tree.query(listed[e], k, nearest);
      for (std::size_t r = 0; r < k; ++r) found[e * k + r] = nearest[r].second;
    }
  });
  return found;
}

}  // namespace sigma
