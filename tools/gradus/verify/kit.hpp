// A kit of reference vectors (tests/reference/README.md), whole or not at all: files are what manifest.json says, or
// the kit is refused.
#pragma once

#include <gradus/gradus.hpp>

#include <filesystem>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "verify/bounds.hpp"
#include "verify/settings.hpp"

namespace gradus::tool {

// What a case computes differs from what the kit says.
struct Difference {
  std::string what;    // "grad x"
  Json at = nullptr;   // the first element that differs: [1, 0]
  Json got = nullptr;  // numbers ("nan", "inf", "-inf" as words), or what else there is: shapes, dtypes
  Json want = nullptr;
  Json tolerance = nullptr;
};

// The library lacks what a case is about, …
struct NotImplemented {
  std::string name;
};
// … or does otherwise on purpose.
struct Skipped {
  std::string name;
};

class Case {
 public:
  Case(std::string of, const Json& index, const Json& spec, const StateDict& tensors);

  std::string group, name;  // "ops/conv", "conv2d/groups"
  const Json& index;        // the file that lists it
  std::string path() const { return group + "/" + name; }

  bool has(const char* key) const { return spec_.contains(key) && !spec_[key].is_null(); }
  const Json& operator[](const char* key) const { return spec_.at(key); }
  const Json& spec() const { return spec_; }
  const Tensor& tensor(const Json& stored) const;  // by its name in the file
  DType dtype() const { return spec_.value("dtype", "F64") == "F32" ? f32 : f64; }
  Budget budget() const;  // what it may spend
  double rtol() const { return spec_.value("rtol", 0.0); }
  double atol() const { return spec_.value("atol", 0.0); }

  // Throws Difference unless got is what is stored: shape, dtype, and every element within the case's tolerance.
  void expect(const std::string& what, const Tensor& got, const Json& stored) const {
    compare(what, got, tensor(stored));
  }
  void compare(const std::string& what, const Tensor& got, const Tensor& want) const;

 private:
  const Json& spec_;
  const StateDict& tensors_;
};

// A number as JSON can say it.
Json to_json(double value);

class Kit {
 public:
  // Reads all of it; throws Stop for a kit that is not whole.
  explicit Kit(const std::string& directory);
  Kit(const Kit&) = delete;
  Kit& operator=(const Kit&) = delete;

  const std::vector<Case>& cases() const { return cases_; }
  const std::string& seed() const { return seed_; }

 private:
  [[noreturn]] void refuse(const std::string& file, const std::string& why) const;
  std::filesystem::path place_of(const std::string& file) const;
  std::string bytes(const std::string& file) const;
  Json json(const std::string& file, const std::string& text) const;
  void check(const std::string& file, const Json& entry) const;
  void add_cases(const std::string& file);
  const StateDict& tensors(const std::string& file);
  void check_counts() const;

  std::filesystem::path directory_;
  Json manifest_;
  std::string seed_;
  std::list<Json> indexes_;
  std::map<std::string, StateDict> tensors_;
  std::vector<Case> cases_;
};

}  // namespace gradus::tool
