// All headers that the kernels need. They are included before the compiler's target is widened, because inline
// functions of the standard library must not be compiled for instructions that the processor may not have.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

#include "../embedding/gradient_descent_kernels.hpp"
#include "../embedding/placement_kernels.hpp"
#include "../linalg/matrix_kernels.hpp"
#include "../neighbors/distance_kernels.hpp"
#include "../network/network_kernels.hpp"
#include "../quality/quality_kernels.hpp"
#include "../repulsion/mesh_kernels.hpp"
#include "../repulsion/repulsion_kernels.hpp"
#include "../support/isa.hpp"
