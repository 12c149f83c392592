// What a walk writes into. A tape lends it to one walk after the other and gets it back empty, so that a walk pays for
// the nodes that it visits and not for all that are on the tape.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include <gradus/tape.hpp>

#include "tensor/impl.hpp"

namespace gradus::detail {

// A set of node numbers that gives the highest first. A bit for each node, and above that a bit for each 64 of them, so
// that 4,096 nodes that are not in the set cost one step.
class Waiting {
 public:
  void grow(int nodes) {
    const auto words = static_cast<std::size_t>(nodes) / 64 + 1;
    if (low_.size() >= words) return;
    low_.resize(words);
    high_.resize(words / 64 + 1);
  }
  void insert(int node) {
    const auto i = static_cast<std::size_t>(node), word = i / 64;
    low_.data()[word] |= std::uint64_t{1} << (i % 64);
    high_.data()[word / 64] |= std::uint64_t{1} << (word % 64);
    if (word > top_) top_ = word;
  }
  int pop() {  // -1: the set is empty
    if (low_.empty() || (!low_.data()[top_] && !descend())) return -1;
    std::uint64_t& bits = low_.data()[top_];
    const std::size_t bit = highest(bits);
    bits ^= std::uint64_t{1} << bit;
    return static_cast<int>(64 * top_ + bit);
  }

 private:
  // To the next word below that has a bit.
  [[gnu::noinline]] bool descend() {
    std::size_t group = top_ / 64;
    high_[group] &= ~(std::uint64_t{1} << (top_ % 64));
    while (!high_[group]) {
      if (group == 0) return false;
      --group;
    }
    top_ = 64 * group + highest(high_[group]);
    return true;
  }
  static std::size_t highest(std::uint64_t bits) { return 63 - static_cast<std::size_t>(std::countl_zero(bits)); }
  std::vector<std::uint64_t> low_, high_;
  std::size_t top_ = 0;  // no word above this one has a bit
};

struct WalkRoom {
  std::vector<Tensor> slots;  // per node, the gradient added up so far
  std::vector<Need> needed;   // per node, if not all are passages
  Waiting waiting;            // the nodes that a gradient has reached and that were not visited
  std::vector<int> kept;      // visited, and the slot still holds the gradient: leaves and targets
  std::vector<int> marked;    // those whose `needed` may be other than none
  int size = 0;               // nodes of the walk: 1 + the one where it starts
  bool all = true;            // every node is a passage

  void begin(int nodes) {
    if (slots.size() < static_cast<std::size_t>(nodes)) slots.resize(static_cast<std::size_t>(nodes));
    waiting.grow(nodes);
    size = nodes;
    all = true;
  }
  Tensor& slot(int node) { return slots.data()[node]; }
  Need needs(int node) const { return all ? Need::passage : needed.data()[node]; }
  std::span<const Need> needs() const {  // empty: all are passages
    return all ? std::span<const Need>() : std::span(needed).first(static_cast<std::size_t>(size));
  }
  // A node that was visited and holds on to its gradient.
  void keep(int node) {
    try {
      kept.push_back(node);
    } catch (...) {  // no memory: clear() finds it among the others
      waiting.insert(node);
      throw;
    }
  }
  void clear() {
    for (int i = waiting.pop(); i >= 0; i = waiting.pop()) slot(i) = Tensor();
    for (const int i : kept) slot(i) = Tensor();
    for (const int i : marked) needed[static_cast<std::size_t>(i)] = Need::none;
    kept.clear();
    marked.clear();
  }
};

}  // namespace gradus::detail
