// What the checkpoints of gradus train hold, and their errors in the words of the command line.
#include "train/keeper.hpp"

#include <fmt/format.h>

#include "train/training.hpp"

namespace gradus::tool {
namespace {

// Runs f; its errors are about the folder.
template <class F>
auto in_folder(const std::string& folder, const F& f) try {
  return f();
} catch (const Error& e) {
  const std::string& wrong = e.complaint().wrong;
  throw Stop(file_trouble, "--checkpoint " + (wrong.starts_with(folder) ? "" : folder + ": ") + wrong);
}

[[noreturn]] void refuse(const Error& e) {
  const Complaint& c = e.complaint();
  std::string text = "--resume: " + c.wrong;
  if (!c.got.empty()) text += "\n  here:  " + c.got;
  if (!c.expected.empty()) text += "\n  saved: " + c.expected;
  throw Stop(c.expected.empty() ? file_trouble : usage, text);
}

}  // namespace

Keeper::Keeper(const TrainOptions& options, nn::ModuleBase& net, optim::AnyOptimizer& optimizer,
               optim::Scheduler& schedule)
    : o_(options) {
  if (o_.checkpoint.empty()) return;
  in_folder(o_.checkpoint, [&] {
    checkpoint_.emplace(net, optimizer, schedule,
                        gradus::train::CheckpointOptions{.dir = o_.checkpoint, .every = o_.checkpoint_every});
  });
  must_match("--net", o_.net);
  must_match("--opt", o_.opt);
  must_match("--schedule", o_.schedule);
  must_match("--batch", std::to_string(o_.batch));
  must_match("--seed", std::to_string(o_.seed));
}

void Keeper::add(const char* name, gradus::train::Part part) {
  if (checkpoint_) checkpoint_->add(name, std::move(part));
}

void Keeper::must_match(const char* name, const std::string& value) {
  if (checkpoint_) checkpoint_->must_match(name, value);
}

void Keeper::begin() {
  if (!checkpoint_) return;
  const std::string newest = checkpoint_->newest();
  if (!o_.resume && !newest.empty()) {
    throw Stop(usage, fmt::format("--checkpoint {}: there is {} already\n"
                                  "  try: --resume, to go on with it, or another folder",
                                  o_.checkpoint, newest));
  }
  if (!o_.resume) return;
  try {
    resumed_ = checkpoint_->resume();
  } catch (const Error& e) { refuse(e); }
  steps_ = resumed_.step;
  for (const std::string& damaged : resumed_.damaged) fmt::print(stderr, "gradus: {}; an older one is used\n", damaged);
}

void Keeper::step() {
  ++steps_;
  if (checkpoint_) in_folder(o_.checkpoint, [&] { checkpoint_->step(); });
}

void Keeper::save() {
  if (checkpoint_) in_folder(o_.checkpoint, [&] { checkpoint_->save(); });
}

}  // namespace gradus::tool
