// One offline page out of a trace: the template in page/, with the trace as data.
#pragma once

#include <string>

#include "trace/sources.hpp"

namespace gradus::tool {

// The same files give the same bytes. `against`, a second run, may be null. Each run's source files are looked for by
// its own trace, and are newer or older than that run.
std::string make_page(const trace::File& file, const trace::File* against, const std::string& source_directory);

}  // namespace gradus::tool
