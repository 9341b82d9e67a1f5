#pragma once

#include <cstddef>
#include <vector>

#include "../support/aligned.hpp"
#include "../support/threads.hpp"
#include "network_kernels.hpp"
#include "rows.hpp"

namespace sigma {

// C (m x n) = activation(A (m x k) times B (k x n) + bias).
struct Product {
  std::size_t m, n, k;
  // The rows of A or, if `left_by_depth` is set, of the transpose of A.
  const Rows& left;
  bool left_by_depth;
  // The rows of B or, if `right_by_column` is set, of the transpose of B.
  const Rows& right;
  bool right_by_column;
  Grid out;
  // n numbers, or null.
  const float* bias = nullptr;
  Activation activation = Activation::linear;
  // The slope of leaky_relu below zero.
  float slope = 0.2f;
};

// Computes products with its own threads and memory, one product at a time.
class MatrixMultiplier {
 public:
  explicit MatrixMultiplier(unsigned threads);

  // The result has the same bits for any number of threads.
  void multiply(const Product& product);

  ThreadTeam& team() { return team_; }

 private:
  struct Scratch {
    AlignedVector<float> left, right, room;
  };
  struct Plan;

  void make_part(const Product& product, const Plan& plan, std::size_t part, unsigned worker);
  void multiply_column(const Product& product);
  void add_parts(const Product& product, const Plan& plan);

  ThreadTeam team_;
  std::vector<Scratch> scratch_;
  AlignedVector<float> partial_sums_, column_;
};

}  // namespace sigma
