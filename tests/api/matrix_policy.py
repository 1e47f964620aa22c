# SPDX-License-Identifier: Apache-2.0
"""The policy of test_matrix.py: who may do what, written by hand and not taken
from the product's code.
"""
import collections
import re

# ---- the policy ---------------------------------------------------------------
#
# Who a route is for:
#   open       everybody
#   self       whoever is logged in
#   system     by the system role
#   workspace  by the role in the workspace of the path
#   named      by the role in the workspace that workspace_id or credential_id
#              names; without, in the only workspace one has, else by the
#              system role
#
# Workspace roles are written as the least of viewer < member < admin < owner
# that may; anybody: whatever his role. `+outside`: whose system role holds it
# may from outside, too; an administrator's does. `+read`: it changes nothing,
# so an API token that is limited to a workspace may, too; or `+asks`: the route
# finds the workspace by itself and then decides.

LEVELS = ['viewer', 'member', 'admin', 'owner']

POLICY = '''
# operation                  who for     workspace role    system roles

health                       open
ready                        open
metrics                      open
docs                         open
docs.style                   open
openapi                      self        +read
system.status                system      -                 admin viewer
provider.list                system      -                 admin viewer user
provider.get                 system      -                 admin viewer user

auth.bootstrap               open
auth.login                   open
auth.refresh                 open
auth.oidc.list               open
auth.oidc                    open
auth.oidc.callback           open
auth.logout                  self
auth.me                      self        +read
auth.password                self
session.list                 self        +read
session.delete               self
api_token.list               self        +read
api_token.create             self
api_token.delete             self
skyclust_user.list           system      -                 admin viewer
skyclust_user.get            system      -                 admin viewer
skyclust_user.create         system      -                 admin
skyclust_user.update         system      -                 admin
skyclust_user.delete         system      -                 admin
signing_key.list             system      -                 admin viewer
signing_key.rotate           system      -                 admin
wrap_key.list                system      -                 admin viewer
wrap_key.rotate              system      -                 admin
wrap_key.delete              system      -                 admin

skyclust_role.list           named       viewer            admin viewer
skyclust_role.get            named       viewer            admin viewer
skyclust_role.create         named       admin             admin
skyclust_role.update         named       admin             admin
skyclust_role.delete         named       admin             admin
access.check                 self        +read
access.permissions           self        +read

workspace.list               self        +read
workspace.create             system      -                 admin user
workspace.get                workspace   viewer +outside
workspace.update             workspace   admin
workspace.delete             workspace   owner +outside
member.list                  workspace   viewer +outside
member.get                   workspace   viewer +outside
member.create                workspace   admin +outside
member.update                workspace   admin +outside
member.delete                workspace   admin +outside
member.leave                 workspace   anybody
workspace_quota.list         workspace   viewer +outside
workspace_quota.update       system      -                 admin

credential.list              workspace   viewer
credential.get               workspace   viewer
credential.create            workspace   admin
credential.update            workspace   admin
credential.delete            workspace   admin
credential.verify            workspace   admin

operation.list               named       viewer            admin viewer
operation.get                self        +asks
operation.cancel             self        +asks

audit_record.list            named       admin +outside    admin viewer
audit_record.stats           named       admin +outside    admin viewer
audit_record.export          named       admin +outside    admin viewer
audit_record.verify          system      -                 admin viewer
audit_checkpoint.list        system      -                 admin viewer
audit_checkpoint.create      system      -                 admin
audit_checkpoint.key         system      -                 admin viewer

# of clouds: all kinds alike

cloud.read                   named       viewer            admin viewer
cloud.secret                 named       member            admin
cloud.change                 named       member            admin
vendor.read                  named       viewer            admin viewer
vendor.change                named       member            admin
'''

# Reads that give a way in, and so are no reads to a viewer.
SECRETS = {'console', 'kubeconfig'}
CLOUD_READS = {'list', 'get', 'status_list', 'versions', 'estimate', 'billing',
               'trend', 'query'}

Rule = collections.namedtuple('Rule', 'scope least marks system')


FORGOTTEN = Rule('system', None, set(), frozenset())     # nobody may


def read_policy(text):
    rules = {}
    for line in text.splitlines():
        words = line.partition('#')[0].split()
        if not words:
            continue
        name, scope, *rest = words
        marks = {word for word in rest if word.startswith('+')}
        rest = [word for word in rest if word not in marks]
        least = rest[0] if rest and rest[0] != '-' else None
        rules[name] = Rule(scope, least, marks, frozenset(rest[1:]))
    return rules


class Route:
    """One method of one path of the document."""

    def __init__(self, method, path, operation):
        self.method, self.path, self.id = method.upper(), path, operation['operationId']
        self.by_cloud = bool(re.match(
            r'/api/v1/(providers/\{provider\}/|\{provider\}/)', path))
        name = self.id.removesuffix('.post')
        self.verb = name.rpartition('.')[2]
        self.kind = name.rpartition('.')[0]
        if self.by_cloud:
            self.kind, self.verb, self.policy = self._of_cloud(name)
        else:
            self.policy = name

    def _of_cloud(self, name):
        """A cloud's kind is what the path calls it, in whatever spelling."""
        if name.startswith('vendor.'):
            verb = {'read': 'look', 'act': 'paint'}.get(self.verb, self.verb)
            reads = verb in ('list', 'get')
            return 'x.acme.rack', verb, 'vendor.read' if reads else 'vendor.change'
        verb = {'cost-estimate': 'estimate'}.get(self.verb, self.verb)
        kinds = {'instances': 'instance', 'volumes': 'volume'}
        kind = next((kinds[part] for part in self.path.split('/') if part in kinds), 'another')
        if verb in SECRETS:
            return kind, verb, 'cloud.secret'
        return kind, verb, 'cloud.read' if verb in CLOUD_READS else 'cloud.change'

    def __str__(self):
        return f'{self.method} {self.path}'


# ---- who asks -------------------------------------------------------------------

# `role`: in the workspace; `holds`: a custom role's patterns, there or (without
# a role) of the system; `only`: a token's one permission; `here`: a token's for
# one workspace; `known`: False, nobody is behind it.
Who = collections.namedtuple('Who', 'name known system role holds only here',
                             defaults=(True, 'user', None, (), None, False))

WHO = [
    Who('nobody', known=False),
    Who('disabled', known=False),
    Who('stranger'),
    Who('viewer', role='viewer'),
    Who('member', role='member'),
    Who('admin', role='admin'),
    Who('owner', role='owner'),
    Who('custom', role='starter', holds=('instance:*', '*:list')),
    Who('token', role='owner', only='instance:list'),
    Who('token-here', role='owner', here=True),
    Who('system-custom', system='helper', holds=('workspace:get', 'member:*', 'volume:*')),
    Who('system-viewer', system='viewer'),
    Who('system-admin', system='admin'),
]


def matches(pattern, kind, verb):
    left, _, right = pattern.partition(':')
    return left in ('*', kind) and right in ('*', verb)


def holds(who, route):
    return any(matches(pattern, route.kind, route.verb) for pattern in who.holds)


def in_system(who, route, rule):
    held = who.system in rule.system or who.system == 'helper' and holds(who, route)
    return 'allowed' if held else 403


def from_outside(who, route, rule):
    """In a workspace that he is no member of."""
    if who.system == 'helper':
        return 'allowed' if '+outside' in rule.marks and holds(who, route) else 403
    if who.system == 'admin':
        return 'allowed' if '+outside' in rule.marks else 403
    return 'allowed' if '+outside' in rule.marks and who.system in rule.system else 404


def in_workspace(who, route, rule):
    if who.role is None:
        return from_outside(who, route, rule)
    if rule.least == 'anybody':
        return 'allowed'
    if who.role == 'starter':
        return 'allowed' if holds(who, route) else 403
    return 'allowed' if LEVELS.index(who.role) >= LEVELS.index(rule.least) else 403


def by_token(who, route, rule):
    """403 for what an API token takes away from its user."""
    if who.only and who.only != f'{route.kind}:{route.verb}' and route.id != 'openapi':
        return 403
    if who.here and rule.scope == 'system':
        return 403
    if who.here and rule.scope == 'self' and not rule.marks:
        return 403
    return None


def expected(who, route, rule, where):
    """'allowed' or the status. @where: 'own' and 'other' name a workspace, by
    the path, workspace_id or a credential; 'none' names none."""
    if rule.scope == 'open':
        return 'allowed'
    if not who.known:
        return 401
    if by_token(who, route, rule):
        return by_token(who, route, rule)
    if rule.scope == 'self':
        return 'allowed'
    if rule.scope == 'system':
        return in_system(who, route, rule)
    if where == 'other':
        return in_workspace(who._replace(role=None), route, rule)
    if where == 'own' or who.role:
        return in_workspace(who, route, rule)
    return in_system(who, route, rule)
