// One offline page out of a trace: the template in page/, with the trace as data.
#pragma once

#include <string>

#include "trace/sources.hpp"

namespace gradus::tool {

// The same files give the same bytes. `against`, a second run, may be null.
std::string make_page(const trace::File& file, const trace::File* against, Sources& sources);

}  // namespace gradus::tool
