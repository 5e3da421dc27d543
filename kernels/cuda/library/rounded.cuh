// What a GPU computes with: numbers whose every operation is rounded once, by itself, and keeps subnormal numbers, as those of a CPU
// are. Plain numbers would not do: CuPy has kernels compiled with -ftz=true, which makes zero of what is subnormal, and the compiler
// fuses products with sums as it likes. So every operation is an instruction that is written down here.
#pragma once

#ifdef __CUDA_ARCH__

// ---- operations of plain numbers ----------------------------------------------------------------------------------------------

#define ROIKIT_BINARY(name, instruction)                                                                \
    ROIKIT_FN float name(float a, float b) {                                                            \
        float result;                                                                                   \
        asm(instruction ".f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));                            \
        return result;                                                                                  \
    }                                                                                                   \
    ROIKIT_FN double name(double a, double b) {                                                         \
        double result;                                                                                  \
        asm(instruction ".f64 %0, %1, %2;" : "=d"(result) : "d"(a), "d"(b));                            \
        return result;                                                                                  \
    }
ROIKIT_BINARY(add, "add.rn")
ROIKIT_BINARY(subtract, "sub.rn")
ROIKIT_BINARY(mul, "mul.rn")
ROIKIT_BINARY(divide_by_any, "div.rn")

// What a compiler knows to be a small power of two, as samples of common sizes are, it need not divide by. NVRTC says what it knows from
// CUDA 13.4 on.
template <class T> ROIKIT_FN T divide(T a, T b) {
#if __has_builtin(__builtin_constant_p)
    if (__builtin_constant_p(b) && (b == (T)1 || b == (T)2)) return mul(a, (T)1 / b);
#endif
    return divide_by_any(a, b);
}

#define ROIKIT_UNARY(name, instruction, double_instruction)                                             \
    ROIKIT_FN float name(float x) {                                                                     \
        float result;                                                                                   \
        asm(instruction " %0, %1;" : "=f"(result) : "f"(x));                                            \
        return result;                                                                                  \
    }                                                                                                   \
    ROIKIT_FN double name(double x) {                                                                   \
        double result;                                                                                  \
        asm(double_instruction " %0, %1;" : "=d"(result) : "d"(x));                                     \
        return result;                                                                                  \
    }
ROIKIT_UNARY(negative, "neg.f32", "neg.f64")
ROIKIT_UNARY(sqrt_of, "sqrt.rn.f32", "sqrt.rn.f64")
ROIKIT_UNARY(floor_of, "cvt.rmi.f32.f32", "cvt.rmi.f64.f64")
ROIKIT_UNARY(ceil_of, "cvt.rpi.f32.f32", "cvt.rpi.f64.f64")
ROIKIT_UNARY(whole_of, "cvt.rzi.f32.f32", "cvt.rzi.f64.f64")

#define ROIKIT_COMPARISON(name, relation)                                                                          \
    ROIKIT_FN bool name(float a, float b) {                                                                        \
        int result;                                                                                                \
        asm("{ .reg .pred p; setp." relation ".f32 p, %1, %2; selp.s32 %0, 1, 0, p; }"                              \
            : "=r"(result) : "f"(a), "f"(b));                                                                      \
        return result != 0;                                                                                        \
    }                                                                                                              \
    ROIKIT_FN bool name(double a, double b) {                                                                      \
        int result;                                                                                                \
        asm("{ .reg .pred p; setp." relation ".f64 p, %1, %2; selp.s32 %0, 1, 0, p; }"                              \
            : "=r"(result) : "d"(a), "d"(b));                                                                      \
        return result != 0;                                                                                        \
    }
ROIKIT_COMPARISON(is_less, "lt")
ROIKIT_COMPARISON(is_at_most, "le")
ROIKIT_COMPARISON(is_greater, "gt")
ROIKIT_COMPARISON(is_at_least, "ge")
ROIKIT_COMPARISON(is_equal, "eq")
ROIKIT_COMPARISON(is_unequal, "neu")

ROIKIT_FN float multiply_add(float a, float b, float c) {
    float result;
    asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(result) : "f"(a), "f"(b), "f"(c));
    return result;
}

ROIKIT_FN double multiply_add(double a, double b, double c) {
    double result;
    asm("fma.rn.f64 %0, %1, %2, %3;" : "=d"(result) : "d"(a), "d"(b), "d"(c));
    return result;
}

// The greater; a NaN stays.
ROIKIT_FN float larger(float a, float b) {
    float result;
    asm("{ .reg .pred p; setp.nan.f32 p, %2, %2; setp.gt.or.f32 p, %2, %1, p; selp.f32 %0, %2, %1, p; }"
        : "=f"(result) : "f"(a), "f"(b));
    return result;
}

ROIKIT_FN double larger(double a, double b) {
    double result;
    asm("{ .reg .pred p; setp.nan.f64 p, %2, %2; setp.gt.or.f64 p, %2, %1, p; selp.f64 %0, %2, %1, p; }"
        : "=d"(result) : "d"(a), "d"(b));
    return result;
}

// ---- conversions ----------------------------------------------------------------------------------------------------------------

#define ROIKIT_CONVERSION(From, from, To, to, instruction)                                              \
    ROIKIT_FN void convert(From x, To& result) { asm(instruction " %0, %1;" : "=" to(result) : from(x)); }
ROIKIT_CONVERSION(float, "f", double, "d", "cvt.f64.f32")
ROIKIT_CONVERSION(float, "f", int, "r", "cvt.rzi.s32.f32")
ROIKIT_CONVERSION(float, "f", int64, "l", "cvt.rzi.s64.f32")
ROIKIT_CONVERSION(double, "d", int, "r", "cvt.rzi.s32.f64")
ROIKIT_CONVERSION(double, "d", int64, "l", "cvt.rzi.s64.f64")
// Volatile: numbers of the parameters are converted where they are used, for which no register is held from RoI to RoI.
ROIKIT_FN void convert(double x, float& result) { asm volatile("cvt.rn.f32.f64 %0, %1;" : "=f"(result) : "d"(x)); }
ROIKIT_FN void convert(float x, float& result) { result = x; }
ROIKIT_FN void convert(double x, double& result) { result = x; }
template <class T> ROIKIT_FN void convert(int x, T& result) { result = (T)x; }
template <class T> ROIKIT_FN void convert(int64 x, T& result) { result = (T)x; }

template <class To, class From> ROIKIT_FN To converted(From x) {
    To result;
    convert(x, result);
    return result;
}

// ---- numbers --------------------------------------------------------------------------------------------------------------------

template <class T> struct Rounded {
    T value;

    Rounded() = default;
    template <class From> ROIKIT_METHOD explicit Rounded(From x) : value(converted<T>(x)) {}
    template <class To> ROIKIT_METHOD explicit operator To() const { return converted<To>(value); }

    ROIKIT_METHOD Rounded operator-() const { return Rounded(negative(value)); }
    ROIKIT_METHOD Rounded operator+(Rounded other) const { return Rounded(add(value, other.value)); }
    ROIKIT_METHOD Rounded operator-(Rounded other) const { return Rounded(subtract(value, other.value)); }
    ROIKIT_METHOD Rounded operator*(Rounded other) const { return Rounded(mul(value, other.value)); }
    ROIKIT_METHOD Rounded operator/(Rounded other) const { return Rounded(divide(value, other.value)); }
    ROIKIT_METHOD void operator+=(Rounded other) { value = add(value, other.value); }

    ROIKIT_METHOD bool operator<(Rounded other) const { return is_less(value, other.value); }
    ROIKIT_METHOD bool operator<=(Rounded other) const { return is_at_most(value, other.value); }
    ROIKIT_METHOD bool operator>(Rounded other) const { return is_greater(value, other.value); }
    ROIKIT_METHOD bool operator>=(Rounded other) const { return is_at_least(value, other.value); }
    ROIKIT_METHOD bool operator==(Rounded other) const { return is_equal(value, other.value); }
    ROIKIT_METHOD bool operator!=(Rounded other) const { return is_unequal(value, other.value); }
};

template <class T> ROIKIT_FN Rounded<T> add(Rounded<T> a, Rounded<T> b) { return a + b; }
template <class T> ROIKIT_FN Rounded<T> mul(Rounded<T> a, Rounded<T> b) { return a * b; }
template <class T> ROIKIT_FN Rounded<T> multiply_add(Rounded<T> a, Rounded<T> b, Rounded<T> c) {
    return Rounded<T>(multiply_add(a.value, b.value, c.value));
}
template <class T> ROIKIT_FN Rounded<T> larger(Rounded<T> a, Rounded<T> b) { return Rounded<T>(larger(a.value, b.value)); }
template <class T> ROIKIT_FN Rounded<T> sqrt_of(Rounded<T> x) { return Rounded<T>(sqrt_of(x.value)); }
template <class T> ROIKIT_FN Rounded<T> floor_of(Rounded<T> x) { return Rounded<T>(floor_of(x.value)); }
template <class T> ROIKIT_FN Rounded<T> ceil_of(Rounded<T> x) { return Rounded<T>(ceil_of(x.value)); }

// The nearest whole number, of two the one farther from zero.
template <class T> ROIKIT_FN Rounded<T> round_of(Rounded<T> x) {
    const Rounded<T> whole = Rounded<T>(whole_of(x.value)), rest = x - whole, one = Rounded<T>(1);
    const Rounded<T> half = Rounded<T>(0.5f);
    return rest >= half ? whole + one : rest <= -half ? whole - one : whole;
}

#endif
