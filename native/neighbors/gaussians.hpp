#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "../linalg/packed_matrix.hpp"
#include "../support/threads.hpp"

namespace sigma {

// Numbers in the caller's memory, float32 or float64, row by row. Exactly one of the pointers is set.
struct NumberView {
  const float* f32 = nullptr;
  const double* f64 = nullptr;
  double at(std::size_t index) const { return f32 != nullptr ? static_cast<double>(f32[index]) : f64[index]; }
};

// The square of a larger standard deviation could leave the range of float64. The weight of such a value is zero long
// before that.
constexpr double kLargestSigma = 1e150;

// A value that lies far beyond the values of the other points.
struct FarValue {
  std::size_t row = 0, column = 0;
  double value = 0;  // in the caller's units
  double times = 0;  // its distance from the median of its column, in units of a typical point's distance
};

// Values that are farther from the center than this many times the distance of a typical point are moved to this limit.
// The differences of typical points and their squares then keep all digits of float32. Standard deviations have the
// same limit, relative to a typical standard deviation.
constexpr double kFarthestValue = 1e10;

// The spread of the true coordinates, for distances with Spread::reliabilities. The values are per coordinate and in
// the frame of the packed points.
struct CoordinateSpread {
  std::vector<double> center;    // m
  std::vector<double> variance;  // S > 0, in units of the points' scale squared
  std::vector<double>
      between;  // B, the part of S that lies between neighborhoods, in [0, S); 0 excludes the coordinate
};

// The points: diagonal Gaussians, or plain vectors if there is no sigma. The means are centered and divided by `scale`.
// This does not change the results of any distance, but it keeps the digits of float32 for data with a large offset or
// with values such as 1e30 or 1e-30.
struct Gaussians {
  PackedMatrix means;
  PackedMatrix deviations;  // sigma / sigma_scale, in [0, 1]; empty without sigma
  // The lower triangular L of each covariance L L^T, row by row, divided by sigma_scale; empty without covariances.
  // With covariances, the standard deviations are the lengths of the rows of L.
  PackedMatrix factors;
  std::vector<double> center;  // per column, in the caller's units
  double scale = 1;
  double sigma_scale = 1;
  std::optional<FarValue> far_value;                  // the farthest value, if it lies far beyond the other points
  double variance_floor = 0;                          // in the caller's units, squared; 0 before it is estimated
  bool sigma_is_equal = false;                        // whether all points and columns have the same sigma
  std::optional<CoordinateSpread> coordinate_spread;  // empty before it is estimated

  std::size_t count() const { return means.rows(); }
  std::size_t input_dimensions() const { return means.cols(); }
};

// Allocates memory for standard deviations and covariances in `rows` if `points` have them. The means of `rows` must
// already have their size.
void make_room_for_spread(Gaussians& rows, const Gaussians& points);
// Copies the standard deviations and the covariance of a point to row `to` of `rows`.
void copy_spread(const Gaussians& points, std::size_t point, Gaussians& rows, std::size_t to);

// Copies rows x cols numbers into this form. The center is the mean, and the scale is the largest difference from it.
// If some points lie far beyond the others (see find_robust_frame), the center is the median, so that the other points
// keep their digits. Throws BadValue at the first number that is not finite.
Gaussians pack_means(NumberView data, std::size_t rows, std::size_t cols);

// Adds standard deviations, of the same shape as the means, and the variance floor for the distances that need one. A
// floor of 0 means that resolve_noise estimates it. Throws BadValue at the first number that is negative or not finite.
void pack_sigma(Gaussians& points, NumberView sigma, double variance_floor);

// The transformation from the caller's numbers to packed points. New points are packed with it in the same way.
struct Frame {
  std::vector<double> center;  // d, in the caller's units
  double scale = 1;
  double sigma_scale = 1;
  std::vector<float> axes;  // d x k, the principal components to which the points were reduced; empty if they were not
  std::size_t components = 0;
};

// New points may lie anywhere. Points farther from the center than this, in units of the spread of the points, are
// moved toward the center along a straight line. Their nearest points stay the same, and squares stay in the range of
// float32.
constexpr double kFarthestQuery = 1e6;

// Packs new points, rows x d numbers, in an existing frame. Each point is packed independently of the others. Throws
// BadValue like pack_means. The threads of `team` compute the projection onto principal components.
Gaussians pack_queries(NumberView data, std::size_t rows, const Frame& frame, ThreadTeam& team);

// Adds standard deviations to the queries. The frame must have no principal components.
void pack_query_sigma(Gaussians& queries, NumberView sigma, const Frame& frame);

}  // namespace sigma
