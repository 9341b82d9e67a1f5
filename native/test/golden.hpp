// The golden vectors of test/fixtures: float64 results of brute-force computations for 300 points of 12 dimensions.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "neighbors/gaussians.hpp"

namespace sigma::test {

template <class T>
std::vector<T> read_golden(const std::string& name) {
  std::ifstream file(std::string(SIGMA_FIXTURES) + "/golden/" + name + ".npy", std::ios::binary);
  char head[10];
  file.read(head, sizeof head);
  std::uint16_t length;
  std::memcpy(&length, head + 8, sizeof length);
  file.ignore(length);
  std::vector<T> values;
  for (T value; file.read(reinterpret_cast<char*>(&value), sizeof value);) values.push_back(value);
  if (values.empty()) throw std::runtime_error("no golden vector " + name);
  return values;
}

// A coordinate spread in the caller's units. Column k has the center k / 10 and the variance 2 + k / 10, of which 4/5
// lie between neighborhoods.
struct TestSpread {
  static double center(std::size_t k) { return 0.1 * static_cast<double>(k); }
  static double variance(std::size_t k) { return 2 + 0.1 * static_cast<double>(k); }
  static double between(std::size_t k) { return 0.8 * variance(k); }
};

inline void add_test_spread(Gaussians& points) {
  const double squared = points.scale * points.scale;
  CoordinateSpread spread;
  for (std::size_t k = 0; k < points.input_dimensions(); ++k) {
    spread.center.push_back((TestSpread::center(k) - points.center[k]) / points.scale);
    spread.variance.push_back(TestSpread::variance(k) / squared);
    spread.between.push_back(TestSpread::between(k) / squared);
  }
  points.coordinate_spread = spread;
}

struct Golden {
  static constexpr std::size_t n = 300, d = 12, k = 30;
  static constexpr double perplexity = 10, floor = 0.01;
  std::vector<double> mu = read_golden<double>("mu"), sigma = read_golden<double>("sigma");

  Gaussians points() const {
    Gaussians packed = pack_means({nullptr, mu.data()}, n, d);
    pack_sigma(packed, {nullptr, sigma.data()}, floor);
    add_test_spread(packed);
    return packed;
  }
};

}  // namespace sigma::test
