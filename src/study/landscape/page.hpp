// Files that pages are made of, embedded when the library is built.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradus::study {

struct Source {
  std::string_view text;
  std::string hash;  // as a Content-Security-Policy names it: 'sha256-…'
};
Source picture_css();  // of plots
Source study_css();    // of every page
Source landscape_css();
std::vector<Source> landscape_scripts();  // in the order in which they run

}  // namespace gradus::study
