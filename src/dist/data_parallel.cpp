// What each rank computes of a batch, and with which random numbers.
#include <gradus/dist/data_parallel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>

#include <gradus/ops.hpp>
#include <gradus/threads.hpp>

#include "dist/link.hpp"
#include "dist/plan.hpp"
#include "dist/reducer.hpp"
#include "dist/tree.hpp"
#include "io/hash_of.hpp"
#include "tensor/impl.hpp"

namespace gradus::dist {
namespace {

constexpr const char* operation = "DataParallel::backward";

struct Share {
  std::int64_t begin, end;
};

std::uint64_t mixed(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  const std::uint64_t words[3] = {a, b, c};
  return io::xxh64({reinterpret_cast<const char*>(words), sizeof words});
}

// 0 would mean that it is not known.
std::uint64_t hash_of(const Tensor& x) { return io::hash_of(x) | 1; }

void check(const DataParallelOptions& o, Loc where) {
  if (!(o.bucket_mb > 0))
    throw Error("DataParallel",
                {.wrong = "bucket_mb is out of range", .got = fmt::format("{}", o.bucket_mb), .expected = "above 0"},
                where);
  if (!is_power_of_two(o.virtual_shards) || o.virtual_shards > 1024)
    throw Error("DataParallel",
                {.wrong = "virtual_shards is out of range",
                 .got = fmt::format("{}", o.virtual_shards),
                 .expected = "1, 2, 4, 8 … 1024"},
                where);
  if (!(o.keep > 0 && o.keep <= 1))
    throw Error("DataParallel",
                {.wrong = "keep is out of range", .got = fmt::format("{}", o.keep), .expected = "above 0, at most 1"},
                where);
}

std::string name_of(const DataParallelOptions& o) {
  if (o.compress == Compress::bf16) return "bf16";
  return o.compress == Compress::top_k ? fmt::format("top_k, keep {}", o.keep) : "none";
}

// What must be the same on all ranks.
std::string text_of(const DataParallelOptions& o) {
  return fmt::format("virtual_shards {}\ncompress {}\n", o.virtual_shards, name_of(o));
}

}  // namespace

struct DataParallel::State {
  State(nn::ModuleBase& net, Group& g, const DataParallelOptions& o, Loc where)
      : group(g),
        options(o),
        bytes_of_parameters(0),
        reducer(make_plan(net, o.bucket_mb, text_of(o), where), g.link()) {}

  void start(Loc where);
  double batch(std::int64_t samples, std::uint64_t hash, const std::function<data::Dataset(Share)>& read,
               const LossOf& loss, Loc where);
  double plain(const std::function<data::Dataset(Share)>& read, std::int64_t samples, const LossOf& loss, Loc where);
  void check_tree(Loc where) const;
  // How the gradients of a step travel.
  Compress compress() const { return deterministic() || group.size() == 1 ? Compress::none : options.compress; }

  Group& group;
  DataParallelOptions options;
  std::int64_t bytes_of_parameters;
  Reducer reducer;
  int paused = 0;  // how many NoSync live
};

// All ranks begin with what rank 0 has.
void DataParallel::State::start(Loc where) {
  const NoRecord quiet;
  std::vector<Tensor> copies;
  const Plan& plan = reducer.plan();
  for (const Item& item : plan.items) copies.push_back(item.value.detach().clone());
  std::uint64_t place[2] = {default_generator().seed(), default_generator().counter()};
  group.link().run("DataParallel", where, [&](Engine& e) {
    compare_plans(plan, group.link(), e);
    for (const Tensor& x : copies) {
      const auto count = static_cast<std::size_t>(x.numel());
      const std::size_t width = gradus::detail::visit(x.dtype(), []<class T>() { return sizeof(T); });
      if (count > 0) e.broadcast(x.impl()->data, count * width, 0);
    }
    e.broadcast(place, sizeof place, 0);
  });
  if (group.size() > 1) {
    for (std::size_t i = 0; i < copies.size(); ++i) {
      Tensor value = plan.items[i].value;
      if (group.rank() != 0) value.copy_(copies[i], where);
    }
    default_generator().reset(place[0], place[1]);
  }
  reducer.remember_buffers();
}

void DataParallel::State::check_tree(Loc where) const {
  const int n = group.size();
  if (is_power_of_two(n) && n <= options.virtual_shards) return;
  throw Error(operation,
              {.wrong = "in deterministic mode the number of ranks must divide the virtual shards",
               .got = fmt::format("{} ranks, {} virtual shards", n, options.virtual_shards),
               .expected = "1, 2, 4 or 8 ranks for 8 virtual shards",
               .advice = "start another number of ranks, or set_deterministic(false)"},
              where);
}

// One process that is asked for nothing more takes the step of a plain loop, to the bit.
double DataParallel::State::plain(const std::function<data::Dataset(Share)>& read, std::int64_t samples,
                                  const LossOf& loss, Loc where) {
  const data::Dataset part = read({0, samples});
  Tape tape;
  const Tensor l = loss(part.x, part.y);
  const double mean = l.item(where);
  tape.backward(Arg(l, where));
  return mean;
}

double DataParallel::State::batch(std::int64_t samples, std::uint64_t hash,
                                  const std::function<data::Dataset(Share)>& read, const LossOf& loss, Loc where) {
  const bool tree = deterministic();
  const int ranks = group.size();
  const bool send = tree || paused == 0;
  if (ranks == 1 && !tree && send && !reducer.holds()) return plain(read, samples, loss, where);
  if (tree) check_tree(where);
  const int all = tree ? options.virtual_shards : ranks;
  const int mine = all / ranks;
  Generator& generator = default_generator();
  const std::uint64_t seed = generator.seed();
  const std::uint64_t counter = generator.counter();
  if (!reducer.holds()) reducer.remember_buffers();
  reducer.begin({.tree = tree,
                 .shards = mine,
                 .compress = compress(),
                 .keep = options.keep,
                 .send = send,
                 .batch = hash,
                 .samples = samples,
                 .where = where});
  double mean = 0;
  try {
    for (int s = group.rank() * mine; s < (group.rank() + 1) * mine; ++s) {
      const Share share{samples * s / all, samples * (s + 1) / all};
      reducer.begin_shard();
      if (share.begin == share.end) {
        reducer.no_samples();
        continue;
      }
      generator.reset(mixed(seed, counter, static_cast<std::uint64_t>(share.begin)));
      const data::Dataset part = read(share);
      Tape tape;
      const Tensor l = loss(part.x, part.y);
      if (generator.counter() > 0) reducer.has_drawn();
      reducer.walk(tape, l, share.end - share.begin);
    }
    mean = reducer.finish();
  } catch (...) {
    reducer.give_up();
    generator.reset(seed, counter);
    throw;
  }
  // Without dropout the generator is as a plain loop leaves it, and so is the order of the next epoch.
  generator.reset(seed, counter + (reducer.all_have_drawn() ? 1 : 0));
  return mean;
}

DataParallel::DataParallel(nn::ModuleBase& net, Group& group, const DataParallelOptions& options, Loc where) {
  check(options, where);
  state_ = std::make_unique<State>(net, group, options, where);
  state_->start(where);
}

DataParallel::~DataParallel() = default;

double DataParallel::backward(const data::Dataset& batch, const LossOf& loss, Loc where) {
  const auto read = [&](Share s) { return batch.slice(s.begin, s.end, where); };
  const Tensor& shown = batch.y.defined() ? batch.y : batch.x;
  const std::uint64_t hash = state_->group.size() > 1 && shown.defined() ? hash_of(shown) : 0;
  return state_->batch(batch.size(), hash, read, loss, where);
}

double DataParallel::backward(const Batch& batch, const LossOf& loss, Loc where) {
  const auto read = [&](Share s) { return batch.slice(s.begin, s.end); };
  return state_->batch(batch.size(), state_->group.size() > 1 ? hash_of(batch.index) : 0, read, loss, where);
}

double DataParallel::backward(const Arg& loss, std::int64_t samples) {
  const Loc where = loss.where;
  Tape* tape = Tape::current();
  if (tape == nullptr)
    throw Error(operation, {.wrong = "there is no live tape", .advice = "make a Tape before the loss is computed"},
                where);
  if (samples < 1)
    throw Error(operation,
                {.wrong = "the number of samples is out of range",
                 .got = fmt::format("{}", samples),
                 .expected = "1 or more: x.size(0)"},
                where);
  Reducer& reducer = state_->reducer;
  const bool tree = deterministic();
  if (tree) state_->check_tree(where);
  reducer.begin({.tree = tree,
                 .shards = 1,
                 .compress = state_->compress(),
                 .keep = state_->options.keep,
                 .send = tree || state_->paused == 0,
                 .where = where});
  try {
    reducer.begin_shard();
    reducer.walk(*tape, loss, samples);
    return reducer.finish();
  } catch (...) {
    reducer.give_up();
    throw;
  }
}

DataParallel::NoSync::NoSync(DataParallel& of) : of_(of) { ++of_.state_->paused; }
DataParallel::NoSync::~NoSync() { --of_.state_->paused; }

namespace {

// The mean over ranks, summed in the dtype of each tensor.
void average(Group& group, Tensor& x, Loc where) {
  if (x.dtype() != f32 && x.dtype() != f64) return;
  Tensor sum = x.detach().contiguous().clone();
  group.all_reduce(sum, where);
  x.copy_(sum / static_cast<double>(group.size()), where);
}

}  // namespace

void DataParallel::average_parameters(Loc where) {
  const NoRecord quiet;
  if (state_->group.size() == 1) return;
  for (const Item& item : state_->reducer.plan().items) {
    Tensor value = item.value;  // shares the network's numbers
    average(state_->group, value, where);
  }
  state_->reducer.remember_buffers();
}

void DataParallel::average_parameters(optim::OptimizerBase& optimizer, Loc where) {
  average_parameters(where);
  if (state_->group.size() == 1) return;
  StateDict state;
  for (const auto& [name, x] : optimizer.state_dict()) state.emplace_back(name, x.detach().clone());
  for (auto& [name, x] : state) average(state_->group, x, where);
  optimizer.load_state_dict(state);
}

std::vector<std::vector<std::string>> DataParallel::without_gradient(Loc where) {
  const Plan& plan = state_->reducer.plan();
  std::string mine;
  for (std::size_t i = 0; i < plan.parameters; ++i)
    if (plan.items[i].bucket >= 0 && !state_->reducer.reached()[i]) mine += plan.items[i].name + '\n';
  std::vector<std::vector<std::string>> names;
  for (const std::string& text : state_->group.all_gather(mine, where)) {
    names.emplace_back();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      names.back().push_back(text.substr(at, end - at));
      at = end + 1;
    }
  }
  return names;
}

std::int64_t DataParallel::steps() const { return state_->reducer.steps(); }

std::string DataParallel::to_string() const {
  const Plan& plan = state_->reducer.plan();
  std::size_t numbers = 0;
  for (const Item& item : plan.items)
    if (item.parameter && item.bucket >= 0) numbers += item.count;
  const int ranks = state_->group.size();
  const std::string order = deterministic()
                                ? fmt::format("{} virtual shards in one tree", state_->options.virtual_shards)
                                : "the order of a ring";
  const std::string compressed =
      state_->compress() == Compress::none ? "" : fmt::format(", compressed by {}", name_of(state_->options));
  return fmt::format(
      "{} rank{}: the gradient is the mean over the samples of all ranks, added in {}; {} numbers in {} buckets{}",
      ranks, ranks == 1 ? "" : "s", order, numbers, plan.buckets.size(), compressed);
}

}  // namespace gradus::dist
