/* The C interface of the core, for programs in other languages.
 *
 * Arguments and results are tables of named values, so that a new option needs no new function. The names are those of
 * the TypeScript library: native/addon/binding.d.cts describes the arguments and results of each function, and
 * src/tsne/declarations.ts describes the options. A matrix is a table {data, rows, cols} whose data are float32 or
 * float64, row by row.
 *
 * Ownership: a table that a function returns belongs to the caller, who frees it with sigma_values_free(). Tables that
 * a function takes as `const` stay with the caller. Functions copy what they need, so arguments may be freed after the
 * call.
 *
 * Errors: a function that returns a pointer returns NULL if it failed, and sigma_last_error() then returns the reason.
 * No exception leaves the library.
 *
 * Threads: a table or a run must not be used by two threads at once. Different tables and runs may be used by different
 * threads. Each thread has its own last error.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__wasm__)
#define SIGMA_API(name) __attribute__((export_name(#name), used, visibility("default")))
#elif defined(_WIN32)
#define SIGMA_API(name) __declspec(dllexport)
#else
#define SIGMA_API(name) __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Tables of named values. ---- */

typedef struct sigma_values sigma_values;

typedef enum {
  SIGMA_ABSENT = 0,
  SIGMA_NUMBER = 1,
  SIGMA_FLAG = 2,
  SIGMA_TEXT = 3,
  SIGMA_FLOAT32 = 4, /* arrays of numbers */
  SIGMA_FLOAT64 = 5,
  SIGMA_UINT32 = 6,
  SIGMA_TABLE = 7,
  SIGMA_INT32 = 8, /* an array of numbers */
} sigma_kind;

/* An empty table, or NULL if memory ran out. */
SIGMA_API(sigma_values_new) sigma_values* sigma_values_new(void);
/* Frees a table and all tables in it. NULL is allowed. */
SIGMA_API(sigma_values_free) void sigma_values_free(sigma_values* values);

/* Each of these returns 1, or 0 if memory ran out. A previous value of the same name is replaced. */
SIGMA_API(sigma_set_number) int sigma_set_number(sigma_values* values, const char* name, double number);
SIGMA_API(sigma_set_flag) int sigma_set_flag(sigma_values* values, const char* name, int flag);
SIGMA_API(sigma_set_text) int sigma_set_text(sigma_values* values, const char* name, const char* text);
/* Takes ownership of the table `inner`, so the caller must not free it. */
SIGMA_API(sigma_set_table) int sigma_set_table(sigma_values* values, const char* name, sigma_values* inner);
/* Adds an array of `length` zeros and returns its memory for the caller to fill, or NULL if memory ran out. `kind` is
 * SIGMA_FLOAT32, SIGMA_FLOAT64, SIGMA_UINT32 or SIGMA_INT32. */
SIGMA_API(sigma_set_array) void* sigma_set_array(sigma_values* values, const char* name, int kind, size_t length);

/* The number of entries, and the name of entry i. Entries are in alphabetical order. */
SIGMA_API(sigma_count) size_t sigma_count(const sigma_values* values);
SIGMA_API(sigma_name) const char* sigma_name(const sigma_values* values, size_t i);
SIGMA_API(sigma_kind_of) int sigma_kind_of(const sigma_values* values, const char* name);
/* Return NaN, 0 or NULL if the name has no value of this kind. Returned pointers are valid as long as the table. */
SIGMA_API(sigma_get_number) double sigma_get_number(const sigma_values* values, const char* name);
SIGMA_API(sigma_get_flag) int sigma_get_flag(const sigma_values* values, const char* name);
SIGMA_API(sigma_get_text) const char* sigma_get_text(const sigma_values* values, const char* name);
SIGMA_API(sigma_get_table) const sigma_values* sigma_get_table(const sigma_values* values, const char* name);
SIGMA_API(sigma_get_array) const void* sigma_get_array(const sigma_values* values, const char* name);
SIGMA_API(sigma_get_length) size_t sigma_get_length(const sigma_values* values, const char* name);

/* The reason why the last call of this thread failed: {code, message}, and {argument, row, column, value} for a value
 * of the data that cannot be used. Codes: NOT_FINITE, NEGATIVE_SIGMA, NEGATIVE_VARIANCE, NOT_SYMMETRIC,
 * NEGATIVE_EIGENVALUE, DIVERGED, ABORTED, OUT_OF_MEMORY, INVALID_ARGUMENT, INTERNAL. The table belongs to the library
 * and is valid until the next call that fails. */
SIGMA_API(sigma_last_error) const sigma_values* sigma_last_error(void);

/* A function of the caller that receives progress reports. It is called from one of the working threads, never from two
 * at once, at most about ten times per second and at each change of stage. If it does not return 0, the work is
 * canceled and fails with ABORTED. `report` is only valid during the call. Functions accept NULL instead of a
 * sigma_report. */
typedef int (*sigma_report)(const sigma_values* report, void* context);

/* ---- A run of t-SNE. ---- */

typedef struct sigma_run sigma_run;

/* Creates a run for the matrix `data`, with the optional matrix `sigma` or table `covariance`. The table `options` must
 * contain every option, because the library has no defaults. Optional are the matrix `start` and the tables `neighbors`
 * {indices, squared, k} and `graph` {offsets, columns, weights}. If the table `shape` is given instead of data, the run
 * must be filled by sigma_run_write() and completed by sigma_run_restore(). */
SIGMA_API(sigma_run_new) sigma_run* sigma_run_new(const sigma_values* arguments);
SIGMA_API(sigma_run_free) void sigma_run_free(sigma_run* run);

/* Computes up to iteration `until`; with the flag `untilConverged` it ends earlier if the run has converged. Returns {}
 * or, with the flag `wantsKl`, {kl}. Reports are {stage, fraction, iteration}, sometimes with {kl} and {neighbors};
 * if `snapshotEvery` is not 0, every `snapshotEvery`th iteration is reported with {embedding}. After ABORTED the run
 * can continue where it stopped. */
SIGMA_API(sigma_run_advance)
sigma_values* sigma_run_advance(sigma_run* run, const sigma_values* how, sigma_report report, void* context);

/* {count, iteration, hasConverged, method, neighbors, seconds, varianceFloor, farValue}, as far as they are known. */
SIGMA_API(sigma_run_describe) sigma_values* sigma_run_describe(sigma_run* run);
/* {embedding}: n x outputDimensions float32, in the order of the data. */
SIGMA_API(sigma_run_embedding) sigma_values* sigma_run_embedding(sigma_run* run);

/* Functions that place points into the embedding, measure the uncertainty of positions, and score points; see
 * binding.d.cts. Reports are {fraction}. */
SIGMA_API(sigma_run_place)
sigma_values* sigma_run_place(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_run_uncertainty)
sigma_values* sigma_run_uncertainty(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_run_singularity)
sigma_values* sigma_run_singularity(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_run_perturbation)
sigma_values* sigma_run_perturbation(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_run_groups)
sigma_values* sigma_run_groups(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_run_reliability)
sigma_values* sigma_run_reliability(sigma_run* run, const sigma_values* arguments, sigma_report report, void* context);

/* The state of a run, for saving it. sigma_run_state() returns an empty table if there is no embedding yet, and
 * sigma_run_read() returns {numbers}. */
SIGMA_API(sigma_run_state) sigma_values* sigma_run_state(sigma_run* run);
SIGMA_API(sigma_run_read) sigma_values* sigma_run_read(sigma_run* run, const sigma_values* rows);
/* sigma_run_write() fills rows of a run to restore. sigma_run_restore() completes the run after all rows are written.
 * Both return an empty table. */
SIGMA_API(sigma_run_write) sigma_values* sigma_run_write(sigma_run* run, const sigma_values* rows);
SIGMA_API(sigma_run_restore) sigma_values* sigma_run_restore(sigma_run* run);

/* ---- Functions for data and embeddings, named as in binding.d.cts. ---- */

SIGMA_API(sigma_separate)
sigma_values* sigma_separate(const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_assign_to_grid)
sigma_values* sigma_assign_to_grid(const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_evaluate)
sigma_values* sigma_evaluate(const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_nearest)
sigma_values* sigma_nearest(const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_pca) sigma_values* sigma_pca(const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_pca_of_sparse)
sigma_values* sigma_pca_of_sparse(const sigma_values* arguments, sigma_report report, void* context);
SIGMA_API(sigma_estimate_noise_model)
sigma_values* sigma_estimate_noise_model(const sigma_values* arguments, sigma_report report, void* context);
/* {isa, distances}: the instruction set in use, and {usesSigma, hasFloor} of each distance. */
SIGMA_API(sigma_describe) sigma_values* sigma_describe(void);

#ifdef __cplusplus
}
#endif
