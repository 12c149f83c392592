# cmake -D IN=file -D OUT=file.cpp -D NAME=name -P embed.cmake: a file as an array in gradus::detail, with its hash.
file(READ ${IN} hex HEX)
file(SHA256 ${IN} sha256)
string(LENGTH "${hex}" size)
math(EXPR size "${size} / 2")
string(REPEAT "[0-9a-f]" 64 row)
string(REGEX REPLACE "(${row})" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "namespace gradus::detail {
extern const unsigned char ${NAME}[];
extern const unsigned ${NAME}_size;
extern const char* const ${NAME}_sha256;
const unsigned char ${NAME}[] = {
${bytes}
};
const unsigned ${NAME}_size = ${size};
const char* const ${NAME}_sha256 = \"${sha256}\";
}  // namespace gradus::detail
")
