# WebAssembly by packages of Debian alone: clang 19, wasi-libc and libc++ for wasm32. What that libc++ lacks (it was built
# without threads, files and exceptions) is in include/ and exceptions.cpp beside this file.
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_AR llvm-ar-19)
set(CMAKE_RANLIB llvm-ranlib-19)
list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})

set(emulated -D_WASI_EMULATED_MMAN -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_PROCESS_CLOCKS)
string(JOIN " " CMAKE_CXX_FLAGS_INIT -fwasm-exceptions -msimd128 ${emulated} "-isystem ${CMAKE_CURRENT_LIST_DIR}/include")
string(JOIN " " CMAKE_EXE_LINKER_FLAGS_INIT -Wl,--gc-sections -Wl,-z,stack-size=1048576)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY) # the machine's own libraries are for another processor
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
