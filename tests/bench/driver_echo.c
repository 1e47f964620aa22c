/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest driver there is: it answers a read with a small record.  Made
 * by the SDK, so that the benchmark measures what a real driver costs.
 */
#include <skyclust/driver.h>

static struct sc_reply *type_get(struct sc_call *call)
{
	return sc_value(call, json_pack("{s:s, s:s, s:i, s:i}", "id",
					sc_str(call, "id"), "name", "echo",
					"vcpus", 4, "memory_mib", 8192));
}

static const struct sc_method methods[] = {
	{ "instance_type.get", type_get },
	{ NULL },
};

int main(int argc, char **argv)
{
	return sc_main(argc, argv,
		       &(struct sc_driver){
			       .name = "bench",
			       .version = "1.0",
			       .description = "Answers at once, for benchmarks",
			       .methods = methods,
			       .max_inflight = 256,
		       });
}
