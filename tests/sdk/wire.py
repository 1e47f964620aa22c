# SPDX-License-Identifier: Apache-2.0
"""The host's side of the driver protocol, for tests: a driver over pipes."""
import json
import os
import queue
import subprocess
import threading

TIMEOUT = 30  # seconds; only a defect lets a wait last so long


class Driver:
    """A driver process; lines of its stdout and stderr arrive in queues."""

    def __init__(self, program, config=None, initialize=True, env=(), state_dir=None, limits=None):
        environment = {'PATH': '/usr/bin:/bin', 'LANG': 'C.UTF-8', 'SKYCLUST_DRIVER': '1',
                       'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', ''), **dict(env)}
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment, cwd='/')
        self.frames, self.log = queue.Queue(), queue.Queue()
        self.raw, self.errors = [], []
        self.threads = [threading.Thread(target=self.read_frames, daemon=True),
                        threading.Thread(target=self.read_log, daemon=True)]
        for thread in self.threads:
            thread.start()
        self.sequence = 0
        self.waiting = []
        if initialize:
            self.hello = self.call('initialize', raw={
                'protocol': ['1.0'], 'host': {'name': 'test', 'version': '0'}, 'config': config or {},
                'limits': limits or {'max_frame': 1 << 20, 'max_inflight': 256},
                **({'state_dir': state_dir} if state_dir else {})})

    def read_frames(self):
        for line in self.process.stdout:
            self.raw.append(line)
            self.frames.put(json.loads(line))
        self.frames.put(None)

    def read_log(self):
        for line in self.process.stderr:
            self.errors.append(line.decode('utf-8', 'replace'))
            self.log.put(self.errors[-1])
        self.log.put(None)

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        self.send_bytes(json.dumps({'jsonrpc': '2.0', **message}).encode() + b'\n')

    def notify(self, method, **params):
        self.send({'method': method, 'params': params})

    def begin(self, method, args=None, ctx=None, secrets=None, raw=None):
        """Send a request; its id."""
        self.sequence += 1
        call_id = f'1.{self.sequence}'
        params = raw if raw is not None else {
            'ctx': {'deadline_ms': 60000, **(ctx or {})}, 'secrets': secrets or {}, 'args': args or {}}
        self.send({'id': call_id, 'method': method, 'params': params})
        return call_id

    def wait(self, fits):
        """The first frame, past or coming, that fits; others are kept."""
        for i, frame in enumerate(self.waiting):
            if fits(frame):
                return self.waiting.pop(i)
        while True:
            frame = self.frames.get(timeout=TIMEOUT)
            if frame is None:
                raise EOFError('the driver ended: ' + ''.join(self.errors[-20:]))
            if fits(frame):
                return frame
            self.waiting.append(frame)

    def answer(self, call_id):
        return self.wait(lambda f: f.get('id') == call_id and 'method' not in f)

    def note(self, method):
        return self.wait(lambda f: f.get('method') == method)['params']

    def wait_log(self, text):
        while True:
            line = self.log.get(timeout=TIMEOUT)
            if line is None:
                raise EOFError(f'no line with {text!r} in the log')
            if text in line:
                return line

    def call(self, method, args=None, ctx=None, secrets=None, raw=None):
        """The result, or the error, of a request."""
        frame = self.answer(self.begin(method, args, ctx, secrets, raw))
        return frame['result'] if 'result' in frame else frame['error']

    def value(self, method, args=None, **more):
        return self.call(method, args, **more)['value']

    def close(self):
        """End of stdin; the exit status once all output was read."""
        if self.process.stdin.closed:
            return self.process.returncode
        self.process.stdin.close()
        try:
            self.process.wait(timeout=TIMEOUT)
        finally:
            self.process.kill()
        for thread in self.threads:
            thread.join(timeout=TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.returncode
