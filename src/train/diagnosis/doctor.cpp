// One examiner for each optimizer, found by its place and its first parameter.
#include "train/diagnosis/doctor.hpp"

#include <algorithm>
#include <utility>

#include "study/trace/json.hpp"
#include "train/run_log.hpp"

namespace gradus::train::diagnosis {
namespace {

constinit thread_local Doctor* newest = nullptr;

constexpr std::int64_t closely = 256;  // steps; then 2 of 16

}  // namespace

Doctor* Doctor::current() { return newest; }

Doctor::Doctor(std::function<void(const std::string&)> write)
    : write_(std::move(write)),
      watch_([this](const optim::OptimizerBase& o, Look&& look) { step(o, std::move(look)); }),
      outer_(std::exchange(newest, this)) {
  watch_.all_values = true;
}

Doctor::~Doctor() {
  newest = outer_;
  std::int64_t steps = 0;
  for (const auto& stream : streams_) {
    write("verdict", *stream, stream->examiner.verdict());
    steps += stream->steps;
  }
  write_(fmt::format("\"ev\":\"end\",\"steps\":{},\"optimizers\":{}", steps, streams_.size()));
}

void Doctor::epoch(EpochLook epoch) {
  if (last_ == nullptr) return;
  if (epoch.epoch == 0) epoch.epoch = ++last_->epochs;
  last_->examiner.epoch(epoch);
}

void Doctor::held_out(const Tensor& x) {
  held_out_ = x;
  for (const auto& stream : streams_) stream->examiner.held_out(x);
}

std::vector<Diagnosis> Doctor::verdict() const {
  std::vector<Diagnosis> all;
  for (const auto& stream : streams_) {
    for (Diagnosis& d : stream->examiner.verdict()) all.push_back(std::move(d));
  }
  return all;
}

// An optimizer is known by its place, which follows it when it is moved. Another one of the same parameters is another
// run, but for one that is made anew for each step or two.
Doctor::Stream& Doctor::stream_of(const optim::OptimizerBase& optimizer) {
  constexpr std::int64_t few = 5;
  const auto place = const_cast<optim::OptimizerBase&>(optimizer).place();  // NOLINT: it changes no number
  for (const auto& stream : streams_) {
    if (std::find(stream->places.begin(), stream->places.end(), place) != stream->places.end()) return *stream;
  }
  const Tensor first = optimizer.parameters()[0];
  Stream*& last = by_parameter_[first.impl()];
  if (last == nullptr || last->since >= few) {
    last = streams_.emplace_back(std::make_unique<Stream>()).get();
    last->number = static_cast<std::int64_t>(streams_.size());
    if (held_out_.defined()) last->examiner.held_out(held_out_);
    kept_.push_back(first);
  }
  last->type = optimizer.type();
  last->since = 0;
  std::erase_if(last->places, [](const auto& p) { return p->optimizer == nullptr; });  // ended
  last->places.push_back(place);
  return *last;
}

void Doctor::step(const optim::OptimizerBase& optimizer, Look&& look) {
  Stream* s = &stream_of(optimizer);
  last_ = s;
  look.step = ++s->steps;
  ++s->since;
  if (look.input || look.term)
    s->examiner.examples({look.input ? look.input->x : Tensor(), look.term ? look.term->target : Tensor()});
  s->examiner.step(std::move(look));
  const std::int64_t next = s->steps + 1;
  watch_.ask_curvature = s->examiner.wants_curvature();
  watch_.close = next <= closely || next % 16 < 2 || watch_.ask_curvature;
  if (s->steps <= 40 || s->steps % 16 == 0) write("so_far", *s, s->examiner.verdict());
}

// A list of diagnoses, where it is another than the one before.
void Doctor::write(const char* kind, Stream& s, const std::vector<Diagnosis>& all) {
  std::string list;
  std::string state = kind;
  for (const Diagnosis& d : all) {
    std::string one = diagnosis_line(d);
    one.pop_back();
    list += (list.empty() ? "" : ",") + one;
    state += ' ' + d.code;
  }
  if (state == std::exchange(s.written, state) || (all.empty() && s.steps == 1)) return;
  write_(fmt::format("\"ev\":\"{}\",\"optimizer\":{},\"number\":{},\"steps\":{},\"diagnoses\":[{}]", kind,
                     study::json_string(s.type), s.number, s.steps, list));
}

}  // namespace gradus::train::diagnosis
