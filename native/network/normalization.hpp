#pragma once

#include <cstddef>

#include "../support/threads.hpp"
#include "network_kernels.hpp"

namespace sigma {

// Batch normalization (Ioffe & Szegedy 2015) of every column of x (rows x cols), followed by a ReLU:
// y = max(0, gamma * (x - mean) / sqrt(variance + epsilon) + beta).
struct Normalization {
  std::size_t rows, cols;
  float epsilon;
  const float *x, *gamma, *beta;
};

// Writes y, and the mean and the variance of every column. The results have the same bits for any number of threads.
void normalize(const Normalization& normalization, float* y, float* mean, float* variance, ThreadTeam& team);

// The memory for the gradients of the sum of y * dy.
struct NormalizationGradients {
  float *x, *gamma, *beta;
};

// Needs the mean and the variance that `normalize` has written. Computes y again from x.
void normalize_back(const Normalization& normalization, const float* mean, const float* variance, const float* dy,
                    const NormalizationGradients& gradients, ThreadTeam& team);

}  // namespace sigma
