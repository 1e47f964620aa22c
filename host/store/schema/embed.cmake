# SPDX-License-Identifier: Apache-2.0
# cmake -DFOLDER=… -DOUT=… -P embed.cmake: write the migrations as a C file.
cmake_minimum_required(VERSION 3.25)

# The text of FILE as C string literals, one a line.
function(as_literal file result)
	file(READ ${file} text)
	string(REPLACE "\\" "\\\\" text "${text}")
	string(REPLACE "\"" "\\\"" text "${text}")
	string(REPLACE "\n" "\\n\"\n\t  \"" text "${text}")
	set(${result} "\"${text}\"" PARENT_SCOPE)
endfunction()

set(rows "")
set(version 1)
while(TRUE)
	string(LENGTH ${version} digits)
	math(EXPR missing "4 - ${digits}")
	string(REPEAT "0" ${missing} zeros)
	set(base ${FOLDER}/${zeros}${version})
	if(NOT EXISTS ${base}.sql)
		break()
	endif()
	as_literal(${base}.sql sql)
	set(postgres "NULL")
	if(EXISTS ${base}.postgres.sql)
		as_literal(${base}.postgres.sql postgres)
	endif()
	string(APPEND rows "\t{ ${sql},\n\t  ${postgres} },\n")
	math(EXPR version "${version} + 1")
endwhile()
file(WRITE ${OUT} "/* Made by schema/embed.cmake. */
#include \"store/migrate.h\"

const struct migration store_migrations[] = {
${rows}};
const size_t store_migrations_count = ARRAY_LEN(store_migrations);
")
