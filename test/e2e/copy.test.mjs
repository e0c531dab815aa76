// couponry copy: a store of two merchants with all that can happen to one goes into PostgreSQL and back; what is refused, and
// SIGKILL on the way. SEED=n repeats a run's choices.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { BINARY, Server } from '../js/server.mjs';
import { Client, command, done, folder, random, sleep, waiqinRequest } from '../js/e2e.mjs';
import { MISSING, Postgres } from '../js/postgres.mjs';
import { Wjb } from '../js/wjb.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1e9);
const choose = random(SEED);
console.log(`# SEED=${SEED}`);
const box = folder('copy'), MERCHANTS = [1, 2];
let postgres, key, one;

const data = (dir) => [`--data=${dir}`, `--master-key=${key}`];
const store = (url) => [`--store=${url}`, `--master-key=${key}`];
const copy = (from, to, file = key) => ['copy', `--from=${from}`, `--to=${to}`, `--master-key=${file}`];
let databases = 0;
/** An empty database with a schema; its name. */
async function fresh(...more) {
  const name = `c${++databases}`;
  postgres.ask(`create database ${name}`);
  await done(['migrate', `--store=${postgres.database(name)}`, ...more]);
  return name;
}
async function bring(where, kind, merchant, rows) {
  const file = box.at('bring.csv');
  writeFileSync(file, `${rows.join('\n')}\n`);
  await done(['import', kind, file, `--merchant=${merchant}`, ...where]);
}
/** All that can be asked of a store: exports and ledgers, merchant by merchant. */
async function all(where) {
  const parts = { merchants: await done(['merchant', 'list', ...where]), credentials: await done(['credential', 'list', ...where]) };
  for (const m of MERCHANTS) {
    for (const kind of ['departments', 'customers', 'templates', 'coupons', 'campaigns']) parts[`${kind} ${m}`] = await done(['export', kind, `--merchant=${m}`, ...where]);
    parts[`ledger ${m}`] = await done(['ledger', 'show', `--merchant=${m}`, ...where]);
  }
  return parts;
}
const verify = async (where) => JSON.parse(await done(['ledger', 'verify', '--output=json', ...where]));
async function same(a, b) {
  const left = await all(a), right = await all(b);
  for (const part of Object.keys(left)) assert.equal(right[part], left[part], part);
  assert.ok(left['coupons 1'].split('\n').length > 10 && left['ledger 2'].length > 1000);
}
async function refused(pattern, args) {
  const r = await command(args);
  assert.equal(r.status, 1, r.stdout);
  assert.match(r.stderr, pattern);
}

async function fill(dir) {
  const where = [`--data=${dir}`];
  await done(['demo', ...where]);
  await done(['merchant', 'add', '--name=two', ...where]);
  for (const m of MERCHANTS) {
    const people = Array.from({ length: 8 }, (_, i) => `p${i},Name-${i},nick${i},1990000${m}00${i}`);
    await bring(where, 'departments', m, ['department_id,code,name', `7${m},D7,seven`]);
    await bring(where, 'templates', m, ['template_id,name', '77,seventy-seven']);
    await bring(where, 'customers', m, ['customer_id,name,nick,phone', ...people]);
    await bring(where, 'coupons', m, ['code,template_id,customer_id,status', ...people.flatMap((_, i) => [`x${m}-${i}-1,77,p${i},unused`, `x${m}-${i}-2,77,p${i},redeemed`]), `free${m},77,,unused`]);
  }
  const server = await Server.start({ dir, demo: false, args: ['--log-calls=false'] }), client = new Client(server.port), wjb = new Wjb(server.port);
  try {
    const campaign = { source_code: 'w', code: 'w', name: 'n', type_code: 'T1', event_status: '1', start_date: '2025-03-01', end_date: '2099-03-31', register_url: 'https://example.com/', event_information: 'i' };
    for (const source_code of ['w', 'v']) assert.equal((await client.send(waiqinRequest('addOrUpdateCampaign', { ...campaign, source_code, code: source_code }))).json.return_code, 0);
    const call = await client.send(waiqinRequest('applyCallBack', { campaign_source_code: 'w', campaign_code: 'w', cm_ids: 'p0,p1,p2,p3', registered_time: '2025-03-02 10:00:00', merchant_information: 'told-in-confidence' }));
    assert.equal(call.json.return_code, 0, call.text);
    await wjb.ok('wjb.ump.coupon.add', { coupon: { coupon_id: 88, name: 'n', type: 1, total: 9 } });
    const issued = await wjb.spi({ coupon_id: 88, buyer_nicks: ['nick1', 'nick4', 'somebody-new'] });
    assert.deepEqual(issued.json.response.send_results.map((r) => r.code), [0, 0, 0]);
  } finally {
    client.close();
    await server.stop();
  }
  for (const m of MERCHANTS) {
    await done(['customer', 'erase', `--merchant=${m}`, '--customer=p1', ...where]);
    await done(['customer', 'merge', `--merchant=${m}`, '--into=p3', '--from=p2', ...where]);
  }
  await done(['customer', 'merge', '--merchant=1', '--into=p5', '--from=p4', ...where]);
  await done(['customer', 'erase', '--merchant=1', '--customer=p5', ...where]);
  await done(['merchant', 'add', '--name=three, with nothing', ...where]);
}

describe('couponry copy', { skip: MISSING, timeout: 240000 }, () => {
  before(async () => {
    postgres = await Postgres.start({ fsync: false });
    one = box.at('one');
    key = `${one}.key`;
    await fill(one);
  });
  after(async () => {
    await postgres?.stop();
    box.remove();
  });

  test('there and back: equal ledgers, equal exports', async () => {
    const name = await fresh(), url = postgres.database(name), back = box.at('back');
    const told = JSON.parse(await done(['copy', `--from=${one}`, `--to=${url}`, '--output=json'])); // DIR.key
    const here = await verify(data(one)), there = await verify(store(url));
    assert.deepEqual([told.entries, told.merchants], [here.entries, here.merchants]);
    assert.deepEqual([there.entries, there.merchants], [here.entries, here.merchants]);
    await same(data(one), store(url));
    const [holes, wiped, slots] = postgres.ask(`select (select count(*) from hole), (select count(*) from customer_key where value = decode(repeat('00', 32), 'hex')),
      (select count(*) from customer_key where merchant_id = 2)`, name)[0].split('|').map(Number);
    assert.ok(holes > 0, 'somebody left the middle of a list');
    assert.equal(wiped, 4, 'p1 of both, p5 and p4');
    assert.equal(slots, 8, 'numbered by merchant');
    assert.equal(postgres.ask("select count(*) from meta where name = 'copy'", name)[0], '0');
    assert.match(await done(copy(url, back)), /^copied and verified: \d+ chains, \d+ entries, \d+ rows\n$/);
    assert.ok(!existsSync(`${back}.part`));
    assert.equal((await verify(data(back))).entries, here.entries);
    await same(data(one), data(back));
    for (const m of MERCHANTS) {
      const bytes = [one, back].map((dir) => readFileSync(`${dir}/keys/${m}`).subarray(32, 32 + 32 * 8));
      assert.deepEqual(bytes[1], bytes[0], 'the same keys in the same slots');
    }
  });

  test('both sides go on where the other stopped', async () => {
    const name = await fresh('--partitions=3'), url = postgres.database(name), back = box.at('further');
    await done(copy(one, url));
    for (const m of MERCHANTS) {
      await bring(store(url), 'customers', m, ['customer_id,name,nick,phone', `q${m},Q,q-nick,1980000${m}000`]);
      await bring(store(url), 'coupons', m, ['code,template_id,customer_id', `y${m},77,q${m}`, `z${m},77,p3`]);
    }
    await done(['customer', 'erase', '--merchant=2', '--customer=p6', ...store(url)]);
    await verify(store(url));
    await done(copy(url, back));
    await same(store(url), data(back));
    for (const m of MERCHANTS) await bring(data(back), 'customers', m, ['customer_id,name,phone', `r${m},R,1970000${m}000`]);
    await verify(data(back));
    const again = await fresh();
    await done(copy(back, postgres.database(again)));
    await same(data(back), store(postgres.database(again)));
  });

  test('an empty store', async () => {
    const dir = box.at('empty'), url = postgres.database(await fresh()), back = box.at('empty-back'), KEY = `--master-key=${dir}.key`;
    await done(['merchant', 'add', '--name=m', `--data=${dir}`]);
    await done(copy(dir, url, `${dir}.key`));
    await done(copy(url, back, `${dir}.key`));
    assert.equal(await done(['merchant', 'list', `--data=${back}`, KEY]), '1\tm\n');
  });

  test('what is refused, and that nothing is left of it', async () => {
    const name = await fresh(), url = postgres.database(name), other = box.at('other'), nothing = () => postgres.ask('select count(*) from ledger', name)[0] === '0';
    await done(['demo', `--data=${other}`]);
    postgres.ask('create database bare');
    await refused(/^couponry: data_missing: .*couponry migrate/, copy(one, postgres.database('bare')));
    await refused(/^couponry: key_file_wrong: /, copy(one, url, `${other}.key`));
    assert.ok(nothing());
    const server = await Server.start({ dir: one, demo: false });
    try {
      await refused(/^couponry: data_in_use: /, copy(one, url));
    } finally {
      await server.stop();
    }
    await done(copy(one, url));
    await refused(/^couponry: data_present: .*there is a store in this database already/, copy(one, url));
    await refused(/^couponry: data_present: /, copy(other, url, `${other}.key`));
    await refused(/^couponry: data_present: .*is there already/, copy(url, other));
    await refused(/^couponry: key_file_wrong: /, copy(url, box.at('new'), `${other}.key`));
    assert.ok(!existsSync(box.at('new')) && !existsSync(box.at('new.part')));
    for (const args of [copy(one, other), copy(url, url), ['copy', `--from=${one}`]]) assert.equal((await command(args)).status, 2);
    await same(data(one), store(url));
  });

  test('a copy that was not verified is not served, copied or written over', async () => {
    const name = await fresh(), url = postgres.database(name);
    await done(copy(one, url));
    postgres.ask("insert into meta (merchant_id, name, value) values (0, 'copy', 'x')", name);
    const why = /did not come to its end: make the database anew/;
    await refused(why, ['merchant', 'list', ...store(url)]);
    await refused(why, ['serve', ...store(url), '--listen=127.0.0.1:0']);
    await refused(why, copy(url, box.at('unverified')));
    await refused(why, copy(one, url));
  });

  test('SIGKILL at any moment: nothing, or a mark; and again from the beginning', { timeout: 120000 }, async () => {
    const dir = box.at('large');
    await done(['demo', `--data=${dir}`]);
    await bring([`--data=${dir}`], 'templates', 1, ['template_id,name', '77,n']);
    await bring([`--data=${dir}`], 'coupons', 1, ['code,template_id,phone', ...Array.from({ length: 20000 }, (_, i) => `c${i},77,188${String(10000000 + (i % 5000))}`)]);
    const killed = (args, ms) =>
      new Promise((resolve) => {
        const p = spawn(BINARY, args, { stdio: 'ignore' });
        p.on('exit', (code, signal) => resolve(signal === 'SIGKILL'));
        setTimeout(() => p.kill('SIGKILL'), ms);
      });
    let name = await fresh(), cut = 0, marks = 0;
    for (let i = 0; i < 6; i++) {
      cut += await killed(copy(dir, postgres.database(name), `${dir}.key`), 30 + choose.below(i % 2 ? 1500 : 300));
      await sleep(200); // the server hears of it
      const [marked, entries, rows] = postgres.ask('select (select count(*) from meta), (select count(*) from ledger), (select count(*) from coupon)', name)[0].split('|').map(Number);
      if (marked === 0) {
        assert.deepEqual([entries, rows], [0, 0]);
        continue;
      }
      marks += marked === 2;
      assert.ok(entries > 20000 && rows > 20000);
      name = await fresh();
    }
    assert.ok(cut > 1, `${cut} were cut off, ${marks} of them marked`);
    await done(copy(dir, postgres.database(name), `${dir}.key`));
    const back = box.at('large-back'), here = await verify([`--data=${dir}`]), url = postgres.database(name);
    for (let i = 0; i < 3; i++)
      if (await killed(copy(url, back, `${dir}.key`), 50 + choose.below(500))) assert.ok(!existsSync(back));
      else break;
    if (!existsSync(back)) await done(copy(url, back, `${dir}.key`));
    assert.ok(!existsSync(`${back}.part`));
    assert.equal((await verify([`--data=${back}`, `--master-key=${dir}.key`])).entries, here.entries);
  });
});
