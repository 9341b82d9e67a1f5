#include "fourier.hpp"

#include <cmath>
#include <numbers>
#include <stdexcept>

namespace sigma {

FourierPlan::FourierPlan(std::size_t length_) : length(length_), slot(length_, 0) {
  std::size_t rest = length;
  for (const int radix : {5, 3, 4, 2}) {
    while (rest % static_cast<std::size_t>(radix) == 0) {
      radices.push_back(radix);
      rest /= static_cast<std::size_t>(radix);
    }
  }
  if (rest != 1) throw std::invalid_argument("the length must be a product of the primes 2, 3 and 5");
  std::size_t n = length;
  for (const int radix : radices) {
    const auto r = static_cast<std::size_t>(radix);
    AlignedVector<float> stage;
    for (std::size_t j = 0; j < n / r; ++j) {
      for (std::size_t p = 1; p < r; ++p) {
        const double angle = -2 * std::numbers::pi * static_cast<double>(j * p) / static_cast<double>(n);
        stage.push_back(static_cast<float>(std::cos(angle)));
        stage.push_back(static_cast<float>(std::sin(angle)));
      }
    }
    twiddles.push_back(std::move(stage));
    n /= r;
  }
  // A stage of radix r moves frequency k to its block k mod r, where it becomes frequency k / r.
  for (std::size_t k = 0; k < length; ++k) {
    std::size_t frequency = k, block = length;
    for (const int radix : radices) {
      const auto r = static_cast<std::size_t>(radix);
      block /= r;
      slot[k] += static_cast<std::uint32_t>(frequency % r * block);
      frequency /= r;
    }
  }
}

std::size_t next_fourier_length(std::size_t least) {
  for (std::size_t length = least + least % 2;; length += 2) {
    std::size_t rest = length;
    for (const std::size_t factor : {2, 3, 5}) {
      while (rest % factor == 0) rest /= factor;
    }
    if (rest == 1) return length;
  }
}

}  // namespace sigma
