// Parameters that a module uses while recording and that no fields() lists: they are neither trained nor saved. The
// first recorded call of a module looks for them, and the next calls after a tape has met one for the first time; the
// next step of an optimizer refuses them.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include <gradus/nn/module.hpp>

namespace gradus::nn::detail {

// What the outermost call gathers: which leaves were used, and by which modules.
struct UseCheck {
  struct Use {
    Tensor leaf;
    int node;                                // its number on the tape
    std::vector<const ModuleBase*> modules;  // the calls it was used in, the outermost first
  };
  std::vector<Use> uses;
  int still_due = 0;  // calls to look through after this one (src/tape/unlisted.hpp)

  // The leaves that the tape has had since its `first_leaf`-th, if no call inside has claimed them.
  void claim(const Tape& tape, int first_leaf, const std::vector<const ModuleBase*>& modules);
  // Marks and names what the outermost module lists, and notes the rest.
  void conclude(const Tape& tape, const ModuleBase& outermost) const;
};

inline std::atomic<int> unlisted_count{0};  // a step costs one load while there are none

// Throws if a noted parameter still lives, is not listed since, was used together with one of the trained parameters,
// and has a gradient, or `walked`: the step itself has called the module.
void refuse_unlisted(const char* optimizer, const std::vector<Tensor>& trained, bool walked, Loc where);

// Keeps the longest name of a parameter: that in the outermost module.
void note_path(const Tensor& parameter, const std::string& name);

}  // namespace gradus::nn::detail
