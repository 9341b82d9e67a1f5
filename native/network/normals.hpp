#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sigma {

// Draws standard normal numbers by the polar method (Marsaglia & Bray 1964) from xoshiro128++ (Blackman & Vigna 2021),
// and advances its state. The numbers equal those of `Random.normals` in src/vae/random.ts, up to the rounding of their
// logarithms.
void draw_normals(std::array<std::uint32_t, 4>& state, float* values, std::size_t count);

}  // namespace sigma
