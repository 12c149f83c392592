// The operator new of the tests, and the walk over all allocations of a call.
#include "allocation/failing.hpp"

#include <dlfcn.h>
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <new>
#include <utility>

#include "tensor/pool.hpp"

namespace {

thread_local long countdown = 0;  // 0: none fails
thread_local bool has_failed = false;
thread_local long blocks = 0;
thread_local std::size_t largest_block = 0;

// One function of the standard library may call another of them: only the outermost counts.
thread_local int depth = 0;

struct Counted {
  explicit Counted(long change) : change_(depth++ == 0 ? change : 0) {}
  ~Counted() {
    blocks += change_;
    --depth;
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  long change_;
};

void before_allocation(std::size_t n) {
  if (n > largest_block) largest_block = n;
  if (depth == 0 && countdown > 0 && --countdown == 0) {
    has_failed = true;
    throw std::bad_alloc();
  }
}

// The function that the program would call without this file: a sanitizer's, or the standard library's.
template <class F>
F* next(const char* symbol) {
  F* const function = reinterpret_cast<F*>(::dlsym(RTLD_NEXT, symbol));
  if (!function) std::abort();
  return function;
}

}  // namespace

void* operator new(std::size_t n) {
  static auto* const allocate = next<void*(std::size_t)>("_Znwm");
  before_allocation(n);
  const Counted one(1);
  return allocate(n);
}
void* operator new[](std::size_t n) {
  static auto* const allocate = next<void*(std::size_t)>("_Znam");
  before_allocation(n);
  const Counted one(1);
  return allocate(n);
}
void* operator new(std::size_t n, std::align_val_t alignment) {
  static auto* const allocate = next<void*(std::size_t, std::align_val_t)>("_ZnwmSt11align_val_t");
  before_allocation(n);
  const Counted one(1);
  return allocate(n, alignment);
}
void operator delete(void* block) noexcept {
  static auto* const free = next<void(void*)>("_ZdlPv");
  const Counted one(block ? -1 : 0);
  free(block);
}
void operator delete(void* block, std::size_t n) noexcept {
  static auto* const free = next<void(void*, std::size_t)>("_ZdlPvm");
  const Counted one(block ? -1 : 0);
  free(block, n);
}
void operator delete[](void* block) noexcept {
  static auto* const free = next<void(void*)>("_ZdaPv");
  const Counted one(block ? -1 : 0);
  free(block);
}
void operator delete[](void* block, std::size_t n) noexcept {
  static auto* const free = next<void(void*, std::size_t)>("_ZdaPvm");
  const Counted one(block ? -1 : 0);
  free(block, n);
}
void operator delete(void* block, std::align_val_t alignment) noexcept {
  static auto* const free = next<void(void*, std::align_val_t)>("_ZdlPvSt11align_val_t");
  const Counted one(block ? -1 : 0);
  free(block, alignment);
}
void operator delete(void* block, std::size_t n, std::align_val_t alignment) noexcept {
  static auto* const free = next<void(void*, std::size_t, std::align_val_t)>("_ZdlPvmSt11align_val_t");
  const Counted one(block ? -1 : 0);
  free(block, n, alignment);
}

namespace failing {

void arm(long number) {
  has_failed = false;
  countdown = number;
}

bool disarm() {
  countdown = 0;
  return has_failed;
}

long live() { return blocks; }

std::size_t largest() { return std::exchange(largest_block, 0); }

void Look::operator()(const gradus::Tensor& x) {
  numbers_.push_back(x.defined());
  if (!x.defined()) return;
  texts_.push_back(gradus::to_string(x.shape()) + gradus::name(x.dtype()));
  numbers_.push_back(x.version());
  numbers_.push_back(x.requires_grad());
  for (const double v : x.detach().to(gradus::f64).to_vector()) numbers_.push_back(v);
  (*this)(x.grad());
}

void Look::operator()(const gradus::StateDict& state) {
  for (const auto& [name, x] : state) {
    texts_.push_back(name);
    (*this)(x);
  }
}

bool Look::operator==(const Look& o) const {
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  return texts_ == o.texts_ && std::equal(numbers_.begin(), numbers_.end(), o.numbers_.begin(), o.numbers_.end(), same);
}

namespace {

enum class End {
  done,       // nothing was left to fail
  swallowed,  // the call succeeded without the memory: it can do without a cache
  failed,
  wrong_type
};

End run(const std::function<void()>& call, long number) {
  gradus::empty_cache();  // so that tensors ask the system
  arm(number);
  try {
    call();
  } catch (const std::bad_alloc&) { return disarm() ? End::failed : End::wrong_type; } catch (const gradus::Error&) {
    return disarm() ? End::failed : End::wrong_type;
  } catch (...) {
    disarm();
    return End::wrong_type;
  }
  return disarm() ? End::swallowed : End::done;
}

}  // namespace

void check(const std::string& name, const std::function<Attempt()>& begin) {
  CAPTURE(name);
  const auto once = [&](long number) {
    const Attempt attempt = begin();
    Look before, after;
    attempt.look(before);
    const End end = run(attempt.call, number);
    attempt.look(after);
    CHECK(end != End::wrong_type);
    if (end == End::failed) CHECK(before == after);
    return end;
  };
  // The first failure of a number is cold: what is made once and kept may fail too. A block that is lost is lost each
  // time; a cache that comes and goes is one block now and then.
  constexpr long most = 20'000;
  for (long number = 1; number < most; number += 1 + number / 64) {
    CAPTURE(number);
    End end = once(number);
    const auto live_after = [&] {
      end = once(number);
      gradus::empty_cache();
      return live();
    };
    const long first = live_after();
    live_after();
    constexpr int more = 10;
    if (live_after() - first >= 2) {  // two caches, or a loss?
      for (int i = 0; i < more; ++i) live_after();
      CHECK(live_after() - first < more);
    }
    if (end == End::done) break;
  }
}

}  // namespace failing
