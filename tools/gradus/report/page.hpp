// The page of a report: sections of HTML, and data for its script.
#pragma once

#include <string>
#include <vector>

#include "report/charts.hpp"

namespace gradus::tool {

// The same logs give the same bytes.
std::string report_page(const std::vector<Run>& runs);

// ---- its sections; each is "" where there is nothing to show ----

std::string run_list(const std::vector<Run>& runs);
std::string diagnosis_section(const std::vector<Run>& runs);
std::string outcome_section(const std::vector<Run>& runs);
std::string difference_section(const std::vector<Run>& runs);
std::string confusion_section(const std::vector<Run>& runs);
std::string worst_section(const std::vector<Run>& runs);
std::string detail_section(const Run& run);

// ---- shared by them ----

// Text in HTML, never markup.
std::string escaped(const std::string& text);
// A small circle in the colour of a run.
std::string swatch(std::size_t run);
// "0.0123", "98.2 %"; "–" for NaN.
std::string shown(double value);
std::string share(double value);
std::string metric(const std::string& name, double value);
std::string duration_text(double seconds);
// "net.cpp:16"; "" if it is not known.
std::string place_text(const run_log::Place& place);

}  // namespace gradus::tool
