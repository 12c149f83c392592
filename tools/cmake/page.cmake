# cmake -D DIR=tools/gradus/html/page -D TO=directory -P page.cmake: the parts of the page as C++ arrays.
# dagre.min.js is dist/dagre.min.js of the npm package @dagrejs/dagre 3.1.3, unchanged; sha256
# 54a503e346f93ca0bb10abe7999587e037262935687aca45eb4e4b0f64bbb578. One script: the layout library under its licence, then ours, in the order in which they use each other.
file(READ ${DIR}/dagre.LICENSE licence)
file(READ ${DIR}/dagre.min.js dagre)
string(REGEX REPLACE "//# sourceMappingURL=[^\n]*" "" dagre "${dagre}")  # there is none here
set(script "/* @dagrejs/dagre 3.1.3\n\n${licence}*/\n${dagre}\n")
foreach(name IN ITEMS model heat words groups layout boxes graph card softmax windows cells views training predict player export top pane main)
  file(READ ${DIR}/${name}.js part)
  string(APPEND script "${part}")
endforeach()
file(WRITE ${TO}/page_script.js "${script}")

macro(embed name file)
  set(IN ${file})
  set(OUT ${TO}/${name}.cpp)
  set(NAME ${name})
  include(${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
endmacro()
embed(page_html ${DIR}/page.html)
embed(page_css ${DIR}/page.css)
embed(page_script ${TO}/page_script.js)
