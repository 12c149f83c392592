// The data that a description asks for.
#pragma once

#include <span>

#include "spec.hpp"

namespace gradus::web {

struct SetKind {
  const char *name, *function, *code;  // the text of the function
  bool classes;
  data::Dataset (*make)(std::int64_t n, double noise);
};
std::span<const SetKind> set_kinds();

struct Data {
  data::Dataset train = {}, test = {};
  std::int64_t inputs = 0, outputs = 0;
  bool classes = true;
  std::vector<std::string> columns = {}, class_names = {};
  std::string function = {};  // of the program: the text that defines it, or ""
  std::string code = {};      // of the program: the line that makes train and test
  bool standardize = false;
};

// Throws an Error for an unknown set and for what data::csv refuses. Draws from the default generator.
Data make_data(const DataSpec& spec);

}  // namespace gradus::web
