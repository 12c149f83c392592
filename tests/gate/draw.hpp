// Random shapes, numbers, strides and attributes.
#pragma once

#include "gate/gate.hpp"

namespace gate {

using gradus::Axes;
using gradus::Range;
using gradus::Shape;

// min to max axes of 1 to 5 elements; 4 axes stay small. Now and then one is empty, where that is allowed.
Shape shape(Rng& rng, int min = 0, int max = 4, bool may_be_empty = true);
int axis(Rng& rng, int dims);                // as often negative as not
Axes axes(Rng& rng, int dims, int min = 0);  // `min` or more different axes, none standing for all

// The same numbers behind other strides: transposed, every second one, from an offset, or as they are. All f64 tensors
// below have been through it.
Tensor strided(Rng& rng, const Tensor& x);

Tensor uniform(Rng& rng, const Shape& shape, double low, double high);
Tensor normal(Rng& rng, const Shape& shape);  // and now and then an axis of stride 0
// low to high, but at least 0.02 from any of the kinks.
Tensor away(Rng& rng, const Shape& shape, double low, double high, std::initializer_list<double> kinks);
Tensor signed_away(Rng& rng, const Shape& shape, double low, double high);  // of either sign, low <= |x| <= high
// No two elements closer than about 2/3 of `spacing`.
Tensor distinct(Rng& rng, const Shape& shape, double spacing = 0.1);
Tensor booleans(Rng& rng, const Shape& shape);
Tensor integers(Rng& rng, const Shape& shape, std::int64_t below);

// Shapes that broadcast to `to`, which at least one of them fills: leading axes missing, others of size 1.
std::vector<Shape> broadcasting(Rng& rng, const Shape& to, int count);

// What wrong calls are made with.
inline Tensor numbers(Shape shape) { return gradus::ones(shape, gradus::f64); }
inline Tensor undefined() { return {}; }
inline Tensor flags(Shape shape) { return gradus::ones(shape, gradus::boolean); }
inline Tensor whole(Shape shape) { return gradus::ones(shape, gradus::i64); }
inline Tensor single(Shape shape) { return gradus::ones(shape, gradus::f32); }

}  // namespace gate
