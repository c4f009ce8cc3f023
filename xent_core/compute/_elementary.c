/* exp and log1p as NumPy ufuncs of float32 and float64, and sums over rows of exponentials, written so that the compiler
vectorises them for AVX2.

Errors are at most about one ulp. An element has the same result wherever it stands in an array, and on every processor:
scripts/compile forbids the compiler to contract a product and a sum, which it could do only where there is FMA. */

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <Python.h>
#include <numpy/ndarraytypes.h>
#include <numpy/ufuncobject.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#if defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

INLINE uint32_t float_bits(float x) { uint32_t bits; memcpy(&bits, &x, sizeof bits); return bits; }
INLINE uint64_t double_bits(double x) { uint64_t bits; memcpy(&bits, &x, sizeof bits); return bits; }
INLINE float float_of(uint32_t bits) { float x; memcpy(&x, &bits, sizeof x); return x; }
INLINE double double_of(uint64_t bits) { double x; memcpy(&x, &bits, sizeof x); return x; }

/* x = n ln 2 + r with |r| <= ln 2 / 2, so exp(x) = 2^n exp(r). Adding `shift` rounds to an integer, which the sum's
lowest bits hold. ln 2 is split in two, so that the product of n and the first part is exact. exp(r) is its Taylor
series up to the last term above a tenth of an ulp. 2^n is two factors, as it can be subnormal, or too large itself. An
underflow is slow on many processors, so the factor of what vanishes anyway is 0. */

INLINE float exp_float(float x) {
    const float shift = 0x1.8p23f;
    int vanishes = isless(x, -104);
    x = vanishes ? -104 : x;
    x = isgreater(x, 89) ? 89 : x; /* whose exponential is infinite; NaN compares as false, and stays */
    float shifted = x * 0x1.715476p0f + shift, n = shifted - shift;
    float r = (x - n * 0x1.63p-1f) - n * -0x1.bd0106p-13f, r2 = r * r;
    float even = 1.f / 2 + r * (1.f / 6), next = 1.f / 24 + r * (1.f / 120), last = 1.f / 720 + r * (1.f / 5040);
    float value = 1 + (r + r2 * (even + r2 * (next + r2 * last)));
    uint32_t biased = float_bits(shifted) - float_bits(shift) + 2 * 127, half = biased >> 1;
    return value * (vanishes ? 0 : float_of(half << 23)) * float_of((biased - half) << 23);
}

INLINE double exp_double(double x) {
    const double shift = 0x1.8p52;
    int vanishes = isless(x, -746);
    x = vanishes ? -746 : x;
    x = isgreater(x, 710) ? 710 : x;
    double shifted = x * 0x1.71547652b82fep0 + shift, n = shifted - shift;
    double r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33, r2 = r * r, r4 = r2 * r2;
    double first = (1. / 2 + r * (1. / 6)) + r2 * (1. / 24 + r * (1. / 120));
    double second = (1. / 720 + r * (1. / 5040)) + r2 * (1. / 40320 + r * (1. / 362880));
    double third = (1. / 3628800 + r * (1. / 39916800)) + r2 * (1. / 479001600 + r * (1. / 6227020800));
    double value = 1 + (r + r2 * (first + r4 * (second + r4 * third)));
    uint64_t biased = double_bits(shifted) - double_bits(shift) + 2 * 1023, half = biased >> 1;
    return value * (vanishes ? 0 : double_of(half << 52)) * double_of((biased - half) << 52);
}

/* For u >= 0, or NaN. 1 + u = 2^k m with m between sqrt(1/2) and sqrt(2), so log(1 + u) = k ln 2 + log m. With
f = m - 1 and s = f / (2 + f), log m = 2 atanh s: the Taylor series, arranged as in fdlibm's log1p. The rounding error
of 1 + u is added, divided by 1 + u. */

INLINE float log1p_float(float u) {
    const uint32_t root = 0x3f3504f3; /* the bits of sqrt(1/2) */
    float sum = 1 + u, lost = (u - (sum - 1)) / sum;
    uint32_t bits = float_bits(sum) - root;
    float k = float_of((bits >> 23) + float_bits(0x1p23f)) - 0x1p23f;
    float f = float_of((bits & 0x7fffff) + root) - 1, s = f / (2 + f), z = s * s, half = f * f / 2;
    float series = z * (2.f / 3 + z * (2.f / 5 + z * (2.f / 7 + z * (2.f / 9))));
    float value = k * 0x1.62ep-1f + (f - (half - (s * (half + series) + (k * 0x1.0bfbe8p-15f + lost))));
    return islessequal(u, FLT_MAX) ? value : u;
}

INLINE double log1p_double(double u) {
    const uint64_t root = 0x3fe6a09e667f3bcd;
    double sum = 1 + u, lost = (u - (sum - 1)) / sum;
    uint64_t bits = double_bits(sum) - root;
    double k = double_of((bits >> 52) + double_bits(0x1p52)) - 0x1p52;
    double f = double_of((bits & 0xfffffffffffff) + root) - 1, s = f / (2 + f), half = f * f / 2;
    double z = s * s, z2 = z * z, z4 = z2 * z2;
    double first = 2. / 3 + z * (2. / 5) + z2 * (2. / 7 + z * (2. / 9));
    double second = 2. / 11 + z * (2. / 13) + z2 * (2. / 15 + z * (2. / 17));
    double series = z * (first + z4 * (second + z4 * (2. / 19 + z * (2. / 21))));
    double value = k * 0x1.62e42fee00000p-1 + (f - (half - (s * (half + series) + (k * 0x1.a39ef35793c76p-33 + lost))));
    return islessequal(u, DBL_MAX) ? value : u;
}

#define DEFINE_LOOP(FUNCTION, REAL)                                                                      \
    FOR_EACH_PROCESSOR                                                                                   \
    static void FUNCTION##_contiguous(const REAL *x, REAL *out, npy_intp count) {                        \
        for (npy_intp i = 0; i < count; i++) out[i] = FUNCTION(x[i]);                                    \
    }                                                                                                    \
    static void FUNCTION##_loop(char **args, const npy_intp *count, const npy_intp *steps, void *data) { \
        (void)data;                                                                                      \
        if (steps[0] == sizeof(REAL) && steps[1] == sizeof(REAL)) {                                      \
            FUNCTION##_contiguous((const REAL *)args[0], (REAL *)args[1], *count);                       \
            return;                                                                                      \
        }                                                                                                \
        for (npy_intp i = 0; i < *count; i++)                                                            \
            *(REAL *)(args[1] + i * steps[1]) = FUNCTION(*(const REAL *)(args[0] + i * steps[0]));       \
    }

DEFINE_LOOP(exp_float, float)
DEFINE_LOOP(exp_double, double)
DEFINE_LOOP(log1p_float, float)
DEFINE_LOOP(log1p_double, double)

/* Sums over the rows of a matrix of logits x, each with a label y or with targets, in one pass. Of e_c = exp(x_c), and
e_y = 0,

    sums      the sum of e_c        dots     the sum of e_c x_c    ranks  the number of x_c > x_y,
    largest   the largest e_c       squares  the sum of e_c^2             and of x_c = x_y with c < y

The exponentials are kept, [rows, columns], where that is wanted. Otherwise only a piece of them exists at a time, small
enough for the first cache. A piece is summed in ACCUMULATORS sums of few terms each. These are added in double
precision, so that the error does not grow with the row. Of targets, a label y_c of each class, the sums of y_c and of
x_c y_c are taken in double precision throughout.

`shifted_rows` serves where these exponentials overflow or vanish: it takes the largest other logit off first.
`class_terms` writes -log p_c, p_c and 1 - p_c. The class with the largest logit is left out of the sum of exponentials,
S, so that its -log p is log1p(S) and its 1 - p is S / (1 + S): each keeps its relative accuracy. */

enum { PIECE = 1024, ACCUMULATORS = 32 };

typedef npy_intp Label __attribute__((aligned(1))); /* what was read from a body may stand unaligned */
typedef struct {
    double *sums, *dots, *squares, *largest;
    npy_int64 *ranks;
    void *kept;
    const void *targets;
    double *target_sums, *target_dots;
} Sums;

#define DEFINE_ROWS(EXP, REAL, INTEGER)                                                                       \
    typedef REAL REAL##_given __attribute__((aligned(1)));                                                    \
    INLINE double EXP##_dot(const REAL *a, const REAL##_given *b, npy_intp count) {                           \
        double total = 0;                                                                                     \
        npy_intp i = 0;                                                                                       \
        if (count >= ACCUMULATORS) {                                                                          \
            REAL parts[ACCUMULATORS] = {0};                                                                   \
            for (; i + ACCUMULATORS <= count; i += ACCUMULATORS)                                              \
                for (int k = 0; k < ACCUMULATORS; k++) parts[k] += b == NULL ? a[i + k] : a[i + k] * b[i + k];\
            for (int k = 0; k < ACCUMULATORS; k++) total += parts[k];                                         \
        }                                                                                                     \
        for (; i < count; i++) total += b == NULL ? a[i] : a[i] * b[i];                                       \
        return total;                                                                                         \
    }                                                                                                         \
    INLINE REAL EXP##_largest(const REAL##_given *a, npy_intp count, REAL largest) {                          \
        npy_intp i = 0;                                                                                       \
        if (count >= ACCUMULATORS) {                                                                          \
            REAL parts[ACCUMULATORS];                                                                         \
            for (int k = 0; k < ACCUMULATORS; k++) parts[k] = largest;                                        \
            for (; i + ACCUMULATORS <= count; i += ACCUMULATORS)                                              \
                for (int k = 0; k < ACCUMULATORS; k++) parts[k] = a[i + k] > parts[k] ? a[i + k] : parts[k];  \
            for (int k = 0; k < ACCUMULATORS; k++) largest = parts[k] > largest ? parts[k] : largest;         \
        }                                                                                                     \
        for (; i < count; i++) largest = a[i] > largest ? a[i] : largest;                                     \
        return largest;                                                                                       \
    }                                                                                                         \
    INLINE npy_int64 EXP##_rank(const REAL##_given *x, npy_intp count, npy_intp before, REAL label) {         \
        INTEGER rank = 0;                                                                                     \
        npy_intp i = 0;                                                                                       \
        for (; i < before; i++) rank += x[i] >= label;                                                        \
        for (; i < count; i++) rank += x[i] > label;                                                          \
        return rank;                                                                                          \
    }                                                                                                         \
    INLINE double EXP##_wide_dot(const REAL##_given *a, const REAL##_given *b, npy_intp count) {              \
        double total = 0, parts[ACCUMULATORS / 2] = {0};                                                      \
        npy_intp i = 0, step = ACCUMULATORS / 2;                                                              \
        for (; i + step <= count; i += step)                                                                  \
            for (int k = 0; k < ACCUMULATORS / 2; k++) parts[k] += b == NULL ? a[i + k] : (double)a[i + k] * b[i + k];\
        for (int k = 0; k < ACCUMULATORS / 2; k++) total += parts[k];                                         \
        for (; i < count; i++) total += b == NULL ? a[i] : (double)a[i] * b[i];                               \
        return total;                                                                                         \
    }                                                                                                         \
    FOR_EACH_PROCESSOR                                                                                        \
    static void EXP##_rows(const void *logits, const Label *labels, npy_intp rows, npy_intp columns, Sums out) {\
        REAL piece[PIECE];                                                                                    \
        npy_intp at_once = columns < PIECE ? PIECE / columns : 1;                                             \
        for (npy_intp start = 0; start < rows; start += at_once) {                                            \
            npy_intp count = rows - start < at_once ? rows - start : at_once;                                 \
            for (npy_intp column = 0; column < columns; column += PIECE) {                                    \
                npy_intp width = columns - column < PIECE ? columns - column : PIECE;                         \
                const REAL##_given *x = (const REAL##_given *)logits + start * columns + column;              \
                REAL *exponentials = out.kept ? (REAL *)out.kept + start * columns + column : piece;          \
                for (npy_intp i = 0; i < count * width; i++) exponentials[i] = EXP(x[i]);                     \
                for (npy_intp r = 0; labels != NULL && r < count; r++) {                                      \
                    npy_intp label = labels[start + r] - column;                                              \
                    if (label >= 0 && label < width) exponentials[r * width + label] = 0;                     \
                }                                                                                             \
                for (npy_intp r = 0; r < count; r++) {                                                        \
                    npy_intp row = start + r;                                                                 \
                    const REAL##_given *given = x + r * width;                                                \
                    const REAL *e = exponentials + r * width;                                                 \
                    out.sums[row] += EXP##_dot(e, NULL, width);                                               \
                    if (out.dots) out.dots[row] += EXP##_dot(e, given, width);                                \
                    if (out.squares) out.squares[row] += EXP##_dot(e, e, width);                              \
                    if (out.largest) out.largest[row] = EXP##_largest(e, width, out.largest[row]);            \
                    if (out.ranks) {                                                                          \
                        npy_intp label = labels[row] - column, before = label < width ? label : width;        \
                        out.ranks[row] += EXP##_rank(given, width, before, given[label]);                     \
                    }                                                                                         \
                    if (out.targets) {                                                                        \
                        const REAL##_given *y = (const REAL##_given *)out.targets + row * columns + column;   \
                        out.target_sums[row] += EXP##_wide_dot(y, NULL, width);                               \
                        out.target_dots[row] += EXP##_wide_dot(y, given, width);                              \
                    }                                                                                         \
                }                                                                                             \
            }                                                                                                 \
        }                                                                                                     \
    }                                                                                                         \
    FOR_EACH_PROCESSOR                                                                                        \
    static void EXP##_shifted_rows(const void *logits, const Label *labels, npy_intp rows, npy_intp columns,  \
                                   const npy_bool *chosen, double *losses) {                                  \
        REAL piece[PIECE];                                                                                    \
        for (npy_intp row = 0; row < rows; row++) {                                                           \
            if (!chosen[row]) continue;                                                                       \
            const REAL##_given *x = (const REAL##_given *)logits + row * columns;                             \
            npy_intp label = labels[row];                                                                     \
            REAL largest = EXP##_largest(x, label, -INFINITY);                                                \
            largest = EXP##_largest(x + label + 1, columns - label - 1, largest);                             \
            REAL shift = largest == -INFINITY ? 0 : largest;                                                  \
            double sum = 0, behind = (double)shift - x[label];                                                \
            for (npy_intp column = 0; column < columns; column += PIECE) {                                    \
                npy_intp width = columns - column < PIECE ? columns - column : PIECE;                         \
                for (npy_intp i = 0; i < width; i++) piece[i] = EXP(x[column + i] - shift);                   \
                if (label >= column && label < column + width) piece[label - column] = 0;                     \
                sum += EXP##_dot(piece, NULL, width);                                                         \
            }                                                                                                 \
            if (sum == 0)                                                                                     \
                losses[row] = x[label] == -INFINITY ? INFINITY : 0;                                           \
            else if (behind <= 0)                                                                             \
                losses[row] = log1p_double(sum * exp_double(behind));                                         \
            else /* the sum has a term of 1 */                                                                \
                losses[row] = behind + log1p_double((sum - 1) + exp_double(-behind));                         \
        }                                                                                                     \
    }                                                                                                         \
    FOR_EACH_PROCESSOR                                                                                        \
    static int EXP##_class_terms(const void *logits, npy_intp rows, npy_intp columns, REAL *negative_log_p,   \
                                 REAL *p, REAL *rest) {                                                       \
        int are_sound = 1;                                                                                    \
        npy_intp at_once = columns < PIECE ? PIECE / columns : 1, places[PIECE];                              \
        for (npy_intp start = 0; start < rows; start += at_once) {                                            \
            npy_intp count = rows - start < at_once ? rows - start : at_once, size = count * columns;         \
            const REAL##_given *x = (const REAL##_given *)logits + start * columns;                           \
            REAL *below = negative_log_p + start * columns, *e = rest + start * columns;                      \
            for (npy_intp r = 0; r < count; r++) {                                                            \
                npy_intp first = r * columns, end = first + columns - 1, place = first;                       \
                REAL largest = EXP##_largest(x + first, columns, -INFINITY);                                  \
                while (place < end && x[place] != largest) place++;                                           \
                are_sound &= isfinite(largest) != 0;                                                          \
                places[r] = place;                                                                            \
                for (npy_intp i = first; i <= end; i++) below[i] = x[i] - largest;                            \
            }                                                                                                 \
            for (npy_intp i = 0; i < size; i++) e[i] = EXP(below[i]);                                         \
            for (npy_intp r = 0; r < count; r++) e[places[r]] = 0;                                            \
            for (npy_intp r = 0; r < count; r++) {                                                            \
                npy_intp first = r * columns, end = first + columns;                                          \
                double others = EXP##_dot(e + first, NULL, columns);                                          \
                REAL log_sum = log1p_double(others), sum = 1 + others, scale = 1 / sum;                       \
                are_sound &= !isnan(others);                                                                  \
                for (npy_intp i = first; i < end; i++) below[i] = log_sum - below[i];                         \
                if (p == NULL) {                                                                              \
                    for (npy_intp i = first; i < end; i++) e[i] = 1 - e[i] * scale;                           \
                } else {                                                                                      \
                    REAL *share = p + start * columns;                                                        \
                    for (npy_intp i = first; i < end; i++) share[i] = e[i] / sum;                             \
                    for (npy_intp i = first; i < end; i++) e[i] = 1 - share[i];                               \
                    share[places[r]] = 1 / sum;                                                               \
                }                                                                                             \
                e[places[r]] = others / (1 + others);                                                         \
            }                                                                                                 \
        }                                                                                                     \
        return are_sound;                                                                                     \
    }

DEFINE_ROWS(exp_float, float, int32_t)
DEFINE_ROWS(exp_double, double, npy_int64)

/* The data of an array with one number for each row, NULL for None. Sets an error and returns 0 if it is neither. */
static int row_data(PyObject *object, int type, npy_intp rows, void *data) {
    PyArrayObject *array = (PyArrayObject *)object;
    *(void **)data = NULL;
    if (object == Py_None) return 1;
    if (!PyArray_Check(object) || !PyArray_EquivTypenums(PyArray_TYPE(array), type) || !PyArray_ISCARRAY(array) ||
        PyArray_NDIM(array) != 1 || PyArray_DIM(array, 0) != rows) {
        PyErr_SetString(PyExc_TypeError, "writeable contiguous arrays with a number for each row were expected");
        return 0;
    }
    *(void **)data = PyArray_DATA(array);
    return 1;
}

typedef struct { int type; npy_intp rows, columns; const void *logits; const Label *labels; } Batch;

/* Reads the logits. Sets an error and returns 0 if they are no matrix. */
static int logits_of(PyObject *object, Batch *batch) {
    PyArrayObject *logits = (PyArrayObject *)object;
    if (!PyArray_Check(object) || PyArray_NDIM(logits) != 2 || !PyArray_IS_C_CONTIGUOUS(logits) ||
        !PyArray_ISNOTSWAPPED(logits) || (PyArray_TYPE(logits) != NPY_FLOAT && PyArray_TYPE(logits) != NPY_DOUBLE)) {
        PyErr_SetString(PyExc_TypeError, "logits: a C-contiguous matrix of float32 or float64 was expected");
        return 0;
    }
    *batch = (Batch){PyArray_TYPE(logits), PyArray_DIM(logits, 0), PyArray_DIM(logits, 1), PyArray_DATA(logits), NULL};
    return 1;
}

/* Reads the first two arguments. Sets an error and returns 0 if they are no matrix and its labels. */
static int batch_of(PyObject *const *args, Batch *batch) {
    PyArrayObject *labels = (PyArrayObject *)args[1];
    if (!logits_of(args[0], batch)) return 0;
    if (!PyArray_Check(args[1]) || PyArray_NDIM(labels) != 1 || !PyArray_IS_C_CONTIGUOUS(labels) ||
        !PyArray_ISNOTSWAPPED(labels) || !PyArray_EquivTypenums(PyArray_TYPE(labels), NPY_INTP) ||
        PyArray_DIM(labels, 0) != batch->rows) {
        PyErr_SetString(PyExc_TypeError, "labels: a contiguous array of intp for each row was expected");
        return 0;
    }
    batch->labels = PyArray_DATA(labels);
    for (npy_intp row = 0; row < batch->rows; row++)
        if (batch->labels[row] < 0 || batch->labels[row] >= batch->columns) {
            PyErr_SetString(PyExc_IndexError, "labels: class indices of the logits' columns were expected");
            return 0;
        }
    return 1;
}

/* The data of a matrix like that of the logits, NULL for None. Sets an error and returns 0 if it is neither. */
static int matrix_data(PyObject *object, const Batch *batch, int flags, void *data) {
    PyArrayObject *matrix = (PyArrayObject *)object;
    *(void **)data = NULL;
    if (object == Py_None) return 1;
    if (!PyArray_Check(object) || PyArray_TYPE(matrix) != batch->type || !PyArray_CHKFLAGS(matrix, flags) ||
        !PyArray_ISNOTSWAPPED(matrix) || PyArray_NDIM(matrix) != 2 || PyArray_DIM(matrix, 0) != batch->rows ||
        PyArray_DIM(matrix, 1) != batch->columns) {
        PyErr_SetString(PyExc_TypeError, "C-contiguous matrices of the logits' shape and dtype were expected");
        return 0;
    }
    *(void **)data = PyArray_DATA(matrix);
    return 1;
}

static PyObject *sums_of(const Batch *batch, Sums out) {
    if (batch->rows * batch->columns == 0) Py_RETURN_NONE;
    Py_BEGIN_ALLOW_THREADS
    (batch->type == NPY_FLOAT ? exp_float_rows : exp_double_rows)(batch->logits, batch->labels, batch->rows,
                                                                  batch->columns, out);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *add_row_sums(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    Batch batch;
    Sums out = {0};
    if (count != 8 || args[2] == Py_None) {
        PyErr_SetString(PyExc_TypeError, "logits, labels, sums and what else is summed were expected");
        return NULL;
    }
    if (!batch_of(args, &batch)) return NULL;
    npy_intp rows = batch.rows;
    if (!row_data(args[2], NPY_DOUBLE, rows, &out.sums) || !row_data(args[3], NPY_DOUBLE, rows, &out.dots) ||
        !row_data(args[4], NPY_DOUBLE, rows, &out.squares) || !row_data(args[5], NPY_DOUBLE, rows, &out.largest) ||
        !row_data(args[6], NPY_INT64, rows, &out.ranks) || !matrix_data(args[7], &batch, NPY_ARRAY_CARRAY, &out.kept))
        return NULL;
    return sums_of(&batch, out);
}

FOR_EACH_PROCESSOR
static int losses_of_rows(Batch batch, double low, double high, const double *sums, double *label_logits,
                          double *losses) {
    typedef float Float __attribute__((aligned(1)));
    typedef double Double __attribute__((aligned(1)));
    int are_safe = 1;
    for (npy_intp row = 0; row < batch.rows; row++) {
        npy_intp place = row * batch.columns + batch.labels[row];
        label_logits[row] =
            batch.type == NPY_FLOAT ? ((const Float *)batch.logits)[place] : ((const Double *)batch.logits)[place];
    }
    for (npy_intp row = 0; row < batch.rows; row++)
        losses[row] = log1p_double(sums[row] * exp_double(-label_logits[row]));
    for (npy_intp row = 0; row < batch.rows; row++)
        are_safe &= (losses[row] < INFINITY) & (sums[row] >= low) & (label_logits[row] <= high);
    return are_safe;
}

static PyObject *write_losses(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    Batch batch;
    double *sums, *label_logits, *losses;
    if (count != 7 || args[4] == Py_None || args[5] == Py_None || args[6] == Py_None) {
        PyErr_SetString(PyExc_TypeError, "logits, labels, low, high, sums, label_logits, losses were expected");
        return NULL;
    }
    double low = PyFloat_AsDouble(args[2]), high = PyFloat_AsDouble(args[3]);
    if (PyErr_Occurred() || !batch_of(args, &batch) || !row_data(args[4], NPY_DOUBLE, batch.rows, &sums) ||
        !row_data(args[5], NPY_DOUBLE, batch.rows, &label_logits) || !row_data(args[6], NPY_DOUBLE, batch.rows, &losses))
        return NULL;
    int are_safe;
    Py_BEGIN_ALLOW_THREADS
    are_safe = losses_of_rows(batch, low, high, sums, label_logits, losses);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(are_safe);
}

static PyObject *write_shifted_losses(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    Batch batch;
    npy_bool *chosen;
    double *losses;
    if (count != 4 || args[2] == Py_None || args[3] == Py_None) {
        PyErr_SetString(PyExc_TypeError, "logits, labels, chosen, losses were expected");
        return NULL;
    }
    if (!batch_of(args, &batch) || !row_data(args[2], NPY_BOOL, batch.rows, &chosen) ||
        !row_data(args[3], NPY_DOUBLE, batch.rows, &losses))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    (batch.type == NPY_FLOAT ? exp_float_shifted_rows : exp_double_shifted_rows)(
        batch.logits, batch.labels, batch.rows, batch.columns, chosen, losses);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *add_target_sums(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    Batch batch;
    Sums out = {0};
    if (count != 5 || args[1] == Py_None || args[2] == Py_None || args[3] == Py_None || args[4] == Py_None) {
        PyErr_SetString(PyExc_TypeError, "logits, targets, sums, target_sums, target_dots were expected");
        return NULL;
    }
    if (!logits_of(args[0], &batch) || !matrix_data(args[1], &batch, NPY_ARRAY_C_CONTIGUOUS, &out.targets) ||
        !row_data(args[2], NPY_DOUBLE, batch.rows, &out.sums) ||
        !row_data(args[3], NPY_DOUBLE, batch.rows, &out.target_sums) ||
        !row_data(args[4], NPY_DOUBLE, batch.rows, &out.target_dots))
        return NULL;
    return sums_of(&batch, out);
}

static PyObject *write_class_terms(PyObject *module, PyObject *const *args, Py_ssize_t count) {
    (void)module;
    Batch batch;
    void *negative_log_p, *p, *rest;
    int are_sound;
    if (count != 4 || args[1] == Py_None || args[3] == Py_None) {
        PyErr_SetString(PyExc_TypeError, "logits, negative_log_p, p or None, rest were expected");
        return NULL;
    }
    if (!logits_of(args[0], &batch) || !matrix_data(args[1], &batch, NPY_ARRAY_CARRAY, &negative_log_p) ||
        !matrix_data(args[2], &batch, NPY_ARRAY_CARRAY, &p) || !matrix_data(args[3], &batch, NPY_ARRAY_CARRAY, &rest))
        return NULL;
    if (batch.rows * batch.columns == 0) Py_RETURN_TRUE;
    Py_BEGIN_ALLOW_THREADS
    are_sound = batch.type == NPY_FLOAT
        ? exp_float_class_terms(batch.logits, batch.rows, batch.columns, negative_log_p, p, rest)
        : exp_double_class_terms(batch.logits, batch.rows, batch.columns, negative_log_p, p, rest);
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(are_sound);
}

PyMODINIT_FUNC PyInit__elementary(void) {
    static PyMethodDef functions[] = {
        {"add_row_sums", (PyCFunction)(void (*)(void))add_row_sums, METH_FASTCALL, "See _elementary.pyi."},
        {"write_shifted_losses", (PyCFunction)(void (*)(void))write_shifted_losses, METH_FASTCALL, NULL},
        {"write_losses", (PyCFunction)(void (*)(void))write_losses, METH_FASTCALL, NULL},
        {"add_target_sums", (PyCFunction)(void (*)(void))add_target_sums, METH_FASTCALL, NULL},
        {"write_class_terms", (PyCFunction)(void (*)(void))write_class_terms, METH_FASTCALL, NULL},
        {NULL, NULL, 0, NULL}};
    static PyModuleDef definition = {
        PyModuleDef_HEAD_INIT, .m_name = "_elementary", .m_doc = "See elementary.py.", .m_size = -1,
        .m_methods = functions};
    static PyUFuncGenericFunction exp_loops[] = {exp_float_loop, exp_double_loop};
    static PyUFuncGenericFunction log1p_loops[] = {log1p_float_loop, log1p_double_loop};
    static const char types[] = {NPY_FLOAT, NPY_FLOAT, NPY_DOUBLE, NPY_DOUBLE};
    static void *const no_data[] = {NULL, NULL};
    import_array();
    import_umath();
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) return NULL;
    PyObject *exp = PyUFunc_FromFuncAndData(exp_loops, no_data, types, 2, 1, 1, PyUFunc_None, "exp", NULL, 0);
    PyObject *log1p = PyUFunc_FromFuncAndData(log1p_loops, no_data, types, 2, 1, 1, PyUFunc_None, "log1p", NULL, 0);
    if (PyModule_AddObject(module, "exp", exp) < 0 || PyModule_AddObject(module, "log1p", log1p) < 0) return NULL;
    return module;
}
