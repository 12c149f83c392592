// Wrong calls of tensors: making, reading, changing, viewing, and moved-from ones.
#include <limits>

#include "misuse/misuse.hpp"

using namespace gradus;
using misuse::leaf, misuse::numbers;

namespace {

constexpr const char* here = "misuse/tensors.cpp";
constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
constexpr double inf = std::numeric_limits<double>::infinity();

Tensor moved_from() {
  Tensor x = numbers({2});
  const Tensor taken = std::move(x);
  return x;
}

}  // namespace

TEST_CASE("misuse: making tensors") {
  misuse::refuse(here, {
                           {"a negative size", [] { zeros({-1}); }},
                           {"a size that overflows",
                            [] {
                              zeros({huge, huge});
                            }},
                           {"more bytes than there are", [] { ones({std::int64_t{1} << 62}, f64); }},
                           {"nine axes",
                            [] {
                              zeros({1, 1, 1, 1, 1, 1, 1, 1, 1});
                            }},
                           {"a fraction in i64", [] { full({2}, 0.5, i64); }},
                           {"NaN in i64", [] { full({2}, std::nan(""), i64); }},
                           {"2 in bool", [] { full({2}, 2, boolean); }},
                           {"1e30 in i64", [] { scalar(1e30, i64); }},
                           {"a step of 0", [] { arange(0, 1, 0); }},
                           {"a step that is NaN", [] { arange(0, 1, std::nan("")); }},
                           {"an end at infinity", [] { arange(0, inf); }},
                           {"a range of bool", [] { arange(0, 2, 1, boolean); }},
                           {"a fraction as step of i64", [] { arange(0, 2, 0.5, i64); }},
                           {"linspace of i64", [] { linspace(0, 1, 2, i64); }},
                           {"linspace of -1 numbers", [] { linspace(0, 1, -1); }},
                           {"linspace to NaN", [] { linspace(0, std::nan(""), 3); }},
                           {"eye of -1", [] { eye(-1); }},
                           {"lists of different lengths",
                            [] {
                              tensor({{1, 2}, {3}});
                            }},
                           {"numbers beside lists",
                            [] {
                              tensor({{1, 2}, 3});
                            }},
                           {"a fraction in a list of i64",
                            [] {
                              tensor({1, 2.5}, i64);
                            }},
                           {"too few numbers",
                            [] {
                              from_data(std::vector<float>{1, 2}, {3});
                            }},
                           {"too many numbers",
                            [] {
                              from_data(std::vector<double>{1, 2, 3}, {2});
                            }},
                           {"a negative size of data",
                            [] {
                              from_data(std::vector<double>{1, 2}, {-1, -2});
                            }},
                           {"zeros like nothing", [] { zeros_like(Tensor()); }},
                           {"ones like nothing", [] { ones_like(Tensor()); }},
                           {"random integers of no range", [] { randint(3, 3, {2}); }},
                           {"random integers downwards", [] { randint(5, 1, {2}); }},
                           {"rand of i64", [] { rand({2}, i64); }},
                           {"randn of bool", [] { randn({2}, boolean); }},
                           {"rand of a negative size",
                            [] {
                              rand({2, -2});
                            }},
                           {"a permutation of -1", [] { randperm(-1); }},
                       });
}

TEST_CASE("misuse: reading tensors") {
  const Tensor x = numbers({2, 3}), undefined;
  misuse::refuse(here, {
                           {"item of six", [&] { (void)x.item(); }},
                           {"item of none", [&] { (void)numbers({0}).item(); }},
                           {"item of 0.5 as an integer", [&] { (void)scalar(0.5).item<int>(); }},
                           {"item of 2 as bool", [&] { (void)scalar(2).item<bool>(); }},
                           {"item of 1e12 as int", [&] { (void)scalar(1e12, f64).item<int>(); }},
                           {"item of NaN as i64", [&] { (void)scalar(std::nan("")).item<std::int64_t>(); }},
                           {"at with one index", [&] { (void)x.at({1}); }},
                           {"at beyond the end",
                            [&] {
                              (void)x.at({0, 3});
                            }},
                           {"at before the beginning",
                            [&] {
                              (void)x.at({-3, 0});
                            }},
                           {"a size of axis 2", [&] { (void)x.size(2); }},
                           {"a size of axis -3", [&] { (void)x.size(-3); }},
                           {"f64 numbers of f32", [&] { (void)x.data<double>(); }},
                           {"numbers of a transposed view", [&] { (void)x.t().data<float>(); }},
                           {"bool numbers of i64", [&] { (void)numbers({2}, i64).data<bool>(); }},
                           {"copying to a shorter array",
                            [&] {
                              std::vector<float> to(5);
                              x.copy_to(std::span<float>(to));
                            }},
                           {"fractions as integers", [&] { (void)(x * inf).to_vector<std::int64_t>(); }},
                           {"an entry beyond the end", [&] { (void)x[2]; }},
                           {"an entry of a scalar", [&] { (void)scalar(1)[0]; }},
                           {"shape of nothing", [&] { (void)undefined.shape(); }},
                           {"dtype of nothing", [&] { (void)undefined.dtype(); }},
                           {"item of nothing", [&] { (void)undefined.item(); }},
                           {"numbers of nothing", [&] { (void)undefined.to_vector(); }},
                           {"a copy of nothing", [&] { (void)undefined.clone(); }},
                           {"nothing on a tape", [&] { (void)undefined.detach(); }},
                           {"gradient of nothing", [&] { (void)undefined.grad(); }},
                           {"name of nothing", [&] { (void)undefined.name(); }},
                           {"version of nothing", [&] { (void)undefined.version(); }},
                           {"shape of one moved from", [&] { (void)moved_from().shape(); }},
                           {"sum of one moved from", [&] { (void)moved_from().sum(); }},
                           {"numel of one moved from", [&] { (void)moved_from().numel(); }},
                           {"one moved from, plus one", [&] { (void)(moved_from() + 1); }},
                       });
}

TEST_CASE("misuse: changing tensors") {
  Tensor x = numbers({2, 3}), i = numbers({3}, i64), b = numbers({3}, boolean), undefined;
  Tensor wide = numbers({1, 3}).reshape({3});
  const Tensor expanded = expand(numbers({1, 3}), {2, 3});
  misuse::refuse(here, {
                           {"a fraction into i64", [&] { i.fill_(0.5); }},
                           {"infinity into i64", [&] { i.fill_(inf); }},
                           {"2 into bool", [&] { b.fill_(2); }},
                           {"set beyond the end",
                            [&] {
                              x.set({2, 0}, 1);
                            }},
                           {"set with three indices",
                            [&] {
                              x.set({0, 0, 0}, 1);
                            }},
                           {"set a fraction in i64", [&] { i.set({0}, 1.5); }},
                           {"set NaN in bool", [&] { b.set({0}, std::nan("")); }},
                           {"copy of another shape", [&] { x.copy_(numbers({4})); }},
                           {"copy of nothing", [&] { x.copy_(undefined); }},
                           {"copy of fractions into i64", [&] { i.copy_(full({3}, 0.5)); }},
                           {"add another dtype", [&] { x.add_(i); }},
                           {"add a larger shape", [&] { wide.add_(x); }},
                           {"add with a fraction to i64", [&] { i.add_(i, 0.5); }},
                           {"multiply i64 by a fraction", [&] { i.mul_(0.5); }},
                           {"multiply bool", [&] { b.mul_(1); }},
                           {"fill an expanded view", [&] { Tensor(expanded).fill_(1); }},
                           {"add to an expanded view", [&] { Tensor(expanded).add_(x); }},
                           {"copy into an expanded view", [&] { Tensor(expanded).copy_(x); }},
                           {"fill nothing", [&] { undefined.fill_(1); }},
                           {"zero nothing", [&] { undefined.zero_(); }},
                           {"numbers to change of another dtype", [&] { (void)x.mutable_data<double>(); }},
                           {"numbers to change of a view with gaps",
                            [&] {
                              (void)slice(x, 1, {0, 2}).mutable_data<float>();
                            }},
                           {"a leaf of i64", [&] { i.requires_grad_(); }},
                           {"a leaf of bool", [&] { b.requires_grad_(); }},
                           {"a leaf of nothing", [&] { undefined.requires_grad_(); }},
                           {"a gradient of another shape", [&] { leaf({2}).set_grad(numbers({3})); }},
                           {"a gradient of another dtype", [&] { leaf({2}).set_grad(numbers({2}, f64)); }},
                           {"a gradient that is the tensor itself",
                            [&] {
                              Tensor w = leaf({2});
                              w.set_grad(w);
                            }},
                           {"a gradient of nothing", [&] { undefined.set_grad(x); }},
                           {"a name for nothing", [&] { undefined.set_name("x"); }},
                       });
  CHECK(equal(x, ones({2, 3})));
  CHECK(equal(i, ones({3}, i64)));
}

TEST_CASE("misuse: views") {
  const Tensor x = numbers({2, 3}), undefined;
  misuse::refuse(here, {
                           {"reshape to another number", [&] { (void)x.reshape({4}); }},
                           {"reshape with two unknown sizes",
                            [&] {
                              (void)x.reshape({-1, -1});
                            }},
                           {"reshape with an unknown that does not divide",
                            [&] {
                              (void)x.reshape({4, -1});
                            }},
                           {"reshape to a negative size",
                            [&] {
                              (void)x.reshape({-2, -3});
                            }},
                           {"reshape nothing", [&] { (void)undefined.reshape({1}); }},
                           {"flatten backwards", [&] { (void)x.flatten(1, 0); }},
                           {"flatten beyond", [&] { (void)x.flatten(0, 2); }},
                           {"squeeze axis 2", [&] { (void)x.squeeze(2); }},
                           {"unsqueeze axis 4", [&] { (void)x.unsqueeze(4); }},
                           {"unsqueeze axis -4", [&] { (void)x.unsqueeze(-4); }},
                           {"permute one of two", [&] { (void)x.permute({0}); }},
                           {"permute twice the same",
                            [&] {
                              (void)x.permute({0, 0});
                            }},
                           {"permute beyond",
                            [&] {
                              (void)x.permute({0, 2});
                            }},
                           {"transpose beyond", [&] { (void)x.transpose(0, 2); }},
                           {"transpose a vector", [&] { (void)numbers({3}).t(); }},
                           {"expand to fewer", [&] { (void)expand(x, {3}); }},
                           {"expand a size that is not 1",
                            [&] {
                              (void)expand(x, {4, 3});
                            }},
                           {"expand with a new unknown",
                            [&] {
                              (void)expand(x, {-1, 2, 3});
                            }},
                           {"slice with step 0",
                            [&] {
                              (void)slice(x, 0, {0, 2, 0});
                            }},
                           {"slice with a negative step",
                            [&] {
                              (void)slice(x, 0, {0, 2, -1});
                            }},
                           {"slice axis 2",
                            [&] {
                              (void)slice(x, 2, {0, 1});
                            }},
                           {"slice with three ranges",
                            [&] {
                              (void)slice(x, {{0, 1}, {0, 1}, {0, 1}});
                            }},
                           {"select beyond", [&] { (void)select(x, 0, 2); }},
                           {"select on axis 5", [&] { (void)select(x, 5, 0); }},
                           {"split into nothing", [&] { (void)split(x, std::int64_t{0}); }},
                           {"split into sizes of another sum",
                            [&] {
                              (void)split(x, std::vector<std::int64_t>{1, 2}, 0);
                            }},
                           {"split into negative sizes",
                            [&] {
                              (void)split(x, std::vector<std::int64_t>{-1, 3}, 0);
                            }},
                           {"concat of nothing", [&] { (void)concat(std::vector<Tensor>{}); }},
                           {"concat of different sizes",
                            [&] {
                              (void)concat({x, numbers({2, 4})});
                            }},
                           {"concat of different dtypes",
                            [&] {
                              (void)concat({x, numbers({2, 3}, f64)});
                            }},
                           {"concat with one undefined",
                            [&] {
                              (void)concat({x, undefined});
                            }},
                           {"pack of nothing", [&] { (void)pack(std::vector<Tensor>{}); }},
                           {"pack of different dtypes",
                            [&] {
                              (void)pack({x, numbers({2}, f64)});
                            }},
                           {"pack with one undefined",
                            [&] {
                              (void)pack({x, undefined});
                            }},
                           {"unpack of a matrix",
                            [&] {
                              (void)unpack(x, {Shape{2, 3}});
                            }},
                           {"unpack into too little",
                            [&] {
                              (void)unpack(numbers({6}), {Shape{2}, Shape{3}});
                            }},
                           {"unpack into negative sizes",
                            [&] {
                              (void)unpack(numbers({6}), {Shape{-1}, Shape{7}});
                            }},
                           {"unpack of an undefined tensor", [&] { (void)unpack(undefined, {Shape{2}}); }},
                           {"stack of different shapes",
                            [&] {
                              (void)stack({x, numbers({3, 2})});
                            }},
                           {"stack on axis 4",
                            [&] {
                              (void)stack({x, x}, 4);
                            }},
                           {"flip axis 2", [&] { (void)flip(x, {2}); }},
                           {"roll with a shift too many",
                            [&] {
                              (void)roll(x, {1, 1}, {0});
                            }},
                           {"repeat -1 times",
                            [&] {
                              (void)repeat(x, {1, -1});
                            }},
                           {"pad three axes of two",
                            [&] {
                              (void)pad(x, {{1, 1}, {1, 1}, {1, 1}});
                            }},
                           {"pad away more than there is",
                            [&] {
                              (void)pad(x, {{0, 0}, {-2, -2}});
                            }},
                           {"reflect more than there is",
                            [&] {
                              (void)pad(x, {{0, 0}, {3, 0}}, PadMode::reflect);
                            }},
                           {"tril of a vector", [&] { (void)tril(numbers({3})); }},
                           {"convert nothing", [&] { (void)undefined.to(f64); }},
                           {"convert NaN to i64", [&] { (void)(x * std::nan("")).to(i64); }},
                       });
}
