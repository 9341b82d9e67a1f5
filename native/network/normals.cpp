#include "normals.hpp"

#include <algorithm>
#include <bit>

#include "network_kernels.hpp"

namespace sigma {
namespace {

std::uint32_t next(std::array<std::uint32_t, 4>& s) {
  const std::uint32_t result = std::rotl(s[0] + s[3], 7) + s[0], shifted = s[1] << 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = std::rotl(s[3], 11);
  return result;
}

double between_minus_one_and_one(std::array<std::uint32_t, 4>& state) {
  return static_cast<double>(next(state)) * 0x1p-31 - 1;
}

}  // namespace

void draw_normals(std::array<std::uint32_t, 4>& state, float* values, std::size_t count) {
  // Points in the unit disk are collected first, because only the drawing of random bits must be sequential.
  constexpr std::size_t kPairs = 256;
  std::array<float, 2 * kPairs> points;
  std::array<float, kPairs> squares;
  const NetworkKernels& kernels = network_kernels();
  for (std::size_t done = 0; done < count; done += 2 * kPairs) {
    const std::size_t wanted = std::min(2 * kPairs, count - done), pairs = (wanted + 1) / 2;
    for (std::size_t i = 0; i < pairs;) {
      const double x = between_minus_one_and_one(state), y = between_minus_one_and_one(state);
      const double square = x * x + y * y;
      if (square >= 1 || square == 0) continue;
      points[2 * i] = static_cast<float>(x);
      points[2 * i + 1] = static_cast<float>(y);
      squares[i++] = static_cast<float>(square);
    }
    kernels.scale_polar(squares.data(), pairs, points.data());
    std::copy_n(points.data(), wanted, values + done);
  }
}

}  // namespace sigma
