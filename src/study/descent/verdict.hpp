// What became of a descent.
#pragma once

#include <vector>

#include <gradus/study/descent.hpp>

namespace gradus::study {

// Sets the verdict, and the step at which the path arrived. `recent`: the last places, none left out.
void judge(const Surface& s, const std::vector<Place>& recent, bool noisy, Path& path);

// Sets 2/λmax and its place.
void set_limit(const Surface& s, Path& path);

}  // namespace gradus::study
