#include "prelude.hpp"

#define SIGMA_ISA baseline
#define SIGMA_LANES 4
#include "kernels.inl"
