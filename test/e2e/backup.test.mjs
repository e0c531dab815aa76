// A copy while serving, and a store from it: whole, readable only with the key, and never a twin that issues the same again.
import assert from 'node:assert/strict';
import { cpSync, existsSync, openSync, closeSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Server } from '../js/server.mjs';
import { Client, command, done, exported, folder, program, sleep, text, until, verify, waiqinRequest } from '../js/e2e.mjs';
import { find, stopClient } from '../js/top.mjs';
import { Wjb } from '../js/wjb.mjs';

const box = folder('backup'), copy = box.at('copy');
let server, client, wjb, key;
const before_ = new Map(), during = new Map(), later = new Map(); // code -> nick

before(async () => {
  server = await Server.start({ dir: box.at('data'), demo: true, args: ['--log-calls=false'] });
  key = `${server.dir}.key`;
  client = new Client(server.port, 4);
  wjb = new Wjb(server.port);
});
after(async () => {
  client?.close();
  stopClient();
  await server?.close();
  box.remove();
});
async function refused(fault, args) {
  const r = await command(args);
  assert.equal(r.status, 1, `${args.join(' ')}: ${r.status}\n${r.stdout}${r.stderr}`);
  assert.match(r.stderr, new RegExp(`^couponry: ${fault}: `));
  return r.stderr;
}
let nicks = 0;
async function issue(c, w, into, prefix) {
  const nick = `${prefix}-${++nicks}`;
  const r = await c.send(w.spiRequest({ coupon_id: 951, buyer_nicks: [nick] }));
  assert.equal(r.json?.response?.send_results?.[0]?.code, 0, r.text);
  into.set(r.json.response.send_results[0].coupon_number, nick);
}
const activity = async (c, w, name) => (await c.send(w.request('wjb.ump.activity.add', { activity: { name } }))).json.response.activity_id;
const restore = (to, ...more) => ['restore', `--from=${copy}`, `--data=${to}`, ...more];
const activitiesOf = { before: [], later: [], restored: [] };

describe('backup while serving', () => {
  test('writes go on meanwhile', { timeout: 60000 }, async () => {
    for (let i = 0; i < 50; i++) await issue(client, wjb, before_, 'before');
    for (let i = 0; i < 5; i++) activitiesOf.before.push(await activity(client, wjb, `before-${i}`));
    await client.send(wjb.request('wjb.ump.activity.target.add', { targets: { activity_id: activitiesOf.before[0], buyer_nicks: ['before-1', 'somebody'] } }));
    const stop = { now: false };
    const load = Array.from({ length: 4 }, async (_, i) => {
      while (!stop.now) await issue(client, wjb, during, `during${i}`);
    });
    await sleep(50);
    assert.equal(await done(['backup', `--data=${server.dir}`, `--to=${copy}`]), `backed up to ${copy}\n`);
    await sleep(50);
    stop.now = true;
    await Promise.all(load);
    assert.ok(during.size > 10);
    for (let i = 0; i < 50; i++) await issue(client, wjb, later, 'later');
    for (let i = 0; i < 5; i++) activitiesOf.later.push(await activity(client, wjb, `later-${i}`));
    assert.equal((await client.get('/readyz')).status, 200);
  });
  test('the copy holds no key, nothing personal in its ledger, and is for the owner alone', async () => {
    assert.equal(statSync(copy).mode & 0o777, 0o700);
    assert.ok(!readdirSync(box.path).some((n) => n !== 'copy' && n.startsWith('copy')), 'no temporary name is left');
    assert.equal((await program('grep', ['-rlaE', 'wjbsecret|helloworld', `${copy}/ledger`])).stdout, '');
    for (const name of ['keys/1', 'view/data.mdb', 'ledger/000001.seg']) assert.match(text(`${copy}/digests`), new RegExp(`^[0-9a-f]{64} ${name}$`, 'm'));
  });
  test('where something is, nothing is written', async () => {
    await refused('data_present', ['backup', `--data=${server.dir}`, `--to=${copy}`]);
    writeFileSync(box.at('a-file'), 'x');
    const r = await command(['backup', `--data=${server.dir}`, `--to=${box.at('a-file')}`]);
    assert.equal(r.status, 1);
    assert.equal((await command(['backup', `--data=${server.dir}`, `--to=${box.at('no', 'such', 'parent')}`])).status, 1);
    assert.equal((await client.get('/readyz')).status, 200);
    await issue(client, wjb, later, 'after-refusal');
  });
  test('alone, without a server', async () => {
    const dir = box.at('alone');
    await done(['demo', `--data=${dir}`]);
    await done(['backup', `--data=${dir}`, `--to=${box.at('alone-copy')}`]);
    await done(['restore', `--from=${box.at('alone-copy')}`, `--data=${box.at('alone-restored')}`, `--master-key=${dir}.key`]);
    await verify(box.at('alone-restored'), `--master-key=${dir}.key`);
  });
});

describe('restore', () => {
  test('refused without the key, with a wrong key, over something, from nothing', async () => {
    const dir = box.at('refused');
    await refused('key_file_wrong', restore(dir));
    await done(['merchant', 'add', '--name=x', `--data=${box.at('other')}`]);
    await refused('key_file_wrong', restore(dir, `--master-key=${box.at('other')}.key`));
    writeFileSync(box.at('junk.key'), 'no key');
    await refused('key_file_wrong', restore(dir, `--master-key=${box.at('junk.key')}`));
    assert.equal(existsSync(dir), false, 'nothing is left of a refused restore');
    assert.equal(existsSync(`${dir}.key`), false);
    await refused('data_present', restore(box.at('other'), `--master-key=${key}`));
    assert.equal(await done(['merchant', 'list', `--data=${box.at('other')}`]), '1\tx\n');
    const r = await command(['restore', `--from=${box.at('nothing')}`, `--data=${dir}`, `--master-key=${key}`]);
    assert.equal(r.status, 1);
    assert.equal(existsSync(dir), false);
  });
  test('a copy with a changed or missing byte is refused', async () => {
    for (const [what, fault, spoil] of [
      ['changed', 'data_damaged', (dir) => {
        const file = `${dir}/ledger/${readdirSync(`${dir}/ledger`)[0]}`, fd = openSync(file, 'r+');
        writeSync(fd, Buffer.from([0xff, 0x00, 0xff]), 0, 3, 700);
        closeSync(fd);
      }],
      ['missing', 'file_unreadable', (dir) => rmSync(`${dir}/keys/1`)],
    ]) {
      const bad = box.at(`bad-${what}`);
      cpSync(copy, bad, { recursive: true });
      spoil(bad);
      const r = await command(['restore', `--from=${bad}`, `--data=${box.at('from-bad')}`, `--master-key=${key}`]);
      assert.equal(r.status, 1, what);
      assert.match(r.stderr, new RegExp(`^couponry: ${fault}: .*(ledger/0|keys)`), what);
      assert.equal(existsSync(box.at('from-bad')), false);
    }
  });
  test('serves what was there, and issues nothing that was issued since', { timeout: 60000 }, async () => {
    const dir = box.at('restored'), KEY = `--master-key=${key}`;
    assert.equal(await done(restore(dir, KEY)), `restored to ${dir}\n`);
    await verify(dir, KEY);
    const s = await Server.start({ dir, demo: false, args: ['--log-calls=false', KEY] });
    const c = new Client(s.port, 4), w = new Wjb(s.port);
    try {
      const codes = new Map((await exported(dir, 'coupons')).map((x) => [x.code, x.nick]));
      for (const [code, nick] of before_) assert.equal(codes.get(code), nick, 'what was there before the backup');
      for (const code of later.keys()) assert.ok(!codes.has(code), 'what came after it is not');
      for (const [code, nick] of during) if (codes.has(code)) assert.equal(codes.get(code), nick);
      const ids = (await exported(dir, 'campaigns')).map((x) => Number(x.activity_id));
      for (const id of activitiesOf.before) assert.ok(ids.includes(id));
      const [campaign] = JSON.parse((await c.send(waiqinRequest('queryCampaign', { activity_source_code: `wjb-${activitiesOf.before[0]}` }))).json.response_data);
      assert.deepEqual(campaign.override_customer.map((p) => p.name), ['before-1', 'somebody']);
      assert.ok((await find(s, { phone: '18612255668' })).result.total_count > 0, 'personal data can be read with the keys of the copy');

      // new ones on both sides, the same number of them, in the same order
      const here = new Map(), there = new Map();
      for (let i = 0; i < 300; i++) {
        await issue(c, w, here, 'twin');
        await issue(client, wjb, there, 'twin');
        activitiesOf.restored.push(await activity(c, w, `twin-${i}`));
        activitiesOf.later.push(await activity(client, wjb, `twin-${i}`));
      }
      assert.equal(here.size, 300);
      for (const code of here.keys()) {
        for (const known of [before_, during, later, there]) assert.ok(!known.has(code), `${code} was issued twice`);
        assert.ok(!codes.has(code));
      }
      const elsewhere = new Set([...activitiesOf.before, ...activitiesOf.later]);
      for (const id of activitiesOf.restored) assert.ok(!elsewhere.has(id), `activity ${id} twice`);
      const customers = async (of, ...more) => new Set((await exported(of, 'customers', ...more)).filter((x) => /^twin/.test(x.nick)).map((x) => x.customer_id));
      const mine = await customers(dir);
      assert.equal(mine.size, 300);
      for (const id of await customers(server.dir)) assert.ok(!mine.has(id), `customer ${id} twice`);

      assert.match(await done(['ledger', 'show', `--data=${dir}`]), /restore/);
      await verify(dir);
      assert.equal(await s.stop(), 0);
      await verify(dir, KEY);
    } finally {
      c.close();
      await s.close();
    }
  });
  test('twice from one copy: two stores that differ in all they issue', async () => {
    const made = [];
    for (const name of ['first', 'second']) {
      const dir = box.at(name), KEY = `--master-key=${key}`;
      await done(restore(dir, KEY));
      const s = await Server.start({ dir, demo: false, args: ['--log-calls=false', KEY] });
      const c = new Client(s.port), into = new Map();
      for (let i = 0; i < 50; i++) await issue(c, new Wjb(s.port), into, 'second-life');
      made.push(into);
      c.close();
      await s.close();
    }
    for (const code of made[0].keys()) assert.ok(!made[1].has(code));
  });
  test('a restored store can be backed up and restored again', async () => {
    const KEY = `--master-key=${key}`;
    await done(['backup', `--data=${box.at('restored')}`, `--to=${box.at('copy2')}`, KEY]);
    await done(['restore', `--from=${box.at('copy2')}`, `--data=${box.at('third')}`, KEY]);
    await verify(box.at('third'), KEY);
    assert.equal((await exported(box.at('third'), 'coupons', KEY)).length, (await exported(box.at('restored'), 'coupons', KEY)).length);
  });
  test('the served store was not disturbed', async () => {
    await until(async () => (await client.get('/readyz')).status === 200);
    await verify(server.dir);
    const codes = new Set((await exported(server.dir, 'coupons')).map((c) => c.code));
    for (const known of [before_, during, later]) for (const code of known.keys()) assert.ok(codes.has(code));
  });
});
