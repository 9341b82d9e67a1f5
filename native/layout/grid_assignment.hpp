#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "square_points.hpp"

namespace sigma {

// The assignment is solved as a whole for up to this many cells. A larger grid is cut into parts of that size, or into
// smaller parts if the points crowd in few cells. The bound may be 0 if there are several parts.
constexpr std::size_t kExactCells = 4096;

struct GridAssignment {
  // The cell of each point. Cells are counted row by row from the top, where y is largest.
  std::vector<std::uint32_t> cells;
  // The sum of the squared distances of the points from the centers of their cells, in units of the side of a cell, and
  // a proven lower bound of the least possible sum.
  double cost = 0, bound = 0;
};

// Gives each point of the unit square its own cell of a grid with rows x columns >= n cells, so that the sum of the
// squared distances is least. The method is shortest augmenting paths (Jonker & Volgenant 1987), restricted to the
// cells that the dual prices do not rule out. A larger grid and its points are halved repeatedly until the parts are
// small enough. The assignment is then solved again in windows across the borders of the parts. The prices of all parts
// together bound the cost.
GridAssignment assign_to_grid(const SquarePoints& points, std::size_t rows, std::size_t columns, ThreadTeam& team,
                              const Cancellation& cancellation, const std::function<void(double)>& progress,
                              std::size_t exact_cells = kExactCells);

}  // namespace sigma
