# SPDX-License-Identifier: Apache-2.0
# The few functions that the folders' CMakeLists.txt share.

# skyclust_library(NAME LINK lib… SOURCES file…): a static library of one folder.
function(skyclust_library name)
	cmake_parse_arguments(A "" "" "LINK;SOURCES" ${ARGN})
	add_library(${name} STATIC ${A_SOURCES})
	target_link_libraries(${name} PUBLIC ${A_LINK})
endfunction()

# skyclust_driver(NAME SOURCES file…): a cloud driver; it sees only the public
# header, and lands beside the host as bin/plugins/<group>/<name>/<name>.
function(skyclust_driver name)
	cmake_parse_arguments(A "" "GROUP" "SOURCES" ${ARGN})
	add_executable(driver-${name} ${A_SOURCES})
	target_link_libraries(driver-${name} PRIVATE skyclust::sdk)
	set_target_properties(driver-${name} PROPERTIES OUTPUT_NAME ${name}
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/plugins/${A_GROUP}/${name})
	install(TARGETS driver-${name}
		DESTINATION ${CMAKE_INSTALL_LIBDIR}/skyclust/plugins/${A_GROUP}/${name})
	skyclust_manual(driver-${name} skyclust-${name} 8)
endfunction()

# skyclust_unit_test(NAME LINK lib…): tests/unit/test_NAME.c, a cmocka program.
function(skyclust_unit_test name)
	cmake_parse_arguments(A "" "" "LINK" ${ARGN})
	add_executable(test_${name} test_${name}.c)
	target_link_libraries(test_${name} PRIVATE ${A_LINK} PkgConfig::CMOCKA)
	set_target_properties(test_${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
	add_test(NAME unit.${name} COMMAND test_${name})
	set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()

# skyclust_manual(TARGET PAGE SECTION): the manual page that the program prints
# of itself (--man), as man/PAGE.SECTION of the build, and installed.
function(skyclust_manual target page section)
	set(file ${CMAKE_BINARY_DIR}/man/${page}.${section})
	add_custom_command(OUTPUT ${file}
		COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
		COMMAND $<TARGET_FILE:${target}> --man >${file}
		DEPENDS ${target}
		COMMENT "Writing ${page}(${section})")
	add_custom_target(manual-${page} ALL DEPENDS ${file})
	install(FILES ${file} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()
