// The monitor of a training, with its files as the command line names them.
#pragma once

#include <gradus/train/monitor.hpp>

#include <memory>
#include <string>

namespace gradus::tool {

struct TrainOptions;

// With the log and the event files of the options. Throws Stop where one cannot be written.
std::unique_ptr<gradus::train::Monitor> make_monitor(const TrainOptions& o, const std::string& data,
                                                     const nn::ModuleBase& net, optim::AnyOptimizer& optimizer,
                                                     gradus::train::MonitorOptions options);

// At the end of a run: what was wrong with it, and which files tell of it. The monitor may be null.
void print_diagnoses(const TrainOptions& o, const gradus::train::Monitor* monitor);
void print_files(const TrainOptions& o, gradus::train::Monitor* monitor);

}  // namespace gradus::tool
