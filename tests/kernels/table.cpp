// Which entries of the tables are there. The compiler refuses a forgotten one; this counts those of i64 and bool.
#include <cstring>

#include "check.hpp"
#include "support.hpp"

using namespace gradus::kernels;

namespace {

// A table holds nothing but pointers to functions.
template <class T>
int missing(const Table<T>& table) {
  constexpr std::size_t entries = sizeof(Table<T>) / sizeof(void (*)());
  static_assert(sizeof(Table<T>) == entries * sizeof(void (*)()));
  int count = 0;
  for (std::size_t i = 0; i < entries; ++i) {
    void (*entry)();
    std::memcpy(&entry, reinterpret_cast<const char*>(&table) + i * sizeof entry, sizeof entry);
    count += entry == nullptr;
  }
  return count;
}

constexpr int entries = sizeof(Table<float>) / sizeof(void (*)());

}  // namespace

TEST_CASE("every level has every kernel of its dtypes") {
  for (const Kernels* k : levels()) {
    CAPTURE(k->isa);
    CHECK(missing(k->f32) == 0);
    CHECK(missing(k->f64) == 0);
    CHECK(entries - missing(k->i64) == 32);  // as kernels.hpp lists them
    CHECK(entries - missing(k->b8) == 13);
  }
}
