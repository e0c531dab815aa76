// Through PgBouncer in session mode. Run by tools/with-postgresql.
//
// What PgBouncer must be told, and what it need not:
//   pool_mode = session           statements are prepared, and time-outs set, once for each connection
//   default_pool_size             as many as all nodes hold (each up to 8 for reads, 4 for writes, 2 of its own): a
//                                 connection beyond it waits, and the node with it
//   ignore_startup_parameters     nothing of ours: only client_encoding and application_name are sent, which it
//                                 knows. `options=-c ...` in the address would be refused: set those for the role
//   server_reset_query            DISCARD ALL, its default: the next client begins with a clean session
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HOME = process.env.COUPONRY_TEST_POSTGRESQL; // the server itself
const root = mkdtempSync(join(tmpdir(), 'couponry-bouncer-'));
process.env.COUPONRY_TEST_POSTGRESQL = root; // server.mjs goes through the bouncer
const { Server, cli, place } = await import('../js/server.mjs');
const { Wjb } = await import('../js/wjb.mjs');
const { find } = await import('../js/top.mjs');

const owner = statSync(join(HOME, 'data'));
const dir = join(root, 'data');
let bouncer, node;

const ask = (host, sql, database = 'postgres') =>
  execFileSync('psql', ['-qXAt', '-h', host, '-U', 'postgres', '-c', sql, database], { encoding: 'utf8' }).trim();
const databaseOf = () => /\/(t_\w+)\?/.exec(place(dir)[0])[1];

async function startBouncer() {
  const as = process.getuid() === 0 ? { uid: owner.uid, gid: owner.gid } : {};
  bouncer = spawn('/usr/sbin/pgbouncer', ['-q', join(root, 'pgbouncer.ini')], { ...as, stdio: 'ignore' });
  for (let i = 0; i < 100; i++, await sleep(50)) if (existsSync(join(root, '.s.PGSQL.5432'))) return;
  throw new Error(`pgbouncer does not come up: ${readFileSync(join(root, 'log'), 'utf8')}`);
}
async function stopBouncer() {
  const gone = new Promise((r) => bouncer.on('exit', r));
  bouncer.kill('SIGTERM'); // at once: clients are cut
  await gone;
}
const issue = async (coupon_id, nick) => (await new Wjb(node.port).spi({ coupon_id, buyer_nicks: [nick] })).json?.response;
async function given(coupon_id, nick) {
  const response = await issue(coupon_id, nick);
  assert.equal(response?.code, 0, JSON.stringify(response));
  assert.equal(response.send_results[0].code, 0);
  return response.send_results[0].coupon_number;
}
async function until(ready, ms, what) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) if (await ready()) return;
  throw new Error(`${what} did not happen in ${ms} ms`);
}
const ready = async () => (await fetch(`${node.url}/readyz`)).status === 200;

before(async () => {
  writeFileSync(join(root, 'users'), '"postgres" ""\n');
  writeFileSync(join(root, 'pgbouncer.ini'),
    `[databases]\n* = host=${HOME}\n[pgbouncer]\nlisten_port = 5432\nunix_socket_dir = ${root}\nauth_type = trust\n` +
    `auth_file = ${root}/users\nadmin_users = postgres\npool_mode = session\ndefault_pool_size = 40\nlogfile = ${root}/log\n`);
  chmodSync(root, 0o755);
  if (process.getuid() === 0) chownSync(root, owner.uid, owner.gid);
  await startBouncer();
  cli('demo', `--data=${dir}`);
  node = await Server.start({ dir, demo: false });
  await new Wjb(node.port).ok('wjb.ump.coupon.add', { coupon: { coupon_id: 93000001, name: 'b', type: 1 } });
});
after(async () => {
  await node?.close();
  if (bouncer) await stopBouncer();
  rmSync(root, { recursive: true, force: true });
});

test('demo, issue and query go through it', async () => {
  const code = await given(93000001, 'first');
  const { result } = await find(node, { coupon_code: code });
  assert.equal(result.total_count, 1);
  for (let i = 0; i < 50; i++) assert.ok(await given(93000001, `many-${i}`)); // prepared ones, again and again
  const clients = ask(root, 'show clients', 'pgbouncer').split('\n').filter((l) => l.includes(databaseOf()));
  assert.ok(clients.length > 1, clients.join('\n'));
  console.log(`# the node holds ${clients.length} connections`);
});

test('what it would refuse: parameters in the address that are for the server', () => {
  assert.throws(() => execFileSync('psql', ['-qXAt', '-c', 'select 1', `postgresql://postgres@/postgres?host=${root}&options=-c%20jit%3Doff`], { stdio: 'pipe' }),
    /unsupported startup parameter/);
  assert.throws(() => cli('merchant', 'list', `--store=${place(dir)[0].slice('--store='.length)}&options=-c%20jit%3Doff`, `--master-key=${dir}.key`),
    /unsupported startup parameter/);
});

test('a session handed on has nothing left of the one before it', async () => {
  const code = await given(93000001, 'handed-on');
  const before = ask(HOME, `select count(*) from pg_stat_activity where datname = '${databaseOf()}'`);
  await node.stop('SIGKILL');
  await node.run(); // the same server sessions, in which the last node had prepared its statements
  for (let i = 0; i < 20; i++) assert.equal(await given(93000001, 'handed-on'), code);
  assert.ok(Number(before) > 0);
});

test('the time-outs set for a session are those of its statements', { timeout: 40000 }, async () => {
  const log = () => readFileSync(join(HOME, 'data', 'log'), 'utf8').split('canceling statement due to lock timeout').length - 1;
  const earlier = log();
  await given(93000001, 'free');
  const heads = ask(HOME, "select quote_ident(n.nspname) || '.' || quote_ident(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace " +
    "where c.relkind in ('r', 'p') and c.relname = 'head'", databaseOf());
  assert.ok(heads, 'the table of heads');
  const holder = spawn('psql', ['-qXAt', '-h', HOME, '-U', 'postgres', '-c', `begin; select from ${heads} for update; select pg_sleep(12)`, databaseOf()], { stdio: 'ignore' });
  const free = new Promise((r) => holder.on('exit', r));
  await sleep(500);
  const begin = Date.now(), answer = issue(93000001, 'held');
  await until(() => log() > earlier, 14000, 'a lock time-out');
  assert.ok(Date.now() - begin > 8000, 'not before its time');
  await free;
  const response = await answer;
  if (response?.code !== 0) assert.equal(response?.code, 10, JSON.stringify(response)); // busy
  assert.ok(await given(93000001, 'held'));
});

test('it goes away and comes again: busy, then on by itself', { timeout: 40000 }, async () => {
  const code = await given(93000001, 'stays');
  await stopBouncer();
  assert.equal((await issue(93000001, 'away'))?.code, 10);
  await until(async () => !(await ready()), 5000, 'not ready');
  await startBouncer();
  await until(ready, 8000, 'ready');
  assert.equal(await given(93000001, 'stays'), code);
  assert.ok(await given(93000001, 'away'));
  assert.ok(JSON.parse(cli('ledger', 'verify', `--data=${dir}`, '--output=json')).entries > 50);
});
