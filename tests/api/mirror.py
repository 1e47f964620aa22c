#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A driver that shows what it was sent, and answers in unusual ways."""
import json
import sys

HELLO = {'protocol': '1.0', 'name': 'mirror', 'version': '1', 'operations': {
    name: {} for name in ('region.list', 'region.get', 'zone.list', 'zone.get', 'image.list', 'image.get',
                          'instance.get', 'instance.start', 'instance.stop', 'volume.create', 'volume.delete', 'volume.get')}}
CLOUD_ERROR = {'code': -31008, 'message': 'no room', 'data': {
    'effect': 'partial', 'retryable': True, 'retry_after_ms': 1200,
    'cloud': {'http': 413, 'code': 'OverLimit', 'request_id': 'req-77'}}}


def done(value):
    return {'result': {'type': 'done', 'value': value}}


def answer(method, params):
    if method == 'initialize':
        return {'result': HELLO}
    if method == 'region.get':
        return done({'id': params['args']['id'], 'name': 'seen', 'ctx': params['ctx'], 'args': params['args']})
    return {
        'region.list': done({'items': [{'id': 'a'}, {'id': 'b'}], 'next_page_token': 'more "here"'}),
        'zone.list': done('no list'),
        'zone.get': done(['no object']),
        'image.list': done({'items': [], 'next_page_token': ''}),
        'image.get': done(None),
        'instance.get': {'error': CLOUD_ERROR},
        'instance.stop': {'error': CLOUD_ERROR},
        'instance.start': done(None),
        'volume.create': done({'name': 'v', 'id': 'pool/é "v" 1?', 'ctx': params.get('ctx'),
                               'args': params.get('args')}),
        'volume.delete': done({'what': 'nobody asked for'}),
        'volume.get': {'error': {'code': 12345, 'message': 'made up'}},
    }.get(method, done({'ok': True}))


for line in sys.stdin:
    message = json.loads(line)
    if 'id' in message:
        reply = answer(message['method'], message.get('params', {}))
        print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], **reply}, ensure_ascii=False), flush=True)
