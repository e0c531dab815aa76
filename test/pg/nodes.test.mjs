// Several nodes over one PostgreSQL, and what they do when it goes away. Run by tools/with-postgresql.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, cli, place } from '../js/server.mjs';
import { Wjb } from '../js/wjb.mjs';

const HOME = process.env.COUPONRY_TEST_POSTGRESQL;
const BIN = '/usr/lib/postgresql/' + readdirSync('/usr/lib/postgresql').sort((a, b) => a - b).at(-1) + '/bin';
const NODES = 3, EXHAUSTED = 15;
let root, dir, nodes = [];

const sql = (text) => execFileSync('psql', ['-qXAt', '-h', HOME, '-U', 'postgres', '-c', text, 'postgres'], { encoding: 'utf8' });
/** pg_ctl as the user who owns the cluster. */
function control(...words) {
  const owner = statSync(join(HOME, 'data')).uid;
  const options = process.getuid() === 0 ? { uid: owner, gid: statSync(join(HOME, 'data')).gid } : {};
  execFileSync(`${BIN}/pg_ctl`, ['-D', join(HOME, 'data'), '-w', ...words], { ...options, cwd: '/', stdio: 'ignore' });
}
const start = () => control('-l', join(HOME, 'data', 'log'), '-o', `-c listen_addresses='' -c unix_socket_directories=${HOME} -c max_connections=200`, 'start');
const whole = () => JSON.parse(cli('ledger', 'verify', `--data=${dir}`, '--output=json'));
const ready = async (node) => (await fetch(`${node.url}/readyz`)).status;
const clients = () => nodes.map((n) => new Wjb(n.port));
const provide = async (client, coupon_id, buyer_nicks) => (await client.spi({ coupon_id, buyer_nicks })).json?.response;

let lastId = 91000000;
async function coupon(members) {
  const coupon_id = ++lastId;
  await clients()[0].ok('wjb.ump.coupon.add', { coupon: { coupon_id, name: 'n', type: 1, ...members } });
  return coupon_id;
}

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'couponry-nodes-'));
  dir = join(root, 'data');
  cli('demo', `--data=${dir}`);
  for (let i = 0; i < NODES; i++) nodes.push(await Server.start({ dir, demo: false }));
});
after(async () => {
  for (const n of nodes) await n.close();
  if (root) rmSync(root, { recursive: true, force: true });
});

test('a total is given out exactly, whichever node is asked', async () => {
  const coupon_id = await coupon({ total: 40 });
  const all = clients(), codes = new Set();
  let exhausted = 0;
  await Promise.all(
    Array.from({ length: 90 }, async (_, i) => {
      const [r] = (await provide(all[i % NODES], coupon_id, [`total-${i}`])).send_results;
      if (r.code === 0) codes.add(r.coupon_number);
      else exhausted += r.code === EXHAUSTED;
    }),
  );
  assert.equal(codes.size, 40);
  assert.equal(exhausted, 50);
  whole();
});

test('what one node writes another reads at once', async () => {
  const coupon_id = await coupon({});
  const all = clients();
  for (let i = 0; i < 30; i++) {
    const [a] = (await provide(all[i % NODES], coupon_id, [`seen-${i}`])).send_results;
    const [b] = (await provide(all[(i + 1) % NODES], coupon_id, [`seen-${i}`])).send_results;
    assert.equal(a.coupon_number, b.coupon_number);
  }
});

test('connections that are cut lose nothing that was answered, and double nothing', async () => {
  const coupon_id = await coupon({});
  const all = clients(), given = new Map();
  let answered = 0, busy = 0, stop = false;
  const cutter = (async () => {
    while (!stop) {
      sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'couponry'");
      await sleep(30);
    }
  })();
  await Promise.all(
    Array.from({ length: 24 }, async (_, i) => {
      for (let n = 0; n < 15; n++) {
        const nick = `cut-${i}-${n}`;
        const response = await provide(all[i % NODES], coupon_id, [nick]);
        if (response?.code === 0 && response.send_results[0].code === 0) {
          answered++;
          given.set(nick, response.send_results[0].coupon_number);
        } else busy++;
      }
    }),
  );
  stop = true;
  await cutter;
  assert.ok(answered > 0, `${busy} busy`);
  await sleep(1500); // the tenders have found their way back
  for (const [nick, number] of given) {
    const [again] = (await provide(all[0], coupon_id, [nick])).send_results;
    assert.equal(again.coupon_number, number, nick);
  }
  whole();
});

test('while PostgreSQL is away nodes say busy, and go on by themselves', async () => {
  const coupon_id = await coupon({});
  control('-m', 'immediate', 'stop');
  const begin = Date.now();
  const refused = await clients()[1].spi({ coupon_id, buyer_nicks: ['away'] });
  assert.notEqual(refused.json?.response?.code, 0, refused.text);
  assert.ok(Date.now() - begin < 15000);
  await sleep(1500);
  for (const n of nodes) assert.equal(await ready(n), 503);
  start();
  await sleep(2500);
  for (const n of nodes) assert.equal(await ready(n), 200);
  const [r] = (await provide(clients()[1], coupon_id, ['away'])).send_results;
  assert.equal(r.code, 0);
  whole();
});

test('a node with another master key is refused, and no password is shown', async () => {
  const [store] = place(dir);
  await assert.rejects(
    new Promise((resolve, reject) =>
      execFile(nodes[0].process.spawnfile, ['merchant', 'add', '--name=x', store, `--master-key=${root}/other.key`], (e, out, err) =>
        e ? reject(new Error(err)) : resolve(out),
      ),
    ),
    /key_file_wrong/,
  );
  const shown = execFileSync(nodes[0].process.spawnfile, ['config', '--show'], {
    encoding: 'utf8',
    env: { ...process.env, COUPONRY_STORE: 'postgresql://me:sesame@db.example/coupons?sslmode=require&password=sesame' },
  });
  assert.match(shown, /store = postgresql:\/\/me:\*\*\*@db\.example\/coupons\?sslmode=require&password=\*\*\*/);
  assert.doesNotMatch(shown, /sesame/);
});
