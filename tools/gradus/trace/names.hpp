// The names that a program gave to results. The operations that read a result tell its name.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "trace/open.hpp"

namespace gradus::tool {

using ResultNames = std::map<std::pair<int, int>, std::string>;  // by tape and node

// Looks into the file again: the library's reader leaves the names out.
ResultNames result_names(const trace::File& file);
std::string name_of(const ResultNames& names, int tape, int node);  // "" if it has none

}  // namespace gradus::tool
