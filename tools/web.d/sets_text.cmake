# cmake -D DIR=sets -D OUT=sets_text.hpp -P sets_text.cmake: the functions as text, for programs that contain them.
file(GLOB sets ${DIR}/*.inl)
set(text "#pragma once\n\n")
foreach(set IN LISTS sets)
  get_filename_component(name ${set} NAME_WE)
  file(READ ${set} code)
  string(APPEND text "constexpr const char* ${name}_text = R\"code(${code})code\";\n")
endforeach()
file(WRITE ${OUT} "${text}")
