#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../neighbors/neighbors.hpp"
#include "../repulsion/repulsion.hpp"

namespace sigma {

// How a run starts its embedding: from principal components, at random, from the graph of the affinities, or as given.
enum class Start { pca, random, spectral, given };

// How gradient descent chooses its steps: each point's step divided by the curvature of its attraction, or the step of
// the reference implementation.
enum class Optimizer { curvature, momentum };

// The settings of a run, all resolved: whoever fills them in has checked the ranges in brackets.
struct Options {
  Method method = Method::automatic;   // of repulsion
  double mesh_spacing = 0.4;           // (0, 1] of the nodes, in units of the embedding, for Method::particle_mesh
  std::string distance = "euclidean";  // a name of neighbors/distances/table.inl
  NeighborMethod neighbors = NeighborMethod::automatic;
  double variance_floor = 0;  // (>= 0) added to each summed variance; 0 stands for an estimated one
  // [1, (n - 1) / 3] effective numbers of neighbors, at least one; 3 times as many as the largest are searched.
  std::vector<double> perplexities = {30};
  double theta = 0.5;               // [0, 1] accuracy of Barnes-Hut; 0 is exact and O(n^2)
  double degrees_of_freedom = 1;    // [0.1, 100] of the embedding's kernel; 1 is Student's t, more tends to a Gaussian
  int output_dimensions = 2;        // [1, 3]
  std::uint64_t iterations = 1000;  // in all; the early exaggeration is part of them
  // [0, 1) The run has converged when the KL divergence falls by less than this fraction per kKlEvery iterations.
  double tolerance = 0.005;
  std::uint64_t seed = 42;
  std::size_t pca_components = 0;  // [0, min(n, d)] principal components to reduce to; 0: as given
  Start start = Start::pca;
  Optimizer optimizer = Optimizer::momentum;
  double early_exaggeration = 12;  // (>= 1)
  std::uint64_t early_exaggeration_iterations = 250;
  double exaggeration = 1;  // (>= 0.01) of the attraction after the early phase
  // For Optimizer::momentum.
  double learning_rate = 200;        // (> 0) times a quarter of dKL/dy, during early exaggeration
  double final_learning_rate = 200;  // (> 0) the same after it
  double momentum = 0.5;             // [0, 1) during early exaggeration
  double final_momentum = 0.8;       // [0, 1) after it
  unsigned threads = 1;              // (>= 1) no influence on the embedding
};

}  // namespace sigma
