#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A driver that is a script: says hello, then tells what it sees."""
import json
import os
import sys

for line in sys.stdin:
    message = json.loads(line)
    if 'id' not in message:
        continue
    if message['method'] == 'initialize':
        result = {'protocol': '1.0', 'name': 'script', 'version': '1', 'operations': {'region.list': {}}}
    else:
        result = {'type': 'done', 'value': {'fds': sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1],
                                            'env': dict(os.environ), 'argv': sys.argv}}
    print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'result': result}), flush=True)
