// One step of DataParallel: the shares' gradients go into buckets, are added over the shards of this rank and over all
// ranks while the walk goes on, and come out as gradients of the parameters.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gradus/dist/data_parallel.hpp>
#include <gradus/tape.hpp>

#include "dist/plan.hpp"

namespace gradus::dist {

class Reducer {
 public:
  Reducer(Plan plan, Link& link);

  // How one step is cut.
  struct Step {
    bool tree = false;                   // add in the fixed order
    int shards = 1;                      // of this rank, one after another: a power of two
    Compress compress = Compress::none;  // gradients of f32
    double keep = 1;                     // for top_k
    bool send = true;                    // else what is added up stays here
    std::uint64_t batch = 0;             // hash of the whole batch
    std::int64_t samples = 0;            // of the whole batch; 0: not known
    Loc where;
  };
  void remember_buffers();  // as they are before a step
  void begin(const Step& step);
  void begin_shard();                                               // buffers are as before the step
  void walk(Tape& tape, const Tensor& loss, std::int64_t samples);  // the gradient of this shard
  void no_samples();                                                // a shard without any
  double finish();                                                  // the mean loss, of all ranks if it was sent
  void give_up() noexcept;                                          // after an exception: grad() as before

  const Plan& plan() const { return plan_; }
  const std::vector<char>& reached() const { return reached_; }  // by item: had it a gradient in the last step?
  bool holds() const { return held_; }
  void has_drawn() { drawn_ = true; }             // random numbers, in this step
  bool all_have_drawn() const { return drawn_; }  // after finish(): has any rank?
  std::int64_t steps() const { return steps_; }

 private:
  void fill(std::size_t item, const Tensor& gradient, double samples);
  void complete_item(std::size_t item);
  void end_shard(double loss, std::int64_t samples);
  void complete_bucket(std::size_t b);
  void send_bucket(std::size_t b);
  void send_rounded(std::size_t b);
  void send_largest(std::size_t b);
  void take_out();
  Tensor& room(Tensor& t, std::size_t b) const;

  Plan plan_;
  Link& link_;
  Step step_;
  int shard_ = 0;             // that is computed
  std::size_t next_ = 0;      // the first bucket of it that is not complete
  std::vector<int> waiting_;  // by bucket: items that are missing in this shard
  std::vector<char> has_;     // by item: is it in its bucket?
  std::vector<char> reached_, ever_;
  std::vector<Tensor> work_;                 // by bucket: of this shard, then the sum
  std::vector<std::vector<Tensor>> levels_;  // by bucket: sums of 1, 2, 4 … shards that wait for their neighbours
  std::vector<Tensor> kept_;                 // by bucket: not sent yet, from former steps
  using Left = std::shared_ptr<std::vector<float>>;
  Left& left(std::size_t b);    // made when it is first needed
  std::vector<Left> left_;      // by bucket: what was not sent, and waits for the next step
  bool held_ = false;           // is there something in kept_?
  std::vector<Tensor> base_;    // by item: a buffer as it was at the last exchange
  std::vector<Tensor> before_;  // by item: grad() before the step
  std::vector<std::shared_future<void>> sent_;
  std::int64_t steps_ = 0;
  bool drawn_ = false;
};

}  // namespace gradus::dist
