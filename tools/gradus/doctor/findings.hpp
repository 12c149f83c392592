// What the library wrote about a program that it examined.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gradus::tool {

// One optimizer of one process.
struct Patient {
  std::string program, optimizer;
  std::int64_t process = 0, number = 0, steps = 0;
  bool ended = false;  // as it should: the list is the last word
  std::vector<nlohmann::json> diagnoses;
};

struct Findings {
  bool any = false;  // a program has used the library
  std::vector<Patient> patients;
};

// Of a file that GRADUS_DOCTOR named. Lines that cannot be read are skipped: a process may have been killed.
Findings read_findings(const std::string& path);

}  // namespace gradus::tool
