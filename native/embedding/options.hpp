#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../neighbors/neighbors.hpp"
#include "../repulsion/repulsion.hpp"

namespace sigma {

// The initial positions of a run: principal components, random numbers, the graph of the affinities, or given
// positions.
enum class Start { pca, random, spectral, given };

// The step size of gradient descent. `curvature` divides each point's step by the curvature of its attraction.
// `momentum` uses the steps of the reference implementation.
enum class Optimizer { curvature, momentum };

// The settings of a run, with all automatic choices of the front end resolved. The caller must have checked the ranges
// in brackets.
struct Options {
  Method method = Method::automatic;  // computes the repulsion
  // (0, 1] distance of the mesh nodes in units of the embedding, for Method::particle_mesh
  double mesh_spacing = 0.4;
  std::string distance = "euclidean";  // a name in neighbors/distances/table.inl
  NeighborMethod neighbors = NeighborMethod::automatic;
  double variance_floor = 0;  // (>= 0) added to each summed variance; 0 means that it is estimated
  // [1, (n - 1) / 3] One or more effective numbers of neighbors. The search finds 3 times as many as the largest.
  std::vector<double> perplexities = {30};
  double theta = 0.5;  // [0, 1] accuracy of Barnes-Hut; 0 is exact and O(n^2)
  // [0.1, 100] of the embedding's kernel; 1 is Student's t, large values approach a Gaussian
  double degrees_of_freedom = 1;
  int output_dimensions = 2;        // [1, 3]
  std::uint64_t iterations = 1000;  // total number, including the early exaggeration
  // [0, 1) The run has converged when the KL divergence falls by less than this fraction per kKlEvery iterations.
  double tolerance = 0.005;
  std::uint64_t seed = 42;
  // [0, min(n, d)] number of principal components to which the data are reduced; 0: no reduction
  std::size_t pca_components = 0;
  Start start = Start::pca;
  Optimizer optimizer = Optimizer::momentum;
  double early_exaggeration = 12;  // (>= 1)
  std::uint64_t early_exaggeration_iterations = 250;
  double exaggeration = 1;  // (>= 0.01) factor of the attraction after the early phase
  // The following settings are for Optimizer::momentum.
  double learning_rate = 200;        // (> 0) factor of a quarter of dKL/dy, during early exaggeration
  double final_learning_rate = 200;  // (> 0) the same factor after early exaggeration
  double momentum = 0.5;             // [0, 1) during early exaggeration
  double final_momentum = 0.8;       // [0, 1) after early exaggeration
  unsigned threads = 1;              // (>= 1) does not change the embedding
};

}  // namespace sigma
