// What the machine can do at most, measured: the limits that kernels are compared with.
#pragma once

#include <cstddef>

#include "support/threads.hpp"

namespace sigma::bench {

struct Operations {
  double multiplies;  // a second: multiplications, alone or with an addition, one for every float of a vector
  double all;         // a second: the same with as many lone additions between them, which some processors do beside
};

// What the team's arithmetic does with the widest vectors of the active instruction set.
Operations measure_operations(ThreadTeam& team);

// Positions of two floats that the team reads a second through indices, from the nearest cache.
double measure_indexed_loads(ThreadTeam& team);

// Bytes per second of a[i] = b[i] + s * c[i] (McCalpin's triad), 12 bytes per element, over arrays of `bytes` in all.
double measure_triad(std::size_t bytes, ThreadTeam& team);

}  // namespace sigma::bench
