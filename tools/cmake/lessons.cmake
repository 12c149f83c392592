# cmake -D DIR=examples/lessons -D OUT=file.cpp -P lessons.cmake: pages and programs of the lessons as C++ strings.
file(GLOB files RELATIVE ${DIR} ${DIR}/*.md ${DIR}/*.cpp ${DIR}/lesson.hpp)
set(text "namespace gradus::detail {\nextern const char* const lesson_files[];\nconst char* const lesson_files[] = {\n")
foreach(file IN LISTS files)
  file(READ ${DIR}/${file} content)
  string(APPEND text "\"${file}\", R\"~~~~(${content})~~~~\",\n")
endforeach()
file(WRITE ${OUT} "${text}nullptr};\n}  // namespace gradus::detail\n")
