// Credentials as an operator handles them: native keys that the store cannot tell, ends and limits while a server runs.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ON_POSTGRESQL, Server } from '../js/server.mjs';
import { Client, command, done, folder, sleep } from '../js/e2e.mjs';
import { common, post, query, stopClient } from '../js/top.mjs';

const box = folder('credential');
const TOP = { key: '55550000', secret: 's-5555' };
const PLAIN = { key: '55550001', secret: 's-5556' };
let server;
const couponry = (...args) => done([...args, `--data=${server.dir}`]);
const listed = async () => JSON.parse(await couponry('credential', 'list', '--output=json'));
const add = async (...more) => JSON.parse(await couponry('credential', 'add', '--output=json', ...more));
const settle = () => (ON_POSTGRESQL ? sleep(5500) : undefined); // another process changed it
before(async () => {
  server = await Server.start({ args: ['--calls-per-s=1', '--burst=4'] });
  for (const c of [TOP, PLAIN]) await add('--dialect=top', `--id=${c.key}`, `--secret=${c.secret}`, '--calls-per-s=1000');
});
after(async () => {
  stopClient();
  await server?.close();
  box.remove();
});
/** The code of the error, 0 when there is none. */
const call = async (c) => (await post(server, common(query({ page_size: 1, page_num: 1 }), c), c)).json.error_response?.code ?? 0;
const refused = async (fault, ...args) => {
  const r = await command([...args, `--data=${server.dir}`]);
  assert.equal(r.status, 1, r.stdout);
  assert.ok(r.stderr.includes(`couponry: ${fault}: `), r.stderr);
};
const misused = async (...args) => assert.equal((await command([...args, `--data=${server.dir}`])).status, 2);

describe('a native key', () => {
  let made;
  test('is made when none is given, shown once, and kept as a digest', async () => {
    made = await add('--dialect=native', '--label=till 7', '--scopes=read,redeem', '--expires=2099-12-31');
    assert.match(made.key, /^cpk_[a-z2-7]{40}$/);
    assert.match(made.id, /^[0-9a-f]{8}$/);
    const row = (await listed()).find((c) => c.id === made.id);
    assert.deepEqual(row, { dialect: 'native', id: made.id, merchant: 1, demo: false, label: 'till 7', scopes: ['read', 'redeem'], calls_per_s: 0, burst: 0, expires: '2099-12-31 23:59:59', revoked: false });
    assert.notEqual((await add('--dialect=native')).key, made.key);
  });
  test('of one\'s own has at least 16 characters, and every scope but public', async () => {
    await refused('parameter_invalid', 'credential', 'add', '--dialect=native', '--id=fifteen-letters');
    const own = await add('--dialect=native', '--id=sixteen-letters-', '--secret=not-used');
    assert.equal(own.key, undefined);
    assert.deepEqual((await listed()).find((c) => c.id === own.id).scopes, ['read', 'issue', 'redeem', 'manage', 'admin']);
    await refused('value_taken', 'credential', 'add', '--dialect=native', '--id=sixteen-letters-');
  });
  test('stands nowhere in the store', { skip: ON_POSTGRESQL }, async () => {
    const files = (at) => readdirSync(at).flatMap((name) => (statSync(join(at, name)).isDirectory() ? files(join(at, name)) : statSync(join(at, name)).isFile() ? [join(at, name)] : []));
    const bytes = files(server.dir).map((f) => readFileSync(f));
    assert.ok(bytes.some((b) => b.includes('till 7')), 'what is no secret is found');
    for (const key of [made.key, 'sixteen-letters-', 'not-used', 'demo-native-key'])
      assert.ok(!bytes.some((b) => b.includes(key)), key);
  });
  test('is changed by its id in the list, or by itself', async () => {
    const change = async (id, ...more) => JSON.parse(await couponry('credential', 'change', '--dialect=native', `--id=${id}`, '--output=json', ...more));
    assert.equal((await change(made.id, '--burst=7')).burst, 7);
    const row = await change(made.key, '--calls-per-s=3', '--expires=never');
    assert.deepEqual([row.id, row.calls_per_s, row.burst, row.expires], [made.id, 3, 7, null]);
    assert.equal((await change(made.id, '--revoke')).revoked, true);
    await refused('credential_unknown', 'credential', 'change', '--dialect=native', '--id=00000000', '--revoke');
    await refused('credential_unknown', 'credential', 'change', '--dialect=native', `--id=${made.id.slice(0, 7)}`, '--revoke');
  });
});

describe('while a server runs', () => {
  test('a credential ends, and comes back when its day is put off', async () => {
    assert.equal(await call(TOP), 0);
    await couponry('credential', 'change', '--dialect=top', `--id=${TOP.key}`, '--expires=2020-01-01');
    await settle();
    assert.equal(await call(TOP), 29);
    await couponry('credential', 'change', '--dialect=top', `--id=${TOP.key}`, '--expires=2099-01-01');
    await settle();
    assert.equal(await call(TOP), 0);
    await couponry('credential', 'change', '--dialect=top', `--id=${TOP.key}`, '--revoke');
    await settle();
    assert.equal(await call(TOP), 29);
    assert.equal(await call(PLAIN), 0);
  });
  test('one without limits has those of the server; refusals are counted', async () => {
    const codes = [];
    for (let i = 0; i < 6; i++) codes.push(await call(undefined));
    assert.deepEqual(codes, [0, 0, 0, 0, 7, 7]);
    for (let i = 0; i < 20; i++) assert.equal(await call(PLAIN), 0);
    const client = new Client(server.port);
    const { text } = await client.get('/metrics');
    client.close();
    assert.match(text, /^couponry_calls_total\{dialect="top",method="[^"]*",fault="call_limited"\} 2$/m);
    assert.match(text, /^couponry_calls_total\{dialect="top",method="[^"]*",fault="key_ended"\} 2$/m);
  });
});

test('what cannot be understood', async () => {
  const key = ['credential', 'add', '--dialect=native'];
  await misused(...key, '--scopes=read,write');
  await misused(...key, '--scopes=');
  await misused('credential', 'add', '--dialect=top', '--id=1', '--secret=2', '--scopes=read');
  await misused(...key, '--expires=tomorrow');
  await misused(...key, '--expires=2026-02-30');
  await misused(...key, '--calls-per-s=fast');
  await misused('credential', 'add', '--dialect=top', '--id=1');
  await misused('credential', 'change', '--dialect=top', `--id=${TOP.key}`);
  await misused('credential', 'change', '--dialect=top', '--revoke');
  await refused('parameter_invalid', ...key, '--calls-per-s=1000001');
  await refused('credential_unknown', 'credential', 'change', '--dialect=top', '--id=1', '--revoke');
});
