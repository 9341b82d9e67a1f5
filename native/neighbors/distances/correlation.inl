// Square of the correlation distance, (1 - r_ij)^2, where r_ij is Pearson's correlation of the coordinates of mu_i and
// mu_j. It equals the cosine distance after the mean of its own coordinates was subtracted from each row
// (scipy.spatial.distance.correlation). Ignores sigma. A constant row is treated like a zero row of the cosine
// distance.
struct Correlation : Cosine {
  static constexpr DistanceTraits traits{.coordinates = Coordinates::centered_unit_rows};
};
