// A disk that is really full: a small tmpfs holds the data directory. Needs to mount one: as root, or in
// a user namespace of its own (unshare); where neither may be done the tests are skipped.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Server } from '../js/server.mjs';
import { Client, command, done, exported, folder, sleep, text, until, verify, waiqinRequest } from '../js/e2e.mjs';
import { common, find, post, query, stopClient } from '../js/top.mjs';
import { Wjb } from '../js/wjb.mjs';
import { Zvcms } from '../js/zvcms.mjs';

const box = folder('disk');
const INSIDE = 'COUPONRY_TEST_UNSHARED';
/* A segment of the ledger is 32 MiB, and the next one is made when half of it is used. */
const LEDGER_MIB = 320, VIEW_MIB = 24, MEMO = 30000;

const mount = (at, mib = VIEW_MIB) => spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=700`, 'tmpfs', at]).status === 0;
const grow = (at, mib) => spawnSync('mount', ['-o', `remount,size=${mib}m`, at]).status === 0;
const unmount = (at) => spawnSync('umount', [at]).status === 0;
const mounted = mount(box.path) && unmount(box.path);
const unshared = !mounted && !process.env[INSIDE] && spawnSync('unshare', ['-rm', 'true']).status === 0;

if (!mounted) {
  box.remove();
  if (!unshared) test('a full disk', { skip: 'no tmpfs can be mounted here, neither as this user nor after unshare -rm' }, () => {});
  else
    test('a full disk, in a mount namespace', { timeout: 120000 }, () => {
      const env = { ...process.env, [INSIDE]: '1' };
      delete env.NODE_TEST_CONTEXT;
      const r = spawnSync('unshare', ['-rm', process.execPath, '--test', '--test-reporter=tap', fileURLToPath(import.meta.url)], { env, encoding: 'utf8' });
      assert.equal(r.status, 0, r.stdout + r.stderr);
      assert.doesNotMatch(r.stdout, /# SKIP/);
    });
} else {
  describe('a full disk', { timeout: 120000 }, () => suite('data'));
  describe('a full disk under the ledger alone', { timeout: 120000 }, () => suite('ledger'));
  describe('a full disk under the view alone', { timeout: 120000 }, () => viewSuite());
  describe('a disk too small for a store', () => smallSuite());
  after(() => box.remove());
}

const campaign = { source_code: 'full', code: 'full', name: 'full', type_code: 'T1', event_status: '1', start_date: '2025-03-01', end_date: '2025-03-31', register_url: 'https://example.com/', event_information: 'x'.repeat(30000) };

let disk;
const free = () => {
  const s = statfsSync(disk);
  return s.bavail * s.bsize;
};
/** Takes all the room but `spare` bytes. */
function fill(spare = 0) {
  const fd = openSync(`${disk}/filler`, 'a'), block = Buffer.alloc(65536, 1);
  try {
    while (free() > spare) writeSync(fd, block, 0, Math.min(block.length, Math.max(free() - spare, 1)));
  } catch (e) {
    if (e.code !== 'ENOSPC') throw e;
  } finally {
    closeSync(fd);
  }
}
const makeRoom = () => rmSync(`${disk}/filler`, { force: true });

/** What of the data directory stands on the small disk: all ("data") or one folder of it. */
function kit(part) {
  const dir = box.at(part), mib = part === 'view' ? VIEW_MIB : LEDGER_MIB, KEY = `--master-key=${box.at('key')}-${part}`;
  const ARGS = ['--log-calls=false', KEY];
  const here = part === 'data' ? dir : `${dir}/${part}`;
  let server, client, wjb, nextId = 1000;
  const acknowledged = new Set();
  before(async () => {
    disk = here;
    if (part === 'data') (mkdirSync(here), mount(here, mib));
    server = await Server.start({ dir, demo: false, args: ARGS });
    await done(['demo', `--data=${dir}`, KEY]);
    if (part !== 'data') {
      await server.stop();
      cpSync(here, box.at('aside'), { recursive: true });
      assert.ok(mount(here, mib));
      cpSync(box.at('aside'), here, { recursive: true });
      rmSync(box.at('aside'), { recursive: true });
      await server.run();
    }
    await connect();
  });
  after(async () => {
    client?.close();
    stopClient();
    await server?.close();
    unmount(here);
  });
  async function connect() {
    client?.close();
    client = new Client(server.port, 8);
    wjb = new Wjb(server.port);
  }
  const add = async (size = MEMO) => {
    const coupon_id = ++nextId;
    const r = await client.send(wjb.request('wjb.ump.coupon.add', { coupon: { coupon_id, name: `t-${coupon_id}`, memo: 'm'.repeat(size) } }));
    assert.ok(r.json, `${r.status} ${r.text}`);
    if (r.json.response.code === 0) acknowledged.add(coupon_id);
    return r;
  };
  /** Writes until one is refused; that reply. */
  const addUntilRefused = async () => {
    for (let i = 0; i < 4000; i++) {
      const replies = await Promise.all(Array.from({ length: 8 }, () => add()));
      const no = replies.find((r) => r.json.response.code !== 0);
      if (no) return no;
    }
    throw new Error('the disk is full and writes go on');
  };
  const all = async () => new Set((await exported(dir, 'templates', KEY)).map((t) => Number(t.template_id)));
  const nothingLost = async () => {
    const there = await all();
    for (const id of acknowledged) assert.ok(there.has(id), `template ${id} was acknowledged and is lost`);
  };
  async function reads() {
    const { coupons } = await wjb.ok('wjb.ump.coupon.list', { page_size: 50 });
    assert.ok(coupons.length >= 2);
    assert.ok((await find(server, { phone: '18612255668' })).result.total_count > 0);
    assert.match((await post(server, common({ ...query({ page_size: 1, page_num: 1, coupon_code: '11111' }), format: 'xml' }))).text, /11111/);
    assert.equal((await new Zvcms(server).call({ customerId: '383933091455959041' })).code, '0');
    const q = (await client.send(waiqinRequest('queryCampaign', { activity_source_code: 'demo-campaign' }))).json;
    assert.equal(JSON.parse(q.response_data).length, 1);
    assert.equal((await client.get('/healthz')).status, 200);
  }

  return {
    dir, KEY, add, addUntilRefused, all, nothingLost, reads, connect, acknowledged,
    get server() { return server; },
    get client() { return client; },
    get wjb() { return wjb; },
  };
}

function suite(part) {
  const k = kit(part), { dir, KEY, add, addUntilRefused, all, nothingLost, reads, connect, acknowledged } = k;
  test('some writes first', async () => {
    for (let i = 0; i < 40; i++) assert.equal((await add()).json.response.code, 0);
    assert.equal((await k.client.get('/readyz')).status, 200);
  });
  test('full: writes are refused in each dialect\'s words, reads go on, /readyz says why', async () => {
    fill();
    const no = await addUntilRefused();
    assert.equal(no.text, '{"response":{"code":10,"error_message":"Service currently unavailable: isp.service-unavailable"}}');
    assert.match((await k.wjb.spi({ coupon_id: 951, buyer_nicks: ['full-1'] })).text, /"code":10,/);
    assert.match((await k.client.send(k.wjb.request('wjb.ump.activity.add', { activity: { name: 'full', memo: 'x'.repeat(30000) } }))).text, /"code":10,/);
    const w = (await k.client.send(waiqinRequest('addOrUpdateCampaign', campaign))).json;
    assert.equal(w.return_code, 1);
    assert.ok(w.return_msg.length > 3);
    const ready = await k.client.get('/readyz');
    assert.deepEqual([ready.status, ready.text.split(':')[0]], [503, 'disk_full']);
    assert.match((await k.client.get('/metrics')).text, /^couponry_ready 0$/m);
    await reads();
    const r = await command(['merchant', 'add', '--name=full', `--data=${dir}`, KEY]);
    assert.equal(r.status, 1);
    assert.match(r.stderr, /^couponry: disk_full: /);
    await nothingLost();
  });
  test('still full: it stays so, and answers quickly', async () => {
    const began = Date.now();
    for (let i = 0; i < 200; i++) assert.equal((await add()).json.response.code, 10);
    assert.ok(Date.now() - began < 10000);
    await reads();
  });
  test('room: writes work again, nothing is lost, the refused ones left nothing', async () => {
    makeRoom();
    await until(async () => (await k.client.get('/readyz')).status === 200, 10000, '/readyz good again');
    for (let i = 0; i < 40; i++) assert.equal((await add()).json.response.code, 0);
    assert.equal((await k.client.send(waiqinRequest('addOrUpdateCampaign', campaign))).json.return_code, 0);
    await nothingLost();
    const there = await all();
    for (const id of there) assert.ok(id < 1000 || acknowledged.has(id), `template ${id} was refused and is there`);
    assert.equal((await exported(dir, 'campaigns', KEY)).filter((c) => c.name === 'full').length, 1);
  });
  test('full, killed, started again while full: reads are served, nothing is lost', async () => {
    fill();
    await addUntilRefused();
    await k.server.stop('SIGKILL');
    await k.server.run();
    await connect();
    await reads();
    await nothingLost();
    await addUntilRefused();
    const ready = await k.client.get('/readyz');
    assert.deepEqual([ready.status, ready.text.split(':')[0]], [503, 'disk_full']);
    makeRoom();
    await until(async () => (await k.client.get('/readyz')).status === 200, 10000, '/readyz good again');
    assert.equal((await add()).json.response.code, 0);
    await nothingLost();
  });
  test('full, stopped, started again while full', async () => {
    fill();
    await addUntilRefused();
    assert.equal(await k.server.stop(), 0);
    await k.server.run();
    await connect();
    await reads();
    await nothingLost();
    makeRoom();
    await until(async () => (await add()).json.response.code === 0, 10000, 'a write');
    await nothingLost();
  });
  test('filled and emptied again and again under load', async () => {
    const stop = { now: false };
    let ok = 0, refused = 0;
    const load = Array.from({ length: 4 }, async () => {
      while (!stop.now) {
        const { code } = (await add(20000)).json.response;
        assert.ok(code === 0 || code === 10, `code ${code}`);
        if (code === 0) ok++;
        else refused++;
        await sleep(5);
      }
    });
    for (let i = 0; i < 5; i++) {
      fill(i * 100000);
      await sleep(300);
      makeRoom();
      const before = ok;
      await until(() => ok >= before + 10, 15000, 'ten writes accepted after there was room');
    }
    stop.now = true;
    await Promise.all(load);
    console.log(`# ${ok} writes accepted, ${refused} refused`);
    await until(async () => (await add()).json.response.code === 0, 10000, 'a write');
    await nothingLost();
  });
  test('the ledger and the store agree in the end', async () => {
    makeRoom();
    k.client.close();
    assert.equal(await k.server.stop(), 0);
    const copy = box.at('copy-of-it'); // on a disk with room: verify replays into a temporary store
    cpSync(dir, copy, { recursive: true });
    await verify(copy, KEY);
    const there = new Set((await exported(copy, 'templates', KEY)).map((t) => Number(t.template_id)));
    for (const id of acknowledged) assert.ok(there.has(id), `template ${id} was acknowledged and is lost`);
    rmSync(copy, { recursive: true });
  });
}

/* Nothing can be brought into the view: refused as soon as that is known; what was acknowledged until
   then lives in the ledger and in memory. */
function viewSuite() {
  const k = kit('view'), { dir, KEY, add, nothingLost, reads, connect, acknowledged } = k;
  const good = () => until(async () => (await k.client.get('/readyz')).status === 200, 15000, '/readyz good again');
  const many = (n) => Promise.all(Array.from({ length: n }, () => add()));
  /** Writes until it is known that the view's disk is full: from then on all are refused. */
  const full = async () => {
    await until(async () => (await add()).json.response.code === 10, 15000, 'a refusal');
    const ready = await k.client.get('/readyz');
    assert.deepEqual([ready.status, ready.text.split(':')[0]], [503, 'disk_full']);
    for (const r of await many(100)) assert.equal(r.json.response.code, 10, r.text);
    assert.doesNotMatch(k.server.log, /the view cannot be written: the file/);
  };
  test('full: writes are refused, /readyz says so, reads go on and show what was acknowledged', async () => {
    for (const r of await many(10)) assert.equal(r.json.response.code, 0);
    fill();
    await full();
    await reads();
    await nothingLost();
    assert.ok(acknowledged.size >= 10);
  });
  test('commands say it too, and do not wait for room', { timeout: 20000 }, async () => {
    const r = await command(['merchant', 'add', '--name=full', `--data=${dir}`, KEY]);
    assert.deepEqual([r.status, r.stderr.split(':')[1]], [1, ' disk_full']);
    const file = box.at('full.csv');
    writeFileSync(file, 'phone,name\n18600000001,one\n18600000002,two\n');
    const i = await command(['import', 'customers', file, '--merchant=1', `--data=${dir}`, KEY]);
    assert.equal(i.status, 1, i.stdout + i.stderr);
    assert.match(text(`${file}.refused.csv`), /disk_full/);
  });
  test('room: all is brought in', async () => {
    makeRoom();
    await good();
    assert.equal((await add()).json.response.code, 0);
    await nothingLost();
  });
  test('full in the middle of a write', async () => {
    fill(200000);
    await many(20);
    await full();
    makeRoom();
    await good();
    await nothingLost();
  });
  for (const signal of ['SIGKILL', 'SIGTERM'])
    test(`full, ${signal}, started again while full, room`, async () => {
      fill();
      await full();
      assert.equal(await k.server.stop(signal), signal === 'SIGTERM' ? 0 : null);
      await k.server.run();
      await connect();
      await reads();
      await nothingLost();
      await full();
      makeRoom();
      await good();
      assert.equal((await add()).json.response.code, 0);
      await nothingLost();
    });
  test('the ledger and the store agree in the end', async () => {
    k.client.close();
    assert.equal(await k.server.stop(), 0);
    await verify(k.dir, k.KEY);
    await nothingLost();
  });
}

function smallSuite() {
  const dir = box.at('small');
  before(() => (mkdirSync(dir), assert.ok(mount(dir, 16))));
  after(() => unmount(dir));
  test('making one says that the disk is full; with room it is made', async () => {
    const KEY = `--master-key=${box.at('key-small')}`;
    for (const args of [['demo'], ['merchant', 'add', '--name=x'], ['serve', '--listen=127.0.0.1:0']]) {
      const r = await command([...args, `--data=${dir}`, KEY]);
      assert.equal(r.status, 1, r.stderr);
      assert.match(r.stderr, /^couponry: disk_full: /);
    }
    assert.ok(grow(dir, 64));
    await done(['demo', `--data=${dir}`, KEY]);
    await verify(dir, KEY);
  });
}
