// The process as an operator sees it: health, metrics, log, stopping, TLS, slow and large requests.
import assert from 'node:assert/strict';
import https from 'node:https';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { Server } from '../js/server.mjs';
import { Client, command, folder, program, requestBytes, sleep, until, verify, waiqinRequest } from '../js/e2e.mjs';
import { find, stopClient } from '../js/top.mjs';
import { Wjb } from '../js/wjb.mjs';
import { Zvcms } from '../js/zvcms.mjs';

const box = folder('serve');
let server, client, wjb;
before(async () => {
  server = await Server.start();
  client = new Client(server.port, 4);
  wjb = new Wjb(server.port);
});
after(async () => {
  client?.close();
  stopClient();
  await server?.close();
  box.remove();
});

/** Prometheus text -> {name{labels} -> value}; every line must be of the format. */
function parse(metrics) {
  const values = {}, types = {};
  assert.ok(metrics.endsWith('\n'));
  for (const line of metrics.slice(0, -1).split('\n')) {
    let m;
    if ((m = /^# HELP ([a-z_]+) \S.*$/.exec(line))) continue;
    if ((m = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line))) {
      assert.equal(types[m[1]], undefined, `${m[1]} twice`);
      types[m[1]] = m[2];
      continue;
    }
    m = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? (\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line);
    assert.ok(m, `no Prometheus line: ${line}`);
    const base = types[m[1]] ? m[1] : m[1].replace(/_(bucket|sum|count)$/, '');
    assert.ok(types[base], `${m[1]} has a type before it`);
    if (types[m[1]] === 'counter') assert.match(m[1], /_total$/);
    assert.equal(values[m[1] + (m[2] ?? '')], undefined, `${line} twice`);
    values[m[1] + (m[2] ?? '')] = Number(m[3]);
  }
  return { values, types };
}
const metrics = async (c = client) => parse((await c.get('/metrics')).text);
const calls = (m, method, fault) =>
  Object.entries(m.values).reduce((n, [k, v]) => n + (k.startsWith('couponry_calls_total{') && k.includes(`"${method}"`) && k.includes(`fault="${fault}"`) ? v : 0), 0);

describe('pages', () => {
  test('/healthz and /readyz', async () => {
    assert.deepEqual([(await client.get('/healthz')).status, (await client.get('/healthz')).text], [200, 'ok\n']);
    assert.deepEqual([(await client.get('/readyz')).status, (await client.get('/readyz')).text], [200, 'ready\n']);
    assert.equal((await client.send({ path: '/healthz', method: 'POST', body: '' })).status, 405);
    assert.equal((await client.get('/nothing')).status, 404);
    assert.equal((await client.get('/')).status, 404);
  });
  test('/metrics is Prometheus text', async () => {
    const reply = await client.get('/metrics');
    assert.equal(reply.status, 200);
    assert.match(reply.headers['content-type'], /^text\/plain; version=0\.0\.4/);
    const { values, types } = parse(reply.text);
    for (const name of ['couponry_connections', 'couponry_lane_batches_total', 'couponry_lane_queue_depth', 'couponry_ledger_entries_total', 'couponry_ready']) assert.ok(name in values, name);
    assert.equal(values.couponry_ready, 1);
    assert.ok(values.couponry_connections >= 1);
    assert.deepEqual(Object.entries(types).filter(([, t]) => t === 'histogram').map(([n]) => n).sort(), ['couponry_call_seconds', 'couponry_lane_batch_size', 'couponry_ledger_sync_seconds'].sort());
  });
  test('counters move by method and fault, histograms add up', async () => {
    const before = await metrics();
    await wjb.ok('wjb.ump.coupon.add', { coupon: { coupon_id: 4001, name: 'm' } });
    for (let i = 0; i < 3; i++) await wjb.ok('wjb.ump.coupon.list', {});
    await wjb.call('wjb.ump.coupon.list', {}, { sign: '00' });
    await wjb.call('wjb.ump.nothing', {});
    await find(server, { phone: '18612255668' });
    await new Zvcms(server).call({ customerId: '383933091455959041' });
    await client.send(waiqinRequest('queryCampaign', {}));
    await wjb.spi({ coupon_id: 4001, buyer_nicks: ['m1'] });
    const m = await metrics();
    const moved = (method, fault) => calls(m, method, fault) - calls(before, method, fault);
    assert.equal(moved('wjb.ump.coupon.list', 'ok'), 3, JSON.stringify(m.values, null, 1).slice(0, 3000));
    assert.equal(moved('wjb.ump.coupon.list', 'signature_wrong'), 1);
    assert.equal(moved('wjb.ump.coupon.add', 'ok'), 1);
    assert.equal(moved('alibaba.alihealth.nr.crm.coupon.querycoupon', 'ok'), 1);
    assert.equal(moved('queryCampaign', 'ok'), 1);
    assert.ok(!Object.keys(m.values).some((k) => k.includes('wjb.ump.nothing')), 'the row is named, never what the client said');
    assert.equal(m.values.couponry_ledger_entries_total - before.values.couponry_ledger_entries_total, 2);
    for (const key of Object.keys(m.values).filter((k) => k.startsWith('couponry_call_seconds_count'))) {
      const labels = key.slice('couponry_call_seconds_count{'.length, -1);
      const buckets = Object.entries(m.values).filter(([k]) => k.startsWith(`couponry_call_seconds_bucket{${labels},le=`)).map(([, v]) => v);
      assert.ok(buckets.every((v, i) => !i || v >= buckets[i - 1]), key);
      assert.equal(buckets.at(-1), m.values[key]);
    }
  });
  test('a request that is no HTTP is counted', async () => {
    const before = await metrics();
    assert.match(await server.raw('GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx'), /^HTTP\/1\.1 400 /);
    assert.equal((await metrics()).values.couponry_refused_requests_total, before.values.couponry_refused_requests_total + 1);
  });
});

describe('the log', () => {
  test('one JSON line per call, and nothing that must not stand there', async () => {
    const s = await Server.start();
    const w = new Wjb(s.port), z = new Zvcms(s), c = new Client(s.port);
    try {
      await w.ok('wjb.ump.coupon.add', { coupon: { coupon_id: 4002, name: 'BODYTEXT' } });
      const issued = (await w.spi({ coupon_id: 4002, buyer_nicks: ['NICKTEXT'] })).json.response.send_results[0].coupon_number;
      await find(s, { phone: '18612255668' });
      await find(s, { coupon_code: issued });
      await z.call({ customerId: '383933091455959041', cardId: '390913445498200066' });
      await c.send(waiqinRequest('queryCampaign', { activity_source_code: 'demo-campaign' }));
      await c.send(waiqinRequest('applyCallBack', { campaign_source_code: 'demo-campaign', campaign_code: 'HD001', cm_names: 'UNKNOWNPERSON', registered_time: '2025-01-01 00:00:00', merchant_information: 'INFOTEXT' }));
      await w.call('wjb.ump.coupon.list', {}, { sign: 'WRONGSIGN' });
      await w.call('METHODTEXT"\n', {});
      await w.call('wjb.ump.coupon.add', '{"coupon": BROKENBODY');
      await w.call('wjb.ump.coupon.list', {}, { params: { app_key: 'KEYTEXT', access_token: 'TOKENTEXT' } });
      await c.send({ path: '/router/rest?method=' + 'x'.repeat(300) + '&app_key=LONGTEXT', method: 'GET' });
      await c.get('/healthz');
      await s.stop();
      const lines = s.log.split('\n').filter((l) => l && !l.startsWith('listening'));
      assert.equal(lines.length, 12, s.log);
      for (const line of lines) {
        const o = JSON.parse(line);
        assert.deepEqual(Object.keys(o), ['time', 'method', 'actor', 'fault', 'us']);
        assert.match(o.time, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
        assert.ok(Number.isInteger(o.us) && o.us > 0 && o.us < 10e6);
        assert.match(o.actor, /^(merchant:1)?$/);
      }
      const said = lines.map((l) => JSON.parse(l)).map((o) => `${o.method} ${o.fault}`);
      assert.deepEqual(said.slice(0, 3), ['wjb wjb.ump.coupon.add ok', said[1], 'top alibaba.alihealth.nr.crm.coupon.querycoupon ok']);
      assert.equal(said[7], 'wjb wjb.ump.coupon.list signature_wrong');
      for (const secret of ['helloworld', 'wjbsecret', 'demo-token', 'demoappkey', 'zvcmssecret', '782c281f62', '18612255668', '390913445498200066', issued, 'BODYTEXT', 'NICKTEXT',
        'UNKNOWNPERSON', 'INFOTEXT', 'WRONGSIGN', 'METHODTEXT', 'BROKENBODY', 'KEYTEXT', 'TOKENTEXT', 'LONGTEXT', 'xxx', '小明'])
        assert.ok(!s.log.includes(secret), `${secret} is in the log`);
    } finally {
      c.close();
      await s.close();
    }
  });
  test('a reader that is slow or gone holds up nobody', async () => {
    const s = await Server.start();
    const c = new Client(s.port, 8);
    try {
      s.process.stderr.pause(); // 64 KiB of pipe, then our own buffers
      s.process.stderr.removeAllListeners('data');
      await Promise.all(Array.from({ length: 3000 }, () => c.send({ path: '/v3/crm/coupon/getCustomerCoupons', body: '{}' })));
      s.process.stderr.destroy();
      await Promise.all(Array.from({ length: 100 }, () => c.send({ path: '/v3/crm/coupon/getCustomerCoupons', body: '{}' })));
      assert.equal((await c.get('/healthz')).status, 200);
      assert.equal(await s.stop(), 0);
    } finally {
      c.close();
      await s.close();
    }
  });
});

describe('stopping', () => {
  for (const signal of ['SIGTERM', 'SIGINT'])
    test(`${signal}: calls under way are answered, idle connections end, the port is closed`, async () => {
      const s = await Server.start();
      const w = new Wjb(s.port);
      try {
        const idle = net.connect(s.port, '127.0.0.1');
        await new Promise((ok) => idle.on('connect', ok));
        idle.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
        await new Promise((ok) => idle.once('data', ok));
        const idleEnded = new Promise((ok) => idle.on('close', ok));
        const bytes = requestBytes(w.request('wjb.ump.activity.add', { activity: { name: `slow ${signal}` } }));
        const slow = net.connect(s.port, '127.0.0.1');
        let reply = '';
        slow.on('data', (d) => (reply += d));
        const slowEnded = new Promise((ok) => slow.on('close', ok));
        slow.write(bytes.subarray(0, bytes.length - 5));
        await sleep(100);
        const gone = new Promise((ok) => s.process.on('exit', ok));
        s.process.kill(signal);
        await idleEnded;
        await sleep(100);
        assert.equal(s.process.exitCode, null, 'it waits for the call');
        await assert.rejects(fetch(`${s.url}/healthz`), 'no new connections');
        slow.write(bytes.subarray(bytes.length - 5));
        await slowEnded;
        assert.match(reply, /^HTTP\/1\.1 200 .*connection: close.*"code":0,"activity_id":\d+/is);
        assert.equal(await gone, 0);
        await s.run();
        assert.equal((await new Wjb(s.port).ok('wjb.ump.activity.list', {})).activities.filter((a) => a.name === `slow ${signal}`).length, 1);
      } finally {
        await s.close();
      }
    });
  test('under load nothing acknowledged is lost, and it ends in a moment', async () => {
    const s = await Server.start({ args: ['--log-calls=false'] });
    const w = new Wjb(s.port);
    const acknowledged = [];
    try {
      const clients = Array.from({ length: 8 }, async (_, i) => {
        const c = new Client(s.port);
        try {
          for (let n = 0; ; n++) {
            const r = await c.send(w.request('wjb.ump.coupon.add', { coupon: { coupon_id: 10000 * (i + 1) + n, name: 'x' } }));
            if (r.json?.response?.code !== 0) break;
            acknowledged.push(10000 * (i + 1) + n);
          }
        } catch {
        } finally {
          c.close();
        }
      });
      await sleep(300);
      const began = Date.now();
      assert.equal(await s.stop(), 0);
      assert.ok(Date.now() - began < 5000);
      await Promise.all(clients);
      assert.ok(acknowledged.length > 50);
      await s.run();
      const there = new Set();
      for (let page_no = 1; ; page_no++) {
        const { coupons } = await new Wjb(s.port).ok('wjb.ump.coupon.list', { page_no, page_size: 50 });
        if (!coupons.length) break;
        coupons.forEach((c) => there.add(c.coupon_id));
      }
      for (const id of acknowledged) assert.ok(there.has(id), String(id));
    } finally {
      await s.close();
    }
    });
});

describe('TLS', () => {
  test('a file that is not there, or holds something else, is named with what is wrong', async () => {
    const cert = box.at('cert0.pem'), key = box.at('key0.pem'), junk = box.at('junk.pem');
    const made = await program('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost']);
    assert.equal(made.status, 0, made.stderr);
    writeFileSync(junk, 'no certificate\n');
    const none = box.at('none.pem');
    for (const [c, k, want] of [
      [none, key, `certificate ${none}: No such file or directory`],
      [cert, none, `key ${none}: No such file or directory`],
      [junk, key, `certificate ${junk}: no start line`],
      [cert, junk, `key ${junk}: `],
    ]) {
      const r = await command(['serve', `--data=${box.at('tls-data')}`, '--listen=127.0.0.1:0', `--tls-cert=${c}`, `--tls-key=${k}`]);
      assert.equal(r.status, 2, r.stderr);
      assert.ok(r.stderr.includes(want), r.stderr);
      assert.doesNotMatch(r.stderr, /unknown trouble/);
    }
  });
  test('a self-signed certificate: all the same, and plain HTTP is not answered there', async () => {
    const cert = box.at('cert.pem'), key = box.at('key.pem');
    const made = await program('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']);
    assert.equal(made.status, 0, made.stderr);
    const s = await Server.start({ args: [`--tls-cert=${cert}`, `--tls-key=${key}`] });
    const agent = new https.Agent({ keepAlive: true, ca: readFileSync(cert), maxSockets: 4 });
    const send = ({ path, method = 'POST', headers = {}, body }, options = {}) =>
      new Promise((resolve, reject) => {
        const r = https.request({ host: '127.0.0.1', port: s.port, path, method, headers: { ...headers, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}) }, agent, ...options }, (res) => {
          const parts = [];
          const protocol = res.socket.getProtocol(), alpn = res.socket.alpnProtocol;
          res.on('data', (d) => parts.push(d));
          res.on('end', () => resolve({ status: res.statusCode, text: Buffer.concat(parts).toString(), protocol, alpn }));
        });
        r.on('error', reject);
        r.end(body);
      });
    try {
      assert.match(s.url, /^https:/);
      const w = new Wjb(s.port);
      const health = await send({ path: '/healthz', method: 'GET' });
      assert.deepEqual([health.status, health.text, health.protocol], [200, 'ok\n', 'TLSv1.3']);
      assert.equal((await send({ path: '/healthz', method: 'GET' }, { agent: undefined, ca: readFileSync(cert), maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] })).alpn, 'http/1.1');
      await assert.rejects(send({ path: '/healthz', method: 'GET' }, { agent: undefined, ca: readFileSync(cert), minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }));
      const added = await Promise.all(Array.from({ length: 40 }, (_, i) => send(w.request('wjb.ump.coupon.add', { coupon: { coupon_id: 5000 + i, name: 'tls', memo: '好'.repeat(20000) } }))));
      for (const r of added) assert.equal(r.text, '{"response":{"code":0}}');
      const list = JSON.parse((await send(w.request('wjb.ump.coupon.list', { page_size: 50 }))).text);
      assert.equal(list.response.coupons.filter((c) => c.memo?.length === 20000).length, 40);
      assert.ok(!/^HTTP\/1\.1 200/.test(await s.raw('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n')));
      assert.equal((await send({ path: '/healthz', method: 'GET' })).status, 200);
      assert.equal((await send({ path: '/rest/x', body: 'x'.repeat(1024 * 1024 + 1) })).status, 413);
      assert.equal(await s.stop(), 0);
    } finally {
      agent.destroy();
      await s.close();
    }
  });
});

describe('slow, large and broken requests', () => {
  test('slow headers are cut at the deadline, whatever trickles in; others are served meanwhile', { timeout: 30000 }, async () => {
    const began = Date.now();
    const cut = (first, trickle) =>
      new Promise((resolve) => {
        const socket = net.connect(server.port, '127.0.0.1');
        let reply = '';
        socket.on('data', (d) => (reply += d));
        socket.on('error', () => {});
        socket.write(first);
        const timer = trickle && setInterval(() => socket.write(trickle), 500);
        socket.on('close', () => {
          clearInterval(timer);
          resolve({ ms: Date.now() - began, reply });
        });
      });
    const slow = [cut('G'), cut('GET /healthz HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n'), cut('GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ', 'y')];
    const many = Array.from({ length: 200 }, () => cut('POST /rest/x HTTP/1.1\r\n'));
    let served = 0, worst = 0, finished = false;
    const ends = Promise.all([...slow, ...many]).then((r) => ((finished = true), r));
    while (!finished) {
      const t = Date.now();
      assert.equal((await client.get('/healthz')).status, 200);
      worst = Math.max(worst, Date.now() - t);
      served++;
      await sleep(20);
    }
    for (const { ms, reply } of await ends) {
      assert.ok(ms > 9000 && ms < 13500, `cut after ${ms} ms`);
      assert.match(reply, /^(HTTP\/1\.1 408 .*)?$/s);
    }
    assert.ok(served > 100 && worst < 1500, `${served} served, the slowest took ${worst} ms`);
    await until(async () => (await metrics()).values.couponry_connections < 20, 2000, 'closing them');
  });
  test('a body over the cap: 413 before it is sent, and readable by one who sends it all', async () => {
    const head = (n) => `POST /rest/x HTTP/1.1\r\nHost: a\r\nContent-Length: ${n}\r\n\r\n`;
    assert.match(await server.raw(head(1024 * 1024 + 1), 1500), /^HTTP\/1\.1 413 .*text\/plain/s);
    assert.match(await server.raw(head('99999999999999999999'), 1500), /^HTTP\/1\.1 4\d\d /);
    const c = new Client(server.port);
    for (const path of ['/rest/x', '/router/rest', '/api/bcwin/v1/queryCampaign/a/b/c/d', '/v3/crm/coupon/getCustomerCoupons', '/spi/wjb/coupon/provide', '/nothing'])
      assert.equal((await c.send({ path, body: Buffer.alloc(3 * 1024 * 1024, 'x') })).status, 413, path);
    c.close();
    assert.match(await server.raw('POST /rest/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n' + `100000\r\n${'x'.repeat(0x100000)}\r\n`.repeat(2) + '0\r\n\r\n', 1500), /^HTTP\/1\.1 413 /);
  });
  test('headers over the cap: 431', async () => {
    assert.match(await server.raw(`GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(17000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(await server.raw(`GET /healthz HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(70)}\r\n`), /^HTTP\/1\.1 431 /);
  });
  test('pipelined requests are answered in order', async () => {
    const requests = ['/healthz', '/readyz', '/nothing', '/healthz'].map((p) => `GET ${p} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const write = requestBytes(wjb.request('wjb.ump.coupon.add', { coupon: { coupon_id: 4100, name: 'p' } })).toString();
    const out = await server.raw(requests[0] + write + requests.slice(1).join(''), 500);
    assert.deepEqual(out.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
    assert.ok(out.indexOf('"code":0') < out.indexOf('ready'));
  });
  test('thousands of connections that come and go in every way', async () => {
    const bytes = requestBytes(wjb.request('wjb.ump.activity.add', { activity: { name: 'torn' } }));
    for (let round = 0; round < 10; round++)
      await Promise.all(Array.from({ length: 100 }, (_, i) => new Promise((resolve) => {
        const socket = net.connect(server.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.on('close', resolve);
        const size = (i * 37 + round * 101) % (bytes.length + 1);
        if (size) socket.write(bytes.subarray(0, size), () => (i % 2 ? socket.resetAndDestroy() : socket.destroy()));
        else socket.on('connect', () => socket.destroy());
      })));
    assert.equal((await client.get('/healthz')).status, 200);
    assert.ok((await wjb.ok('wjb.ump.activity.list', { page_size: 50 })).activities.filter((a) => a.name === 'torn').length <= 1);
  });
  test('all that was done here is in order', async () => {
    await verify(server.dir);
    assert.equal(await server.stop(), 0);
    await verify(server.dir);
  });
});
