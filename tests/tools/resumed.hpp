// What tests of stopped and resumed trainings share.
#pragma once

#include <gradus/io/io.hpp>

#include <string>

#include "run.hpp"

namespace support {

inline bool same_tensors(const std::string& a, const std::string& b) {
  const gradus::StateDict x = gradus::io::load(a), y = gradus::io::load(b);
  for (const auto& [name, tensor] : x)
    if (!gradus::find(y, name) || !equal(tensor, *find(y, name))) return false;
  return x.size() == y.size();
}

// For the shell that becomes gradus: a signal to it, once there are so many checkpoints.
inline std::string once(int checkpoints, const std::string& signal) {
  return "(for i in $(seq 6000); do [ $(ls run 2>/dev/null | grep -c ^step) -lt " + std::to_string(checkpoints) +
         " ] || break; sleep 0.01; done; kill -" + signal + " $$) 2>&- &";
}

}  // namespace support
