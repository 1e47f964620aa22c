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
sys.exit(module.main())
