// The distances, by the names of the API. A file in this folder, its include and its line here make one more.
// clang-format off: a distance comes after those whose arithmetic it shares.
#include "euclidean.inl"
#include "inverse_variance.inl"
#include "expected.inl"
#include "wasserstein.inl"
#include "mahalanobis.inl"
#include "mahalanobis_logdet.inl"
#include "bhattacharyya.inl"
#include "jeffreys.inl"
#include "likelihood_ratio.inl"
#include "cosine.inl"
#include "correlation.inl"
#include "manhattan.inl"
// clang-format on

#define SIGMA_DISTANCES(X)                   \
  X("euclidean", Euclidean)                  \
  X("inverse-variance", InverseVariance)     \
  X("expected", Expected)                    \
  X("wasserstein", Wasserstein)              \
  X("mahalanobis", Mahalanobis)              \
  X("mahalanobis-logdet", MahalanobisLogdet) \
  X("bhattacharyya", Bhattacharyya)          \
  X("jeffreys", Jeffreys)                    \
  X("likelihood-ratio", LikelihoodRatio)     \
  X("cosine", Cosine)                        \
  X("correlation", Correlation)              \
  X("manhattan", Manhattan)
