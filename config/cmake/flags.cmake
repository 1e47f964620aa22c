# SPDX-License-Identifier: Apache-2.0
# Language, warnings and hardening for every target of ours.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()

add_compile_definitions(_GNU_SOURCE SKYCLUST_VERSION="${PROJECT_VERSION}")
add_compile_options(-Wall -Wextra -Werror -Wshadow -Wpointer-arith
	-Wstrict-prototypes -Wmissing-prototypes -Wundef -Wwrite-strings
	-Wno-missing-field-initializers -fno-common -g)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
	add_compile_options(-Wlogical-op -Wduplicated-cond -Wvla)
endif()

# Hardening. Fortify needs optimisation, so debug builds go without.
add_compile_options(-fstack-protector-strong)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
	add_compile_options(-fcf-protection=full)
endif()
add_compile_options("$<$<CONFIG:RelWithDebInfo>:-O2;-D_FORTIFY_SOURCE=2;-fstack-clash-protection>")
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)

if(SKYCLUST_SANITIZE OR SKYCLUST_FUZZ)
	add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
	add_link_options(-fsanitize=address,undefined)
endif()
if(SKYCLUST_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link -O1)
endif()
if(SKYCLUST_FAULTS)
	add_compile_definitions(SKYCLUST_FAULTS)
endif()
if(SKYCLUST_COVERAGE)
	add_compile_options(--coverage -fprofile-update=atomic)
	add_link_options(--coverage)
endif()
