# cmake -D IN=file -D OUT=file.cpp -D NAME=name -P embed.cmake: a file as an array in gradus::detail.
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" size)
math(EXPR size "${size} / 2")
string(REPEAT "[0-9a-f]" 64 row)
string(REGEX REPLACE "(${row})" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "namespace gradus::detail {
extern const unsigned char ${NAME}[];
extern const unsigned ${NAME}_size;
const unsigned char ${NAME}[] = {
${bytes}
};
const unsigned ${NAME}_size = ${size};
}  // namespace gradus::detail
")
