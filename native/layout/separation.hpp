#pragma once

#include <cstddef>
#include <functional>

#include "../support/cancellation.hpp"
#include "../support/threads.hpp"
#include "square_points.hpp"

namespace sigma {

enum class SeparationMethod { flow, iterative, conditional };

struct SeparationOptions {
  SeparationMethod method = SeparationMethod::flow;
  // flow: how often the points are moved toward their previous neighbors and evened out again.
  int relaxations = 16;
  // iterative: cells per side, share of the way that a point moves in each pass, mean move below which to stop, and the
  // largest number of passes.
  std::size_t grid = 100;
  double gamma = 0.3;
  double tolerance = 1e-4;
  std::size_t iterations = 100;
  // conditional: bins per side.
  std::size_t bins = 25;
};

struct Separation {
  SquarePoints points;
  double evenness = 0;  // see measure_evenness
  double evenness_before = 0;
  double kept = 0;       // share of the 10 nearest neighbors that stay neighbors, over all points or a sample
  double moved = 0;      // mean distance that a point moved, in sides of the square
  double last_move = 0;  // mean move in the last iteration
  std::size_t iterations = 0;
  std::size_t fallbacks = 0;  // points that got the nearest value, because there were no values for interpolation
};

// Moves n >= 2 points of an embedding, n x 2, until they fill the unit square evenly. `progress` is called from the
// calling thread with the finished share, between 0 and 1.
Separation separate_points(NumberView embedding, std::size_t n, const SeparationOptions& options, ThreadTeam& team,
                           const Cancellation& cancellation, const std::function<void(double)>& progress);

// One pass of the iterative separation of Ede (2020). Within each column and then within each row of a grid, points
// move a share of the way to equally spaced ranks. Returns the mean move.
double equalize_columns_and_rows(SquarePoints& points, std::size_t grid, double gamma, ThreadTeam& team);

// Replaces x by its cumulative distribution, and y by the cumulative distribution of y given x. Both come from a
// histogram of bins x bins, interpolated by cubics (Ede 2020). Points outside the centers of the occupied columns take
// the value of the nearest column. Returns the number of these points.
std::size_t transform_conditionally(SquarePoints& points, std::size_t bins, ThreadTeam& team);

}  // namespace sigma
