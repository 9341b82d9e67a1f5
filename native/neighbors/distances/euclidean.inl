// Squared Euclidean distance of the means: sum_k (mu_ik - mu_jk)^2. Ignores sigma.
struct Euclidean {
  static constexpr DistanceTraits traits{};

  template <class V>
  struct Sum {
    V squares{};
  };

  template <class V>
  SIGMA_INLINE void add(Sum<V>& s, V mean_i, V mean_j, V, V) {
    const V difference = mean_i - mean_j;
    s.squares += difference * difference;
  }

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights) {
    return s.squares;
  }
};
