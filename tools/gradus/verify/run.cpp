// Which kind of case a group of the kit has.
#include "verify/run.hpp"

#include <algorithm>
#include <string_view>

namespace gradus::tool {
namespace {

struct Kind {
  std::string_view group;  // how the name of its groups begins; the first that fits
  void (*run)(const Case& c);
};
constexpr Kind kinds[] = {
    {"ops/errors", run_error}, {"ops/", run_operation}, {"modules", run_module}, {"optim", run_optimizer},
    {"sched", run_schedule},   {"clip", run_clip},      {"init", run_init},      {"train", run_training},
};

}  // namespace

void run_case(const Case& c) {
  std::ranges::find_if(kinds, [&](const Kind& k) { return c.group.starts_with(k.group); })->run(c);
}

}  // namespace gradus::tool
