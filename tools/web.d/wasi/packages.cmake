# Included by project() in the preset web: packages of headers, without the rest of /usr/include, which is for another
# processor; and threads, of which there is one.
set(headers ${CMAKE_BINARY_DIR}/headers)
file(MAKE_DIRECTORY ${headers})
foreach(name fmt nlohmann doctest CLI)
  if(NOT EXISTS /usr/include/${name})
    message(FATAL_ERROR "/usr/include/${name} is missing; ./tools/web installs what is needed")
  endif()
  file(CREATE_LINK /usr/include/${name} ${headers}/${name} SYMBOLIC)
endforeach()

foreach(name fmt::fmt-header-only nlohmann_json::nlohmann_json doctest::doctest CLI11::CLI11)
  add_library(${name} INTERFACE IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${headers})
endforeach()
# No number is printed by a locale, which would be 150 KB of a page.
target_compile_definitions(fmt::fmt-header-only INTERFACE FMT_HEADER_ONLY=1 FMT_STATIC_THOUSANDS_SEPARATOR=',')
add_library(Threads::Threads INTERFACE IMPORTED GLOBAL)
