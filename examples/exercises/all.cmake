# cmake -D DIR=examples/exercises -D OUT=file.cpp -P all.cmake: all exercises and solutions in one program.
file(GLOB names RELATIVE ${DIR} ${DIR}/[0-9]*.cpp)
set(text "#include <gradus/gradus.hpp>\n\n#include <cmath>\n#include <string>\n\n#include \"${DIR}/exercise.hpp\"\n\n")
set(rows "")
foreach(file IN LISTS names)
  get_filename_component(name ${file} NAME_WE)
  string(APPEND text "namespace hole_${name} {\n#include \"${DIR}/${file}\"\n}\n")
  string(APPEND text "namespace solved_${name} {\n#include \"${DIR}/solutions/${file}\"\n}\n")
  string(APPEND rows "  if (what == \"hole ${name}\") return hole_${name}::main();\n")
  string(APPEND rows "  if (what == \"solution ${name}\") return solved_${name}::main();\n")
endforeach()
file(WRITE ${OUT} "${text}
int main(int argc, char** argv) {
  const std::string what = argc == 3 ? std::string(argv[1]) + \" \" + argv[2] : \"\";
${rows}  return 2;
}
")
