// Nodes that know each other let each merchant's writes be made by one of them. Run by tools/with-postgresql.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHmac, hkdfSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, csvObjects, requestBytes, sleep } from '../js/e2e.mjs';
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

/** What nodes of one store sign bundles with (serve/home.c): of its first master key and its number. */
function bundleKey() {
  const [store] = place(dir), url = store.slice('--store='.length);
  const row = Buffer.from(execFileSync('psql', ['-qXAt', url, '-c', "select encode(value, 'hex') from meta where name = 'store'"], { encoding: 'utf8' }).trim(), 'hex');
  const size = row[0] - 247, number = Buffer.alloc(8); // base/varint.c
  row.copy(number, 8 - size, 1, 1 + size);
  const master = Buffer.from(/^\d+ ([0-9a-f]{64})/m.exec(readFileSync(`${dir}.key`, 'utf8'))[1], 'hex');
  const seed = hkdfSync('sha256', master, number.reverse(), 'couponry ledger checkpoint', 32);
  return Buffer.from(hkdfSync('sha256', Buffer.from(seed), Buffer.alloc(0), 'couponry passed calls', 32));
}
const bundleOf = (peer, ...requests) => Buffer.concat(requests.flatMap((r) => [Buffer.from(`${r.length} ${peer}\n`), r]));
function markOf(bundle, { key = bundleKey(), ms = Date.now() } = {}) {
  return `${ms} ${createHmac('sha256', key).update(`${ms}\n`).update(bundle).digest('hex')}`;
}
const sendBundle = (node, body, mark) =>
  new Client(node.port).send({ path: '/-/bundle', headers: mark === undefined ? {} : { 'couponry-passed': mark }, body });
const given = (coupon_id) => csvObjects(cli('export', 'coupons', `--data=${dir}`)).filter((c) => c.template_id === String(coupon_id)).length;

test('a client is known by its own address, and nobody else can say who it is', async () => {
  cli('credential', 'add', `--data=${dir}`, '--merchant=1', '--dialect=wjb', '--id=77001', '--secret=s77001', '--trusted=203.0.113.9');
  const coupon_id = await coupon({ per_person: 1 });
  const client = new Wjb(other.port, { app_key: '77001', secret: 's77001' });
  const refused = await client.spi({ coupon_id, buyer_nicks: ['x'] });
  assert.notEqual(refused.json?.response?.code, 0, refused.text);
  const request = client.spiRequest({ coupon_id, buyer_nicks: ['x'] });
  const key = bundleKey(), bundle = bundleOf('203.0.113.9', requestBytes(request)), mark = markOf(bundle);
  const [ms, mac] = mark.split(' ');
  const forged = {
    none: undefined,
    empty: '',
    'a word': 'ours',
    'no mac': ms,
    'an empty mac': `${ms} `,
    'a wrong mac': `${ms} ${'0'.repeat(64)}`,
    'a mac cut': `${ms} ${mac.slice(0, 62)}`,
    'a mac and more': `${mark}00`,
    'no time': mac,
    'another time': `${Number(ms) - 1} ${mac}`,
    'another key': markOf(bundle, { key: Buffer.alloc(32) }),
    'another bundle': markOf(bundleOf('203.0.113.8', requestBytes(request))),
    'an old one': markOf(bundle, { key, ms: Date.now() - 62000 }),
    'one to come': markOf(bundle, { key, ms: Date.now() + 62000 }),
    'as it was': `203.0.113.9 ${ms} ${mac}`,
  };
  for (const node of nodes) {
    const unknown = await new Client(node.port).send({ path: '/-/nothing', body: bundle });
    assert.equal(unknown.status, 404);
    for (const [what, value] of Object.entries(forged)) {
      const r = await sendBundle(node, bundle, value);
      assert.equal(r.status, 404, what);
      assert.equal(r.headers['content-type'], unknown.headers['content-type'], what);
    }
    const direct = await new Client(node.port).send({ ...request, headers: { ...request.headers, 'couponry-passed': mark } });
    assert.notEqual(direct.json?.response?.code, 0, direct.text);
  }
  assert.equal(given(coupon_id), 0, 'nothing was written');

  const within = bundleOf('203.0.113.9', requestBytes({ path: '/-/bundle', headers: { 'couponry-passed': mark }, body: bundle }));
  const nested = await sendBundle(home, within, markOf(within));
  assert.equal(nested.status, 200);
  assert.match(nested.text, /^0 \d+\nHTTP\/1\.1 404 /, 'what was passed is not passed on');
  const none = Buffer.from('good morning');
  assert.equal((await sendBundle(home, none, markOf(none))).status, 404, 'marked, but no bundle');
  const alone = await Server.start({ dir, demo: false });
  assert.equal((await sendBundle(alone, bundle, markOf(bundle))).status, 404, 'a node that nobody passes anything to');
  await alone.close();
  assert.equal(given(coupon_id), 0, 'nothing was written');

  const taken = await sendBundle(home, bundle, markOf(bundle, { key, ms: Date.now() - 50000 }));
  assert.equal(taken.status, 200);
  assert.match(taken.text, /^0 \d+\nHTTP\/1\.1 200 OK\r\n[^]*"coupon_number"/, 'as it would be from another node');
  assert.equal(given(coupon_id), 1);
});

test('what is allowed in a request is allowed in one that is passed', async () => {
  const coupon_id = await coupon(), before = await passed(other);
  const ask = (lines, request) => new Promise((resolve, reject) => {
    const socket = net.connect(other.port, '127.0.0.1');
    let out = '';
    socket.on('data', (d) => (out += d));
    socket.on('error', reject);
    socket.on('close', () => resolve(out));
    socket.end([...lines, `Content-Length: ${Buffer.byteLength(request.body)}`, '', request.body].join('\r\n'));
  });
  const request = (nick) => new Wjb(other.port).spiRequest({ coupon_id, buyer_nicks: [nick] });
  const old = request('old'), many = request('many');
  const type = 'Content-Type: application/json';
  assert.match(await ask([`POST ${old.path} HTTP/1.0`, type], old), /"coupon_number"/, 'without Host');
  const headers = Array.from({ length: 61 }, (_, i) => `X-${i}: 1`);
  assert.match(await ask([`POST ${many.path} HTTP/1.1`, 'Host: x', type, ...headers], many), /"coupon_number"/, '64 headers');
  assert.equal(await passed(other), before + 2);
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
