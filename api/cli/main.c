/* SPDX-License-Identifier: Apache-2.0 */
/*~
 * skyclust, the command line: a client of the REST API and of nothing else.
 */
#include "cli/builtins.h"

int main(void)
{
	return command_builtins[0].run(NULL);
}
