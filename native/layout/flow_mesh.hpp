#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../repulsion/fourier.hpp"
#include "../support/aligned.hpp"
#include "../support/threads.hpp"
#include "square_points.hpp"

namespace sigma {

// The density-equalizing flow of Gastner, Seguy & More (PNAS 2018) on a mesh of cells over the unit square. For a
// density rho of mean 1 the potential solves lap(phi) = rho - 1 with walls that nothing crosses, and points that are
// carried for unit time along grad(phi) / ((1 - t) rho + t) end where the density is 1. The fields are reflected at the
// walls, which makes their Fourier transforms cosine transforms.
class FlowMesh {
 public:
  // Cells per side: a power of 2, 32 or more.
  FlowMesh(std::size_t side, ThreadTeam& team);

  // Carries the points along the flow of their own density, smoothed by a Gaussian of standard deviation `width` in
  // units of the square, in `steps` steps of the midpoint rule.
  void flatten(SquarePoints& points, double width, int steps);

 private:
  void spread(const SquarePoints& points);
  // Smooths the density, or solves for its potential, whose gradient goes into across_ and upwards_.
  void convolve(double width, bool solves);
  void carry(SquarePoints& points, int steps);

  std::size_t side_, length_;
  ThreadTeam& team_;
  FourierPlan plan_;
  std::size_t frequencies_;
  // Whole numbers, in units of kUnit: their sums do not depend on the order of the points.
  std::vector<std::atomic<std::uint64_t>> charges_;
  AlignedVector<float> nodes_, real_, imaginary_, factors_;
  std::vector<AlignedVector<float>> scratch_;
  std::vector<float> density_;  // at the centers of cells, side x side, row after row of y
  std::vector<float> across_;   // flow through the walls between columns: side rows of side + 1
  std::vector<float> upwards_;  // between rows: side + 1 rows of side
};

}  // namespace sigma
