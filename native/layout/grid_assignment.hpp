#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "square_points.hpp"

namespace sigma {

// Up to this many cells the assignment is solved as a whole. A larger grid is cut into parts of that size, or less if
// the points crowd in few cells; then the bound may be 0.
constexpr std::size_t kExactCells = 4096;

struct GridAssignment {
  // Of each point, counted row after row from the top, where y is largest.
  std::vector<std::uint32_t> cells;
  // Sum of the squared ways to the centers of the cells, in sides of a cell, and a proven lower bound of the least
  // possible sum.
  double cost = 0, bound = 0;
};

// Gives each point of the unit square a cell of its own, of rows x columns >= n, so that the sum of the squared ways is
// least: by shortest augmenting paths (Jonker & Volgenant 1987) that only look at cells that the dual prices leave in
// question. A larger grid is halved again and again, with the points that lie in each half, until its parts are small
// enough; the assignment is then solved again in windows across their borders. The prices of all parts together bound
// the cost.
GridAssignment assign_to_grid(const SquarePoints& points, std::size_t rows, std::size_t columns, ThreadTeam& team,
                              const Cancellation& cancellation, const std::function<void(double)>& progress,
                              std::size_t exact_cells = kExactCells);

}  // namespace sigma
