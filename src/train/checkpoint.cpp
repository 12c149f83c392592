// Checkpointer: when a checkpoint is made, what is in it, and how a training goes on from one.
#include <gradus/train/checkpoint.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gradus/op.hpp>

#include "io/file.hpp"
#include "io/orphans.hpp"
#include "tensor/format.hpp"
#include "tensor/impl.hpp"
#include "train/checkpoint_file.hpp"
#include "train/part.hpp"

namespace gradus::train {

using gradus::detail::user_line;

namespace {

constexpr std::string_view own = "checkpoint.";  // the names of what belongs to no part

// The tensors named prefix + "…", without the prefix.
StateDict below(const StateDict& all, const std::string& prefix) {
  StateDict part;
  for (const auto& [name, tensor] : all)
    if (name.starts_with(prefix)) part.emplace_back(name.substr(prefix.size()), tensor);
  return part;
}

PartState part_of(const StateDict& all, const std::string& name) {
  return {.state = below(all, name + "."), .more = below(all, std::string(own) + name + ".")};
}

void append(StateDict& to, const std::string& prefix, const StateDict& part) {
  for (const auto& [name, tensor] : part) to.emplace_back(prefix + name, tensor);
}

// State that a later change of the object leaves alone.
PartState copy_of(PartState state) {
  for (StateDict* dict : {&state.state, &state.more})
    for (auto& [name, tensor] : *dict) tensor = tensor.detach().clone();
  return state;
}

// "a 1, b 2" here and there, of the words that differ. One that only one side has is "none" on the other.
struct Differences {
  std::string here, there;
  void compare(const Words& mine, const Words& theirs) {
    Words all = mine;
    all.insert(theirs.begin(), theirs.end());
    for (const auto& [name, ignored] : all) {
      const std::string a = text(mine, name), b = text(theirs, name);
      if (a == b) continue;
      add(here, name, a);
      add(there, name, b);
    }
  }
  static std::string text(const Words& words, const std::string& name) {
    const auto found = words.find(name);
    return found == words.end() ? "none" : found->second;
  }
  static void add(std::string& list, const std::string& name, const std::string& value) {
    list += (list.empty() ? "" : ", ") + name + " " + value;
  }
};

// A word of must_match() is told from those of parts by its first character.
constexpr std::string_view own_word = ":";

std::pair<Words, Words> split(const Words& words) {
  Words own_words, parts;
  for (const auto& [name, value] : words) {
    if (name.starts_with(own_word))
      own_words[name.substr(own_word.size())] = value;
    else
      parts[name] = value;
  }
  return {own_words, parts};
}

}  // namespace

Checkpointer::Checkpointer(Part a, Part b, CheckpointOptions options, Loc where)
    : Checkpointer(std::vector<Part>{std::move(a), std::move(b)}, std::move(options), where) {}
Checkpointer::Checkpointer(Part a, Part b, Part c, CheckpointOptions options, Loc where)
    : Checkpointer(std::vector<Part>{std::move(a), std::move(b), std::move(c)}, std::move(options), where) {}
Checkpointer::Checkpointer(Part a, Part b, Part c, Part d, CheckpointOptions options, Loc where)
    : Checkpointer(std::vector<Part>{std::move(a), std::move(b), std::move(c), std::move(d)}, std::move(options),
                   where) {}

Checkpointer::Checkpointer(std::vector<Part> parts, CheckpointOptions options, Loc where)
    : options_(std::move(options)) {
  const auto require = [&](bool fine, const char* wrong, std::string got) {
    if (!fine) throw Error("Checkpointer", {.wrong = wrong, .got = std::move(got)}, user_line(where));
  };
  require(!options_.dir.empty(), "dir is empty: checkpoints need a folder", {});
  require(options_.every >= 0, "every is negative", std::to_string(options_.every));
  require(options_.keep >= 1, "keep is less than 1", std::to_string(options_.keep));
  std::error_code error;
  std::filesystem::create_directories(options_.dir, error);
  if (error) io::FileErrors(options_.dir, "Checkpointer", where).fail_because("cannot be made", error.value());
  (void)io::writable_target(io::FileErrors(step_file(options_.dir, 0), "Checkpointer", where));
  for (const Part& part : parts) add(part.model().name(), part, where);
}

void Checkpointer::check_new(const char* operation, Loc where) const {
  if (begun_)
    throw Error(operation,
                {.wrong = "the training has begun", .advice = "call it before resume() and the first step()"},
                user_line(where));
}

void Checkpointer::add(std::string name, Part part, Loc where) {
  check_new("Checkpointer::add", where);
  const auto same = [&](const Named& p) { return p.name == name; };
  if (name.empty() || name == "checkpoint" || name.find('.') != std::string::npos ||
      std::ranges::any_of(parts_, same)) {
    throw Error("Checkpointer::add",
                {.wrong = "the part needs a name of its own",
                 .got = formatted("{:?}, {}", name, part.model().kind()),
                 .expected = "a name without a dot, not checkpoint, and not that of another part",
                 .advice = "add(\"critic\", critic)"},
                user_line(where));
  }
  Traits traits{{name, part.model().kind()}};
  for (auto& [trait, value] : part.model().traits()) traits.emplace_back(name + "." + trait, std::move(value));
  parts_.push_back({std::move(name), std::move(part), std::move(traits)});
  std::ranges::stable_sort(parts_, {}, [](const Named& p) { return p.part.model().order(); });
}

void Checkpointer::must_match(std::string name, std::string value, Loc where) {
  check_new("Checkpointer::must_match", where);
  words_.emplace_back(std::string(own_word) + name, std::move(value));
}

// ---- saving ----

// A folder with the checkpoints of another training: the two would be mixed up, and old files removed.
void Checkpointer::begin(Loc where) {
  if (begun_) return;
  if (!newest().empty()) {
    throw Error("Checkpointer",
                {.wrong = options_.dir + ": has checkpoints of a training already",
                 .advice = "call resume() first, to go on with it; or use another folder, or empty this one"},
                user_line(where));
  }
  io::remove_leftovers(options_.dir);
  begun_ = true;
}

bool Checkpointer::step(Loc where) {
  begin(where);
  ++step_;
  if (options_.every == 0 || step_ % options_.every != 0) return false;
  save(where);
  return true;
}

void Checkpointer::save(Loc where) {
  begin(where);
  write(step_file(options_.dir, step_), best_, where);
  remove_old();
}

bool Checkpointer::best(double value, Loc where) {
  begin(where);
  if (std::isnan(value)) return false;
  if (best_ && !(options_.maximize ? value > *best_ : value < *best_)) return false;
  write(best_file(options_.dir), value, where);
  best_ = value;
  return true;
}

StateDict Checkpointer::contents(std::optional<double> best) const {
  StateDict all;
  for (const auto& [name, part, traits] : parts_) {
    const PartState saved = part.model().save();
    append(all, name + ".", saved.state);
    append(all, formatted("{}{}.", own, name), saved.more);
  }
  const std::vector<double> values(best ? 1 : 0, best.value_or(0));
  append(all, std::string(own),
         {{"step", from_data(std::vector<std::int64_t>{step_}, {})},
          {"best", from_data(values, {static_cast<std::int64_t>(values.size())})},
          {"random", place_of(default_generator())}});
  return all;
}

void Checkpointer::write(const std::string& file, std::optional<double> best, Loc where) const {
  const At at(where);
  const NoRecord pause;
  Words words(words_.begin(), words_.end());
  for (const Named& p : parts_) words.insert(p.traits.begin(), p.traits.end());
  write_checkpoint(file, {contents(best), std::move(words)}, user_line(where));
}

// Newer ones than this step are damaged, or they would have been loaded. One that cannot be removed does no harm.
void Checkpointer::remove_old() const {
  std::int64_t seen = 0;
  for (const std::int64_t step : steps_in(options_.dir)) {
    if (step > step_ || ++seen <= options_.keep) continue;
    io::system_calls.unlink(step_file(options_.dir, step).c_str());
  }
}

// ---- going on ----

std::string Checkpointer::newest() const {
  const std::vector<std::string> files = checkpoints_in(options_.dir);
  return files.empty() ? "" : files[0];
}

Resumed Checkpointer::resume(Loc where) {
  where = user_line(where);
  check_new("resume", where);
  const NoRecord pause;
  const std::vector<std::string> files = checkpoints_in(options_.dir);
  Resumed resumed;
  for (const std::string& file : files) {
    CheckpointFile checkpoint;
    try {
      checkpoint = read_checkpoint(file, where);
    } catch (const Error& e) {
      resumed.damaged.push_back(e.complaint().wrong);
      continue;
    }
    load(file, checkpoint, where);
    resumed.step = step_;
    resumed.file = file;
    break;
  }
  if (!resumed && !files.empty()) {
    throw Error("resume",
                {.wrong = options_.dir + ": no checkpoint can be used",
                 .got = formatted("{}", fmt::join(resumed.damaged, "\n            ")),
                 .advice = "start anew in another folder"},
                where);
  }
  io::remove_leftovers(options_.dir);
  begun_ = true;
  return resumed;
}

// What the user has said differs, or else what parts differ.
void Checkpointer::check_words(const std::string& file, const Words& saved, Loc where) const {
  Words mine(words_.begin(), words_.end());
  for (const Named& p : parts_) mine.insert(p.traits.begin(), p.traits.end());
  const auto [own_here, parts_here] = split(mine);
  const auto [own_there, parts_there] = split(saved);
  Differences differ;
  differ.compare(own_here, own_there);
  if (differ.here.empty()) differ.compare(parts_here, parts_there);
  if (differ.here.empty()) return;
  throw Error("resume",
              {.wrong = file + ": was saved by another training",
               .got = differ.here,
               .expected = differ.there,
               .advice = "train as it was, or start anew in another folder"},
              where);
}

// All of it, or nothing.
void Checkpointer::load(const std::string& file, const CheckpointFile& checkpoint, Loc where) {
  check_words(file, checkpoint.words, where);
  const auto own_tensor = [&](const char* name, DType dtype, std::initializer_list<Shape> shapes) {
    const Tensor* t = find(checkpoint.state, std::string(own) + name);
    if (t && t->dtype() == dtype && std::ranges::find(shapes, t->shape()) != shapes.end()) return *t;
    throw Error("resume", {.wrong = formatted("{}: '{}{}' is missing or does not fit", file, own, name)}, where);
  };
  const Tensor step = own_tensor("step", i64, {{}}), best = own_tensor("best", f64, {{0}, {1}});
  const Tensor random = own_tensor("random", i64, {{2}});
  std::vector<PartState> before;
  for (const Named& p : parts_) before.push_back(copy_of(p.part.model().save()));
  try {
    for (const Named& p : parts_) p.part.model().load(part_of(checkpoint.state, p.name), where);
  } catch (...) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      try {
        parts_[i].part.model().load(before[i], where);
      } catch (const Error&) {  // what is wrong with the checkpoint is the message of interest
      }
    }
    throw;
  }
  step_ = step.item<std::int64_t>();
  best_ = best.numel() == 1 ? std::optional(best.item()) : std::nullopt;
  go_to(default_generator(), random);
}

}  // namespace gradus::train
