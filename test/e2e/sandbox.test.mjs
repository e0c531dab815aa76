// A sandbox's clock, moved while a server runs: its own calls see it, nobody else does, and the ledger keeps the real time.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { writeFileSync } from 'node:fs';
import { ON_POSTGRESQL, Server } from '../js/server.mjs';
import { command, done, folder, sleep, verify } from '../js/e2e.mjs';
import { Zvcms } from '../js/zvcms.mjs';

const DAY = 24 * 3600 * 1000;
const box = folder('sandbox');
const second = (ms) => new Date(ms + 8 * 3600 * 1000).toISOString().slice(0, 19).replace('T', ' ');
let server;
const callers = {};
const couponry = (...args) => done([...args, `--data=${server.dir}`]);
before(async () => {
  server = await Server.start({ demo: false });
  const files = { customers: 'customer_id,name\n7,甲\n', templates: 'template_id,name\n1,券\n', coupons: `code,template_id,customer_id,end_at\nc-1,1,7,${second(Date.now() + 2 * DAY)}\n` };
  for (const [name, ...more] of [['earnest'], ['box', '--sandbox', '--zone=-03:30']]) {
    const { id } = JSON.parse(await couponry('merchant', 'add', `--name=${name}`, '--output=json', ...more));
    await couponry('credential', 'add', `--merchant=${id}`, '--dialect=zvcms', `--id=app-${name}`, '--secret=s', '--token=g');
    for (const [kind, text] of Object.entries(files)) {
      writeFileSync(box.at('x.csv'), text);
      await couponry('import', kind, box.at('x.csv'), `--merchant=${id}`);
    }
    callers[name] = { id, zvcms: new Zvcms(server, { openId: `app-${name}`, secret: 's', grantCode: 'g' }) };
  }
});
after(async () => {
  await server?.close();
  box.remove();
});
const status = async (name) => {
  const reply = await callers[name].zvcms.call({ customerId: '7' });
  assert.equal(reply.data?.length, 1, JSON.stringify(reply));
  return String(reply.data[0].useStatus);
};
const refused = async (fault, ...args) => {
  const r = await command([...args, `--data=${server.dir}`]);
  assert.equal(r.status, 1);
  assert.ok(r.stderr.includes(`couponry: ${fault}: `), r.stderr);
};

describe('a sandbox', () => {
  test('has the same coupon as the other', async () => {
    assert.deepEqual([await status('earnest'), await status('box')], ['0', '0']);
  });
  test('is seen at its new time by the next call', async () => {
    await couponry('merchant', 'change', `--merchant=${callers.box.id}`, '--advance=3d');
    if (ON_POSTGRESQL) await sleep(5500); // another process moved it
    assert.deepEqual([await status('earnest'), await status('box')], ['0', '6']);
  });
  test('is moved by a native call, and seen by the next one on that node', async () => {
    const key = JSON.parse(await couponry('credential', 'add', `--merchant=${callers.box.id}`, '--dialect=native', '--output=json')).key;
    writeFileSync(box.at('x.csv'), `code,template_id,customer_id,end_at\nc-0,1,7,${second(Date.now() + 100 * DAY)}\n`);
    await couponry('import', 'coupons', box.at('x.csv'), `--merchant=${callers.box.id}`);
    const statuses = async () => (await callers.box.zvcms.call({ customerId: '7' })).data.map((c) => String(c.useStatus));
    assert.deepEqual(await statuses(), ['0', '6']);
    const moved = await fetch(`${server.url}/v1/merchant/clock`, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify({ advance_seconds: 100 * 24 * 3600 }) });
    assert.equal(moved.status, 200, await moved.text());
    assert.deepEqual(await statuses(), ['6', '6']);
  });
  test('comes after an import at its own time', async () => {
    writeFileSync(box.at('x.csv'), 'code,template_id,customer_id\nc-2,1,7\n');
    for (const name of ['earnest', 'box']) await couponry('import', 'coupons', box.at('x.csv'), `--merchant=${callers[name].id}`);
    const issued = async (name) => Date.parse((await couponry('export', 'coupons', `--merchant=${callers[name].id}`)).trimEnd().split('\n').at(-1).split(',')[8].replace(' ', 'T') + '+08:00');
    const apart = (await issued('box')) - (await issued('earnest'));
    assert.ok(Math.abs(apart - 103 * DAY) < DAY, `${apart} ms apart`);
  });
  test('is listed with its zone and its clock', async () => {
    const [earnest, sandbox] = JSON.parse(await couponry('merchant', 'list', '--output=json'));
    assert.deepEqual([earnest.zone, earnest.sandbox, earnest.clock_ms], ['+08:00', false, 0]);
    assert.deepEqual([sandbox.zone, sandbox.sandbox, sandbox.clock_ms], ['-03:30', true, 103 * DAY]);
  });
  test('is the only kind whose clock moves, and only ahead', async () => {
    await refused('sandbox_wanted', 'merchant', 'change', `--merchant=${callers.earnest.id}`, '--advance=1s');
    await refused('parameter_invalid', 'merchant', 'change', `--merchant=${callers.box.id}`, '--advance=3650d');
    await refused('merchant_unknown', 'merchant', 'change', '--merchant=99', '--zone=+00:00');
    for (const bad of [['--advance=-1d'], ['--zone=+15:00'], ['--zone=8'], []])
      assert.equal((await command(['merchant', 'change', `--merchant=${callers.box.id}`, ...bad, `--data=${server.dir}`])).status, 2);
  });
});

test('the ledger has the real time, and replays to the same store', async () => {
  await server.stop();
  const shown = await done(['ledger', 'show', `--data=${server.dir}`, `--merchant=${callers.box.id}`]);
  const heads = [...shown.matchAll(/^merchant \d+ entry \d+  (\S+ \S+)/gm)].map((m) => Date.parse(m[1].replace(' ', 'T') + '+08:00'));
  assert.ok(heads.length >= 5);
  for (const at of heads) assert.ok(Math.abs(at - Date.now()) < DAY);
  await verify(server.dir);
});
