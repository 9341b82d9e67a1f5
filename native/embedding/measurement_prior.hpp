#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../neighbors/query_search.hpp"
#include "../support/cancellation.hpp"
#include "../support/random.hpp"
#include "../support/threads.hpp"

namespace sigma {

// What measured points say about the true values behind another measurement y_i with errors of covariance C_i. The true
// values x_i are near those of some point j, so that x_i ~ N(y_j, C_j + floor I), with the floor of the noise model,
// the variance of the difference of true neighbors. Point j is that point with a probability proportional to the
// density N(y_i; y_j, C_i + C_j + floor I), and then the normal distribution of x_i given y_i follows from Bayes' rule
// (empirical Bayes, Robbins 1956). Measurements are farther from each other than the true values are. Drawing around
// the measured values, N(y_i, C_i), would add the noise a second time.
class MeasurementPrior {
 public:
  // The points must have sigma and outlive this. Estimates the floor.
  MeasurementPrior(const Gaussians& points, ThreadTeam& team, const Cancellation& cancellation);

  // The points that may be near some measurements, each with its probability, cumulated.
  struct Candidates {
    std::size_t k = 0;
    std::vector<std::uint32_t> points;  // count x k
    std::vector<double> cumulated;      // count x k
  };
  // Measurement q is not compared with point own[q]. The most likely 500 points are candidates.
  Candidates find(const Gaussians& measurements, std::span<const std::uint32_t> own, ThreadTeam& team,
                  const Cancellation& cancellation) const;

  // A thread's memory for drawing.
  struct Scratch {
    std::vector<double> matrix, near, measured, weights;
  };
  // Draws true values of measurement `row`, in the frame of the packed points, with the candidates of index `q`.
  void draw(const Gaussians& measurements, std::size_t row, const Candidates& candidates, std::size_t q, Random& random,
            std::span<double> out, Scratch& scratch) const;

 private:
  // `near` is a draw from N(y_j, C_j + floor I), `measured` one from N(y_i, C_i). Moves the first toward the second by
  // (C_j + floor I) (C_i + C_j + floor I)^-1, which gives a draw from the distribution of x_i (Matheron's rule).
  void combine(const Gaussians& measurements, std::size_t row, std::size_t point, Scratch& scratch) const;

  const Gaussians& points_;
  double floor_;        // in units of the points' scale squared
  double factor_;       // of the search's distances: -2 log of a probability
  QuerySearch search_;  // under mahalanobis-logdet
};

}  // namespace sigma
