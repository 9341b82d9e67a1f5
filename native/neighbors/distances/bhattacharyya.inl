// Bhattacharyya distance of the two Gaussians, -log of the integral of sqrt(p_i p_j) (Bhattacharyya 1943; for Gaussians
// Kailath 1967, IEEE Trans. Commun. Technol. 15, eq. 48), with the variances v = sigma^2 + floor of each point:
//   1/4 sum_k (mu_ik - mu_jk)^2 / (v_ik + v_jk) + 1/4 sum_k log((v_ik + v_jk)^2 / (4 v_ik v_jk)).
// This number is used directly as the squared distance: if all variances are equal, it is a multiple of the squared
// Euclidean distance.
struct Bhattacharyya {
  static constexpr DistanceTraits traits{
      .spread = Spread::floored_variances, .is_plain_for_equal_sigma = true, .cost = 14};

  // The logarithm is computed from the product of all g = 4 v_i v_j / (v_i + v_j)^2. If the variances are nearly equal,
  // so that this would lose digits, it is computed from the complement of the product, which is made from 1 - g = ((v_i
  // - v_j) / (v_i + v_j))^2.
  template <class V>
  struct Sum {
    V squares{}, complement{};
    ProductLogarithm<V> product;
  };

  template <class V>
  SIGMA_INLINE void add(Sum<V>& s, V mean_i, V mean_j, V variance_i, V variance_j) {
    const V difference = mean_i - mean_j, weight = reciprocal(variance_i + variance_j);
    s.squares += weight * (difference * difference);
    const V contrast = (variance_i - variance_j) * weight;
    s.complement += (1.0f - s.complement) * (contrast * contrast);
    s.product.multiply(4.0f * ((variance_i * weight) * (variance_j * weight)));
  }

  template <class V>
  SIGMA_INLINE V finish(const Sum<V>& s, DistanceWeights weights) {
    const V logarithm = s.complement < 0.25f ? logarithm_of_complement(s.complement) : -s.product.value();
    return weights.means * s.squares + weights.spread * logarithm;
  }
};
