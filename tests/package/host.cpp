// Loads the plugin as a program does that knows nothing of Gradus.
#include <dlfcn.h>

#include <cstdio>

int main(int, char** argv) {
  void* plugin = dlopen(argv[1], RTLD_NOW);
  if (!plugin) {
    std::puts(dlerror());
    return 1;
  }
  using Slope = double (*)();
  const auto slope = reinterpret_cast<Slope>(dlsym(plugin, "slope"));
  std::printf("%g\n", slope());
  return 0;
}
