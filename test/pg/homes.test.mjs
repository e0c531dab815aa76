// Nodes that know each other let each merchant's writes be made by one of them. Run by tools/with-postgresql.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, csvObjects, sleep } from '../js/e2e.mjs';
import { BINARY, Server, cli, place } from '../js/server.mjs';
import { Native, fresh } from '../js/native.mjs';
import { Wjb } from '../js/wjb.mjs';

let root, dir, nodes = [], home, other;
const metric = async (node, name) => Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\d+)`, 'm').exec(await (await fetch(`${node.url}/metrics`)).text())[1]);
const passed = (node, outcome = 'answered') => metric(node, `couponry_passed_calls_total{outcome="${outcome}"}`);
async function until(what, ms = 15000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) if (await what().catch(() => false)) return;
  throw new Error('it does not come to it');
}
const know = (n) => until(async () => (await Promise.all(nodes.map((x) => metric(x, 'couponry_nodes')))).every((k) => k === n));

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'couponry-homes-'));
  dir = join(root, 'data');
  cli('demo', `--data=${dir}`);
  for (let i = 0; i < 2; i++) nodes.push(await Server.start({ dir, demo: false, known: true }));
  await know(2);
  for (const n of nodes) await new Wjb(n.port).ok('wjb.ump.coupon.add', { coupon: { coupon_id: 93000000 + n.port, name: 'n', type: 1 } });
  [home, other] = (await passed(nodes[0])) ? [nodes[1], nodes[0]] : nodes;
});
after(async () => {
  for (const n of nodes) await n.close();
  if (dir) cli('ledger', 'verify', `--data=${dir}`);
  if (root) rmSync(root, { recursive: true, force: true });
});

let lastId = 93500000;
async function coupon(members = {}) {
  const coupon_id = ++lastId;
  await new Wjb(home.port).ok('wjb.ump.coupon.add', { coupon: { coupon_id, name: 'n', type: 1, ...members } });
  return coupon_id;
}
const provide = async (node, coupon_id, nick) => (await new Wjb(node.port).spi({ coupon_id, buyer_nicks: [nick] })).json?.response?.send_results?.[0];

test('a write is made at home, a read where it came to, and the answers are the same', async () => {
  assert.equal(await passed(home), 0, 'the home passes nothing on');
  const before = await passed(other), coupon_id = await coupon();
  const a = await provide(other, coupon_id, 'one');
  assert.equal(a.code, 0);
  assert.equal(await passed(other), before + 1);
  assert.equal((await provide(home, coupon_id, 'one')).coupon_number, a.coupon_number, 'the same coupon');
  await new Wjb(other.port).ok('wjb.ump.coupon.list', {});
  assert.equal(await passed(other), before + 1, 'a read is not passed on');
  assert.equal(await passed(home), 0);
});

test('all that an answer of the native API has comes through: status, headers, problems, verbs', async () => {
  const [a, b] = [new Native(home.port), new Native(other.port)];
  const before = await passed(other);
  const made = await b.call('POST', '/v1/templates', { name: 'p', type: 'amount_off', amount_fen: 100 });
  assert.equal(made.status, 201, made.text);
  const seen = await a.call('GET', `/v1/templates/${made.json.template_id}`);
  assert.ok(seen.headers.etag);
  const stale = await b.call('PATCH', `/v1/templates/${made.json.template_id}`, { name: 'q' }, { headers: { 'if-match': '"999"' } });
  assert.equal(stale.status, 412, stale.text);
  assert.match(stale.headers['content-type'], /application\/problem\+json/);
  const changed = await b.call('PATCH', `/v1/templates/${made.json.template_id}`, { name: '满减 "q"' }, { headers: { 'if-match': seen.headers.etag } });
  assert.equal(changed.status, 200, changed.text);
  const body = { template_id: made.json.template_id, customer: { nick: 'k' } }, number = fresh();
  const first = await b.post('/v1/coupons', body, { number }), again = await a.post('/v1/coupons', body, { number });
  assert.equal(first.status, 201, first.text);
  assert.equal(again.json.coupons[0].code, first.json.coupons[0].code);
  assert.equal((await b.post('/v1/coupons', { ...body, count: 2 }, { number })).status, 422, 'same key, other body');
  assert.equal((await b.post('/v1/coupons', { template_id: 'none' })).status, 400);
  assert.equal(await passed(other), before + 6, 'refused ones, too: the home knows the words');
});

test('requests that are pipelined, in pieces, chunked and large arrive whole', async () => {
  const coupon_id = await coupon({ per_person: 1 });
  const nicks = Array.from({ length: 50 }, (_, i) => `${'长'.repeat(60)}${i}`);
  const requests = [nicks, ['p1'], ['p2']].map((buyer_nicks) => new Wjb(other.port).spiRequest({ coupon_id, buyer_nicks }));
  const bytes = requests.map(({ path, headers, body }, i) => {
    const head = [`POST ${path} HTTP/1.1`, 'Host: x', ...Object.entries(headers ?? {}).map(([k, v]) => `${k}: ${v}`), 'Accept-Encoding: gzip;q=0'];
    return i === 1
      ? `${head.join('\r\n')}\r\nTransfer-Encoding: chunked\r\n\r\n${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`
      : `${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  }).join('');
  const answers = await new Promise((resolve, reject) => {
    const socket = net.connect(other.port, '127.0.0.1');
    let out = '';
    socket.on('data', (d) => {
      out += d;
      if (out.split('HTTP/1.1 200 OK').length === 4 && out.endsWith('}')) socket.destroy(), resolve(out);
    });
    socket.on('error', reject);
    const all = Buffer.from(bytes);
    for (let at = 0; at < all.length; at += 700) socket.write(all.subarray(at, at + 700));
  });
  assert.equal(answers.split('"coupon_number"').length, 53);
});

test('a client is known by its own address, and nobody else can say who it is', async () => {
  cli('credential', 'add', `--data=${dir}`, '--merchant=1', '--dialect=wjb', '--id=77001', '--secret=s77001', '--trusted=203.0.113.9');
  const coupon_id = await coupon();
  const client = new Wjb(other.port, { app_key: '77001', secret: 's77001' });
  const refused = await client.spi({ coupon_id, buyer_nicks: ['x'] });
  assert.notEqual(refused.json?.response?.code, 0, refused.text);
  const request = client.spiRequest({ coupon_id, buyer_nicks: ['x'] });
  for (const mac of ['0'.repeat(64), '']) {
    const header = { 'Couponry-Passed': `203.0.113.9 ${Date.now()} ${mac}` };
    for (const node of nodes) {
      const forged = await new Client(node.port).send({ ...request, headers: { ...request.headers, ...header } });
      assert.notEqual(forged.json?.response?.code, 0, forged.text);
    }
  }
});

test('a home that stops or dies is done without, and found again', async () => {
  const coupon_id = await coupon();
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    await home.stop(signal);
    const r = await provide(other, coupon_id, `without-${signal}`);
    assert.equal(r?.code, 0, 'made where it came to');
    await home.run();
    await until(async () => {
      const n = await passed(home) + await passed(other);
      await provide(home, coupon_id, 'back');
      await provide(other, coupon_id, 'back');
      return (await passed(home) + await passed(other)) > n;
    });
  }
});

test('load while the home is killed: what was answered is there, once', async () => {
  const coupon_id = await coupon({ per_person: 1 });
  const given = new Map();
  let stop = false, busy = 0;
  await Promise.all(Array.from({ length: 16 }, async (_, c) => {
    for (let i = 0; !stop; i++) {
      const nick = `load-${c}-${i}`;
      const r = await provide(nodes[c % 2], coupon_id, nick).catch(() => null);
      if (r?.code === 0) given.set(nick, r.coupon_number);
      else busy++;
      if (c === 0 && i % 40 === 39) {
        await home.stop('SIGKILL');
        await home.run();
      }
      if (c === 0 && i === 160) stop = true;
    }
  }));
  assert.ok(given.size > 100, `${given.size} given, ${busy} not`);
  const there = new Map(csvObjects(cli('export', 'coupons', `--data=${dir}`)).filter((c) => c.template_id === String(coupon_id)).map((c) => [c.nick, c.code]));
  for (const [nick, code] of given) assert.equal(there.get(nick), code, nick);
});

test('a node that is to stop waits for a write that the database keeps waiting', async () => {
  const coupon_id = ++lastId, node = home, [store] = place(dir);
  const holder = execFile('psql', ['-qX', store.slice('--store='.length), '-c',
    'begin; select from head where merchant_id = 1 for update; select pg_sleep(12.5); rollback']);
  await sleep(500);
  const made = new Wjb(node.port).ok('wjb.ump.coupon.add', { coupon: { coupon_id, name: 'n', type: 1 } }).catch((e) => e);
  await sleep(300);
  assert.equal(await node.stop(), 0, node.log.slice(-2000));
  await made; // its connection was cut after ten seconds
  assert.equal(holder.exitCode, 0, 'not before the database was free again');
  await node.run();
  assert.equal((await provide(node, coupon_id, 'after')).code, 0, 'it was made');
});

test('settings that cannot work are refused', () => {
  const [store, key] = place(dir);
  for (const [args, why] of [
    [[`--data=${root}/x`, '--node-address=127.0.0.1:1'], /wants --store/],
    [[store, key, '--node-address=node-1:8080'], /numeric address/],
    [[store, key, '--node-address=0.0.0.0:8080'], /numeric address/],
    [[store, key, '--node-address=[::]:8080'], /numeric address/],
    [[store, key, '--node-address=10.0.0.1:8080', '--tls-cert=a', '--tls-key=b'], /without TLS/],
  ]) {
    try {
      execFileSync(BINARY, ['serve', ...args], { stdio: 'pipe', timeout: 10000 });
      assert.fail('it serves');
    } catch (e) {
      assert.match(String(e.stderr), why);
    }
  }
});
