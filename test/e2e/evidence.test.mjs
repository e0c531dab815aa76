// The ledger as evidence: records as they were, signed checkpoints, and checking them with openssl alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { copyStore, Server } from '../js/server.mjs';
import { command, done, folder, program, sleep } from '../js/e2e.mjs';
import { Wjb } from '../js/wjb.mjs';

const box = folder('evidence');
let server, wjb;
const couponry = (...args) => done([...args, `--data=${server.dir}`]);
const stamp = () => new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 19).replace('T', ' ');
/** The next whole second, so that what comes later stands in another one. */
async function mark() {
  await sleep(1000 - (Date.now() % 1000) + 20);
  const at = stamp();
  await sleep(1000 - (Date.now() % 1000) + 20);
  return at;
}
const asOf = async (at, ...what) => JSON.parse(await couponry('ledger', 'as-of', ...what, `--at=${at}`, '--merchant=1', '--output=json'));
const refused = async (fault, about, args) => {
  const r = await command(args);
  assert.equal(r.status, 1, r.stdout);
  assert.ok(r.stderr.includes(`couponry: ${fault}: `), r.stderr);
  assert.match(r.stderr, about);
};
before(async () => {
  server = await Server.start();
  wjb = new Wjb(server.port);
});
after(async () => {
  await server?.close();
  box.remove();
});

describe('as-of', () => {
  const csv = (end) => {
    writeFileSync(box.at('c.csv'), `template_id,name,end_at\n77,t,${end}\n`);
    return couponry('import', 'templates', box.at('c.csv'));
  };
  let before_, between, after_, activity_id;
  before(async () => {
    before_ = await mark();
    await csv('2098-01-01 00:00:00');
    writeFileSync(box.at('x.csv'), 'code,template_id,phone,status,attribute\nas-of-1,77,13912345678,unused,one\n');
    await couponry('import', 'coupons', box.at('x.csv'));
    ({ activity_id } = await wjb.ok('wjb.ump.activity.add', { activity: { name: 'first', start_time: '2025-01-01 00:00:00', end_time: '2099-01-01 00:00:00' } }));
    between = await mark();
    await wjb.ok('wjb.ump.activity.modify', { activity: { activity_id, name: 'second' } });
    after_ = await mark();
    await wjb.ok('wjb.ump.activity.delete', { activity_id });
  });
  test('a campaign: before it was, as it was, as it became, and deleted', async () => {
    const what = `--campaign=${activity_id}`;
    await refused('campaign_unknown', /./, ['ledger', 'as-of', what, `--at=${before_}`, '--merchant=1', `--data=${server.dir}`]);
    const first = await asOf(between, what), second = await asOf(after_, what), gone = await asOf('2099-01-01 00:00:00', what);
    assert.deepEqual([first, second, gone].map((r) => [r.record.name, r.record.live]), [['first', true], ['second', true], ['second', false]]);
    assert.deepEqual([first, second, gone].map((r) => r.written_by.command), ['campaign_add', 'campaign_modify', 'campaign_delete']);
    assert.equal(second.written_by.actor, 'wjb:100000001');
    assert.ok(first.written_by.entry < second.written_by.entry && second.written_by.entry < gone.written_by.entry);
    for (const r of [first, second, gone]) assert.match(r.written_by.hash, /^[0-9a-f]{64}$/);
    // what `ledger show` says of the same entry
    const shown = await couponry('ledger', 'show', '--merchant=1');
    assert.ok(shown.includes(`entry ${second.written_by.entry}  ${second.written_by.instant}  campaign_modify by wjb:100000001  ${second.written_by.hash.slice(0, 16)}..`), shown);
  });
  test('a coupon, without what is personal', async () => {
    await refused('coupon_unknown', /./, ['ledger', 'as-of', '--coupon=as-of-1', `--at=${before_}`, '--merchant=1', `--data=${server.dir}`]);
    const c = await asOf(between, '--coupon=as-of-1');
    assert.equal(c.kind, 'coupon');
    assert.deepEqual([c.record.code, c.record.attribute, c.record.state], ['as-of-1', 'one', 0]);
    assert.deepEqual(await asOf('2099-01-01 00:00:00', '--coupon=as-of-1'), { ...c, at: '2099-01-01 00:00:00' });
    const text = await couponry('ledger', 'as-of', '--coupon=as-of-1', `--at=${between}`, '--merchant=1');
    assert.match(text, /^ {2}attribute: "one"$/m);
    for (const secret of ['13912345678', 'wjbsecret', 'helloworld']) assert.ok(!text.includes(secret));
  });
  test('what cannot be understood', async () => {
    for (const args of [['--coupon=x'], ['--coupon=x', '--at=2026-01-01'], ['--at=2026-01-01 00:00:00'], ['--coupon=x', '--campaign=1', '--at=2026-01-01 00:00:00'], ['--campaign=x', '--at=2026-01-01 00:00:00']])
      assert.equal((await command(['ledger', 'as-of', ...args, '--merchant=1', `--data=${server.dir}`])).status, 2, args.join(' '));
    await refused('coupon_unknown', /nobody/, ['ledger', 'as-of', '--coupon=nobody', '--at=2026-01-01 00:00:00', '--merchant=1', `--data=${server.dir}`]);
  });
});

describe('checkpoints', () => {
  const file = box.at('checkpoint.json'), pem = box.at('key.pem');
  const check = (...args) => done(['ledger', 'check', ...args]);
  let made;
  before(async () => {
    await couponry('ledger', 'checkpoint', `--out=${file}`);
    writeFileSync(pem, await couponry('ledger', 'public-key'));
    made = JSON.parse(readFileSync(file, 'utf8'));
  });
  test('say where each chain stands', async () => {
    assert.equal(made.format, 'couponry checkpoint 1');
    assert.match(made.store, /^[0-9a-f]{16}$/);
    assert.ok(Math.abs(made.time_ms - Date.now()) < 60000);
    assert.deepEqual(made.merchants.map((m) => m.merchant), [0, 1]);
    const shown = await couponry('ledger', 'show');
    for (const m of made.merchants) {
      const last = [...shown.matchAll(new RegExp(`^merchant ${m.merchant} entry (\\d+)  .*  ([0-9a-f]{16})\\.\\.$`, 'gm'))].at(-1);
      assert.deepEqual([m.entry, m.hash.slice(0, 16)], [Number(last[1]), last[2]]);
    }
    assert.equal(readFileSync(`${file}.sig`).length, 64);
  });
  test('are checked with no store at all', async () => {
    assert.match(await check(file), /signature is good: 2 chains.*the file itself names/);
    assert.match(await check(file, `--public-key=${pem}`), /^the signature is good: 2 chains, signed by the key [0-9a-f]{64}\n$/);
    assert.deepEqual(JSON.parse(await check(file, '--output=json')), { merchants: 2, public_key: made.public_key, compared: false });
  });
  test('are checked by the openssl command alone', async () => {
    const openssl = () => program('openssl', ['pkeyutl', '-verify', '-pubin', '-inkey', pem, '-rawin', '-in', file, '-sigfile', `${file}.sig`]);
    const good = await openssl();
    assert.deepEqual([good.status, good.stdout], [0, 'Signature Verified Successfully\n'], good.stderr);
    const whole = readFileSync(file);
    writeFileSync(file, Buffer.concat([whole.subarray(0, -1), Buffer.from(' \n')]));
    assert.notEqual((await openssl()).status, 0);
    writeFileSync(file, whole);
    const text = (await program('openssl', ['pkey', '-pubin', '-in', pem, '-noout', '-text'])).stdout;
    assert.equal(text.replace(/[^0-9a-f:]/g, '').replaceAll(':', '').slice(-64), made.public_key);
  });
  test('stand in the store that goes on', async () => {
    await wjb.ok('wjb.ump.activity.add', { activity: { name: 'later', start_time: '2025-01-01 00:00:00', end_time: '2099-01-01 00:00:00' } });
    assert.match(await check(file, `--data=${server.dir}`), /contain them\n$/);
    assert.equal(JSON.parse(await check(file, `--data=${server.dir}`, `--public-key=${pem}`, '--output=json')).compared, true);
  });
  test('tell of any change to them', async () => {
    const other = box.at('other.json');
    const spoil = async (change, about) => {
      const spoiled = structuredClone(made);
      change(spoiled);
      writeFileSync(other, JSON.stringify(spoiled));
      copyFileSync(`${file}.sig`, `${other}.sig`);
      await refused('verify_failed', about, ['ledger', 'check', other]);
    };
    await spoil((c) => (c.merchants[1].entry -= 1), /signature/);
    await spoil((c) => (c.merchants[0].hash = '00'.repeat(32)), /signature/);
    await spoil((c) => (c.public_key = '00'.repeat(32)), /signature/);
    copyFileSync(file, other);
    for (const bytes of [Buffer.alloc(64), readFileSync(`${file}.sig`).reverse()]) {
      writeFileSync(`${other}.sig`, bytes);
      await refused('verify_failed', /signature/, ['ledger', 'check', other]);
    }
    for (const bytes of [Buffer.alloc(63), Buffer.alloc(65), Buffer.alloc(0)]) {
      writeFileSync(`${other}.sig`, bytes);
      await refused('file_unreadable', /other\.json\.sig/, ['ledger', 'check', other]);
    }
    for (const bytes of ['', '{}', '[]', readFileSync(file, 'utf8').replace('checkpoint 1', 'checkpoint 2')]) {
      writeFileSync(other, bytes);
      await refused('file_unreadable', /other\.json/, ['ledger', 'check', other]);
    }
    await refused('file_unreadable', /none/, ['ledger', 'check', box.at('none')]);
    await refused('file_unreadable', /checkpoint/, ['ledger', 'check', file, `--public-key=${file}`]);
    assert.equal((await command(['ledger', 'check'])).status, 2);
    assert.equal((await command(['ledger', 'checkpoint', `--data=${server.dir}`])).status, 2);
  });
  test('tell of another store, and of a past that was written anew', async () => {
    const elsewhere = await Server.start();
    try {
      await refused('verify_failed', /another store/, ['ledger', 'check', file, `--data=${elsewhere.dir}`]);
      const key = await done(['ledger', 'public-key', `--data=${elsewhere.dir}`]);
      writeFileSync(box.at('their.pem'), key);
      await refused('verify_failed', /another key/, ['ledger', 'check', file, `--public-key=${box.at('their.pem')}`]);
    } finally {
      await elsewhere.close();
    }
    // two stores that were one: what the one wrote after that is not in the other
    await server.stop();
    const twin = box.at('twin'), late = box.at('late.json');
    copyStore(server.dir, twin);
    writeFileSync(box.at('d.csv'), 'department_id,name\n9001,ours\n');
    await couponry('import', 'departments', box.at('d.csv'), '--merchant=1');
    await couponry('ledger', 'checkpoint', `--out=${late}`);
    assert.match(await check(late, `--data=${server.dir}`), /contain them/);
    await refused('verify_failed', /of merchant 1 is not/, ['ledger', 'check', late, `--data=${twin}`]); // not there yet
    writeFileSync(box.at('d.csv'), 'department_id,name\n9001,theirs\n');
    await done(['import', 'departments', box.at('d.csv'), '--merchant=1', `--data=${twin}`]);
    await refused('verify_failed', /of merchant 1 is not/, ['ledger', 'check', late, `--data=${twin}`]); // another one
    assert.match(await check(file, `--data=${twin}`), /contain them/);
    appendFileSync(late, '\n');
    await refused('verify_failed', /signature/, ['ledger', 'check', late, `--data=${server.dir}`]);
  });
});
