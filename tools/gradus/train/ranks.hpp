// --ranks: the same training in several processes.
#pragma once

#include <gradus/dist/dist.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace gradus::tool {

struct TrainOptions;

// Has a launcher started this process as a rank?
bool is_rank();
// Starts this command, with more words at its end, as so many ranks.
Exit launch_this(std::int64_t ranks, const std::vector<std::string>& more = {});
// The other ranks than 0 read what rank 0 reads, and write nothing.
void make_follower(TrainOptions& o);

class Ranks {
 public:
  int rank() const { return group_.rank(); }
  void begin(nn::ModuleBase& net) { sync_.emplace(net, group_); }
  dist::DataParallel& sync() { return *sync_; }
  double sum(double x);    // over all ranks
  int agreed(int signal);  // the largest of all ranks: they end together

 private:
  dist::Group group_;
  std::optional<dist::DataParallel> sync_;
};

}  // namespace gradus::tool
