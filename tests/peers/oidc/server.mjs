// SPDX-License-Identifier: Apache-2.0
// A real OpenID provider on loopback: node server.mjs CALLBACK-URL…
// Prints its issuer, then its name and version. Anybody may sign in with any
// password; its own forms for that are part of the package. "rotate" on standard
// input makes it sign with another key, the end of it stops it.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { generateKeyPairSync } from 'node:crypto';
import readline from 'node:readline';
import Provider from 'oidc-provider';

const { version } = createRequire(import.meta.url)('oidc-provider/package.json');
const callbacks = process.argv.slice(2);

function key(kid, type) {
  const pair = type === 'RSA'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...pair.privateKey.export({ format: 'jwk' }), kid, use: 'sig' };
}

function provider(issuer, keys) {
  const client = (id, more) => ({
    client_id: id, redirect_uris: callbacks, response_types: ['code'],
    grant_types: ['authorization_code'], ...more,
  });
  return new Provider(issuer, {
    clients: [
      client('skyclust', { client_secret: 'the-secret-of-the-client', id_token_signed_response_alg: 'RS256' }),
      client('elliptic', { client_secret: 'the-secret-of-the-client', id_token_signed_response_alg: 'ES256' }),
      client('public', { token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'RS256' }),
    ],
    jwks: { keys },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'] },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, email: `${id}@example.org` }),
    }),
    cookies: { keys: ['of the tests only'] },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
  });
}

let count = 0;
const next = () => [key(`rsa-${++count}`, 'RSA'), key(`ec-${count}`, 'EC')];
const server = createServer((req, res) => current(req, res));
let current;

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  current = provider(issuer, next()).callback();
  console.log(issuer);
  console.log(`peer: oidc-provider ${version} (node ${process.version})`);
  const lines = readline.createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line === 'rotate') {
      current = provider(issuer, next()).callback();
      console.log('rotated');
    }
  });
  lines.on('close', () => process.exit(0));
});
