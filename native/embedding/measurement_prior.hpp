#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../neighbors/query_search.hpp"
#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"

namespace sigma {

// The distribution of the true values behind a measurement y_i whose errors have the covariance C_i, estimated from the
// measured points. The model assumes that the true values x_i are near those of some point j: x_i ~ N(y_j, C_j + floor
// I). The floor comes from the noise model and is the variance of the difference of true neighbors. The probability of
// point j is proportional to the density N(y_i; y_j, C_i + C_j + floor I), and the normal distribution of x_i given y_i
// and j follows from Bayes' rule (empirical Bayes, Robbins 1956). Draws from N(y_i, C_i), around the measured values,
// would add the noise a second time: measurements already scatter more than the true values.
class MeasurementPrior {
 public:
  // The points must have sigma and must outlive this object. The constructor estimates the floor.
  MeasurementPrior(const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation);

  // The points that may be near each measurement, and their cumulative probabilities.
  struct Candidates {
    std::size_t k = 0;
    std::vector<std::uint32_t> points;  // count x k
    std::vector<double> cumulated;      // count x k
  };
  // Finds the 500 most likely points for each measurement. Measurement q is not compared with point own[q].
  Candidates find(const Gaussians& measurements, std::span<const std::uint32_t> own, ThreadTeam& team,
                  const Cancellation& cancellation) const;

  // The working memory of one thread for draws.
  struct Scratch {
    std::vector<double> matrix, near, measured, weights;
  };
  // Draws true values behind measurement `row`, in the frame of the packed points, using candidate list `q`.
  void draw(const Gaussians& measurements, std::size_t row, const Candidates& candidates, std::size_t q, Random& random,
            std::span<double> out, Scratch& scratch) const;

 private:
  // `near` is a draw from N(y_j, C_j + floor I), `measured` is a draw from N(y_i, C_i). Moves `near` toward `measured`
  // by the matrix (C_j + floor I) (C_i + C_j + floor I)^-1. The result is a draw from the distribution of x_i
  // (Matheron's rule).
  void combine(const Gaussians& measurements, std::size_t row, std::size_t point, Scratch& scratch) const;

  const Gaussians& points_;
  double floor_;        // in units of the points' scale squared
  double factor_;       // converts the distances of the search to -2 log of a probability
  QuerySearch search_;  // under mahalanobis-logdet
};

}  // namespace sigma
