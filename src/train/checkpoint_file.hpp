// The files of checkpoints: their names in a folder, and what is in one.
#pragma once

#include <string>
#include <vector>

#include <gradus/io/safetensors.hpp>
#include <gradus/train/checkpoint.hpp>

namespace gradus::train {

// "…/step-000000300.safetensors"
std::string step_file(const std::string& folder, std::int64_t step);
std::string best_file(const std::string& folder);
// The steps that the folder has files of, the newest first. A folder that is not there has none.
std::vector<std::int64_t> steps_in(const std::string& folder);
// All files of the folder that one could go on from: those of steps, the newest first, then the best one.
std::vector<std::string> checkpoints_in(const std::string& folder);

struct CheckpointFile {
  StateDict state;
  Words words;  // what must be the same when the training goes on
};

void write_checkpoint(const std::string& path, const CheckpointFile& checkpoint, Loc where);
// Throws for a file that is damaged or no checkpoint.
CheckpointFile read_checkpoint(const std::string& path, Loc where);

}  // namespace gradus::train
