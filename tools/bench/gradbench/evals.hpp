// What the evaluations of GradBench (github.com/gradbench/gradbench) share: how one answers, and how it reads its
// input. Numbers are f64 throughout, as the referee's are.
#pragma once

#include <gradus/gradus.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace gradbench {

using namespace gradus;
using Json = nlohmann::json;

/// What a message asks for. run() is timed and may be called many times; output() writes the last result, untimed.
struct Job {
  std::function<void()> run;
  std::function<Json()> output;
};

/// Reads the input of one function, untimed. Throws for an input of a wrong form.
using Prepare = std::function<Job(const Json& input)>;
/// The functions of an evaluation by name.
using Functions = std::map<std::string, Prepare>;

/// A tensor as nested lists; a number if it has no axis.
Json to_json(const Tensor& x);

/// A job that computes a value and writes it.
template <class Compute, class Write>
Job job(Compute compute, Write write) {
  auto result = std::make_shared<std::invoke_result_t<Compute&>>();
  return {[=] { *result = compute(); }, [=] { return write(*result); }};
}
/// The same for one tensor.
template <class Compute>
Job job(Compute compute) {
  return job(compute, to_json);
}

/// Nested lists of numbers as an f64 tensor of this shape, where -1 stands for any size. Throws for another form.
Tensor numbers(const Json& value, const std::string& name, std::initializer_list<std::int64_t> shape);
/// A field of an object. Throws if there is none.
const Json& part(const Json& input, const std::string& name);
/// The numbers of a field.
Tensor field(const Json& input, const std::string& name, std::initializer_list<std::int64_t> shape);
/// Such a field of whole numbers within [0, count), as i64.
Tensor indices(const Json& input, const std::string& name, std::initializer_list<std::int64_t> shape,
               std::int64_t count);
/// A whole number of the input, within these bounds.
std::int64_t integer(const Json& input, const std::string& name, std::int64_t low, std::int64_t high);

// One file each.
Functions hello();
Functions det();
Functions gmm();
Functions kmeans();
Functions llsq();
Functions lse();
Functions lstm();
Functions ode();
Functions ba();
Functions ht();
Functions particle();
Functions saddle();

}  // namespace gradbench
