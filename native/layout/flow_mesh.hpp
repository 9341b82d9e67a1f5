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
// density rho of mean 1, the potential solves lap(phi) = rho - 1, with walls through which nothing flows. Points that
// move along grad(phi) / ((1 - t) rho + t) for unit time end in a density of 1. The fields are reflected at the walls,
// so their Fourier transforms are cosine transforms.
class FlowMesh {
 public:
  // `side` is the number of cells per side: a power of 2, at least 32.
  FlowMesh(std::size_t side, ThreadTeam& team);

  // Moves the points along the flow of their own density, in `steps` steps of the midpoint rule. The density is
  // smoothed by a Gaussian with the standard deviation `width`, in units of the square.
  void flatten(SquarePoints& points, double width, int steps);

 private:
  void spread(const SquarePoints& points);
  // Either smooths the density, or solves for its potential and stores the gradient in across_ and upwards_.
  void convolve(double width, bool solves);
  void carry(SquarePoints& points, int steps);

  std::size_t side_, length_;
  ThreadTeam& team_;
  FourierPlan plan_;
  std::size_t frequencies_;
  // Integers in units of kUnit, so that sums do not depend on the order of the points.
  std::vector<std::atomic<std::uint64_t>> charges_;
  AlignedVector<float> nodes_, real_, imaginary_, factors_;
  std::vector<AlignedVector<float>> scratch_;
  std::vector<float> density_;  // at the centers of cells, side x side, in rows of equal y
  std::vector<float> across_;   // flow through the walls between columns: side rows of side + 1
  std::vector<float> upwards_;  // flow through the walls between rows: side + 1 rows of side
};

}  // namespace sigma
