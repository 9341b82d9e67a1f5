#pragma once

#include <cstdint>
#include <optional>

namespace sigma {

// The number of iterations between two computations of the KL divergence.
constexpr std::uint64_t kKlEvery = 50;

// Decides whether a run has converged, from the KL divergence after every kKlEvery iterations.
class Convergence {
 public:
  // The last two KL divergences, oldest first. They are part of a run's saved state.
  struct Record {
    std::optional<double> before, now;
  };

  Convergence() = default;
  explicit Convergence(const Record& record) : record_(record) {}

  const Record& record() const { return record_; }
  // Must be called with every KL divergence. Comparisons begin at the end of the schedule: before it, the KL divergence
  // may fall slowly although the embedding is still far from its final state.
  void add(double kl, std::uint64_t iteration, std::uint64_t end_of_schedule) {
    if (iteration + kKlEvery >= end_of_schedule) record_ = {record_.now, kl};
  }
  // Whether the last decrease of the KL divergence was smaller than the fraction `tolerance`.
  bool reached(double tolerance) const {
    return record_.before && *record_.before - *record_.now < tolerance * *record_.before;
  }

 private:
  Record record_;
};

}  // namespace sigma
