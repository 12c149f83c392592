// Allocations that fail: the tests' operator new throws where it is told to, and counts the blocks of this thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gradus/gradus.hpp>

namespace failing {

void arm(long number);  // the allocation of that number on this thread fails, once; 1 is the next
bool disarm();          // has it failed?
long live();            // blocks that this thread has got and not given back
std::size_t largest();  // the largest block, in bytes, that this thread has asked for since the last call

// What must not change when a call fails: numbers, shapes, versions, gradients, texts.
class Look {
 public:
  void operator()(const gradus::Tensor& x);
  void operator()(const gradus::StateDict& state);
  void operator()(const std::vector<gradus::Tensor>& all) {
    for (const gradus::Tensor& x : all) (*this)(x);
  }
  void operator()(double number) { numbers_.push_back(number); }
  void operator()(const std::string& text) { texts_.push_back(text); }
  bool operator==(const Look& o) const;

 private:
  std::vector<double> numbers_;
  std::vector<std::string> texts_;
};

// A call, and what to look at before and after it. What the call needs is made before memory ends.
struct Attempt {
  std::function<void()> call;
  std::function<void(Look&)> look = [](Look&) {};
};

// Lets allocation 1, 2, 3, … of the call fail until none does. Each failure must be a std::bad_alloc or an Error, leave
// what is looked at as it was, and leave no block behind.
void check(const std::string& name, const std::function<Attempt()>& begin);

}  // namespace failing
