// The monitor of `gradus train`, its errors and its last words.
#include "train/watch.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "cli/print.hpp"
#include "train/training.hpp"

namespace gradus::tool {

std::unique_ptr<gradus::train::Monitor> make_monitor(const TrainOptions& o, const std::string& data,
                                                     const nn::ModuleBase& net, optim::AnyOptimizer& optimizer,
                                                     gradus::train::MonitorOptions options) {
  if (o.logs_events()) options.log = o.log;
  options.tensorboard = o.tensorboard;
  options.settings = {{"data", data}, {"net", o.net}, {"opt", o.opt}, {"schedule", o.schedule}};
  try {
    return std::make_unique<gradus::train::Monitor>(net, optimizer, std::move(options));
  } catch (const Error& e) {
    const bool log = e.operation() == "Monitor";
    throw Stop(file_trouble, fmt::format("--{} {}", log ? "log" : "tensorboard",
                                         e.complaint().got.empty() ? e.complaint().wrong : e.complaint().got));
  }
}

void print_diagnoses(const TrainOptions& o, const gradus::train::Monitor* monitor) {
  const char* doctor = std::getenv("GRADUS_DOCTOR");  // says the same at the end
  if (!monitor || o.quiet || (doctor && *doctor)) return;
  for (const gradus::train::Diagnosis& d : monitor->diagnoses()) print("\n{}\n", to_string(d));
}

void print_files(const TrainOptions& o, gradus::train::Monitor* monitor) {
  if (o.logs_events()) print("log   {}\n", o.log);
  if (monitor && monitor->tensorboard()) print("event {}\n", monitor->tensorboard()->path());
  if (monitor && !monitor->trouble().empty()) fmt::print(stderr, "gradus: --log {}\n", monitor->trouble());
}

}  // namespace gradus::tool
