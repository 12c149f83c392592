// The loop over a text.
#include "text/run.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>

#include "cli/print.hpp"
#include "cli/spec.hpp"
#include "train/averaged.hpp"

namespace gradus::tool {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

constexpr std::int64_t reports = 10;       // in a run
constexpr std::int64_t test_batches = 20;  // for the reports before the last

template <class F>
auto with(TextNet& net, F&& f) {
  return std::visit(std::forward<F>(f), net);
}

}  // namespace

TextRun::TextRun(const TrainOptions& options, std::string name, data::Tokenizer tokenizer, data::WindowSplit text,
                 TextNet net, const MakeOptimizer& make_optimizer, MakeSchedule schedule)
    : o_(options),
      name_(std::move(name)),
      tokenizer_(std::move(tokenizer)),
      text_(std::move(text)),
      net_(std::move(net)),
      optimizer_(with(net_, [&](const auto& n) { return make_optimizer.of_named(n.named_parameters()); })),
      schedule_(optimizer_.base(), schedule(optimizer_.base().lr(), *o_.steps)) {
  check_save();
  if (o_.log.empty()) return;
  log_.reset(std::fopen(o_.log.c_str(), "w"));
  if (!log_ || std::fputs("step,loss,test_loss,seconds,lr\n", log_.get()) < 0 || std::fflush(log_.get()) != 0)
    throw Stop(file_trouble, fmt::format("--log {}: {}", o_.log, std::strerror(errno)));
}

Tensor TextRun::loss_of(const data::Dataset& batch) {
  const Tensor logits = with(net_, [&](auto& net) -> Tensor { return net(batch.x); });
  return cross_entropy(flatten(logits, 0, 1), flatten(batch.y));
}

Exit TextRun::run() {
  announce();
  const auto begin = Clock::now();
  const gradus::train::Interrupt interrupt;
  const std::int64_t every = std::max<std::int64_t>(1, *o_.steps / reports);
  while (steps_ < *o_.steps) {
    const std::int64_t first = steps_, last = std::min(*o_.steps, first + every);
    double sum = 0;
    auto shown = Clock::now();
    while (steps_ < last) {
      sum += step();
      if (const int signal = interrupt.signal()) return stopped(signal);
      if (since(shown) < 0.2) continue;
      shown = Clock::now();
      live(first, sum, since(begin));
    }
    test_ = test_loss(steps_ < *o_.steps ? test_batches : text_.test.batches());
    report(sum / static_cast<double>(last - first), since(begin));
  }
  return finished(since(begin));
}

double TextRun::step() {
  const double loss = optimizer_.step([&] { return loss_of(text_.train.batch(steps_)); },
                                      [&] {
                                        if (o_.clip == 0) return;
                                        optim::clip_grad_norm(optimizer_.base().parameters(), o_.clip);
                                      });
  if (!std::isfinite(loss))
    throw Stop(failed, fmt::format("the loss became {} in step {}: training failed and nothing was saved\n"
                                   "  try: a smaller learning rate, --opt {}:lr={:.2g}",
                                   std::isnan(loss) ? "NaN" : "infinite", steps_ + 1, parse_spec(o_.opt).name,
                                   optimizer_.base().lr() / 10));
  schedule_.step();
  ++steps_;
  return loss;
}

double TextRun::test_loss(std::int64_t batches) {
  const nn::Evaluating evaluating;
  const gradus::train::Averaged learned(optimizer_.base());
  const std::int64_t all = text_.test.batches(), count = std::min(batches, all);
  double sum = 0, tokens = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const data::Dataset batch = text_.test.in_order(i * all / count);
    const auto n = static_cast<double>(batch.y.numel());
    sum += n * loss_of(batch).item();
    tokens += n;
  }
  return sum / tokens;
}

void TextRun::announce() const {
  if (o_.quiet) return;
  std::int64_t parameters = 0;
  for (const auto& [name, value] : state()) parameters += value.numel();
  print("data  {}: {} training and {} test tokens of {}\n", name_, grouped(text_.train.size()),
        grouped(text_.test.size()), tokenizer_.describe());
  print("net   {}: {} parameters\n", o_.net, grouped(parameters));
  print("opt   {}, {} rate, batch {}, seed {}\n\n", o_.opt, o_.schedule, o_.batch, o_.seed);
  flush_out();
}

void TextRun::live(std::int64_t first, double loss, double seconds) const {
  if (o_.quiet || !terminal_.live) return;
  const double left = seconds / static_cast<double>(steps_) * static_cast<double>(*o_.steps - steps_);
  print("\rstep {}/{}  loss {:.4f}  ETA {}\x1b[K", steps_, *o_.steps, loss / static_cast<double>(steps_ - first),
        duration(left));
  flush_out();
}

void TextRun::report(double loss, double seconds) {
  const double lr = optimizer_.base().lr();
  if (!o_.quiet)
    print("{}step {:>{}}/{}  loss {:.4f}  test {:.4f}  {}\n", terminal_.live ? "\r\x1b[K" : "", steps_,
          std::to_string(*o_.steps).size(), *o_.steps, loss, test_, duration(seconds));
  flush_out();
  if (!log_) return;
  const std::string line = fmt::format("{},{},{},{:.3f},{}\n", steps_, loss, test_, seconds, lr);
  if (std::fputs(line.c_str(), log_.get()) >= 0 && std::fflush(log_.get()) == 0) return;
  fmt::print(stderr, "gradus: --log {}: {}; it ends before step {}\n", o_.log, std::strerror(errno), steps_);
  log_.reset();
}

Exit TextRun::finished(double seconds) {
  if (!o_.quiet) print("\n{} steps in {}\n", steps_, duration(seconds));
  print("test loss {:.4f} a token ({} tokens)\n", test_, grouped((text_.test.size() - 1)));
  if (save()) print("model {}\n", o_.save);
  return success;
}

Exit TextRun::stopped(int signal) {
  const bool saved = save();
  print("interrupted after {} of {} steps\n", steps_, *o_.steps);
  if (saved)
    print("model {}, as it was then\n", o_.save);
  else
    print("nothing was saved: there was no --save\n");
  return ended_by(signal);
}

StateDict TextRun::state() const {
  return std::visit([](const auto& net) { return net.state_dict(); }, net_);
}

io::Metadata TextRun::metadata() const {
  const auto text = [](const auto& value) { return fmt::format("{}", value); };
  return {{"gradus", GRADUS_VERSION},          {"task", "text"},        {"net", o_.net},
          {"tokenizer", tokenizer_.to_json()}, {"opt", o_.opt},         {"schedule", o_.schedule},
          {"batch", text(o_.batch)},           {"seed", text(o_.seed)}, {"steps", text(steps_)}};
}

// That a model cannot be saved should be known before it is trained.
void TextRun::check_save() const {
  if (o_.save.empty()) return;
  try {
    io::check_save(o_.save, state(), metadata());
  } catch (const Error& e) { throw Stop(file_trouble, fmt::format("--save {}", e.complaint().wrong)); }
}

bool TextRun::save() {
  if (o_.save.empty()) return false;
  const gradus::train::Averaged learned(optimizer_.base());
  try {
    io::save(o_.save, state(), metadata());
  } catch (const Error& e) { throw Stop(file_trouble, fmt::format("--save {}", e.complaint().wrong)); }
  return true;
}

}  // namespace gradus::tool
