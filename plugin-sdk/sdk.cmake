# SPDX-License-Identifier: Apache-2.0
# The SDK as third parties get it: one header, one static library that shows
# nothing but sc_ symbols, a pkg-config file and a CMake package.
include(CMakePackageConfigHelpers)

set(parts skyclust_driver skyclust_cloud skyclust_catalog skyclust_rpc skyclust_base)
set(archives)
foreach(part IN LISTS parts)
	list(APPEND archives $<TARGET_FILE:${part}>)
endforeach()

# All parts become one object, in which every name but sc_* is made local, so
# that a driver may have a buf_add() or a fail() of its own.
set(sdk_archive ${CMAKE_BINARY_DIR}/lib/libskyclust-sdk.a)
add_custom_command(OUTPUT ${sdk_archive}
	COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/lib
	COMMAND ${CMAKE_LINKER} -r -o skyclust-sdk.o --whole-archive ${archives}
	COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=sc_* skyclust-sdk.o
	COMMAND ${CMAKE_COMMAND} -E rm -f ${sdk_archive}
	COMMAND ${CMAKE_AR} rcs ${sdk_archive} skyclust-sdk.o
	DEPENDS ${parts} ${archives}
	COMMENT "Merging the SDK into ${sdk_archive}"
	VERBATIM)
add_custom_target(skyclust_sdk_archive ALL DEPENDS ${sdk_archive})

# A library built with sanitizers or for coverage needs their run time.
set(SKYCLUST_SDK_LINK_FLAGS "")
if(SKYCLUST_SANITIZE OR SKYCLUST_FUZZ)
	string(APPEND SKYCLUST_SDK_LINK_FLAGS " -fsanitize=address,undefined")
endif()
if(SKYCLUST_COVERAGE)
	string(APPEND SKYCLUST_SDK_LINK_FLAGS " --coverage")
endif()

# The .pc file finds its prefix from its own place, so a copy may be moved.
file(RELATIVE_PATH SKYCLUST_SDK_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(skyclust-sdk.pc.in skyclust-sdk.pc @ONLY)
configure_package_config_file(skyclustConfig.cmake.in skyclustConfig.cmake
	INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/skyclust
	PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(skyclustConfigVersion.cmake COMPATIBILITY SameMajorVersion)

install(FILES ${sdk_archive} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk)
install(FILES include/skyclust/driver.h
	DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/skyclust COMPONENT sdk)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/skyclust-sdk.pc
	DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sdk)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/skyclustConfig.cmake
	${CMAKE_CURRENT_BINARY_DIR}/skyclustConfigVersion.cmake
	DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/skyclust COMPONENT sdk)
install(FILES README.md GUIDE.md PROTOCOL.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/sdk COMPONENT sdk)
install(DIRECTORY template DESTINATION ${CMAKE_INSTALL_DATADIR}/skyclust COMPONENT sdk)
