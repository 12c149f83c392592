// What a page has no use for, for the linker in place of the library's: nothing. The run log and the table of a
// monitor, its line in a terminal, profiles, and the table of matrix products that a measurement has written.
#include <gradus/train/live_line.hpp>

#include "kernels/products.hpp"
#include "kernels/settings.hpp"
#include "tape/profile.hpp"
#include "train/keep_lines.hpp"
#include "train/run_log.hpp"

namespace gradus::train {

KeptLog keep_run_log(const std::string&, std::int64_t, std::int64_t) { return {}; }
bool keep_table(const std::string&, const std::string&, std::int64_t, std::int64_t) { return false; }

std::string net_json(const nn::ModuleBase&, Loc) { return {}; }
std::string optimizer_json(const char*, const std::vector<detail::OptionTexts>&) { return {}; }
std::string run_line(const std::string&, const std::string&, const RunPlan&,
                     const std::vector<std::pair<std::string, std::string>>&) {
  return {};
}
std::string layer_line(const Sampler::Layer&) { return {}; }
std::string step_line(const StepReport&, double) { return {}; }
std::string epoch_line(const EpochReport&) { return {}; }
std::string diagnosis_line(const Diagnosis&) { return {}; }
std::string text_line(std::int64_t, std::string_view, std::string_view) { return {}; }
std::string resume_line(std::int64_t, std::int64_t) { return {}; }
std::string end_line(std::int64_t, std::int64_t, double, bool) { return {}; }
std::string csv_header() { return {}; }
std::string csv_row(const StepReport&, double) { return {}; }
std::string csv_row(const EpochReport&) { return {}; }

std::string format_line(const Progress&, const LineStyle&) { return {}; }
LiveLine::LiveLine(std::FILE* to) : to_(to) {}
LiveLine::~LiveLine() = default;
bool LiveLine::is_due() const { return false; }
void LiveLine::show(const Progress&) {}
void LiveLine::print(std::string_view) {}
void LiveLine::clear() {}

}  // namespace gradus::train

namespace gradus::detail {

constinit std::atomic<bool> profiling_on = false;
void Timing::start() {}
bool Timing::stop() { return false; }
void Timing::end() {}
Untimed::Untimed() : around_(nullptr) {}
Untimed::~Untimed() = default;
double bytes_of(const Tensor&) { return 0; }
void count_forward(Timing&, const OpTable&, const void*, std::span<const Arg>, const Tensor&) {}
void count_rule(Timing&, TapeState&, int, const Tensor&, std::span<const Tensor>, std::span<const Need>) {}

}  // namespace gradus::detail

namespace gradus::kernels {

Setting products_setting(ProductTable&) { return {"GRADUS_PRODUCTS", nullptr, nullptr}; }

}  // namespace gradus::kernels
