// Measures the limits of the machine, with which the kernels are compared.
#pragma once

#include <cstddef>

#include "support/threads.hpp"

namespace sigma::bench {

struct Operations {
  double multiplies;  // multiplications per second, alone or fused with an addition, counted per float of a vector
  double all;         // the same with as many separate additions, which some processors compute in parallel
};

// Measures arithmetic with the widest vectors of the active instruction set.
Operations measure_operations(ThreadTeam& team);

// Positions (two floats each) per second that the threads read through indices from the nearest cache.
double measure_indexed_loads(ThreadTeam& team);

// Bytes per second of a[i] = b[i] + s * c[i] (McCalpin's triad). Each element moves 12 bytes, and the arrays have
// `bytes` in total.
double measure_triad(std::size_t bytes, ThreadTeam& team);

}  // namespace sigma::bench
