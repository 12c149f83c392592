// The lines of a run log: version 1, which RUN_LOG.md describes.
#pragma once

#include <string>
#include <vector>

#include <gradus/nn/module.hpp>
#include <gradus/train/monitor.hpp>

#include "train/sampler.hpp"

namespace gradus::train {

// What the first line says of the plan.
struct RunPlan {
  std::int64_t batch = 0, epochs = 0, batches = 0, every = 0;
};

// What the first line says of the network: found once, at the start.
std::string net_json(const nn::ModuleBase& net, Loc where);
// An optimizer that was chosen while the program runs gives its rate alone: the other options come from their texts.
std::vector<detail::OptionTexts> with_all_options(std::vector<detail::OptionTexts> groups,
                                                  const optim::OptimizerBase& optimizer);
std::string optimizer_json(const char* type, const std::vector<detail::OptionTexts>& groups);

std::string run_line(const std::string& net, const std::string& optimizer, const RunPlan& plan,
                     const std::vector<std::pair<std::string, std::string>>& settings);
std::string layer_line(const Sampler::Layer& layer);
std::string step_line(const StepReport& step, double items_per_second);
std::string epoch_line(const EpochReport& epoch);
std::string diagnosis_line(const Diagnosis& d);
std::string text_line(std::int64_t step, std::string_view name, std::string_view text);
std::string resume_line(std::int64_t step, std::int64_t epoch);
std::string end_line(std::int64_t steps, std::int64_t epochs, double seconds, bool ok);

// The table.
std::string csv_header();
std::string csv_row(const StepReport& step, double items_per_second);
std::string csv_row(const EpochReport& epoch);

}  // namespace gradus::train
