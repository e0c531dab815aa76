// Erasing a person and merging two who are one, with real processes: what was said to be gone is gone from the disk, and SIGKILL at
// any moment leaves nothing half done. SEED=n repeats a run's choices.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { BINARY, Server } from '../js/server.mjs';
import { command, done, exported, folder, random, sleep, text, verify, waiqinRequest, Client } from '../js/e2e.mjs';
import { Native } from '../js/native.mjs';
import { find, stopClient } from '../js/top.mjs';
import { Zvcms } from '../js/zvcms.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1e9);
const choose = random(SEED);
console.log(`# SEED=${SEED}`);
const box = folder('person');
after(() => (stopClient(), box.remove()));

const serve = (dir, ...args) => Server.start({ dir, demo: false, args: ['--log-calls=false', ...args] });
let files = 0;
async function bring(dir, kind, rows) {
  const file = box.at(`${++files}.csv`);
  writeFileSync(file, `${rows.join('\n')}\n`);
  await done(['import', kind, file, `--data=${dir}`]);
}
/** A demo store with people 0 .. n-1: ids p0 .., phones of their own, two coupons each. */
async function store(name, people) {
  const dir = box.at(name);
  await done(['demo', `--data=${dir}`]);
  const phone = (i) => `199${String(10000000 + i)}`;
  const all = Array.from({ length: people }, (_, i) => i);
  await bring(dir, 'templates', ['template_id,name', '77,seventy-seven']);
  await bring(dir, 'customers', ['customer_id,name,nick,phone,card_no', ...all.map((i) => `p${i},Name-${i}-end,Nick-${i}-end,${phone(i)},Card-${i}-end`)]);
  await bring(dir, 'coupons', ['code,template_id,phone', ...all.flatMap((i) => [`x${i}-1,77,${phone(i)}`, `x${i}-2,77,${phone(i)}`])]);
  return { dir, phone };
}
/** Whether any file of the directory holds the bytes. */
function holds(dir, what) {
  for (const name of readdirSync(dir, { recursive: true })) {
    const path = `${dir}/${name}`;
    if (statSync(path).isFile() && readFileSync(path).includes(what)) return true;
  }
  return false;
}
const counted = async (server, fields) => (await find(server, fields)).result.total_count;
const erase = (dir, i, ...more) => ['customer', 'erase', `--data=${dir}`, `--customer=p${i}`, ...more];

test('erased under a server: at once for everybody, and from the disk', { timeout: 60000 }, async () => {
  const { dir, phone } = await store('erased', 3), copy = box.at('erased-copy');
  const server = await serve(dir), client = new Client(server.port);
  try {
    const campaign = { source_code: 'w', code: 'w', name: 'n', type_code: 'T1', event_status: '1', start_date: '2025-03-01', end_date: '2099-03-31', register_url: 'https://example.com/', event_information: 'i' };
    await client.send(waiqinRequest('addOrUpdateCampaign', campaign));
    const registered = await client.send(waiqinRequest('applyCallBack', { campaign_source_code: 'w', campaign_code: 'w', cm_ids: 'p0,p1', registered_time: '2025-03-02 10:00:00', merchant_information: 'told-in-confidence' }));
    assert.equal(registered.json.return_code, 0, registered.text);
    await done(['backup', `--data=${dir}`, `--to=${copy}`]);
    assert.equal(await counted(server, { phone: phone(0) }), 2);
    assert.equal(await done(erase(dir, 0)), 'erased: 1\n');
    assert.equal(await done(erase(dir, 0, '--output=json')), '{"erased": 0}\n');
    assert.equal(await counted(server, { phone: phone(0) }), 0);
    assert.equal(await counted(server, { card_no: 'Card-0-end' }), 0);
    assert.equal(await counted(server, { phone: phone(1) }), 2);
    assert.equal(await counted(server, { coupon_code: 'x0-1' }), 1, 'the coupon stays in the books');
    const r = await command(erase(dir, 9));
    assert.match(r.stderr, /^couponry: customer_unknown: /);
    assert.equal((await exported(dir, 'customers')).find((c) => c.customer_id === 'p0').phone, '');
    const again = await client.send(waiqinRequest('applyCallBack', { campaign_source_code: 'w', campaign_code: 'w', cm_ids: 'p0', registered_time: '2025-03-02 10:00:00', merchant_information: 'x' }));
    assert.notEqual(again.json.return_code, 0, 'nothing of the person comes back by the id');
    await verify(dir);
    const c = await command(['compact', `--data=${dir}`]);
    assert.equal(c.status, 1);
    assert.match(c.stderr, /stop the server first[\s\S]*data_in_use/);
  } finally {
    client.close();
    await server.stop();
  }
  const before = statSync(`${dir}/view/data.mdb`).size;
  assert.equal(await done(['compact', `--data=${dir}`]), `compacted ${dir}/view\n`);
  assert.ok(statSync(`${dir}/view/data.mdb`).size <= before && !existsSync(`${dir}/view.new`));
  for (const what of [phone(0), 'Name-0-end', 'Nick-0-end', 'Card-0-end']) assert.ok(!holds(dir, what), `${what} is still in a file`);
  for (const what of [phone(1), 'Name-1-end']) assert.ok(holds(dir, what), 'others are in the view');
  await verify(dir);
  // a backup from before: with the key comes the list of erasures
  const back = box.at('erased-back'), KEY = `--master-key=${dir}.key`;
  assert.ok(holds(copy, phone(0)));
  await done(['restore', `--from=${copy}`, `--data=${back}`, KEY]);
  assert.ok(!holds(back, phone(0)) && !holds(back, 'Name-0-end') && holds(back, phone(1)));
  await verify(back, KEY);
  const restored = await serve(back, KEY);
  try {
    assert.equal(await counted(restored, { phone: phone(0) }), 0);
    assert.equal(await counted(restored, { phone: phone(1) }), 2);
    assert.equal((await exported(back, 'customers', KEY)).find((x) => x.customer_id === 'p0').nick, '');
  } finally {
    await restored.stop();
  }
});

test('SIGKILL while people are erased: who was said to be gone is, and the rest follows', { timeout: 120000 }, async () => {
  const PEOPLE = 40, { dir, phone } = await store('killed', PEOPLE);
  const said = new Set();
  let at = 0;
  for (let round = 0; round < 8 && at < PEOPLE - 1; round++) {
    const server = await serve(dir);
    const killed = sleep(choose.below(250)).then(() => server.stop('SIGKILL'));
    for (let dead = false; !dead && at < PEOPLE - 1; at++) {
      const r = await command(erase(dir, at));
      if (r.status === 0) said.add(at);
      dead = server.process.signalCode !== null || server.process.exitCode !== null;
      if (dead && r.status !== 0) break; // asked again
    }
    await killed;
  }
  const server = await serve(dir);
  try {
    for (const i of said) assert.equal(await counted(server, { phone: phone(i) }), 0, `p${i} was erased`);
    for (let i = at + 1; i < PEOPLE; i++) assert.equal(await counted(server, { phone: phone(i) }), 2, `p${i} was not`);
    await verify(dir);
    for (let i = 0; i < PEOPLE - 1; i++) await done(erase(dir, i));
  } finally {
    await server.stop();
  }
  await verify(dir);
  await done(['compact', `--data=${dir}`]);
  for (let i = 0; i < PEOPLE - 1; i++) for (const what of [phone(i), `Nick-${i}-end`]) assert.ok(!holds(dir, what), `${what} is still in a file`);
  assert.ok(holds(dir, phone(PEOPLE - 1)));
  const slots = readFileSync(`${dir}/keys/1`), listed = text(`${dir}.erased`).split('\n').filter(Boolean).map((l) => l.split(' '));
  assert.equal(new Set(listed.map((l) => l[1])).size, PEOPLE - 1);
  for (const [, , slot] of listed) assert.ok(slots.subarray(32 * slot, 32 * slot + 32).every((b) => b === 0));
});

test('SIGKILL while coupons move: totals are exact all the time, and it goes on', { timeout: 120000 }, async () => {
  const { dir, phone } = await store('merged', 1), MANY = 20000;
  let from = 0, all = 2, cut = 0, met = 0, whole = true;
  const merge = () => ['customer', 'merge', `--data=${dir}`, '--into=p0', `--from=p${from}`];
  /** Somebody with many coupons to merge. */
  async function next() {
    from++;
    await bring(dir, 'customers', ['customer_id,name,phone,card_no', `p${from},Name-${from}-end,${phone(from)},Card-${from}-end`]);
    await bring(dir, 'coupons', ['code,template_id,phone', ...Array.from({ length: MANY }, (_, i) => `m${from}-${i},77,${phone(from)}`)]);
    all += MANY;
  }
  async function look(server) {
    for (const fields of [{ phone: phone(0) }, { phone: phone(from) }, { card_no: `Card-${from}-end` }]) assert.equal(await counted(server, fields), all);
    const z = await new Zvcms(server).call({ customerId: `p${from}` });
    assert.equal(JSON.stringify(z).split('"cardId"').length - 1, 1000, 'as many as one answer holds');
    met++;
  }
  for (let round = 0; round < 5 || cut === 0; round++) {
    assert.ok(round < 40, 'no round was cut off');
    if (whole) await next();
    const server = await serve(dir), api = new Native(server.port);
    const head = async () => (await api.call('GET', '/v1/ledger/head')).json.number;
    const before = await head();
    const merging = spawn(BINARY, merge(), { stdio: 'ignore' });
    let ended = false;
    const end = new Promise((r) => merging.on('exit', (code) => r(((ended = true), code))));
    try {
      // It has begun; all of it takes some 150 ms. Where the machine was elsewhere for so long it is done, and another comes.
      while (!ended && (await head()) === before);
      await sleep(choose.below(25));
      if (round > 2) await look(server);
    } finally {
      api.close();
      await server.stop('SIGKILL');
    }
    whole = (await end) === 0;
    if (!whole) cut++;
  }
  const server = await serve(dir);
  try {
    await look(server);
    await verify(dir);
    assert.equal(await done(merge()), 'merged before\n');
    await look(server);
    // every coupon once, in one wallet
    const codes = new Set();
    for (let page_num = 1; page_num <= Math.ceil(all / 100); page_num++) {
      const r = await find(server, { phone: phone(0), page_size: 100, page_num });
      for (const row of r.result.result_arr_list.erp_coupon_d_t_o) codes.add(row.coupon_code);
    }
    assert.equal(codes.size, all);
    await verify(dir);
  } finally {
    await server.stop();
  }
  assert.ok(met >= 4);
});
