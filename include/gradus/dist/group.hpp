// Processes that train together: one Group in each. `gradus launch -n 4 -- ./program` starts them, or torchrun, or the
// scripts of a cluster: the environment says who is who.
//
//   dist::Group group;                                  // RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT
//   Tensor x = full({3}, group.rank());
//   group.all_reduce(x);                                // the sum over all ranks, on each of them
//
// Without these variables it is a group of one, in which all calls are there and move nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gradus/tensor.hpp>

namespace gradus::dist {

class Link;  ///< src/dist/link.hpp: the thread that talks with the other ranks

/// Was this build made with an engine, Gloo, that connects ranks? Without one there are groups of one only.
bool available();

struct GroupOptions {
  int rank = -1;          ///< of this process, from 0; -1: RANK, or 0
  int size = -1;          ///< how many processes; -1: WORLD_SIZE, or 1
  int local_rank = -1;    ///< among those of this machine; -1: LOCAL_RANK, or the rank
  std::string host = {};  ///< where rank 0 listens: a name or an IPv4 number; "": MASTER_ADDR
  int port = -1;          ///< its port; -1: MASTER_PORT
  /// In the place of host and port: a folder that all ranks see. Rank 0 writes there where it listens.
  std::string folder = {};
  /// Known to all ranks and to nobody else; "": GRADUS_SECRET. Who connects and does not know it is dropped.
  std::string secret = {};
  /// The IPv4 number of the interface of this machine to use; "": the one by which packets leave for rank 0.
  std::string address = {};
  /// Seconds that a call waits for the other ranks; 0: GRADUS_TIMEOUT, or 300. So no call waits for ever.
  double timeout = 0;
};

/// One of the processes that train together. Every call below is made by all ranks, in the same order; one that is not
/// is an error on each of them that names the rank. After an error in a call the group has ended: start again from a
/// checkpoint (`gradus launch --max-restarts`). While a Group lives SIGPIPE is ignored. Do not fork then. The calls are
/// made by one thread at a time.
///
/// The connections of the ranks carry no secret and no encryption: use it in a network that you trust.
class Group {
 public:
  /// Meets the other ranks. Throws if they do not come in time, if one came twice, if sizes or versions differ.
  explicit Group(GroupOptions options = {}, Loc where = Loc::current());
  /// Waits for the other ranks to come to their ends, at most for the timeout. During an exception it does not wait:
  /// the others are told.
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int rank() const;               ///< of this process: 0 … size() - 1
  int size() const;               ///< how many ranks there are
  int local_rank() const;         ///< among the ranks of this machine
  std::string address() const;    ///< the IPv4 number by which others reach this rank; "" in a group of one
  std::string to_string() const;  ///< "rank 1 of 4 at 10.0.0.2"

  /// The sum over all ranks, in place: f32, f64 or i64, contiguous. On all ranks the same bits.
  ///
  /// A ring adds the n numbers of each place in an order that depends on the place and on n. In any order their sum is
  /// within (n - 1) u Σ|x| of the exact one, where u is 2⁻²⁴ in f32 and 2⁻⁵³ in f64: less than n - 1 units in the last
  /// place of Σ|x|, the sum of the magnitudes (Rump, "Error estimation of floating-point summation and dot product",
  /// 2012). Two ways to add differ by at most twice that.
  void all_reduce(Tensor& x, Loc where = Loc::current());
  /// The numbers of rank `root`, in place, on all ranks.
  void broadcast(Tensor& x, int root = 0, Loc where = Loc::current());
  /// The text of each rank, in the order of ranks; texts may differ in length.
  std::vector<std::string> all_gather(const std::string& mine, Loc where = Loc::current());
  /// Returns when all ranks have called it.
  void barrier(Loc where = Loc::current());

  Link& link() const { return *link_; }  ///< for the library itself

 private:
  std::unique_ptr<Link> link_;
};

}  // namespace gradus::dist
