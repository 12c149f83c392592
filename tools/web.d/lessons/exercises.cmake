# cmake -D DIR=examples/exercises -D HOLES=holes -D OUT=file.cpp -P exercises.cmake: the exercises in one program. In place of each
# hole stands a file of HOLES, which asks for what the reader wrote.
get_filename_component(folder ${OUT} DIRECTORY)
file(GLOB names RELATIVE ${DIR} ${DIR}/[0-9]*.cpp)
set(text "#include <gradus/gradus.hpp>\n\n#include <cmath>\n#include <string>\n\n#include \"${DIR}/exercise.hpp\"\n#include \"written.hpp\"\n\n")
set(rows "")
foreach(file IN LISTS names)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${DIR}/${file} code)
  string(REPLACE "#include \"exercise.hpp\"\n" "" code "${code}")  # it has been included
  file(READ ${HOLES}/${name}.inl hole)
  string(FIND "${code}" "// HOLE" begin)
  string(FIND "${code}" "// END" end)
  string(SUBSTRING "${code}" 0 ${begin} before)
  string(SUBSTRING "${code}" ${end} -1 after)
  file(WRITE ${folder}/exercises/${file} "${before}${hole}${after}")
  string(APPEND text "namespace exercise_${name} {\n#include \"${folder}/exercises/${file}\"\n}\n")
  string(APPEND rows "  if (name == \"${name}\") return exercise_${name}::main();\n")
endforeach()
file(WRITE ${OUT} "${text}
#include \"programs.hpp\"

int gradus::web::exercise(int argc, char** argv) {
  written.assign(argv + 1, argv + argc);
  const std::string name = written.empty() ? std::string() : written[0];
${rows}  return 2;
}
")
