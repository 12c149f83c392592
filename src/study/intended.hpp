// A mask of -inf is no fault: which infinities of a tape its program has put in itself.
#pragma once

#include <set>

#include <gradus/observe.hpp>

namespace gradus::study {

// Of one tape. It must be told of all its results in their order, or of those at least that hold a NaN or an infinity.
class Intended {
 public:
  // Has an operation computed a NaN, or an infinity that no constant has brought to this place? `e.value` holds one or
  // the other. From constants infinities come by choice, by arithmetic of elements and by a change of their places.
  bool computed(const RecordEvent& e);
  // A view: what it shows may have been put in.
  void view(const RecordEvent& e);
  // Does this operation read infinities that were put in?
  bool reads(const RecordEvent& e) const { return !nodes_.empty() && given(e) != 0; }
  void clear() { nodes_.clear(); }

 private:
  unsigned given(const RecordEvent& e) const;  // a bit for each input that holds such numbers, or is a constant
  std::set<int> nodes_;                        // whose values hold such infinities
};

}  // namespace gradus::study
