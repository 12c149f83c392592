// What a monitor keeps between two calls.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gradus/train/monitor.hpp>

#include "train/diagnosis/examination.hpp"
#include "train/history.hpp"
#include "train/keep_lines.hpp"
#include "train/run_log.hpp"
#include "train/sampler.hpp"
#include "train/text_file.hpp"

namespace gradus::train {

using Clock = std::chrono::steady_clock;

inline double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

// What most steps leave to be written. It is formatted later, many at once: code and tables of that would have left the
// caches during a step, which would cost 2 % of a small network's.
struct Brief {
  std::int64_t step, epoch, items;
  std::uint64_t batch;
  double loss, accuracy, lr;
};
inline constexpr std::size_t most_briefs = 128;

struct Monitor::State {
  State(const nn::ModuleBase& net, optim::OptimizerBase& optimizer, std::vector<detail::OptionTexts> groups,
        MonitorOptions options, Loc where);

  void go_on();
  void begin_sample();
  void count(const StepData& data);
  void take_sample();
  void write_step();
  void write_briefs();
  void write(const StepReport& r);
  void write_header();
  void show_epoch();
  void tell(const std::vector<Diagnosis>& found);
  void to_tensorboard(const StepReport& r);
  void to_tensorboard(const EpochReport& r);
  double epoch_mean(double sum) const { return sum / static_cast<double>(weight); }
  Progress progress() const;

  MonitorOptions o;
  std::string net_text, optimizer_text;
  std::shared_ptr<const optim::detail::OptimizerPlace> place;
  KeptLog kept;  // what the part before has written
  bool resumes_csv;
  TextFile log, csv;
  std::optional<SummaryWriter> writer;
  std::optional<LiveLine> live;
  Sampler sampler;
  std::optional<diagnosis::Examination> examination;
  std::string trouble;
  int exceptions = std::uncaught_exceptions();

  StepReport step, sample;
  EpochReport epoch;
  History history;
  bool header_written = false, pending = false;
  std::int64_t steps = 0, epochs = 0, batch = 0;   // taken; ended; in this epoch
  std::int64_t items = 0, weight = 0, judged = 0;  // of this epoch: examples; what means are over; with an accuracy
  double loss_sum = 0, right = 0;
  Clock::time_point begun = Clock::now(), epoch_begun = begun, now = begun, sampled_at = begun, written = begun;
  std::vector<Brief> briefs;
  std::int64_t items_since_sample = 0;
  double speed = Progress::unknown;  // items per second since the last sample
};

}  // namespace gradus::train
