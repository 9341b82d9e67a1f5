// Square of the 2-Wasserstein distance, which for diagonal Gaussians is Euclidean in (mu, sigma)
// (Givens & Shortt 1984, Michigan Math. J. 31, proposition 7):
//   sum_k (mu_ik - mu_jk)^2 + sum_k (sigma_ik - sigma_jk)^2.
// Uses no variance floor.
struct Wasserstein : Euclidean {
  static constexpr DistanceTraits traits{.coordinates = Coordinates::means_and_deviations,
                                         .is_plain_for_equal_sigma = true};
};
