// What a tape holds. Nodes live in chunks that the next tape of the thread uses again.
#pragma once

#include <vector>

#include "tape/node.hpp"
#include "tape/room.hpp"

namespace gradus::detail {

// Which node a leaf has: open addressing by the tensor's identity. In the tape, not in the tensor, so that threads can
// share leaves.
class LeafTable {
 public:
  struct Entry {
    const TensorImpl* leaf = nullptr;
    int node = -1;
  };
  int find(const TensorImpl* leaf) const;    // -1: not here
  Entry& place_for(const TensorImpl* leaf);  // where it is, or will be after insert(): until the next call of this
  void insert(Entry& at, const TensorImpl* leaf, int node) noexcept;
  void clear();

 private:
  std::size_t place(const TensorImpl* leaf) const;
  std::vector<Entry> entries_;
  std::size_t used_ = 0;
};

struct ScopeEntry {
  const char* name;
  int parent;
};

struct TapeState {
  static constexpr unsigned chunk = 256;

  std::uint64_t id = 0;
  TapeOptions options;
  Loc where;
  ThreadState* holder = nullptr;  // the state that names this tape as its live one; null once its thread has ended
  int size = 0;
  bool watching = false;
  int scope = -1;
  int rule = -1;            // in a recorded walk, the node whose rule runs
  int size_at_step = 0;     // how long it was at the last optimizer step, …
  int steps_of_growth = 0;  // … and at how many steps it had grown
  std::vector<Node*> chunks;
  std::vector<int> leaves;  // node numbers, constants included
  std::vector<ScopeEntry> scopes;
  std::vector<Loc> releases;
  LeafTable table;
  std::unique_ptr<WalkRoom> spare_room;  // lent to the walk

  static TapeState* take();  // the thread's spare one, or a new one
  void give_back();          // emptied, for the next tape of the thread
  void end_elsewhere();      // the same where the tape is not this thread's live one
  ~TapeState();
  Node& operator[](int i) const {
    const auto at = static_cast<unsigned>(i);
    return chunks.data()[at / chunk][at % chunk];
  }
  Node& append();
  void drop_last() noexcept;
  int leaf(const Tensor& x, bool constant, Loc at);  // its node, made if there is none of that kind yet
  void clear();
};

// Looks a tensor up: its node number if it is on the live tape; throws if it belongs to a tape that has ended.
int node_of(const Tensor& x, const char* operation, Loc where);

// An optimizer is about to step. Throws once when a live tape has grown at each of very many steps: it was meant to
// stand inside the loop.
void check_tape_growth(const char* optimizer, Loc where);

}  // namespace gradus::detail
