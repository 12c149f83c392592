// One step of DataParallel.
#include "dist/reducer.hpp"

#include <algorithm>
#include <cstring>
#include <span>

#include "dist/arithmetic.hpp"
#include "dist/largest.hpp"
#include "dist/tree.hpp"
#include "tensor/impl.hpp"

namespace gradus::dist {

using gradus::detail::dense;
using gradus::detail::empty;

namespace {

std::size_t width(DType dtype) { return dtype == DType::f32 ? 4 : 8; }
std::byte* bytes(const Tensor& x) { return x.impl()->data; }

}  // namespace

Reducer::Reducer(Plan plan, Link& link) : plan_(std::move(plan)), link_(link) {
  const std::size_t buckets = plan_.buckets.size();
  waiting_.resize(buckets);
  work_.resize(buckets);
  levels_.resize(buckets);
  kept_.resize(buckets);
  left_.resize(buckets);
  const std::size_t items = plan_.items.size();
  has_.resize(items);
  reached_.resize(items);
  ever_.resize(items);
  base_.resize(items);
  before_.resize(items);
}

// The memory of a bucket, made when it is first needed.
Tensor& Reducer::room(Tensor& t, std::size_t b) const {
  if (!t.defined()) t = empty({static_cast<std::int64_t>(plan_.buckets[b].count)}, plan_.buckets[b].dtype);
  return t;
}

void Reducer::remember_buffers() {
  for (std::size_t i = plan_.parameters; i < plan_.items.size(); ++i)
    if (plan_.items[i].bucket >= 0) base_[i] = plan_.items[i].value.clone();
}

void Reducer::begin(const Step& step) {
  step_ = step;
  shard_ = 0;
  drawn_ = false;
  sent_.clear();
  std::fill(ever_.begin(), ever_.end(), 0);
  for (std::size_t i = 0; i < plan_.parameters; ++i) before_[i] = std::move(plan_.items[i].value.impl()->grad);
  if (!step_.send) return;
  const CallHead head{.kind = CallKind::step,
                      .count = static_cast<std::uint64_t>(step.samples),
                      .plan = plan_.hash + (step.tree ? 1 : 0) + 2 * static_cast<std::uint64_t>(step.compress),
                      .batch = step.batch,
                      .step = steps_};
  sent_.push_back(link_.start([&link = link_, head](Engine& e) { link.agree(e, head); }));
}

void Reducer::begin_shard() {
  next_ = 0;
  std::fill(has_.begin(), has_.end(), 0);
  for (std::size_t b = 0; b < plan_.buckets.size(); ++b) {
    waiting_[b] = static_cast<int>(plan_.buckets[b].items.size());
    room(work_[b], b);
  }
  if (shard_ == 0) return;
  for (std::size_t i = plan_.parameters; i < plan_.items.size(); ++i)
    if (plan_.items[i].bucket >= 0) plan_.items[i].value.copy_(base_[i]);
}

void Reducer::walk(Tape& tape, const Tensor& loss, std::int64_t samples) {
  std::vector<int> item_of(static_cast<std::size_t>(tape.size()), -1);
  for (std::size_t i = 0; i < plan_.parameters; ++i) {
    const Item& item = plan_.items[i];
    const int node = tape.index_of(item.value);
    if (node < 0) continue;
    if (item.bucket < 0 && item.value.requires_grad())
      throw Error("DataParallel::backward",
                  {.wrong = "the parameter " + item.name + " has been unfrozen since DataParallel was made",
                   .expected = "the same parameters in each step",
                   .advice = "make a new DataParallel after requires_grad_()"},
                  step_.where);
    item_of[static_cast<std::size_t>(node)] = static_cast<int>(i);
  }
  const double mean = loss.item(step_.where);
  BackwardPass pass(tape, Arg(loss, step_.where));
  while (pass.step()) {
    const auto node = static_cast<std::size_t>(pass.node());
    const int i = node < item_of.size() ? item_of[node] : -1;
    if (i < 0 || plan_.items[static_cast<std::size_t>(i)].bucket < 0) continue;
    fill(static_cast<std::size_t>(i), pass.grad(), static_cast<double>(samples));
    ever_[static_cast<std::size_t>(i)] = 1;
    complete_item(static_cast<std::size_t>(i));
  }
  for (std::size_t i = 0; i < plan_.parameters; ++i) {  // what backward() has left there
    Tensor& grad = plan_.items[i].value.impl()->grad;
    if (plan_.items[i].bucket >= 0) grad = Tensor();
  }
  end_shard(mean, samples);
}

void Reducer::no_samples() { end_shard(0, 0); }

void Reducer::fill(std::size_t i, const Tensor& gradient, double samples) {
  const Item& item = plan_.items[i];
  const Bucket& bucket = plan_.buckets[static_cast<std::size_t>(item.bucket)];
  const Tensor g = dense(gradient);
  std::byte* to = bytes(work_[static_cast<std::size_t>(item.bucket)]) + item.at * width(bucket.dtype);
  scale(g.dtype(), bytes(g), samples, bucket.dtype, to, item.count);
}

void Reducer::complete_item(std::size_t i) {
  if (has_[i]) return;
  has_[i] = 1;
  const auto b = static_cast<std::size_t>(plan_.items[i].bucket);
  --waiting_[b];
  while (next_ + 1 < plan_.buckets.size() && waiting_[next_] == 0) complete_bucket(next_++);  // in one order everywhere
}

// What has no gradient counts as 0. Buffers and the last bucket follow.
void Reducer::end_shard(double loss, std::int64_t samples) {
  const auto n = static_cast<double>(samples);
  Tensor last = work_.back();
  double* tail = gradus::detail::data<double>(last);
  tail[0] = samples > 0 ? n * loss : 0;
  tail[1] = n;
  for (std::size_t i = 0; i < plan_.parameters; ++i) tail[2 + i] = has_[i] ? 1 : 0;
  tail[2 + plan_.parameters] = drawn_ ? 1 : 0;
  for (std::size_t i = 0; i < plan_.items.size(); ++i) {
    const Item& item = plan_.items[i];
    if (item.bucket < 0 || has_[i]) continue;
    const DType dtype = plan_.buckets[static_cast<std::size_t>(item.bucket)].dtype;
    std::byte* to = bytes(work_[static_cast<std::size_t>(item.bucket)]) + item.at * width(dtype);
    if (item.parameter || samples == 0)
      std::memset(to, 0, item.count * width(dtype));
    else
      scaled_difference(item.value.dtype(), bytes(item.value), bytes(base_[i]), n, dtype, to, item.count);
    complete_item(i);
  }
  while (next_ < plan_.buckets.size()) complete_bucket(next_++);
  ++shard_;
}

// The shards of a rank are the leaves of a subtree: sums of equal sizes are added as soon as there are two of them.
void Reducer::complete_bucket(std::size_t b) {
  const Bucket& bucket = plan_.buckets[b];
  std::size_t level = 0;
  for (int s = shard_; (s & 1) != 0; s >>= 1, ++level)
    add(bucket.dtype, bytes(levels_[b][level]), bytes(work_[b]), bucket.count);
  if (shard_ + 1 < step_.shards) {
    if (levels_[b].size() <= level) levels_[b].resize(level + 1);
    std::swap(room(levels_[b][level], b), work_[b]);
    room(work_[b], b);
    return;
  }
  if (held_) add(bucket.dtype, bytes(kept_[b]), bytes(work_[b]), bucket.count);
  if (step_.send)
    send_bucket(b);
  else
    std::swap(kept_[b], work_[b]);
}

void Reducer::send_bucket(std::size_t b) {
  const Bucket& bucket = plan_.buckets[b];
  const bool gradients = !bucket.items.empty() && plan_.items[static_cast<std::size_t>(bucket.items[0])].parameter;
  if (gradients && bucket.dtype == DType::f32 && bucket.count <= most_places) {
    if (step_.compress == Compress::bf16) return send_rounded(b);
    if (step_.compress == Compress::top_k) return send_largest(b);
  }
  const Appointment& who = link_.who();
  sent_.push_back(link_.start([numbers = work_[b], tree = step_.tree, rank = who.rank, size = who.size](Engine& e) {
    const auto count = static_cast<std::size_t>(numbers.numel());
    if (count == 0) return;
    std::vector<char> scratch;
    if (tree)
      tree_sum(e, rank, size, bytes(numbers), numbers.dtype(), count, scratch);
    else
      e.sum(bytes(numbers), numbers.dtype(), count);
  }));
}

// What rounding takes away waits for the next step.
void Reducer::send_rounded(std::size_t b) {
  const std::size_t count = plan_.buckets[b].count;
  auto sent = std::make_shared<std::vector<std::uint16_t>>(count);
  to_bf16_with_feedback(gradus::detail::data<float>(work_[b]), left(b)->data(), sent->data(), count);
  sent_.push_back(link_.start([numbers = work_[b], sent](Engine& e) {
    e.sum_bf16(sent->data(), sent->size());
    from_bf16(sent->data(), gradus::detail::data<float>(numbers), sent->size());
  }));
}

Reducer::Left& Reducer::left(std::size_t b) {
  if (!left_[b]) left_[b] = std::make_shared<std::vector<float>>(plan_.buckets[b].count, 0.0f);
  return left_[b];
}

// Each rank chooses by itself. All add what all have sent in the order of ranks, so that they have the same bits.
void Reducer::send_largest(std::size_t b) {
  const std::size_t kept = kept_of(step_.keep, plan_.buckets[b].count);
  const auto ranks = static_cast<std::size_t>(link_.who().size);
  sent_.push_back(link_.start([numbers = work_[b], left = left(b), kept, ranks](Engine& e) {
    const std::span<float> sum(gradus::detail::data<float>(numbers), left->size());
    std::vector<Entry> mine(kept);
    std::vector<Entry> all(kept * ranks);
    take_largest(sum, *left, mine);
    e.gather(mine.data(), all.data(), kept * sizeof(Entry));
    std::fill(sum.begin(), sum.end(), 0.0f);
    for (std::size_t r = 0; r < ranks; ++r)
      if (!add_entries(std::span(all).subspan(r * kept, kept), sum))
        throw Trouble({.wrong = "a rank has sent a gradient for a place that does not exist",
                       .got = std::to_string(r),
                       .advice = "check its memory, and that all ranks run the same program"});
  }));
}

double Reducer::finish() {
  reached_ = ever_;
  if (!step_.send) {
    held_ = true;
    drawn_ = true;  // what is drawn on other ranks is not known here
    const double* tail = gradus::detail::data<double>(kept_.back());
    const double mean = tail[1] > 0 ? tail[0] / tail[1] : 0;
    for (std::size_t i = 0; i < plan_.parameters; ++i) plan_.items[i].value.impl()->grad = std::move(before_[i]);
    return mean;
  }
  for (const auto& done : sent_) Link::finish(done, "DataParallel::backward", step_.where);
  sent_.clear();
  const double* tail = gradus::detail::data<double>(work_.back());
  if (tail[1] <= 0)
    throw Error("DataParallel::backward", {.wrong = "no rank has a sample", .expected = "1 or more in a batch"},
                step_.where);
  drawn_ = tail[2 + plan_.parameters] > 0;
  take_out();
  ++steps_;
  held_ = false;
  return tail[0] / tail[1];
}

void Reducer::take_out() {
  const double* tail = gradus::detail::data<double>(work_.back());
  const double samples = tail[1];
  std::vector<Tensor> gradients(plan_.parameters);
  for (std::size_t i = 0; i < plan_.parameters; ++i) {
    const Item& item = plan_.items[i];
    if (item.bucket < 0 || tail[2 + i] == 0) continue;
    const auto b = static_cast<std::size_t>(item.bucket);
    const DType dtype = plan_.buckets[b].dtype;
    gradients[i] = empty(item.value.shape(), dtype);
    divide(dtype, bytes(work_[b]) + item.at * width(dtype), samples, bytes(gradients[i]), item.count);
    if (before_[i].defined()) gradients[i].add_(before_[i]);
  }
  for (std::size_t i = 0; i < plan_.parameters; ++i) {
    if (!gradients[i].defined()) gradients[i] = std::move(before_[i]);
    before_[i] = Tensor();
    plan_.items[i].value.impl()->grad = std::move(gradients[i]);
  }
  for (std::size_t i = plan_.parameters; i < plan_.items.size(); ++i) {
    Item& item = plan_.items[i];
    if (item.bucket < 0) continue;
    const auto b = static_cast<std::size_t>(item.bucket);
    const DType dtype = plan_.buckets[b].dtype;
    Tensor now = empty(item.value.shape(), item.value.dtype());
    moved(item.value.dtype(), bytes(base_[i]), dtype, bytes(work_[b]) + item.at * width(dtype), samples, bytes(now),
          item.count);
    item.value.copy_(now);
    base_[i] = std::move(now);
  }
}

void Reducer::give_up() noexcept {
  for (std::size_t i = 0; i < plan_.parameters; ++i) plan_.items[i].value.impl()->grad = std::move(before_[i]);
  if (step_.send) link_.fail("has failed in DataParallel::backward");
}

}  // namespace gradus::dist
