// Cases of DataParallel: small trainings whose results the test compares.
#include <gradus/io/safetensors.hpp>
#include <gradus/train/checkpoint.hpp>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include "worker.hpp"

using namespace gradus;

namespace {

struct Net : nn::Module<Net> {
  nn::Linear fc1, fc2;
  explicit Net(std::int64_t width = 16) : fc1(6, width), fc2(width, 3) {}
  Tensor forward(const Tensor& x) const { return fc2(tanh(fc1(x))); }
  void fields(auto& v) {
    v("fc1", fc1);
    v("fc2", fc2);
  }
};

struct Rich : nn::Module<Rich> {
  nn::Linear fc1{6, 16};
  nn::BatchNorm1d norm{16};
  nn::Dropout drop{0.25};
  nn::Linear fc2{16, 3};
  Tensor forward(const Tensor& x) const { return fc2(drop(norm(relu(fc1(x))))); }
  void fields(auto& v) {
    v("fc1", fc1);
    v("norm", norm);
    v("drop", drop);
    v("fc2", fc2);
  }
};

data::Dataset examples(std::int64_t count) {
  const auto seed = default_generator().seed();
  const auto counter = default_generator().counter();
  default_generator().reset(7);
  data::Dataset d{randn({count, 6}), randint(0, 3, {count})};
  default_generator().reset(seed, counter);
  return d;
}

std::string bits(double x) {
  std::uint64_t n;
  std::memcpy(&n, &x, sizeof n);
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(n));
  return text;
}

Tensor loss_of_mean(const Tensor& out, const Tensor& y) { return cross_entropy(out, y); }

// train STEPS BATCH BUCKET_MB [deterministic] [rich] [global] [clip] [accumulate]: prints the losses of rank 0, and a
// file of the weights if OUT is set.
int training(const Words& words) {
  const auto has = [&](const char* w) { return std::find(words.begin(), words.end(), w) != words.end(); };
  set_deterministic(has("deterministic"));
  dist::Group group;
  manual_seed(11 + static_cast<std::uint64_t>(group.rank()));   // rank 0 wins
  const data::Dataset all = examples(has("rich") ? 128 : 101);  // shards of batch norm need 2 samples
  const int steps = std::stoi(words[0]);
  const auto run = [&](auto& net) {
    optim::AdamW opt(net, {.lr = 0.01});
    dist::DataParallel sync(
        net, group,
        {.bucket_mb = std::stod(words[2]), .compress = has("bf16") ? dist::Compress::bf16 : dist::Compress::none});
    const data::BatchOptions options{.size = std::stoll(words[1]), .shuffle = true, .seed = 3};
    auto whole = data::batches(all, options);
    auto shares = dist::batches(all, options);
    const auto loss = [&](const Tensor& x, const Tensor& y) { return loss_of_mean(net(x), y); };
    int done = 0;
    const auto step = [&](const auto& batch) {
      double value = 0;
      if (has("accumulate")) {
        {
          const auto pause = sync.no_sync();
          sync.backward(all.slice(0, 5), loss);
        }
      }
      value = sync.backward(batch, loss);
      if (has("clip")) value = optim::clip_grad_norm(net, 0.05);
      opt.step();
      opt.zero_grad();
      if (group.rank() == 0) std::printf("%s %.9g\n", bits(value).c_str(), value);
      return ++done < steps;
    };
    while (done < steps) {
      if (has("global")) {
        for (const data::Dataset& batch : whole)
          if (!step(batch)) break;
      } else {
        for (const dist::Batch& batch : shares)
          if (!step(batch)) break;
      }
    }
    std::string sum;
    for (const auto& [name, x] : net.state_dict()) sum += name + " " + bits(gradus::sum(x.to(f64)).item()) + "\n";
    for (const std::string& other : group.all_gather(sum))
      if (other != sum) return 20;  // all ranks have the same numbers
    if (group.rank() == 0) std::printf("%s", sum.c_str());
    if (const char* out = std::getenv("OUT"); out != nullptr && group.rank() == 0) io::save(out, net.state_dict());
    return 0;
  };
  if (has("rich")) {
    Rich net;
    return run(net);
  }
  Net net;
  return run(net);
}

// The networks differ on rank 1: in the width, or in the dtype.
int other_net(const Words& words) {
  dist::Group group;
  Net net(group.rank() == 1 && words[0] == "width" ? 17 : 16);
  if (group.rank() == 1 && words[0] == "dtype") net.to(f64);
  dist::DataParallel sync(net, group);
  return 0;
}

// Rank 1 has fewer batches, or other ones.
int other_batches(const Words& words) {
  dist::Group group({.timeout = 20});
  Net net;
  dist::DataParallel sync(net, group);
  const data::Dataset all = examples(40);
  const bool odd = group.rank() == 1;
  const std::uint64_t seed = odd && words[0] == "seed" ? 4 : 3;
  int left = odd && words[0] == "count" ? 3 : 5;
  for (const data::Dataset& batch : data::batches(all, {.size = 8, .shuffle = true, .seed = seed})) {
    sync.backward(batch, [&](const Tensor& x, const Tensor& y) {
      if (odd && words[0] == "throw" && left == 2) throw std::runtime_error("a bad sample");
      return cross_entropy(net(x), y);
    });
    if (--left == 0) break;
  }
  return 0;
}

template <class Norm>
struct Normed : nn::Module<Normed<Norm>> {
  nn::Linear fc1{6, 8};
  Norm norm;
  nn::Linear fc2{8, 3};
  explicit Normed(Norm n) : norm(std::move(n)) {}
  Tensor forward(const Tensor& x) const { return fc2(tanh(norm(fc1(x)))); }
  void fields(auto& v) {
    v("fc1", fc1);
    v("norm", norm);
    v("fc2", fc2);
  }
};

// Statistics of all ranks: shares of unequal sizes give what one process gives that has the whole batch.
int sync_norm(const Words&) {
  dist::Group group;
  manual_seed(4);
  Normed<dist::SyncBatchNorm> net(dist::SyncBatchNorm(8, group));
  Normed<nn::BatchNorm1d> whole(nn::BatchNorm1d(8));
  dist::DataParallel sync(net, group);
  whole.load_state_dict(net.state_dict());
  const data::Dataset all = examples(20);
  const int n = group.size();
  for (int step = 0; step < 3; ++step) {
    whole.zero_grad();
    net.zero_grad();
    {
      Tape tape;
      tape.backward(cross_entropy(whole(all.x), all.y));
    }
    const std::int64_t begin =
        group.rank() == 0 ? 0 : 3 + group.rank();  // 4 of rank 0, 1 of others, the rest of the last
    const std::int64_t end = group.rank() == n - 1 ? 20 : 4 + group.rank();
    const data::Dataset mine = all.slice(begin, end);
    Tape tape;
    sync.backward(cross_entropy(net(mine.x), mine.y), end - begin);
    const auto a = net.named_parameters();
    const auto b = whole.named_parameters();
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!allclose(a[i].value.grad(), b[i].value.grad(), 1e-4, 1e-6)) {
        std::printf("%s differs\n", a[i].name.c_str());
        return 10;
      }
  }
  for (const auto& [name, x] : whole.state_dict())
    if (!allclose(*find(net.state_dict(), name), x, 1e-4, 1e-6)) {
      std::printf("%s differs\n", name.c_str());
      return 11;
    }
  net.eval();
  whole.eval();
  return allclose(net(all.x), whole(all.x), 1e-4, 1e-5) ? 0 : 12;
}

// Local SGD: steps alone on shares of a set, then the mean of weights and momentum. Prints the loss of the whole set.
int local_sgd(const Words& words) {
  dist::Group group;
  manual_seed(3);
  Net net;
  optim::SGD opt(net, {.lr = 0.05, .momentum = 0.9});
  dist::DataParallel sync(net, group);
  const data::Dataset all = examples(120);
  const std::int64_t share = 120 / group.size();
  const data::Dataset mine = all.slice(group.rank() * share, (group.rank() + 1) * share);
  const int each = std::stoi(words[0]);
  for (int step = 1; step <= 40; ++step) {
    {
      Tape tape;
      tape.backward(cross_entropy(net(mine.x), mine.y));
    }
    opt.step();
    opt.zero_grad();
    if (step % each == 0) sync.average_parameters(opt);
  }
  const double loss = cross_entropy(net(all.x), all.y).item();
  for (const std::string& other : group.all_gather(bits(loss)))
    if (other != bits(loss)) return 10;
  if (group.rank() == 0) std::printf("%.9g\n", loss);
  return 0;
}

struct Branches : nn::Module<Branches> {
  nn::Linear a{6, 3}, b{6, 3}, c{6, 3};
  Tensor forward(const Tensor& x, bool left) const { return left ? a(x) : b(x); }
  void fields(auto& v) {
    v("a", a);
    v("b", b);
    v("c", c);
  }
};

// Rank 0 uses one branch, the others the other one; c is used by nobody.
int branches(const Words&) {
  dist::Group group;
  Branches net;
  dist::DataParallel sync(net, group);
  const data::Dataset all = examples(8);
  {
    Tape tape;
    const data::Dataset mine = all.slice(group.rank() * 2, group.rank() * 2 + 2);
    sync.backward(cross_entropy(net(mine.x, group.rank() == 0), mine.y), 2);
  }
  const auto names = sync.without_gradient();
  for (std::size_t r = 0; r < names.size(); ++r) {
    if (group.rank() != 1) continue;
    std::printf("rank %d:", static_cast<int>(r));
    for (const std::string& name : names[r]) std::printf(" %s", name.c_str());
    std::printf("\n");
  }
  std::printf("%d %d %d\n", net.a.weight.grad().defined(), net.b.weight.grad().defined(),
              net.c.weight.grad().defined());
  return 0;
}

// Trains with a checkpoint each 5 steps. DIE=step ends rank 1 there in its first life.
int resumes(const Words& words) {
  set_deterministic(true);
  dist::Group group;
  manual_seed(5);
  Rich net;
  optim::AdamW opt(net, {.lr = 0.01});
  const data::Dataset all = examples(64);
  auto batches = data::batches(all, {.size = 16, .shuffle = true, .seed = 9});
  // Each rank has a folder of its own, all with the same bits.
  train::Checkpointer checkpoint(net, opt, batches, {.dir = words[0] + "/" + std::to_string(group.rank()), .every = 5});
  checkpoint.resume();
  dist::DataParallel sync(net, group);
  const char* die = std::getenv("DIE");
  const char* life = std::getenv("TORCHELASTIC_RESTART_COUNT");
  const int last = die != nullptr && (life == nullptr || std::strcmp(life, "0") == 0) ? std::stoi(die) : 0;
  double value = 0;
  while (checkpoint.count() < 30) {
    for (const data::Dataset& batch : batches) {
      if (group.rank() == 1 && checkpoint.count() == last && last > 0) std::raise(SIGKILL);
      value = sync.backward(batch, [&](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); });
      opt.step();
      opt.zero_grad();
      checkpoint.step();
    }
  }
  if (group.rank() == 0) std::printf("loss %s\n", bits(value).c_str());
  return 0;
}

}  // namespace

std::map<std::string, Case> training_cases() {
  return {{"train", training},    {"other_net", other_net}, {"other_batches", other_batches},
          {"branches", branches}, {"sync_norm", sync_norm}, {"local_sgd", local_sgd},
          {"resumes", resumes}};
}
