// Expected squared Euclidean distance of independent draws from the two Gaussians:
//   sum_k (mu_ik - mu_jk)^2 + sum_k (sigma_ik^2 + sigma_jk^2).
// Uses no variance floor. The least of all sums of sigma^2 is subtracted from each of them: this constant does not
// change the calibration, but subtracting it saves digits of float32. Points whose sum is far above the least have
// fewer digits.
struct Expected : Euclidean {
  static constexpr DistanceTraits traits{.spread = Spread::total, .is_plain_for_equal_sigma = true};

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights weights) {
    return weights.means * s.squares;
  }
};
