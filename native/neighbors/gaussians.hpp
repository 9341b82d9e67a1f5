#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "../linalg/packed_matrix.hpp"
#include "../support/threads.hpp"

namespace sigma {

// Numbers as the caller holds them: float32 or float64, row after row. Exactly one pointer is set.
struct NumberView {
  const float* f32 = nullptr;
  const double* f64 = nullptr;
  double at(std::size_t index) const { return f32 != nullptr ? static_cast<double>(f32[index]) : f64[index]; }
};

// Beyond this the square of a standard deviation would leave float64, and a weight is zero long before.
constexpr double kLargestSigma = 1e150;

// A value far beyond those of the other points.
struct FarValue {
  std::size_t row = 0, column = 0;
  double value = 0;  // in the caller's units
  double times = 0;  // its distance from the median of its column, in units of a typical point's distance
};

// Values beyond this many times the distance of a typical point from the center are moved there: then the differences
// of typical points, and their squares, still have all digits of float32. Standard deviations have the same limit, in
// units of a typical one.
constexpr double kFarthestValue = 1e10;

// The spread of the true coordinates, which distances of Spread::reliabilities need, per coordinate in the frame of the
// packed points.
struct CoordinateSpread {
  std::vector<double> center;    // m
  std::vector<double> variance;  // S > 0, in units of the points' scale squared
  std::vector<double>
      between;  // B, the part of S that lies between neighborhoods, in [0, S); 0 leaves the coordinate out
};

// The points: diagonal Gaussians, or plain vectors where there is no sigma. The means are centered and divided by
// `scale`, which no distance minds but float32 does: data with a large offset, or of 1e30 or 1e-30, keep their digits.
struct Gaussians {
  PackedMatrix means;
  PackedMatrix deviations;  // sigma / sigma_scale, in [0, 1]; empty without sigma
  // Lower triangular L of each covariance L L^T, row by row, / sigma_scale; empty without covariances. The deviations
  // are then the lengths of the rows of L.
  PackedMatrix factors;
  std::vector<double> center;  // per column, in the caller's units
  double scale = 1;
  double sigma_scale = 1;
  std::optional<FarValue> far_value;                  // the farthest, if it is far beyond the points
  double variance_floor = 0;                          // in the caller's units, squared; 0 until it is estimated
  bool sigma_is_equal = false;                        // over points and columns
  std::optional<CoordinateSpread> coordinate_spread;  // none until it is estimated

  std::size_t count() const { return means.rows(); }
  std::size_t input_dimensions() const { return means.cols(); }
};

// Allocates standard deviations and covariances in `rows`, whose means have their size, if `points` have them.
void make_room_for_spread(Gaussians& rows, const Gaussians& points);
// Copies those of a point to row `to` of `rows`.
void copy_spread(const Gaussians& points, std::size_t point, Gaussians& rows, std::size_t to);

// Copies rows x cols numbers into that form. The center is the mean and the scale the largest difference from it; where
// some points lie far beyond the others (see find_robust_frame), the center is the median, so that the others keep
// their digits. Throws BadValue at the first that is not finite.
Gaussians pack_means(NumberView data, std::size_t rows, std::size_t cols);

// Adds the standard deviations, of the same shape, and the floor of those distances that need one; 0 stands for one
// that resolve_noise estimates. Throws BadValue at the first that is not finite or negative.
void pack_sigma(Gaussians& points, NumberView sigma, double variance_floor);

// How numbers of the caller became packed points, so that other points can be packed in the same way.
struct Frame {
  std::vector<double> center;  // d, in the caller's units
  double scale = 1;
  double sigma_scale = 1;
  std::vector<float> axes;  // d x k, the principal components that the points were reduced to; empty without
  std::size_t components = 0;
};

// Other points may lie anywhere. Those beyond this, in units of the points' spread, are brought nearer along the line
// to the center: which points are near them stays, and squares stay in float32.
constexpr double kFarthestQuery = 1e6;

// Other points in that frame, rows x d numbers, each packed by itself. Throws BadValue as above. `team` shares the
// projection.
Gaussians pack_queries(NumberView data, std::size_t rows, const Frame& frame, ThreadTeam& team);

// Adds their standard deviations, for a frame without principal components.
void pack_query_sigma(Gaussians& queries, NumberView sigma, const Frame& frame);

}  // namespace sigma
