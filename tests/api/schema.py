# SPDX-License-Identifier: Apache-2.0
"""The part of JSON Schema 2020-12 that our OpenAPI document uses."""
import re

TYPES = {
    'object': dict, 'array': list, 'string': str, 'boolean': bool, 'null': type(None),
}
ANNOTATIONS = {
    'description', 'title', 'examples', 'deprecated', 'format', 'x-unit', 'x-secret', 'x-immutable',
}
# What holds for values of one type only.
LIMITS = {
    'minLength': (str, lambda value, limit: len(value) >= limit),
    'maxLength': (str, lambda value, limit: len(value) <= limit),
    'pattern': (str, lambda value, limit: re.search(limit, value)),
    'minimum': ((int, float), lambda value, limit: value >= limit),
    'maximum': ((int, float), lambda value, limit: value <= limit),
}


class Faults(list):
    """What is wrong with a value, as "path: text"."""


def is_type(value, name):
    if name == 'integer':
        return isinstance(value, int) and not isinstance(value, bool)
    if name == 'number':
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def check(document, schema, value, path='', faults=None):
    """Check @value against @schema of the OpenAPI @document; all faults."""
    faults = Faults() if faults is None else faults
    unknown = set(schema) - ANNOTATIONS - set(LIMITS) - {
        '$ref', 'type', 'anyOf', 'allOf', 'required', 'properties', 'additionalProperties', 'items', 'enum'}
    assert not unknown, f'words this checker does not know: {unknown}'
    if '$ref' in schema:
        return check(document, resolve(document, schema['$ref']), value, path, faults)
    types = schema.get('type', [])
    types = types if isinstance(types, list) else [types]
    if types and not any(is_type(value, t) for t in types):
        faults.append(f'{path}: {value!r} is no {types}')
        return faults
    for word, (kind, holds) in LIMITS.items():
        if word in schema and isinstance(value, kind) and not holds(value, schema[word]):
            faults.append(f'{path}: {value!r} is against {word} {schema[word]}')
    if 'enum' in schema and value not in schema['enum']:
        faults.append(f'{path}: {value!r} is none of {schema["enum"]}')
    if 'anyOf' in schema and all(check(document, s, value, path) for s in schema['anyOf']):
        faults.append(f'{path}: nothing of anyOf fits {value!r}')
    for part in schema.get('allOf', []):
        check(document, part, value, path, faults)
    if isinstance(value, dict):
        check_object(document, schema, value, path, faults)
    if isinstance(value, list) and 'items' in schema:
        for i, item in enumerate(value):
            check(document, schema['items'], item, f'{path}/{i}', faults)
    return faults


def check_object(document, schema, value, path, faults):
    for name in schema.get('required', []):
        if name not in value:
            faults.append(f'{path}: {name} is missing')
    properties, others = schema.get('properties', {}), schema.get('additionalProperties', True)
    for name, member in value.items():
        if name in properties:
            check(document, properties[name], member, f'{path}/{name}', faults)
        elif others is False:
            faults.append(f'{path}: {name} is not known')
        elif others is not True:
            check(document, others, member, f'{path}/{name}', faults)


def resolve(document, ref):
    assert ref.startswith('#/'), ref
    for part in ref[2:].split('/'):
        document = document[part]
    return document
