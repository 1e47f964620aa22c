# SPDX-License-Identifier: Apache-2.0
"""Requests made up from an OpenAPI document: such as it asks for, and such with
one or two things wrong. The same seed makes the same requests."""
import collections
import json
import urllib.parse

# What is strange about a text or a number, whatever it is for.
STRANGE_TEXTS = [
    '', ' ', '\t', '.', '..', '/', '../../../etc/passwd', '%00', '%', 'null', '0', '-1', '*', "' OR '1'='1", '"; --',
    '${HOME}', '{{7*7}}', '<script>alert(1)</script>', '\u0000', 'a\u0000b', '\n', 'a\r\nX-Injected: 1', '\x7f',
    'Ü', 'ﬀ', '日本語', '🚀' * 20, '\u202egnp.exe', '\ufeff', 'e\u0301', '\uffff', '\U0010ffff',
    'x' * 255, 'x' * 256, 'x' * 1025, 'x' * 65536, '1e400', '9' * 40, '2026-02-30T25:61:61Z', '0.0.0.0/33', '::/129',
    'https://169.254.169.254/latest/meta-data', 'file:///etc/passwd',
]
STRANGE_NUMBERS = [0, -1, 1, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 1, 2 ** 63, 2 ** 64, -2 ** 63, 0.5, -0.0, 1e300]
OTHER_TYPES = [None, True, False, 0, 1.5, '', 'text', [], [1], ['a', None], {}, {'a': 1}, [[[[]]]], {'a': {'b': {}}}]
# Bodies that are no object of JSON, and some that are hard to read.
RAW_BODIES = [
    b'', b' ', b'null', b'[]', b'[{}]', b'""', b'0', b'true', b'{', b'{"a":', b'{"a":1,}', b'{a:1}', b"{'a':1}",
    b'{}{}', b'\xff\xfe{}', b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":"\\u0000"}',
    b'{"name":"a","name":"b"}', b'{"a":1e999}', b'{"a":NaN}', b'{"a":-}', b'{"a":01}', b'\xef\xbb\xbf{}',
    b'{"a":' * 100 + b'1' + b'}' * 100, b'[' * 5000, b'{"":1}', b'{"a\\u0000b":1}', b'a=1&b=2', b'<a/>',
    b'{"a":' + b'9' * 5000 + b'}', b'{"a":"' + b'x' * 200000 + b'"}',
]
CONTENT_TYPES = [None, '', 'text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'application/json/x',
                 'application/json; charset=utf-8', 'application/json; charset=latin1', 'APPLICATION/JSON', 'json',
                 'multipart/form-data; boundary=x', 'application/json, text/plain']
HEADERS = [
    ('If-Match', ['"1"', '"2"', '*', 'W/"1"', '"999999999999999999999"', '""', '"-1"', 'x', '', '"1", "2"', '"1']),
    ('If-None-Match', ['*', '"x"', '']),
    ('Idempotency-Key', ['', 'a', 'same', 'x' * 255, 'x' * 256, 'a b', '"quoted"', '\xe9', '\x7f', '\t']),
    ('Prefer', ['wait=0', 'wait=1', 'wait=-1', 'wait=99999999999999999999', 'wait', 'wait=x', 'respond-async', '',
                'respond-async, wait=0', 'wait=0;foo="', 'return=minimal', ',,,', 'x' * 2000]),
    ('Range', ['bytes=0-1', 'bytes=-1', 'bytes=0-0,5-6', 'x']),
    ('Accept', ['*/*', 'application/json', 'application/json;q=0', '*/*;q=0', 'text/html', 'image/png', '', 'x', '/',
                'application/problem+json', 'application/*;q=0.1, text/*', ', '.join(['a/b'] * 200)]),
    ('X-Request-Id', ['a', '', 'x' * 300, '../..', '"', 'a b', '\xe9', '{}']),
    ('traceparent', ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-x', '', 'ff-' + '0' * 32]),
    ('X-Forwarded-For', ['1.2.3.4', '::1', 'x']),
    ('Host', ['example.com', 'x' * 300]),
    ('Content-Encoding', ['gzip', 'identity']),
    ('Expect', ['100-continue', 'x']),
    ('Cookie', ['a=b', 'skyclust=' + 'x' * 500]),
    ('Origin', ['https://evil.invalid']),
    ('User-Agent', ['', 'x' * 1000, '\xe9"\\']),
]
QUERIES = ['%', '%zz', '%ff', '=', '=1', 'a', '&&&', 'limit=0', 'limit=1001', 'limit=x', 'limit=1&limit=2', 'page_token=x',
           'page_token=' + 'x' * 5000, 'fields=', 'fields=id,,id', 'fields=' + ','.join(['id'] * 200), 'native=maybe',
           'region=', 'region=nowhere', 'zone=nowhere', 'no_such_argument=1', 'a' * 3000 + '=1', 'name=%00',
           '&'.join(f'q{i}=1' for i in range(100)), 'workspace_id=', 'credential_id=', 'workspace_id=no%2fwhere']

# What is longer than 32 KiB with all headers libmicrohttpd answers by itself.
QUERY_MAX = 12000
WHERE = ('workspace_id', 'credential_id', 'provider', 'region', 'zone', 'is_default')

Request = collections.namedtuple('Request', 'method path body headers token')


class Maker:
    """Values and requests; @rng is a random.Random. @known: {argument: values}
    that make sense."""

    def __init__(self, document, rng, known):
        self.document, self.rng, self.known = document, rng, known

    def resolve(self, schema):
        while '$ref' in schema:
            found = self.document
            for part in schema['$ref'][2:].split('/'):
                found = found[part]
            schema = found
        return schema

    # ---- values as asked for -------------------------------------------------

    def value(self, schema, name=''):
        """One that the schema allows."""
        rng, schema = self.rng, self.resolve(schema)
        if self.known.get(name) and (name in WHERE or rng.random() < 0.85):
            return rng.choice(self.known[name])
        if 'enum' in schema:
            return rng.choice([word for word in schema['enum'] if word is not None])
        if 'examples' in schema and name != 'code' and rng.random() < 0.6:
            return rng.choice(schema['examples'])
        kinds = schema.get('type', 'string')
        kind = next(k for k in kinds if k != 'null') if isinstance(kinds, list) else kinds
        return getattr(self, '_' + kind)(schema)

    def _string(self, schema):
        shapes = {'date-time': '2026-11-21T00:00:00Z', 'date': '2026-11-21', 'uri': 'https://example.com/'}
        if schema.get('format') in shapes:
            return shapes[schema['format']]
        if 'pattern' in schema:
            return self.rng.choice(['10.0.0.0/24', '10.1.2.0/28', 'fd00::/64'])
        if any('format' in part for part in schema.get('anyOf', [])):
            return self.rng.choice(['10.0.0.9', 'fd00::9'])
        least = schema.get('minLength', 0)
        return ''.join(self.rng.choices('abcdefghij0123456789-', k=self.rng.randint(least, max(least, 12)))).strip('-') \
            or 'x' * least

    def _integer(self, schema):
        least = schema.get('minimum', 0)
        return min(least + self.rng.randint(0, 4), schema.get('maximum', least + 4))

    def _number(self, schema):
        return float(self._integer(schema))

    def _boolean(self, _schema):
        return self.rng.random() < 0.5

    def _null(self, _schema):
        return None

    def _array(self, schema):
        return [self.value(schema['items']) for _ in range(self.rng.randint(0, 2))]

    def _object(self, schema):
        made = {name: self.value(schema['properties'][name], name) for name in schema.get('required', [])}
        for part in schema.get('allOf', []):
            name = self.rng.choice(part['anyOf'])['required'][0]
            made[name] = self.value(schema['properties'][name], name)
        for name, of in schema.get('properties', {}).items():
            if name not in made and self.rng.random() < 0.2 and not of.get('deprecated'):
                made[name] = self.value(of, name)
        if 'properties' not in schema:
            made = {self.rng.choice('abc'): self.rng.choice(['x', ''])}
        return made

    # ---- and such as are not ---------------------------------------------------

    def spoil(self, body, schema):
        """Do one thing to a member of @body that its schema may not like."""
        rng, schema = self.rng, self.resolve(schema)
        properties = schema.get('properties') or {'a': {}}
        name = rng.choice(sorted(properties))
        of = self.resolve(properties[name])
        deeds = [
            lambda: body.__setitem__(name, rng.choice(OTHER_TYPES)),
            lambda: body.__setitem__(name, rng.choice(STRANGE_TEXTS)),
            lambda: body.__setitem__(name, rng.choice(STRANGE_NUMBERS)),
            lambda: body.__setitem__(name, self.boundary(of)),
            lambda: body.__setitem__(name, self.value(of, name)),
            lambda: body.pop(rng.choice(sorted(body)), None) if body else None,
            lambda: body.__setitem__(rng.choice(['no_such_member', '', 'id', 'provider', '__proto__', '\u0000']), 1),
            lambda: body.__setitem__(name, [self.value(of)] * rng.choice([1, 2, 1000])),
            lambda: body.__setitem__(name, {f'k{i}': 'v' for i in range(rng.choice([1, 300]))}),
        ]
        rng.choice(deeds)()

    def boundary(self, schema):
        """At, or one beside, a limit that the schema names."""
        edges = [schema[word] + d for word in ('minimum', 'maximum') if word in schema for d in (-1, 0, 1)]
        edges += ['ä' * max(0, schema[word] + d) for word in ('minLength', 'maxLength') if word in schema
                  for d in (-1, 0, 1)]
        edges += ['x' * max(0, schema[word] + d) for word in ('minLength', 'maxLength') if word in schema
                  for d in (-1, 0, 1)]
        return self.rng.choice(edges or STRANGE_TEXTS)

    # ---- requests --------------------------------------------------------------

    def quoted(self, value):
        """As a query or a path says it."""
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, (list, dict)):
            value = ','.join(map(str, value))
        return urllib.parse.quote(str(value), safe='')

    def query(self, operation, spoilt):
        """Arguments; the workspace is said most of the time."""
        pairs = {}
        for parameter in operation['parameters']:
            often = 1 if parameter.get('required') else 0.8 if parameter['name'] == 'workspace_id' else 0.12
            if parameter['in'] == 'query' and self.rng.random() < often:
                pairs[parameter['name']] = self.value(parameter['schema'], parameter['name'])
        for _ in range(spoilt):
            schema = {'properties': {p['name']: p['schema'] for p in operation['parameters'] if p['in'] == 'query'}}
            self.spoil(pairs, schema)
        return pairs

    def body_schema(self, operation):
        if 'requestBody' not in operation:
            return None
        return operation['requestBody']['content']['application/json']['schema']

    def request(self, method, operation, path, token, faults):
        """One for @operation at @path; @faults: how much is wrong with it. With
        0 it is as the document asks for, whether or not the cloud likes it."""
        rng, headers, schema = self.rng, {}, self.body_schema(operation)
        deeds = [rng.random() for _ in range(faults)]
        spoilt = sum(deed < 0.55 for deed in deeds)
        pairs, body = self.query(operation, 0 if schema else spoilt), None
        if schema:
            value = self.value(schema)
            for _ in range(spoilt):
                self.spoil(value, schema)
            pairs = {name: text for name, text in pairs.items() if name not in value}
            body = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode('utf-8', 'surrogatepass')
            headers['Content-Type'] = 'application/json'
        query = '&'.join(f'{self.quoted(name)}={self.quoted(value)}' for name, value in pairs.items())
        for deed in deeds:
            if 0.55 <= deed < 0.75:
                name, values = rng.choice(HEADERS)
                headers[name] = rng.choice(values)
            elif 0.75 <= deed < 0.85:
                query += ('&' if query else '') + rng.choice(QUERIES)
            elif 0.85 <= deed < 0.95:
                body = rng.choice(RAW_BODIES)
                headers['Content-Type'] = 'application/json'
            elif deed >= 0.95 and schema:
                kind = rng.choice(CONTENT_TYPES)
                headers.pop('Content-Type', None)
                headers.update({} if kind is None else {'Content-Type': kind})
        path += '?' + query[:QUERY_MAX] if query else ''
        return Request(method, path, body, headers, token)
