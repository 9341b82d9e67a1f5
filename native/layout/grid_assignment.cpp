#include "grid_assignment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

namespace sigma {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Grids with more cells than kLargeGrid are cut into smaller parts. The bound becomes worse, but the time then only
// grows in proportion to the number of points.
constexpr std::size_t kLargeGrid = 32768, kLargeGridCells = 1024;
// The number of cells per part if points are crowded. In this case every point competes with many others in parts of
// any size.
constexpr std::size_t kCrowdedCells = 256;
// The grid counts as crowded if fewer than this share of the points get their nearest cell, by being alone or the first
// there. The share is 0.63 for independent uniform points if there are as many points as cells.
constexpr double kLeastUncrowded = 0.5;

struct Rectangle {
  std::size_t top, bottom, left, right;  // bottom and right are excluded
  std::size_t height() const { return bottom - top; }
  std::size_t width() const { return right - left; }
  std::size_t cells() const { return height() * width(); }
};

struct Part {
  Rectangle area;
  std::vector<std::uint32_t> points;
};

// The whole problem: points in units of cells, with y downwards, and the prices of cells. Prices are <= 0, and 0 for
// cells without a point.
struct Problem {
  std::size_t rows, columns;
  std::vector<double> positions;
  std::vector<std::uint32_t> cells;  // the cell of each point
  std::vector<double> prices;

  double squared_way(std::uint32_t point, std::size_t row, std::size_t column) const {
    const double dx = positions[2 * point] - (static_cast<double>(column) + 0.5);
    const double dy = positions[2 * point + 1] - (static_cast<double>(row) + 0.5);
    return dx * dx + dy * dy;
  }

  // Calls visit(row, column, squared way) for the cells of `area` whose distance from the point is below sqrt(reach).
  template <class Visit>
  void visit_disc(std::uint32_t point, double reach, const Rectangle& area, Visit&& visit) const {
    const double radius = std::sqrt(std::max(reach, 0.0)), x = positions[2 * point], y = positions[2 * point + 1];
    const auto first = [](double at, std::size_t least) {
      return at <= static_cast<double>(least) ? least : static_cast<std::size_t>(at);
    };
    const auto last = [](double at, std::size_t most) {
      return at >= static_cast<double>(most) ? most : static_cast<std::size_t>(std::max(at, 0.0));
    };
    const std::size_t bottom = last(y + radius + 1, area.bottom), right = last(x + radius + 1, area.right);
    for (std::size_t row = first(y - radius - 0.5, area.top); row < bottom; ++row) {
      for (std::size_t column = first(x - radius - 0.5, area.left); column < right; ++column) {
        const double squared = squared_way(point, row, column);
        if (squared < reach) visit(row, column, squared);
      }
    }
  }
};

// Solves one part exactly. It has its own memory, because parts are solved in parallel.
class PartSolver {
 public:
  PartSolver(Problem& problem, const Part& part, const Cancellation& cancellation)
      : problem_(problem),
        part_(part),
        cancellation_(cancellation),
        owners_(part.area.cells(), kNone),
        prices_(part.area.cells()),
        distances_(part.area.cells(), kInfinity),
        from_(part.area.cells()),
        is_settled_(part.area.cells()) {}

  void solve() {
    const Rectangle& area = part_.area;
    std::vector<std::uint32_t> left_over;
    // While all prices are 0, the nearest cell is optimal for every point. The first point with this cell gets it.
    for (const std::uint32_t point : part_.points) {
      const auto near = [](double at, std::size_t least, std::size_t end) {
        return std::min(end - 1, static_cast<std::size_t>(std::max(at, static_cast<double>(least))));
      };
      const std::size_t cell =
          (near(problem_.positions[2 * point + 1], area.top, area.bottom) - area.top) * area.width() +
          near(problem_.positions[2 * point], area.left, area.right) - area.left;
      if (owners_[cell] == kNone) {
        own(point, cell);
      } else {
        left_over.push_back(point);
      }
    }
    for (const std::uint32_t point : left_over) augment(point);
    // If the part has no free cell, only differences of prices matter. This level fits best to the prices of other
    // parts.
    if (part_.points.size() == prices_.size()) {
      const double highest = *std::max_element(prices_.begin(), prices_.end());
      for (double& price : prices_) price -= highest;
    }
    for (std::size_t cell = 0; cell < owners_.size(); ++cell) {
      const std::size_t whole = (area.top + cell / area.width()) * problem_.columns + area.left + cell % area.width();
      problem_.prices[whole] = prices_[cell];
      if (owners_[cell] != kNone) problem_.cells[owners_[cell]] = static_cast<std::uint32_t>(whole);
    }
  }

 private:
  double way(std::uint32_t point, std::size_t cell) const {
    const Rectangle& area = part_.area;
    return problem_.squared_way(point, area.top + cell / area.width(), area.left + cell % area.width());
  }

  // Finds the shortest path of reassignments that ends at a free cell.
  void augment(std::uint32_t start) {
    cancellation_.check();
    double least = kInfinity;
    std::size_t end = 0;
    // A free cell bounds the search. The nearest free cell gives the tightest bound.
    const Rectangle& area = part_.area;
    const double all = static_cast<double>(problem_.rows * problem_.rows + problem_.columns * problem_.columns) + 1;
    for (double reach = 2; least == kInfinity; reach *= 4) {
      problem_.visit_disc(start, std::min(reach, all), area, [&](std::size_t row, std::size_t column, double squared) {
        const std::size_t cell = (row - area.top) * area.width() + column - area.left;
        if (owners_[cell] == kNone && squared < least) {
          least = squared;
          end = cell;
        }
      });
    }
    using Entry = std::pair<double, std::uint32_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    std::vector<std::uint32_t> touched, settled;
    from_[end] = start;
    const auto relax = [&](std::uint32_t point, double before) {
      // Prices are never above 0, so cells beyond this disc cannot be on a shorter path.
      problem_.visit_disc(point, least - before, area, [&](std::size_t row, std::size_t column, double squared) {
        const std::size_t cell = (row - area.top) * area.width() + column - area.left;
        const double distance = squared - prices_[cell] + before;
        // A settled cell must not be reached again, although rounding may make it appear nearer: its path would be a
        // circle.
        if (distance >= least || distance >= distances_[cell] || is_settled_[cell]) return;
        if (distances_[cell] == kInfinity) touched.push_back(static_cast<std::uint32_t>(cell));
        distances_[cell] = distance;
        from_[cell] = point;
        if (owners_[cell] == kNone) {
          least = distance;
          end = cell;
        } else {
          queue.emplace(distance, static_cast<std::uint32_t>(cell));
        }
      });
    };
    relax(start, 0);
    while (!queue.empty() && queue.top().first < least) {
      const auto [distance, cell] = queue.top();
      queue.pop();
      if (distance > distances_[cell] || is_settled_[cell]) continue;
      is_settled_[cell] = true;
      settled.push_back(cell);
      relax(owners_[cell], distance - (way(owners_[cell], cell) - prices_[cell]));
    }
    for (const std::uint32_t cell : settled) {
      prices_[cell] += std::min(distances_[cell] - least, 0.0);
      is_settled_[cell] = false;
    }
    for (const std::uint32_t cell : touched) distances_[cell] = kInfinity;
    // Each point on the path takes the cell that it reached, and leaves its old cell to the previous point.
    for (std::size_t cell = end;;) {
      const std::uint32_t point = from_[cell];
      const std::size_t left = problem_.cells[point];
      own(point, cell);
      if (point == start) break;
      cell = left;
    }
  }

  // Cells are numbered within the part here. solve() converts them to cells of the whole grid.
  void own(std::uint32_t point, std::size_t cell) {
    owners_[cell] = point;
    problem_.cells[point] = static_cast<std::uint32_t>(cell);
  }

  Problem& problem_;
  const Part& part_;
  const Cancellation& cancellation_;
  std::vector<std::uint32_t> owners_;
  std::vector<double> prices_, distances_;
  std::vector<std::uint32_t> from_;
  std::vector<std::uint8_t> is_settled_;
};

// Halves the grid recursively. Each half gets the points that lie in it, as long as it has free cells.
void divide(const Problem& problem, Part part, std::size_t exact_cells, std::vector<Part>& parts) {
  const Rectangle& area = part.area;
  if (area.cells() <= exact_cells) {
    parts.push_back(std::move(part));
    return;
  }
  const bool is_tall = area.height() > area.width();
  Part low{area, {}}, high{area, {}};
  const std::size_t border = is_tall ? area.top + area.height() / 2 : area.left + area.width() / 2;
  (is_tall ? low.area.bottom : low.area.right) = (is_tall ? high.area.top : high.area.left) = border;
  const std::size_t axis = is_tall ? 1 : 0, count = part.points.size();
  const auto wanted =
      static_cast<std::size_t>(std::count_if(part.points.begin(), part.points.end(), [&](std::uint32_t p) {
        return problem.positions[2 * p + axis] < static_cast<double>(border);
      }));
  const std::size_t room = high.area.cells();
  const std::size_t share = std::min(low.area.cells(), std::max(wanted, count > room ? count - room : 0));
  const auto middle = part.points.begin() + static_cast<std::ptrdiff_t>(share);
  if (share < count) {
    std::nth_element(part.points.begin(), middle, part.points.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(problem.positions[2 * a + axis], a) < std::pair(problem.positions[2 * b + axis], b);
    });
  }
  low.points.assign(part.points.begin(), middle);
  high.points.assign(middle, part.points.end());
  divide(problem, std::move(low), exact_cells, parts);
  divide(problem, std::move(high), exact_cells, parts);
}

// Cuts the grid into windows, with the points that are currently in them.
std::vector<Part> cut_windows(const Problem& problem, std::size_t side, std::size_t down, std::size_t across) {
  const auto bands = [&](std::size_t shift, std::size_t length) { return (length + shift + side - 1) / side; };
  const std::size_t wide = bands(across, problem.columns);
  std::vector<Part> windows(bands(down, problem.rows) * wide);
  const auto cut = [&](std::size_t at, std::size_t shift) { return at * side > shift ? at * side - shift : 0; };
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const std::size_t y = w / wide, x = w % wide;
    windows[w].area = {cut(y, down), std::min(cut(y + 1, down), problem.rows), cut(x, across),
                       std::min(cut(x + 1, across), problem.columns)};
  }
  for (std::uint32_t point = 0; point < problem.cells.size(); ++point) {
    const std::size_t row = problem.cells[point] / problem.columns, column = problem.cells[point] % problem.columns;
    windows[(row + down) / side * wide + (column + across) / side].points.push_back(point);
  }
  return windows;
}

bool is_crowded(const Problem& problem) {
  std::vector<std::uint8_t> taken(problem.prices.size());
  std::size_t count = 0;
  const auto near = [](double at, std::size_t end) { return std::min(end - 1, static_cast<std::size_t>(at)); };
  for (std::size_t i = 0; i < problem.positions.size(); i += 2) {
    auto& cell = taken[near(problem.positions[i + 1], problem.rows) * problem.columns +
                       near(problem.positions[i], problem.columns)];
    count += cell == 0;
    cell = 1;
  }
  return static_cast<double>(count) < kLeastUncrowded * static_cast<double>(problem.cells.size());
}

double sum_ways(const Problem& problem) {
  double sum = 0;
  for (std::uint32_t point = 0; point < problem.cells.size(); ++point) {
    sum += problem.squared_way(point, problem.cells[point] / problem.columns, problem.cells[point] % problem.columns);
  }
  return sum;
}

// The lower bound proven by the prices: the cost of each point at its cheapest cell, plus the sum of the prices (weak
// duality, which holds because all prices are at most 0).
double bound_cost(const Problem& problem, ThreadTeam& team, const Cancellation& cancellation) {
  constexpr std::size_t kGrain = 512;
  const std::size_t n = problem.cells.size();
  std::vector<double> sums((n + kGrain - 1) / kGrain);
  const Rectangle whole{0, problem.rows, 0, problem.columns};
  team.for_ranges(n, kGrain, [&](std::size_t first, std::size_t last, std::size_t chunk) {
    for (auto point = static_cast<std::uint32_t>(first); point < last; ++point) {
      cancellation.check();
      const std::uint32_t own = problem.cells[point];
      double cheapest = problem.squared_way(point, own / problem.columns, own % problem.columns) - problem.prices[own];
      problem.visit_disc(point, cheapest, whole, [&](std::size_t row, std::size_t column, double squared) {
        cheapest = std::min(cheapest, squared - problem.prices[row * problem.columns + column]);
      });
      sums[chunk] += cheapest;
    }
  });
  const double prices = std::accumulate(problem.prices.begin(), problem.prices.end(), 0.0);
  return std::max(0.0, std::accumulate(sums.begin(), sums.end(), prices));
}

}  // namespace

GridAssignment assign_to_grid(const SquarePoints& points, std::size_t rows, std::size_t columns, ThreadTeam& team,
                              const Cancellation& cancellation, const std::function<void(double)>& progress,
                              std::size_t exact_cells) {
  const std::size_t n = points.size() / 2;
  Problem problem{rows, columns, points, std::vector<std::uint32_t>(n), std::vector<double>(rows * columns)};
  for (std::size_t i = 0; i < n; ++i) {
    problem.positions[2 * i] = points[2 * i] * static_cast<double>(columns);
    problem.positions[2 * i + 1] = (1 - points[2 * i + 1]) * static_cast<double>(rows);
  }
  if (rows * columns > kLargeGrid) exact_cells = std::min(exact_cells, kLargeGridCells);
  if (rows * columns > exact_cells && is_crowded(problem)) exact_cells = std::min(exact_cells, kCrowdedCells);
  Part whole{{0, rows, 0, columns}, std::vector<std::uint32_t>(n)};
  std::iota(whole.points.begin(), whole.points.end(), 0u);
  std::vector<Part> parts;
  divide(problem, std::move(whole), exact_cells, parts);
  const auto side = std::max<std::size_t>(2, static_cast<std::size_t>(std::sqrt(static_cast<double>(exact_cells))));
  const std::size_t shifts[][2] = {{side / 2, side / 2}, {0, side / 2}, {side / 2, 0}, {side / 4, side / 4}};
  const std::size_t passes = parts.size() > 1 ? 1 + std::size(shifts) : 1;
  GridAssignment result;
  for (std::size_t pass = 0; pass < passes; ++pass) {
    if (pass > 0) parts = cut_windows(problem, side, shifts[pass - 1][0], shifts[pass - 1][1]);
    // A few parts at a time, so that progress can be reported.
    const std::size_t batch = 4 * team.size();
    for (std::size_t first = 0; first < parts.size(); first += batch) {
      const std::size_t count = std::min(batch, parts.size() - first);
      team.for_each(count,
                    [&](std::size_t p, unsigned) { PartSolver(problem, parts[first + p], cancellation).solve(); });
      progress((static_cast<double>(pass) + static_cast<double>(first + count) / static_cast<double>(parts.size())) /
               static_cast<double>(passes));
    }
    result.bound = std::max(result.bound, bound_cost(problem, team, cancellation));
  }
  result.cost = sum_ways(problem);
  result.bound = std::min(result.bound, result.cost);
  result.cells = std::move(problem.cells);
  return result;
}

}  // namespace sigma
