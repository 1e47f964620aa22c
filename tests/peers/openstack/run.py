# SPDX-License-Identifier: Apache-2.0
"""run.py MODULE ARGS...: what Debian's command for MODULE does, main() in it, without its package."""
import importlib
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.argv[:2] = sys.argv[1:2]
module = importlib.import_module(sys.argv[0])
if sys.argv[0] == 'nova.cmd.compute':       # nova looks for hypervisor drivers in its own package only
    import nova.virt
    nova.virt.__path__.append(os.path.join(here, 'fakes'))
if sys.argv[0] == 'octavia.cmd.octavia_worker':
    # Without a jobboard Zed's worker forgets what a load balancer was made with, which then is pending for ever.
    from octavia.controller.worker.v2.tasks.database_tasks import MarkLBActiveInDB
    MarkLBActiveInDB.__init__.__defaults__ = True,      # mark_subobjects
sys.exit(module.main())
