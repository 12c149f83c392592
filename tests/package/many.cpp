// A user's program that may run as several processes. Its word says whether the library was built without Gloo.
#include <gradus/dist/dist.hpp>

#include <cstdio>
#include <cstring>

using namespace gradus;

int main(int argc, char** argv) {
  const dist::Group alone({.rank = 0, .size = 1});
  std::printf("%d\n", alone.size());
  try {
    const dist::Group two({.rank = 1, .size = 2, .host = "no-such-host.invalid", .port = 1});
  } catch (const Error& e) {
    const char* part = argc > 1 ? "libgloo-dev" : "no-such-host.invalid";
    std::puts(std::strstr(e.what(), part) ? "refused" : e.what());
    return 0;
  }
  return 1;
}
