// The trace as the stepper sees it: which events are steps, where each event is, and the state after each step.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trace/names.hpp"
#include "trace/open.hpp"

namespace gradus::tool {

struct StepNode {  // of a tape; both null if the trace does not describe it
  int id = 0;
  const trace::Leaf* leaf = nullptr;
  const trace::Op* op = nullptr;
  std::string given = {};  // what set_name() called a result; operations that read it tell

  std::string name() const;   // "fc1.weight", "hidden", "t7", or "c1" for the first constant
  std::string title() const;  // "t7 (tanh)"
  const trace::Numbers* value() const;
  const trace::Place* place() const;
  const std::string& scope() const;
};

struct StepWalk {
  const trace::Walk* begin = nullptr;
  std::unordered_map<int, int> visit;                       // node: event
  std::unordered_map<int, std::vector<int>> given;          // node: events that contribute to it
  std::map<std::pair<int, int>, const trace::Check*> rule;  // node and slot: the local check
  std::unordered_map<int, const trace::Check*> gradient;    // node: the check of its gradient
  bool bad_rule(int node) const;
};

struct StepTape {
  int number = 0, first = -1;  // its first event
  bool full = true;
  std::unordered_map<int, StepNode> nodes;
  std::vector<int> walks;
  StepNode node(int id) const;
};

// Positions are 0 (before the first step) to count(). Events are numbered as in the file's list.
class Timeline {
 public:
  explicit Timeline(const trace::File& file);  // which must outlive it

  const trace::File& file() const { return file_; }
  int count() const { return static_cast<int>(steps_.size()); }
  int event_of(int position) const { return position > 0 ? steps_[position - 1] : -1; }
  const trace::Body& body(int position) const { return file_.events[event_of(position)].body; }  // position > 0
  const trace::Body& event(int index) const { return file_.events[index].body; }
  const StepTape* tape(int position) const;         // of that step; null in a trace without tapes
  const StepTape* tape_numbered(int number) const;  // null if there is none
  const StepWalk* walk_numbered(int number) const;  // null if there is none
  const std::map<int, StepTape>& tapes() const { return tapes_; }
  const std::map<int, StepWalk>& walks() const { return walks_; }

 private:
  void index(int i);
  const trace::File& file_;
  const ResultNames names_;
  std::vector<int> steps_, tape_at_;
  std::map<int, StepTape> tapes_;
  std::map<int, StepWalk> walks_;
};

struct NodeState {
  bool recorded = false, visited = false;
  int k = 0, of = 0;                     // contributions so far, and in all
  const trace::Numbers* grad = nullptr;  // so far
};
struct StepState {
  int position = 0;
  const StepTape* tape = nullptr;
  const StepWalk* walk = nullptr;  // the last one that has begun on this tape
  std::map<int, NodeState> nodes;
};

// A pure function of the trace and the position.
StepState state_at(const Timeline& timeline, int position);

// A node's value after a step: optimizers change parameters. Null if the trace does not hold it.
const trace::Numbers* value_at(const Timeline& timeline, int position, const StepNode& node);

// The node that a step visits, makes, or gives a contribution to; null for other steps.
const int* subject(const trace::Body& body);
// The operation whose forward or rule runs in this step; null if there is none.
const trace::Op* operation(const Timeline& timeline, int position);

}  // namespace gradus::tool
