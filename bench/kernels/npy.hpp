#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sigma::bench {

struct FloatMatrix {
  std::size_t rows = 0, cols = 0;
  std::vector<float> values;  // row after row
};

// Reads float32 numbers in C order, the format that the benchmark writes. Throws std::runtime_error for any other file.
FloatMatrix read_npy(const std::string& path);

}  // namespace sigma::bench
