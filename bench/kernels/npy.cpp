#include "npy.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace sigma::bench {

FloatMatrix read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char head[10] = {};
  file.read(head, sizeof head);
  std::uint16_t length;
  std::memcpy(&length, head + 8, sizeof length);
  std::string header(length, ' ');
  file.read(header.data(), length);
  FloatMatrix matrix;
  const std::size_t shape = header.find('(');
  const bool is_float = header.find("'<f4'") != std::string::npos && header.find("order': False") != std::string::npos;
  if (!file || !is_float || shape == std::string::npos ||
      std::sscanf(header.c_str() + shape, "(%zu, %zu)", &matrix.rows, &matrix.cols) != 2) {
    throw std::runtime_error(path + ": expected a .npy file of float32 in C order with two dimensions");
  }
  matrix.values.resize(matrix.rows * matrix.cols);
  file.read(reinterpret_cast<char*>(matrix.values.data()),
            static_cast<std::streamsize>(matrix.values.size() * sizeof(float)));
  if (!file) throw std::runtime_error(path + ": is cut off");
  return matrix;
}

}  // namespace sigma::bench
