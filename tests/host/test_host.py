#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""skyclustd as an operator meets it: its command line, its data directory, its
signals, its log."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'api'))
from skyclust_fixture import BIN, SIM, Host, drivers_alive    # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*args, timeout=60):
    done = subprocess.run([BIN / 'skyclustd', *args], capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='skyclust-cli-')
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def file(self, text):
        path = self.dir / 'skyclust.yaml'
        path.write_text(text)
        return path

    def test_help_and_version(self):
        status, out, err = run('--help')
        self.assertEqual((status, err), (0, ''))
        for option in ('config', 'data-dir', 'listen', 'validate-config', 'print-config', 'list-plugins',
                       'validate-plugin', 'enable-plugin', 'version'):
            self.assertIn(f'--{option}', out)
        status, out, _ = run('--version')
        self.assertEqual(status, 0)
        self.assertRegex(out, r'^skyclustd \d+\.\d+\.\d+\n$')

    def test_wrong_usage(self):
        for args in (['--nonsense'], ['extra'], ['--help', '--version'], ['--enable-plugin', 'x'], ['--config']):
            status, out, err = run(*args)
            self.assertEqual((status, out), (64, ''), args)
            self.assertIn('--help', err)

    def test_validate_config(self):
        good = self.file('plugins:\n  timeout: 5s\n')
        self.assertEqual(run('--validate-config', good), (0, f'{good}: ok\n', ''))
        bad = self.file('plugins:\n  tiemout: 5s\n')
        status, out, err = run('--validate-config', bad)
        self.assertEqual((status, out), (1, ''))
        self.assertEqual(err, f'{bad}:2: plugins.tiemout: no such setting; did you mean plugins.timeout?\n')

    def test_print_config_reads_back(self):
        _, out, _ = run('--config', ROOT / 'config/skyclust.yaml', '--print-config', '--listen', '127.0.0.1:1')
        self.assertIn('listen: "127.0.0.1:1"', out)
        self.assertEqual(run('--config', self.file(out), '--print-config')[1], out)

    def test_schema_is_the_one_in_config(self):
        _, out, _ = run('--print-schema')
        self.assertEqual(out, (ROOT / 'config/skyclust.schema.json').read_text())

    def test_list_plugins(self):
        config = self.file('plugins:\n  providers:\n    lab:\n      driver: openstack\n      start: eager\n'
                           '    gone:\n      enabled: false\n')
        status, out, _ = run('--config', config, '--list-plugins')
        self.assertEqual(status, 0)
        self.assertRegex(out, r'(?m)^lab +openstack +enabled +eager +/.*/openstack$')
        self.assertRegex(out, r'(?m)^gone +gone +disabled +lazy +\(no program found\)$')
        self.assertRegex(out, r'(?m)^sim +sim +found +lazy +/.*/sim$')

    def test_enable_plugin(self):
        config = self.file('# mine\nplugins:\n  auto_load: false # quiet\n')
        status, out, _ = run('--config', config, '--enable-plugin', 'sim')
        self.assertEqual(status, 0, out)
        self.assertEqual(config.read_text(), '# mine\nplugins:\n  providers:\n    sim:\n      enabled: true\n'
                                             '  auto_load: false # quiet\n')
        self.assertEqual(run('--config', config, '--enable-plugin', 'No Such')[0], 1)

    def test_validate_plugin(self):
        status, out, err = run('--validate-plugin', BIN / 'plugins/sim/sim', '--data-dir', self.dir / 'data')
        report = json.loads(out)
        self.assertEqual((status, report['ok'], report['findings']), (0, True, []), err)
        self.assertEqual(report['handshake']['name'], 'sim')
        status, out, _ = run('--validate-plugin', '/bin/true', '--data-dir', self.dir / 'data')
        self.assertEqual(status, 1)
        self.assertIn('exited with status 0', out)
        status, out, _ = run('--validate-plugin', BIN / 'zoo/dies-at-hello/dies-at-hello',
                             '--data-dir', self.dir / 'data')
        self.assertEqual(status, 1)
        self.assertIn('status 7', out)

    def test_cannot_start(self):
        for args, why in ((['--listen', '192.0.2.1:1'], 'loopback'),
                          (['--config', '/nowhere'], '/nowhere'),
                          (['--data-dir', '/proc/nowhere'], '/proc/nowhere')):
            status, out, err = run('--data-dir', self.dir / 'data', '--listen', '127.0.0.1:0', *args)
            self.assertEqual((status, out), (1, ''), args)
            self.assertIn(why, err)


class Daemon(unittest.TestCase):
    def test_all_state_is_in_the_data_dir(self):
        with Host(SIM) as host:
            host.get('/api/v1/providers/sim/regions')
            self.assertEqual(host.data.stat().st_mode & 0o777, 0o700)
            self.assertEqual((host.data / 'keys.json').stat().st_mode & 0o777, 0o600)
            self.assertEqual((host.data / 'drivers/sim').stat().st_mode & 0o777, 0o700)
            self.assertEqual((host.data / 'lock').read_text(), f'{host.process.pid}\n')

    def test_second_host_is_refused(self):
        with Host(SIM) as host:
            status, out, err = run('--data-dir', host.data, '--listen', '127.0.0.1:0')
            self.assertEqual((status, out), (1, ''))
            self.assertIn(f'in use by another skyclustd, pid {host.process.pid}', err)
            host.get('/api/v1/providers/sim/regions')

    def test_reload(self):
        with Host(SIM) as host:
            host.get('/api/v1/providers/sim/regions')
            pid = host.get('/api/v1/providers/sim')['pid']
            host.config.write_text(SIM + '    other:\n      driver: sim\n')
            host.process.send_signal(signal.SIGHUP)
            host.wait_log(lambda line: 'configuration read again' in line)
            host.get('/api/v1/providers/other/regions')
            self.assertEqual(host.get('/api/v1/providers/sim')['pid'], pid)
            host.config.write_text('plugins:\n  auto_load: maybe\n')
            host.process.send_signal(signal.SIGHUP)
            host.wait_log(lambda line: 'the old one holds' in line and 'auto_load' in line)
            host.get('/api/v1/providers/other/regions')
            host.config.write_text(SIM)
            host.process.send_signal(signal.SIGHUP)
            host.wait_log(lambda line: 'provider leaves' in line and 'other' in line)
            self.assertEqual(host.request('GET', '/api/v1/providers/other/regions')[0], 404)
            self.assertEqual(host.get('/api/v1/providers/sim')['pid'], pid)

    def test_log_file_and_format(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / 'log'
            with Host(SIM + f'log:\n  file: {log}\n  format: json\n') as host:
                host.get('/api/v1/providers/sim/regions')
            lines = [json.loads(line) for line in log.read_text().splitlines()]
            self.assertIn('skyclustd is ready', [line['message'] for line in lines])

    def test_interrupt_is_graceful_too(self):
        host = Host(SIM).start()
        host.get('/api/v1/providers/sim/regions')
        process = host.process
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(drivers_alive(host), [])
        host.kill()
        host.close()

    def test_without_standard_descriptors(self):
        """Started with 0, 1 and 2 closed, no pipe takes their place."""
        with tempfile.TemporaryDirectory() as folder:
            read, write = os.pipe()
            process = subprocess.Popen(['sh', '-c', f'exec {BIN}/skyclustd --data-dir {folder}/data --listen 127.0.0.1:0 '
                                        f'<&- 2>&- >&{write}'], pass_fds=[write])
            os.close(write)
            with os.fdopen(read) as out:
                self.assertRegex(out.readline(), r'^listening on http://')
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(60), 0)

    def test_settings_come_from_the_environment(self):
        env = {**os.environ, 'OS_AUTH_URL': 'http://127.0.0.1:1/v3'}
        with Host('plugins: {}\n', env=env) as host:
            status, problem = host.request('GET', '/api/v1/providers/openstack/instances')
            self.assertNotIn('auth_url', problem['detail'])
            status, problem = host.request('GET', '/api/v1/providers/nobody/instances')
            self.assertEqual(status, 404)

    def test_sandbox_is_reported(self):
        with Host(SIM) as host:
            host.get('/api/v1/providers/sim/regions')
            level = host.get('/api/v1/providers/sim')['sandbox']
            self.assertTrue(re.match(r'sealed,group,rlimits', level), level)


if __name__ == '__main__':
    unittest.main()
