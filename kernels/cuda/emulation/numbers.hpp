// What the arithmetic instructions of PTX do, each as the manual defines it. Registers are bits: a value of any type comes and goes as an
// unsigned number of its width. Compiled without contraction, so that only `fma` is fused.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

namespace ptx {

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef float f32;
typedef double f64;

template <unsigned N> struct Unsigned;
template <> struct Unsigned<1> { typedef u8 type; };
template <> struct Unsigned<2> { typedef u16 type; };
template <> struct Unsigned<4> { typedef u32 type; };
template <> struct Unsigned<8> { typedef u64 type; };
template <class T> using Bits = typename Unsigned<sizeof(T)>::type;
template <class T> constexpr int WIDTH = 8 * sizeof(T);
template <class T> constexpr bool SIGNED = (T)-1 < (T)0;

template <class T> static inline T as(Bits<T> bits) {
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

template <class T> static inline Bits<T> bits(T value) {
    Bits<T> result;
    memcpy(&result, &value, sizeof result);
    return result;
}

// ---- whole numbers ------------------------------------------------------------------------------------------------------------

template <class T> static inline Bits<T> add(Bits<T> a, Bits<T> b) { return (Bits<T>)(a + b); }
template <class T> static inline Bits<T> sub(Bits<T> a, Bits<T> b) { return (Bits<T>)(a - b); }
template <class T> static inline Bits<T> mul_lo(Bits<T> a, Bits<T> b) { return (Bits<T>)((u64)a * b); }
template <class T> static inline Bits<T> mad_lo(Bits<T> a, Bits<T> b, Bits<T> c) { return (Bits<T>)((u64)a * b + c); }
template <class T> static inline Bits<T> mul_hi(Bits<T> a, Bits<T> b) {
    if (SIGNED<T>) return (Bits<T>)((__int128)as<T>(a) * as<T>(b) >> WIDTH<T>);
    return (Bits<T>)((unsigned __int128)a * b >> WIDTH<T>);
}
template <class T, class W> static inline Bits<W> mul_wide(Bits<T> a, Bits<T> b) {
    return (Bits<W>)((Bits<W>)(W)as<T>(a) * (Bits<W>)(W)as<T>(b));
}
template <class T, class W> static inline Bits<W> mad_wide(Bits<T> a, Bits<T> b, Bits<W> c) {
    return (Bits<W>)(mul_wide<T, W>(a, b) + c);
}

// By zero the manual leaves the quotient to the machine: all ones here, and the dividend remains. The least number over -1 is itself.
template <class T> static inline Bits<T> div(Bits<T> a, Bits<T> b) {
    if (b == 0) return (Bits<T>)~(Bits<T>)0;
    if (SIGNED<T> && b == (Bits<T>)~(Bits<T>)0) return (Bits<T>)(0 - a);
    return (Bits<T>)(as<T>(a) / as<T>(b));
}
template <class T> static inline Bits<T> rem(Bits<T> a, Bits<T> b) {
    if (b == 0) return a;
    if (SIGNED<T> && b == (Bits<T>)~(Bits<T>)0) return 0;
    return (Bits<T>)(as<T>(a) % as<T>(b));
}

template <class T> static inline Bits<T> least(Bits<T> a, Bits<T> b) { return as<T>(b) < as<T>(a) ? b : a; }
template <class T> static inline Bits<T> greatest(Bits<T> a, Bits<T> b) { return as<T>(b) > as<T>(a) ? b : a; }
template <class T> static inline Bits<T> negative(Bits<T> a) { return (Bits<T>)(0 - a); }
template <class T> static inline Bits<T> magnitude(Bits<T> a) { return as<T>(a) < 0 ? (Bits<T>)(0 - a) : a; }

template <class T> static inline T both(T a, T b) { return (T)(a & b); }
template <class T> static inline T either(T a, T b) { return (T)(a | b); }
template <class T> static inline T differ(T a, T b) { return (T)(a ^ b); }
template <class T> static inline T inverse(T a) { return (T)~a; }
template <> inline bool inverse<bool>(bool a) { return !a; }
template <class T> static inline T same(T a) { return a; }
template <class T> static inline T select(T a, T b, bool first) { return first ? a : b; }

// Amounts beyond the width are the width.
template <class T> static inline Bits<T> shl(Bits<T> a, u32 n) { return n >= WIDTH<T> ? 0 : (Bits<T>)(a << n); }
template <class T> static inline Bits<T> shr(Bits<T> a, u32 n) {
    if (n >= WIDTH<T>) return SIGNED<T> && as<T>(a) < 0 ? (Bits<T>)~(Bits<T>)0 : 0;
    return (Bits<T>)(as<T>(a) >> n);
}
static inline u32 funnel_left(u32 low, u32 high, u32 n) {
    return n == 0 ? high : n >= 32 ? low : high << n | low >> (32 - n);
}
static inline u32 funnel_right(u32 low, u32 high, u32 n) {
    return n == 0 ? low : n >= 32 ? high : high << (32 - n) | low >> n;
}
static inline u32 shf_l_wrap(u32 low, u32 high, u32 n) { return funnel_left(low, high, n & 31); }
static inline u32 shf_l_clamp(u32 low, u32 high, u32 n) { return funnel_left(low, high, n < 32 ? n : 32); }
static inline u32 shf_r_wrap(u32 low, u32 high, u32 n) { return funnel_right(low, high, n & 31); }
static inline u32 shf_r_clamp(u32 low, u32 high, u32 n) { return funnel_right(low, high, n < 32 ? n : 32); }

template <class T> static inline u32 popc(T a) { return (u32)__builtin_popcountll(a); }
template <class T> static inline u32 clz(T a) { return a == 0 ? WIDTH<T> : (u32)(__builtin_clzll(a) - (64 - WIDTH<T>)); }
template <class T> static inline T brev(T a) {
    T result = 0;
    for (int i = 0; i < WIDTH<T>; ++i) result = (T)(result << 1 | (a >> i & 1));
    return result;
}
// The place of the first bit that is not the sign's; all ones if there is none.
template <class T> static inline u32 bfind(Bits<T> a) {
    if (SIGNED<T> && as<T>(a) < 0) a = (Bits<T>)~a;
    return a == 0 ? ~0u : (u32)(63 - __builtin_clzll(a));
}
template <class T> static inline u32 bfind_shiftamt(Bits<T> a) {
    const u32 place = bfind<T>(a);
    return place == ~0u ? place : WIDTH<T> - 1 - place;
}
template <class T> static inline Bits<T> bfe(Bits<T> a, u32 start, u32 count) {
    start &= 255, count &= 255;
    const u32 last = start + count - 1 < (u32)WIDTH<T> - 1 ? start + count - 1 : WIDTH<T> - 1;
    const bool fill = SIGNED<T> && count > 0 && (a >> last & 1);
    Bits<T> result = 0;
    for (u32 i = 0; i < (u32)WIDTH<T>; ++i) {
        const bool bit = i < count && start + i < (u32)WIDTH<T> ? a >> (start + i) & 1 : fill;
        result = (Bits<T>)(result | (Bits<T>)bit << i);
    }
    return result;
}
template <class T> static inline T bfi(T field, T into, u32 start, u32 count) {
    start &= 255, count &= 255;
    for (u32 i = 0; i < count && start + i < (u32)WIDTH<T>; ++i) {
        const T place = (T)1 << (start + i);
        into = (T)((into & ~place) | (field >> i & 1 ? place : 0));
    }
    return into;
}
static inline u32 prmt(u32 a, u32 b, u32 chosen) {
    const u64 both_words = (u64)b << 32 | a;
    u32 result = 0;
    for (int i = 0; i < 4; ++i) {
        const u32 which = chosen >> (4 * i) & 15;
        u32 byte = (u32)(both_words >> (8 * (which & 7))) & 255;
        if (which & 8) byte = byte & 128 ? 255 : 0;
        result |= byte << (8 * i);
    }
    return result;
}

// ---- floating point -----------------------------------------------------------------------------------------------------------

// Single precision has one NaN, whatever came in; double precision keeps what came in.
static inline u32 result_of(f32 x) { return x != x ? 0x7fffffffu : bits(x); }
static inline u64 result_of(f64 x) { return bits(x); }
template <bool FLUSH, class T> static inline T flushed(T x) {
    return FLUSH && fabs(x) < (T)1.17549435082228750797e-38 ? copysign((T)0, x) : x;
}
template <class T, bool FLUSH> static inline T operand(Bits<T> a) { return flushed<FLUSH>(as<T>(a)); }
template <bool FLUSH, class T> static inline Bits<T> rounded(T x) { return result_of(flushed<FLUSH>(x)); }

#define PTX_FLOAT(name, parameters, expression)                                               \
    template <class T, bool FLUSH = false> static inline Bits<T> name parameters {            \
        return rounded<FLUSH>((T)(expression));                                               \
    }
#define PTX_A operand<T, FLUSH>(a)
#define PTX_B operand<T, FLUSH>(b)
#define PTX_C operand<T, FLUSH>(c)
PTX_FLOAT(add_rn, (Bits<T> a, Bits<T> b), PTX_A + PTX_B)
PTX_FLOAT(sub_rn, (Bits<T> a, Bits<T> b), PTX_A - PTX_B)
PTX_FLOAT(mul_rn, (Bits<T> a, Bits<T> b), PTX_A * PTX_B)
PTX_FLOAT(div_rn, (Bits<T> a, Bits<T> b), PTX_A / PTX_B)
PTX_FLOAT(rcp_rn, (Bits<T> a), (T)1 / PTX_A)
PTX_FLOAT(sqrt_rn, (Bits<T> a), sqrt(PTX_A))
static inline f32 fused(f32 a, f32 b, f32 c) { return fmaf(a, b, c); }
static inline f64 fused(f64 a, f64 b, f64 c) { return fma(a, b, c); }
PTX_FLOAT(fma_rn, (Bits<T> a, Bits<T> b, Bits<T> c), fused(PTX_A, PTX_B, PTX_C))

template <class T, bool FLUSH = false> static inline Bits<T> neg_f(Bits<T> a) {
    return bits(flushed<FLUSH>(as<T>((Bits<T>)(a ^ (Bits<T>)1 << (WIDTH<T> - 1)))));
}
template <class T, bool FLUSH = false> static inline Bits<T> abs_f(Bits<T> a) {
    return bits(flushed<FLUSH>(as<T>((Bits<T>)(a & ~((Bits<T>)1 << (WIDTH<T> - 1))))));
}
// The one that is a number, if one is, and -0 is less than +0; with KEEP a NaN stays.
template <class T, bool FLUSH, bool KEEP> static inline Bits<T> min_f(Bits<T> a, Bits<T> b) {
    const T x = PTX_A, y = PTX_B;
    if (x != x || y != y) return KEEP ? rounded<FLUSH>(x + y) : rounded<FLUSH>(x != x ? y : x);
    return rounded<FLUSH>(x < y || (x == y && signbit(x)) ? x : y);
}
template <class T, bool FLUSH, bool KEEP> static inline Bits<T> max_f(Bits<T> a, Bits<T> b) {
    const T x = PTX_A, y = PTX_B;
    if (x != x || y != y) return KEEP ? rounded<FLUSH>(x + y) : rounded<FLUSH>(x != x ? y : x);
    return rounded<FLUSH>(x > y || (x == y && !signbit(x)) ? x : y);
}
#undef PTX_A
#undef PTX_B
#undef PTX_C
#undef PTX_FLOAT

// ---- comparisons: U after a name is true of what cannot be compared, too ------------------------------------------------------------

enum Relation { EQ, NE, LT, LE, GT, GE, EQU, NEU, LTU, LEU, GTU, GEU, NUM, NAN_ };

template <class T, Relation RELATION, bool FLUSH = false> static inline bool setp(Bits<T> a, Bits<T> b) {
    const T x = FLUSH ? flushed<FLUSH>(as<T>(a)) : as<T>(a), y = FLUSH ? flushed<FLUSH>(as<T>(b)) : as<T>(b);
    const bool unordered = x != x || y != y;
    switch (RELATION) {
        case EQ: return x == y;
        case NE: return !unordered && x != y;
        case LT: return x < y;
        case LE: return x <= y;
        case GT: return x > y;
        case GE: return x >= y;
        case EQU: return unordered || x == y;
        case NEU: return unordered || x != y;
        case LTU: return unordered || x < y;
        case LEU: return unordered || x <= y;
        case GTU: return unordered || x > y;
        case GEU: return unordered || x >= y;
        case NUM: return !unordered;
        default: return unordered;
    }
}

// ---- conversions ------------------------------------------------------------------------------------------------------------------

template <class To, class From> static inline Bits<To> cvt(Bits<From> a) { return (Bits<To>)(To)as<From>(a); }
template <class To, class From> static inline Bits<To> cvt_rounded(Bits<From> a) { return result_of((To)as<From>(a)); }

template <bool FLUSH> static inline u32 cvt_rn_f32_f64(u64 a) { return rounded<FLUSH>((f32)as<f64>(a)); }
template <bool FLUSH> static inline u64 cvt_f64_f32(u32 a) { return bits((f64)operand<f32, FLUSH>(a)); }

enum Direction { NEAREST, DOWN, UP, ZERO };
template <Direction D, class T> static inline T whole(T x) {
    return D == NEAREST ? nearbyint(x) : D == DOWN ? floor(x) : D == UP ? ceil(x) : trunc(x);
}
template <class T, Direction D, bool FLUSH = false> static inline Bits<T> cvt_whole(Bits<T> a) {
    return rounded<FLUSH>(whole<D>(operand<T, FLUSH>(a)));
}

// Beyond the range is the end of the range. A NaN is 0 between types of 32 bits and less, and otherwise the highest bit alone.
template <class To, class From, Direction D, bool FLUSH = false> static inline Bits<To> cvt_int(Bits<From> a) {
    const From x = operand<From, FLUSH>(a);
    const Bits<To> top = (Bits<To>)1 << (WIDTH<To> - 1);
    if (x != x) return sizeof(From) < 8 && sizeof(To) < 8 ? 0 : top;
    const From value = whole<D>(x), limit = ldexp((From)1, SIGNED<To> ? WIDTH<To> - 1 : WIDTH<To>);
    if (value >= limit) return SIGNED<To> ? (Bits<To>)(top - 1) : (Bits<To>)~(Bits<To>)0;
    if (value < (SIGNED<To> ? -limit : (From)0)) return SIGNED<To> ? top : 0;
    return (Bits<To>)(To)value;
}

static inline u32 cvt_f32_f16(u16 a) {
    const u32 sign = (u32)(a >> 15) << 31, exponent = a >> 10 & 31, fraction = a & 1023;
    if (exponent == 31) return fraction ? 0x7fffffffu : sign | 0x7f800000u;
    const f32 value = exponent ? ldexpf((f32)(1024 + fraction), (int)exponent - 25) : ldexpf((f32)fraction, -24);
    return sign | bits(value);
}

static inline u16 cvt_rn_f16_f32(u32 a) {
    const f32 x = as<f32>(a);
    const u16 sign = (u16)(a >> 16 & 0x8000);
    if (x != x) return 0x7fff;
    const f32 size = fabsf(x);
    if (size >= 65520.0f) return sign | 0x7c00;  // halfway beyond the greatest
    int exponent;
    frexpf(size, &exponent);
    if (exponent < -13 || size == 0) exponent = -13;  // subnormal: the last place is 2^-24
    const u32 steps = (u32)nearbyintf(ldexpf(size, 11 - exponent));  // of the last place: 2^(exponent - 11)
    return (u16)(sign | (u16)(((u32)(exponent + 13) << 10) + steps));
}

}  // namespace ptx
