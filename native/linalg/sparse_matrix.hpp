#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sigma {

// A sparse float32 matrix in compressed rows: the numbers of row i and their columns are at the indices from offsets[i]
// to offsets[i + 1]. Columns are below `cols` and distinct within a row.
struct SparseMatrix {
  std::size_t cols = 0;
  std::vector<std::uint64_t> offsets;  // rows + 1
  std::vector<std::uint32_t> columns;
  std::vector<float> values;

  std::size_t rows() const { return offsets.size() - 1; }
};

}  // namespace sigma
