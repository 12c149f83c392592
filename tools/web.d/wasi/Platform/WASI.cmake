# What CMake asks of a system that it does not know.
set(CMAKE_EXECUTABLE_SUFFIX .wasm)
