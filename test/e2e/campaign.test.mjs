// A campaign of twenty thousand members (on PostgreSQL fewer: there a dead courier's lease runs out first) while the server is killed again and again: everybody has each reward exactly once,
// the limits of the templates hold, and the progress says what is there. SEED=n repeats a run's choices, ROUNDS=n its kills.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { ON_POSTGRESQL, Server } from '../js/server.mjs';
import { command, csvObjects, done, exported, folder, random, sleep, text, verify } from '../js/e2e.mjs';
import { Native } from '../js/native.mjs';

const SEED = Number(process.env.SEED ?? Date.now() % 1e9);
const ROUNDS = Number(process.env.ROUNDS ?? (ON_POSTGRESQL ? 2 : 8)), LATE = Math.min(2, ROUNDS - 1);
const MEMBERS = ON_POSTGRESQL ? 3000 : 20000, PAGE = 1000;
const choose = random(SEED);
const ARGS = ['--log-calls=false'];

let server, api, serial = 0;
before(async () => {
  console.log(`# SEED=${SEED}`);
  server = await Server.start({ args: ARGS });
  api = new Native(server.port, 8);
});
after(async () => {
  api?.close();
  await server?.close();
});
async function again() {
  await server.run();
  api.close();
  api = new Native(server.port, 8);
}
async function killed() {
  await server.stop('SIGKILL');
  await again();
}
const at = (source, under) => `/v1/campaigns/${source}/${under}`;
const progress = (source) => api.ok('GET', at(source, 'progress'));
async function until(source, is, ms = 60000) {
  for (const end = Date.now() + ms; ; await sleep(20)) {
    const p = await progress(source);
    if (is(p)) return p;
    assert.ok(Date.now() < end, JSON.stringify(p));
  }
}
const nicksOf = (prefix, n, from = 0) => Array.from({ length: n }, (_, i) => `${prefix}-${from + i}`);
async function cover(source, prefix, n, from = 0) {
  for (let i = 0; i < n; i += PAGE) await api.ok('POST', at(source, 'targets'), { nicks: nicksOf(prefix, Math.min(PAGE, n - i), from + i) });
}
async function campaign(members) {
  const source = `big-${++serial}`;
  await api.ok('PUT', `/v1/campaigns/${source}`, { name: source, ...members });
  return source;
}
/** template_id -> nick -> how many coupons, of what is in the books. */
async function books(...templates) {
  const out = Object.fromEntries(templates.map((t) => [t, new Map()]));
  for (const c of await exported(server.dir, 'coupons')) {
    const of = out[c.template_id];
    if (of) of.set(c.nick, (of.get(c.nick) ?? 0) + 1);
  }
  return out;
}
const sum = (map) => [...map.values()].reduce((a, b) => a + b, 0);
const isDone = (p) => p.waiting === 0 && !p.filling && p.phase === 'started';

test('killed in the middle, again and again: each reward exactly once', async () => {
  const one = await api.template(), two = await api.template();
  // targets are there before the rewards, so that the walk through them is killed too
  const source = await campaign({});
  await cover(source, 'a', MEMBERS);
  await api.ok('PATCH', `/v1/campaigns/${source}`, { rewards: [{ template_id: one }, { template_id: two, count: 2 }] });
  let kills = 0, midway = 0;
  for (; kills < ROUNDS; kills++) {
    await sleep(choose.below(60));
    await killed();
    const p = await progress(source);
    assert.equal(p.sent, 3 * p.invited, 'what is counted is what was served');
    midway += p.filling || (p.invited > 0 && p.invited < MEMBERS);
    if (kills === LATE) await cover(source, 'late', 500);
    if (kills >= LATE) continue;
    assert.equal(p.covered, MEMBERS);
  }
  assert.ok(midway > 0, 'it was killed in the middle');
  const all = MEMBERS + 500;
  const p = await until(source, (q) => isDone(q) && q.invited === all);
  assert.deepEqual([p.covered, p.invited, p.sent, p.refused, p.unknown, p.pending], [all, all, 3 * all, 0, 0, 0]);
  const book = await books(one, two);
  assert.equal(book[one].size, all);
  assert.equal(book[two].size, all);
  for (const n of book[one].values()) assert.equal(n, 1);
  for (const n of book[two].values()) assert.equal(n, 2);
});

test('suspended within a second, killed while it is, resumed: on where it stopped', async () => {
  const template_id = await api.template();
  const source = await campaign({ rewards: [{ template_id }], starts_at: '2099-01-01' });
  await cover(source, 'b', MEMBERS);
  assert.equal((await progress(source)).waiting, MEMBERS);
  await api.ok('PATCH', `/v1/campaigns/${source}`, { starts_at: null });
  await until(source, (p) => p.sent > 0);
  await api.ok('POST', at(source, 'suspend'));
  const asked = Date.now();
  let before = await progress(source);
  for (let p; (p = await progress(source)).sent !== before.sent || Date.now() - asked < 500; before = p) {
    assert.ok(Date.now() - asked < 1000, 'it stops within a second');
    await sleep(100);
  }
  assert.ok(before.sent < MEMBERS);
  await killed();
  await sleep(300);
  const p = await progress(source);
  assert.deepEqual([p.status, p.sent, p.invited], ['stopped', before.sent, before.sent]);
  await api.ok('POST', at(source, 'resume'));
  await until(source, (q) => q.invited === MEMBERS);
  const { [template_id]: book } = await books(template_id);
  assert.equal(book.size, MEMBERS);
  assert.equal(sum(book), MEMBERS);
});

test('the limits of a template hold while others issue it; what is refused is counted', async () => {
  const total = 3000, members = 4000, asked = 600;
  const template_id = await api.template({ limits: { total, per_customer: 1 } });
  const source = await campaign({ rewards: [{ template_id }], starts_at: '2099-01-01' });
  await cover(source, 'c', members);
  await api.ok('PATCH', `/v1/campaigns/${source}`, { starts_at: null });
  // the same people by the other door, meanwhile
  let other = 0;
  for (const nick of nicksOf('c', asked, members - asked)) {
    const r = await api.post('/v1/coupons', { template_id, customer: { nick } });
    if (r.status === 201) other++;
    else assert.ok(['template_exhausted', 'person_exhausted'].includes(r.json.code), r.text);
  }
  const p = await until(source, (q) => isDone(q) && q.invited === members);
  assert.equal(p.sent + p.refused, members);
  assert.equal(p.sent + other, total);
  const reasons = Object.fromEntries(p.refusals.map((r) => [r.code, r.count]));
  assert.equal(sum(new Map(Object.entries(reasons))), p.refused);
  const { [template_id]: book } = await books(template_id);
  assert.equal(sum(book), total);
  for (const n of book.values()) assert.equal(n, 1);
});

test('an audience from a file', async () => {
  const template_id = await api.template(), f = folder('audience');
  const source = await campaign({ rewards: [{ template_id }] });
  writeFileSync(f.at('a.csv'), `nick,phone\n${nicksOf('file', 1500).map((n) => `${n},`).join('\n')}\n,13800000001\n,13800000001\n`);
  await done(['import', 'audience', f.at('a.csv'), `--campaign=${source}`, `--data=${server.dir}`]);
  const p = await until(source, (q) => isDone(q) && q.sent === 1501);
  assert.deepEqual([p.covered, p.invited], [1501, 1501]);
  // the same file again: nobody is new
  await done(['import', 'audience', f.at('a.csv'), `--campaign=${source}`, `--data=${server.dir}`]);
  await sleep(200);
  assert.deepEqual((({ covered, sent }) => [covered, sent])(await progress(source)), [1501, 1501]);
  // rows may name their campaign; what cannot be done is told row by row
  writeFileSync(f.at('b.csv'), `source_code,customer_id,card_no\n${source},,card-1\nnobody,,card-2\n${source},,\n`);
  const r = await command(['import', 'audience', f.at('b.csv'), `--data=${server.dir}`]);
  assert.equal(r.status, 1, r.stderr);
  assert.deepEqual(csvObjects(text(`${f.at('b.csv')}.refused.csv`)).map((x) => [x.line, x.reason]), [['3', 'campaign_unknown: source_code nobody'], ['4', 'parameter_missing: nicks']]);
  await until(source, (q) => q.sent === 1502);
  assert.equal((await command(['import', 'customers', f.at('b.csv'), `--campaign=${source}`, `--data=${server.dir}`])).status, 2);
  assert.equal((await command(['import', 'audience', f.at('a.csv'), `--data=${server.dir}`])).status, 1);
  f.remove();
});

test('the books are whole', async () => {
  assert.equal(await server.stop(), 0);
  await verify(server.dir);
});
