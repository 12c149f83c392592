// What the compilations of isa.inl give; v3 and v4 are there on x86-64 only. f64 is compiled apart, without fused
// multiply-adds: its results are the same bits at every level.
#pragma once

#include "kernels.hpp"

namespace gradus::kernels {

const Table<double>& f64_base();
const Table<double>& f64_v3();
const Table<double>& f64_v4();

const Kernels& kernels_base(const Table<double>& f64);
const Kernels& kernels_v3(const Table<double>& f64);
const Kernels& kernels_v4(const Table<double>& f64);

/// May the library's own kernel make this product? See products.hpp. bytes: 4 for f32, 8 for f64.
bool own_product(int bytes, bool ta, bool tb, Index m, Index n, Index k);

}  // namespace gradus::kernels
