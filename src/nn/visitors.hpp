// Visitors of modules to derive from.
#pragma once

#include <string>
#include <vector>

#include <gradus/nn/module.hpp>

namespace gradus::nn {

// Looks everywhere and does nothing: override what matters.
class Visitor : public Fields {
 public:
  void parameter(const char*, Parameter&) override {}
  void buffer(const char*, Buffer&) override {}
  bool enter(const char*, ModuleBase&) override { return true; }
  void leave() override {}
};

// Knows the way to where it is: "encoder.fc1.".
class PathVisitor : public Visitor {
 public:
  bool enter(const char* name, ModuleBase&) override {
    lengths_.push_back(path_.size());
    path_ += name;
    path_ += '.';
    return true;
  }
  void leave() override {
    path_.resize(lengths_.back());
    lengths_.pop_back();
  }
  std::string path(const char* name) const { return path_ + name; }

 private:
  std::string path_;
  std::vector<std::size_t> lengths_;
};

namespace detail {
Watcher*& watcher();                             // of this thread; null: nobody
inline std::atomic<int> modules_with_hooks = 0;  // of the process
}  // namespace detail

}  // namespace gradus::nn
