#pragma once

#include <array>
#include <cstddef>

#include "../support/threads.hpp"
#include "network_kernels.hpp"

namespace sigma {

// sums[j] = scale * the sum over i < rows of x[i * cols + j]. The result has the same bits for any number of threads.
void sum_rows(const float* x, std::size_t rows, std::size_t cols, float scale, float* sums, ThreadTeam& team);

// Takes one step of Adam on `count` values. `before` and `after` are {values, first moments, second moments}.
void step_adam(const AdamStep& step, const float* gradient, const std::array<const float*, 3>& before,
               const std::array<float*, 3>& after, std::size_t count, ThreadTeam& team);

}  // namespace sigma
