# Flags of our own targets. Nothing here reaches a parent project.

set(gradus_sanitizers "")
if(GRADUS_SANITIZE STREQUAL "address")
  set(gradus_sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(GRADUS_SANITIZE STREQUAL "fuzzer") # tools/fuzz, by clang
  set(gradus_sanitizers -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(GRADUS_SANITIZE STREQUAL "thread")
  set(gradus_sanitizers -fsanitize=thread)
elseif(GRADUS_SANITIZE)
  message(FATAL_ERROR "GRADUS_SANITIZE=${GRADUS_SANITIZE} is unknown; choose address, thread, fuzzer or leave it empty")
endif()

# gradus_target(<name>): our warnings, and what the options ask for.
function(gradus_target target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow $<$<BOOL:${GRADUS_WERROR}>:-Werror>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # False alarms at "text" + string (gcc bug 105651); with a precompiled header there are more kinds of them.
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
  target_compile_options(${target} PRIVATE ${gradus_sanitizers} $<$<BOOL:${GRADUS_COVERAGE}>:--coverage>)
  # A sanitized archive needs the sanitizer's runtime in every program that links it.
  target_link_options(${target} PUBLIC $<BUILD_INTERFACE:${gradus_sanitizers}>
                                       $<$<BOOL:${GRADUS_COVERAGE}>:$<BUILD_INTERFACE:--coverage>>)
  if(GRADUS_SANITIZE MATCHES "address|fuzzer")
    target_compile_definitions(${target} PRIVATE GRADUS_NO_POOL)  # a recycled buffer would hide a use after free
  endif()
endfunction()

# gradus_use_headers(<name> <package target>...): header-only packages by their compile line alone, so that
# the exported static library does not ask its users to find them.
function(gradus_use_headers target)
  foreach(package IN LISTS ARGN)
    target_include_directories(${target} SYSTEM PRIVATE $<TARGET_PROPERTY:${package},INTERFACE_INCLUDE_DIRECTORIES>)
    target_compile_definitions(${target} PRIVATE $<TARGET_PROPERTY:${package},INTERFACE_COMPILE_DEFINITIONS>)
  endforeach()
endfunction()

# gradus_precompiled_by_ccache(<name>): flags by which ccache can keep objects that use a precompiled header
# (https://ccache.dev/manual/latest.html, "Precompiled headers"; CCACHE_SLOPPINESS is set by tools/test).
function(gradus_precompiled_by_ccache target)
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
endfunction()

# gradus_exports_own_names(<name>): a shared library exports its own names only, not those of the fmt and JSON templates
# inside it. It calls its own functions without the linkage table, because no caller can replace them.
include(CheckCXXSourceCompiles)
function(gradus_exports_own_names target)
  if(BUILD_SHARED_LIBS AND UNIX AND NOT APPLE)
    set(map ${PROJECT_SOURCE_DIR}/tools/cmake/exports.map)
    target_link_options(${target} PRIVATE -Wl,--version-script=${map} -Wl,-Bsymbolic-functions -Wl,-O1 -Wl,--gc-sections)
    # 0.3 MB of relocations in 3 KB: by a linker that can, for a C library that reads them.
    set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,--fatal-warnings -Wl,-z,pack-relative-relocs)
    check_cxx_source_compiles("#include <features.h>
      static_assert(__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 36));
      int main() {}" GRADUS_HAVE_RELR)
    target_link_options(${target} PRIVATE $<$<BOOL:${GRADUS_HAVE_RELR}>:-Wl,-z,pack-relative-relocs>)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
  endif()
endfunction()
